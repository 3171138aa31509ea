/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First bytes of a service always have a signature, the same for other digits and other bytes far behind. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "scan/confirm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint32_t signature = confirm_signature(data, size);
        uint8_t changed[64];
        size_t n = size < sizeof(changed) ? size : sizeof(changed);

        if (!signature != !size)
                abort();
        for (size_t i = 0; i < n; i++)
                changed[i] = data[i] >= 0x30 && data[i] <= 0x39 ? (uint8_t)(0x69 - data[i]) : data[i];
        if (confirm_signature(changed, n) != signature)
                abort();
        return 0;
}
