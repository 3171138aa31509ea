/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drift/record_line.h"

#include <string.h>
#include <time.h>

#include "model/zone_states.h"

/* --- values --------------------------------------------------------------------------------------- */

static const char *intern(struct record_reader *r, enum text_member member, const struct json_text *text)
{
        struct cache *cache = &r->caches[member];
        size_t len = text->len < RECORD_TEXT_MAX ? text->len : RECORD_TEXT_MAX;
        const char *kept;

        for (unsigned i = 0; i < CACHED; i++)
                if (cache->text[i] && cache->len[i] == len && memcmp(cache->text[i], text->at, len) == 0)
                        return cache->text[i];
        len = strnlen(text->at, len);
        kept = pool_intern_n(r->to->pool, text->at, len);
        cache->text[cache->next] = kept;
        cache->len[cache->next] = len;
        cache->next = (cache->next + 1) % CACHED;
        return kept;
}

/* NULL for null, and for what is no text. */
static const char *read_text(struct record_reader *r, enum text_member member)
{
        struct json_text text;

        return json_read_text(&r->json, &text) && text.len ? intern(r, member, &text) : NULL;
}

/* "2026-11-21T22:45:00Z" (RFC 3339); 0 for anything else. */
static int64_t parse_time(const char *text)
{
        struct tm tm = {0};
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

        return end && !*end ? timegm(&tm) : 0;
}

static int64_t read_time(struct record_reader *r)
{
        struct json_text text;

        if (!json_read_text(&r->json, &text) || text.len >= sizeof(r->time_text))
                return 0;
        if (strlen(r->time_text) != text.len || memcmp(r->time_text, text.at, text.len) != 0) {
                *(char *)mempcpy(r->time_text, text.at, text.len) = '\0';
                r->time_s = parse_time(r->time_text);
        }
        return r->time_s;
}

static void read_address(struct record_reader *r, struct record *to)
{
        struct json_text text;

        if (!json_read_text(&r->json, &text) || !text.len)
                return;
        to->has_address = true;
        if (text.len >= sizeof(r->address_text)) {
                to->bad_address = true;
                return;
        }
        if (strlen(r->address_text) != text.len || memcmp(r->address_text, text.at, text.len) != 0) {
                *(char *)mempcpy(r->address_text, text.at, text.len) = '\0';
                if (address_parse(r->address_text, &r->address) < 0) {
                        r->address_text[0] = '\0';
                        to->bad_address = true;
                        return;
                }
        }
        to->item.address = r->address;
}

static void read_transport(struct record_reader *r, struct record *to)
{
        struct json_text text;
        char word[16] = "";
        enum transport transport;

        if (!json_read_text(&r->json, &text))
                return;
        if (text.len < sizeof(word))
                memcpy(word, text.at, text.len);
        transport = transport_parse(word);
        to->has_transport = true;
        to->bad_transport = transport == TRANSPORT_MAX;
        to->item.transport = to->bad_transport ? 0 : (uint8_t)transport;
}

/* One text member of an object, or the value itself where it is a text. */
static const char *read_part(struct record_reader *r, enum text_member member, const char *name,
                             enum text_member member2, const char *name2, const char **ret2)
{
        const char *found = NULL;
        struct json_text key;

        if (json_read_peek(&r->json) != '{')
                return read_text(r, member);
        json_read_open(&r->json, '{');
        while (json_read_key(&r->json, &key)) {
                if (json_text_is_n(&key, name, strlen(name)))
                        found = read_text(r, member);
                else if (name2 && json_text_is_n(&key, name2, strlen(name2)))
                        *ret2 = read_text(r, member2);
                else
                        json_read_skip(&r->json);
        }
        return found;
}

static void read_process(struct record_reader *r, struct item *to)
{
        const char *exe = NULL, *hash = NULL, *user = NULL;
        struct json_text key;
        int order;

        if (json_read_peek(&r->json) != '{') {
                json_read_skip(&r->json);
                return;
        }
        json_read_open(&r->json, '{');
        while (json_read_key(&r->json, &key)) {
                if (json_text_is(&key, "exe"))
                        exe = read_text(r, MEMBER_EXE);
                else if (json_text_is(&key, "user"))
                        user = read_text(r, MEMBER_USER);
                else if (json_text_is(&key, "exe_hash"))
                        hash = read_text(r, MEMBER_EXE_HASH);
                else
                        json_read_skip(&r->json);
        }
        /* the first by path, then by user: the order of pids is another one after each start */
        if (!exe)
                return;
        order = to->exe ? strcmp(exe, to->exe) : -1;
        if (order > 0 || (order == 0 && (!user || (to->user && strcmp(user, to->user) >= 0))))
                return;
        to->exe = exe;
        to->user = user;
        to->exe_hash = hash;
}

