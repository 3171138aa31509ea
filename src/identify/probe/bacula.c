/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bacula and Bareos: the hello of an unnamed console, which a director answers with a challenge that names
 * it; the other daemons refuse it. Messages have four bytes of length (Bacula developer's guide, "TCP/IP
 * network protocol").
 */
#include "identify/line.h"
#include "identify/probe.h"

#define HELLO        "Hello *UserAgent* calling\n"
#define TEXT_MAX     1024u
#define CHALLENGE_AT strlen("auth cram-md5")

static enum talk_next bacula_talk(struct talk *t)
{
        struct wire w = talk_in(t), text;
        struct line line;
        const char *at, *name, *end;
        uint32_t len;

        if (!t->step) {
                talk_send_be32(t, (uint32_t)strlen(HELLO));
                talk_send_bytes(t, HELLO, strlen(HELLO));
                t->step = 1;
                t->patience_ms = 6000; /* refusals come five seconds late */
                return TALK_SEND;
        }
        len = wire_be32(&w);
        if (t->in_len < 4)
                return TALK_MORE;
        if (!len || len > TEXT_MAX)
                return TALK_DONE;
        text = wire_sub(&w, len);
        if (w.bad)
                return TALK_MORE;
        line = (struct line){(const char *)text.at, wire_left(&text)};
        if (line_starts(&line, "Hello"))
                return TALK_DONE; /* our own */
        if (!line_starts(&line, "auth cram-md5") && !line_starts(&line, "1999 ") &&
            !line_starts(&line, "2999 ") && !line_starts(&line, "3999 ") && !line_starts(&line, "1000 OK"))
                return TALK_DONE;
        talk_confirm(t, "bacula");
        talk_detail(t, "daemon",
                    line_starts(&line, "2")   ? "file"
                    : line_starts(&line, "3") ? "storage"
                                              : "director",
                    line_starts(&line, "2")   ? 4
                    : line_starts(&line, "3") ? 7
                                              : 8);
        /* "auth cram-md5 <1234.5678@name-dir> ssl=0": numbers are the challenge, and not kept */
        name = memchr(line.text, '@', line.len);
        end = name ? memchr(name, '>', line.len - (size_t)(name - line.text)) : NULL;
        if (end)
                talk_detail(t, "name", name + 1, (size_t)(end - name - 1));
        talk_evidence(t, line.text, name && line.len > CHALLENGE_AT ? CHALLENGE_AT : line.len);
        at = line_find_i(&line, "ssl=");
        if (at && at + 4 < line.text + line.len && !t->tls && (at[4] == '1' || at[4] == '2')) {
                talk_encryption(t, ENCRYPTION_STARTTLS);
                if (at[4] == '2')
                        talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        }
        if (line_find_i(&line, "bareos") || line_find_i(&line, "R_CONSOLE"))
                talk_product(t, "Bareos", 6);
        return TALK_DONE;
}

const struct probe probe_bacula = {
        .name = "bacula",
        .protocol = "bacula",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9101-9103",
        .safety = SAFETY_SESSION,
        .log = "a message of a failed authentication, in the daemon's messages",
        .reference = "Bacula developer's guide: TCP/IP network protocol",
        .talk = bacula_talk,
};
