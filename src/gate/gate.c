/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "base/mem.h"

/* --- scope ----------------------------------------------------------------------------------- */

static const char *const always_in[] = {"127.0.0.0/8", "::1"};
/*
 * What is no host: "this network" (RFC 1122, 3.2.1.3), multicast, limited broadcast, and IPv6 spellings of
 * IPv4 addresses, which are looked up as IPv4.
 */
static const char *const always_out[] = {"0.0.0.0/8", "224.0.0.0/4", "255.255.255.255", "::", "ff00::/8"};
static const struct address_range mapped = {
        {6, {[10] = 0xff, [11] = 0xff}},
        {6, {[10] = 0xff, [11] = 0xff, [12] = 0xff, [13] = 0xff, [14] = 0xff, [15] = 0xff}},
};

static void add_texts(struct range_set *set, const char *const *texts, size_t n)
{
        struct address_range range;

        for (size_t i = 0; i < n; i++)
                if (address_range_parse(texts[i], true, &range, NULL, NULL) == 0)
                        range_set_add(set, &range);
}

static void add_set(struct range_set *set, const struct range_set *more)
{
        for (size_t i = 0; more && i < more->n; i++)
                range_set_add(set, &more->at[i]);
}

void scope_make(struct scope *scope, const struct estate *estate, const struct range_set *own,
                const struct range_set *never)
{
        *scope = (struct scope){0};
        add_texts(&scope->include, always_in, array_len(always_in));
        add_set(&scope->include, own);
        for (size_t i = 0; estate && i < estate->n_networks; i++)
                range_set_add(&scope->include, &estate->networks[i].range);
        range_set_normalize(&scope->include);

        add_texts(&scope->exclude, always_out, array_len(always_out));
        range_set_add(&scope->exclude, &mapped);
        add_set(&scope->exclude, never);
        if (estate)
                add_set(&scope->exclude, &estate->exclude);
        range_set_normalize(&scope->exclude);
}

void scope_release(struct scope *scope)
{
        range_set_release(&scope->include);
        range_set_release(&scope->exclude);
}

bool scope_has(const struct scope *scope, const struct address *address)
{
        struct address real = address_unmapped(address);

        return real.family && range_set_has(&scope->include, &real) &&
               !range_set_has(&scope->exclude, &real);
}

/* --- gate ------------------------------------------------------------------------------------ */

bool gate_frame_allowed(struct gate *gate, const struct address *to)
{
        if (scope_has(gate->scope, to))
                return true;
        gate->refused++;
        return false;
}

bool gate_payload_allowed(uint16_t port, enum device_class class)
{
        return port < 9100 || port > 9107 || class == DEVICE_SERVER;
}

union socket_name {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
};

static union socket_name socket_name_of(const struct address *to, uint32_t zone_index, uint16_t port,
                                        socklen_t *ret_len)
{
        union socket_name name = {0};

        if (to->family == 4) {
                name.v4.sin_family = AF_INET;
                name.v4.sin_port = htons(port);
                memcpy(&name.v4.sin_addr, to->bytes, sizeof(name.v4.sin_addr));
                *ret_len = sizeof(name.v4);
        } else {
                name.v6.sin6_family = AF_INET6;
                name.v6.sin6_port = htons(port);
                name.v6.sin6_scope_id = zone_index;
                memcpy(&name.v6.sin6_addr, to->bytes, sizeof(name.v6.sin6_addr));
                *ret_len = sizeof(name.v6);
        }
        return name;
}

/* Packet sockets have a link-layer name, connected ones none: then the frame or the connection says where to. */
static bool name_fits(const struct msghdr *message, const struct address *to)
{
        union socket_name name = {0};
        struct address named, wanted = address_unmapped(to);

        if (!message->msg_name || !message->msg_namelen)
                return true;
        memcpy(&name, message->msg_name,
               message->msg_namelen < sizeof(name) ? message->msg_namelen : sizeof(name));
        if (name.any.sa_family == AF_INET)
                named = address_v4(&name.v4.sin_addr);
        else if (name.any.sa_family == AF_INET6)
                named = address_v6(&name.v6.sin6_addr);
        else
                return name.any.sa_family == AF_PACKET;
        named = address_unmapped(&named);
        return address_compare(&named, &wanted) == 0;
}

static bool batch_allowed(struct gate *gate, const struct mmsghdr *messages, const struct address *to,
                          unsigned n)
{
        uint64_t refused = gate->refused;

        for (unsigned i = 0; i < n; i++)
                if (gate_frame_allowed(gate, &to[i]) && !name_fits(&messages[i].msg_hdr, &to[i]))
                        gate->refused++;
        return gate->refused == refused;
}

int gate_sendmmsg(struct gate *gate, int fd, struct mmsghdr *messages, const struct address *to, unsigned n)
{
        int sent;

        if (!batch_allowed(gate, messages, to, n))
                return -EPERM;
        do
                sent = sendmmsg(fd, messages, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return sent < 0 ? -errno : sent;
}

int gate_connect(struct gate *gate, int fd, const struct address *to, uint32_t zone_index, uint16_t port)
{
        union socket_name name;
        socklen_t len;

        if (!gate_frame_allowed(gate, to))
                return -EPERM;
        name = socket_name_of(to, zone_index, port, &len);
        return connect(fd, &name.any, len) < 0 ? -errno : 0;
}

int gate_send(struct gate *gate, int fd, const struct address *to, uint16_t port, enum device_class class,
              const void *data, size_t len)
{
        ssize_t sent;

        if (!gate_frame_allowed(gate, to))
                return -EPERM;
        if (!gate_payload_allowed(port, class)) {
                gate->refused++;
                return -EPERM;
        }
        do
                sent = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return sent < 0 ? -errno : (int)sent;
}
