/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minecraft Bedrock and other games on RakNet: the ping of those that are not connected. */
#include "identify/line.h"
#include "identify/probe.h"

#define MAGIC "\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78"

/* The n-th part of "MCPE;name;390;1.14.60;0;10;..." */
static struct line field(struct line all, unsigned n)
{
        for (;; n--) {
                const char *end = all.len ? memchr(all.text, ';', all.len) : NULL;
                size_t len = end ? (size_t)(end - all.text) : all.len;

                if (!n)
                        return (struct line){all.text, len};
                if (!end)
                        return (struct line){all.text, 0};
                all = (struct line){end + 1, all.len - len - 1};
        }
}

static enum talk_next ask(struct talk *t)
{
        talk_send_u8(t, 0x01);
        talk_send_be32(t, (uint32_t)(t->nonce >> 32));
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_bytes(t, MAGIC, 16);
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_be32(t, 0);
        t->step = 1;
        return TALK_SEND;
}

static enum talk_next bedrock_talk(struct talk *t)
{
        struct wire w = talk_in(t), text;
        struct line all, edition, version, name;

        if (!t->step)
                return ask(t);
        if (wire_u8(&w) != 0x1c || wire_be32(&w) != (uint32_t)(t->nonce >> 32) ||
            wire_be32(&w) != (uint32_t)t->nonce)
                return TALK_DONE;
        wire_skip(&w, 8);
        if (wire_left(&w) < 16 || memcmp(w.at, MAGIC, 16) != 0)
                return TALK_DONE;
        wire_skip(&w, 16);
        text = wire_sub(&w, wire_be16(&w));
        all = (struct line){(const char *)text.at, wire_left(&text)};
        edition = field(all, 0);
        if (!line_starts(&edition, "MC")) {
                talk_confirm(t, "raknet");
                talk_detail(t, "message", all.text, all.len);
                return TALK_DONE;
        }
        talk_confirm(t, "minecraft-bedrock");
        talk_product(t, "Minecraft Bedrock", 17);
        name = field(all, 1);
        version = field(all, 3);
        talk_version(t, version.text, version.len);
        talk_detail(t, "edition", edition.text, edition.len);
        talk_detail(t, "name", name.text, name.len);
        return TALK_DONE;
}

const struct probe probe_minecraft_bedrock = {
        .name = "minecraft-bedrock",
        .protocol = "minecraft-bedrock",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "19132,19133",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RakNet: unconnected ping",
        .talk = bedrock_talk,
};
