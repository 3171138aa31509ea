/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The management interface of OpenVPN: a greeting, and its version where it asks for no password. */
#include "identify/line.h"
#include "identify/probe.h"

#define GREETING ">INFO:OpenVPN Management Interface"
#define PASSWORD "ENTER PASSWORD:"

enum step { START, VERSION };

static enum recognition management_recognise(const struct heard *h)
{
        if (h->asked)
                return RECOGNISE_NO;
        if (data_starts(h->data, h->len, GREETING))
                return RECOGNISE_SURE;
        return data_starts(h->data, h->len, PASSWORD) && h->len <= sizeof(PASSWORD) + 1 ? RECOGNISE_LIKELY
                                                                                        : RECOGNISE_NO;
}

/* "OpenVPN Version: OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] ..." */
static enum talk_next version(struct talk *t)
{
        struct line line;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);) {
                struct line rest = line_after(&line, strlen("OpenVPN Version: OpenVPN ")),
                            word = line_word(&rest, 0);

                if (line_starts(&line, "OpenVPN Version: OpenVPN ")) {
                        talk_flag(t, IDENTITY_NO_AUTH);
                        talk_version(t, word.text, word.len);
                        talk_cpe(t, "openvpn", "openvpn");
                        return TALK_DONE;
                }
        }
        return t->in_len < 8192 ? TALK_MORE : TALK_DONE;
}

static enum talk_next management_talk(struct talk *t)
{
        static const char ask[] = "version\n";
        struct line line;
        size_t at = 0;

        if (t->step == VERSION)
                return version(t);
        if (data_starts(t->in, t->in_len, PASSWORD)) {
                talk_likely(t, "openvpn-management");
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
                return TALK_DONE;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 256 ? TALK_MORE : TALK_DONE;
        if (!line_starts(&line, GREETING))
                return TALK_DONE;
        talk_confirm(t, "openvpn-management");
        talk_product(t, "OpenVPN", 7);
        talk_evidence(t, line.text, line.len);
        talk_send_bytes(t, ask, sizeof(ask) - 1);
        t->step = VERSION;
        return TALK_SEND;
}

const struct probe probe_openvpn_management = {
        .name = "openvpn-management",
        .protocol = "openvpn-management",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "7505",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "\"MANAGEMENT: Client connected\", and a command \"version\"",
        .reference = "OpenVPN: management-notes.txt",
        .recognise = management_recognise,
        .talk = management_talk,
};
