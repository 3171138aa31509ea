/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oracle's listener: asked for its version, it tells it, or refuses and tells it in the refusal. No service
 * is named, so no database is reached.
 */
#include "identify/line.h"
#include "identify/probe.h"

enum { TNS_CONNECT = 1, TNS_ACCEPT = 2, TNS_REFUSE = 4, TNS_REDIRECT = 5, TNS_DATA = 6, TNS_RESEND = 11 };

#define HEADER 8u

static void ask(struct talk *t)
{
        static const char command[] = "(DESCRIPTION=(CONNECT_DATA=(COMMAND=VERSION)))";
        uint16_t n = (uint16_t)(sizeof(command) - 1);

        talk_send_be16(t, (uint16_t)(58 + n));
        talk_send_hex(t, "0000 01 00 0000"); /* checksum, CONNECT, flags, checksum of the header */
        talk_send_hex(
                t,
                "0136 012c 0000 0800 7fff 7f08 0000 0001"); /* versions, options, units, turnaround, byte order */
        talk_send_be16(t, n);
        talk_send_hex(t, "003a 00000000 0000"); /* offset of the data, limit, flags */
        talk_send_hex(t, "00000000 00000000 0000000000000000 0000000000000000"); /* tracing */
        talk_send_bytes(t, command, n);
}

/* VSNNUM: five parts in 32 bits; since 18c other widths */
static void take_number(struct talk *t, const struct line *text)
{
        const char *at = line_find_i(text, "VSNNUM=");
        const char *end = text->text + text->len;
        _cleanup_str_ struct str version = {0};
        uint64_t n = 0;

        if (!at)
                return;
        for (at += 7; at < end && *at >= '0' && *at <= '9' && n <= UINT32_MAX; at++)
                n = n * 10 + (uint64_t)(*at - '0');
        if (!n || n > UINT32_MAX)
                return;
        if (n >> 24 >= 18)
                str_addf(&version, "%u.%u.%u.%u.%u", (unsigned)(n >> 24), (unsigned)(n >> 16 & 0xff),
                         (unsigned)(n >> 12 & 0xf), (unsigned)(n >> 4 & 0xff), (unsigned)(n & 0xf));
        else
                str_addf(&version, "%u.%u.%u.%u.%u", (unsigned)(n >> 24), (unsigned)(n >> 20 & 0xf),
                         (unsigned)(n >> 12 & 0xff), (unsigned)(n >> 8 & 0xf), (unsigned)(n & 0xff));
        talk_version(t, version.text, version.len);
}

/* "TNSLSNR for Linux: Version 11.2.0.2.0 - Production" */
static void take_banner(struct talk *t, const struct line *text)
{
        const char *at = line_find_i(text, "Version ");
        struct line rest;

        if (!line_find_i(text, "TNSLSNR") || !at)
                return;
        rest = line_after(text, (size_t)(at - text->text) + 8);
        rest = line_word(&rest, 0);
        talk_detail(t, "banner", text->text, text->len);
        talk_version(t, rest.text, rest.len);
}

static void take(struct talk *t, const struct line *text)
{
        take_number(t, text);
        take_banner(t, text);
        talk_product(t, "Oracle TNS listener", 19);
        talk_cpe(t, "oracle", "database_server");
}

/* True when it is a packet of a server's. */
static bool header(struct wire *w, uint8_t *type, struct wire *body)
{
        uint16_t len = wire_be16(w);

        wire_skip(w, 2);
        *type = wire_u8(w);
        wire_skip(w, 3);
        *body = wire_sub(w, len >= HEADER ? len - HEADER : 0);
        return len >= HEADER && !w->bad && !body->bad;
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint8_t type;
        struct line text = {(const char *)t->in, t->in_len};

        if (t->in_len >= 5 && (t->in[2] || t->in[3] ||
                               (t->in[4] != TNS_ACCEPT && t->in[4] != TNS_REFUSE &&
                                t->in[4] != TNS_REDIRECT && t->in[4] != TNS_RESEND)))
                return TALK_DONE;
        if (!header(&w, &type, &body))
                return t->in_len < 8192 ? TALK_MORE : TALK_DONE;
        if (type == TNS_RESEND && t->in_len == HEADER && !t->memory[0]++) {
                ask(t);
                return TALK_SEND;
        }
        if (type == TNS_REFUSE) {
                if (!memmem(t->in, t->in_len, "(DESCRIPTION=", 13) && !memmem(t->in, t->in_len, "(ERR", 4))
                        return TALK_DONE;
                talk_confirm(t, "oracle-tns");
                take(t, &text);
                return TALK_DONE;
        }
        if (type == TNS_REDIRECT && memmem(t->in, t->in_len, "(ADDRESS", 8)) {
                talk_confirm(t, "oracle-tns");
                take(t, &text);
                return TALK_DONE;
        }
        if (type != TNS_ACCEPT || wire_be16(&body) < 0x0100 || wire_left(&body) < 14)
                return TALK_DONE;
        talk_confirm(t, "oracle-tns");
        if (!header(&w, &type, &body))
                return TALK_MORE;
        take(t, &text);
        if (type == TNS_DATA)
                talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

static enum talk_next oracle_tns_talk(struct talk *t)
{
        if (t->step++)
                return answer(t);
        ask(t);
        return TALK_SEND;
}

const struct probe probe_oracle_tns = {
        .name = "oracle-tns",
        .protocol = "oracle-tns",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1521-1530,1630,2483,2484",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a line in listener.log: \"(CONNECT_DATA=(COMMAND=VERSION)) * version * 0\" or an error 1189",
        .reference =
                "Oracle Net Services Administrator's Guide, lsnrctl VERSION; TNS CONNECT, ACCEPT, REFUSE",
        .talk = oracle_tns_talk,
};
