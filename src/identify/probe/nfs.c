/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NFS: the NULL procedure of each version, and whether TLS is to be had (RFC 1813, 3.3.0; RFC 7530; RFC
 * 9289, 4.1).
 */
#include "identify/sunrpc.h"

enum step { OPEN, ASKED, TLS_ASKED, ENCRYPTED };

#define INDEX 0 /* memory: which version was asked for last */
#define KNOWN 1 /* memory: bits of versions that answered */

static const uint32_t versions[] = {4, 3, 2};

static enum talk_next ask(struct talk *t)
{
        sunrpc_call(t, (uint32_t)(t->nonce + t->memory[INDEX]), SUNRPC_NFS, versions[t->memory[INDEX]], 0);
        t->step = ASKED;
        return TALK_SEND;
}

static enum talk_next ask_tls(struct talk *t)
{
        _cleanup_str_ struct str text = {0};

        for (uint32_t v = 2; v <= 4; v++)
                if (t->memory[KNOWN] & 1u << v)
                        str_addf(&text, "%s%u", text.len ? "," : "", v);
        talk_detail(t, "versions", text.text, text.len);
        if (t->memory[KNOWN] == 1 << 2)
                talk_flag(t, IDENTITY_OBSOLETE);
        if (t->tls || t->transport != TRANSPORT_TCP || !t->memory[KNOWN])
                return TALK_DONE;
        sunrpc_call_tls(t, (uint32_t)(t->nonce + 9), SUNRPC_NFS, t->memory[KNOWN] & 1u << 4 ? 4 : 3);
        t->step = TLS_ASKED;
        return TALK_SEND;
}

static enum talk_next answered(struct talk *t, const struct sunrpc_reply *reply)
{
        if (reply->xid != (uint32_t)(t->nonce + t->memory[INDEX]))
                return TALK_MORE;
        if (reply->status == SUNRPC_NO_PROGRAM) {
                if (t->id->confidence != CONFIDENCE_CONFIRMED)
                        talk_likely(t, "sunrpc");
                return TALK_DONE;
        }
        if (reply->status == SUNRPC_DENIED && t->id->confidence != CONFIDENCE_CONFIRMED) {
                talk_likely(t, t->port == 2049 ? "nfs" : "sunrpc");
                return TALK_DONE;
        }
        talk_confirm(t, "nfs");
        if (reply->status == SUNRPC_OTHER_VERSION) {
                for (uint32_t v = 2; v <= 4; v++)
                        if (v >= reply->low && v <= reply->high)
                                t->memory[KNOWN] |= 1u << v;
                return ask_tls(t);
        }
        t->memory[KNOWN] |= 1u << versions[t->memory[INDEX]];
        if (++t->memory[INDEX] == array_len(versions))
                return ask_tls(t);
        return ask(t);
}

static enum talk_next nfs_talk(struct talk *t)
{
        struct sunrpc_reply reply;

        if (t->step == OPEN)
                return ask(t);
        if (t->step == ENCRYPTED)
                return TALK_DONE;
        switch (sunrpc_read(t->in, t->in_len, t->transport == TRANSPORT_TCP, &reply)) {
        case SUNRPC_PART:
                return TALK_MORE;
        case SUNRPC_NONE:
                return t->transport == TRANSPORT_UDP ? TALK_MORE : TALK_DONE;
        case SUNRPC_WHOLE:
                break;
        }
        if (t->step == ASKED)
                return answered(t, &reply);
        if (reply.status != SUNRPC_SUCCESS || wire_left(&reply.verifier) != 8 ||
            memcmp(reply.verifier.at, "STARTTLS", 8) != 0)
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_STARTTLS);
        t->step = ENCRYPTED;
        return TALK_TLS;
}

const struct probe probe_nfs = {
        .name = "nfs",
        .protocol = "nfs",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "2049,20049",
        .udp_ports = "2049",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "RFC 1813, 3.3.0; RFC 7530, 16.1; RFC 9289, 4.1",
        .talk = nfs_talk,
};
