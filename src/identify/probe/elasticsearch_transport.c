/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elasticsearch and OpenSearch between nodes: the handshake of versions with which a connection begins. */
#include "identify/line.h"
#include "identify/probe.h"

enum { STATUS_ANSWER = 1, STATUS_ERROR = 2, STATUS_HANDSHAKE = 8 };

#define VERSION_ASKED   7170099u /* 7.17.0, which 7 and 8 accept in a handshake */
#define OPENSEARCH_MASK 0x08000000u
#define VERSION_LAST    8090000u /* later numbers are those of the transport, not of a release */

static bool not_http(const uint8_t *data, size_t len)
{
        return data_starts(data, len, "This is not a HTTP port") ||
               data_starts(data, len, "This is not an HTTP port");
}

static enum recognition elasticsearch_recognise(const struct heard *h)
{
        return h->asked && not_http(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next ask(struct talk *t)
{
        static const char action[] = "internal:tcp/handshake";
        uint8_t variable = 2 + 1 + sizeof(action) - 1;

        talk_send_bytes(t, "ES", 2);
        talk_send_be32(t, (uint32_t)(8 + 1 + 4 + 4 + 1 + variable + 1 + 1 + 4));
        talk_send_be32(t, 0);
        talk_send_be32(t, (uint32_t)(t->nonce & 0x7fffffff));
        talk_send_u8(t, STATUS_HANDSHAKE);
        talk_send_be32(t, VERSION_ASKED);
        talk_send_be32(t, variable + 1u);
        talk_send_hex(t, "00 00 00"); /* no headers, no features */
        talk_send_u8(t, sizeof(action) - 1);
        talk_send_bytes(t, action, sizeof(action) - 1);
        talk_send_hex(
                t,
                "00  04 b3 d0 b5 03"); /* no parent task; its body: the version as a number of 7 bits a byte */
        return TALK_SEND;
}

static uint32_t number(struct wire *w)
{
        uint32_t value = 0;

        for (unsigned shift = 0; shift < 35; shift += 7) {
                uint8_t byte = wire_u8(w);

                value |= shift < 32 ? (uint32_t)(byte & 0x7f) << shift : 0;
                if (!(byte & 0x80))
                        return value;
        }
        w->bad = true;
        return 0;
}

static void take_version(struct talk *t, uint32_t id)
{
        _cleanup_str_ struct str version = {0};
        bool open = id & OPENSEARCH_MASK;

        id &= ~OPENSEARCH_MASK;
        talk_product(t, open ? "OpenSearch" : "Elasticsearch", open ? 10 : 13);
        if (id < 1000000 || (!open && id >= VERSION_LAST))
                return;
        str_addf(&version, "%u.%u.%u", id / 1000000, id / 10000 % 100, id / 100 % 100);
        talk_version(t, version.text, version.len);
        talk_cpe(t, open ? "amazon" : "elastic", open ? "opensearch" : "elasticsearch");
}

/*
 * "ES", length, id, status, version; since 7.6 the length of the headers, which are two empty maps in an
 * answer
 */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint32_t len, version;
        uint8_t status;

        if (not_http(t->in, t->in_len))
                return TALK_DONE;
        if (t->in_len < 6)
                return TALK_MORE;
        if (wire_be16(&w) != 0x4553)
                return TALK_DONE;
        len = wire_be32(&w);
        if (len < 13 || len > 65536)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        body = wire_sub(&w, len);
        wire_skip(&body, 8);
        status = wire_u8(&body);
        if (!(status & STATUS_ANSWER))
                return TALK_DONE;
        talk_confirm(t, "elasticsearch-transport");
        if (wire_be32(&body) >= 7060099u)
                wire_skip(&body, 4);
        wire_skip(&body, 2);
        version = number(&body);
        if (!(status & STATUS_ERROR) && !body.bad && version)
                take_version(t, version);
        return TALK_DONE;
}

static enum talk_next elasticsearch_transport_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_elasticsearch_transport = {
        .name = "elasticsearch-transport",
        .protocol = "elasticsearch-transport",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9300-9305",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default",
        .reference = "Elasticsearch, org.elasticsearch.transport: TcpHeader, TransportHandshaker",
        .recognise = elasticsearch_recognise,
        .talk = elasticsearch_transport_talk,
};
