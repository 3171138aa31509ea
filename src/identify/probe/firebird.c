/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firebird and InterBase: op_connect without a database and without a user; the server chooses a protocol,
 * or rejects.
 */
#include "identify/line.h"
#include "identify/probe.h"

enum {
        OP_CONNECT = 1,
        OP_ACCEPT = 3,
        OP_REJECT = 4,
        OP_RESPONSE = 9,
        OP_ATTACH = 19,
        OP_CONT_AUTH = 92,
        OP_ACCEPT_DATA = 94,
        OP_COND_ACCEPT = 98
};

#define PROTOCOL_FLAG 0x8000u /* Firebird's, from 11 on */

static const uint16_t protocols[] = {10,
                                     PROTOCOL_FLAG | 11,
                                     PROTOCOL_FLAG | 12,
                                     PROTOCOL_FLAG | 13,
                                     PROTOCOL_FLAG | 15,
                                     PROTOCOL_FLAG | 16,
                                     PROTOCOL_FLAG | 17,
                                     PROTOCOL_FLAG | 18,
                                     PROTOCOL_FLAG | 19};

static enum talk_next ask(struct talk *t)
{
        talk_send_be32(t, OP_CONNECT);
        talk_send_be32(t, OP_ATTACH);
        talk_send_be32(t, 3); /* CONNECT_VERSION3 */
        talk_send_be32(t, 1); /* arch_generic */
        talk_send_be32(t, 0); /* no path */
        talk_send_be32(t, array_len(protocols));
        talk_send_be32(t, 0); /* nobody's identification */
        for (size_t i = 0; i < array_len(protocols); i++) {
                talk_send_be32(t, protocols[i]);
                talk_send_be32(t, 1); /* arch_generic */
                talk_send_be32(t, 0); /* types from, to: ptype_lazy_send */
                talk_send_be32(t, 5);
                talk_send_be32(t, (uint32_t)(i + 1)); /* the later the better */
        }
        return TALK_SEND;
}

static void take_release(struct talk *t, unsigned protocol)
{
        static const struct {
                unsigned protocol;
                const char *release;
        } all[] = {{10, "1 or 2.0"}, {11, "2.1"}, {12, "2.5"}, {13, "3.0"}, {15, "3.0"},
                   {16, "4.0"},      {17, "4.0"}, {18, "5.0"}, {19, "5.0"}};

        for (size_t i = 0; i < array_len(all); i++)
                if (all[i].protocol == protocol)
                        talk_detail(t, "release", all[i].release, strlen(all[i].release));
}

/* Accepted: protocol, architecture, type; with data a plugin of authentication follows */
static enum talk_next accepted(struct talk *t, struct wire *w, uint32_t op)
{
        uint32_t protocol = wire_be32(w), architecture = wire_be32(w), type = wire_be32(w) & 0xff;
        struct wire text;
        uint32_t len;

        protocol &= 0xffff;
        if (w->bad || architecture > 64 || type > 5)
                return TALK_DONE;
        for (size_t i = 0; i < array_len(protocols); i++)
                if (protocols[i] == protocol) {
                        talk_confirm(t, "firebird");
                        talk_product(t, "Firebird", 8);
                        talk_detail_u64(t, "protocol-version", protocol & ~PROTOCOL_FLAG);
                        take_release(t, protocol & ~PROTOCOL_FLAG);
                }
        if (op == OP_ACCEPT || t->id->confidence != CONFIDENCE_CONFIRMED)
                return TALK_DONE;
        len = wire_be32(w); /* data, padded to four bytes */
        wire_skip(w, ((size_t)len + 3) & ~(size_t)3);
        text = wire_sub(w, wire_be32(w));
        if (text.bad)
                return t->in_len < 4096 ? TALK_MORE : TALK_DONE;
        talk_detail(t, "authentication", (const char *)text.at, wire_left(&text));
        return TALK_DONE;
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t op = wire_be32(&w);

        if (t->in_len < 4)
                return TALK_MORE;
        if (op == OP_REJECT && t->in_len == 4) {
                talk_likely(t, "firebird");
                return TALK_DONE;
        }
        if (op == OP_CONT_AUTH) { /* data, plugin, list of plugins, keys: all empty, it waits for a name */
                if (t->in_len < 20)
                        return TALK_MORE;
                if (wire_be32(&w) || wire_be32(&w) || wire_be32(&w) || wire_be32(&w) || t->in_len != 20)
                        return TALK_DONE;
                talk_confirm(t, "firebird");
                talk_product(t, "Firebird", 8);
                talk_detail(t, "release", "3.0 or later", 12);
                return TALK_DONE;
        }
        if (op == OP_RESPONSE &&
            t->in_len >= 32) { /* object, id, data, status vector: 1 and an error of ISC's */
                wire_skip(&w, 12);
                wire_skip(&w, ((size_t)wire_be32(&w) + 3) & ~(size_t)3);
                if (wire_be32(&w) == 1 && wire_be32(&w) >> 24 == 0x14)
                        talk_confirm(t, "firebird");
                return TALK_DONE;
        }
        if (op != OP_ACCEPT && op != OP_ACCEPT_DATA && op != OP_COND_ACCEPT)
                return TALK_DONE;
        if (t->in_len < 16)
                return TALK_MORE;
        return accepted(t, &w, op);
}

static enum talk_next firebird_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_firebird = {
        .name = "firebird",
        .protocol = "firebird",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3050,3051",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "\"INET/inet_error: read errno\" or an ended connection in firebird.log",
        .reference = "Firebird wire protocol: op_connect, op_accept, op_accept_data, op_reject",
        .talk = firebird_talk,
};
