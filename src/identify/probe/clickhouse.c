/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ClickHouse's native port: its own opening would need a user name; HTTP is answered with a text that no
 * other has, and so HTTP is what is said.
 */
#include "identify/line.h"
#include "identify/probe.h"

static bool telling(const uint8_t *data, size_t len)
{
        static const char text[] = "is for clickhouse-client program";

        return data_starts(data, len, "HTTP/1.") && memmem(data, len, text, sizeof(text) - 1);
}

static enum recognition clickhouse_recognise(const struct heard *h)
{
        return h->asked && telling(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next clickhouse_talk(struct talk *t)
{
        if (!t->step++) {
                talk_send_bytes(t, "GET / HTTP/1.0\r\n\r\n", 18);
                return TALK_SEND;
        }
        if (!telling(t->in, t->in_len))
                return t->in_len < 1024 ? TALK_MORE : TALK_DONE;
        talk_confirm(t, "clickhouse");
        talk_product(t, "ClickHouse", 10);
        talk_cpe(t, "clickhouse", "clickhouse");
        return TALK_DONE;
}

const struct probe probe_clickhouse = {
        .name = "clickhouse",
        .protocol = "clickhouse",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9000,9440",
        .safety = SAFETY_QUERY,
        .log = "\"Client has connected to wrong port\"",
        .reference = "ClickHouse, TCPHandler: answer to HTTP on the native port",
        .recognise = clickhouse_recognise,
        .talk = clickhouse_talk,
};
