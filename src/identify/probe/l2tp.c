/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L2TP: SCCRQ; the reply names host and vendor, and is answered by StopCCN, so that no tunnel is left (RFC
 * 2661, 5.8 and 6).
 */
#include "identify/probe.h"

enum { SCCRP = 2, STOPCCN = 4 };
enum { HOST_NAME = 7, VENDOR_NAME = 8, FIRMWARE = 6, TUNNEL_ID = 9 };
enum step { OPEN, ASKED, STOPPED };

#define GOODBYE_MS 100u /* that the server's acknowledgement is waited for */

static uint16_t our_tunnel(const struct talk *t)
{
        return (uint16_t)((t->nonce & 0x7fff) | 0x100);
}

/* A control message (RFC 2661, 3.1) and its type; w is left at the attributes after it. */
static bool control(struct wire *w, uint16_t *tunnel, uint16_t *type)
{
        uint16_t flags = wire_be16(w), len = wire_be16(w);
        size_t all = wire_left(w) + 4;

        *tunnel = wire_be16(w);
        wire_skip(w, 6);
        if (w->bad || (flags & 0xcf0f) != 0xc802 || len != all)
                return false;
        wire_skip(w, 2);
        if (wire_be16(w) != 0 || wire_be16(w) != 0) /* IETF, message type */
                return false;
        *type = wire_be16(w);
        return !w->bad;
}

static enum recognition l2tp_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);
        uint16_t tunnel, type;

        return h->transport == TRANSPORT_UDP && control(&w, &tunnel, &type) &&
                               (type == SCCRP || type == STOPCCN)
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static void request(struct talk *t)
{
        talk_send_hex(t, "c802 004d 0000 0000 0000 0000");
        talk_send_hex(t, "8008 0000 0000 0001"); /* SCCRQ */
        talk_send_hex(t, "8008 0000 0002 0100"); /* version of the protocol */
        talk_send_hex(t, "8010 0000 0007");
        talk_send_bytes(t, "quaymaster", 10);
        talk_send_hex(t, "800a 0000 0003 00000003"); /* framing */
        talk_send_hex(t, "8008 0000 0009");
        talk_send_be16(t, our_tunnel(t));
        talk_send_hex(t, "8008 0000 000a 0004"); /* window */
        talk_send_hex(t, "0007 0000 0008 71");   /* vendor: one letter */
}

static void take_vendor(struct talk *t, const struct wire *value)
{
        static const struct {
                const char *vendor, *product;
        } known[] = {
                {"xelerance.com", "xl2tpd"},
                {"MikroTik", "MikroTik RouterOS"},
                {"Microsoft", "Microsoft Windows RRAS"},
                {"accel-ppp", "accel-ppp"},
                {"Cisco Systems", "Cisco IOS"},
                {"Roaring Penguin", "rp-l2tp"},
                {"Katalix", "prol2tp"},
        };

        talk_detail(t, "vendor", (const char *)value->at, wire_left(value));
        for (size_t i = 0; i < array_len(known); i++)
                if (wire_left(value) >= strlen(known[i].vendor) &&
                    memcmp(value->at, known[i].vendor, strlen(known[i].vendor)) == 0)
                        talk_product(t, known[i].product, strlen(known[i].product));
}

/* Attributes (RFC 2661, 4.1); the peer's tunnel, or 0. */
static uint16_t take(struct talk *t, struct wire w)
{
        uint16_t peer = 0;

        while (wire_left(&w) >= 6) {
                uint16_t head = wire_be16(&w), vendor = wire_be16(&w), type = wire_be16(&w),
                         len = head & 0x3ff;
                struct wire value;

                if (len < 6)
                        break;
                value = wire_sub(&w, len - 6u);
                if (w.bad)
                        break;
                if (vendor || head & 0x4000) /* hidden */
                        continue;
                if (type == HOST_NAME)
                        talk_hostname(t, (const char *)value.at, wire_left(&value));
                else if (type == VENDOR_NAME)
                        take_vendor(t, &value);
                else if (type == FIRMWARE)
                        talk_detail_u64(t, "firmware", wire_be16(&value));
                else if (type == TUNNEL_ID)
                        peer = wire_be16(&value);
        }
        return peer;
}

static enum talk_next l2tp_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t tunnel, type, peer;

        if (t->step == OPEN) {
                request(t);
                t->step = ASKED;
                return TALK_SEND;
        }
        if (t->step == STOPPED)
                return TALK_DONE;
        if (!control(&w, &tunnel, &type) || (type != SCCRP && type != STOPCCN) ||
            (tunnel && tunnel != our_tunnel(t)))
                return TALK_MORE;
        talk_confirm(t, "l2tp");
        peer = take(t, w);
        if (type == STOPCCN || !peer)
                return TALK_DONE;
        talk_send_hex(t, "c802 0026");
        talk_send_be16(t, peer);
        talk_send_hex(t, "0000 0001 0001 8008 0000 0000 0004 8008 0000 0009");
        talk_send_be16(t, our_tunnel(t));
        talk_send_hex(t, "800a 0000 0001 0006 0000"); /* the requester shuts down */
        t->patience_ms = GOODBYE_MS;
        t->step = STOPPED;
        return TALK_SEND;
}

const struct probe probe_l2tp = {
        .name = "l2tp",
        .protocol = "l2tp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "1701",
        .safety = SAFETY_SESSION,
        .sweep_udp = SWEEP_LAST,
        .log = "a tunnel that was asked for and closed at once, by \"quaymaster\"",
        .reference = "RFC 2661, 3.1, 4.4 and 6.1 to 6.4",
        .recognise = l2tp_recognise,
        .talk = l2tp_talk,
};
