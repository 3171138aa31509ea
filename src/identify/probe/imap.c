/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IMAP: greeting, CAPABILITY, ID NIL (RFC 2971: the server names itself, we tell nothing), STARTTLS. */
#include "identify/banner.h"

enum step { GREETING, ANSWERS, UPGRADE, INSIDE };

static const struct banner products[] = {
        {"Dovecot", "Dovecot", "dovecot", "dovecot"},
        {"Courier-IMAP", "Courier", NULL, NULL},
        {"Courier", "Courier", NULL, NULL},
        {"Cyrus IMAP4", "Cyrus IMAP", "cyrus", "imap"},
        {"Cyrus IMAP", "Cyrus IMAP", "cyrus", "imap"},
        {"Cyrus", "Cyrus IMAP", "cyrus", "imap"},
        {"Microsoft Exchange Server 2003 IMAP4rev1 server version", "Microsoft Exchange", "microsoft",
         "exchange_server"},
        {"Microsoft Exchange", "Microsoft Exchange", "microsoft", "exchange_server"},
        {"Zimbra", "Zimbra", NULL, NULL},
        {"Domino IMAP4 Server", "HCL Domino", NULL, NULL},
        {"MailEnable", "MailEnable", "mailenable", "mailenable"},
        {"Kerio Connect", "Kerio Connect", NULL, NULL},
        {"MDaemon", "MDaemon", NULL, NULL},
        {"Citadel", "Citadel", "citadel", "citadel"},
        {"GreenMail", "GreenMail", NULL, NULL},
        {"Gimap", "Google IMAP", NULL, NULL},
        {"Axigen", "Axigen", NULL, NULL},
        {"IceWarp", "IceWarp", NULL, NULL},
        {"Stalwart", "Stalwart", NULL, NULL},
        {"JAMES IMAP", "Apache James", "apache", "james"},
        {"CommuniGate Pro", "CommuniGate Pro", NULL, NULL},
        {"SurgeMail", "SurgeMail", NULL, NULL},
        {"DBMAIL", "DBMail", NULL, NULL},
        {"SmarterMail", "SmarterMail", NULL, NULL},
        {"Perdition", "Perdition", NULL, NULL},
        {"maddy", "maddy", NULL, NULL},
        {"GroupWise", "GroupWise", NULL, NULL},
};

/* RFC 3501, 7.1. MUPDATE (RFC 3656) has lines of the same look. */
static enum recognition judge(const struct line *all)
{
        if (line_find_i(all, "MUPDATE") || line_starts(all, "* ACAP"))
                return RECOGNISE_NO;
        if (line_starts_i(all, "* OK") || line_starts_i(all, "* PREAUTH") || line_starts_i(all, "* BYE"))
                return all->len > 5 ? RECOGNISE_SURE : RECOGNISE_MAYBE;
        return all->len < 4 && memcmp(all->text, "* OK", all->len) == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static enum recognition imap_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        return judge(&all);
}

/* "* OK [CAPABILITY ...] host.example IMAP4rev1 2007e.404 at Sun, ...": the University of Washington */
static void take_uw(struct talk *t, const struct line *line)
{
        const char *at = line_find_i(line, "IMAP4rev1 200");
        struct line rest, version;

        if (!at || t->id->product)
                return;
        rest = (struct line){at, line->len - (size_t)(at - line->text)};
        version = line_word(&rest, 1);
        talk_product(t, "UW IMAP", 7);
        talk_version(t, version.text, version.len);
}

static enum talk_next greeting(struct talk *t)
{
        static const char ask[] = "a1 CAPABILITY\r\na2 ID NIL\r\n";
        struct line line, text, word;
        const char *code;
        size_t at = 0;

