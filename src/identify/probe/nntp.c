/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NNTP: greeting, CAPABILITIES, else DATE; STARTTLS (RFC 3977, RFC 4642). */
#include "identify/banner.h"

enum step { GREETING, CAPABILITIES, DATE, UPGRADE, INSIDE };

static const struct banner products[] = {
        {"InterNetNews NNRP server INN", "INN", "isc", "inn"},
        {"InterNetNews server INN", "INN", "isc", "inn"},
        {"InterNetNews", "INN", "isc", "inn"},
        {"INN", "INN", "isc", "inn"},
        {"Leafnode NNTP Daemon, version", "Leafnode", "leafnode", "leafnode"},
        {"Leafnode", "Leafnode", "leafnode", "leafnode"},
        {"Cyrus NNTP", "Cyrus IMAP", "cyrus", "imap"},
        {"Cyrus", "Cyrus IMAP", "cyrus", "imap"},
        {"Microsoft Exchange", "Microsoft Exchange", NULL, NULL},
        {"NNTP Service", "Microsoft NNTP Service", NULL, NULL},
        {"DNEWS", "DNews", NULL, NULL},
        {"Diablo", "Diablo", NULL, NULL},
        {"Typhoon", "Typhoon", NULL, NULL},
        {"Cyclone", "Cyclone", NULL, NULL},
        {"NewsCache", "NewsCache", NULL, NULL},
        {"sn/", "sn", NULL, NULL},
        {"Papercut", "Papercut", NULL, NULL},
        {"Citadel", "Citadel", "citadel", "citadel"},
        {"HCL Domino", "HCL Domino", NULL, NULL},
        {"Lotus Domino", "HCL Domino", NULL, NULL},
        {"noffle", "Noffle", NULL, NULL},
        {"WendzelNNTPd", "WendzelNNTPd", NULL, NULL},
};

static bool says_news(const struct line *line)
{
        return line_find_i(line, "NNTP") || line_find_i(line, "NNRP") || line_find_i(line, "InterNetNews") ||
               line_find_i(line, "posting") || line_find_i(line, "leafnode");
}

static enum recognition nntp_recognise(const struct heard *h)
{
        struct reply reply;
        enum reply_state state = reply_read(h->data, h->len, &reply);

        if (state != REPLY_WHOLE)
                return state == REPLY_PART ? RECOGNISE_MAYBE : RECOGNISE_NO;
        if (reply.code != 200 && reply.code != 201 && reply.code != 400 && reply.code != 502)
                return RECOGNISE_NO;
        if (line_find_i(&reply.first, "poppassd") || line_find_i(&reply.first, "Citadel"))
                return RECOGNISE_NO;
        if (says_news(&reply.first))
                return reply.code < 300 ? RECOGNISE_SURE : RECOGNISE_LIKELY;
        return RECOGNISE_MAYBE;
}

static enum talk_next greeting(struct talk *t)
{
        struct line word;
        struct reply reply;

        switch (reply_read(t->in, t->in_len, &reply)) {
        case REPLY_NONE:
                return TALK_DONE;
        case REPLY_PART:
                return TALK_MORE;
        case REPLY_WHOLE:
                break;
        }
        if (reply.code != 200 && reply.code != 201 && reply.code != 400 && reply.code != 502)
                return TALK_DONE;
        if (line_find_i(&reply.first, "poppassd"))
                return TALK_DONE;
        if (says_news(&reply.first)) {
                talk_evidence(t, t->in, reply.end);
                talk_confirm(t, "nntp");
                banner_take(t, &reply.first, products, array_len(products));
        }
        for (unsigned i = 0; i < 3; i++) {
                word = line_word(&reply.first, i);
                banner_hostname(t, &word);
        }
        if (reply.code >= 400)
                return TALK_DONE;
        talk_send_bytes(t, "CAPABILITIES\r\n", 14);
        t->step = CAPABILITIES;
        return TALK_SEND;
}

/* The lines of a 101, whose end is a line with a dot. */
static enum talk_next offers(struct talk *t, size_t at)
{
        bool upgrade = false, whole = false, user = false, plain = false;
        struct line line, value;

        while (!whole && line_next(t->in, t->in_len, &at, &line)) {
                whole = line.len == 1 && line.text[0] == '.';
                upgrade = upgrade || line_starts_i(&line, "STARTTLS");
                user = user || (line_starts_i(&line, "AUTHINFO") && line_find_i(&line, "USER"));
                plain = plain || (line_starts_i(&line, "SASL") && line_find_i(&line, "PLAIN"));
                if (line_starts_i(&line, "IMPLEMENTATION ")) {
                        value = line_after(&line, strlen("IMPLEMENTATION "));
                        if (!banner_take(t, &value, products, array_len(products)))
                                talk_product(t, value.text, value.len);
                }
        }
        if (!whole)
                return TALK_MORE;
        if (upgrade && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "nntp");
        if (t->tls)
                return TALK_DONE;
        if (user || plain)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (!upgrade)
                return TALK_DONE;
        talk_send_bytes(t, "STARTTLS\r\n", 10);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next capabilities(struct talk *t)
{
        struct reply reply;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        if (reply.code == 101)
                return offers(t, reply.end);
        if (reply.code < 400)
                return TALK_DONE;
        talk_send_bytes(t, "DATE\r\n", 6);
        t->step = DATE;
        return TALK_SEND;
}

/* "111 20261122054240" (RFC 3977, 7.1) */
static enum talk_next date(struct talk *t)
{
        struct reply reply;
        size_t digits = 0;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        while (digits < reply.first.len && reply.first.text[digits] >= '0' &&
               reply.first.text[digits] <= '9')
                digits++;
        if ((reply.code == 111 && digits == 14) || reply.code == 480) {
                talk_evidence(t, t->in, reply.end);
                talk_confirm(t, "nntp");
        }
        return TALK_DONE;
}

static enum talk_next nntp_talk(struct talk *t)
{
        struct reply reply;

        switch ((enum step)t->step) {
        case GREETING:
                return greeting(t);
        case CAPABILITIES:
                return capabilities(t);
        case DATE:
                return date(t);
        case UPGRADE:
                if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                        return TALK_MORE;
                t->step = INSIDE;
                return reply.code == 382 ? TALK_TLS : TALK_DONE;
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_nntp = {
        .name = "nntp",
        .protocol = "nntp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "119,433,563,1119",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection that reads nothing (INN: \"connect\", \"times\")",
        .reference = "RFC 3977, RFC 4642",
        .recognise = nntp_recognise,
        .talk = nntp_talk,
};
