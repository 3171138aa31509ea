/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenWire, the protocol of ActiveMQ: the server's WIREFORMAT_INFO comes first and tells its product. */
#include "identify/line.h"
#include "identify/probe.h"

static enum recognition openwire_recognise(const struct heard *h)
{
        return h->len >= 13 && h->data[4] == 1 && memcmp(h->data + 5, "ActiveMQ", 8) == 0 ? RECOGNISE_SURE
                                                                                          : RECOGNISE_NO;
}

/* The value of a string property: the key, type 9, length, text. */
static bool property(const struct talk *t, const char *key, struct line *ret)
{
        const uint8_t *at = memmem(t->in, t->in_len, key, strlen(key));
        struct wire w, text;

        if (!at)
                return false;
        at += strlen(key);
        w = wire_over(at, t->in_len - (size_t)(at - t->in));
        if (wire_u8(&w) != 9)
                return false;
        text = wire_sub(&w, wire_be16(&w));
        *ret = (struct line){(const char *)text.at, wire_left(&text)};
        return !w.bad;
}

static enum talk_next openwire_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t len = wire_be32(&w);
        struct line value;

        if (t->in_len < 17)
                return TALK_MORE;
        if (memcmp(t->in + 4, "\1ActiveMQ", 9) != 0)
                return TALK_DONE;
        talk_confirm(t, "openwire");
        if (len < 65536 && wire_left(&w) < len)
                return TALK_MORE;
        wire_skip(&w, 9);
        talk_detail_u64(t, "protocol-version", wire_be32(&w));
        if (property(t, "ProviderName", &value))
                talk_product(t, value.text, value.len);
        talk_product(t, "ActiveMQ", 8);
        if (property(t, "ProviderVersion", &value)) {
                talk_version(t, value.text, value.len);
                if (streq(t->id->product, "ActiveMQ"))
                        talk_cpe(t, "apache", "activemq");
        }
        if (property(t, "PlatformDetails", &value))
                talk_detail(t, "platform", value.text, value.len);
        return TALK_DONE;
}

const struct probe probe_openwire = {
        .name = "openwire",
        .protocol = "openwire",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "61616,61617,61618",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection that ended before the handshake",
        .reference = "ActiveMQ, OpenWire version 2 specification, \"Initial Handshaking\"",
        .recognise = openwire_recognise,
        .talk = openwire_talk,
};
