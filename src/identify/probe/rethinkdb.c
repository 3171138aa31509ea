/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RethinkDB's driver port: the version of its handshake, which the server answers with its own before any
 * name.
 */
#include "identify/member.h"
#include "identify/probe.h"

static const char other_version[] =
        "ERROR: Received an unsupported protocol version. This port is for RethinkDB queries";

static enum recognition rethinkdb_recognise(const struct heard *h)
{
        return h->asked && data_starts(h->data, h->len, other_version) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next rethinkdb_talk(struct talk *t)
{
        const uint8_t *zero;
        struct line value;

        if (!t->step++) {
                talk_send_le32(t, 0x34c2bdc3); /* V1_0 */
                return TALK_SEND;
        }
        if (data_starts(t->in, t->in_len, other_version)) {
                talk_confirm(t, "rethinkdb");
                talk_product(t, "RethinkDB", 9);
                return TALK_DONE;
        }
        zero = t->in_len ? memchr(t->in, 0, t->in_len) : NULL;
        if (!zero)
                return t->in_len < 4096 ? TALK_MORE : TALK_DONE;
        if (!member_find(t->in, (size_t)(zero - t->in), "server_version", &value))
                return TALK_DONE;
        talk_confirm(t, "rethinkdb");
        talk_product(t, "RethinkDB", 9);
        talk_version(t, value.text, value.len);
        talk_cpe(t, "rethinkdb", "rethinkdb");
        return TALK_DONE;
}

const struct probe probe_rethinkdb = {
        .name = "rethinkdb",
        .protocol = "rethinkdb",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "28015",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default",
        .reference = "RethinkDB, Writing RethinkDB drivers: V1_0 handshake",
        .recognise = rethinkdb_recognise,
        .talk = rethinkdb_talk,
};
