/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POP3: greeting, CAPA (RFC 2449), STLS (RFC 2595). */
#include "identify/banner.h"

enum step { GREETING, CAPABILITIES, UPGRADE, INSIDE };

static const struct banner products[] = {
        {"Dovecot", "Dovecot", "dovecot", "dovecot"},
        {"Cyrus POP3", "Cyrus IMAP", "cyrus", "imap"},
        {"Cyrus", "Cyrus IMAP", "cyrus", "imap"},
        {"Microsoft Exchange Server 2003 POP3 server version", "Microsoft Exchange", "microsoft",
         "exchange_server"},
        {"Microsoft Exchange", "Microsoft Exchange", "microsoft", "exchange_server"},
        {"Microsoft Windows POP3", "Microsoft Windows POP3 Service", NULL, NULL},
        {"Qpopper", "Qpopper", "qualcomm", "qpopper"},
        {"QPOP", "Qpopper", "qualcomm", "qpopper"},
        {"MDaemon", "MDaemon", NULL, NULL},
        {"Zimbra", "Zimbra", NULL, NULL},
        {"MailEnable", "MailEnable", "mailenable", "mailenable"},
        {"Lotus Notes POP3", "HCL Domino", NULL, NULL},
        {"Domino", "HCL Domino", NULL, NULL},
        {"Citadel", "Citadel", "citadel", "citadel"},
        {"teapop", "Teapop", NULL, NULL},
        {"solid-pop3d", "Solid POP3", NULL, NULL},
        {"Gpop ready", "Google POP3", NULL, NULL},
        {"Kerio Connect", "Kerio Connect", NULL, NULL},
        {"Kerio", "Kerio Connect", NULL, NULL},
        {"GreenMail", "GreenMail", NULL, NULL},
        {"JAMES POP3", "Apache James", "apache", "james"},
        {"XMail", "XMail", NULL, NULL},
        {"IceWarp", "IceWarp", NULL, NULL},
        {"CommuniGate Pro", "CommuniGate Pro", NULL, NULL},
        {"SurgeMail", "SurgeMail", NULL, NULL},
        {"Stalwart", "Stalwart", NULL, NULL},
        {"Axigen", "Axigen", NULL, NULL},
        {"DBMAIL", "DBMail", NULL, NULL},
        {"ArGoSoft", "ArGoSoft Mail Server", NULL, NULL},
        {"Perdition", "Perdition", NULL, NULL},
        {"Hello there.", "Courier", NULL, NULL},
};

static enum recognition pop3_recognise(const struct heard *h)
{
        struct line line;
        size_t at = 0;

        if (!data_starts(h->data, h->len, "+OK") || (h->len > 3 && h->data[3] != ' ' && h->data[3] != '\r'))
                return h->len < 3 && memcmp(h->data, "+OK", h->len) == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
        if (!line_next(h->data, h->len, &at, &line))
                return RECOGNISE_MAYBE;
        if (line_find_i(&line, "POP") || line_find_i(&line, "Dovecot") ||
            line_find_i(&line, "Hello there") ||
            (line_find_i(&line, "<") && line_find_i(&line, "@") && line.text[line.len - 1] == '>'))
                return RECOGNISE_SURE;
        return h->asked ? RECOGNISE_MAYBE : RECOGNISE_LIKELY;
}

/* "+OK POP3 host.example v2006k server ready": the IMAP toolkit of the University of Washington */
static void take_uw(struct talk *t, const struct line *line)
{
        struct line pop = line_word(line, 1), version = line_word(line, 3), server = line_word(line, 4);

        if (t->id->product || !line_starts(&pop, "POP3") || !line_starts(&version, "v20") ||
            !line_starts(&server, "server"))
                return;
        talk_product(t, "UW IMAP", 7);
        talk_version(t, version.text + 1, version.len - 1);
}

static enum talk_next greeting(struct talk *t)
{
        struct line line, word;
        size_t at = 0;

        if (t->in_len >= 3 && !data_starts(t->in, t->in_len, "+OK"))
                return TALK_DONE;
        if (!line_next(t->in, t->in_len, &at, &line))
                return TALK_MORE;
        if (!line_starts(&line, "+OK"))
                return TALK_DONE;
        talk_likely(t, "pop3");
        talk_evidence(t, line.text, line.len);
        banner_take(t, &line, products, array_len(products));
        take_uw(t, &line);
        for (unsigned i = 1; i < 6; i++) {
                word = line_word(&line, i);
                banner_hostname(t, &word);
        }
        talk_send_bytes(t, "CAPA\r\n", 6);
        t->step = CAPABILITIES;
        return TALK_SEND;
}

struct offers {
        bool whole, user, plain, mechanisms, upgrade;
};

static struct offers read_offers(struct talk *t)
{
        struct offers o = {0};
        struct line line, value;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line) && !o.whole;) {
                o.whole = line.len == 1 && line.text[0] == '.';
                if (line_starts_i(&line, "USER"))
                        o.user = true;
                if (line_starts_i(&line, "STLS"))
                        o.upgrade = true;
                if (line_starts_i(&line, "SASL ")) {
                        o.mechanisms = true;
                        o.plain = line_find_i(&line, "PLAIN") || line_find_i(&line, "LOGIN");
                        talk_detail(t, "authentication", line.text + 5, line.len - 5);
                }
                if (line_starts_i(&line, "IMPLEMENTATION ")) {
                        value = line_after(&line, strlen("IMPLEMENTATION "));
                        if (!banner_take(t, &value, products, array_len(products)))
                                talk_product(t, value.text, value.len);
                }
        }
        return o;
}

static enum talk_next capabilities(struct talk *t)
{
        struct line line;
        struct offers o;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return TALK_MORE;
        if (line_starts(&line, "-ERR")) { /* before RFC 2449: USER and PASS are all there is */
                talk_confirm(t, "pop3");
                if (!t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
                return TALK_DONE;
        }
        if (!line_starts(&line, "+OK"))
                return TALK_DONE;
        o = read_offers(t);
        if (!o.whole)
                return TALK_MORE;
        if (o.upgrade && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "pop3");
        if (t->tls)
                return TALK_DONE;
        if (o.user || o.plain)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        else if (o.upgrade && !o.mechanisms)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        if (!o.upgrade)
                return TALK_DONE;
        talk_send_bytes(t, "STLS\r\n", 6);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next pop3_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        switch ((enum step)t->step) {
        case GREETING:
                return greeting(t);
        case CAPABILITIES:
                return capabilities(t);
        case UPGRADE:
                if (!line_next(t->in, t->in_len, &at, &line))
                        return TALK_MORE;
                t->step = INSIDE;
                return line_starts(&line, "+OK") ? TALK_TLS : TALK_DONE;
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_pop3 = {
        .name = "pop3",
        .protocol = "pop3",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "110,995,1110,2110",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection without a login (Dovecot: \"Disconnected (no auth attempts ...)\")",
        .reference = "RFC 1939, RFC 2449, RFC 2595",
        .recognise = pop3_recognise,
        .talk = pop3_talk,
};
