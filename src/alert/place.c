/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/place.h"

#include <arpa/inet.h>

#include "base/str.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char *take_host(const char **at, size_t len, struct place *ret)
{
        size_t n;

        if (len && **at == '[') {
                ++*at;
                n = strspn(*at, "0123456789abcdefABCDEF:.");
                if (n + 2 > len || (*at)[n] != ']')
                        return "an IPv6 address is not closed by ]";
        } else {
                n = strspn(*at, LETTERS "0123456789.-");
        }
        if (!n || n > PLACE_HOST_MAX || n > len)
                return "it names no host";
        memcpy(ret->host, *at, n);
        ret->host[n] = '\0';
        *at += n + ((*at)[n] == ']');
        return NULL;
}

static const char *take_port(const char *at, const char *end, struct place *ret)
{
        _cleanup_free_ char *digits = NULL;
        uint64_t port;

        if (at == end)
                return NULL;
        if (*at != ':')
                return "a host is letters, digits, dots and dashes, with no user or password before it";
        digits = xstrndup(at + 1, (size_t)(end - at - 1));
        if (str_to_u64(digits, UINT16_MAX, &port) < 0 || !port)
                return "its port is not from 1 to 65535";
        ret->port = (uint16_t)port;
        return NULL;
}

const char *place_parse(const char *text, struct place *ret)
{
        const char *colon = strstr(text, "://"), *at, *end, *wrong;

        *ret = (struct place){0};
        if (!colon || colon == text || (size_t)(colon - text) >= sizeof(ret->scheme))
                return "it does not begin with a scheme, as https://";
        memcpy(ret->scheme, text, (size_t)(colon - text));
        at = colon + 3;
        end = at + strcspn(at, "/?#");
        ret->rest = end;
        wrong = take_host(&at, (size_t)(end - at), ret);
        return wrong ? wrong : take_port(at, end, ret);
}

bool place_is_loopback(const struct place *p)
{
        struct in6_addr six;
        struct in_addr four;

        if (inet_pton(AF_INET, p->host, &four) == 1)
                return ntohl(four.s_addr) >> 24 == 127;
        if (inet_pton(AF_INET6, p->host, &six) == 1)
                return IN6_IS_ADDR_LOOPBACK(&six);
        return streq(p->host, "localhost");
}
