/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Erlang's port mapper: which nodes there are (NAMES_REQ), as RabbitMQ, CouchDB and ejabberd have them. */
#include "identify/line.h"
#include "identify/probe.h"

/* The mapper's own port, then a line "name rabbit at port 25672" each; it closes at the end */
static enum talk_next answer(struct talk *t)
{
        _cleanup_str_ struct str names = {0};
        struct wire w = talk_in(t);
        uint32_t port = wire_be32(&w);
        struct line line, name, number;
        size_t at = 4;

        if (t->in_len < 4 || (!t->ended && !t->waited && t->in_len < 16384))
                return t->in_len >= 4 && port > 65535 ? TALK_DONE : TALK_MORE;
        if (!port || port > 65535 || (t->in_len == 4 && port != t->port))
                return TALK_DONE;
        while (line_next(t->in, t->in_len, &at, &line)) {
                name = line_word(&line, 1);
                number = line_word(&line, 4);
                if (!line_starts(&line, "name ") || !number.len)
                        return TALK_DONE;
                if (names.len)
                        str_add_char(&names, ' ');
                str_add_n(&names, name.text, name.len);
                str_add_char(&names, ':');
                str_add_n(&names, number.text, number.len);
        }
        if (at < t->in_len)
                return TALK_DONE;
        talk_confirm(t, "epmd");
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_product(t, "Erlang Port Mapper Daemon", 25);
        talk_detail(t, "names", str_text(&names), names.len);
        return TALK_DONE;
}

static enum talk_next epmd_talk(struct talk *t)
{
        if (t->step++)
                return answer(t);
        talk_send_hex(t, "00 01 6e");
        return TALK_SEND;
}

const struct probe probe_epmd = {
        .name = "epmd",
        .protocol = "epmd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4369",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Erlang, Distribution Protocol: NAMES_REQ",
        .talk = epmd_talk,
};
