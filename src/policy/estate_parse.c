/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/estate_parse.h"

#include <errno.h>
#include <stdio.h>

#include "base/map.h"
#include "base/str.h"
#include "knowledge/page_parse.h"
#include "policy/lists.h"

#define NETWORKS_MAX 10000u
#define EXCLUDE_MAX  50000u
#define DEVICES_MAX  500u
#define ASSETS_MAX   50000u
#define WINDOWS_MAX  100u
#define RANGES_MAX   1000u /* of one entry */
#define RATE_MAX     1000000u

#define WORD_START "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define WORD_REST  WORD_START "._-"

static const struct yaml_shape shape_word = {1, 63, WORD_START, WORD_REST,
                                             "letters, digits and '._-', with no '._-' at the start"};
static const struct yaml_shape shape_host = {1, 253, WORD_START "_", WORD_REST, "a DNS name"};
static const struct yaml_shape shape_owner = {1, 200, NULL, NULL, NULL};
static const struct yaml_shape shape_why = {3, 300, NULL, NULL, NULL};

_Static_assert(ESTATE_FILE_MAX == YAML_READ_FILE_MAX, "what is read can be parsed");

/* Words of exposure: a zone of that name could not be told from them. */
static const char *const exposures[] = {"loopback", "private", "link", "internet"};

/* What is gathered until all of it is known to be right. */
struct draft {
        struct pool *pool;
        vec(struct estate_network) networks;
        vec(struct estate_device) devices;
        vec(struct estate_asset) assets;
        vec(struct estate_place) places;
        vec(struct estate_window) windows;
        struct range_set exclude;
        struct map networks_by_text, assets_by_name; /* line; index */
        struct map assets_by_address;                /* index, by the text of the address */
};

static void draft_release(struct draft *d)
{
        vec_clear(&d->networks);
        vec_clear(&d->devices);
        vec_clear(&d->assets);
        vec_clear(&d->places);
        vec_clear(&d->windows);
        range_set_release(&d->exclude);
        map_release(&d->networks_by_text);
        map_release(&d->assets_by_name);
        map_release(&d->assets_by_address);
}

/* --- what several sections have -------------------------------------------------------------- */

/* The set, normalized, in the pool. */
static struct range_set keep_set(struct pool *pool, struct range_set *set)
{
        struct range_set kept = {0};

        if (!set->n)
                return kept;
        range_set_normalize(set);
        kept.n = kept.room = set->n;
        kept.at = keep(pool, set->at, set->n, sizeof(*set->at));
        kept.before = keep(pool, set->before, set->n + 1, sizeof(*set->before));
        return kept;
}

static int read_range(struct yaml_read *r, struct address_range *ret)
{
        struct err why = {0};
        const char *s = NULL;
        int rc = yaml_read_text(r, &s);

        if (rc == 0 && address_range_parse(s, true, ret, NULL, &why) < 0)
                return yaml_read_fail(r, "%s", why.text);
        return rc;
}

/* As read_range, but not "10.0.0.5-9". */
static int read_cidr(struct yaml_read *r, struct address_range *ret)
{
        const char *s = NULL;
        int rc = yaml_read_text(r, &s);

        if (rc == 0 && strchr(s, '-'))
                return yaml_read_fail(r, "'%s' is not a network as 10.20.0.0/16 or 2001:db8::/64",
                                      yaml_read_show(r, s));
        return rc < 0 ? rc : read_range(r, ret);
}

static int set_item(struct yaml_read *r, size_t index, void *set)
{
        struct address_range range;
        int rc = read_range(r, &range);

        if (rc == 0)
                range_set_add(set, &range);
        return rc;
}

static int read_class(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        const char *words[DEVICE_CLASS_MAX] = {NULL};
        size_t i;
        int rc;

        for (i = DEVICE_NONE + 1; i < DEVICE_CLASS_MAX; i++)
                words[i - 1] = device_class_name((enum device_class)i);
        rc = yaml_read_word(r, words, &i);
        if (rc == 0)
                *(enum device_class *)((char *)to + f->at) = (enum device_class)(i + 1);
        return rc;
}

