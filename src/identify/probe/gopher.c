/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gopher (RFC 1436): an empty selector asks for the menu, whose lines have a type, and fields parted by tabs. */
#include <ctype.h>

#include "identify/banner.h"

/* "1About us<TAB>/about<TAB>host<TAB>70" */
static bool is_item(const struct line *line)
{
        static const char types[] = "0123456789+gIThisdMpPSXc;:<"; /* of RFC 1436, 3.8, and in use */
        size_t tabs = 0, digits = 0;

        if (!line->len || !*line->text || !strchr(types, *line->text))
                return false;
        for (size_t i = 1; i < line->len && tabs < 4; i++) {
                tabs += line->text[i] == '\t';
                digits += tabs == 3 && isdigit((unsigned char)line->text[i]);
        }
        return tabs >= 3 && digits;
}

static bool is_menu(const uint8_t *data, size_t len)
{
        struct line line;
        size_t at = 0;

        return line_next(data, len, &at, &line) && is_item(&line);
}

static enum recognition gopher_recognise(const struct heard *h)
{
        return h->asked && is_menu(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next gopher_talk(struct talk *t)
{
        static const struct banner products[] = {
                {"Gophernicus/", "Gophernicus", "gophernicus", "gophernicus"},
                {"Gophernicus", "Gophernicus", "gophernicus", "gophernicus"},
                {"PyGopherd", "PyGopherd", NULL, NULL},
                {"Bucktooth", "Bucktooth", NULL, NULL},
                {"geomyidae", "geomyidae", NULL, NULL},
                {"Motsognir", "Motsognir", NULL, NULL},
                {"spacecookie", "spacecookie", NULL, NULL},
        };
        struct line all = banner_all(t->in, t->in_len);

        if (!t->step++) {
                talk_send_bytes(t, "\r\n", 2);
                return TALK_SEND;
        }
        if (!is_menu(t->in, t->in_len))
                return t->in_len > 1024 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "gopher");
        if (!t->ended && !t->waited && t->in_len < 32768) /* servers name themselves at the end */
                return TALK_MORE;
        banner_take(t, &all, products, array_len(products));
        return TALK_DONE;
}

const struct probe probe_gopher = {
        .name = "gopher",
        .protocol = "gopher",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "70",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a request for the menu",
        .reference = "RFC 1436",
        .recognise = gopher_recognise,
        .talk = gopher_talk,
};