static void read_processes(struct record_reader *r, struct item *to)
{
        if (json_read_peek(&r->json) != '[') {
                json_read_skip(&r->json);
                return;
        }
        json_read_open(&r->json, '[');
        while (json_read_next(&r->json))
                read_process(r, to);
}

static void read_reasons(struct record_reader *r)
{
        if (json_read_peek(&r->json) != '[') {
                bool yes;

                (void)json_read_bool(&r->json, &yes);
                return;
        }
        json_read_open(&r->json, '[');
        while (json_read_next(&r->json)) {
                const char *reason = read_text(r, MEMBER_REASON);

                if (reason)
                        *vec_push(&r->reasons) = reason;
        }
}

/* --- members -------------------------------------------------------------------------------------- */

static enum record_type type_of(const char *word)
{
        static const struct {
                const char *word;
                enum record_type type;
        } types[] = {
                {"listener", RECORD_LISTENER}, {"service", RECORD_SERVICE}, {"endpoint", RECORD_ENDPOINT},
                {"coverage", RECORD_COVERAGE}, {"gap", RECORD_GAP},         {"summary", RECORD_SUMMARY},
        };

        for (size_t i = 0; i < array_len(types); i++)
                if (streq(word, types[i].word))
                        return types[i].type;
        return RECORD_OTHER;
}

static void read_type(struct record_reader *r, struct record *to)
{
        const char *word = read_text(r, MEMBER_TYPE);

        to->type = word ? type_of(word) : RECORD_UNTYPED;
}

static void read_incomplete(struct record_reader *r, struct record *to)
{
        if (json_read_peek(&r->json) == '[')
                read_reasons(r);
        else
                (void)json_read_bool(&r->json, &to->incomplete);
}

static void read_confidence(struct record_reader *r, struct record *to)
{
        struct json_text text;

        if (json_read_text(&r->json, &text))
                to->registered = json_text_is(&text, "registered");
}

static void read_state(struct record_reader *r, struct record *to)
{
        to->item.running = read_text(r, MEMBER_STATE);
        to->open = to->item.running && streq(to->item.running, "open");
}

static enum reach_state parse_state(const struct json_text *text)
{
        for (enum reach_state s = REACH_REACHABLE; s <= REACH_BLOCKED; s++)
                if (json_text_is_n(text, reach_state_name(s), strlen(reach_state_name(s))))
                        return s;
        return REACH_UNKNOWN;
}

static void read_zone(struct record_reader *r)
{
        struct json_text key, zone = {0}, state = {0};
        char name[ZONE_NAME_MAX];
        size_t len = 0;
        enum reach_state is = REACH_UNKNOWN;

        json_read_open(&r->json, '{');
        while (json_read_key(&r->json, &key)) {
                if (json_text_is(&key, "zone")) {
                        /* a text stays only until the next is read */
                        len = json_read_text(&r->json, &zone) && zone.len <= sizeof(name) ? zone.len : 0;
                        memcpy(name, len ? zone.at : "", len);
                } else if (json_text_is(&key, "state")) {
                        is = json_read_text(&r->json, &state) ? parse_state(&state) : REACH_UNKNOWN;
                } else {
                        json_read_skip(&r->json);
                }
        }
        zone_states_add(&r->zones, name, len, is);
}

static const char *read_zones(struct record_reader *r)
{
        str_reset(&r->zones);
        if (json_read_peek(&r->json) != '[') {
                json_read_skip(&r->json);
                return NULL;
        }
        json_read_open(&r->json, '[');
        while (json_read_next(&r->json))
                if (json_read_peek(&r->json) == '{')
                        read_zone(r);
                else
                        json_read_skip(&r->json);
        if (!r->zones.len)
                return NULL;
        return intern(r, MEMBER_ZONES, &(struct json_text){.at = r->zones.text, .len = r->zones.len});
}

/* A word in what watch and older versions wrote. */
static void read_exposure(struct record_reader *r, struct item *to)
{
        struct json_text key;

        if (json_read_peek(&r->json) != '{') {
                to->exposure = read_text(r, MEMBER_EXPOSURE);
                return;
        }
        json_read_open(&r->json, '{');
        while (json_read_key(&r->json, &key)) {
                if (json_text_is(&key, "scope"))
                        to->exposure = read_text(r, MEMBER_EXPOSURE);
                else if (json_text_is(&key, "zones"))
                        to->zones = read_zones(r);
                else
                        json_read_skip(&r->json);
        }
}

