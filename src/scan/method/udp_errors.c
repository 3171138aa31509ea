/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/method/udp_errors.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

#define ANY 255

struct meaning {
        uint8_t type, code;
        enum heard_kind kind;
        enum endpoint_reason reason;
};

/* The first row that fits. RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1 */
static const struct meaning icmp[] = {
        {3, 3, HEARD_CLOSED, REASON_PORT_UNREACHABLE},
        {3, 4, HEARD_ALIVE, REASON_NONE}, /* too big: the kernel cuts it up */
        {3, 2, HEARD_PROHIBITED, REASON_PROHIBITED}, /* no UDP there at all */
        {3, 9, HEARD_PROHIBITED, REASON_PROHIBITED},
        {3, 10, HEARD_PROHIBITED, REASON_PROHIBITED},
        {3, 13, HEARD_PROHIBITED, REASON_PROHIBITED},
        {3, ANY, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {11, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE}, /* a loop on the way */
};

/* RFC 4443, 3.1 and 3.3 */
static const struct meaning icmp6[] = {
        {1, 4, HEARD_CLOSED, REASON_PORT_UNREACHABLE},
        {1, 1, HEARD_PROHIBITED, REASON_PROHIBITED},
        {1, 5, HEARD_PROHIBITED, REASON_PROHIBITED},
        {1, 6, HEARD_PROHIBITED, REASON_PROHIBITED},
        {1, ANY, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {3, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {4, 1, HEARD_PROHIBITED, REASON_PROHIBITED},
};

bool udp_error_parse(struct wire value, struct udp_error *ret)
{
        struct udp_error e = {0};
        uint16_t family;
        uint8_t bytes[16];

        e.code_errno = wire_u32(&value);
        e.origin = wire_u8(&value);
        e.type = wire_u8(&value);
        e.code = wire_u8(&value);
        wire_skip(&value, 1 + 4 + 4); /* pad, info, data */
        if (value.bad)
                return false;
        family = wire_u16(&value); /* the offender: a struct sockaddr_in or sockaddr_in6 */
        wire_skip(&value, family == AF_INET ? 2 : 6);
        wire_bytes(&value, bytes, family == AF_INET ? 4 : 16);
        if (!value.bad && family == AF_INET)
                e.from = address_v4(bytes);
        else if (!value.bad && family == AF_INET6)
                e.from = address_v6(bytes);
        *ret = e;
        return true;
}

static const struct meaning *meaning_of(const struct udp_error *e, const struct meaning *table, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (table[i].type == e->type && (table[i].code == ANY || table[i].code == e->code))
                        return &table[i];
        return NULL;
}

bool udp_error_verdict(const struct udp_error *e, const struct address *to, enum heard_kind *ret_kind,
                       enum endpoint_reason *ret_reason)
{
        const struct meaning *m = NULL;

        if (e->origin == SO_EE_ORIGIN_LOCAL) {
                *ret_kind = HEARD_NOT_SENT;
                *ret_reason = REASON_LOCAL;
                return true;
        }
        if (e->origin == SO_EE_ORIGIN_ICMP)
                m = meaning_of(e, icmp, array_len(icmp));
        else if (e->origin == SO_EE_ORIGIN_ICMP6)
                m = meaning_of(e, icmp6, array_len(icmp6));
        if (!m || m->kind == HEARD_ALIVE)
                return false;
        *ret_kind = m->kind;
        *ret_reason = m->reason;
        if (m->kind == HEARD_CLOSED && address_compare(&e->from, to) != 0) {
                *ret_kind = HEARD_PROHIBITED; /* a filter on the way says so, not the host */
                *ret_reason = REASON_PROHIBITED;
        }
        return true;
}
