/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes give a bounded line, and a password given by option is not in it. */
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char secret[] = "--password=SeCr3t-0f-0urs";
        struct str args = {0}, line = {0};

        mask_command_line((const char *)data, size, &line);
        if (line.len > MASK_MAX)
                abort();
        if (memmem(data, size, "SeCr3t", 6)) {
                str_release(&line);
                return 0;
        }
        str_reset(&line);
        str_add_n(&args, (const char *)data, size);
        str_add_char(&args, '\0');
        /* The word before must not make it the value of something that may be shown. */
        str_add_n(&args, "x", 2);
        str_add_n(&args, secret, sizeof(secret));
        mask_command_line(args.text, args.len, &line);
        if (line.len > MASK_MAX || strstr(line.text, "SeCr3t-0f-0urs"))
                abort();
        str_release(&args);
        str_release(&line);
        return 0;
}
