/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hddtemp: the disks and their temperatures, said at once: "|/dev/sda|MODEL|31|C|". */
#include "identify/line.h"
#include "identify/probe.h"

static bool is_list(const uint8_t *data, size_t len)
{
        size_t bars = 0;

        for (size_t i = 0; i < len; i++)
                bars += data[i] == '|';
        return data_starts(data, len, "|/dev/") && bars >= 5;
}

static enum recognition hddtemp_recognise(const struct heard *h)
{
        return is_list(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next hddtemp_talk(struct talk *t)
{
        if (!is_list(t->in, t->in_len))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "hddtemp");
        talk_product(t, "hddtemp", 7);
        talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_hddtemp = {
        .name = "hddtemp",
        .protocol = "hddtemp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "7634",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection",
        .reference = "hddtemp(8), TCP/IP daemon mode",
        .recognise = hddtemp_recognise,
        .talk = hddtemp_talk,
};