static void read_product(struct record_reader *r, struct record *to)
{
        to->item.product = read_text(r, MEMBER_PRODUCT);
}

static void read_package(struct record_reader *r, struct record *to)
{
        const char *version = NULL;

        to->item.package = read_part(r, MEMBER_PACKAGE, "name", MEMBER_VERSION, "version", &version);
        if (version)
                to->item.version = version;
}

static void read_complete(struct record_reader *r, struct record *to)
{
        to->says_complete = json_read_bool(&r->json, &to->complete);
}

/* Present, and not null: it was looked for. */
static bool read_given(struct record_reader *r)
{
        bool given = json_read_peek(&r->json) != 'n';

        json_read_skip(&r->json);
        return given;
}

void record_member(struct record_reader *r, struct record *to, const struct json_text *key)
{
        struct item *item = &to->item;

#define IS(word) (json_text_is(key, word))
        switch (key->at[0]) {
        case 'a':
                if (IS("address"))
                        read_address(r, to);
                else if (IS("asset"))
                        to->asset = read_text(r, MEMBER_ASSET);
                else
                        break;
                return;
        case 'c':
                if (IS("container"))
                        item->container = read_part(r, MEMBER_CONTAINER, "name", 0, NULL, NULL);
                else if (IS("confidence"))
                        read_confidence(r, to);
                else if (IS("complete"))
                        read_complete(r, to);
                else
                        break;
                return;
        case 'd':
                if (!IS("device"))
                        break;
                item->device = read_text(r, MEMBER_DEVICE);
                return;
        case 'e':
                if (IS("exposure"))
                        read_exposure(r, item);
                else if (IS("encryption"))
                        item->encryption = read_text(r, MEMBER_ENCRYPTION);
                else
                        break;
                return;
        case 'h':
                if (IS("hostname"))
                        to->hostname = read_text(r, MEMBER_HOSTNAME);
                else if (IS("hosts"))
                        to->has_hosts = read_given(r);
                else
                        break;
                return;
        case 'i':
                if (!IS("incomplete"))
                        break;
                read_incomplete(r, to);
                return;
        case 'l':
                if (!IS("listeners"))
                        break;
                to->has_listeners = read_given(r);
                return;
        case 'n':
                if (IS("netns"))
                        item->netns = read_part(r, MEMBER_NETNS, "role", 0, NULL, NULL);
                else if (IS("name"))
                        item->name = read_text(r, MEMBER_NAME);
                else
                        break;
                return;
        case 'p':
                if (IS("port"))
                        to->has_port = json_read_u64(&r->json, &to->port);
                else if (IS("port_last"))
                        (void)json_read_u64(&r->json, &to->port_last);
                else if (IS("protocol"))
                        item->protocol = read_text(r, MEMBER_PROTOCOL);
                else if (IS("product"))
                        read_product(r, to);
                else if (IS("package"))
                        read_package(r, to);
                else if (IS("processes"))
                        read_processes(r, item);
                else
                        break;
                return;
        case 'r':
                if (!IS("reason"))
                        break;
                to->reason = read_text(r, MEMBER_REASON);
                return;
        case 's':
                if (IS("state"))
                        read_state(r, to);
                else if (IS("startup"))
                        item->startup = read_text(r, MEMBER_STARTUP);
                else if (IS("services"))
                        to->has_services = read_given(r);
                else if (IS("source"))
                        to->source = read_text(r, MEMBER_SOURCE);
                else
                        break;
                return;
        case 't':
                if (IS("type"))
                        read_type(r, to);
                else if (IS("transport"))
                        read_transport(r, to);
                else if (IS("time"))
                        to->time_s = read_time(r);
                else
                        break;
                return;
        case 'u':
                if (!IS("unit"))
                        break;
                item->unit = read_part(r, MEMBER_UNIT, "name", 0, NULL, NULL);
                return;
        case 'v':
                if (IS("version"))
                        item->version = read_text(r, MEMBER_VERSION);
                else if (IS("vantage"))
                        to->vantage = read_text(r, MEMBER_VANTAGE);
                else if (IS("verdict"))
                        item->verdict = read_part(r, MEMBER_VERDICT, "verdict", 0, NULL, NULL);
                else
                        break;
                return;
        default:
                break;
        }
#undef IS
        json_read_skip(&r->json);
}
