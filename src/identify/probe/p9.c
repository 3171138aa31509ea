/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 9P: Tversion, which attaches to nothing (Plan 9 manual, version(5)). */
#include "identify/line.h"
#include "identify/probe.h"

enum { RVERSION = 101, RERROR = 107, RLERROR = 7 };

static bool answer(const uint8_t *data, size_t len, uint8_t *type, struct wire *version)
{
        struct wire w = wire_over(data, len);
        uint32_t size = wire_le32(&w);

        *type = wire_u8(&w);
        *version = wire_over(data, 0);
        if (w.bad || size != len || wire_le16(&w) != 0xffff)
                return false;
        if (*type == RERROR || *type == RLERROR)
                return !w.bad;
        wire_skip(&w, 4);
        *version = wire_sub(&w, wire_le16(&w));
        return *type == RVERSION && !w.bad && wire_left(&w) == 0;
}

static enum recognition p9_recognise(const struct heard *h)
{
        struct wire version;
        uint8_t type;

        return answer(h->data, h->len, &type, &version) && type == RVERSION &&
                               data_starts(version.at, wire_left(&version), "9P")
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next p9_talk(struct talk *t)
{
        struct wire w = talk_in(t), version;
        uint32_t size = wire_le32(&w);
        uint8_t type;

        if (!t->step) {
                talk_send_hex(t, "15000000 64 ffff 00200000 0800");
                talk_send_bytes(t, "9P2000.L", 8);
                t->step = 1;
                return TALK_SEND;
        }
        if (w.bad || (t->in_len < size && size <= 256))
                return TALK_MORE;
        if (!answer(t->in, t->in_len, &type, &version))
                return TALK_DONE;
        if (type == RVERSION && (data_starts(version.at, wire_left(&version), "9P") ||
                                 data_starts(version.at, wire_left(&version), "unknown"))) {
                talk_confirm(t, "9p");
                talk_detail(t, "protocol-version", (const char *)version.at, wire_left(&version));
        } else if (t->port == 564) {
                talk_likely(t, "9p");
        }
        return TALK_DONE;
}

const struct probe probe_p9 = {
        .name = "p9",
        .protocol = "9p",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "564,5640",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "Plan 9 manual, intro(5) and version(5)",
        .recognise = p9_recognise,
        .talk = p9_talk,
};
