/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS over UDP, TCP and TLS: what software it says it is (version.bind in class CHAOS, RFC 4892), and whether it
 * resolves for strangers.
 */
#include "identify/dns_message.h"
#include "identify/line.h"
#include "identify/probe.h"

enum step { START, VERSION, SERVER_ID, ROOT, LOCALHOST };

enum { NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED };

/* What one message says; `at` stands behind the questions. */
struct message {
        const uint8_t *data;
        struct wire at;
        struct dns_header header;
};

static uint16_t id_of(const struct talk *t, unsigned step)
{
        return (uint16_t)((t->nonce >> 8) + step);
}

static enum talk_next ask(struct talk *t, enum step step, uint16_t flags, const char *name, uint16_t type,
                          uint16_t class)
{
        _cleanup_str_ struct str message = {0};

        dns_add_header(&message, id_of(t, step), flags, 1);
        dns_add_question(&message, name, type, class);
        if (t->transport == TRANSPORT_TCP)
                talk_send_be16(t, (uint16_t)message.len);
        talk_send_bytes(t, message.text, message.len);
        t->step = step;
        return TALK_SEND;
}

/* The answer to what was asked in this step: 1; it is not whole yet: 0; it is something else: -1. */
static int read_answer(const struct talk *t, struct message *ret)
{
        struct wire w = talk_in(t);

        if (t->transport == TRANSPORT_TCP) {
                uint16_t len = wire_be16(&w);

                if (w.bad)
                        return 0;
                if (len < 12)
                        return -1;
                if (wire_left(&w) >= 4 &&
                    ((w.at[0] << 8 | w.at[1]) != id_of(t, t->step) || !(w.at[2] & 0x80)))
                        return -1;
                if (wire_left(&w) < len)
                        return 0;
                w = wire_sub(&w, len);
        }
        ret->data = w.at;
        ret->at = w;
        if (!dns_read_header(&ret->at, &ret->header) || ret->header.id != id_of(t, t->step) ||
            !(ret->header.flags & DNS_QR) || ret->header.flags & DNS_OPCODE || ret->header.questions > 1)
                return -1;
        return !ret->header.questions || dns_skip_question(ret->data, &ret->at) ? 1 : -1;
}

/* The first string of the first TXT record. */
static bool first_text(struct message *m, struct line *ret)
{
        struct dns_record record;

        for (unsigned i = 0; i < m->header.answers && dns_read_record(m->data, &m->at, NULL, &record); i++) {
                struct wire text;

                if (record.type != DNS_TYPE_TXT)
                        continue;
                text = wire_sub(&record.data, wire_u8(&record.data));
                *ret = (struct line){(const char *)text.at, wire_left(&text)};
                return !record.data.bad && ret->len;
        }
        return false;
}

static const struct software {
        const char *start, *product, *vendor, *cpe;
} software[] = {
        {"BIND ", "BIND", "isc", "bind"},
        {"ISC BIND ", "BIND", "isc", "bind"},
        {"CoreDNS-", "CoreDNS", "coredns.io", "coredns"},
        {"dnsmasq-", "dnsmasq", "thekelleys", "dnsmasq"},
        {"unbound ", "Unbound", "nlnetlabs", "unbound"},
        {"NSD ", "NSD", "nlnetlabs", "nsd"},
        {"Knot DNS ", "Knot DNS", "nic", "knot_dns"},
        {"Knot Resolver ", "Knot Resolver", "nic", "knot_resolver"},
        {"PowerDNS Authoritative Server ", "PowerDNS Authoritative Server", "powerdns",
         "authoritative_server"},
        {"PowerDNS Recursor ", "PowerDNS Recursor", "powerdns", "recursor"},
        {"Served by PowerDNS", "PowerDNS Authoritative Server", NULL, NULL},
        {"Served by POWERDNS ", "PowerDNS Authoritative Server", NULL, NULL},
        {"PowerDNS ", "PowerDNS", NULL, NULL},
        {"dnsdist ", "dnsdist", "powerdns", "dnsdist"},
        {"Microsoft DNS ", "Microsoft DNS", NULL, NULL},
        {"Technitium DNS Server ", "Technitium DNS Server", NULL, NULL},
        {"Nominum Vantio ", "Nominum Vantio", NULL, NULL},
        {"Nominum ANS ", "Nominum ANS", NULL, NULL},
        {"Yadifa ", "YADIFA", NULL, NULL},
        {"yadifa ", "YADIFA", NULL, NULL},
        {"rbldnsd ", "rbldnsd", NULL, NULL},
        {"gdnsd ", "gdnsd", NULL, NULL},
        {"MaraDNS ", "MaraDNS", NULL, NULL},
        {"MikroTik", "MikroTik RouterOS", NULL, NULL},
        {"bind9-", "BIND", "isc", "bind"},
        {"pdnsd-", "pdnsd", NULL, NULL},
        {"SDNS v", "SDNS", NULL, NULL},
        {"SmartDNS ", "SmartDNS", NULL, NULL},
        {"smartdns ", "SmartDNS", NULL, NULL},
        {"Hickory DNS ", "Hickory DNS", NULL, NULL},
        {"AdGuard", "AdGuard", NULL, NULL},
};

/* BIND says its bare number: "9.18.24-1-Debian" */
static bool number_of_bind(const struct line *text)
{
        return text->len >= 5 && (text->text[0] == '9' || text->text[0] == '8') && text->text[1] == '.' &&
               text->text[2] >= '0' && text->text[2] <= '9' && memchr(text->text + 2, '.', text->len - 2);
}

