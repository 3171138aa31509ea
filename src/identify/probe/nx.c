/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NoMachine NX: client and daemon tell each other their versions in a line. */
#include "identify/line.h"
#include "identify/probe.h"

static bool names_itself(const uint8_t *data, size_t len)
{
        return data_starts(data, len, "NXD-") || data_starts(data, len, "NXSERVER - ");
}

static enum recognition nx_recognise(const struct heard *h)
{
        return names_itself(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next nx_talk(struct talk *t)
{
        struct line line;
        size_t at = 0, start = 4;

        if (!t->step && !t->in_len) {
                talk_send_bytes(t, "NXSH-7.0.0\n", 11);
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len && t->in[0] != 'N')
                return TALK_DONE;
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 256 ? TALK_MORE : TALK_DONE;
        if (!names_itself(t->in, t->in_len))
                return TALK_DONE;
        talk_encryption(t, t->tls ? ENCRYPTION_TLS : ENCRYPTION_NATIVE);
        talk_confirm(t, "nx");
        talk_product(t, "NoMachine", 9);
        if (line_starts(&line, "NXD-") && line.len > start && line.text[start] >= '0' &&
            line.text[start] <= '9')
                talk_version(t, line.text + start, line.len - start);
        return TALK_DONE;
}

const struct probe probe_nx = {
        .name = "nx",
        .protocol = "nx",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4000,4010-4020",
        .safety = SAFETY_SESSION,
        .log = "a connection that ended before its handshake (nxd.log)",
        .reference = "NoMachine: the NX protocol's first lines, as its clients say them",
        .recognise = nx_recognise,
        .talk = nx_talk,
};
