/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPICE: the link message, answered with the server's public key before any ticket (SPICE protocol, 3 and
 * 11).
 */
#include "identify/probe.h"

#define ANSWER_MIN 178u /* error, key of 162 bytes, two counts, an offset */

static bool is_answer(const uint8_t *data, size_t len, uint32_t *size)
{
        struct wire w = wire_over(data, len);

        if (len >= 4 && memcmp(data, "REDQ", 4) != 0)
                return false;
        wire_skip(&w, 12);
        *size = wire_le32(&w);
        return w.bad || (*size >= ANSWER_MIN && *size <= 4096);
}

static enum recognition spice_recognise(const struct heard *h)
{
        uint32_t size = 0;

        return h->len >= 16 && is_answer(h->data, h->len, &size) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next spice_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str version = {0};
        uint32_t size = 0, major, minor, error;

        if (!t->step) {
                talk_send_bytes(t, "REDQ", 4);
                talk_send_hex(t, "02000000 02000000 16000000");                         /* 2.2, 22 bytes */
                talk_send_hex(t, "00000000 01 00 01000000 00000000 12000000 09000000"); /* main channel */
                t->step = 1;
                return TALK_SEND;
        }
        if (!is_answer(t->in, t->in_len, &size))
                return TALK_DONE;
        wire_skip(&w, 4);
        major = wire_le32(&w);
        minor = wire_le32(&w);
        wire_skip(&w, 4);
        error = wire_le32(&w);
        if (w.bad)
                return TALK_MORE;
        talk_confirm(t, "spice");
        str_addf(&version, "%u.%u", major, minor);
        talk_detail(t, "protocol-version", version.text, version.len);
        talk_detail_u64(t, "error-code", error);
        if (error == 5) /* SPICE_LINK_ERR_NEED_SECURED: TLS has a port of its own */
                talk_detail(t, "secured", "only over TLS, on another port", 30);
        return TALK_DONE;
}

const struct probe probe_spice = {
        .name = "spice",
        .protocol = "spice",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5900-5910,5930,61000",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a connection that ended before its ticket",
        .reference = "SPICE protocol, 3 (link) and 11",
        .recognise = spice_recognise,
        .talk = spice_talk,
};
