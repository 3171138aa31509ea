/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/discover.h"

#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "scan/frames.h"
#include "scan/reply.h"
#include "scan/sent_times.h"
#include "scan/source_ports.h"

#define RING_KIB 2048
#define ASKS_MAX 3
#define MSS      1220  /* what IPv6 carries everywhere (RFC 9293, 3.7.1): no transfer will follow */
#define UDP_PORT 40125 /* below the ephemeral range of nobody, and in no registry: likely closed */

enum ask_kind { ASK_NOTHING, ASK_NEIGHBOUR, ASK_ECHO, ASK_TIMESTAMP, ASK_SYN, ASK_ACK, ASK_UDP };

struct ask {
        enum ask_kind kind;
        uint16_t port;
};

/* What hosts behind a router are asked, by attempt (past the last it begins anew). */
static const struct ask routed[][ASKS_MAX] = {
        {{ASK_ECHO}, {ASK_SYN, 443}},
        {{ASK_ECHO}, {ASK_SYN, 80}, {ASK_ACK, 80}},
        {{ASK_TIMESTAMP}, {ASK_SYN, 22}, {ASK_UDP, UDP_PORT}},
};

static const struct ask echo[ASKS_MAX] = {{ASK_ECHO}};
static const struct ask neighbour[ASKS_MAX] = {{ASK_NEIGHBOUR}};
static const struct ask nothing[ASKS_MAX];

struct discovery {
        struct method_setup setup;
        struct frames *frames;
        struct sent_times *sent;
        vec(struct address) sources; /* ours, in which neighbours were asked */
        uint64_t forged;
        struct frame batch[FRAMES_BATCH];
};

static const struct ask *asks_of(const struct probe *host, unsigned attempt)
{
        const struct path *path = host->path;

        if (path->loopback)
                return nothing;
        if (path->on_link && path->link_has_addresses)
                return neighbour;
        return host->echo_only ? echo : routed[attempt % array_len(routed)];
}

unsigned discovery_cost(const struct probe *host, unsigned attempt)
{
        const struct ask *asks = asks_of(host, attempt);
        unsigned n = 0;

        while (n < ASKS_MAX && asks[n].kind != ASK_NOTHING)
                n++;
        return n;
}

struct discovery *discovery_close(struct discovery *d)
{
        if (!d)
                return NULL;
        frames_close(d->frames);
        vec_clear(&d->sources);
        free(d->sent);
        free(d);
        return NULL;
}

int discovery_open(struct discovery **ret, const struct method_setup *setup, struct err *err)
{
        struct frames_options options = {.gate = setup->gate, .ring_kib = RING_KIB, .discovery = true};
        struct discovery *d = xcalloc(1, sizeof(*d));
        int r;

        d->setup = *setup;
        d->sent = xcalloc(1, sizeof(*d->sent));
        r = frames_open(&d->frames, &options, err);
        if (r < 0) {
                discovery_close(d);
                return r;
        }
        *ret = d;
        return 0;
}

static void tell(struct discovery *d, struct heard *heard, enum heard_kind kind, enum endpoint_reason reason,
                 uint64_t when_ns)
{
        heard->kind = kind;
        heard->reason = reason;
        heard->when_ns = when_ns;
        d->setup.hearing.hear(heard, d->setup.hearing.arg);
}

static bool is_own_source(const struct discovery *d, const struct address *address)
{
        vec_foreach(source, &d->sources) {
                if (address_compare(source, address) == 0)
                        return true;
        }
        return false;
}

static uint32_t cookie_of(const struct discovery *d, const struct packet_ends *ends, enum reply_word word)
{
        return cookie_make(&d->setup.key, ends->to, ends->to_port, ends->from_port, word);
}

/* The payload of the UDP probe: its cookie, so that the checksum depends on it. */
static void udp_payload(const struct discovery *d, const struct packet_ends *ends, uint8_t ret[4])
{
        uint32_t cookie = cookie_of(d, ends, REPLY_DISCOVERY_UDP);

        for (unsigned i = 0; i < 4; i++)
                ret[i] = (uint8_t)(cookie >> (24 - 8 * i));
}

