/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tarantool: two lines of 64 bytes, the product and a salt. */
#include "identify/line.h"
#include "identify/probe.h"

static enum recognition tarantool_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "Tarantool ") ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* "Tarantool 2.10.0 (Binary) 6dc0cd4d-..."; the console on its own port: "Tarantool 2.6.0 (Lua console)" */
static enum talk_next tarantool_talk(struct talk *t)
{
        struct line line, version;
        bool console;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 256 ? TALK_MORE : TALK_DONE;
        if (!line_starts(&line, "Tarantool "))
                return TALK_DONE;
        version = line_word(&line, 1);
        console = line_find_i(&line, "console") != NULL;
        talk_confirm(t, "tarantool");
        talk_evidence(t, line.text, line.len); /* the second line is a salt */
        talk_product(t, "Tarantool", 9);
        talk_version(t, version.text, version.len);
        talk_cpe(t, "tarantool", "tarantool");
        talk_detail(t, "kind", console ? "console" : "binary", strlen(console ? "console" : "binary"));
        if (console)
                talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_tarantool = {
        .name = "tarantool",
        .protocol = "tarantool",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3301-3303,3313",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "nothing by default",
        .reference = "Tarantool binary protocol, Greeting message",
        .recognise = tarantool_recognise,
        .talk = tarantool_talk,
};
