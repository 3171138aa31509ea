/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Java Debug Wire Protocol: the handshake, then Version. Who can say that much can run code there. */
#include "identify/line.h"
#include "identify/probe.h"

#define HANDSHAKE "JDWP-Handshake"

extern const struct probe probe_jdwp;

enum step { START, SHAKEN, VERSION };

/* Its handshake is our own words again, as an echo's would be: what follows parts them. */
static enum recognition jdwp_recognise(const struct heard *h)
{
        if (h->asked && h->asked != &probe_jdwp)
                return RECOGNISE_NO;
        return data_starts(h->data, h->len, HANDSHAKE) ? RECOGNISE_LIKELY : RECOGNISE_NO;
}

static void send_command(struct talk *t, uint32_t id, uint8_t command)
{
        talk_send_be32(t, 11);
        talk_send_be32(t, id);
        talk_send_hex(t, "00 01"); /* no reply, VirtualMachine */
        talk_send_u8(t, command);
}

static struct line text(struct wire *w)
{
        struct wire s = wire_sub(w, wire_be32(w));

        return (struct line){(const char *)s.at, w->bad ? 0 : wire_left(&s)};
}

/* Description, JDWP's version (two numbers), the machine's version and name (VirtualMachine command set, Version) */
static enum talk_next version(struct talk *t)
{
        struct wire w = talk_in(t), reply;
        uint32_t len = wire_be32(&w);
        struct line description, number, name;

        if (t->in_len < 11)
                return TALK_MORE;
        if (len < 11 || len > 8192)
                return TALK_DONE;
        if (t->in_len < len)
                return TALK_MORE;
        reply = wire_sub(&w, len - 4);
        if (wire_be32(&reply) != (uint32_t)t->nonce) { /* an event that came before it: 0x40 = Event */
                t->keep = t->in_len - len;
                return t->in[8] == 0 && t->in[9] == 0x40 && t->keep ? TALK_SEND : TALK_MORE;
        }
        if (wire_u8(&reply) != 0x80)
                return TALK_DONE; /* our command again */
        talk_confirm(t, "jdwp");
        talk_flag(t, IDENTITY_NO_AUTH);
        if (wire_be16(&reply) != 0)
                return TALK_DONE;
        description = text(&reply);
        wire_skip(&reply, 8);
        number = text(&reply);
        name = text(&reply);
        if (reply.bad)
                return TALK_DONE;
        talk_product(t, name.text, name.len);
        talk_version(t, number.text, number.len);
        talk_detail(t, "description", description.text, description.len);
        return TALK_DONE;
}

static enum talk_next jdwp_talk(struct talk *t)
{
        if (t->step == VERSION)
                return version(t);
        if (t->step == START && !t->in_len) {
                talk_send_bytes(t, HANDSHAKE, strlen(HANDSHAKE));
                t->step = SHAKEN;
                return TALK_SEND;
        }
        if (t->in_len < strlen(HANDSHAKE))
                return TALK_MORE;
        if (memcmp(t->in, HANDSHAKE, strlen(HANDSHAKE)) != 0)
                return TALK_DONE;
        if (t->step == START)
                talk_send_bytes(t, HANDSHAKE, strlen(HANDSHAKE));
        send_command(t, (uint32_t)t->nonce, 1);
        send_command(t, (uint32_t)t->nonce + 1, 6); /* Dispose: the debugger takes its leave */
        t->step = VERSION;
        return TALK_SEND;
}

const struct probe probe_jdwp = {
        .name = "jdwp",
        .protocol = "jdwp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5005,8000,8453,8787,9009,3999",
        .safety = SAFETY_SESSION,
        .log = "nothing; while it lasts (milliseconds) no other debugger can attach",
        .reference = "Java Debug Wire Protocol (Java SE documentation)",
        .recognise = jdwp_recognise,
        .talk = jdwp_talk,
};