static void build_neighbour(struct discovery *d, struct frame *frame, const struct packet_ends *ends)
{
        static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        const uint8_t *own_mac = frame->path->own_mac;

        if (!is_own_source(d, ends->from))
                *vec_push(&d->sources) = *ends->from;
        if (ends->to->family == 4) {
                frame->ethertype = PACKET_ETHERTYPE_ARP;
                memcpy(frame->mac, everybody, sizeof(everybody));
                frame->len = (uint16_t)packet_build_arp(frame->packet, ends, own_mac);
        } else {
                packet_solicited_mac(ends->to, frame->mac);
                frame->len = (uint16_t)packet_build_solicitation(frame->packet, ends, own_mac);
        }
}

/* The cookie under which the round trip is known. */
static uint32_t build_ask(struct discovery *d, struct frame *frame, struct packet_ends ends,
                          enum ask_kind kind)
{
        bool ports = kind == ASK_SYN || kind == ASK_ACK || kind == ASK_UDP;
        uint8_t payload[4];
        uint32_t cookie;
        size_t len = 0;

        if (!ports)
                ends.from_port = ends.to_port = 0;
        switch (kind) {
        case ASK_SYN:
                cookie = cookie_of(d, &ends, REPLY_DISCOVERY_SYN);
                len = packet_build_syn(frame->packet, &ends, cookie, MSS,
                                       (uint32_t)(clock_monotonic_ns() / 1000));
                break;
        case ASK_ACK:
                cookie = cookie_of(d, &ends, REPLY_DISCOVERY_ACK);
                len = packet_build_ack(frame->packet, &ends, cookie, cookie);
                break;
        case ASK_UDP:
                cookie = cookie_of(d, &ends, REPLY_DISCOVERY_UDP);
                udp_payload(d, &ends, payload);
                len = packet_build_udp(frame->packet, &ends, payload, sizeof(payload));
                break;
        case ASK_NEIGHBOUR:
                build_neighbour(d, frame, &ends);
                return cookie_of(d, &ends, REPLY_DISCOVERY_NEIGHBOUR);
        default:
                cookie = cookie_of(d, &ends, REPLY_DISCOVERY_ECHO);
                len = kind == ASK_TIMESTAMP && ends.to->family == 4 /* ICMPv6 has none */
                              ? packet_build_timestamp(frame->packet, &ends, (uint16_t)(cookie >> 16),
                                                       (uint16_t)cookie)
                              : packet_build_echo(frame->packet, &ends, (uint16_t)(cookie >> 16),
                                                  (uint16_t)cookie);
                break;
        }
        frame->len = (uint16_t)len;
        return cookie;
}

/* Frames for one host from `frame` on. */
static void build_host(struct discovery *d, struct frame *frame, const struct probe *host, unsigned attempt,
                       uint32_t now_us)
{
        const struct ask *asks = asks_of(host, attempt);
        unsigned n = discovery_cost(host, attempt);

        for (unsigned i = 0; i < n; i++, frame++) {
                struct packet_ends ends = {
                        .from = &host->path->source,
                        .to = &host->to,
                        .from_port = (uint16_t)(frames_base_port(d->frames) + attempt % SOURCE_PORTS),
                        .to_port = asks[i].port,
                };

                frame->path = host->path;
                frame->to = &host->to;
                frame->zone_index = host->zone_index;
                frame->ethertype = PACKET_ETHERTYPE(&host->to);
                memcpy(frame->mac, host->mac, sizeof(frame->mac));
                sent_note(d->sent, build_ask(d, frame, ends, asks[i].kind), now_us);
        }
}

/* Where nothing needs sending. */
static bool tell_at_once(struct discovery *d, const struct probe *host, uint64_t now_ns)
{
        struct heard heard = {.from = host->to, .rtt_us = host->path && host->path->loopback ? 1 : 0};

        if (!host->path)
                tell(d, &heard, HEARD_NOT_SENT, REASON_NO_ROUTE, now_ns);
        else if (host->path->loopback)
                tell(d, &heard, HEARD_ALIVE, REASON_REPLY, now_ns);
        else
                return false;
        return true;
}

/* How many hosts from the first on fit into one batch, and their frames. */
static unsigned build_batch(struct discovery *d, const struct probe *hosts, unsigned n, unsigned attempt,
                            uint64_t now_ns, unsigned *ret_frames)
{
        unsigned frames = 0, i;

        for (i = 0; i < n; i++) {
                unsigned cost;

                if (!hosts[i].path || hosts[i].path->loopback)
                        break;
                cost = discovery_cost(&hosts[i], attempt);
                if (frames + cost > FRAMES_BATCH)
                        break;
                build_host(d, d->batch + frames, &hosts[i], attempt, sent_clock_us(now_ns));
                frames += cost;
        }
        *ret_frames = frames;
        return i;
}

