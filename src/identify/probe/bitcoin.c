/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bitcoin and its kin: the message "version", which a node answers with its own. */
#include "identify/probe.h"

#define HEADER  24u
#define PAYLOAD 100u

/* Nobody speaks first, and each network takes only its own first four bytes: the port tells which. */
static const struct network {
        uint16_t port;
        char magic[5];
        const char *name;
} networks[] = {
        {8333, "\xf9\xbe\xb4\xd9", "bitcoin"},
        {18333, "\x0b\x11\x09\x07", "bitcoin testnet3"},
        {48333, "\x1c\x16\x3f\x28", "bitcoin testnet4"},
        {18444, "\xfa\xbf\xb5\xda", "bitcoin regtest"},
        {38333, "\x0a\x03\xcf\x40", "bitcoin signet"},
        {9333, "\xfb\xc0\xb6\xdb", "litecoin"},
        {9999, "\xbf\x0c\x6b\xbd", "dash"},
        {22556, "\xc0\xc0\xc0\xc0", "dogecoin"},
};

static const struct network *network_of(const struct talk *t)
{
        for (size_t i = 0; i < array_len(networks); i++)
                if (networks[i].port == t->port)
                        return &networks[i];
        return &networks[0];
}

static enum talk_next ask(struct talk *t)
{
        talk_send_bytes(t, network_of(t)->magic, 4);
        talk_send_bytes(t, "version\0\0\0\0\0", 12);
        talk_send_le32(t, PAYLOAD);
        talk_send_hex(t, "e29ad0a9"); /* of what follows, which therefore is the same each time */
        /* version 70015, no services, time, two addresses, a number by which a node knows itself */
        talk_send_hex(t, "7f110100 0000000000000000 00f1536500000000"
                         "0000000000000000 00000000000000000000ffff00000000 0000"
                         "0000000000000000 00000000000000000000ffff00000000 0000 7175617921736166");
        talk_send_u8(t, 14);
        talk_send_bytes(t, "/quaymaster:1/", 14);
        talk_send_hex(t, "00000000 00"); /* height 0; no transactions, please */
        t->step = 1;
        return TALK_SEND;
}

/* "/Satoshi:25.0.0/", "/Satoshi:0.21.1(comment)/Knots:20210629/" */
static void take_agent(struct talk *t, const char *text, size_t len)
{
        static const struct {
                const char *name, *product;
        } known[] = {{"Satoshi", "Bitcoin Core"},
                     {"LitecoinCore", "Litecoin Core"},
                     {"Dash Core", "Dash Core"},
                     {"Shibetoshi", "Dogecoin Core"},
                     {"btcd", "btcd"},
                     {"btcwire", "btcd"}};
        const char *colon, *end, *stop;

        talk_detail(t, "user-agent", text, len);
        if (len < 2 || *text != '/')
                return;
        end = text + len;
        colon = memchr(text, ':', len);
        if (!colon)
                return;
        for (stop = colon + 1; stop < end && *stop != '/' && *stop != '(';)
                stop++;
        for (size_t i = 0; i < array_len(known); i++)
                if (strlen(known[i].name) == (size_t)(colon - text) - 1 &&
                    memcmp(known[i].name, text + 1, strlen(known[i].name)) == 0)
                        talk_product(t, known[i].product, strlen(known[i].product));
        talk_product(t, text + 1, (size_t)(colon - text) - 1);
        talk_version(t, colon + 1, (size_t)(stop - colon) - 1);
}

static enum talk_next bitcoin_talk(struct talk *t)
{
        struct wire w = talk_in(t), body, agent;
        uint8_t nonce[8];
        char command[12];
        uint32_t len;

        if (!t->step)
                return ask(t);
        if (t->in_len < 4)
                return t->in_len && t->in[0] != (uint8_t)network_of(t)->magic[0] ? TALK_DONE : TALK_MORE;
        if (memcmp(t->in, network_of(t)->magic, 4) != 0)
                return TALK_DONE;
        wire_skip(&w, 4);
        wire_bytes(&w, command, sizeof(command));
        len = wire_le32(&w);
        wire_skip(&w, 4);
        if (t->in_len < HEADER)
                return TALK_MORE;
        if (memcmp(command, "version\0\0\0\0", 12) != 0 || len < 85 || len > 4096)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        body = wire_sub(&w, len);
        len = wire_le32(&body);
        wire_skip(&body, 8 + 8 + 26 + 26);
        wire_bytes(&body, nonce, sizeof(nonce));
        if (memcmp(nonce, "quay!saf", 8) == 0) /* our own bytes */
                return TALK_DONE;
        talk_confirm(t, "bitcoin");
        talk_detail_u64(t, "protocol-version", len);
        talk_detail(t, "network", network_of(t)->name, strlen(network_of(t)->name));
        agent = wire_sub(&body, wire_u8(&body));
        take_agent(t, (const char *)agent.at, wire_left(&agent));
        len = wire_le32(&body);
        if (!body.bad)
                talk_detail_u64(t, "height", len);
        return TALK_DONE;
}

const struct probe probe_bitcoin = {
        .name = "bitcoin",
        .protocol = "bitcoin",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "8333,18333,18444,38333,48333,9333,9999,22556",
        .safety = SAFETY_SESSION,
        .log = "a peer \"/quaymaster:1/\" that left at once",
        .reference = "Bitcoin: P2P network, version",
        .talk = bitcoin_talk,
};
