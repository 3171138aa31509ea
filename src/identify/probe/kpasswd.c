/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kerberos password change: a request too short to hold anything, which is refused by a KRB-ERROR (RFC
 * 3244, 2).
 */
#include "identify/krb.h"

/* The KRB-ERROR of an answer (RFC 3244, 2), or NULL; *part: it may still come. */
static const uint8_t *refusal(const uint8_t *data, size_t len, bool stream, size_t *n, bool *part)
{
        struct wire w = wire_over(data, len), body;
        uint32_t size = stream ? wire_be32(&w) : (uint32_t)len;
        uint16_t version, ticket;

        *part = false;
        if (!w.bad && (size < 12 || size > 65535))
                return NULL;
        body = wire_sub(&w, size);
        if (w.bad) {
                *part = true;
                return NULL;
        }
        if (wire_be16(&body) != size)
                return NULL;
        version = wire_be16(&body);
        ticket = wire_be16(&body);
        if (body.bad || ticket || (version != 1 && version != 0xff80))
                return NULL;
        *n = wire_left(&body);
        return body.at;
}

static enum recognition kpasswd_recognise(const struct heard *h)
{
        struct krb_error error;
        size_t n;
        bool part;
        const uint8_t *at = refusal(h->data, h->len, h->transport == TRANSPORT_TCP, &n, &part);

        return at && krb_error_read(at, n, &error) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next kpasswd_talk(struct talk *t)
{
        bool stream = t->transport == TRANSPORT_TCP, part;
        struct krb_error error;
        const uint8_t *at;
        size_t n;

        if (!t->step) {
                if (stream)
                        talk_send_be32(t, 10);
                talk_send_hex(t, "000a ff80 0002 0000 0000"); /* an AP-REQ of two zeros */
                t->step = 1;
                return TALK_SEND;
        }
        at = refusal(t->in, t->in_len, stream, &n, &part);
        if (part)
                return TALK_MORE;
        if (!at || !krb_error_read(at, n, &error))
                return TALK_DONE;
        talk_confirm(t, "kpasswd");
        krb_error_take(t, &error, "");
        return TALK_DONE;
}

const struct probe probe_kpasswd = {
        .name = "kpasswd",
        .protocol = "kpasswd",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "464",
        .udp_ports = "464",
        .safety = SAFETY_QUERY,
        .log = "a malformed request that was refused",
        .reference = "RFC 3244, 2",
        .recognise = kpasswd_recognise,
        .talk = kpasswd_talk,
};
