/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IRC without registering: CAP LS (IRCv3 capability negotiation) and VERSION, which some servers answer to strangers
 * and all others refuse with a numeric that is IRC's own (451, 421).
 */
#include "identify/banner.h"

#define PATIENCE_MS 2000u /* servers look up the client's name and ask its ident before they listen to it */

enum step { OPENING, ANSWERS, UPGRADE, INSIDE };

/* Words in capabilities, numerics and errors that one product has. */
static const struct banner marks[] = {
        {"UnrealIRCd", "UnrealIRCd", "unrealircd", "unrealircd"},
        {"unrealircd.org/", "UnrealIRCd", "unrealircd", "unrealircd"},
        {"InspIRCd-", "InspIRCd", "inspircd", "inspircd"},
        {"inspircd.org/", "InspIRCd", "inspircd", "inspircd"},
        {"ngircd-", "ngIRCd", "barton", "ngircd"},
        {":Connection not registered", "ngIRCd", "barton", "ngircd"},
        {"solanum.chat/", "Solanum", NULL, NULL},
        {"oragono.io/", "Ergo", "ergo", "ergo"},
        {"ergo.chat/", "Ergo", "ergo", "ergo"},
        {"charybdis", "Charybdis", NULL, NULL},
        {"hybrid-", "ircd-hybrid", NULL, NULL},
        {"ircd-ratbox", "ircd-ratbox", NULL, NULL},
        {"undernet.org/", "ircu", NULL, NULL},
        {"bahamut-", "Bahamut", NULL, NULL},
        {"plexus", "PleXusIRCd", NULL, NULL},
        {"znc.in/", "ZNC", "znc", "znc"},
        {"BitlBee", "BitlBee", "bitlbee", "bitlbee"},
        {"bouncer-networks", "soju", NULL, NULL},
        {"psyBNC", "psyBNC", NULL, NULL},
};

/* ":irc.example.net 451 * :..." or ":irc.example.net NOTICE ...": a server's own line (RFC 1459, 2.3.1) */
static bool from_server(const struct line *line)
{
        static const char *const words[] = {"NOTICE", "CAP", "451", "421", "461", "462", "020", "351", "410", "417", "439", "464", "465"};
        struct line name = line_word(line, 0), word = line_word(line, 1), third = line_word(line, 2);

        if (name.len < 2 || *name.text != ':' || !third.len)
                return false;
        for (size_t i = 0; i < array_len(words); i++)
                if (word.len == strlen(words[i]) && line_starts(&word, words[i]))
                        return true;
        return false;
}

static bool is_irc(const struct line *line)
{
        return from_server(line) || line_starts_i(line, "NOTICE AUTH :") || line_starts_i(line, "NOTICE * :") ||
               line_starts_i(line, "ERROR :Closing Link") || line_starts_i(line, "ERROR :Trying to reconnect too fast") ||
               line_starts_i(line, "ERROR :Your host is trying to (re)connect too fast") || line_starts_i(line, "CAP * LS");
}

static enum recognition irc_recognise(const struct heard *h)
{
        struct line line;

        for (size_t at = 0; line_next(h->data, h->len, &at, &line);) {
                if (is_irc(&line))
                        return RECOGNISE_SURE;
                if (line_starts(&line, "ERROR :"))
                        return RECOGNISE_LIKELY;
                if (line.len)
                        return RECOGNISE_NO;
        }
        return RECOGNISE_NO;
}

static void take_server(struct talk *t, const struct line *line)
{
        struct line name = line_word(line, 0);

        if (!from_server(line))
                return;
        name = (struct line){name.text + 1, name.len - 1};
        banner_hostname(t, &name);
}

/* A line that only IRC has is told by. */
static bool take_line(struct talk *t, const struct line *line)
{
        if (!is_irc(line))
                return false;
        talk_evidence(t, line->text, line->len);
        talk_confirm(t, "irc");
        take_server(t, line);
        return true;
}

static enum talk_next ask(struct talk *t)
{
        static const char opening[] = "CAP LS 302\r\nVERSION\r\n";
        struct line line;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);)
                take_line(t, &line);
        talk_send_bytes(t, opening, sizeof(opening) - 1);
        t->step = ANSWERS;
        t->patience_ms = PATIENCE_MS;
        return TALK_SEND;
}

/* ":host 351 * UnrealIRCd-6.0.4. host :..." */
static void take_version(struct talk *t, const struct line *line)
{
        struct line word = line_word(line, 1), version = line_word(line, 3);
        const char *dash;

        if (!line_starts(&word, "351"))
                return;
        if (banner_take(t, &version, marks, array_len(marks)))
                return;
        dash = memchr(version.text, '-', version.len);
        talk_product(t, version.text, dash ? (size_t)(dash - version.text) : version.len);
        if (dash)
                talk_version(t, dash + 1, version.len - (size_t)(dash - version.text) - 1);
}

static enum talk_next answers(struct talk *t)
{
        bool upgrade = false, listed = false, refused = false;
        struct line line, word, all = banner_all(t->in, t->in_len);

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);) {
                struct line last = line_word(&line, 4);

                if (!take_line(t, &line))
                        continue;
                take_version(t, &line);
                word = line_word(&line, 1);
                if (line_starts(&word, "CAP")) {
                        const char *list = line_find_i(&line, " :");

                        if (list)
                                talk_detail(t, "capabilities", list + 2, (size_t)(line.text + line.len - list) - 2);
                        listed = listed || !line_starts(&last, "*");
                        upgrade = upgrade || line_find_i(&line, ":tls ") || line_find_i(&line, " tls ") ||
                                  (line.len > 4 && memcmp(line.text + line.len - 4, " tls", 4) == 0);
                }
                refused = refused || line_starts(&word, "451") || line_starts(&word, "351") || line_starts_i(&line, "ERROR");
                refused = refused || (line_starts(&word, "421") && line_find_i(&line, "VERSION"));
        }
        if (t->id->confidence == CONFIDENCE_CONFIRMED)
                banner_take(t, &all, marks, array_len(marks));
        if (!refused && !(listed && upgrade))
                return TALK_MORE;
        if (!upgrade || t->tls)
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_send_bytes(t, "STARTTLS\r\n", 10);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next upgrade(struct talk *t)
{
        struct line line, word;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);) {
                word = line_word(&line, 1);
                t->step = INSIDE;
                if (line_starts(&word, "670"))
                        return TALK_TLS;
                if (line_starts(&word, "691") || line_starts_i(&line, "ERROR"))
                        return TALK_DONE;
                t->step = UPGRADE;
        }
        return TALK_MORE;
}

static enum talk_next irc_talk(struct talk *t)
{
        switch ((enum step)t->step) {
        case OPENING:
                return ask(t);
        case ANSWERS:
                return answers(t);
        case UPGRADE:
                return upgrade(t);
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_irc = {
        .name = "irc",
        .protocol = "irc",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "194,994,6660-6669,6679,6697,7000,7070,8067",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a connection that does not register (ngIRCd: \"Accepted connection\", \"Shutting down connection\")",
        .reference = "RFC 1459, RFC 2812; IRCv3 capability negotiation",
        .recognise = irc_recognise,
        .talk = irc_talk,
};
