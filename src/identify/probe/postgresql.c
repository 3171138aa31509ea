/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PostgreSQL: TLS is asked for, then a session is begun without the user name that it needs; the error says
 * what the server is. So nobody is named, and no session comes of it even where all are trusted.
 */
#include "identify/line.h"
#include "identify/probe.h"

#define MESSAGE_MAX 16384u

enum step { OPENING, TLS_ANSWER, SESSION, ANSWER };

static uint32_t length_at(const struct talk *t)
{
        struct wire w = talk_in(t);

        wire_skip(&w, 1);
        return wire_be32(&w);
}

static enum recognition postgresql_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);
        uint32_t len;

        if (wire_u8(&w) != 'E')
                return RECOGNISE_NO;
        len = wire_be32(&w);
        if (w.bad || len < 8 || len > MESSAGE_MAX)
                return RECOGNISE_NO;
        return data_starts(w.at, wire_left(&w), "SFATAL") || data_starts(w.at, wire_left(&w), "SERROR") ||
                               (wire_left(&w) > 8 && *w.at == 'S' &&
                                memmem(w.at, wire_left(&w), "\0VFATAL", 8))
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

/* StartupMessage 3.0 with no parameters */
static enum talk_next begin(struct talk *t)
{
        talk_send_hex(t, "00 00 00 09 00 03 00 00 00");
        t->step = ANSWER;
        return TALK_SEND;
}

/* The field of ErrorResponse with that letter. */
static struct line error_field(const struct talk *t, char letter)
{
        struct wire w = talk_in(t), body;

        wire_skip(&w, 5);
        body = wire_sub(&w, length_at(t) - 4);
        while (wire_left(&body)) {
                uint8_t type = wire_u8(&body);
                const uint8_t *zero = memchr(body.at, 0, wire_left(&body));
                struct line text = {(const char *)body.at, zero ? (size_t)(zero - body.at) : 0};

                if (!zero)
                        break;
                if (type == (uint8_t)letter)
                        return text;
                wire_skip(&body, text.len + 1);
        }
        return (struct line){"", 0};
}

/*
 * Error fields beyond S, C and M: where in its source the server was (F, L, R), which only PostgreSQL itself
 * and its descendants have. Poolers are told by their words, or by one of these fields that is missing.
 */
static void take_error(struct talk *t)
{
        struct line code = error_field(t, 'C'), text = error_field(t, 'M'), routine = error_field(t, 'R');
        struct line file = error_field(t, 'F');

        talk_detail(t, "error-code", code.text, code.len);
        talk_detail(t, "error", text.text, text.len);
        talk_evidence(t, text.text, text.len);
        if (line_find_i(&text, "pgbouncer") || line_starts(&text, "no username supplied"))
                talk_product(t, "PgBouncer", 9);
        else if (file.len && !routine.len && line_find_i(&file, "child.c"))
                talk_product(t, "Pgpool-II", 9);
        else if (line_find_i(&text, "cockroach") || line_find_i(&text, "crdb"))
                talk_product(t, "CockroachDB", 11);
        if (routine.len && !t->id->product) {
                talk_product(t, "PostgreSQL", 10);
                talk_cpe(t, "postgresql", "postgresql");
        }
}

/* AuthenticationRequest: 0 is "you are in" */
static void take_authentication(struct talk *t, uint32_t kind)
{
        static const char *const names[] = {
                "none", "kerberos4", "kerberos5", "password", "crypt",         "md5",
                "scm",  "gssapi",    "gssapi",    "sspi",     "scram-sha-256",
        };

        if (kind == 0)
                talk_flag(t, IDENTITY_NO_AUTH);
        if (kind == 3 && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (kind < array_len(names))
                talk_detail(t, "authentication", names[kind], strlen(names[kind]));
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t type = wire_u8(&w);
        uint32_t len = wire_be32(&w);

        if (t->in_len < 5)
                return t->in_len && type != 'E' && type != 'R' ? TALK_DONE : TALK_MORE;
        if ((type != 'E' && type != 'R') || len < 8)
                return TALK_DONE;
        if (len > MESSAGE_MAX) { /* protocol 2: 'E', text, zero */
                if (type == 'E' && t->in_len > 12 && memchr(t->in, 0, t->in_len) &&
                    memmem(t->in, t->in_len, "FATAL", 5))
                        talk_confirm(t, "postgresql");
                return TALK_DONE;
        }
        if (wire_left(&w) < len - 4)
                return TALK_MORE;
        if (type == 'R') {
                if (t->in_len > 9 && len == 8 && t->in[9] != 'S' && t->in[9] != 'K' && t->in[9] != 'Z' &&
                    t->in[9] != 'N' && t->in[9] != 'E')
                        return TALK_DONE;
                talk_confirm(t, "postgresql");
                take_authentication(t, wire_be32(&w));
        } else if (error_field(t, 'C').len == 5 && error_field(t, 'M').len) {
                talk_confirm(t, "postgresql");
                take_error(t);
        }
        return TALK_DONE;
}

/*
 * One byte, and nothing behind it: what came together with it could have been put there by others
 * (CVE-2021-23222)
 */
static enum talk_next tls_answer(struct talk *t)
{
        if (!t->in_len)
                return t->ended && !t->tls ? TALK_DONE : TALK_MORE;
        if (t->in[0] == 'E')
                return answer(t);
        if (t->in_len > 1)
                return TALK_DONE;
        if (t->in[0] == 'N')
                return begin(t);
        if (t->in[0] != 'S')
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_likely(t, "postgresql");
        t->step = SESSION;
        return TALK_TLS;
}

static enum talk_next postgresql_talk(struct talk *t)
{
        switch (t->step) {
        case OPENING:
                if (t->tls)
                        return begin(t);
                talk_send_hex(t, "00 00 00 08 04 d2 16 2f"); /* SSLRequest */
                t->step = TLS_ANSWER;
                return TALK_SEND;
        case TLS_ANSWER:
                return tls_answer(t);
        case SESSION:
                talk_confirm(t, "postgresql");
                return begin(t);
        }
        return answer(t);
}

const struct probe probe_postgresql = {
        .name = "postgresql",
        .protocol = "postgresql",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5432-5435,5439,6432,6543,9999,26257,5433",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "\"FATAL: no PostgreSQL user name specified in startup packet\"",
        .reference =
                "PostgreSQL documentation, Frontend/Backend Protocol: SSLRequest, StartupMessage, ErrorResponse",
        .recognise = postgresql_recognise,
        .talk = postgresql_talk,
};
