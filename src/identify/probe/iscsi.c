/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iSCSI: a login request for discovery that stays in the stage of security negotiation, so that no session
 * can come of it; the response tells the target, and whether it would go on without CHAP (RFC 7143, 6.2,
 * 11.12 and 11.13).
 */
#include "identify/line.h"
#include "identify/probe.h"

#define HEADER       48u
#define DATA_MAX     8192u
#define LOGIN        0x03u
#define LOGIN_ANSWER 0x23u
#define REJECT       0x3fu

struct answer {
        uint8_t opcode, class, detail;
        uint32_t task;
        const uint8_t *text;
        size_t text_len;
};

enum state { PART, NONE, WHOLE };

static enum state read_answer(const uint8_t *data, size_t len, struct answer *ret)
{
        struct wire w = wire_over(data, len), header, text;
        uint32_t size;

        *ret = (struct answer){0};
        if (len && (data[0] & 0xc0 || (data[0] != LOGIN_ANSWER && data[0] != REJECT)))
                return NONE;
        header = wire_sub(&w, HEADER);
        if (w.bad)
                return PART;
        ret->opcode = wire_u8(&header);
        wire_skip(&header, 3);
        size = wire_be32(&header) & 0xffffff;
        wire_skip(&header, 8);
        ret->task = wire_be32(&header);
        wire_skip(&header, 16);
        ret->class = wire_u8(&header);
        ret->detail = wire_u8(&header);
        if (size > DATA_MAX)
                return NONE;
        text = wire_sub(&w, size);
        if (w.bad)
                return PART;
        ret->text = text.at;
        ret->text_len = wire_left(&text);
        return WHOLE;
}

static enum recognition iscsi_recognise(const struct heard *h)
{
        struct answer a;

        return h->asked && h->transport == TRANSPORT_TCP && read_answer(h->data, h->len, &a) == WHOLE
                       ? RECOGNISE_LIKELY
                       : RECOGNISE_NO;
}

/* Keys as "Name=value", each with a zero at its end (RFC 7143, 6.1) */
static void take_keys(struct talk *t, const uint8_t *at, size_t len)
{
        static const struct {
                const char *key, *detail;
        } known[] = {
                {"AuthMethod=", "authentication"},
                {"TargetAlias=", "target-alias"},
                {"TargetName=", "target-name"},
                {"TargetAddress=", "target-address"},
        };

        while (len) {
                const uint8_t *zero = memchr(at, 0, len);
                size_t n = zero ? (size_t)(zero - at) : len;

                for (size_t i = 0; i < array_len(known); i++)
                        if (data_starts(at, n, known[i].key))
                                talk_detail(t, known[i].detail, (const char *)at + strlen(known[i].key),
                                            n - strlen(known[i].key));
                at += zero ? n + 1 : n;
                len -= zero ? n + 1 : n;
        }
}

static enum talk_next iscsi_talk(struct talk *t)
{
        static const char keys[] =
                "InitiatorName=iqn.2004-10.invalid.quaymaster\0SessionType=Discovery\0AuthMethod=None\0";
        uint32_t len = sizeof(keys) - 1, task = (uint32_t)t->nonce & 0x7fffffff;
        struct answer a;

        if (!t->step) {
                talk_send_hex(t, "43 00 00 00"); /* immediate, no transition, security negotiation */
                talk_send_be32(t, len);
                talk_send_hex(t, "80 000001 0000 0000"); /* ISID of random form */
                talk_send_be32(t, task);
                talk_send_hex(t, "0000 0000 00000001 00000000 0000000000000000 0000000000000000");
                talk_send_bytes(t, keys, len);
                for (; len % 4; len++)
                        talk_send_u8(t, 0);
                t->step = 1;
                return TALK_SEND;
        }
        switch (read_answer(t->in, t->in_len, &a)) {
        case PART:
                return TALK_MORE;
        case NONE:
                return TALK_DONE;
        case WHOLE:
                break;
        }
        if (a.opcode == LOGIN_ANSWER && a.task != task)
                return TALK_DONE;
        talk_confirm(t, "iscsi");
        talk_evidence(t, t->in, t->in_len);
        take_keys(t, a.text, a.text_len);
        if (a.opcode == LOGIN_ANSWER && a.class == 2 && (a.detail == 1 || a.detail == 2))
                talk_detail(t, "authentication", "required", 8);
        if (a.opcode == LOGIN_ANSWER && a.class)
                talk_detail_u64(t, "login-status", (uint64_t)a.class << 8 | a.detail);
        return TALK_DONE;
}

const struct probe probe_iscsi = {
        .name = "iscsi",
        .protocol = "iscsi",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "860,3260",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a login that was not ended, of iqn.2004-10.invalid.quaymaster",
        .reference = "RFC 7143, 6.2, 11.12 and 11.13",
        .recognise = iscsi_recognise,
        .talk = iscsi_talk,
};
