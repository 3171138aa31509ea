/* SPDX-License-Identifier: GPL-2.0-or-later */
/* git daemon: asked for a repository that nobody has; it says so in a pkt-line. */
#include "identify/banner.h"

/* "003fERR access denied ...": four hexadecimal digits of length (gitprotocol-common(5)) */
static bool is_packet(const uint8_t *data, size_t len, struct line *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < 4; i++) {
                const char *digits = "0123456789abcdef",
                           *at = len > i && data[i] ? strchr(digits, data[i] | 0x20) : NULL;

                if (!at)
                        return false;
                n = n * 16 + (size_t)(at - digits);
        }
        if (n < 5 || n > len)
                return false;
        *ret = (struct line){(const char *)data + 4, n - 4};
        return true;
}

static enum recognition git_recognise(const struct heard *h)
{
        struct line packet;

        return h->asked && is_packet(h->data, h->len, &packet) && line_starts(&packet, "ERR ")
                       ? RECOGNISE_LIKELY
                       : RECOGNISE_NO;
}

static enum talk_next git_talk(struct talk *t)
{
        struct line packet;

        if (!t->step++) {
                _cleanup_str_ struct str ask = {0};
                size_t name = strlen(t->name) < 200 ? strlen(t->name) : 0;

                str_add(&ask, "git-upload-pack /quaymaster-asks");
                str_add_char(&ask, '\0');
                str_add(&ask, "host=");
                str_add_n(&ask, t->name, name);
                str_add_char(&ask, '\0');
                str_addf(&t->out, "%04zx", ask.len + 4);
                talk_send_bytes(t, ask.text, ask.len);
                return TALK_SEND;
        }
        if (!is_packet(t->in, t->in_len, &packet))
                return t->in_len > 1024 ? TALK_DONE : TALK_MORE;
        if (line_starts(&packet, "ERR ") || line_starts(&packet, "version ")) {
                talk_evidence(t, t->in, packet.len + 4);
                talk_confirm(t, "git");
                talk_product(t, "git", 3);
                talk_flag(t, IDENTITY_NO_AUTH);
        }
        return TALK_DONE;
}

const struct probe probe_git = {
        .name = "git",
        .protocol = "git",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9418",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a request for a repository \"/quaymaster-asks\" that is not there",
        .reference = "gitprotocol-pack(5), Git Transport",
        .recognise = git_recognise,
        .talk = git_talk,
};
