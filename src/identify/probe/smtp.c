/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMTP: greeting, EHLO, STARTTLS (RFC 5321, RFC 3207). No mail is begun: RSET, which changes nothing, tells whether
 * the server insists on TLS; HELP often tells the product.
 */
#include "identify/probe/smtp.h"

#include "identify/banner.h"

enum step { GREETING, HELLO, OLD_HELLO, HELP, RESET, UPGRADE, INSIDE };
enum memory { UPGRADE_OFFERED };

/* postscreen and others let a stranger wait for the rest of their greeting (about 6 s) to see who talks too early */
#define GREETING_MS 8000u

static const struct banner products[] = {
        {"Postfix", "Postfix", "postfix", "postfix"},
        {"OpenSMTPD", "OpenSMTPD", "opensmtpd", "opensmtpd"},
        {"Exim", "Exim", "exim", "exim"},
        {"Sendmail", "Sendmail", "sendmail", "sendmail"},
        {"Microsoft ESMTP MAIL Service, Version:", "Microsoft ESMTP MAIL Service", NULL, NULL},
        {"Microsoft ESMTP MAIL Service", "Microsoft Exchange", NULL, NULL},
        {"Microsoft SMTP MAIL", "Microsoft SMTP MAIL", NULL, NULL},
        {"Haraka", "Haraka", "haraka_project", "haraka"},
        {"IBM Domino", "HCL Domino", NULL, NULL},
        {"HCL Domino", "HCL Domino", NULL, NULL},
        {"Lotus Domino", "HCL Domino", NULL, NULL},
        {"MailEnable Service", "MailEnable", "mailenable", "mailenable"},
        {"MailEnable", "MailEnable", "mailenable", "mailenable"},
        {"MDaemon", "MDaemon", NULL, NULL},
        {"Kerio Connect", "Kerio Connect", NULL, NULL},
        {"Kerio MailServer", "Kerio MailServer", NULL, NULL},
        {"IceWarp", "IceWarp", NULL, NULL},
        {"CommuniGate Pro", "CommuniGate Pro", NULL, NULL},
        {"Courier", "Courier", NULL, NULL},
        {"Python SMTP proxy", "Python smtpd", NULL, NULL},
        {"aiosmtpd", "aiosmtpd", NULL, NULL},
        {"Python SMTP", "aiosmtpd", NULL, NULL},
        {"MailHog", "MailHog", NULL, NULL},
        {"Mailpit", "Mailpit", NULL, NULL},
        {"MailCatcher", "MailCatcher", NULL, NULL},
        {"JAMES SMTP", "Apache James", "apache", "james"},
        {"Apache JAMES", "Apache James", "apache", "james"},
        {"SubEthaSMTP", "SubEthaSMTP", NULL, NULL},
        {"GreenMail", "GreenMail", NULL, NULL},
        {"Stalwart", "Stalwart", NULL, NULL},
        {"chasquid", "chasquid", NULL, NULL},
        {"maddy", "maddy", NULL, NULL},
        {"SmarterMail", "SmarterMail", NULL, NULL},
        {"Axigen", "Axigen", NULL, NULL},
        {"Citadel", "Citadel", "citadel", "citadel"},
        {"XMail", "XMail", NULL, NULL},
        {"Mercury/32", "Mercury/32", NULL, NULL},
        {"ArGoSoft", "ArGoSoft Mail Server", NULL, NULL},
        {"SurgeMail", "SurgeMail", NULL, NULL},
        {"GroupWise", "GroupWise", NULL, NULL},
        {"Oracle Communications Messaging", "Oracle Communications Messaging Server", NULL, NULL},
        {"Sun Java(tm) System Messaging Server", "Sun Java System Messaging Server", NULL, NULL},
        {"PowerMTA", "PowerMTA", NULL, NULL},
        {"KumoMTA", "KumoMTA", NULL, NULL},
        {"ZoneMTA", "ZoneMTA", NULL, NULL},
        {"Halon", "Halon", NULL, NULL},
        {"FortiMail", "FortiMail", NULL, NULL},
        {"Barracuda", "Barracuda", NULL, NULL},
        {"Cyrus", "Cyrus IMAP", "cyrus", "imap"},
        {"Dovecot", "Dovecot", "dovecot", "dovecot"},
        {"Mailman", "Mailman", NULL, NULL},
        {"DBMail", "DBMail", NULL, NULL},
        {"Nullmailer", "nullmailer", NULL, NULL},
        {"qmail", "qmail", NULL, NULL},
        {"netqmail", "netqmail", NULL, NULL},
        {"smtp4dev", "smtp4dev", NULL, NULL},
        {"inbucket", "Inbucket", NULL, NULL},
        {"gsmtp", "Google SMTP", NULL, NULL},
};