/* --- networks and exclusions ----------------------------------------------------------------- */

static int read_network_cidr(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct address_range *range = &((struct estate_network *)to)->range;
        int rc = read_cidr(r, range);
        unsigned differ = range->first.bytes[0] ^ range->last.bytes[0];

        /* fd00::/7 is the widest that a site may have of its own (RFC 4193), 10.0.0.0/8 of IPv4 (RFC 1918). */
        if (rc == 0 && differ > (range->first.family == 4 ? 0u : 1u))
                return yaml_read_fail(r, "is wider than /%d; name the networks that are yours",
                                      range->first.family == 4 ? 8 : 7);
        return rc;
}

static int read_zone(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        const char **zone = (const char **)((char *)to + f->at);
        int rc = yaml_field_text(r, f, to);

        for (size_t i = 0; rc == 0 && i < array_len(exposures); i++)
                if (streq(*zone, exposures[i]))
                        return yaml_read_fail(r, "'%s' has a meaning of its own; choose another name",
                                              *zone);
        return rc;
}

static int network_item(struct yaml_read *r, size_t index, void *arg)
{
        static const struct yaml_field fields[] = {
                {"cidr", read_network_cidr, .required = true},
                {"zone", read_zone, offsetof(struct estate_network, zone), .shape = &shape_word},
        };
        struct draft *d = arg;
        struct estate_network network = {.line = r->line};
        char text[RANGE_TEXT_SIZE];
        const char *key;
        uint64_t line;
        int rc = yaml_read_record(r, fields, array_len(fields), &network);

        if (rc < 0)
                return rc;
        key = pool_intern(d->pool, address_range_format(&network.range, text));
        if (map_get_str(&d->networks_by_text, key, &line))
                return yaml_read_fail_at(r, network.line, "%s is already the network of line %u", key,
                                         (unsigned)line);
        map_put_str(&d->networks_by_text, key, network.line);
        *vec_push(&d->networks) = network;
        return 0;
}

static int read_networks(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, NETWORKS_MAX, network_item, to);
}

static int read_exclude(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, EXCLUDE_MAX, set_item, &((struct draft *)to)->exclude);
}

/* --- devices --------------------------------------------------------------------------------- */

struct device_draft {
        struct estate_device device;
        struct port_set forbidden[2];
        bool forbids[2]; /* whether forbidden[i] has any */
        bool no_syn, no_udp, no_identify;
        uint64_t rate; /* 0 = not given */
        unsigned rate_line;
        const char *why;
};

struct ranges {
        vec(struct address_range) list;
};

static void ranges_release(struct ranges *ranges)
{
        vec_clear(&ranges->list);
}

static int cidr_item(struct yaml_read *r, size_t index, void *arg)
{
        return read_cidr(r, vec_push(&((struct ranges *)arg)->list));
}

static int read_match_cidr(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(ranges_release) struct ranges ranges = {0};
        struct estate_device *device = to;
        int rc = read_some(r, RANGES_MAX, cidr_item, &ranges);

        device->ranges = keep(r->pool, ranges.list.at, ranges.list.n, sizeof(*ranges.list.at));
        device->n_ranges = ranges.list.n;
        return rc;
}

static int read_match(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        static const struct yaml_field fields[] = {
                {"cidr", read_match_cidr},
                {"tags", read_words, offsetof(struct estate_device, tags),
                 offsetof(struct estate_device, n_tags), &shape_word},
        };
        struct estate_device *device = &((struct device_draft *)to)->device;
        unsigned line = r->line;
        int rc = yaml_read_record(r, fields, array_len(fields), device);

        if (rc == 0 && !device->n_ranges && !device->n_tags)
                return yaml_read_fail_at(r, line, "needs cidr or tags");
        return rc;
}

