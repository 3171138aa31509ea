/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NTP: the time as a client asks for it, then the variables of the system by a control message (mode 6). */
#include <ctype.h>

#include "identify/line.h"
#include "identify/probe.h"

enum step { START, TIME, VARIABLES };

enum { MODE_CLIENT = 3, MODE_SERVER = 4, MODE_CONTROL = 6 };
enum { CONTROL_RESPONSE = 0x80, READ_VARIABLES = 2 };

static enum talk_next ask_time(struct talk *t)
{
        talk_send_u8(t, 4 << 3 | MODE_CLIENT);
        for (unsigned i = 1; i < 40; i++)
                talk_send_u8(t, 0);
        talk_send_be32(
                t, (uint32_t)(t->nonce >> 32)); /* transmit timestamp: repeated as the originate timestamp */
        talk_send_be32(t, (uint32_t)t->nonce);
        t->step = TIME;
        return TALK_SEND;
}

static void take_reference(struct talk *t, uint8_t stratum, struct wire id)
{
        if (stratum > 1) /* an address of its own source: nothing that says what it is */
                return;
        for (const uint8_t *at = id.at; at < id.end; at++)
                if (*at && !isalnum(*at))
                        return;
        talk_detail(t, stratum ? "reference" : "kiss-code", (const char *)id.at, wire_left(&id));
}

static enum talk_next time_answer(struct talk *t)
{
        struct wire w = talk_in(t), reference;
        uint8_t first = wire_u8(&w), stratum = wire_u8(&w);

        wire_skip(&w, 10); /* poll, precision, root delay and dispersion */
        reference = wire_sub(&w, 4);
        wire_skip(&w, 8);
        if (t->in_len < 48 || (first & 7) != MODE_SERVER || wire_be32(&w) != (uint32_t)(t->nonce >> 32) ||
            wire_be32(&w) != (uint32_t)t->nonce)
                return TALK_DONE;
        talk_confirm(t, "ntp");
        talk_detail_u64(t, "stratum", stratum);
        talk_detail_u64(t, "protocol-version", first >> 3 & 7);
        take_reference(t, stratum, reference);
        talk_send_u8(t, 2 << 3 | MODE_CONTROL);
        talk_send_u8(t, READ_VARIABLES);
        talk_send_be16(t, (uint16_t)t->nonce);
        talk_send_hex(t, "0000 0000 0000 0000");
        t->patience_ms = 1000;
        t->step = VARIABLES;
        return TALK_SEND;
}

/* The value of name="value" or name=value. */
static bool variable(const struct line *all, const char *name, struct line *ret)
{
        const char *at = line_find_i(all, name), *end = all->text + all->len;

        if (!at || (at > all->text && at[-1] != ' ' && at[-1] != ',' && at[-1] != '\n'))
                return false;
        at += strlen(name);
        if (at < end && *at == '"')
                at++;
        *ret = (struct line){at, 0};
        while (at + ret->len < end && !strchr("\",\r\n", at[ret->len]))
                ret->len++;
        return ret->len > 0;
}

/* "ntpd 4.2.8p15@1.3728-o Wed Sep 23 ...", "ntpd ntpsec-1.2.2", "xntpd 3-5.93e", "chronyd" does not answer at all */
static void take_version(struct talk *t, const struct line *text)
{
        struct line name = line_word(text, 0), number = line_word(text, 1);
        size_t n = 0;

        if (line_starts(&number, "ntpsec-")) {
                talk_product(t, "NTPsec", 6);
                talk_version(t, number.text + 7, number.len - 7);
                talk_cpe(t, "ntpsec", "ntpsec");
                return;
        }
        while (n < number.len && number.text[n] != '@')
                n++;
        talk_product(t, name.text, name.len);
        talk_version(t, number.text, n);
        if (line_starts(&name, "ntpd"))
                talk_cpe(t, "ntp", "ntp");
}

static enum talk_next variables(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t first = wire_u8(&w), second = wire_u8(&w);
        struct line all, value;
        uint16_t count;

        if ((first & 7) != MODE_CONTROL || (second & 0x9f) != (CONTROL_RESPONSE | READ_VARIABLES) ||
            wire_be16(&w) != (uint16_t)t->nonce)
                return TALK_DONE;
        wire_skip(&w, 6); /* status, association, offset */
        count = wire_be16(&w);
        if (w.bad)
                return TALK_DONE;
        talk_detail(t, "control-queries", "answered", 8);
        all = (struct line){(const char *)w.at, count < wire_left(&w) ? count : wire_left(&w)};
        if (variable(&all, "version=", &value)) {
                talk_evidence(t, all.text, all.len);
                take_version(t, &value);
        }
        if (variable(&all, "system=", &value))
                talk_detail(t, "system", value.text, value.len);
        if (variable(&all, "processor=", &value))
                talk_detail(t, "processor", value.text, value.len);
        return TALK_DONE;
}

static enum talk_next ntp_talk(struct talk *t)
{
        static enum talk_next (*const steps[])(struct talk *) = {ask_time, time_answer, variables};

        return steps[t->step](t);
}

const struct probe probe_ntp = {
        .name = "ntp",
        .protocol = "ntp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "123,1123,11123",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 5905, 7.3; RFC 9327",
        .talk = ntp_talk,
};
