/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Game servers on the Source engine and others that Steam lists: A2S_INFO, with the challenge where one is wanted. */
#include "identify/probe.h"

enum { INFO = 'I', INFO_OLD = 'm', CHALLENGE = 'A' };

static enum talk_next ask(struct talk *t)
{
        static const char request[] = "\xff\xff\xff\xffTSource Engine Query";

        talk_send_bytes(t, request, sizeof(request));
        t->step++;
        return TALK_SEND;
}

/* A string that ends with NUL; moves past it. */
static struct wire string(struct wire *w)
{
        const uint8_t *end = wire_left(w) ? memchr(w->at, 0, wire_left(w)) : NULL;
        struct wire text = wire_sub(w, end ? (size_t)(end - w->at) : SIZE_MAX);

        wire_skip(w, 1);
        return text;
}

static enum talk_next info(struct talk *t, struct wire w)
{
        struct wire name, map, folder, game, version;

        talk_detail_u64(t, "protocol-version", wire_u8(&w));
        name = string(&w);
        map = string(&w);
        folder = string(&w);
        game = string(&w);
        wire_skip(&w, 9); /* application, players, most players, bots, kind, system, password, VAC */
        if (w.bad)
                return TALK_DONE;
        talk_confirm(t, "a2s");
        version = string(&w);
        talk_product(t, (const char *)game.at, wire_left(&game));
        talk_detail(t, "name", (const char *)name.at, wire_left(&name));
        talk_detail(t, "map", (const char *)map.at, wire_left(&map));
        talk_detail(t, "folder", (const char *)folder.at, wire_left(&folder));
        if (!w.bad)
                talk_version(t, (const char *)version.at, wire_left(&version));
        return TALK_DONE;
}

static enum talk_next a2s_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        struct wire text;
        uint8_t kind;

        if (!t->step)
                return ask(t);
        if (wire_be32(&w) != 0xffffffff)
                return TALK_DONE;
        kind = wire_u8(&w);
        if (kind == CHALLENGE && t->step == 1 && t->in_len == 9) {
                enum talk_next next = ask(t);

                talk_likely(t, "a2s");
                talk_send_be32(t, wire_be32(&w));
                return next;
        }
        if (kind == INFO)
                return info(t, w);
        if (kind == INFO_OLD) { /* GoldSrc: address, name, map, folder, game */
                string(&w);
                text = string(&w);
                string(&w);
                string(&w);
                if (w.bad)
                        return TALK_DONE;
                talk_confirm(t, "a2s");
                talk_detail(t, "name", (const char *)text.at, wire_left(&text));
                text = string(&w);
                talk_product(t, (const char *)text.at, wire_left(&text));
        }
        return TALK_DONE;
}

const struct probe probe_a2s = {
        .name = "a2s",
        .protocol = "a2s",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "27015-27030,2457,7777,28015",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Valve: Server queries, A2S_INFO",
        .talk = a2s_talk,
};
