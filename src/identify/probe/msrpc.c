/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DCE/RPC over TCP: a bind to the endpoint mapper; the answer to it tells, whether it takes or refuses
 * (C706, 12.6).
 */
#include "identify/probe.h"

enum { BIND_ACK = 12, BIND_NAK = 13, FAULT = 3 };
#define CALL_ID 0x514dffu

struct pdu {
        uint8_t type;
        bool little;
        uint16_t len;
        uint32_t call;
        struct wire body;
};

static uint16_t number16(struct wire *w, bool little)
{
        return little ? wire_le16(w) : wire_be16(w);
}

/* C706, 12.6.3.1. False when it is none; ret->len 0 when it is not whole. */
static bool read_pdu(const uint8_t *data, size_t len, struct pdu *ret)
{
        struct wire w = wire_over(data, len);

        *ret = (struct pdu){0};
        if (len < 16)
                return len == 0 || data[0] == 5;
        if (wire_u8(&w) != 5 || wire_u8(&w) > 1)
                return false;
        ret->type = wire_u8(&w);
        wire_skip(&w, 1);
        ret->little = wire_u8(&w) & 0x10;
        wire_skip(&w, 3);
        ret->len = number16(&w, ret->little);
        wire_skip(&w, 2);
        ret->call = ret->little ? wire_le32(&w) : wire_be32(&w);
        if (ret->len < 16 || (ret->type != BIND_ACK && ret->type != BIND_NAK && ret->type != FAULT))
                return false;
        ret->body = wire_sub(&w, ret->len - 16u);
        if (w.bad)
                ret->len = 0;
        return true;
}

static enum recognition msrpc_recognise(const struct heard *h)
{
        struct pdu pdu;

        if (!read_pdu(h->data, h->len, &pdu) || !pdu.len)
                return RECOGNISE_NO;
        return RECOGNISE_LIKELY;
}

static void take(struct talk *t, const struct pdu *pdu)
{
        static const char *const results[] = {"accepted", "rejected by user", "rejected by provider",
                                              "negotiate"};
        struct wire w = pdu->body, address;
        uint16_t result;

        if (pdu->type != BIND_ACK)
                return;
        wire_skip(&w, 8);
        address = wire_sub(&w, number16(&w, pdu->little));
        talk_detail(t, "address", (const char *)address.at, wire_left(&address));
        wire_skip(&w, (4 - (wire_left(&address) + 2) % 4) % 4);
        if (!wire_u8(&w))
                return;
        wire_skip(&w, 3);
        result = number16(&w, pdu->little);
        if (!w.bad && result < array_len(results))
                talk_detail(t, "endpoint-mapper", results[result], strlen(results[result]));
}

static enum talk_next msrpc_talk(struct talk *t)
{
        struct pdu pdu;

        if (t->step) {
                if (!read_pdu(t->in, t->in_len, &pdu))
                        return TALK_DONE;
                if (!pdu.len)
                        return TALK_MORE;
                if (pdu.call != CALL_ID && pdu.type != FAULT)
                        return TALK_DONE;
                talk_confirm(t, "msrpc");
                take(t, &pdu);
                return TALK_DONE;
        }
        talk_send_hex(t, "05000b03 10000000 4800 0000");
        talk_send_le32(t, CALL_ID);
        talk_send_hex(t, "b810b810 00000000 01000000 0000 0100");
        talk_send_hex(t, "0883afe1 1f5d c911 91a4 08002b14a0fa 0300 0000"); /* endpoint mapper, version 3 */
        talk_send_hex(t, "045d888a eb1c c911 9fe8 08002b104860 02000000");  /* NDR, version 2 */
        t->step = 1;
        return TALK_SEND;
}

const struct probe probe_msrpc = {
        .name = "msrpc",
        .protocol = "msrpc",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "135,1025-1030,49152-49176",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "nothing",
        .reference = "C706 (DCE 1.1: RPC), 12.6.4.3; MS-RPCE, 2.2.2",
        .recognise = msrpc_recognise,
        .talk = msrpc_talk,
};
