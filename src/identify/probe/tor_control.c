/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control port of Tor: PROTOCOLINFO, the one command that may come before authentication, and QUIT. */
#include "identify/line.h"
#include "identify/probe.h"
#include "identify/product.h"

static enum recognition tor_control_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "514 Authentication required.\r\n") ||
                               data_starts(h->data, h->len, "250-PROTOCOLINFO ")
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next tor_control_talk(struct talk *t)
{
        struct line line, rest, version;
        size_t at = 0;
        const char *found;

        if (!t->step) {
                str_add(&t->out, "PROTOCOLINFO 1\r\nQUIT\r\n");
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len && !data_starts(t->in, t->in_len, "250") && t->in_len >= 3)
                return TALK_DONE;
        if (!t->ended && !t->waited && t->in_len < 4096)
                if (!t->in_len || !memmem(t->in, t->in_len, "250 OK\r\n", 8))
                        return TALK_MORE;
        while (line_next(t->in, t->in_len, &at, &line)) {
                if (line_starts(&line, "250-PROTOCOLINFO "))
                        talk_confirm(t, "tor-control");
                found = line_find_i(&line, "METHODS=");
                if (found && line_starts(&line, "250-AUTH ")) {
                        rest = (struct line){found + 8, line.len - (size_t)(found + 8 - line.text)};
                        rest = line_word(&rest, 0);
                        talk_detail(t, "authentication", rest.text, rest.len);
                        if (line_find_i(&rest, "NULL"))
                                talk_flag(t, IDENTITY_NO_AUTH);
                        if (line_find_i(&rest, "HASHEDPASSWORD") && !t->tls)
                                talk_flag(t, IDENTITY_PLAIN_LOGIN);
                }
                if (line_starts(&line, "250-VERSION Tor=")) {
                        rest = line_after(&line, strlen("250-VERSION Tor="));
                        version = product_version(&rest);
                        talk_product(t, "Tor", 3);
                        talk_version(t, version.text, version.len);
                        talk_cpe(t, "torproject", "tor");
                }
        }
        return TALK_DONE;
}

const struct probe probe_tor_control = {
        .name = "tor-control",
        .protocol = "tor-control",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9051,9151",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a control connection that opened and closed",
        .reference = "Tor control protocol, 3.21 (PROTOCOLINFO)",
        .recognise = tor_control_recognise,
        .talk = tor_control_talk,
};
