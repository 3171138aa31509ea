/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apache Pulsar: CONNECT without credentials, which a broker answers with its version or an error. */
#include "identify/member.h"
#include "identify/probe.h"

enum { CONNECT = 2, CONNECTED = 3, ERROR = 14, AUTH_CHALLENGE = 36 };

static enum talk_next ask(struct talk *t)
{
        /*
         * sizes of all and of the command; {type = CONNECT, connect {client_version = "quaymaster",
         * protocol_version = 15}}
         */
        talk_send_hex(t, "00 00 00 16 00 00 00 12  08 02  12 0e  0a 0a");
        talk_send_bytes(t, "quaymaster", 10);
        talk_send_hex(t, "20 0f");
        return TALK_SEND;
}

static void take_connected(struct talk *t, struct wire body)
{
        struct field field;
        struct line text;

        while (field_next(&body, &field)) {
                if (field.number == 2 && !field.bytes)
                        talk_detail_u64(t, "protocol-version", field.value);
                if (field.number != 1 || !field.bytes)
                        continue;
                text = wire_line(&field.body); /* "Pulsar Server2.10.0", "Pulsar Server-v2.11.0" */
                while (text.len && (*text.text < '0' || *text.text > '9'))
                        text = (struct line){text.text + 1, text.len - 1};
                talk_version(t, text.text, text.len);
        }
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_cpe(t, "apache", "pulsar");
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint32_t total = wire_be32(&w), size = wire_be32(&w);
        struct field field;

        if (t->in_len < 8)
                return TALK_MORE;
        if (total < 6 || total > 65536 || size + 4 != total)
                return TALK_DONE;
        if (wire_left(&w) < size)
                return TALK_MORE;
        body = wire_sub(&w, size);
        if (!field_next(&body, &field) || field.number != 1 || field.bytes)
                return TALK_DONE;
        if (field.value != CONNECTED && field.value != ERROR && field.value != AUTH_CHALLENGE)
                return TALK_DONE;
        uint64_t type = field.value;
        if (!field_next(&body, &field) || !field.bytes)
                return TALK_DONE;
        talk_confirm(t, "pulsar");
        talk_product(t, "Apache Pulsar", 13);
        if (type == CONNECTED)
                take_connected(t, field.body);
        else if (!t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

static enum talk_next pulsar_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_pulsar = {
        .name = "pulsar",
        .protocol = "pulsar",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6650,6651",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "\"New connection from\" and \"Closed connection from\"",
        .reference = "Apache Pulsar binary protocol: CommandConnect, CommandConnected",
        .talk = pulsar_talk,
};
