/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Erlang port mapper: the list of nodes. */
#include "identify/line.h"
#include "identify/probe.h"

static enum talk_next epmd_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str names = {0};
        struct line line;
        size_t at = 4;
        uint32_t port = wire_be32(&w);

        if (!t->step) {
                talk_send_hex(t, "00 01 6e"); /* NAMES_REQ */
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len < 4 || (!t->ended && !t->waited && t->in_len < 16384))
                return TALK_MORE; /* it closes after the last name */
        if (port != t->port && port != 4369)
                return TALK_DONE;
        while (line_next(t->in, t->in_len, &at, &line)) {
                if (!line_starts(&line, "name ") || !line_find_i(&line, " at port "))
                        return TALK_DONE;
                str_addf(&names, "%s%.*s", names.len ? "; " : "", (int)(line.len - 5), line.text + 5);
        }
        if (!names.len && (t->in_len != 4 || !t->ended))
                return TALK_DONE;
        talk_confirm(t, "epmd");
        talk_product(t, "epmd", 4);
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_detail(t, "nodes", str_text(&names), names.len);
        return TALK_DONE;
}

const struct probe probe_epmd = {
        .name = "epmd",
        .protocol = "epmd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4369",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Erlang Distribution Protocol, 13.2.5",
        .talk = epmd_talk,
};
