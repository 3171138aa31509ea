/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/living.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/netlink.h"

/* include/net/tcp_states.h: all but TIME_WAIT (6), CLOSE (7) and LISTEN (10), in which nothing more is exchanged. */
#define STATES_TCP \
        ((1u << 1) | (1u << 2) | (1u << 3) | (1u << 4) | (1u << 5) | (1u << 8) | (1u << 9) | (1u << 11))
#define STATES_UDP (1u << 1) /* connected */

struct dump {
        enum transport transport;
        living_list *list;
};

static struct address address_of(uint8_t family, const uint8_t bytes[16])
{
        struct address a = family == AF_INET ? address_v4(bytes) : address_v6(bytes);

        return address_unmapped(&a);
}

bool living_parse(struct wire w, enum transport transport, struct firewall_living *ret)
{
        uint8_t family = wire_u8(&w), local[16], remote[16];

        *ret = (struct firewall_living){.transport = transport};
        wire_skip(&w, 3); /* state, timer, retrans */
        ret->local_port = wire_be16(&w);
        ret->remote_port = wire_be16(&w);
        wire_bytes(&w, local, sizeof(local));
        wire_bytes(&w, remote, sizeof(remote));
        if (w.bad || (family != AF_INET && family != AF_INET6))
                return false;
        ret->local = address_of(family, local);
        ret->remote = address_of(family, remote);
        return ret->remote_port && ret->local_port && !address_is_any(&ret->remote) &&
               ret->local.family == ret->remote.family;
}

static void each_socket(uint16_t type, struct wire payload, void *arg)
{
        const struct dump *dump = arg;
        struct firewall_living one;

        if (type == SOCK_DIAG_BY_FAMILY && living_parse(payload, dump->transport, &one) &&
            !address_is_loopback(&one.remote))
                *vec_push(dump->list) = one;
}

static int read_table(int fd, int family, enum transport transport, living_list *list, struct err *err)
{
        struct {
                struct nlmsghdr header;
                struct inet_diag_req_v2 request;
        } message = {
                .header = {.nlmsg_len = sizeof(message),
                           .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                .request = {.sdiag_family = (uint8_t)family,
                            .sdiag_protocol = transport == TRANSPORT_TCP ? IPPROTO_TCP : IPPROTO_UDP,
                            .idiag_states = transport == TRANSPORT_TCP ? STATES_TCP : STATES_UDP},
        };
        struct dump dump = {.transport = transport, .list = list};
        size_t start = list->n;
        int r = 1;

        for (unsigned tries = 0; r == 1 && tries < 4; tries++) {
                list->n = start;
                r = netlink_dump(fd, &message, sizeof(message), each_socket, &dump, err);
        }
        return r < 0 ? r : 0;
}

int living_read(living_list *ret, struct err *err)
{
        static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP};
        _cleanup_close_ int fd = netlink_open(NETLINK_SOCK_DIAG, err);
        int r = fd < 0 ? fd : 0;

        for (size_t i = 0; i < array_len(transports) * 2 && r == 0; i++)
                r = read_table(fd, i % 2 ? AF_INET6 : AF_INET, transports[i / 2], ret, err);
        return r < 0 ? err_prefix(err, "listing living connections") : 0;
}
