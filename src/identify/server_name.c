/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/server_name.h"

#include <string.h>

#define NAME_BYTES_MAX 253u /* RFC 1035, 2.3.4, without the length bytes at both ends */

size_t server_name_len(const char *name)
{
        size_t len = name ? strlen(name) : 0;

        if (len && name[len - 1] == '.')
                len--;
        /* addresses: only digits and dots, or a colon of IPv6 */
        return len > NAME_BYTES_MAX || (len && (strpbrk(name, ":%") || strspn(name, "0123456789.") >= len))
                       ? 0
                       : len;
}
