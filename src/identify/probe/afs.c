/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AFS: the version request of Rx, which every server of it answers with its build ("rxdebug -version"). */
#include "identify/line.h"
#include "identify/probe.h"

#define HEADER           28u
#define TYPE_AT          20u
#define FLAGS_AT         21u
#define VERSION          13u
#define CLIENT_INITIATED 1u

static bool is_answer(const uint8_t *data, size_t len)
{
        return len > HEADER && data[TYPE_AT] == VERSION && !(data[FLAGS_AT] & CLIENT_INITIATED);
}

static enum recognition afs_recognise(const struct heard *h)
{
        if (h->transport != TRANSPORT_UDP || !is_answer(h->data, h->len))
                return RECOGNISE_NO;
        return memmem(h->data, h->len, "OpenAFS", 7) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next afs_talk(struct talk *t)
{
        struct line line, word;
        const char *end;

        if (!t->step) {
                talk_send_be32(t, (uint32_t)t->nonce);
                talk_send_be32(t, (uint32_t)(t->nonce >> 32) & 0xfffffffc);
                talk_send_hex(t, "00000001 00000000 00000001 0d 05 00 00 0000 0000");
                for (unsigned i = 0; i < 65; i++)
                        talk_send_u8(t, 0);
                t->step = 1;
                return TALK_SEND;
        }
        if (!is_answer(t->in, t->in_len))
                return TALK_MORE;
        line = (struct line){(const char *)t->in + HEADER, t->in_len - HEADER};
        end = memchr(line.text, 0, line.len);
        line.len = end ? (size_t)(end - line.text) : line.len;
        line = line_after(&line, 0);
        if (memcmp(t->in,
                   &(uint8_t[]){(uint8_t)(t->nonce >> 24), (uint8_t)(t->nonce >> 16),
                                (uint8_t)(t->nonce >> 8), (uint8_t)t->nonce},
                   4) != 0 ||
            !line.len)
                return TALK_DONE;
        talk_confirm(t, "afs");
        talk_detail(t, "build", line.text, line.len);
        word = line_word(&line, 1);
        if (line_starts(&line, "OpenAFS ")) {
                talk_product(t, "OpenAFS", 7);
                talk_version(t, word.text, word.len);
        } else {
                talk_product(t, line.text, line.len);
        }
        return TALK_DONE;
}

const struct probe probe_afs = {
        .name = "afs",
        .protocol = "afs",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "7000-7009,7021",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Rx protocol specification (OpenAFS), packet type 13",
        .recognise = afs_recognise,
        .talk = afs_talk,
};
