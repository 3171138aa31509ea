/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Half-open TCP probes: a SYN with a cookie as its sequence number, and nothing remembered about it. What
 * answers must repeat the cookie. The kernel, which knows of no such connection, resets what opens.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "scan/frames.h"
#include "scan/method.h"
#include "scan/reply.h"
#include "scan/sent_times.h"
#include "scan/source_ports.h"

#define RING_KIB 8192 /* 128 blocks: as many milliseconds away from the processor, or about 50,000 answers */
/* Packets a second: below that a packet socket has time to spare, and leaves queues to others. */
#define FAST_ABOVE 300000u

_Static_assert(SOURCE_PORTS == METHOD_TRIES_MAX, "each try has a source port");

struct method_state {
        struct method_setup setup;
        struct frames *frames;
        struct sent_times *sent;
        uint64_t forged;
        struct frame batch[FRAMES_BATCH];
};

static struct method_state *syn_close(struct method_state *m)
{
        if (!m)
                return NULL;
        frames_close(m->frames);
        free(m->sent);
        free(m);
        return NULL;
}

static void tell_not_sent(struct method_state *m, const struct probe *probe, enum endpoint_reason reason,
                          uint64_t now_ns)
{
        struct heard heard = {
                .kind = HEARD_NOT_SENT,
                .reason = reason,
                .from = probe->to,
                .transport = TRANSPORT_TCP,
                .port = probe->port,
                .attempt = probe->attempt,
                .canary = probe->canary,
                .when_ns = now_ns,
        };

        m->setup.hearing.hear(&heard, m->setup.hearing.arg);
}

/* A SYN of ours that stayed here, after all: which probe it was is in it. */
static void each_unsent(uint16_t ethertype, const uint8_t *bytes, size_t len, void *arg)
{
        struct method_state *m = arg;
        struct probe probe = {0};
        struct packet packet;
        uint32_t canary;

        if (!packet_parse(ethertype, bytes, len, &packet))
                return;
        probe.to = packet.to;
        probe.port = packet.to_port;
        probe.attempt = (uint8_t)(packet.from_port - frames_base_port(m->frames));
        canary = cookie_make(&m->setup.key, &probe.to, probe.port, packet.from_port, REPLY_CANARY);
        probe.canary = packet.seq == canary;
        tell_not_sent(m, &probe, REASON_LOCAL, clock_monotonic_ns());
}

static int syn_open(struct method_state **ret, const struct method_setup *setup, struct err *err)
{
        struct method_state *m = xcalloc(1, sizeof(*m));
        struct frames_options options = {
                .gate = setup->gate,
                .ring_kib = RING_KIB,
                .fast = setup->rate > FAST_ABOVE,
                .unsent = each_unsent,
                .arg = m,
        };
        int r;

        m->setup = *setup;
        m->sent = xcalloc(1, sizeof(*m->sent));
        r = frames_open(&m->frames, &options, err);
        if (r < 0) {
                syn_close(m);
                return r;
        }
        *ret = m;
        return 0;
}

/* What is left of a packet for TCP's data; on lo that would be more than the field holds. */
static uint16_t segment_size(const struct path *path, const struct address *to)
{
        uint32_t headers = to->family == 4 ? 40 : 60, least = headers + 536;
        uint32_t mtu = path->mtu < least ? least : path->mtu;

        return (uint16_t)(mtu > 65535 ? 65535 - headers : mtu - headers);
}

static void build(struct method_state *m, struct frame *frame, const struct probe *probe, uint32_t now_us)
{
        struct packet_ends ends = {
                .from = &probe->path->source,
                .to = &probe->to,
                .from_port = (uint16_t)(frames_base_port(m->frames) + probe->attempt % SOURCE_PORTS),
                .to_port = probe->port,
        };
        uint32_t cookie = cookie_make(&m->setup.key, ends.to, ends.to_port, ends.from_port,
                                      probe->canary ? REPLY_CANARY : REPLY_PROBE);

        frame->path = probe->path;
        frame->to = &probe->to;
        frame->zone_index = probe->zone_index;
        frame->ethertype = PACKET_ETHERTYPE(&probe->to);
        memcpy(frame->mac, probe->mac, sizeof(frame->mac));
        frame->len = (uint16_t)packet_build_syn(frame->packet, &ends, cookie,
                                                segment_size(probe->path, &probe->to), now_us);
        sent_note(m->sent, cookie, now_us);
}

