/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNMP version 3 engine discovery (RFC 3414, 4): an engine tells its id to anybody, and by it its maker. Versions 1 and
 * 2c know only community strings, which are passwords: they are not asked.
 */
#include "identify/ber.h"
#include "identify/enterprise.h"
#include "identify/probe.h"

#define GET_REQUEST 0xa0
#define RESPONSE    0xa2
#define REPORT      0xa8
#define NET_SNMP    8072u

static int64_t id_of(const struct talk *t)
{
        return (int64_t)(t->nonce & 0x3fffffff) + 0x100000;
}

static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str header = {0}, usm = {0}, usm_sequence = {0}, pdu = {0}, scoped = {0},
                                 body = {0}, all = {0};

        ber_add_integer(&header, BER_INTEGER, id_of(t));
        ber_add_integer(&header, BER_INTEGER, 65507);
        ber_add(&header, BER_OCTETS, "\x04", 1);  /* reportable, neither authenticated nor encrypted */
        ber_add_integer(&header, BER_INTEGER, 3); /* user-based security model */
        ber_add(&usm, BER_OCTETS, "", 0);
        ber_add_integer(&usm, BER_INTEGER, 0);
        ber_add_integer(&usm, BER_INTEGER, 0);
        for (unsigned i = 0; i < 3; i++)
                ber_add(&usm, BER_OCTETS, "", 0); /* no user, no authentication, no privacy */
        ber_add_str(&usm_sequence, BER_SEQUENCE, &usm);
        ber_add_integer(&pdu, BER_INTEGER, id_of(t));
        ber_add_integer(&pdu, BER_INTEGER, 0);
        ber_add_integer(&pdu, BER_INTEGER, 0);
        ber_add(&pdu, BER_SEQUENCE, "", 0);
        ber_add(&scoped, BER_OCTETS, "", 0);
        ber_add(&scoped, BER_OCTETS, "", 0);
        ber_add_str(&scoped, GET_REQUEST, &pdu);
        ber_add_integer(&body, BER_INTEGER, 3);
        ber_add_str(&body, BER_SEQUENCE, &header);
        ber_add_str(&body, BER_OCTETS, &usm_sequence);
        ber_add_str(&body, BER_SEQUENCE, &scoped);
        ber_add_str(&all, BER_SEQUENCE, &body);
        talk_send_bytes(t, all.text, all.len);
        t->step = 1;
        return TALK_SEND;
}

static bool next_integer(struct wire *w, int64_t *ret)
{
        struct ber element;

        return ber_next(w, &element) && element.tag == BER_INTEGER && ber_integer(&element, ret);
}

/* RFC 3411, 5, SnmpEngineID */
static void take_engine(struct talk *t, struct wire id)
{
        _cleanup_str_ struct str text = {0}, mac = {0};
        struct wire w = id;
        uint32_t number = wire_be32(&w);
        const char *vendor = enterprise_name(number & 0x7fffffff);
        uint8_t format = wire_u8(&w);

        while (wire_left(&id))
                str_addf(&text, "%02x", wire_u8(&id));
        talk_detail(t, "engine-id", str_text(&text), text.len);
        if (w.bad)
                return;
        talk_detail_u64(t, "enterprise", number & 0x7fffffff);
        if (vendor)
                talk_detail(t, "vendor", vendor, strlen(vendor));
        if ((number & 0x7fffffff) == NET_SNMP)
                talk_product(t, "Net-SNMP", 8);
        if (!(number >> 31))
                return;
        if (format == 3 && wire_left(&w) == 6) {
                while (wire_left(&w))
                        str_addf(&mac, "%s%02x", mac.len ? ":" : "", wire_u8(&w));
                talk_detail(t, "mac", mac.text, mac.len);
        } else if (format == 4) {
                talk_detail(t, "engine-text", (const char *)w.at, wire_left(&w));
        }
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body, header, usm;
        struct ber element, pdu = {0};
        int64_t version, id, boots = 0, time = 0;
        size_t whole = ber_whole(t->in, t->in_len);

        if (t->transport == TRANSPORT_TCP && (!whole || (whole <= 65535 && whole > t->in_len)))
                return TALK_MORE;
        body = ber_expect(&w, BER_SEQUENCE);
        if (!next_integer(&body, &version) || version != 3)
                return TALK_DONE;
        header = ber_expect(&body, BER_SEQUENCE);
        if (!next_integer(&header, &id) || id != id_of(t) || !ber_next(&body, &element) ||
            element.tag != BER_OCTETS)
                return TALK_DONE;
        usm = ber_expect(&element.body, BER_SEQUENCE);
        body = ber_expect(&body, BER_SEQUENCE);
        (void)ber_expect(&body, BER_OCTETS);
        (void)ber_expect(&body, BER_OCTETS);
        if (!ber_next(&body, &pdu) || (pdu.tag != REPORT && pdu.tag != RESPONSE))
                return TALK_DONE;
        talk_confirm(t, "snmp");
        talk_detail(t, "versions", "3", 1);
        if (!ber_next(&usm, &element) || element.tag != BER_OCTETS)
                return TALK_DONE;
        take_engine(t, element.body);
        if (next_integer(&usm, &boots) && next_integer(&usm, &time) && boots >= 0 && time >= 0) {
                talk_detail_u64(t, "engine-boots", (uint64_t)boots);
                talk_detail_u64(t, "engine-time", (uint64_t)time);
        }
        return TALK_DONE;
}

static enum talk_next snmp_talk(struct talk *t)
{
        return t->step ? answer(t) : ask(t);
}

const struct probe probe_snmp = {
        .name = "snmp",
        .protocol = "snmp",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "161,705",
        .udp_ports = "161,1161,10161,16100",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_SECOND,
        .log = "nothing but a counter (usmStatsUnknownEngineIDs); net-snmp: \"Connection from UDP\" where it logs all",
        .reference = "RFC 3412, 6; RFC 3414, 4",
        .talk = snmp_talk,
};