/* Words of EHLO that one product has. */
static const struct banner extensions[] = {
        {"X-ANONYMOUSTLS", "Microsoft Exchange", "microsoft", "exchange_server"},
        {"X-EXPS", "Microsoft Exchange", "microsoft", "exchange_server"},
        {"XCOMPRESS", "Kerio Connect", NULL, NULL},
        {"X-REALNAME", "MDaemon", NULL, NULL},
};

static bool others(const struct line *text)
{
        return line_find_i(text, "HylaFAX") || line_find_i(text, "VMware Authentication") || line_find_i(text, "dictd");
}

enum recognition mail_recognise(const struct heard *h, bool lmtp)
{
        struct line all = banner_all(h->data, h->len);
        struct reply reply;
        enum reply_state state = reply_read(h->data, h->len, &reply);
        bool refused = data_starts(h->data, h->len, "554") || data_starts(h->data, h->len, "421") ||
                       data_starts(h->data, h->len, "521");

        if (state == REPLY_NONE || others(&all) || (h->len >= 4 && !refused && !data_starts(h->data, h->len, "220")))
                return RECOGNISE_NO;
        if (state == REPLY_WHOLE)
                all.len = reply.end;
        if (line_find_i(&all, "LMTP"))
                return lmtp && !refused ? RECOGNISE_SURE : RECOGNISE_NO;
        if (line_find_i(&all, "SMTP"))
                return lmtp ? RECOGNISE_NO : RECOGNISE_SURE;
        if (line_find_i(&all, "FTP"))
                return RECOGNISE_NO;
        if (!lmtp && state == REPLY_WHOLE && refused && (line_starts(&reply.first, "5.") || line_starts(&reply.first, "4.")))
                return RECOGNISE_LIKELY; /* RFC 3463: other protocols have no such codes */
        return refused && lmtp ? RECOGNISE_NO : RECOGNISE_MAYBE;
}

static enum talk_next hello(struct talk *t, const char *protocol)
{
        talk_send_bytes(t, streq(protocol, "lmtp") ? "LHLO " : "EHLO ", 5);
        talk_send_bytes(t, "quaymaster.invalid\r\n", 20);
        t->step = HELLO;
        return TALK_SEND;
}

static enum talk_next greeting(struct talk *t, const char *protocol)
{
        struct heard heard = {.data = t->in, .len = t->in_len, .transport = t->transport, .port = t->port};
        enum recognition how = t->in_len ? mail_recognise(&heard, streq(protocol, "lmtp")) : RECOGNISE_MAYBE;
        struct reply reply;
        struct line all, word;
        enum reply_state state = reply_read(t->in, t->in_len, &reply);

        if (state == REPLY_NONE)
                return TALK_DONE;
        if (how == RECOGNISE_SURE)
                talk_likely(t, protocol);
        if (state == REPLY_PART && t->in_len)
                t->patience_ms = GREETING_MS;
        if (state == REPLY_PART)
                return TALK_MORE;
        t->patience_ms = 0;
        if (how == RECOGNISE_NO)
                return TALK_DONE;
        all = banner_all(t->in, reply.end);
        word = line_word(&reply.first, 0);
        if (how >= RECOGNISE_LIKELY) {
                talk_evidence(t, t->in, reply.end);
                talk_likely(t, protocol);
        }
        banner_take(t, &all, products, array_len(products));
        if (how == RECOGNISE_SURE)
                talk_confirm(t, protocol);
        banner_hostname(t, &word);
        return reply.code == 220 ? hello(t, protocol) : TALK_DONE;
}

