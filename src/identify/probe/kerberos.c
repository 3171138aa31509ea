/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kerberos: an AS-REQ of nobody in a realm that can't exist (RFC 6761, 6.4); the KDC's refusal tells it
 * (RFC 4120, 3.1).
 */
#include "identify/ber.h"
#include "identify/krb.h"

#define NOBODY           "nobody-asks"
#define REALM            "QUAYMASTER.INVALID"
#define ANSWER_MAX       65536u
#define GENERAL_STRING   0x1b
#define GENERALIZED_TIME 0x18

/* The Kerberos message in these bytes; *n 0 when it is not whole. NULL when there can be none. */
static const uint8_t *message(const uint8_t *data, size_t len, bool stream, size_t *n)
{
        struct wire w = wire_over(data, len), body;
        uint32_t size;

        *n = len;
        if (!stream)
                return data;
        size = wire_be32(&w);
        if (size > ANSWER_MAX || (!w.bad && !size))
                return NULL;
        body = wire_sub(&w, size);
        *n = w.bad ? 0 : size;
        return w.bad ? data : body.at;
}

static enum recognition kerberos_recognise(const struct heard *h)
{
        size_t n;
        const uint8_t *at = message(h->data, h->len, h->transport == TRANSPORT_TCP, &n);
        struct krb_error error;

        return at && n && krb_error_read(at, n, &error) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static void wrap(struct str *to, uint8_t tag, const struct str *inner)
{
        ber_add_str(to, tag, inner);
}

/* PrincipalName (RFC 4120, 5.2.2) in an explicit tag. */
static void add_principal(struct str *to, uint8_t tag, int type, const char *first, const char *second)
{
        _cleanup_str_ struct str names = {0}, list = {0}, number = {0}, fields = {0}, whole = {0};

        ber_add(&names, GENERAL_STRING, first, strlen(first));
        if (second)
                ber_add(&names, GENERAL_STRING, second, strlen(second));
        wrap(&list, BER_SEQUENCE, &names);
        ber_add_integer(&number, BER_INTEGER, type);
        wrap(&fields, 0xa0, &number);
        wrap(&fields, 0xa1, &list);
        wrap(&whole, BER_SEQUENCE, &fields);
        wrap(to, tag, &whole);
}

static void add_number(struct str *to, uint8_t tag, int64_t value)
{
        _cleanup_str_ struct str number = {0};

        ber_add_integer(&number, BER_INTEGER, value);
        wrap(to, tag, &number);
}

static void add_text(struct str *to, uint8_t tag, uint8_t inner, const char *value)
{
        _cleanup_str_ struct str text = {0};

        ber_add(&text, inner, value, strlen(value));
        wrap(to, tag, &text);
}

/* RFC 4120, 5.4.1 */
static void send_as_req(struct talk *t)
{
        static const int etypes[] = {18, 17, 20, 19, 23};
        _cleanup_str_ struct str body = {0}, kinds = {0}, list = {0}, sequence = {0}, fields = {0},
                                 all = {0}, whole = {0};

        str_add_n(&body, "\xa0\x07\x03\x05\0\0\0\0\x10", 9); /* options: renewable-ok */
        add_principal(&body, 0xa1, 1, NOBODY, NULL);
        add_text(&body, 0xa2, GENERAL_STRING, REALM);
        add_principal(&body, 0xa3, 2, "krbtgt", REALM);
        add_text(&body, 0xa5, GENERALIZED_TIME, "20370913024805Z");
        add_number(&body, 0xa7, (int64_t)(t->nonce & 0x7fffffff));
        for (size_t i = 0; i < array_len(etypes); i++)
                ber_add_integer(&kinds, BER_INTEGER, etypes[i]);
        wrap(&list, BER_SEQUENCE, &kinds);
        wrap(&body, 0xa8, &list);
        wrap(&sequence, BER_SEQUENCE, &body);
        add_number(&fields, 0xa1, 5);
        add_number(&fields, 0xa2, 10);
        wrap(&fields, 0xa4, &sequence);
        wrap(&all, BER_SEQUENCE, &fields);
        wrap(&whole, 0x6a, &all);
        if (t->transport == TRANSPORT_TCP)
                talk_send_be32(t, (uint32_t)whole.len);
        talk_send_bytes(t, whole.text, whole.len);
}

static enum talk_next kerberos_talk(struct talk *t)
{
        struct krb_error error;
        const uint8_t *at;
        size_t n;

        if (!t->step) {
                send_as_req(t);
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len)
                return TALK_MORE;
        at = message(t->in, t->in_len, t->transport == TRANSPORT_TCP, &n);
        if (!at)
                return TALK_DONE;
        if (!n)
                return TALK_MORE;
        if (!krb_error_read(at, n, &error))
                return t->transport == TRANSPORT_UDP ? TALK_MORE : TALK_DONE;
        talk_confirm(t, "kerberos");
        krb_error_take(t, &error, REALM);
        return TALK_DONE;
}

const struct probe probe_kerberos = {
        .name = "kerberos",
        .protocol = "kerberos",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "88,750",
        .udp_ports = "88,750",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .sweep_udp = SWEEP_LAST,
        .log = "the KDC notes a request of " NOBODY "@" REALM " that it refused",
        .reference = "RFC 4120, 3.1, 5.4.1 and 5.9.1",
        .recognise = kerberos_recognise,
        .talk = kerberos_talk,
};
