/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * masscan: JSON (-oJ) and lists (-oL). Its JSON is a list of objects with commas too many, and older
 * versions end it by {finished: 1}, so the objects are taken one by one. A port and its banner are
 * records of their own. What did not answer is not in the file, nor what was asked.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/str.h"
#include "import/formats.h"
#include "import/listing.h"
#include "import/names.h"

struct sight { /* of one port */
        struct word address, transport, port, state, reason, service, banner;
        int64_t time_s, ttl;
};

static enum endpoint_state state_of(const struct word *w)
{
        return word_is(w, "open")     ? ENDPOINT_OPEN
               : word_is(w, "closed") ? ENDPOINT_CLOSED
                                      : ENDPOINT_UNDECIDED;
}

static void take_banner(struct import *im, struct import_endpoint *e, const struct sight *s)
{
        struct identity *id;

        if (!s->service.len || !(id = import_identity(im)))
                return;
        e->identity = id;
        names_protocol(im, id, s->service.at, s->service.len);
        id->confidence = CONFIDENCE_LIKELY;
        id->behaviour = BEHAVIOUR_TALKS;
        id->evidence = import_printable(im, s->banner.at, s->banner.len, IDENTITY_EVIDENCE_MAX);
}

static void take_sight(struct import *im, const struct sight *s)
{
        char transport[8] = "";
        struct import_endpoint *e;
        struct import_host *host;
        struct address address;
        uint32_t zone_index;
        enum transport t;
        uint16_t port;

        if (s->transport.len < sizeof(transport))
                memcpy(transport, s->transport.at ? s->transport.at : "", s->transport.len);
        t = transport_parse(transport);
        if (t != TRANSPORT_TCP && t != TRANSPORT_UDP) {
                if (!streq(transport, "sctp") && !streq(transport, "icmp") && !streq(transport, "arp"))
                        import_fault(im, "'%s' is no transport", transport);
                return;
        }
        if (!import_address(im, s->address.at, s->address.len, &address, &zone_index) ||
            !import_port(im, s->port.at, s->port.len, &port) ||
            !(host = import_host(im, &address, zone_index)) ||
            !(e = import_endpoint(im, &address, zone_index, t, port)))
                return;
        e->endpoint.state = state_of(&s->state);
        e->endpoint.reason = names_reason(s->reason.at, s->reason.len);
        if (e->endpoint.reason == REASON_NONE && e->endpoint.state == ENDPOINT_OPEN)
                e->endpoint.reason = t == TRANSPORT_TCP ? REASON_SYN_ACK : REASON_REPLY;
        e->endpoint.ttl = (uint8_t)(s->ttl > 0 && s->ttl < 256 ? s->ttl : 0);
        e->endpoint.tries = 1;
        e->time_s = host->time_s = s->time_s;
        if (!im->started_s || (s->time_s && s->time_s < im->started_s))
                im->started_s = s->time_s;
        if (s->time_s > im->finished_s)
                im->finished_s = s->time_s;
        take_banner(im, e, s);
}

