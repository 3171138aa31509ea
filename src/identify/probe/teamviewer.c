/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TeamViewer: packets begin with 17 24 (or, since version 5, 11 30), and a command; nothing is sent to it.
 */
#include "identify/probe.h"

#define PORT        5938u
#define COMMAND_MAX 0x60u

static bool fits(const uint8_t *data, size_t len)
{
        return len >= 5 && ((data[0] == 0x17 && data[1] == 0x24) || (data[0] == 0x11 && data[1] == 0x30)) &&
               data[2] && data[2] < COMMAND_MAX;
}

static enum recognition teamviewer_recognise(const struct heard *h)
{
        return h->port == PORT && h->transport == TRANSPORT_TCP && fits(h->data, h->len) ? RECOGNISE_LIKELY
                                                                                         : RECOGNISE_NO;
}

static enum talk_next teamviewer_talk(struct talk *t)
{
        if (t->in_len < 5)
                return TALK_MORE;
        if (!fits(t->in, t->in_len))
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_NATIVE);
        talk_likely(t, "teamviewer");
        talk_product(t, "TeamViewer", 10);
        return TALK_DONE;
}

const struct probe probe_teamviewer = {
        .name = "teamviewer",
        .protocol = "teamviewer",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5938",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "nothing",
        .reference = "not published; the packet's head as it is seen on the wire",
        .recognise = teamviewer_recognise,
        .talk = teamviewer_talk,
};