static enum talk_next ask_upgrade(struct talk *t)
{
        if (!t->memory[UPGRADE_OFFERED] || t->tls)
                return TALK_DONE;
        talk_send_bytes(t, "RSET\r\n", 6);
        t->step = RESET;
        return TALK_SEND;
}

static enum talk_next ask_help(struct talk *t)
{
        if (t->id->product && (t->id->version || streq(t->id->product, "Postfix")))
                return ask_upgrade(t);
        talk_send_bytes(t, "HELP\r\n", 6);
        t->step = HELP;
        return TALK_SEND;
}

static void extension(struct talk *t, const struct line *line)
{
        if (line_starts_i(line, "STARTTLS"))
                t->memory[UPGRADE_OFFERED] = 1;
        if (line_starts_i(line, "AUTH ") || line_starts_i(line, "AUTH=")) {
                talk_detail(t, "authentication", line->text + 5, line->len - 5);
                if (!t->tls && (line_find_i(line, "PLAIN") || line_find_i(line, "LOGIN")))
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
        }
        banner_take(t, line, extensions, array_len(extensions));
}

static enum talk_next after_hello(struct talk *t, const char *protocol)
{
        struct line line, word;
        struct reply reply;
        size_t at = 0;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        if (reply.code != 250 && t->step == HELLO && streq(protocol, "smtp") && reply.code != 530 && reply.code != 421) {
                talk_send_bytes(t, "HELO quaymaster.invalid\r\n", 25);
                t->step = OLD_HELLO;
                return TALK_SEND;
        }
        if (reply.code != 250)
                return TALK_DONE;
        talk_evidence(t, t->in, reply.end);
        talk_confirm(t, protocol);
        word = line_word(&reply.first, 0);
        banner_hostname(t, &word);
        while (line_next(t->in, reply.end, &at, &line)) {
                line = line_after(&line, 4);
                extension(t, &line);
        }
        if (t->memory[UPGRADE_OFFERED] && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        return ask_help(t);
}

/* "214-2.0.0 This is Sendmail version 8.15.2": the product, where the greeting was silent about it */
static enum talk_next after_help(struct talk *t)
{
        struct reply reply;
        struct line all;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        all = banner_all(t->in, reply.end);
        if (reply.code == 214 || reply.code == 211 || reply.code == 250)
                banner_take(t, &all, products, array_len(products));
        return ask_upgrade(t);
}

static enum talk_next after_reset(struct talk *t)
{
        struct reply reply;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        if (reply.code == 530)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        talk_send_bytes(t, "STARTTLS\r\n", 10);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next upgrade(struct talk *t)
{
        struct reply reply;

        if (reply_read(t->in, t->in_len, &reply) != REPLY_WHOLE)
                return TALK_MORE;
        t->step = INSIDE;
        return reply.code == 220 ? TALK_TLS : TALK_DONE;
}

enum talk_next mail_talk(struct talk *t, const char *protocol)
{
        switch ((enum step)t->step) {
        case GREETING:
                return greeting(t, protocol);
        case HELLO:
        case OLD_HELLO:
                return after_hello(t, protocol);
        case HELP:
                return after_help(t);
        case RESET:
                return after_reset(t);
        case UPGRADE:
                return upgrade(t);
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

static enum recognition smtp_recognise(const struct heard *h)
{
        return mail_recognise(h, false);
}

static enum talk_next smtp_talk(struct talk *t)
{
        return mail_talk(t, "smtp");
}

const struct probe probe_smtp = {
        .name = "smtp",
        .protocol = "smtp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "25,465,587,1025,2465,2525,2587,10025,10026",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a session without a mail (Postfix: \"connect from\", \"lost connection after\")",
        .reference = "RFC 5321, RFC 3207",
        .recognise = smtp_recognise,
        .talk = smtp_talk,
};
