/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Milter: the opening of a mail filter's session, in which version and wishes are agreed on; no mail is shown to it. */
#include "base/wire.h"
#include "identify/probe.h"

enum step { OFFER, ANSWER };

static enum talk_next milter_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t len, version, actions;
        uint8_t command;

        if (t->step == OFFER) {
                talk_send_be32(t, 13);
                talk_send_u8(t, 'O');
                talk_send_be32(t, 6);          /* version of the protocol */
                talk_send_be32(t, 0x000000ff); /* what a filter may do */
                talk_send_be32(t, 0x000fffff); /* what it may leave out */
                t->step = ANSWER;
                return TALK_SEND;
        }
        len = wire_be32(&w);
        command = wire_u8(&w);
        version = wire_be32(&w);
        actions = wire_be32(&w);
        if (t->in_len >= 5 && (len < 13 || len > 4096 || command != 'O'))
                return TALK_DONE;
        wire_skip(&w, 4); /* what it leaves out */
        if (w.bad)
                return TALK_MORE;
        if (version < 2 || version > 6 || actions & ~0x1ffu || t->in_len > (size_t)len + 4)
                return TALK_DONE;
        if (t->in_len == 17 && version == 6 && actions == 0xff && t->in[14] == 0x0f && t->in[15] == 0xff &&
            t->in[16] == 0xff)
                return TALK_DONE; /* our own offer again */
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "milter");
        talk_detail_u64(t, "protocol-version", version);
        talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_milter = {
        .name = "milter",
        .protocol = "milter",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "7357,8891,8892,8893,8894,11332",
        .safety = SAFETY_SESSION,
        .log = "a session without a mail",
        .reference = "Sendmail milter protocol, version 6",
        .talk = milter_talk,
};
