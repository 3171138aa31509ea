/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minecraft (Java): the status that the game's list of servers shows. */
#include "identify/line.h"
#include "identify/probe.h"
#include "identify/product.h"

static uint32_t varint(struct wire *w)
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

static enum talk_next ask(struct talk *t)
{
        size_t len = strlen(t->name) < 100 ? strlen(t->name) : 100;

        talk_send_u8(t, (uint8_t)(6 + len));
        talk_send_hex(t, "00 2f"); /* handshake; a version that all know */
        talk_send_u8(t, (uint8_t)len);
        talk_send_bytes(t, t->name, len);
        talk_send_be16(t, t->port);
        talk_send_hex(t, "01  01 00"); /* status; and the request for it */
        t->step = 1;
        return TALK_SEND;
}

static bool text_after(const struct line *json, const char *key, struct line *ret)
{
        const char *at = memmem(json->text, json->len, key, strlen(key)), *end;

        if (!at)
                return false;
        at += strlen(key);
        *ret = (struct line){at, json->len - (size_t)(at - json->text)};
        while (ret->len && strchr(" :\"{", *ret->text) && *ret->text) {
                ret->text++;
                ret->len--;
        }
        end = memchr(ret->text, '"', ret->len);
        if (end)
                ret->len = (size_t)(end - ret->text);
        return ret->len != 0;
}

static enum talk_next minecraft_talk(struct talk *t)
{
        struct wire w = talk_in(t), body;
        struct line json, name, word;
        uint32_t len;

        if (!t->step)
                return ask(t);
        len = varint(&w);
        if (w.bad)
                return t->in_len < 5 ? TALK_MORE : TALK_DONE;
        if (len < 4 || len > 262144)
                return TALK_DONE;
        if (wire_left(&w) < len && !t->ended && !t->waited && t->in_len < 32768)
                return TALK_MORE;
        body = wire_sub(&w, wire_left(&w) < len ? wire_left(&w) : len);
        if (varint(&body) != 0)
                return TALK_DONE;
        (void)varint(&body);
        json = (struct line){(const char *)body.at, wire_left(&body)};
        if (body.bad || !json.len || *json.text != '{' || !memmem(json.text, json.len, "\"protocol\"", 10))
                return TALK_DONE;
        talk_confirm(t, "minecraft");
        talk_evidence(t, json.text, json.len);
        talk_detail(t, "status", json.text, json.len);
        if (!text_after(&json, "\"version\"", &name) || !text_after(&json, "\"name\"", &word))
                return TALK_DONE;
        for (size_t i = 0; i < json.len; i++) { /* the name within "version" */
                struct line rest = {json.text + i, json.len - i};

                if (!line_starts(&rest, "\"version\""))
                        continue;
                if (text_after(&rest, "\"name\"", &word))
                        (void)product_take(t, &word, NULL, 0);
                break;
        }
        if (!t->id->product) { /* "1.19.4": the game's own server */
                talk_product(t, "Minecraft", 9);
                word = product_version(&word);
                talk_version(t, word.text, word.len);
        }
        return TALK_DONE;
}

const struct probe probe_minecraft = {
        .name = "minecraft",
        .protocol = "minecraft",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "25565-25570",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing, or a status request",
        .reference = "Minecraft Java Edition protocol, Server List Ping",
        .talk = minecraft_talk,
};
