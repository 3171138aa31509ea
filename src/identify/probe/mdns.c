/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multicast DNS asked by unicast from another port (RFC 6762, 6.7): what services it announces, and its name. */
#include "identify/dns_message.h"
#include "identify/probe.h"

#define RECORDS_MAX 64u

static const char services[] = "_services._dns-sd._udp.local"; /* RFC 6763, 9 */

static uint16_t id_of(const struct talk *t)
{
        return (uint16_t)(t->nonce >> 16);
}

static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str message = {0}, reverse = {0};
        bool has_reverse = dns_add_reverse(&reverse, t->address);

        dns_add_header(&message, id_of(t), 0, has_reverse ? 2 : 1);
        dns_add_question(&message, services, DNS_TYPE_PTR, DNS_CLASS_IN);
        if (has_reverse)
                dns_add_question(&message, reverse.text, DNS_TYPE_PTR, DNS_CLASS_IN);
        talk_send_bytes(t, message.text, message.len);
        t->step = 1;
        return TALK_SEND;
}

static bool is_local(const struct str *name)
{
        return name->len > 6 && memcmp(name->text + name->len - 6, ".local", 6) == 0;
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str all = {0};
        struct dns_header header;
        bool told = false;

        if (!dns_read_header(&w, &header) || header.id != id_of(t) || !(header.flags & DNS_QR) ||
            !(header.flags & DNS_AA) || header.flags & (DNS_RCODE | DNS_OPCODE))
                return TALK_DONE;
        for (unsigned i = 0; i < header.questions; i++)
                if (!dns_skip_question(t->in, &w))
                        return TALK_DONE;
        for (unsigned i = 0; i < header.answers && i < RECORDS_MAX; i++) {
                _cleanup_str_ struct str name = {0}, target = {0};
                struct dns_record record;

                if (!dns_read_record(t->in, &w, &name, &record))
                        break;
                /* names may be compressed: they are read with the rest of the message behind them */
                struct wire data = {.at = record.data.at, .end = w.end};

                if (record.type != DNS_TYPE_PTR || !dns_read_name(t->in, &data, &target) ||
                    !is_local(&target))
                        continue;
                told = true;
                if (streq(str_text(&name), services))
                        str_addf(&all, "%s%.*s", all.len ? " " : "", (int)target.len - 6, target.text);
                else
                        talk_hostname(t, target.text, target.len);
        }
        if (!told)
                return TALK_DONE;
        talk_confirm(t, "mdns");
        talk_detail(t, "services", str_text(&all), all.len);
        return TALK_DONE;
}

static enum talk_next mdns_talk(struct talk *t)
{
        return t->step ? answer(t) : ask(t);
}

const struct probe probe_mdns = {
        .name = "mdns",
        .protocol = "mdns",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "5353",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 6762, 6.7; RFC 6763, 9",
        .talk = mdns_talk,
};
