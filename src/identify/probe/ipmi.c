/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPMI: which ways of authentication a management controller takes (it tells anybody, before a session), and the ping
 * of RMCP, which tells the maker, or that it is no IPMI.
 */
#include "identify/enterprise.h"
#include "identify/probe.h"

enum step { START, CAPABILITIES, PING };

enum { CLASS_ASF = 6, CLASS_IPMI = 7, PONG = 0x40 };

static enum talk_next ask(struct talk *t)
{
        /* RMCP; no authentication, sequence 0, session 0; 9 bytes: Get Channel Authentication Capabilities of this
         * channel, with the data of version 2.0, for the level of an administrator */
        talk_send_hex(t, "06 00 ff 07  00 00000000 00000000  09  20 18 c8  81 00 38 8e 04 b5");
        t->step = CAPABILITIES;
        return TALK_SEND;
}

static enum talk_next ping(struct talk *t)
{
        talk_send_hex(t, "06 00 ff 06  000011be  80");
        talk_send_u8(t, (uint8_t)((uint8_t)t->nonce % 254 + 1)); /* 255 = wants no answer */
        talk_send_hex(t, "00 00");
        t->patience_ms = 1000;
        t->step = PING;
        return TALK_SEND;
}

/* IPMI 2.0, 22.13 */
static enum talk_next capabilities(struct talk *t, struct wire w)
{
        static const struct {
                uint8_t bit;
                const char *name;
        } ways[] = {{0, "none"}, {1, "md2"}, {2, "md5"}, {4, "password"}, {5, "oem"}};
        _cleanup_str_ struct str list = {0};
        uint8_t types, status, extended;
        uint32_t maker;

        wire_skip(&w, 9);                               /* authentication, sequence, session */
        wire_skip(&w, 1);                               /* length */
        if (wire_u8(&w) != 0x81 || wire_u8(&w) != 0x1c) /* to us; network function App, a response */
                return TALK_DONE;
        wire_skip(&w, 3);
        if (wire_u8(&w) != 0x38 || w.bad)
                return TALK_DONE;
        talk_confirm(t, "ipmi");
        if (wire_u8(&w) != 0) /* completion code */
                return ping(t);
        wire_skip(&w, 1);
        types = wire_u8(&w);
        status = wire_u8(&w);
        extended = wire_u8(&w);
        maker = wire_le16(&w);
        maker |= (uint32_t)wire_u8(&w) << 16;
        if (w.bad)
                return ping(t);
        for (size_t i = 0; i < array_len(ways); i++)
                if (types >> ways[i].bit & 1)
                        str_addf(&list, "%s%s", list.len ? "," : "", ways[i].name);
        talk_detail(t, "authentication", str_text(&list), list.len);
        talk_detail(t, "protocol-version", types & 0x80 && extended & 2 ? "2.0" : "1.5", 3);
        if (status & 1)
                talk_detail(t, "anonymous-login", "enabled", 7);
        if (status & 2)
                talk_detail(t, "null-user", "enabled", 7);
        if (types & 1)
                talk_flag(t, IDENTITY_NO_AUTH);
        if (types & 0x10)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (maker && enterprise_name(maker))
                talk_detail(t, "vendor", enterprise_name(maker), strlen(enterprise_name(maker)));
        return maker ? TALK_DONE : ping(t);
}

/* ASF 2.0, 3.2.4.3; IPMI 2.0, 13.2.4 */
static enum talk_next pong(struct talk *t, struct wire w)
{
        uint32_t maker;

        if (wire_be32(&w) != 0x11be || wire_u8(&w) != PONG)
                return TALK_DONE;
        wire_skip(&w, 1); /* tag: some give 0 */
        if (wire_be16(&w) < 16)
                return TALK_DONE;
        maker = wire_be32(&w);
        wire_skip(&w, 4);
        if (wire_u8(&w) & 0x80 && !w.bad)
                talk_confirm(t, "ipmi");
        else if (!w.bad && t->id->confidence != CONFIDENCE_CONFIRMED)
                talk_confirm(t, "asf-rmcp");
        if (!w.bad && enterprise_name(maker))
                talk_detail(t, "vendor", enterprise_name(maker), strlen(enterprise_name(maker)));
        return TALK_DONE;
}

static enum talk_next ipmi_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t class;

        if (t->step == START)
                return ask(t);
        if (!t->in_len)
                return t->step == CAPABILITIES ? ping(t) : TALK_DONE;
        if (wire_u8(&w) != 6)
                return TALK_DONE;
        wire_skip(&w, 2);
        class = wire_u8(&w);
        if (class == CLASS_IPMI && t->step == CAPABILITIES)
                return capabilities(t, w);
        return (class & 0x7f) == CLASS_ASF ? pong(t, w) : TALK_DONE;
}

const struct probe probe_ipmi = {
        .name = "ipmi",
        .protocol = "ipmi",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "623,664",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "IPMI 2.0, 13.2 and 22.13; ASF 2.0, 3.2.4",
        .talk = ipmi_talk,
};
