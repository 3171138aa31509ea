/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STUN, then TURN on the same server: an allocation without credentials, which is refused where it is one. */
#include "identify/line.h"
#include "identify/probe.h"

#define COOKIE 0x2112a442u /* RFC 8489, 5 */

enum step { START, BINDING, ALLOCATE, RELEASE };

enum {
        BINDING_REQUEST = 0x0001,
        ALLOCATE_REQUEST = 0x0003,
        REFRESH_REQUEST = 0x0004,
        SUCCESS = 0x0100,
        FAILURE = 0x0110
};
enum { ERROR_CODE = 0x0009, REALM = 0x0014, SOFTWARE = 0x8022 };

static void add_header(struct talk *t, unsigned type, uint16_t len)
{
        talk_send_be16(t, (uint16_t)type);
        talk_send_be16(t, len);
        talk_send_be32(t, COOKIE);
        talk_send_be32(t, (uint32_t)type);
        talk_send_be32(t, (uint32_t)(t->nonce >> 32));
        talk_send_be32(t, (uint32_t)t->nonce);
}

struct message {
        unsigned type;
        unsigned error; /* 0 = none was told */
        struct line software, realm;
};

static void take_attribute(struct message *m, uint16_t type, const struct wire *value)
{
        struct line text = {(const char *)value->at, wire_left(value)};

        if (type == SOFTWARE)
                m->software = text;
        else if (type == REALM)
                m->realm = text;
        else if (type == ERROR_CODE && text.len >= 4)
                m->error = (value->at[2] & 7) * 100u + value->at[3];
}

/* 1: an answer to the request of this type, -1: none, 0: not whole yet */
static int read_answer(const struct talk *t, unsigned request, struct message *ret)
{
        struct wire w = talk_in(t);
        int short_ = t->transport == TRANSPORT_TCP ? 0 : -1;
        uint16_t len;

        *ret = (struct message){.type = wire_be16(&w)};
        len = wire_be16(&w);
        if (w.bad)
                return short_;
        if (ret->type != (request | SUCCESS) && ret->type != (request | FAILURE))
                return -1;
        if (t->in_len < 20u + len)
                return short_;
        if (wire_be32(&w) != COOKIE || wire_be32(&w) != request ||
            wire_be32(&w) != (uint32_t)(t->nonce >> 32) || wire_be32(&w) != (uint32_t)t->nonce)
                return -1;
        w = wire_sub(&w, len);
        while (wire_left(&w) >= 4) {
                uint16_t type = wire_be16(&w), n = wire_be16(&w);
                struct wire value = wire_sub(&w, n);

                if (w.bad)
                        break;
                take_attribute(ret, type, &value);
                wire_skip(&w, -(unsigned)n & 3u);
        }
        return 1;
}

/* "Coturn-4.6.1 'Gorst'": a name, and what begins with a digit is a version */
static void take_software(struct talk *t, const struct line *software)
{
        static const struct {
                const char *start, *product, *vendor, *cpe;
        } known[] = {
                {"Coturn-", "coturn", "coturn_project", "coturn"},
                {"Vovida.org ", "Vovida STUN server", NULL, NULL},
                {"restund v", "restund", NULL, NULL},
                {"eturnal ", "eturnal", NULL, NULL},
                {"ejabberd", "ejabberd", NULL, NULL},
        };
        size_t n = 0;

        talk_detail(t, "software", software->text, software->len);
        for (size_t i = 0; i < array_len(known) && !t->id->product; i++)
                if (line_starts_i(software, known[i].start)) {
                        struct line rest = line_after(software, strlen(known[i].start)),
                                    word = line_word(&rest, 0);

                        talk_product(t, known[i].product, strlen(known[i].product));
                        if (word.len && word.text[0] >= '0' && word.text[0] <= '9')
                                talk_version(t, word.text, word.len);
                        if (known[i].cpe)
                                talk_cpe(t, known[i].vendor, known[i].cpe);
                }
        while (n + 1 < software->len && !(strchr("-/ ", software->text[n]) && software->text[n] &&
                                          software->text[n + 1] >= '0' && software->text[n + 1] <= '9'))
                n++;
        if (n && n + 1 < software->len && !t->id->product) {
                struct line rest = line_after(software, n + 1), word = line_word(&rest, 0);

                talk_product(t, software->text, n);
                talk_version(t, word.text, word.len);
        }
        talk_product(t, software->text, software->len);
}

static enum talk_next bound(struct talk *t, const struct message *m)
{
        talk_confirm(t, "stun");
        if (m->software.len)
                take_software(t, &m->software);
        if (m->error)
                talk_detail_u64(t, "binding-error", m->error);
        add_header(t, ALLOCATE_REQUEST, 8);
        talk_send_hex(t, "0019 0004 11000000"); /* REQUESTED-TRANSPORT: UDP */
        t->patience_ms = 1000;
        t->step = ALLOCATE;
        return TALK_SEND;
}

static enum talk_next allocated(struct talk *t, const struct message *m)
{
        if (m->software.len)
                take_software(t, &m->software);
        talk_detail(t, "realm", m->realm.text, m->realm.len);
        if (m->type == (ALLOCATE_REQUEST | FAILURE)) {
                talk_detail(t, "turn", m->error == 401 ? "wants credentials" : "refused",
                            m->error == 401 ? 17 : 7);
                return TALK_DONE;
        }
        talk_detail(t, "turn", "open to strangers", 17);
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_flag(t, IDENTITY_RELAY);
        add_header(t, REFRESH_REQUEST, 8);
        talk_send_hex(t, "000d 0004 00000000"); /* LIFETIME 0: it is given back */
        t->step = RELEASE;
        return TALK_SEND;
}

static enum talk_next stun_talk(struct talk *t)
{
        struct message m;
        int state;

        if (t->step == START) {
                add_header(t, BINDING_REQUEST, 0);
                t->step = BINDING;
                return TALK_SEND;
        }
        if (t->step == RELEASE)
                return TALK_DONE;
        state = read_answer(t, t->step == BINDING ? BINDING_REQUEST : ALLOCATE_REQUEST, &m);
        if (state <= 0)
                return state ? TALK_DONE : TALK_MORE;
        return t->step == BINDING ? bound(t, &m) : allocated(t, &m);
}

const struct probe probe_stun = {
        .name = "stun",
        .protocol = "stun",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "3478-3481,5349,5350,19302",
        .udp_ports = "3478-3481,19302,19305",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .sweep_udp = SWEEP_SECOND,
        .log = "a binding, and an allocation refused for want of credentials",
        .reference = "RFC 8489, 5 and 14; RFC 8656, 7",
        .talk = stun_talk,
};
