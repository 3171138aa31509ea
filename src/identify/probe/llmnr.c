/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LLMNR: its host's own name is asked for by address, over TCP as RFC 4795 wants unicast, and over UDP. */
#include "identify/dns_message.h"
#include "identify/probe.h"

static uint16_t id_of(const struct talk *t)
{
        return (uint16_t)(t->nonce >> 24);
}

static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str message = {0}, reverse = {0};

        if (!dns_add_reverse(&reverse, t->address))
                return TALK_DONE;
        dns_add_header(&message, id_of(t), 0, 1);
        dns_add_question(&message, reverse.text, DNS_TYPE_PTR, DNS_CLASS_IN);
        if (t->transport == TRANSPORT_TCP)
                talk_send_be16(t, (uint16_t)message.len);
        talk_send_bytes(t, message.text, message.len);
        t->step = 1;
        return TALK_SEND;
}

/* Recursion is not known here: RA and RD are reserved (RFC 4795, 2.1.1), so a resolver shows itself by RA. */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str target = {0};
        struct dns_header header;
        struct dns_record record;
        const uint8_t *message;

        if (t->transport == TRANSPORT_TCP) {
                uint16_t len = wire_be16(&w);

                if (w.bad || wire_left(&w) < len)
                        return TALK_MORE;
                w = wire_sub(&w, len);
        }
        message = w.at;
        if (!dns_read_header(&w, &header) || header.id != id_of(t) || !(header.flags & DNS_QR) ||
            header.flags & (DNS_OPCODE | DNS_RCODE | DNS_RA) || header.questions != 1 ||
            !dns_skip_question(message, &w))
                return TALK_DONE;
        if (!header.answers || !dns_read_record(message, &w, NULL, &record) || record.type != DNS_TYPE_PTR)
                return TALK_DONE;
        record.data.end = w.end;
        if (!dns_read_name(message, &record.data, &target))
                return TALK_DONE;
        if (t->port == 5355)
                talk_confirm(t, "llmnr");
        else
                talk_likely(t, "llmnr");
        talk_hostname(t, str_text(&target), target.len);
        return TALK_DONE;
}

static enum talk_next llmnr_talk(struct talk *t)
{
        return t->step ? answer(t) : ask(t);
}

const struct probe probe_llmnr = {
        .name = "llmnr",
        .protocol = "llmnr",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "5355",
        .udp_ports = "5355",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "RFC 4795, 2.1 and 2.4",
        .talk = llmnr_talk,
};
