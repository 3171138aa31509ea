/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kerberos administration (kadmind of MIT): RPC that wants GSS-API, and says so to a NULL call without. */
#include "identify/sunrpc.h"

static enum talk_next kadmin_talk(struct talk *t)
{
        struct sunrpc_reply reply;

        if (!t->step) {
                sunrpc_call(t, (uint32_t)t->nonce, SUNRPC_KADMIN, 2, 0);
                t->step = 1;
                return TALK_SEND;
        }
        switch (sunrpc_read(t->in, t->in_len, true, &reply)) {
        case SUNRPC_PART:
                return TALK_MORE;
        case SUNRPC_NONE:
                return TALK_DONE;
        case SUNRPC_WHOLE:
                break;
        }
        if (reply.xid != (uint32_t)t->nonce)
                return TALK_DONE;
        if (reply.status == SUNRPC_NO_PROGRAM) {
                talk_likely(t, "sunrpc");
                return TALK_DONE;
        }
        talk_encryption(t, ENCRYPTION_NATIVE); /* GSS-API with privacy is all it takes */
        if (reply.status == SUNRPC_DENIED && t->port != 749)
                talk_likely(t, "kadmin");
        else
                talk_confirm(t, "kadmin");
        talk_product(t, "MIT krb5", 8);
        return TALK_DONE;
}

const struct probe probe_kadmin = {
        .name = "kadmin",
        .protocol = "kadmin",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "749",
        .safety = SAFETY_QUERY,
        .log = "kadmind: a request with an authentication flavour that it does not take",
        .reference = "RFC 5531; MIT krb5 (program 2112)",
        .talk = kadmin_talk,
};
