/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aerospike's info protocol: build and edition, which the server tells before authentication. */
#include "identify/line.h"
#include "identify/probe.h"

#define ANSWER_MAX 65536u

static const char names[] = "build\nedition\n";

static enum talk_next ask(struct talk *t)
{
        talk_send_hex(t, "02 01 0000 00000000"); /* version 2, info, length of six bytes: */
        t->out.text[7] = (char)(sizeof(names) - 1);
        talk_send_bytes(t, names, sizeof(names) - 1);
        return TALK_SEND;
}

/* "build\t6.2.0.3\nedition\tAerospike Community Edition\n"; what we sent has no tabs */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        struct line line, value;
        size_t at = 8;
        uint32_t len;

        if ((t->in_len > 0 && t->in[0] != 2) || (t->in_len > 1 && t->in[1] != 1))
                return TALK_DONE;
        if (t->in_len < 8)
                return TALK_MORE;
        wire_skip(&w, 2);
        if (wire_be16(&w) != 0)
                return TALK_DONE;
        len = wire_be32(&w);
        if (!len || len > ANSWER_MAX)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        while (line_next(t->in, 8 + (size_t)len, &at, &line)) {
                if (line_starts(&line, "build\t")) {
                        talk_confirm(t, "aerospike");
                        value = line_after(&line, 6);
                        if (line_starts(&value, "ERROR"))
                                continue;
                        talk_version(t, value.text, value.len);
                } else if (line_starts(&line, "edition\t")) {
                        value = line_after(&line, 8);
                        talk_detail(t, "edition", value.text, value.len);
                }
        }
        if (t->id->confidence == CONFIDENCE_CONFIRMED) {
                talk_product(t, "Aerospike", 9);
                talk_cpe(t, "aerospike", "aerospike_server");
        }
        return TALK_DONE;
}

static enum talk_next aerospike_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_aerospike = {
        .name = "aerospike",
        .protocol = "aerospike",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3000,4333",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Aerospike info protocol: commands build, edition",
        .talk = aerospike_talk,
};
