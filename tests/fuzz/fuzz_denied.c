/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli/denied_groups.h"
#include "cli/watch_denied.h"
#include "fuzz.h"
#include "report/denied_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct denied_context context = {.asset = "a", .vantage = "inside"};
        struct denied_groups groups = {0};
        struct str out = {0};
        struct denied packet;
        bool is_new;

        if (denied_parse((const char *)data, size, &packet)) {
                if (!packet.source.family ||
                    strnlen(packet.device, DENIED_DEVICE_SIZE) == DENIED_DEVICE_SIZE)
                        abort();
                denied_json(&out, denied_groups_add(&groups, &packet, &is_new), &context);
                denied_text(&out, groups.at, &context);
        }
        str_release(&out);
        denied_groups_release(&groups);
        return 0;
}
