/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ManageSieve: the server greets with its capabilities (RFC 5804, 1.7); STARTTLS. */
#include "identify/banner.h"

enum step { GREETING, UPGRADE, INSIDE };

static const struct banner products[] = {
        {"Dovecot", "Dovecot Pigeonhole", "dovecot", "pigeonhole"},
        {"Cyrus timsieved", "Cyrus IMAP", "cyrus", "imap"},
        {"Cyrus", "Cyrus IMAP", "cyrus", "imap"},
        {"Stalwart", "Stalwart", NULL, NULL},
        {"Axigen", "Axigen", NULL, NULL},
};

static enum recognition sieve_recognise(const struct heard *h)
{
        static const char *const words[] = {"\"IMPLEMENTATION\"", "\"SIEVE\"", "\"SASL\"", "\"NOTIFY\"",
                                            "\"STARTTLS\""};
        struct line all = banner_all(h->data, h->len);

        for (size_t i = 0; i < array_len(words); i++) {
                if (line_starts_i(&all, words[i]))
                        return i < 2 || line_find_i(&all, words[0]) ? RECOGNISE_SURE : RECOGNISE_LIKELY;
                if (all.len < strlen(words[i]) && memcmp(all.text, words[i], all.len) == 0)
                        return RECOGNISE_MAYBE;
        }
        return RECOGNISE_NO;
}

/* `"NAME" "value"`: the value when the line has that name */
static bool value_of(const struct line *line, const char *name, struct line *ret)
{
        if (!line_starts_i(line, name))
                return false;
        *ret = line_after(line, strlen(name));
        if (ret->len && *ret->text == '"') {
                *ret = (struct line){ret->text + 1, ret->len - 1};
                if (ret->len && ret->text[ret->len - 1] == '"')
                        ret->len--;
        }
        return true;
}

static enum talk_next greeting(struct talk *t)
{
        struct heard heard = {.data = t->in, .len = t->in_len, .transport = t->transport, .port = t->port};
        bool upgrade = false, plain = false, mechanisms = false, whole = false, refused = false;
        struct line line, value;

        if (!t->in_len)
                return TALK_MORE;
        if (sieve_recognise(&heard) == RECOGNISE_NO)
                return TALK_DONE;
        for (size_t at = 0; !whole && line_next(t->in, t->in_len, &at, &line);) {
                if (value_of(&line, "\"IMPLEMENTATION\"", &value) &&
                    !banner_take(t, &value, products, array_len(products)))
                        talk_product(t, value.text, value.len);
                if (value_of(&line, "\"SIEVE\"", &value))
                        talk_detail(t, "extensions", value.text, value.len);
                if (value_of(&line, "\"SASL\"", &value)) {
                        mechanisms = value.len;
                        plain = line_find_i(&value, "PLAIN") || line_find_i(&value, "LOGIN");
                        talk_detail(t, "authentication", value.text, value.len);
                }
                upgrade = upgrade || value_of(&line, "\"STARTTLS\"", &value);
                refused = line_starts_i(&line, "NO") || line_starts_i(&line, "BYE");
                whole = line_starts_i(&line, "OK") || refused;
        }
        if (!whole)
                return TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        if (upgrade && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "sieve");
        if (plain && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (!upgrade || t->tls || refused)
                return TALK_DONE;
        if (!mechanisms)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        talk_send_bytes(t, "STARTTLS\r\n", 10);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next sieve_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        switch ((enum step)t->step) {
        case GREETING:
                return greeting(t);
        case UPGRADE:
                if (!line_next(t->in, t->in_len, &at, &line))
                        return TALK_MORE;
                t->step = INSIDE;
                return line_starts_i(&line, "OK") ? TALK_TLS : TALK_DONE;
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_sieve = {
        .name = "sieve",
        .protocol = "sieve",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2000,4190",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection without a login (Dovecot: \"managesieve-login: Disconnected\")",
        .reference = "RFC 5804, 1.7 and 2.2",
        .recognise = sieve_recognise,
        .talk = sieve_talk,
};
