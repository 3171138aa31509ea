/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gearman's job server: an echo in the binary protocol, which no other answers so, and "version" in the text
 * one.
 */
#include "identify/line.h"
#include "identify/probe.h"

#define PAYLOAD 8u

static enum recognition gearman_recognise(const struct heard *h)
{
        return h->asked && (data_starts(h->data, h->len, "ERR UNKNOWN_COMMAND Unknown+server+command") ||
                            data_starts(h->data, h->len, "ERR unknown_command Unknown+server+command"))
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next ask(struct talk *t)
{
        talk_send_hex(t, "00 52 45 51 00 00 00 10 00 00 00 08"); /* "\0REQ", ECHO_REQ, length */
        talk_send_be32(t, (uint32_t)(t->nonce >> 32));
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_bytes(t, "version\r\n", 9);
        return TALK_SEND;
}

/* "OK 1.1.19" */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint64_t payload;
        struct line line;
        size_t at = 12 + PAYLOAD;

        if (t->in_len >= 4 && memcmp(t->in, "\0RES", 4) != 0)
                return TALK_DONE;
        if (t->in_len < 12 + PAYLOAD)
                return TALK_MORE;
        wire_skip(&w, 4);
        if (wire_be32(&w) != 17 || wire_be32(&w) != PAYLOAD)
                return TALK_DONE;
        payload = (uint64_t)wire_be32(&w) << 32;
        payload |= wire_be32(&w);
        if (payload != t->nonce)
                return TALK_DONE;
        talk_confirm(t, "gearman");
        if (!line_next(t->in, t->in_len, &at, &line))
                return TALK_MORE;
        if (!line_starts(&line, "OK "))
                return TALK_DONE;
        line = line_after(&line, 3);
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_product(t, "gearmand", 8);
        talk_version(t, line.text, line.len);
        return TALK_DONE;
}

static enum talk_next gearman_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_gearman = {
        .name = "gearman",
        .protocol = "gearman",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4730,7003",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default",
        .reference = "Gearman protocol: ECHO_REQ, administrative protocol",
        .recognise = gearman_recognise,
        .talk = gearman_talk,
};