/* A host counts as taken when all its frames were; one of which not all could leave was not asked. */
static unsigned count_taken(struct discovery *d, const struct probe *hosts, unsigned n, unsigned attempt,
                            unsigned frames, uint64_t failed, uint64_t now_ns)
{
        unsigned at = 0, i;

        for (i = 0; i < n; i++) {
                unsigned cost = discovery_cost(&hosts[i], attempt);
                struct heard heard = {.from = hosts[i].to, .attempt = (uint8_t)attempt};

                if (at + cost > frames)
                        break;
                if (failed >> at & ((1u << cost) - 1))
                        tell(d, &heard, HEARD_NOT_SENT, REASON_LOCAL, now_ns);
                at += cost;
        }
        return i;
}

int discovery_send(struct discovery *d, const struct probe *hosts, unsigned n, unsigned attempt)
{
        unsigned done = 0;

        while (done < n) {
                uint64_t now_ns = clock_monotonic_ns(), failed;
                unsigned count, frames, taken;

                if (tell_at_once(d, &hosts[done], now_ns)) {
                        done++;
                        continue;
                }
                count = build_batch(d, hosts + done, n - done, attempt, now_ns, &frames);
                taken = frames_send(d->frames, d->batch, frames, &failed);
                taken = count_taken(d, hosts + done, count, attempt, taken, failed, now_ns);
                done += taken;
                if (taken < count)
                        break;
        }
        return (int)done;
}

unsigned discovery_poll(struct discovery *d, struct pollfd *fds, unsigned max)
{
        return frames_poll(d->frames, fds, max);
}

/*
 * Neither ARP nor neighbour discovery can carry a cookie: what is addressed to us, about an address in
 * scope, is taken, as the kernel does.
 */
static enum reply_trust reply_to_neighbour(const struct discovery *d, const struct packet *packet,
                                           const uint8_t *link, struct heard *ret, uint32_t *ret_cookie)
{
        struct packet_ends ends = {.to = &packet->from};

        if (!is_own_source(d, &packet->to) || !scope_has(d->setup.gate->scope, &packet->from) ||
            (!packet->has_mac && !link))
                return REPLY_STRAY;
        *ret = (struct heard){.kind = HEARD_NEIGHBOUR, .reason = REASON_REPLY, .from = packet->from};
        memcpy(ret->mac, packet->has_mac ? packet->mac : link, sizeof(ret->mac));
        *ret_cookie = cookie_of(d, &ends, REPLY_DISCOVERY_NEIGHBOUR);
        return REPLY_TRUE;
}

static enum reply_trust reply_to_echo(const struct discovery *d, const struct address *host, uint16_t id,
                                      uint16_t seq, struct heard *ret, uint32_t *ret_cookie)
{
        struct packet_ends ends = {.to = host};
        uint32_t cookie = (uint32_t)id << 16 | seq;

        if (cookie != cookie_of(d, &ends, REPLY_DISCOVERY_ECHO))
                return REPLY_STRAY; /* somebody else pings, too */
        *ret = (struct heard){.from = *host, .reason = REASON_REPLY};
        *ret_cookie = cookie;
        return REPLY_TRUE;
}

/* A RST without ACK answers our ACK: it has the number that we acknowledged (RFC 9293, 3.10.7.1). */
static enum reply_trust reply_to_ack(const struct discovery *d, const struct packet *packet,
                                     struct heard *ret, uint32_t *ret_cookie)
{
        struct packet_ends ends = {
                .to = &packet->from, .to_port = packet->from_port, .from_port = packet->to_port};

        if ((uint16_t)(packet->to_port - frames_base_port(d->frames)) >= SOURCE_PORTS)
                return REPLY_STRAY;
        if (packet->seq != cookie_of(d, &ends, REPLY_DISCOVERY_ACK))
                return REPLY_FORGED;
        *ret = (struct heard){
                .from = packet->from, .reason = REASON_RST, .port = packet->from_port, .ttl = packet->ttl};
        *ret_cookie = packet->seq;
        return REPLY_TRUE;
}

