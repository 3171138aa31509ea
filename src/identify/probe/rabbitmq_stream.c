/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RabbitMQ's stream protocol: PeerProperties, exchanged before authentication. */
#include "identify/line.h"
#include "identify/probe.h"

enum { PEER_PROPERTIES = 0x0011, ANSWER = 0x8000, CODE_OK = 1 };

static enum talk_next ask(struct talk *t)
{
        talk_send_be32(t, 2 + 2 + 4 + 4);
        talk_send_be16(t, PEER_PROPERTIES);
        talk_send_be16(t, 1);
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_be32(t, 0);
        return TALK_SEND;
}

static struct line string_of(struct wire *w)
{
        struct wire text = wire_sub(w, wire_be16(w));

        return (struct line){(const char *)text.at, wire_left(&text)};
}

static void take_properties(struct talk *t, struct wire *w)
{
        uint32_t n = wire_be32(w);

        for (uint32_t i = 0; i < n && i < 64 && !w->bad; i++) {
                struct line name = string_of(w), value = string_of(w);

                if (name.len == 7 && line_starts(&name, "product"))
                        talk_product(t, value.text, value.len);
                else if (name.len == 7 && line_starts(&name, "version"))
                        talk_version(t, value.text, value.len);
                else if (name.len == 8 && line_starts(&name, "platform"))
                        talk_detail(t, "platform", value.text, value.len);
                else if (name.len == 12 && line_starts(&name, "cluster_name"))
                        talk_detail(t, "cluster", value.text, value.len);
        }
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t size = wire_be32(&w);

        if (t->in_len < 4)
                return TALK_MORE;
        if (size < 10 || size > 65536)
                return TALK_DONE;
        if (wire_left(&w) < size)
                return TALK_MORE;
        w = wire_sub(&w, size);
        if (wire_be16(&w) != (ANSWER | PEER_PROPERTIES) || wire_be16(&w) != 1 ||
            wire_be32(&w) != (uint32_t)t->nonce)
                return TALK_DONE;
        talk_confirm(t, "rabbitmq-stream");
        if (wire_be16(&w) == CODE_OK)
                take_properties(t, &w);
        if (t->id->product && streq(t->id->product, "RabbitMQ"))
                talk_cpe(t, "vmware", "rabbitmq");
        return TALK_DONE;
}

static enum talk_next rabbitmq_stream_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_rabbitmq_stream = {
        .name = "rabbitmq-stream",
        .protocol = "rabbitmq-stream",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5551,5552",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "an ended connection",
        .reference = "RabbitMQ Stream Protocol Reference: PeerProperties",
        .talk = rabbitmq_stream_talk,
};
