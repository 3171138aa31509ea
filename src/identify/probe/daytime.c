/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Daytime (RFC 867): one line with the date and the time of day in no fixed form, then the end. */
#include <ctype.h>

#include "identify/banner.h"

static bool has_time(const struct line *line)
{
        for (size_t i = 0; i + 8 <= line->len; i++) {
                const char *c = line->text + i;

                if (isdigit((unsigned char)c[0]) && isdigit((unsigned char)c[1]) && c[2] == ':' &&
                    c[5] == ':' && isdigit((unsigned char)c[3]) && isdigit((unsigned char)c[4]) &&
                    isdigit((unsigned char)c[6]) && isdigit((unsigned char)c[7]))
                        return true;
        }
        return false;
}

/* dd-dd-dd, dddd-dd-dd, with '-', '/' or '.' */
static bool has_numbers(const struct line *line)
{
        for (size_t i = 0; i + 8 <= line->len; i++) {
                const char *c = line->text + i;

                if (isdigit((unsigned char)c[0]) && isdigit((unsigned char)c[1]) && strchr("-/.", c[2]) &&
                    c[2] && isdigit((unsigned char)c[3]) && isdigit((unsigned char)c[4]) && c[5] == c[2] &&
                    isdigit((unsigned char)c[6]) && isdigit((unsigned char)c[7]))
                        return true;
        }
        return false;
}

static bool has_month(const struct line *line)
{
        static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                             "jul", "aug", "sep", "oct", "nov", "dec"};

        for (size_t i = 0; i < array_len(months); i++)
                if (line_find_i(line, months[i]))
                        return true;
        return false;
}

/* All that was said is one short line (NIST begins with an empty one) with a date and a time. */
static bool is_daytime(const uint8_t *data, size_t len)
{
        struct line all = banner_all(data, len);
        size_t lines = 0, letters = 0;

        if (len < 16 || len > 100 || !banner_is_text(data, len) || !has_time(&all) ||
            (!has_month(&all) && !has_numbers(&all)))
                return false;
        for (size_t i = 0; i < len; i++) {
                lines += data[i] == '\n' && i && i + 1 < len;
                letters += (data[i] >= 'a' && data[i] <= 'z') || (data[i] >= 'A' && data[i] <= 'Z');
        }
        return lines == 0 && letters <= 28 && !strchr("<{[#*+-", data[0]);
}

static enum recognition daytime_recognise(const struct heard *h)
{
        if (!is_daytime(h->data, h->len) || (h->asked && h->transport == TRANSPORT_TCP && !h->ended))
                return RECOGNISE_NO;
        return h->ended ? RECOGNISE_SURE : RECOGNISE_LIKELY;
}

static enum talk_next daytime_talk(struct talk *t)
{
        bool udp = t->transport == TRANSPORT_UDP;

        if (!t->in_len && udp && !t->step++) {
                talk_send_bytes(t, "\r\n", 2);
                return TALK_SEND;
        }
        if (!is_daytime(t->in, t->in_len))
                return t->in_len > 100 ? TALK_DONE : TALK_MORE;
        talk_likely(t, "daytime");
        if (!udp && !t->ended && !t->waited)
                return TALK_MORE;
        if (udp || t->ended) {
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "daytime");
        }
        return TALK_DONE;
}

const struct probe probe_daytime = {
        .name = "daytime",
        .protocol = "daytime",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "13",
        .udp_ports = "13",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .sweep_udp = SWEEP_LAST,
        .log = "a connection (xinetd: \"START: daytime\")",
        .reference = "RFC 867",
        .recognise = daytime_recognise,
        .talk = daytime_talk,
};
