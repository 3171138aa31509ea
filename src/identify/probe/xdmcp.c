/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XDMCP: whether a display manager would give a login screen: Query, answered by Willing or Unwilling. */
#include "identify/probe.h"

enum { WILLING = 5, UNWILLING = 6 };

static bool array(struct wire *w, struct wire *ret)
{
        *ret = wire_sub(w, wire_be16(w));
        return !w->bad;
}

/* Up to the host's name. */
static bool header(struct wire *w, uint16_t *code)
{
        struct wire ignored;
        uint16_t len;

        if (wire_be16(w) != 1)
                return false;
        *code = wire_be16(w);
        len = wire_be16(w);
        if (w->bad || len != wire_left(w) || (*code != WILLING && *code != UNWILLING))
                return false;
        return *code == UNWILLING || array(w, &ignored);
}

static enum recognition xdmcp_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len), host, status;
        uint16_t code;

        if (h->transport != TRANSPORT_UDP || !header(&w, &code) || !array(&w, &host) || !array(&w, &status))
                return RECOGNISE_NO;
        return RECOGNISE_LIKELY;
}

static enum talk_next xdmcp_talk(struct talk *t)
{
        struct wire w = talk_in(t), host, status;
        uint16_t code;

        if (t->step) {
                if (!header(&w, &code) || !array(&w, &host) || !array(&w, &status))
                        return TALK_MORE;
                talk_confirm(t, "xdmcp");
                talk_hostname(t, (const char *)host.at, wire_left(&host));
                talk_detail(t, "status", (const char *)status.at, wire_left(&status));
                talk_detail(t, "answer", code == WILLING ? "willing" : "unwilling", code == WILLING ? 7 : 9);
                if (code == WILLING)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN); /* X itself is not encrypted */
                return TALK_DONE;
        }
        talk_send_hex(t, "0001 0002 0001 00"); /* Query, no authentication names */
        t->step = 1;
        return TALK_SEND;
}

const struct probe probe_xdmcp = {
        .name = "xdmcp",
        .protocol = "xdmcp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "177",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing, or a line of debugging",
        .reference = "X Display Manager Control Protocol, version 1.1",
        .recognise = xdmcp_recognise,
        .talk = xdmcp_talk,
};
