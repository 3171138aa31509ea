/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network UPS Tools: VER, then STARTTLS (RFC 9271, 4.2). */
#include "identify/banner.h"

enum step { ASK, VERSION, UPGRADE, INSIDE };

static enum recognition nut_recognise(const struct heard *h)
{
        static const char *const errors[] = {"ERR UNKNOWN-COMMAND", "ERR INVALID-ARGUMENT",
                                             "ERR ACCESS-DENIED"};

        for (size_t i = 0; i < array_len(errors); i++)
                if (h->asked && data_starts(h->data, h->len, errors[i]))
                        return RECOGNISE_LIKELY;
        return data_starts(h->data, h->len, "Network UPS Tools upsd") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next version(struct talk *t)
{
        static const struct banner products[] = {
                {"Network UPS Tools upsd", "Network UPS Tools", "networkupstools", "nut"}};
        struct line line;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (line_starts(&line, "ERR ACCESS-DENIED")) {
                talk_likely(t, "nut");
                return TALK_DONE;
        }
        if (!line_starts(&line, "Network UPS Tools"))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "nut");
        banner_take(t, &line, products, array_len(products));
        if (t->tls)
                return TALK_DONE;
        talk_flag(t, IDENTITY_PLAIN_LOGIN);
        talk_send_bytes(t, "STARTTLS\n", 9);
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next nut_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        switch ((enum step)t->step) {
        case ASK:
                talk_send_bytes(t, "VER\n", 4);
                t->step = VERSION;
                return TALK_SEND;
        case VERSION:
                return version(t);
        case UPGRADE:
                if (!line_next(t->in, t->in_len, &at, &line))
                        return TALK_MORE;
                t->step = INSIDE;
                if (!line_starts(&line, "OK STARTTLS"))
                        return TALK_DONE;
                talk_encryption(t, ENCRYPTION_STARTTLS);
                return TALK_TLS;
        case INSIDE:
                break;
        }
        return TALK_DONE;
}

const struct probe probe_nut = {
        .name = "nut",
        .protocol = "nut",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3493",
        .safety = SAFETY_QUERY,
        .log = "nothing, or a connection (upsd -D)",
        .reference = "RFC 9271, 4.2",
        .recognise = nut_recognise,
        .talk = nut_talk,
};
