/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminals of FRRouting, Quagga and Zebra: Telnet, with a banner that names product and version. */
#include "identify/line.h"
#include "identify/probe.h"

#define BANNER_MAX 4096u

static const char hello[] = "Hello, this is ";

static bool banner(const uint8_t *data, size_t len, struct line *ret)
{
        for (size_t at = 0; line_next(data, len, &at, ret);)
                if (line_starts(ret, hello) && line_find_i(ret, "(version "))
                        return true;
        return false;
}

static enum recognition frr_vty_recognise(const struct heard *h)
{
        struct line line;

        return banner(h->data, h->len, &line) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static void take(struct talk *t, const struct line *line)
{
        struct line name = line_after(line, strlen(hello)), version;
        const char *at = line_find_i(&name, " (version "), *end;

        if (!at)
                return;
        talk_product(t, name.text, (size_t)(at - name.text));
        version = line_after(&name, (size_t)(at - name.text) + strlen(" (version "));
        end = memchr(version.text, ')', version.len);
        talk_version(t, version.text, end ? (size_t)(end - version.text) : version.len);
        if (line_starts(&name, "FRRouting"))
                talk_cpe(t, "frrouting", "frrouting");
        else if (line_starts(&name, "Quagga"))
                talk_cpe(t, "quagga", "quagga");
}

static enum talk_next frr_vty_talk(struct talk *t)
{
        struct line line;
        bool password, unset, prompt;

        if (t->in_len < 2)
                return TALK_MORE;
        password = memmem(t->in, t->in_len, "assword:", 8);
        unset = memmem(t->in, t->in_len, "password is not set", 19);
        prompt = memcmp(t->in + t->in_len - 2, "> ", 2) == 0 || memcmp(t->in + t->in_len - 2, "# ", 2) == 0;
        if (banner(t->in, t->in_len, &line)) {
                talk_confirm(t, "telnet");
                take(t, &line);
        }
        if (!password && !unset && !prompt && t->in_len < BANNER_MAX)
                return TALK_MORE;
        if (t->id->confidence != CONFIDENCE_CONFIRMED && unset)
                talk_likely(t, "telnet");
        if (t->id->confidence != CONFIDENCE_CONFIRMED)
                return TALK_DONE;
        if (password && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (prompt && !password)
                talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_frr_vty = {
        .name = "frr-vty",
        .protocol = "telnet",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2601-2623",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a terminal that was opened and closed",
        .reference = "FRRouting user guide, Virtual Terminal Interfaces; RFC 854",
        .recognise = frr_vty_recognise,
        .talk = frr_vty_talk,
};
