/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ceph messenger: "ceph v027" (version 1), or "ceph v2" and its features (version 2). */
#include "identify/line.h"
#include "identify/probe.h"

static enum recognition ceph_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "ceph v") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next ceph_talk(struct talk *t)
{
        if (t->in_len < 9)
                return TALK_MORE;
        if (!data_starts(t->in, t->in_len, "ceph v"))
                return TALK_DONE;
        talk_evidence(t, t->in, t->in_len < 9 ? t->in_len : 9);
        talk_confirm(t, "ceph");
        talk_product(t, "Ceph", 4);
        talk_detail(t, "protocol-version", data_starts(t->in, t->in_len, "ceph v2\n") ? "2" : "1", 1);
        return TALK_DONE;
}

const struct probe probe_ceph = {
        .name = "ceph",
        .protocol = "ceph",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3300,6789,6800-6810",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection that ends at the banner",
        .reference = "Ceph messenger protocol, msgr2",
        .recognise = ceph_recognise,
        .talk = ceph_talk,
};
