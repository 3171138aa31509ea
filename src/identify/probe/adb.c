/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Android Debug Bridge: CNXN, answered by CNXN (open to all), AUTH (wants a key) or STLS (wants TLS)
 * (AOSP: adb/protocol.txt).
 */
#include "identify/line.h"
#include "identify/probe.h"

#define HEADER   24u
#define DATA_MAX 4096u
#define CNXN     0x4e584e43u
#define AUTH     0x48545541u
#define STLS     0x534c5453u

struct message {
        uint32_t command, size;
        const uint8_t *data;
};

/* False when it is none; ->data NULL when it is not whole. */
static bool read_message(const uint8_t *at, size_t len, struct message *ret)
{
        struct wire w = wire_over(at, len), data;
        uint32_t magic;

        *ret = (struct message){0};
        ret->command = wire_le32(&w);
        wire_skip(&w, 8);
        ret->size = wire_le32(&w);
        wire_skip(&w, 4);
        magic = wire_le32(&w);
        if (w.bad)
                return len < 4 || ret->command == CNXN || ret->command == AUTH || ret->command == STLS;
        if ((ret->command ^ magic) != 0xffffffff || ret->size > DATA_MAX)
                return false;
        data = wire_sub(&w, ret->size);
        if (!w.bad)
                ret->data = data.at;
        return ret->command == CNXN || ret->command == AUTH || ret->command == STLS;
}

static enum recognition adb_recognise(const struct heard *h)
{
        struct message m;

        return h->len >= HEADER && read_message(h->data, h->len, &m) ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* "device::ro.product.name=a;ro.product.model=b;...;features=..." */
static void take_banner(struct talk *t, const uint8_t *data, size_t len)
{
        static const struct {
                const char *key, *detail;
        } known[] = {
                {"ro.product.name=", "device-name"},
                {"ro.product.model=", "model"},
                {"ro.product.device=", "device"},
                {"features=", "features"},
        };

        for (size_t i = 0; i < array_len(known); i++) {
                const char *at = memmem(data, len, known[i].key, strlen(known[i].key));
                const char *semicolon;
                size_t left;

                if (!at)
                        continue;
                at += strlen(known[i].key);
                left = len - (size_t)((const uint8_t *)at - data);
                semicolon = memchr(at, ';', left);
                talk_detail(t, known[i].detail, at, semicolon ? (size_t)(semicolon - at) : left);
        }
}

static enum talk_next adb_talk(struct talk *t)
{
        struct message m;

        if (!t->step) {
                uint32_t sum = 0;

                for (const char *c = "host::"; *c; c++)
                        sum += (unsigned char)*c;
                talk_send_le32(t, CNXN);
                talk_send_hex(t, "00000001 00100000 07000000");
                talk_send_le32(t, sum);
                talk_send_le32(t, ~CNXN);
                talk_send_bytes(t, "host::", 7);
                t->step = 1;
                return TALK_SEND;
        }
        if (t->step == 2)
                return TALK_DONE;
        if (!read_message(t->in, t->in_len, &m))
                return TALK_DONE;
        if (t->in_len < HEADER || !m.data)
                return TALK_MORE;
        if (m.command == CNXN && data_starts(m.data, m.size, "host:"))
                return TALK_DONE; /* our own */
        talk_evidence(t, t->in, HEADER);
        if (m.command == CNXN) {
                talk_confirm(t, "adb");
                talk_flag(t, IDENTITY_NO_AUTH);
                take_banner(t, m.data, m.size);
                return TALK_DONE;
        }
        if (m.command == AUTH) {
                talk_confirm(t, "adb");
                talk_detail(t, "authentication", "key", 3);
                return TALK_DONE;
        }
        talk_encryption(t, t->tls ? ENCRYPTION_TLS : ENCRYPTION_STARTTLS);
        talk_confirm(t, "adb");
        talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        return TALK_DONE; /* its TLS is for known keys alone */
}

const struct probe probe_adb = {
        .name = "adb",
        .protocol = "adb",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5555-5559",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "adbd: a connection without a key",
        .reference = "Android Open Source Project: packages/modules/adb, protocol.txt",
        .recognise = adb_recognise,
        .talk = adb_talk,
};
