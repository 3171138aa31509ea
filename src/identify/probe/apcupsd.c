/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apcupsd network information server: `status`, records with two bytes of length before each. */
#include "identify/banner.h"

/* A record that begins with the name of a field of apcupsd's status report. */
static bool is_status(const struct line *record)
{
        return line_starts(record, "APC      :");
}

static enum recognition apcupsd_recognise(const struct heard *h)
{
        struct wire w = wire_over(h->data, h->len);
        uint16_t len = wire_be16(&w);
        struct line record = banner_all(w.at, wire_left(&w));

        return len && len < 256 && is_status(&record) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next apcupsd_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        bool known = false, end = false;

        if (!t->step++) {
                talk_send_be16(t, 6);
                talk_send_bytes(t, "status", 6);
                return TALK_SEND;
        }
        while (!end && !w.bad && wire_left(&w)) {
                uint16_t len = wire_be16(&w);
                struct wire sub = wire_sub(&w, len);
                struct line record = banner_all(sub.at, wire_left(&sub)), value = line_after(&record, 11);

                if (w.bad)
                        break;
                end = !len;
                known = known || is_status(&record);
                if (len && !known)
                        return TALK_DONE;
                if (known && line_starts(&record, "VERSION  :")) {
                        value = line_word(&value, 0);
                        talk_version(t, value.text, value.len);
                }
                if (known && line_starts(&record, "MODEL    :"))
                        talk_detail(t, "model", value.text, value.len);
                if (known && line_starts(&record, "HOSTNAME :"))
                        talk_detail(t, "hostname", value.text, value.len);
        }
        if (known) {
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "apcupsd");
                talk_flag(t, IDENTITY_NO_AUTH);
                talk_product(t, "apcupsd", 7);
        }
        return end || t->in_len > 16384 ? TALK_DONE : TALK_MORE;
}

const struct probe probe_apcupsd = {
        .name = "apcupsd",
        .protocol = "apcupsd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3551,7000",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "apcupsd user manual, NIS Network Server Protocol",
        .recognise = apcupsd_recognise,
        .talk = apcupsd_talk,
};
