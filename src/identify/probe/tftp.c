/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TFTP: a file that nobody has is asked for; the refusal, from whatever port, tells. */
#include <ctype.h>

#include "identify/line.h"
#include "identify/probe.h"

enum { READ = 1, DATA = 3, ERROR = 5, OPTIONS = 6 };

static void add_name(const struct talk *t, struct str *name)
{
        str_addf(name, "quaymaster-%08x", (unsigned)t->nonce);
}

static enum talk_next ask(struct talk *t)
{
        _cleanup_str_ struct str name = {0};

        add_name(t, &name);
        talk_send_be16(t, READ);
        talk_send_bytes(t, name.text, name.len + 1);
        talk_send_bytes(t, "octet", 6);
        t->step = 1;
        return TALK_SEND;
}

static bool printable(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!isprint((unsigned char)text[i]) && !isspace((unsigned char)text[i]) &&
                    !(text[i] & 0x80))
                        return false;
        return true;
}

static enum talk_next refused(struct talk *t, struct wire *w)
{
        uint16_t code = wire_be16(w);
        const char *text = (const char *)w->at;
        size_t len = wire_left(w);
        bool ended = len && !text[len - 1];
        struct line message;

        if (w->bad || code > 8)
                return TALK_DONE;
        len = strnlen(text, len);
        message = (struct line){text, len};
        if (!printable(text, len))
                return TALK_DONE;
        if (ended)
                talk_confirm(t, "tftp");
        else
                talk_likely(t, "tftp");
        talk_detail_u64(t, "error", code);
        talk_detail(t, "message", text, len);
        if (line_starts(&message, "file ") && line_find_i(&message, "not found for "))
                talk_product(t, "dnsmasq", 7);
        return TALK_DONE;
}

static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t opcode = wire_be16(&w);

        if (opcode == ERROR)
                return refused(t, &w);
        if (opcode == DATA && wire_be16(&w) == 1 &&
            wire_left(&w) <= 512) { /* gives something for any name */
                talk_likely(t, "tftp");
                talk_flag(t, IDENTITY_NO_AUTH);
        }
        return TALK_DONE;
}

static enum talk_next tftp_talk(struct talk *t)
{
        return t->step ? answer(t) : ask(t);
}

const struct probe probe_tftp = {
        .name = "tftp",
        .protocol = "tftp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "69,1069,6969",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "a read request for a file \"quaymaster-...\" that does not exist",
        .reference = "RFC 1350, 5",
        .talk = tftp_talk,
};
