/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Apache Ignite's thin clients: a handshake of a version that no server has is refused with the one it
 * speaks, so no session begins.
 */
#include <stdio.h>

#include "identify/line.h"
#include "identify/probe.h"

static enum talk_next ask(struct talk *t)
{
        talk_send_le32(t, 8);
        talk_send_u8(t, 1); /* handshake */
        talk_send_le16(t, 255);
        talk_send_le16(t, 0);
        talk_send_le16(t, 0);
        talk_send_u8(t, 2); /* thin client */
        return TALK_SEND;
}

/* Length, 0 = refused, version of three shorts, then a string (type 9, length) that says why */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), text;
        uint32_t len = wire_le32(&w);
        unsigned major, minor, patch;
        char version[24];

        if (t->in_len < 4)
                return TALK_MORE;
        if (len < 7 || len > 4096)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        w = wire_sub(&w, len);
        if (wire_u8(&w) != 0)
                return TALK_DONE;
        major = wire_le16(&w);
        minor = wire_le16(&w);
        patch = wire_le16(&w);
        if (wire_u8(&w) != 9)
                return TALK_DONE;
        text = wire_sub(&w, wire_le32(&w));
        if (w.bad || text.bad || major > 20 || !memmem(text.at, wire_left(&text), "version", 7))
                return TALK_DONE;
        talk_confirm(t, "ignite");
        talk_product(t, "Apache Ignite", 13);
        snprintf(version, sizeof(version), "%u.%u.%u", major, minor, patch);
        talk_detail(t, "protocol-version", version, strlen(version));
        return TALK_DONE;
}

static enum talk_next ignite_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_ignite = {
        .name = "ignite",
        .protocol = "ignite",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "10800-10810",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "\"Unsupported version\" of a client's handshake",
        .reference = "Apache Ignite, binary client protocol: handshake",
        .talk = ignite_talk,
};
