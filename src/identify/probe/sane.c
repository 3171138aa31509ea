/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SANE: SANE_NET_INIT without a user's name, answered by a status and the server's version (SANE standard,
 * 5.2.1).
 */
#include "identify/probe.h"

#define ANSWER_LEN 8u
#define STATUS_MAX 11u /* SANE_STATUS_ACCESS_DENIED */
#define OUR_BUILD \
        2u /* not 3 as servers have, so that an echo is seen as such; they look at the major number alone */

static enum talk_next sane_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t status, version;
        _cleanup_str_ struct str text = {0};

        if (!t->step) {
                talk_send_hex(t, "00000000 01000002 00000000");
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len < ANSWER_LEN)
                return TALK_MORE;
        status = wire_be32(&w);
        version = wire_be32(&w);
        if (t->in_len > ANSWER_LEN || status > STATUS_MAX || version >> 24 != 1 ||
            (version & 0xffff) == OUR_BUILD || (version & 0xffff) > 16)
                return TALK_DONE;
        talk_confirm(t, "sane");
        talk_evidence(t, t->in, t->in_len);
        str_addf(&text, "%u.%u.%u", version >> 24, version >> 16 & 0xff, version & 0xffff);
        talk_detail(t, "protocol-version", text.text, text.len);
        talk_detail(t, "access", status ? "denied" : "granted", status ? 6 : 7);
        if (!status)
                talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_sane = {
        .name = "sane",
        .protocol = "sane",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6566",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "saned: \"access by ...\" accepted or rejected",
        .reference = "SANE standard, 5.2.1 (SANE_NET_INIT)",
        .talk = sane_talk,
};
