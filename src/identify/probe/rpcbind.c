/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rpcbind: the list of programs that are registered (RFC 1833, 3.2, PMAPPROC_DUMP), then the versions of
 * rpcbind itself.
 */
#include "identify/sunrpc.h"

enum { DUMP = 4, NO_SUCH_VERSION = 99 };
enum step { OPEN, LIST, VERSIONS };

static enum talk_next rpcbind_talk(struct talk *t)
{
        uint32_t xid = (uint32_t)t->nonce;
        struct sunrpc_reply reply;

        if (t->step == OPEN) {
                sunrpc_call(t, xid, SUNRPC_PORTMAP, 2, DUMP);
                t->step = LIST;
                return TALK_SEND;
        }
        switch (sunrpc_read(t->in, t->in_len, t->transport == TRANSPORT_TCP, &reply)) {
        case SUNRPC_PART:
                return TALK_MORE;
        case SUNRPC_NONE:
                return t->transport == TRANSPORT_UDP ? TALK_MORE : TALK_DONE;
        case SUNRPC_WHOLE:
                break;
        }
        if (reply.status == SUNRPC_OTHER_VERSION)
                sunrpc_take_versions(t, reply.low, reply.high);
        if (t->step == VERSIONS)
                return TALK_DONE;
        if (reply.xid != xid)
                return TALK_MORE;
        if (reply.status == SUNRPC_NO_PROGRAM) {
                talk_likely(t, "sunrpc");
                return TALK_DONE;
        }
        talk_confirm(t, "rpcbind");
        if (reply.status == SUNRPC_SUCCESS)
                (void)sunrpc_take_dump(t, reply.results);
        sunrpc_call(t, xid + 1, SUNRPC_PORTMAP, NO_SUCH_VERSION, 0);
        t->step = VERSIONS;
        return TALK_SEND;
}

const struct probe probe_rpcbind = {
        .name = "rpcbind",
        .protocol = "rpcbind",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "111",
        .udp_ports = "111",
        .safety = SAFETY_QUERY,
        .log = "nothing (rpcbind -l: a line for the dump)",
        .reference = "RFC 1833, 3; RFC 5531",
        .talk = rpcbind_talk,
};