/* Probes that have a path, at most FRAMES_BATCH. How many were taken. */
static unsigned send_batch(struct method_state *m, const struct probe *probes, unsigned n, uint64_t now_ns)
{
        uint64_t failed;
        unsigned taken;

        for (unsigned i = 0; i < n; i++)
                build(m, &m->batch[i], &probes[i], sent_clock_us(now_ns));
        taken = frames_send(m->frames, m->batch, n, &failed);
        for (unsigned i = 0; failed && i < taken; i++)
                if (failed >> i & 1)
                        tell_not_sent(m, &probes[i], REASON_LOCAL, now_ns);
        return taken;
}

static int syn_send(struct method_state *m, const struct probe *probes, unsigned n)
{
        unsigned done = 0;

        while (done < n) {
                uint64_t now_ns = clock_monotonic_ns();
                unsigned count = 0, taken;

                if (!probes[done].path) {
                        tell_not_sent(m, &probes[done++], REASON_NO_ROUTE, now_ns);
                        continue;
                }
                while (done + count < n && count < FRAMES_BATCH && probes[done + count].path)
                        count++;
                taken = send_batch(m, probes + done, count, now_ns);
                done += taken;
                if (taken < count)
                        break;
        }
        return (int)done;
}

static unsigned syn_poll(struct method_state *m, struct pollfd *fds, unsigned max)
{
        return frames_poll(m->frames, fds, max);
}

static void each_packet(const struct packet *packet, const uint8_t *link, uint64_t when_ns, void *arg)
{
        struct method_state *m = arg;
        struct reply_expect expect = {
                .key = &m->setup.key,
                .base_port = frames_base_port(m->frames),
                .first = REPLY_PROBE,
                .last = REPLY_CANARY,
        };
        uint32_t cookie, now_us = sent_clock_us(when_ns);
        struct heard heard;

        switch (reply_to_syn(&expect, packet, &heard, &cookie)) {
        case REPLY_STRAY:
                return;
        case REPLY_FORGED:
                m->forged++;
                return;
        case REPLY_TRUE:
                break;
        }
        heard.when_ns = when_ns;
        heard.rtt_us = sent_rtt(m->sent, cookie, now_us);
        if (!heard.rtt_us && packet->has_timestamp && packet->timestamp_echo)
                heard.rtt_us = sent_between(packet->timestamp_echo, now_us);
        m->setup.hearing.hear(&heard, m->setup.hearing.arg);
}

static void syn_receive(struct method_state *m, uint64_t now_ns)
{
        frames_receive(m->frames, each_packet, m);
}

static uint64_t syn_deadline(struct method_state *m)
{
        return frames_waiting(m->frames) ? clock_monotonic_ns() + 1000000u : UINT64_MAX;
}

static void syn_statistics(struct method_state *m, struct method_statistics *ret)
{
        struct frames_statistics seen;

        frames_get_statistics(m->frames, &seen);
        *ret = (struct method_statistics){
                .sent = seen.sent,
                .refused_by_kernel = seen.refused_by_kernel,
                .received = seen.received,
                .dropped = seen.dropped,
                .forged = m->forged,
                .fast = seen.fast,
        };
}

const struct method method_syn = {
        .name = "syn",
        .summary = "half-open TCP, with packets of our own (needs CAP_NET_RAW)",
        .transport = TRANSPORT_TCP,
        .needs_raw = true,
        .needs_frames = true,
        .open = syn_open,
        .send = syn_send,
        .poll = syn_poll,
        .receive = syn_receive,
        .deadline = syn_deadline,
        .statistics = syn_statistics,
        .close = syn_close,
};
