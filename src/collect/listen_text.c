/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/listen_text.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"

static int parse_port(const char *text, uint16_t *ret)
{
        uint64_t port;
        int r = str_to_u64(text, UINT16_MAX, &port);

        if (r < 0 || port == 0)
                return -EINVAL;
        *ret = (uint16_t)port;
        return 0;
}

static int parse_host(const char *text, const char *end, uint8_t family, struct address *ret)
{
        char host[ADDRESS_TEXT_SIZE];
        struct address address;

        if ((size_t)(end - text) >= sizeof(host))
                return -EINVAL;
        (void)snprintf(host, sizeof(host), "%.*s", (int)(end - text), text);
        if (address_parse(host, &address) < 0 || address.family != family)
                return -EINVAL;
        *ret = address;
        return 0;
}

int listen_text_parse(const char *text, struct address *ret_address, uint16_t *ret_port)
{
        static const uint8_t any[16];
        struct address address = address_v6(any);
        const char *colon = strrchr(text, ':');
        char tail[16];
        uint16_t port;
        int r = 0;

        if (*text == '[') {
                const char *end = strstr(text, "]:");

                if (!end)
                        return -EINVAL;
                r = parse_host(text + 1, end, 6, &address);
                colon = end + 1;
        } else if (colon)
                r = parse_host(text, colon, 4, &address);
        if (r < 0)
                return r;
        /* The interface of a link-local address follows the port, after a '%'. */
        (void)snprintf(tail, sizeof(tail), "%.*s", (int)strcspn(colon ? colon + 1 : text, "%"),
                       colon ? colon + 1 : text);
        r = parse_port(tail, &port);
        if (r < 0)
                return r;
        *ret_address = address;
        *ret_port = port;
        return 0;
}
