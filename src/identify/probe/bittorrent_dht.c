/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distributed table of BitTorrent: a ping, marked read-only, so that we are not remembered as a node. */
#include "identify/probe.h"

static enum talk_next ask(struct talk *t)
{
        talk_send_bytes(t, "d1:ad2:id20:", 12);
        for (unsigned i = 0; i < 5; i++)
                talk_send_be32(t, (uint32_t)(t->nonce * (2 * i + 1) >> 16));
        talk_send_bytes(t, "e1:q4:ping2:roi1e1:t4:", 22);
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_bytes(t, "1:y1:qe", 7);
        t->step = 1;
        return TALK_SEND;
}

static const uint8_t *find(const struct talk *t, const char *key, size_t n)
{
        return t->in_len ? memmem(t->in, t->in_len, key, n) : NULL;
}

static enum talk_next dht_talk(struct talk *t)
{
        const uint8_t *version;
        char transaction[9] = "1:t4:";

        if (!t->step)
                return ask(t);
        for (unsigned i = 0; i < 4; i++)
                transaction[5 + i] = (char)((uint32_t)t->nonce >> (24 - 8 * i));
        if (!t->in_len || t->in[0] != 'd' || !find(t, transaction, 9) ||
            (!find(t, "1:y1:r", 6) && !find(t, "1:y1:e", 6)))
                return TALK_DONE;
        talk_confirm(t, "bittorrent-dht");
        version = find(t, "1:v4:", 5);
        if (version && t->in + t->in_len - version >= 7)
                talk_detail(t, "client", (const char *)version + 5, 2);
        return TALK_DONE;
}

const struct probe probe_bittorrent_dht = {
        .name = "bittorrent-dht",
        .protocol = "bittorrent-dht",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "6881-6889,51413,6771",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "BEP 5; BEP 43",
        .talk = dht_talk,
};
