/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NATS: the server begins with INFO, which tells all; TLS, where it can, is the client's next byte. */
#include "identify/member.h"
#include "identify/probe.h"

enum step { GREETING, UPGRADED, ANSWER };

static enum recognition nats_recognise(const struct heard *h)
{
        if (!data_starts(h->data, h->len, "INFO {"))
                return RECOGNISE_NO;
        return memmem(h->data, h->len, "\"server_id\"", 11) || memmem(h->data, h->len, "\"max_payload\"", 13)
                       ? RECOGNISE_SURE
                       : RECOGNISE_MAYBE;
}

static void take_info(struct talk *t, const struct line *info)
{
        static const char *const details[][2] = {
                {"server_name", "server-name"},
                {"cluster", "cluster"},
                {"go", "go-version"},
                {"server_id", "server-id"},
        };
        struct line value;

        talk_product(t, "nats-server", 11);
        if (member_find(info->text, info->len, "version", &value))
                talk_version(t, value.text, value.len);
        talk_cpe(t, "linuxfoundation", "nats-server");
        for (size_t i = 0; i < array_len(details); i++)
                if (member_find(info->text, info->len, details[i][0], &value))
                        talk_detail(t, details[i][1], value.text, value.len);
        if (member_true(info->text, info->len, "jetstream"))
                talk_detail(t, "jetstream", "true", 4);
}

/* CONNECT without a user, as the protocol begins; then PING */
static enum talk_next ask(struct talk *t)
{
        static const char text[] =
                "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,"
                "\"name\":\"quaymaster\",\"lang\":\"c\","
                "\"version\":\"1\",\"protocol\":1}\r\nPING\r\n";

        talk_send_bytes(t, text, sizeof(text) - 1);
        t->step = ANSWER;
        return TALK_SEND;
}

static enum talk_next greeting(struct talk *t)
{
        struct line info;
        size_t at = 0;
        bool required;

        if (t->in_len >= 6 && !data_starts(t->in, t->in_len, "INFO {"))
                return TALK_DONE;
        if (!line_next(t->in, t->in_len, &at, &info))
                return t->in_len < 16384 ? TALK_MORE : TALK_DONE;
        if (!memmem(info.text, info.len, "\"server_id\"", 11) &&
            !memmem(info.text, info.len, "\"max_payload\"", 13))
                return TALK_DONE;
        required = member_true(info.text, info.len, "tls_required");
        t->memory[0] = member_true(info.text, info.len, "auth_required");
        if (!t->tls && (required || member_true(info.text, info.len, "tls_available")))
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "nats");
        take_info(t, &info);
        if (required && !t->tls)
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        if (t->memory[0] && !t->tls && !required)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (t->id->encryption == ENCRYPTION_STARTTLS) {
                t->step = UPGRADED;
                return TALK_TLS;
        }
        return t->memory[0] ? TALK_DONE : ask(t);
}

static enum talk_next answer(struct talk *t)
{
        struct line line;
        size_t at = 0;

        while (line_next(t->in, t->in_len, &at, &line)) {
                if (line.len == 4 && line_starts(&line, "PONG")) {
                        talk_flag(t, IDENTITY_NO_AUTH);
                        return TALK_DONE;
                }
                if (line_starts(&line, "-ERR"))
                        return TALK_DONE;
        }
        return TALK_MORE;
}

static enum talk_next nats_talk(struct talk *t)
{
        if (t->step == GREETING)
                return greeting(t);
        if (t->step == UPGRADED)
                return t->memory[0] ? TALK_DONE : ask(t);
        return answer(t);
}

const struct probe probe_nats = {
        .name = "nats",
        .protocol = "nats",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4222-4224,14222",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "nothing by default; with debug \"Client connection created\" and \"closed\"",
        .reference = "NATS client protocol, INFO, CONNECT, PING",
        .recognise = nats_recognise,
        .talk = nats_talk,
};
