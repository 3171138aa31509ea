/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AFP over DSI: DSIGetStatus, which tells the server's name, kind, versions and ways to log in (AFP
 * Reference, FPGetSrvrInfo).
 */
#include "identify/line.h"
#include "identify/probe.h"

#define HEADER     16u
#define STATUS_MAX 4096u
#define REQUEST_ID 0x514du

static bool header(const uint8_t *data, size_t len, uint32_t *size)
{
        struct wire w = wire_over(data, len);
        uint8_t flags = wire_u8(&w), command = wire_u8(&w);
        uint32_t error;

        wire_skip(&w, 2);
        error = wire_be32(&w);
        *size = wire_be32(&w);
        wire_skip(&w, 4);
        return !w.bad && flags == 1 && command == 3 && error == 0 && *size >= 20 && *size <= STATUS_MAX;
}

static enum recognition afp_recognise(const struct heard *h)
{
        uint32_t size;

        return h->asked && header(h->data, h->len, &size) && h->len == HEADER + size ? RECOGNISE_LIKELY
                                                                                     : RECOGNISE_NO;
}

/* A text of one byte of length, at an offset. */
static struct wire pascal(struct wire status, uint16_t offset)
{
        wire_skip(&status, offset);
        return wire_sub(&status, wire_u8(&status));
}

static void take_list(struct talk *t, struct wire status, uint16_t offset, const char *key)
{
        _cleanup_str_ struct str all = {0};
        uint8_t n;

        wire_skip(&status, offset);
        for (n = wire_u8(&status); n && n < 32 && !status.bad; n--) {
                struct wire one = wire_sub(&status, wire_u8(&status));
                struct line name = {(const char *)one.at, wire_left(&one)};

                if (status.bad)
                        break;
                str_add(&all, all.len ? "," : "");
                str_add_n(&all, name.text, name.len);
                if (line_find_i(&name, "Cleartxt") && !t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
                if (line_find_i(&name, "No User Authent"))
                        talk_flag(t, IDENTITY_NO_AUTH);
        }
        talk_detail(t, key, all.text, all.len);
}

/* "Netatalk3.1.12" */
static void take_machine(struct talk *t, struct wire machine)
{
        size_t start = strlen("Netatalk");

        if (data_starts(machine.at, wire_left(&machine), "Netatalk")) {
                talk_product(t, "Netatalk", start);
                talk_version(t, (const char *)machine.at + start, wire_left(&machine) - start);
                talk_cpe(t, "netatalk", "netatalk");
                return;
        }
        talk_product(t, (const char *)machine.at, wire_left(&machine));
}

static enum talk_next afp_talk(struct talk *t)
{
        struct wire w = talk_in(t), status, fields, name;
        uint16_t machine, versions, methods;
        uint32_t size;

        if (!t->step) {
                talk_send_hex(t, "00 03 514d 00000000 00000000 00000000");
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len < HEADER)
                return TALK_MORE;
        wire_skip(&w, 2);
        if (!header(t->in, t->in_len, &size) || wire_be16(&w) != REQUEST_ID)
                return TALK_DONE;
        wire_skip(&w, 12);
        status = wire_sub(&w, size);
        if (w.bad)
                return TALK_MORE;
        talk_confirm(t, "afp");
        fields = status;
        machine = wire_be16(&fields);
        versions = wire_be16(&fields);
        methods = wire_be16(&fields);
        name = pascal(status, 10);
        talk_hostname(t, (const char *)name.at, wire_left(&name));
        take_machine(t, pascal(status, machine));
        take_list(t, status, versions, "versions");
        take_list(t, status, methods, "authentication");
        return TALK_DONE;
}

const struct probe probe_afp = {
        .name = "afp",
        .protocol = "afp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "548",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Apple Filing Protocol Reference, DSIGetStatus",
        .recognise = afp_recognise,
        .talk = afp_talk,
};
