/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kafka: ApiVersions, which a client asks before it authenticates. Topics are not asked for. */
#include "identify/probe.h"

enum { API_VERSIONS = 18, LEADER_AND_ISR = 4, CONTROLLED_SHUTDOWN = 7, DESCRIBE_QUORUM = 55 };

#define KEYS_MAX 512u

static uint32_t id_of(const struct talk *t)
{
        return (uint32_t)(t->nonce & 0x7fffffff);
}

static enum talk_next ask(struct talk *t)
{
        talk_send_be32(t, 8 + 2 + 10);
        talk_send_be16(t, API_VERSIONS);
        talk_send_be16(t, 0);
        talk_send_be32(t, id_of(t));
        talk_send_be16(t, 10);
        talk_send_bytes(t, "quaymaster", 10);
        return TALK_SEND;
}

/* Size, id, error, count, (key, lowest, highest version)... */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t size = wire_be32(&w), n;
        uint64_t highest[KEYS_MAX / 64] = {0};
        unsigned versions = 0;
        uint16_t error;

        if (t->in_len < 4)
                return TALK_MORE;
        if (size < 10 || size > 10 + KEYS_MAX * 6 + 64)
                return TALK_DONE;
        if (t->in_len >= 8 && wire_be32(&w) != id_of(t))
                return TALK_DONE;
        if (t->in_len < 4 + (size_t)size)
                return TALK_MORE;
        error = wire_be16(&w);
        n = wire_be32(&w);
        if ((error && error != 35) || !n || n > KEYS_MAX || wire_left(&w) < n * 6)
                return TALK_DONE;
        for (uint32_t i = 0; i < n; i++) {
                uint16_t key = wire_be16(&w), low = wire_be16(&w), high = wire_be16(&w);

                if (low > high || high > 1000)
                        return TALK_DONE;
                if (key < KEYS_MAX)
                        highest[key / 64] |= 1ull << (key % 64);
                if (key == API_VERSIONS)
                        versions = high + 1u;
        }
        if (!versions)
                return TALK_DONE;
        talk_confirm(t, "kafka");
        talk_detail_u64(t, "api-versions", versions - 1);
        talk_detail_u64(t, "apis", n);
        /* those between brokers, which others that speak the protocol do without */
        if (highest[0] & 1ull << DESCRIBE_QUORUM ||
            (highest[0] & 1ull << LEADER_AND_ISR && highest[0] & 1ull << CONTROLLED_SHUTDOWN))
                talk_product(t, "Apache Kafka", 12);
        return TALK_DONE;
}

static enum talk_next kafka_talk(struct talk *t)
{
        return t->step++ ? answer(t) : ask(t);
}

const struct probe probe_kafka = {
        .name = "kafka",
        .protocol = "kafka",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9092-9098,19092,29092",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default",
        .reference = "Kafka protocol guide, ApiVersions (key 18) version 0",
        .talk = kafka_talk,
};