static int read_rate(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct device_draft *draft = to;

        draft->rate_line = r->line;
        return yaml_read_number(r, 1, RATE_MAX, &draft->rate);
}

static int forbid_item(struct yaml_read *r, size_t index, void *arg)
{
        static const char *const words[] = {"syn", "udp", "identify", NULL};
        struct device_draft *draft = arg;
        bool *flags[] = {&draft->no_syn, &draft->no_udp, &draft->no_identify};
        size_t i;
        int rc = yaml_read_word(r, words, &i);

        if (rc == 0)
                *flags[i] = true;
        return rc;
}

static int read_forbid(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return read_some(r, LIST_ITEMS_MAX, forbid_item, to);
}

/* Without a transport it is TCP and UDP. */
static int port_item(struct yaml_read *r, size_t index, void *arg)
{
        struct device_draft *draft = arg;
        struct port_range range = {0};
        const char *s = NULL;
        bool both;
        char text[32];
        int rc = yaml_read_text_or_number(r, &s);

        if (rc < 0)
                return rc;
        both = !strchr(s, '/');
        if (snprintf(text, sizeof(text), "%s%s", s, both ? "/tcp" : "") >= (int)sizeof(text) ||
            port_range_parse(text, &range) < 0 || range.transport > TRANSPORT_UDP)
                return yaml_read_fail(
                        r, "'%s' is not a port or range of 1 to 65535, as 23, 161/udp or 9100-9107/tcp",
                        yaml_read_show(r, s));
        for (unsigned t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                if (both || range.transport == t) {
                        port_set_add_range(&draft->forbidden[t], range.first, range.last);
                        draft->forbids[t] = true;
                }
        return 0;
}

static int read_forbid_ports(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return read_some(r, LIST_ITEMS_MAX, port_item, to);
}

/* Those of the class and those of the entry. */
static const struct port_set *join_ports(struct pool *pool, const struct port_set *of_class,
                                         const struct port_set *more)
{
        struct port_set *joined = keep(pool, more, 1, sizeof(*more));

        for (size_t i = 0; of_class && i < array_len(joined->bits); i++)
                joined->bits[i] |= of_class->bits[i];
        return joined;
}

/* The limits of the class, and what the entry takes away. */
static int narrow(struct yaml_read *r, struct device_draft *draft)
{
        struct estate_device *device = &draft->device;
        struct device_limits *limits = &device->limits;

        *limits = *device_class_limits(device->class);
        if (limits->host_rate && draft->rate > limits->host_rate) {
                (void)yaml_read_enter(r, "rate");
                return yaml_read_fail_at(r, draft->rate_line,
                                         "%u is more than the %u packets/s that the class %s may get; an "
                                         "entry can only lower it",
                                         (unsigned)draft->rate, limits->host_rate,
                                         device_class_name(device->class));
        }
        if (draft->rate)
                limits->host_rate = (uint32_t)draft->rate;
        limits->no_syn |= draft->no_syn;
        limits->no_udp |= draft->no_udp;
        limits->no_identify |= draft->no_identify;
        for (unsigned t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                if (draft->forbids[t])
                        limits->forbidden[t] =
                                join_ports(r->pool, limits->forbidden[t], &draft->forbidden[t]);
        if (draft->why)
                limits->why = draft->why;
        else if (!limits->why)
                limits->why = pool_printf(r->pool, "%s limits it (line %u)", r->file, device->line);
        return 0;
}

static int device_item(struct yaml_read *r, size_t index, void *arg)
{
        static const struct yaml_field fields[] = {
                {"match", read_match, .required = true},
                {"class", read_class, offsetof(struct device_draft, device.class), .required = true},
                {"rate", read_rate},
                {"forbid", read_forbid},
                {"forbid_ports", read_forbid_ports},
                {"why", yaml_field_text, offsetof(struct device_draft, why), .shape = &shape_why},
        };
        struct draft *d = arg;
        struct device_draft draft = {.device.line = r->line};
        int rc = yaml_read_record(r, fields, array_len(fields), &draft);

        if (rc < 0 || (rc = narrow(r, &draft)) < 0)
                return rc;
        *vec_push(&d->devices) = draft.device;
        return 0;
}

static int read_devices(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, DEVICES_MAX, device_item, to);
}

/* --- assets ---------------------------------------------------------------------------------- */

struct asset_draft {
        struct estate_asset asset;
        struct draft *draft;
        vec(struct address) addresses;
};

static void asset_draft_release(struct asset_draft *draft)
{
        vec_clear(&draft->addresses);
}

static int asset_address_item(struct yaml_read *r, size_t index, void *arg)
{
        struct asset_draft *draft = arg;
        struct draft *d = draft->draft;
        char text[ADDRESS_TEXT_SIZE];
        const char *s = NULL, *key;
        struct address address;
        uint64_t other;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        if (address_parse(s, &address) < 0)
                return yaml_read_fail(r, "'%s' is no IP address", yaml_read_show(r, s));
        address = address_unmapped(&address);
        if (address_is_any(&address) || address_is_multicast(&address))
                return yaml_read_fail(r, "'%s' is not the address of one machine", s);
        key = pool_intern(d->pool, address_format(&address, text));
        if (map_get_str(&d->assets_by_address, key, &other)) {
                if (other == d->assets.n)
                        return yaml_read_fail(r, "'%s' is given twice", s);
                return yaml_read_fail(r, "'%s' is already that of asset '%s' (line %u)", s,
                                      d->assets.at[other].name, d->assets.at[other].line);
        }
        map_put_str(&d->assets_by_address, key, d->assets.n);
        *vec_push(&draft->addresses) = address;
        *vec_push(&d->places) = (struct estate_place){address, (uint32_t)d->assets.n};
        return 0;
}

static int read_addresses(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct asset_draft *draft = to;
        int rc = read_some(r, LIST_ITEMS_MAX, asset_address_item, draft);

        draft->asset.addresses =
                keep(r->pool, draft->addresses.at, draft->addresses.n, sizeof(*draft->addresses.at));
        draft->asset.n_addresses = draft->addresses.n;
        return rc;
}

#define ASSET_LIST(field) \
        offsetof(struct asset_draft, asset.field), offsetof(struct asset_draft, asset.n_##field)

static int asset_item(struct yaml_read *r, size_t index, void *arg)
{
        static const struct yaml_field fields[] = {
                {"name", yaml_field_text, offsetof(struct asset_draft, asset.name), .shape = &shape_word,
                 .required = true},
                {"addresses", read_addresses},
                {"names", read_words, ASSET_LIST(names), &shape_host},
                {"owner", yaml_field_text, offsetof(struct asset_draft, asset.owner), .shape = &shape_owner},
                {"tags", read_words, ASSET_LIST(tags), &shape_word},
                {"class", read_class, offsetof(struct asset_draft, asset.class)},
        };
        struct draft *d = arg;
        _cleanup_(asset_draft_release) struct asset_draft draft = {.asset.line = r->line, .draft = d};
        uint64_t other;
        int rc = yaml_read_record(r, fields, array_len(fields), &draft);

        if (rc < 0)
                return rc;
        if (map_get_str(&d->assets_by_name, draft.asset.name, &other)) {
                (void)yaml_read_enter(r, "name");
                return yaml_read_fail_at(r, draft.asset.line, "'%s' is already the asset of line %u",
                                         draft.asset.name, d->assets.at[other].line);
        }
        map_put_str(&d->assets_by_name, draft.asset.name, d->assets.n);
        *vec_push(&d->assets) = draft.asset;
        return 0;
}

static int read_assets(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, ASSETS_MAX, asset_item, to);
}

/* --- windows --------------------------------------------------------------------------------- */

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static size_t find_day(const char *s, size_t len)
{
        size_t i = 0;

        while (i < array_len(days) && (len != 3 || memcmp(s, days[i], 3) != 0))
                i++;
        return i;
}

/* "mon" or "fri-mon" */
static int day_item(struct yaml_read *r, size_t index, void *arg)
{
        struct estate_window *window = arg;
        const char *s = NULL, *dash;
        size_t first, last;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        dash = strchr(s, '-');
        first = find_day(s, dash ? (size_t)(dash - s) : strlen(s));
        last = dash ? find_day(dash + 1, strlen(dash + 1)) : first;
        if (first == array_len(days) || last == array_len(days))
                return yaml_read_fail(r, "'%s' is not a day or range of days, as sun or mon-fri",
                                      yaml_read_show(r, s));
        for (size_t day = first;; day = (day + 1) % array_len(days)) {
                window->days |= (uint8_t)(1u << day);
                if (day == last)
                        return 0;
        }
}

static int read_days(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return read_some(r, array_len(days), day_item, to);
}

static bool two_digits(const char *s, unsigned *ret)
{
        if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
                return false;
        *ret = (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
        return true;
}

/* f->max: the last minute that it may be. */
static int read_minute(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        const char *s = NULL;
        unsigned hours, minutes;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        if (strlen(s) != 5 || s[2] != ':' || !two_digits(s, &hours) || !two_digits(s + 3, &minutes) ||
            minutes > 59 || hours * 60 + minutes > f->max)
                return yaml_read_fail(r, "'%s' is not a time of day from 00:00 to %02u:%02u",
                                      yaml_read_show(r, s), f->max / 60, f->max % 60);
        *(uint16_t *)((char *)to + f->at) = (uint16_t)(hours * 60 + minutes);
        return 0;
}

static int read_only(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(range_set_release) struct range_set set = {0};
        int rc = read_some(r, RANGES_MAX, set_item, &set);

        ((struct estate_window *)to)->only = keep_set(r->pool, &set);
        return rc;
}

static int window_item(struct yaml_read *r, size_t index, void *arg)
{
        static const struct yaml_field fields[] = {
                {"days", read_days},
                {"from", read_minute, offsetof(struct estate_window, from), .max = 24 * 60 - 1,
                 .required = true},
                {"to", read_minute, offsetof(struct estate_window, to), .max = 24 * 60, .required = true},
                {"for", read_only},
        };
        struct draft *d = arg;
        struct estate_window window = {.line = r->line};
        int rc = yaml_read_record(r, fields, array_len(fields), &window);

        if (rc < 0)
                return rc;
        if (window.from == window.to)
                return yaml_read_fail_at(
                        r, window.line, "begins and ends at the same time; the whole day is 00:00 to 24:00");
        if (!window.days)
                window.days = (1u << array_len(days)) - 1;
        *vec_push(&d->windows) = window;
        return 0;
}

static int read_windows(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, WINDOWS_MAX, window_item, to);
}

/* --- the whole ------------------------------------------------------------------------------- */

static int fail_device(struct yaml_read *r, const struct draft *d, size_t i, const char *text)
{
        char index[24];

        yaml_read_leave(r, 0);
        (void)yaml_read_enter(r, "devices");
        (void)snprintf(index, sizeof(index), "[%zu]", i);
        (void)yaml_read_enter(r, index);
        (void)yaml_read_enter(r, "match");
        return yaml_read_fail_at(r, d->devices.at[i].line, "%s", text);
}

static bool has_tags(const struct estate_asset *asset, const struct estate_device *device)
{
        size_t found = 0;

        for (size_t i = 0; i < device->n_tags; i++)
                for (size_t j = 0; j < asset->n_tags; j++)
                        found += device->tags[i] == asset->tags[j]; /* interned in one pool */
        return found == device->n_tags;
}

/* A tag that nothing has is a slip of the pen, and what it should have protected would be asked at full pace. */
static int check_tags(struct yaml_read *r, const struct draft *d)
{
        for (size_t i = 0; i < d->devices.n; i++) {
                bool found = !d->devices.at[i].n_tags;

                for (size_t j = 0; j < d->assets.n && !found; j++)
                        found = has_tags(&d->assets.at[j], &d->devices.at[i]);
                if (!found)
                        return fail_device(r, d, i, "no asset has these tags; are they spelt right?");
        }
        return 0;
}

/* Of entries for networks the first that matches decides: one that can never be the first protects nothing. */
static int check_order(struct yaml_read *r, const struct draft *d)
{
        _cleanup_(range_set_release) struct range_set taken = {0};

        for (size_t i = 0; i < d->devices.n; i++) {
                const struct estate_device *device = &d->devices.at[i];
                _cleanup_(range_set_release) struct range_set left = {0};

                if (device->n_tags)
                        continue;
                for (size_t j = 0; j < device->n_ranges; j++)
                        range_set_add(&left, &device->ranges[j]);
                range_set_normalize(&left);
                range_set_subtract(&left, &taken);
                if (!left.n)
                        return fail_device(r, d, i,
                                           "entries before it match all of this, and the first that matches "
                                           "decides; move this one up");
                for (size_t j = 0; j < device->n_ranges; j++)
                        range_set_add(&taken, &device->ranges[j]);
                range_set_normalize(&taken);
        }
        return 0;
}

static int compare_places(const void *a, const void *b)
{
        return address_compare(&((const struct estate_place *)a)->address,
                               &((const struct estate_place *)b)->address);
}

/* Those that name assets (by tags) before those that name networks only; else as they stand. */
static struct estate_device *keep_devices(const struct draft *d)
{
        struct estate_device *kept = pool_alloc(d->pool, d->devices.n * sizeof(*kept));
        size_t n = 0;

        for (unsigned tagged = 2; tagged-- > 0;)
                vec_foreach(device, &d->devices)
                        if ((device->n_tags > 0) == tagged)
                                kept[n++] = *device;
        return kept;
}

#define KEEP(draft, list) keep((draft)->pool, (draft)->list.at, (draft)->list.n, sizeof(*(draft)->list.at))

static void finish(struct draft *d, const char *file, struct estate *ret)
{
        vec_sort(&d->places, compare_places);
        *ret = (struct estate){
                .file = file,
                .networks = KEEP(d, networks),
                .n_networks = d->networks.n,
                .exclude = keep_set(d->pool, &d->exclude),
                .devices = keep_devices(d),
                .n_devices = d->devices.n,
                .assets = KEEP(d, assets),
                .n_assets = d->assets.n,
                .places = KEEP(d, places),
                .n_places = d->places.n,
                .windows = KEEP(d, windows),
                .n_windows = d->windows.n,
        };
}

int estate_parse(const char *text, size_t len, const char *file, struct pool *pool, struct estate *ret,
                 struct err *err)
{
        static const struct yaml_field fields[] = {
                {"networks", read_networks}, {"exclude", read_exclude}, {"devices", read_devices},
                {"assets", read_assets},     {"windows", read_windows},
        };
        _cleanup_(yaml_read_release) struct yaml_read r;
        _cleanup_(draft_release) struct draft d = {.pool = pool};
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        if (rc == 0 && r.event.type != YAML_STREAM_END_EVENT)
                rc = yaml_read_record(&r, fields, array_len(fields), &d);
        if (rc == 0)
                rc = yaml_read_end(&r);
        if (rc < 0 || (rc = check_tags(&r, &d)) < 0 || (rc = check_order(&r, &d)) < 0)
                return rc;
        finish(&d, file, ret);
        return 0;
}