/* Where what a distribution added begins: "9.18.24-1-Debian" is 9.18.24, "9.11.4-P2-RedHat-..." 9.11.4-P2. */
static size_t upstream_len(const struct line *word)
{
        size_t n = 0;

        while (n < word->len) {
                const char *next = word->text + n + 1;

                if (word->text[n] == '-' &&
                    (n + 1 == word->len || (*next != 'P' && *next != 'S' && *next != 'E' && *next != 'r')))
                        break;
                n++;
                if (word->text[n - 1] == '-')
                        while (n < word->len && word->text[n] != '-')
                                n++;
        }
        return n;
}

static void take_version(struct talk *t, const struct line *text)
{
        talk_detail(t, "version-bind", text->text, text->len);
        if (number_of_bind(text)) {
                struct line word = line_word(text, 0);

                talk_product(t, "BIND", 4);
                talk_version(t, word.text, upstream_len(&word));
                talk_cpe(t, "isc", "bind");
                return;
        }
        for (size_t i = 0; i < array_len(software); i++) {
                const struct software *s = &software[i];
                struct line rest, word;

                if (!line_starts(text, s->start))
                        continue;
                rest = line_after(text, strlen(s->start));
                word = line_word(&rest, 0);
                talk_product(t, s->product, strlen(s->product));
                if (word.len && word.text[0] >= '0' && word.text[0] <= '9')
                        talk_version(t, word.text, word.len);
                if (s->cpe)
                        talk_cpe(t, s->vendor, s->cpe);
                return;
        }
}

static enum talk_next ask_root(struct talk *t)
{
        return ask(t, ROOT, 0, "", DNS_TYPE_NS, DNS_CLASS_IN);
}

static enum talk_next version(struct talk *t, struct message *m)
{
        static const char *const codes[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                            "NXDOMAIN", "NOTIMP",  "REFUSED"};
        unsigned code = m->header.flags & DNS_RCODE;
        struct line text;

        talk_confirm(t, "dns");
        talk_evidence(t, m->data, (size_t)(m->at.end - m->data));
        if (code == NOERROR && first_text(m, &text)) {
                take_version(t, &text);
                return ask(t, SERVER_ID, 0, "id.server", DNS_TYPE_TXT, DNS_CLASS_CHAOS);
        }
        if (code < array_len(codes))
                talk_detail(t, "version-answer", codes[code], strlen(codes[code]));
        return ask_root(t);
}

static enum talk_next server_id(struct talk *t, struct message *m)
{
        struct line text;

        if ((m->header.flags & DNS_RCODE) == NOERROR && first_text(m, &text)) {
                talk_detail(t, "server-id", text.text, text.len);
                talk_hostname(t, text.text, text.len);
        }
        return ask_root(t);
}

/*
 * RA is set for those who may ask recursively (RFC 1035, 4.1.1). Some refuse all that does not ask so (Unbound): they
 * are asked for "localhost", which resolvers answer themselves (RFC 6761, 6.3).
 */
static enum talk_next root(struct talk *t, const struct message *m)
{
        unsigned code = m->header.flags & DNS_RCODE;

        if (code == REFUSED && t->step == ROOT)
                return ask(t, LOCALHOST, DNS_RD, "localhost", DNS_TYPE_A, DNS_CLASS_IN);
        if (m->header.flags & DNS_RA && code != REFUSED && code != NOTIMP && code != FORMERR)
                talk_flag(t, IDENTITY_RELAY);
        talk_detail(t, "recursion", t->id->flags & IDENTITY_RELAY ? "offered" : "not offered",
                    t->id->flags & IDENTITY_RELAY ? 7 : 11);
        return TALK_DONE;
}

static enum talk_next dns_talk(struct talk *t)
{
        struct message m;
        int state;

        if (t->step == START)
                return ask(t, VERSION, 0, "version.bind", DNS_TYPE_TXT, DNS_CLASS_CHAOS);
        if (!t->in_len && t->waited && t->step == VERSION && t->transport == TRANSPORT_UDP)
                return ask_root(t); /* class CHAOS is dropped by some */
        state = read_answer(t, &m);
        if (state == 0)
                return TALK_MORE;
        if (state < 0)
                return TALK_DONE;
        if (t->step == VERSION)
                return version(t, &m);
        if (t->step == SERVER_ID)
                return server_id(t, &m);
        talk_confirm(t, "dns");
        return root(t, &m);
}

/* What a server says to a datagram that was none: a header with an error, and at most the question. */
static enum recognition dns_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);
        struct dns_header header;

        if (h->transport != TRANSPORT_UDP || !h->asked || !dns_read_header(&w, &header) ||
            !(header.flags & DNS_QR) || header.questions > 1 || header.answers || header.authorities ||
            header.additionals > 1)
                return RECOGNISE_NO;
        if ((header.flags & DNS_RCODE) != FORMERR && (header.flags & DNS_RCODE) != NOTIMP)
                return RECOGNISE_NO;
        return h->len == 12 || header.questions ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

const struct probe probe_dns = {
        .name = "dns",
        .protocol = "dns",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "53,853,5353,5300,8053,1053",
        .udp_ports = "53,5353,5300,8053,1053",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .sweep_udp = SWEEP_SECOND,
        .log = "queries for version.bind, id.server (class CHAOS) and the name servers of the root, "
               "where queries are logged",
        .reference = "RFC 1035, 4.1 and 4.2; RFC 4892; RFC 7858",
        .recognise = dns_recognise,
        .talk = dns_talk,
};
