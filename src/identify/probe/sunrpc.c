/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ONC RPC wherever it speaks: NULL calls to the programs that are known, until one is served (RFC 5531).
 * Programs other than rpcbind have no ports of their own, so this is how they are found.
 */
#include "identify/sunrpc.h"

enum step { OPEN, FIRST, ALL, LIST };

#define BEST       0 /* memory: 1 + index of the best that is served */
#define ASKED      1 /* memory: how many were asked, in datagrams */
#define HEARD      2 /* memory: replies in the stream */
#define LOW        3
#define HIGH       4
#define DATAGRAMS  32u /* programs asked over UDP: each answer comes at once, or there is none at all */
#define DUMP       4u
#define DUMP_INDEX 0x100u

static uint32_t xid(const struct talk *t, size_t index)
{
        return ((uint32_t)t->nonce & ~0x1ffu) | (uint32_t)index;
}

/*
 * NFS and mount have no version 1 that is alive, and rpcbind none at all; another version is an answer,
 * too.
 */
static uint32_t version_of(uint32_t program)
{
        return program == SUNRPC_NFS || program == SUNRPC_MOUNT ? 3 : program == SUNRPC_PORTMAP ? 2 : 1;
}

static bool ask(struct talk *t, size_t index)
{
        uint32_t program;

        if (!sunrpc_nth(index, &program))
                return false;
        sunrpc_call(t, xid(t, index), program, version_of(program), 0);
        return true;
}

static void note(struct talk *t, const struct sunrpc_reply *reply)
{
        size_t index = reply->xid - xid(t, 0);
        uint32_t program;

        if ((reply->status != SUNRPC_SUCCESS && reply->status != SUNRPC_OTHER_VERSION) ||
            !sunrpc_nth(index, &program))
                return;
        if (t->memory[BEST] && t->memory[BEST] <= index + 1)
                return;
        t->memory[BEST] = index + 1;
        t->memory[LOW] = reply->status == SUNRPC_SUCCESS ? 0 : reply->low;
        t->memory[HIGH] = reply->status == SUNRPC_SUCCESS ? 0 : reply->high;
}

static enum talk_next conclude(struct talk *t)
{
        uint32_t program;

        if (!t->memory[BEST]) {
                talk_likely(t, "sunrpc");
                return TALK_DONE;
        }
        talk_confirm(t, sunrpc_nth(t->memory[BEST] - 1, &program));
        talk_detail_u64(t, "program", program);
        if (t->memory[HIGH])
                sunrpc_take_versions(t, (uint32_t)t->memory[LOW], (uint32_t)t->memory[HIGH]);
        if (program != SUNRPC_PORTMAP)
                return TALK_DONE;
        sunrpc_call(t, xid(t, DUMP_INDEX), SUNRPC_PORTMAP, 2, DUMP);
        t->step = LIST;
        return TALK_SEND;
}

static enum talk_next next(struct talk *t, const struct sunrpc_reply *reply)
{
        size_t n = 1;

        talk_likely(t, "sunrpc");
        note(t, reply);
        if (t->memory[BEST])
                return conclude(t);
        if (t->transport == TRANSPORT_UDP) {
                if (++t->memory[ASKED] > DATAGRAMS || !ask(t, t->memory[ASKED]))
                        return conclude(t);
                return TALK_SEND;
        }
        while (ask(t, n))
                n++;
        t->memory[HEARD] = 1;
        t->step = ALL;
        return TALK_SEND;
}

/* As many replies as calls, in any order. */
static enum talk_next all(struct talk *t)
{
        struct sunrpc_reply reply;
        size_t at = 0, heard = 1;
        enum sunrpc_state state = SUNRPC_PART;
        uint32_t program;

        while (at < t->in_len &&
               (state = sunrpc_read(t->in + at, t->in_len - at, true, &reply)) == SUNRPC_WHOLE) {
                note(t, &reply);
                heard++;
                at += reply.end;
        }
        if (state != SUNRPC_NONE && sunrpc_nth(heard, &program) && !t->ended && !t->waited)
                return TALK_MORE;
        return conclude(t);
}

static enum talk_next sunrpc_talk(struct talk *t)
{
        struct sunrpc_reply reply;

        if (t->step == OPEN) {
                (void)ask(t, 0);
                t->step = FIRST;
                return TALK_SEND;
        }
        if (t->step == ALL)
                return all(t);
        switch (sunrpc_read(t->in, t->in_len, t->transport == TRANSPORT_TCP, &reply)) {
        case SUNRPC_PART:
                return TALK_MORE;
        case SUNRPC_NONE:
                return t->transport == TRANSPORT_UDP ? TALK_MORE : TALK_DONE;
        case SUNRPC_WHOLE:
                break;
        }
        if (t->step == LIST) {
                if (reply.xid == xid(t, DUMP_INDEX) && reply.status == SUNRPC_SUCCESS)
                        (void)sunrpc_take_dump(t, reply.results);
                return TALK_DONE;
        }
        if (reply.xid != xid(t, t->memory[ASKED]))
                return t->transport == TRANSPORT_UDP ? TALK_MORE : TALK_DONE;
        return next(t, &reply);
}

const struct probe probe_sunrpc = {
        .name = "sunrpc",
        .protocol = "sunrpc",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "4045,20048,24007,24008,32765-32780,49152-49160",
        .udp_ports = "4045,20048,32765-32780",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 5531, 9 and 12.1",
        .recognise = sunrpc_recognise,
        .talk = sunrpc_talk,
};