static int open(struct import *im, struct err *err)
{
        im->program = "masscan";
        return 0;
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static const char *skip_blank(const char *at, const char *end)
{
        while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' || *at == ','))
                at++;
        return at;
}

static bool guess_json(const char *start, size_t len)
{
        const char *end = start + len, *at = skip_blank(start, end);

        const char *next = at == end ? end : skip_blank(at + 1, end);

        if (!len || at == end || (*at != '[' && *at != '{'))
                return false;
        if (listing_has(start, len, "\"ip\"") && listing_has(start, len, "\"ports\""))
                return true;
        return listing_has(start, len, "{finished:") || next == end ||
               (*at == '[' && *next == ']'); /* nothing was found */
}

static struct word text_in(const json_t *object, const char *key)
{
        const json_t *value = json_object_get(object, key);

        return json_is_string(value) ? (struct word){json_string_value(value), json_string_length(value)}
                                     : (struct word){0};
}

/* The number as jansson has it, as digits for import_port. */
static struct word number_in(const json_t *object, const char *key, char buf[24])
{
        const json_t *value = json_object_get(object, key);

        if (json_is_string(value))
                return text_in(object, key);
        if (!json_is_integer(value))
                return (struct word){"", 0};
        return (struct word){buf, (size_t)snprintf(buf, 24, "%lld", (long long)json_integer_value(value))};
}

static int64_t time_of(const struct word *w)
{
        char copy[20];
        uint64_t seconds;

        if (!w->len || w->len >= sizeof(copy))
                return 0;
        memcpy(copy, w->at, w->len);
        copy[w->len] = '\0';
        return str_to_u64(copy, 253402300799, &seconds) == 0 ? (int64_t)seconds : 0; /* the year 9999 */
}

static void take_port(struct import *im, const json_t *host, const json_t *port)
{
        char number[24], time[24];
        const json_t *service = json_object_get(port, "service");
        struct word timestamp = number_in(host, "timestamp", time);
        struct sight s = {
                .address = text_in(host, "ip"),
                .transport = text_in(port, "proto"),
                .port = number_in(port, "port", number),
                .state = text_in(port, "status"),
                .reason = text_in(port, "reason"),
                .service = text_in(service, "name"),
                .banner = text_in(service, "banner"),
                .ttl = json_integer_value(json_object_get(port, "ttl")),
                .time_s = time_of(&timestamp),
        };

        if (service && !s.state.len) /* a banner tells that it is open */
                s.state = (struct word){"open", 4};
        take_sight(im, &s);
}

static void take_json(struct import *im, const char *text, size_t len)
{
        json_error_t error;
        json_t *object, *ports;

        if (len < 64 && memmem(text, len, "finished", 8)) { /* {finished: 1} is no JSON */
                im->ended = true;
                return;
        }
        object = json_loadb(text, len, 0, &error);
        ports = json_object_get(object, "ports");
        if (!object)
                import_fault(im, "no JSON: %s", error.text);
        else if (!json_is_array(ports) || !json_is_string(json_object_get(object, "ip")))
                import_fault(im, "a record without \"ip\" or \"ports\"");
        for (size_t i = 0; i < json_array_size(ports); i++)
                take_port(im, object, json_array_get(ports, i));
        json_decref(object);
}

const struct importer importer_masscan = {
        .name = "masscan",
        .what = "masscan -oJ (JSON)",
        .unit = IMPORT_OBJECTS,
        .guess = guess_json,
        .open = open,
        .take = take_json,
};

/* --- lists ---------------------------------------------------------------------------------------- */

/* "open tcp 80 10.0.0.1 1600000000", "banner tcp 22 10.0.0.1 1600000000 ssh SSH-2.0-..." */
static bool fits(const struct words *w)
{
        return word_starts(&w->word[0], "#masscan") ||
               (w->n >= 5 && (word_is(&w->word[0], "open") || word_is(&w->word[0], "banner")) &&
                word_is_number(&w->word[2]) && word_is_number(&w->word[4]));
}

static bool guess_list(const char *start, size_t len)
{
        return listing_any_line(start, len, fits);
}

static void take_list(struct import *im, const char *text, size_t len)
{
        bool banner;
        struct words w;

        words_of(&w, text, len);
        if (!w.n)
                return;
        if (w.word[0].at[0] == '#') {
                im->ended |= w.n > 1 && word_is(&w.word[1], "end");
                return;
        }
        banner = word_is(&w.word[0], "banner");
        if (w.n < (banner ? 6 : 5)) {
                import_fault(im, "the line is cut off");
                return;
        }
        take_sight(im,
                   &(struct sight){
                           .address = w.word[3],
                           .transport = w.word[1],
                           .port = w.word[2],
                           .state = banner ? (struct word){"open", 4} : w.word[0],
                           .time_s = time_of(&w.word[4]),
                           .service = banner ? w.word[5] : (struct word){0},
                           .banner = banner && w.n > 6 ? (struct word){w.word[6].at,
                                                                       (size_t)(text + len - w.word[6].at)}
                                                       : (struct word){0},
                   });
}

static void end_list(struct import *im)
{
        if (!im->ended)
                import_fault_all(im,
                                 "the line '# end' is missing: the file was cut off, or masscan was ended");
}

const struct importer importer_masscan_list = {
        .name = "masscan-list",
        .what = "masscan -oL (list)",
        .unit = IMPORT_LINES,
        .guess = guess_list,
        .open = open,
        .take = take_list,
        .end = end_list,
};