/* Routers may quote no payload: then the checksum alone has to tell. */
static enum reply_trust reply_to_udp(const struct discovery *d, const struct packet *packet,
                                     struct heard *ret, uint32_t *ret_cookie)
{
        const struct packet_quote *quote = &packet->quote;
        struct packet_ends ends = {.from = &quote->from,
                                   .to = &quote->to,
                                   .from_port = quote->from_port,
                                   .to_port = quote->to_port};
        uint32_t cookie = cookie_of(d, &ends, REPLY_DISCOVERY_UDP);
        uint8_t payload[4];

        if ((uint16_t)(quote->from_port - frames_base_port(d->frames)) >= SOURCE_PORTS)
                return REPLY_STRAY;
        udp_payload(d, &ends, payload);
        if (quote->checksum != packet_udp_checksum(&ends, payload, sizeof(payload)) ||
            (quote->has_payload && quote->payload != cookie))
                return REPLY_FORGED;
        *ret = (struct heard){.from = quote->to,
                              .reason = REASON_PORT_UNREACHABLE,
                              .transport = TRANSPORT_UDP,
                              .port = quote->to_port,
                              .ttl = packet->ttl};
        *ret_cookie = cookie;
        return REPLY_TRUE;
}

static enum reply_trust judge(const struct discovery *d, const struct packet *packet, const uint8_t *link,
                              struct heard *ret, uint32_t *ret_cookie)
{
        const struct packet_quote *quote = &packet->quote;
        struct reply_expect expect = {
                .key = &d->setup.key,
                .base_port = frames_base_port(d->frames),
                .first = REPLY_DISCOVERY_SYN,
                .last = REPLY_DISCOVERY_ACK,
        };

        if (packet->kind == PACKET_NEIGHBOUR)
                return reply_to_neighbour(d, packet, link, ret, ret_cookie);
        if (packet->kind == PACKET_ECHO_REPLY)
                return reply_to_echo(d, &packet->from, packet->echo_id, packet->echo_seq, ret, ret_cookie);
        /* Routers tell that they do not get there; that a host lives only itself does. */
        if (packet->kind == PACKET_ICMP_ERROR && (address_compare(&packet->from, &quote->to) != 0 ||
                                                  address_compare(&packet->to, &quote->from) != 0))
                return REPLY_STRAY;
        if (packet->kind == PACKET_ICMP_ERROR && quote->protocol == IPPROTO_UDP)
                return reply_to_udp(d, packet, ret, ret_cookie);
        if (packet->kind == PACKET_ICMP_ERROR && quote->protocol != IPPROTO_TCP)
                return reply_to_echo(d, &quote->to, quote->echo_id, quote->echo_seq, ret, ret_cookie);
        if (packet->kind == PACKET_TCP && packet->tcp_flags & PACKET_TCP_RST &&
            !(packet->tcp_flags & PACKET_TCP_ACK))
                return reply_to_ack(d, packet, ret, ret_cookie);
        return reply_to_syn(&expect, packet, ret, ret_cookie);
}

static void each_packet(const struct packet *packet, const uint8_t *link, uint64_t when_ns, void *arg)
{
        struct discovery *d = arg;
        struct heard heard;
        uint32_t cookie;

        switch (judge(d, packet, link, &heard, &cookie)) {
        case REPLY_STRAY:
                return;
        case REPLY_FORGED:
                d->forged++;
                return;
        case REPLY_TRUE:
                break;
        }
        heard.ttl = packet->ttl;
        heard.rtt_us = sent_rtt(d->sent, cookie, sent_clock_us(when_ns));
        tell(d, &heard, packet->kind == PACKET_NEIGHBOUR ? HEARD_NEIGHBOUR : HEARD_ALIVE, heard.reason,
             when_ns);
}

void discovery_receive(struct discovery *d, uint64_t now_ns)
{
        frames_receive(d->frames, each_packet, d);
}

void discovery_statistics(struct discovery *d, struct method_statistics *ret)
{
        struct frames_statistics seen;

        frames_get_statistics(d->frames, &seen);
        *ret = (struct method_statistics){
                .sent = seen.sent,
                .refused_by_kernel = seen.refused_by_kernel,
                .received = seen.received,
                .dropped = seen.dropped,
                .forged = d->forged,
        };
}
