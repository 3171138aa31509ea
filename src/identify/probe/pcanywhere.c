/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcAnywhere: the search for hosts, "NQ", that every host answers with "NR" and its name. */
#include "identify/probe.h"

#define NAME_MAX_LEN 24u

static bool is_answer(const uint8_t *data, size_t len)
{
        return len >= 2 + 16 && len < 128 && data[0] == 'N' && data[1] == 'R';
}

static enum recognition pcanywhere_recognise(const struct heard *h)
{
        return h->asked && h->transport == TRANSPORT_UDP && is_answer(h->data, h->len) &&
                               memmem(h->data, h->len, "AHM_", 4)
                       ? RECOGNISE_LIKELY
                       : RECOGNISE_NO;
}

static enum talk_next pcanywhere_talk(struct talk *t)
{
        size_t n = 0;

        if (!t->step) {
                talk_send_bytes(t, "NQ", 2);
                t->step = 1;
                return TALK_SEND;
        }
        if (!is_answer(t->in, t->in_len))
                return TALK_MORE;
        if (memmem(t->in, t->in_len, "AHM_", 4))
                talk_confirm(t, "pcanywhere");
        else
                talk_likely(t, "pcanywhere");
        while (n < NAME_MAX_LEN && n + 2 < t->in_len && t->in[n + 2] && t->in[n + 2] != '_' &&
               t->in[n + 2] < 0x7f)
                n++;
        talk_hostname(t, (const char *)t->in + 2, n);
        talk_product(t, "Symantec pcAnywhere", 19);
        return TALK_DONE;
}

const struct probe probe_pcanywhere = {
        .name = "pcanywhere",
        .protocol = "pcanywhere",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "5632,22",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "Symantec pcAnywhere: discovery on UDP 5632",
        .recognise = pcanywhere_recognise,
        .talk = pcanywhere_talk,
};
