/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synergy and its heirs (Barrier, Input Leap, Deskflow): the server's hello, "Synergy" or "Barrier" and
 * two numbers.
 */
#include "identify/probe.h"

#define NAME_LEN 7u

static const char *const names[] = {"Synergy", "Barrier"};

/* The name, or NULL. */
static const char *hello(const uint8_t *data, size_t len)
{
        struct wire w = wire_over(data, len);
        uint32_t size = wire_be32(&w);

        if (len < 4 + NAME_LEN + 4 || size < NAME_LEN + 4 || size > 64)
                return NULL;
        for (size_t i = 0; i < array_len(names); i++)
                if (memcmp(data + 4, names[i], NAME_LEN) == 0)
                        return names[i];
        return NULL;
}

static enum recognition synergy_recognise(const struct heard *h)
{
        return hello(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next synergy_talk(struct talk *t)
{
        const char *name = hello(t->in, t->in_len);
        _cleanup_str_ struct str version = {0};
        struct wire w = talk_in(t);
        uint16_t major, minor;

        if (!name)
                return t->in_len < 4 + NAME_LEN + 4 ? TALK_MORE : TALK_DONE;
        talk_confirm(t, "synergy");
        talk_product(t, name, NAME_LEN);
        wire_skip(&w, 4 + NAME_LEN);
        major = wire_be16(&w);
        minor = wire_be16(&w);
        str_addf(&version, "%u.%u", major, minor);
        talk_detail(t, "protocol-version", version.text, version.len);
        return TALK_DONE;
}

const struct probe probe_synergy = {
        .name = "synergy",
        .protocol = "synergy",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "24800",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a client that connected and left",
        .reference = "Deskflow: the Synergy protocol, kMsgHello",
        .recognise = synergy_recognise,
        .talk = synergy_talk,
};
