/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BGP: a speaker may open by itself, or refuse with a notification; one that waits gets an OPEN that
 * nobody may accept (a hold time of one second, RFC 4271, 4.2), so no session can come of it.
 */
#include "identify/probe.h"

enum { OPEN = 1, NOTIFICATION = 3 };
enum step { LISTEN, ASKED };

#define HEADER    19u
#define LISTEN_MS 700u
#define OUR_AS    65535u /* reserved (RFC 7300): no peer has it */
#define OUR_ID    0xc0000201u

static bool header(const uint8_t *data, size_t len, uint16_t *size, uint8_t *type)
{
        struct wire w = wire_over(data, len);

        for (size_t i = 0; i < len && i < 16; i++)
                if (data[i] != 0xff)
                        return false;
        wire_skip(&w, 16);
        *size = wire_be16(&w);
        *type = wire_u8(&w);
        return w.bad || (*size >= HEADER && *size <= 4096 && *type >= 1 && *type <= 5);
}

static enum recognition bgp_recognise(const struct heard *h)
{
        uint16_t size;
        uint8_t type;

        return h->len >= HEADER && header(h->data, h->len, &size, &type) ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* RFC 4271, 4.5 */
static void take_notification(struct talk *t, struct wire w)
{
        static const char *const codes[] = {NULL,         "message header", "OPEN", "UPDATE",
                                            "hold timer", "state machine",  "cease"};
        _cleanup_str_ struct str text = {0};
        uint8_t code = wire_u8(&w), detail = wire_u8(&w);

        if (w.bad)
                return;
        if (code && code < array_len(codes))
                str_addf(&text, "%s error, %u", codes[code], detail);
        else
                str_addf(&text, "%u, %u", code, detail);
        talk_detail(t, "notification", text.text, text.len);
}

/* RFC 4271, 4.2. False for our own. */
static bool take_open(struct talk *t, struct wire w)
{
        _cleanup_str_ struct str id = {0};
        uint8_t version = wire_u8(&w);
        uint16_t as = wire_be16(&w), hold = wire_be16(&w);
        uint32_t router = wire_be32(&w);

        if (w.bad || (as == OUR_AS && router == OUR_ID))
                return false;
        talk_confirm(t, "bgp");
        str_addf(&id, "%u.%u.%u.%u", router >> 24, router >> 16 & 255, router >> 8 & 255, router & 255);
        talk_detail_u64(t, "bgp-version", version);
        talk_detail_u64(t, "as", as);
        talk_detail_u64(t, "hold-time", hold);
        talk_detail(t, "router-id", id.text, id.len);
        return true;
}

static enum talk_next bgp_talk(struct talk *t)
{
        struct wire w = talk_in(t), message;
        uint16_t size = 0;
        uint8_t type = 0;

        if (t->step == LISTEN && !t->in_len) {
                if (t->ended)
                        return TALK_DONE;
                if (!t->waited) {
                        t->patience_ms = LISTEN_MS;
                        return TALK_MORE;
                }
                talk_send_hex(t, "ffffffffffffffff ffffffffffffffff 001d 01 04 ffff 0001");
                talk_send_be32(t, OUR_ID);
                talk_send_hex(t, "00");
                t->patience_ms = 0;
                t->step = ASKED;
                return TALK_SEND;
        }
        if (!header(t->in, t->in_len, &size, &type))
                return TALK_DONE;
        message = wire_sub(&w, size);
        if (t->in_len < HEADER || message.bad || w.bad)
                return TALK_MORE;
        wire_skip(&message, HEADER);
        talk_evidence(t, t->in, t->in_len);
        if (type == NOTIFICATION && size >= HEADER + 2) {
                talk_confirm(t, "bgp");
                take_notification(t, message);
        } else if (type == OPEN) {
                (void)take_open(t, message);
        } else if (t->step == LISTEN) {
                talk_likely(t, "bgp");
        }
        return TALK_DONE;
}

const struct probe probe_bgp = {
        .name = "bgp",
        .protocol = "bgp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "179",
        .safety = SAFETY_SESSION,
        .log = "a connection of an unknown peer, or an OPEN that was refused",
        .reference = "RFC 4271, 4.1, 4.2, 4.5 and 6.2",
        .recognise = bgp_recognise,
        .talk = bgp_talk,
};
