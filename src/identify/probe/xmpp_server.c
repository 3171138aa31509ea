/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XMPP between servers: told by its namespace; nothing is dialled back, as no domain is claimed. */
#include "identify/probe/xmpp.h"

static enum recognition xmpp_server_recognise(const struct heard *h)
{
        return xmpp_recognise(h, true);
}

static enum talk_next xmpp_server_talk(struct talk *t)
{
        return xmpp_talk(t, true);
}

const struct probe probe_xmpp_server = {
        .name = "xmpp-server",
        .protocol = "xmpp-server",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5269,5270",
        .safety = SAFETY_SESSION,
        .log = "a stream without a login (Prosody: \"Incoming s2s connection\")",
        .reference = "RFC 6120, 4 and 5; XEP-0220",
        .recognise = xmpp_server_recognise,
        .talk = xmpp_server_talk,
};
