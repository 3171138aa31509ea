/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/payload.h"

#include <stdio.h>
#include <string.h>

static const struct udp_payload_port *find(uint16_t port)
{
        unsigned low = 0, high = udp_n_payload_ports;

        while (low < high) {
                unsigned middle = low + (high - low) / 2;

                if (udp_payload_ports[middle].port == port)
                        return &udp_payload_ports[middle];
                if (udp_payload_ports[middle].port < port)
                        low = middle + 1;
                else
                        high = middle;
        }
        return &udp_payload_other;
}

unsigned udp_payload_count(uint16_t port)
{
        return find(port)->n;
}

unsigned udp_payload_usual(uint16_t port)
{
        const struct udp_payload_port *list = find(port);
        unsigned n = list->own > UDP_PAYLOADS_USUAL ? list->own : UDP_PAYLOADS_USUAL;

        return n < list->n ? n : list->n;
}

const struct udp_payload *udp_payload_at(uint16_t port, unsigned attempt)
{
        const struct udp_payload_port *list = find(port);

        return &udp_payloads[list->at[attempt % list->n]];
}

/* A class that forbids payloads of ours on TCP is too frail for the start of a session, too. */
static bool allowed(enum payload_safety safety, const struct device_limits *limits)
{
        switch (safety) {
        case PAYLOAD_QUERY:
                return true;
        case PAYLOAD_SESSION:
                return !limits || !limits->no_identify;
        case PAYLOAD_INDUSTRIAL:
                return limits && limits->industrial;
        }
        return false;
}

const struct udp_payload *udp_payload_for(uint16_t port, unsigned attempt,
                                          const struct device_limits *limits)
{
        const struct udp_payload *p = udp_payload_at(port, attempt);

        return allowed(p->safety, limits) ? p : &udp_payloads[0];
}

const char *udp_silent_why(uint16_t port)
{
        for (unsigned i = 0; i < udp_n_silent_ports; i++)
                if (udp_silent_ports[i].port == port)
                        return udp_silent_ports[i].why;
        return NULL;
}

/* The cookie as it stands in a place of that form; at most 8 bytes. */
static void write_cookie(const struct payload_place *place, uint32_t cookie, uint8_t to[8])
{
        static const char digits[] = "0123456789abcdef";

        switch ((enum payload_form)place->form) {
        case PAYLOAD_HEX:
                for (unsigned i = 0; i < 8; i++)
                        to[i] = (uint8_t)digits[cookie >> (28 - 4 * i) & 15];
                return;
        case PAYLOAD_INT:
                cookie = (cookie & 0x3fffffff) | 0x40000000;
                break;
        case PAYLOAD_SEVEN:
                cookie &= 0x7f;
                break;
        case PAYLOAD_RAW:
                break;
        }
        for (unsigned i = 0; i < place->width; i++)
                to[i] = (uint8_t)(cookie >> 8 * (place->width - 1 - i));
}

size_t udp_payload_build(const struct udp_payload *p, uint32_t cookie, uint8_t *to)
{
        uint8_t text[8];

        if (p->len)
                memcpy(to, p->bytes, p->len);
        for (unsigned i = 0; i < p->n_places; i++) {
                write_cookie(&p->places[i], cookie, text);
                memcpy(to + p->places[i].at, text, p->places[i].width);
        }
        return p->len;
}

static bool looks_like(const struct payload_pattern *pattern, const uint8_t *answer, size_t len)
{
        if (len < pattern->len || (pattern->exact && len != pattern->len))
                return false;
        for (unsigned i = 0; i < pattern->n_bytes; i++) {
                const struct payload_byte *b = &pattern->bytes[i];

                if ((answer[b->at] & b->mask) != b->value) /* at < len of the pattern <= len */
                        return false;
        }
        return true;
}

static bool repeats(const struct payload_pattern *pattern, uint32_t cookie, const uint8_t *answer,
                    size_t len)
{
        const struct payload_place *place = &pattern->cookie;
        uint8_t text[8];

        write_cookie(place, cookie, text);
        if (pattern->anywhere)
                return memmem(answer + place->at, len - place->at, text, place->width);
        return memcmp(answer + place->at, text, place->width) == 0;
}

enum payload_answer udp_payload_check(const struct udp_payload *p, uint32_t cookie, const uint8_t *answer,
                                      size_t len)
{
        enum payload_answer result = PAYLOAD_OTHER;

        for (unsigned i = 0; i < p->n_answers; i++) {
                const struct payload_pattern *pattern = &p->answers[i];

                if (!looks_like(pattern, answer, len))
                        continue;
                if (!pattern->has_cookie)
                        return PAYLOAD_LIKE;
                if (repeats(pattern, cookie, answer, len))
                        return PAYLOAD_RIGHT;
                result = PAYLOAD_FORGED;
        }
        return result;
}
