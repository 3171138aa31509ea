/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Systat and netstat: the processes, users or connections of the host as ps, who and netstat list them (RFC 866). */
#include "identify/banner.h"

static const char *listed(const uint8_t *data, size_t len)
{
        struct line line = {0};
        size_t at = 0;

        while (line_next(data, len, &at, &line) && !line.len)
                ;
        if (line_find_i(&line, "Active Internet connections") || line_starts(&line, "Proto Recv-Q") ||
            line_starts(&line, "Active UNIX domain sockets") || line_starts(&line, "Netid "))
                return "netstat";
        if (line_find_i(&line, " PID ") &&
            (line_find_i(&line, "CMD") || line_find_i(&line, "COMMAND") || line_find_i(&line, "TTY")))
                return "systat";
        if (line_find_i(&line, "PID ") == line_after(&line, 0).text && line.len &&
            line_find_i(&line, "TIME"))
                return "systat";
        return line_find_i(&line, "load average:") ? "systat" : NULL;
}

static enum recognition systat_recognise(const struct heard *h)
{
        return !h->asked && listed(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next systat_talk(struct talk *t)
{
        const char *what = listed(t->in, t->in_len);

        if (!what)
                return t->in_len > 1024 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in,
                      t->in_len < 80 ? t->in_len : 80); /* the head: whose processes they are is not kept */
        talk_confirm(t, what);
        talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_systat = {
        .name = "systat",
        .protocol = "systat",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "11,15",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .log = "a connection (inetd with logging)",
        .reference = "RFC 866",
        .recognise = systat_recognise,
        .talk = systat_talk,
};