        line = banner_all(t->in, t->in_len);
        if (t->in_len && judge(&line) == RECOGNISE_NO)
                return TALK_DONE;
        if (!line_next(t->in, t->in_len, &at, &line))
                return TALK_MORE;
        if (judge(&line) == RECOGNISE_NO)
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "imap");
        if (line_starts_i(&line, "* PREAUTH"))
                talk_flag(t, IDENTITY_NO_AUTH);
        code = memchr(line.text, ']', line.len);
        text = code ? line_after(&line, (size_t)(code - line.text) + 1) : line_after(&line, strlen("* OK"));
        word = line_word(&text, 0);
        banner_hostname(t, &word);
        banner_take(t, &line, products, array_len(products));
        take_uw(t, &line);
        if (line_starts_i(&line, "* BYE"))
                return TALK_DONE;
        talk_send_bytes(t, ask, sizeof(ask) - 1);
        t->step = ANSWERS;
        return TALK_SEND;
}

/* The value behind "key" in ("name" "Dovecot" "version" "2.3") */
static struct line id_value(const struct line *line, const char *key)
{
        const char *at = line_find_i(line, key), *end = line->text + line->len, *quote;

        if (!at)
                return (struct line){line->text, 0};
        at += strlen(key);
        while (at < end && *at == ' ')
                at++;
        if (at == end || *at != '"')
                return (struct line){line->text, 0};
        at++;
        quote = memchr(at, '"', (size_t)(end - at));
        return (struct line){at, quote ? (size_t)(quote - at) : 0};
}

static void take_id(struct talk *t, const struct line *line)
{
        struct line name = id_value(line, "\"name\""), version = id_value(line, "\"version\"");
        struct line os = id_value(line, "\"os\"");

        talk_version(t, version.text, version.len);
        if (!banner_take(t, &name, products, array_len(products)))
                talk_product(t, name.text, name.len);
        talk_detail(t, "os", os.text, os.len);
}

struct offers {
        bool upgrade, disabled, listed;
        unsigned ends; /* of our two requests */
};

static struct offers read_offers(struct talk *t)
{
        struct offers o = {0};
        struct line line;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);) {
                if (line_starts_i(&line, "* CAPABILITY")) {
                        o.listed = true;
                        o.upgrade = line_find_i(&line, " STARTTLS");
                        o.disabled = line_find_i(&line, " LOGINDISABLED");
                        talk_detail(t, "capabilities", line.text + 13, line.len > 13 ? line.len - 13 : 0);
                }
                if (line_starts_i(&line, "* ID ("))
                        take_id(t, &line);
                if (line_starts(&line, "a1 ") || line_starts(&line, "a2 ") || line_starts_i(&line, "* BYE"))
                        o.ends++;
        }
        return o;
}

static enum talk_next answers(struct talk *t)
{
        struct offers o = read_offers(t);

        if (t->tls && o.ends >= 2)
                return TALK_DONE;
        if (o.upgrade && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        if (o.listed && !t->tls && !o.disabled)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (o.upgrade && o.disabled)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        if (o.ends < 2)
                return TALK_MORE;
        if (!o.upgrade)
                return TALK_DONE;
        talk_send_bytes(t, "a3 STARTTLS\r\n", 13);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next upgrade(struct talk *t)
{
        struct line line;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);)
                if (line_starts(&line, "a3 ")) {
                        t->step = INSIDE;
                        return line_starts_i(&line, "a3 OK") ? TALK_TLS : TALK_DONE;
                }
        return TALK_MORE;
}

static enum talk_next imap_talk(struct talk *t)
{
        switch ((enum step)t->step) {
        case GREETING:
                return greeting(t);
        case ANSWERS:
                return answers(t);
        case UPGRADE:
                return upgrade(t);
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_imap = {
        .name = "imap",
        .protocol = "imap",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "143,585,993,1143,2143",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection without a login (Dovecot: \"Disconnected (no auth attempts ...)\")",
        .reference = "RFC 3501, RFC 2971",
        .recognise = imap_recognise,
        .talk = imap_talk,
};
