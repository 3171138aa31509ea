/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPC over HTTP, version 1: the server names itself at once (MS-RPCH, 2.1.1.1). */
#include "identify/line.h"
#include "identify/probe.h"

static enum recognition ncacn_http_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "ncacn_http/") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next ncacn_http_talk(struct talk *t)
{
        size_t start = strlen("ncacn_http/"), n = start;

        if (t->in_len < start + 3)
                return TALK_MORE;
        if (!data_starts(t->in, t->in_len, "ncacn_http/"))
                return TALK_DONE;
        talk_confirm(t, "ncacn_http");
        while (n < t->in_len && n < start + 8 && ((t->in[n] >= '0' && t->in[n] <= '9') || t->in[n] == '.'))
                n++;
        talk_product(t, "Microsoft Windows RPC over HTTP", 31);
        talk_version(t, (const char *)t->in + start, n - start);
        return TALK_DONE;
}

const struct probe probe_ncacn_http = {
        .name = "ncacn-http",
        .protocol = "ncacn_http",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "593",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "nothing",
        .reference = "MS-RPCH, 2.1.1.1",
        .recognise = ncacn_http_recognise,
        .talk = ncacn_http_talk,
};
