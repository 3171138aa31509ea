/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/estate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"

#define MINUTES_A_DAY 1440
#define ALL_DAYS      7
/* A window that daylight saving skips is there again a week later; the second week is for that. */
#define LOOK_AHEAD_S (15 * 86400)

/* --- classes --------------------------------------------------------------------------------- */

#define PORT_BIT(port)  (1ull << ((port)&63))
#define PORT_WORD(port) ((port) >> 6)
/* n ports from `first` on, which must all lie in one word of the bitmap. */
#define PORT_BITS(first, n) (((1ull << (n)) - 1) << ((first)&63))

static const struct port_set raw_printing = {
        .bits = {[PORT_WORD(515)] = PORT_BIT(515), [PORT_WORD(9100)] = PORT_BITS(9100, 8)},
};
static const struct port_set sip = {
        .bits = {[PORT_WORD(5060)] = PORT_BITS(5060, 2)},
};

struct class_entry {
        const char *name;
        struct device_limits limits;
};

static const struct class_entry classes[DEVICE_CLASS_MAX] = {
        [DEVICE_NONE] = {"none", {0}},
        [DEVICE_SERVER] = {"server", {0}},
        [DEVICE_WORKSTATION] = {"workstation", {0}},
        [DEVICE_NETWORK] = {"network", {0}},
        [DEVICE_PRINTER] = {"printer",
                            {.host_rate = 20,
                             .forbidden[TRANSPORT_TCP] = &raw_printing,
                             .why = "printers print what reaches a raw port (9100-9107), and some hold the "
                                    "queue for a connection to 515 that says nothing"}},
        [DEVICE_PLC] = {"plc",
                        {.host_rate = 5,
                         .no_syn = true,
                         .no_udp = true,
                         .no_identify = true,
                         .industrial = true,
                         .why = "controllers have few connections and little time: half-open ones, bursts "
                                "and unknown requests have stopped machines"}},
        [DEVICE_UPS] = {"ups",
                        {.host_rate = 10,
                         .no_syn = true,
                         .why = "management cards of power supplies run out of connections and restart "
                                "when half-open ones pile up"}},
        [DEVICE_BMC] = {"bmc",
                        {.host_rate = 20,
                         .why = "management controllers are slow, and one that hangs needs the power "
                                "unplugged"}},
        [DEVICE_VOIP] = {"voip",
                         {.host_rate = 20,
                          .forbidden[TRANSPORT_UDP] = &sip,
                          .why = "phones may ring or restart on SIP requests of strangers (5060-5061/udp)"}},
        [DEVICE_CAMERA] = {"camera",
                           {.host_rate = 20,
                            .why = "cameras have little memory, and lose pictures while they answer"}},
        [DEVICE_MEDICAL] = {"medical",
                            {.host_rate = 5,
                             .no_syn = true,
                             .no_udp = true,
                             .no_identify = true,
                             .why = "patients depend on it: full connections only, slowly, and no "
                                    "payload"}},
};

const char *device_class_name(enum device_class class)
{
        return classes[class].name;
}

enum device_class device_class_parse(const char *word)
{
        enum device_class class;

        /* "none" is how no class is shown, and no class that could be given */
        for (class = DEVICE_NONE + 1; class < DEVICE_CLASS_MAX; class++)
                if (streq(word, classes[class].name))
                        break;
        return class;
}

const struct device_limits *device_class_limits(enum device_class class)
{
        return &classes[class].limits;
}

/* --- networks and assets --------------------------------------------------------------------- */

/* True when a is in b and is not the same. */
static bool is_narrower(const struct address_range *a, const struct address_range *b)
{
        return address_compare(&a->first, &b->first) >= 0 && address_compare(&a->last, &b->last) <= 0 &&
               (address_compare(&a->first, &b->first) || address_compare(&a->last, &b->last));
}

const char *estate_zone(const struct estate *e, const struct address *address)
{
        struct address real = address_unmapped(address);
        const struct estate_network *best = NULL;

        for (size_t i = 0; i < e->n_networks; i++)
                if (address_range_has(&e->networks[i].range, &real) &&
                    (!best || is_narrower(&e->networks[i].range, &best->range)))
                        best = &e->networks[i];
        return best ? best->zone : NULL;
}

static int compare_place(const void *key, const void *place)
{
        return address_compare(key, &((const struct estate_place *)place)->address);
}

static const struct estate_asset *walk_assets(const struct estate *e, const struct address *address)
{
        for (size_t i = 0; i < e->n_assets; i++)
                for (size_t j = 0; j < e->assets[i].n_addresses; j++)
                        if (address_compare(&e->assets[i].addresses[j], address) == 0)
                                return &e->assets[i];
        return NULL;
}

const struct estate_asset *estate_asset_by_address(const struct estate *e, const struct address *address)
{
        struct address real = address_unmapped(address);
        const struct estate_place *place;

        if (!e->places)
                return walk_assets(e, &real);
        place = bsearch(&real, e->places, e->n_places, sizeof(*e->places), compare_place);
        return place ? &e->assets[place->asset] : NULL;
}

const struct estate_asset *estate_asset_by_name(const struct estate *e, const char *name)
{
        for (size_t i = 0; i < e->n_assets; i++)
                if (streq(e->assets[i].name, name))
                        return &e->assets[i];
        return NULL;
}

/* --- devices --------------------------------------------------------------------------------- */

static bool has_tag(const struct estate_asset *asset, const char *tag)
{
        for (size_t i = 0; asset && i < asset->n_tags; i++)
                if (streq(asset->tags[i], tag))
                        return true;
        return false;
}

static bool in_ranges(const struct estate_device *d, const struct address *address)
{
        for (size_t i = 0; i < d->n_ranges; i++)
                if (address_range_has(&d->ranges[i], address))
                        return true;
        return false;
}

static bool matches(const struct estate_device *d, const struct address *address,
                    const struct estate_asset *asset)
{
        if (d->n_ranges && !in_ranges(d, address))
                return false;
        for (size_t i = 0; i < d->n_tags; i++)
                if (!has_tag(asset, d->tags[i]))
                        return false;
        return d->n_ranges || d->n_tags;
}

/* The first that matches, of that class or (DEVICE_NONE) of any; NULL when none does. */
static const struct estate_device *find_device(const struct estate *e, const struct address *address,
                                               const struct estate_asset *asset, enum device_class class)
{
        for (size_t i = 0; i < e->n_devices; i++)
                if ((class == DEVICE_NONE || e->devices[i].class == class) &&
                    matches(&e->devices[i], address, asset))
                        return &e->devices[i];
        return NULL;
}

enum device_class estate_class(const struct estate *e, const struct address *address)
{
        struct address real = address_unmapped(address);
        const struct estate_asset *asset = estate_asset_by_address(e, &real);
        const struct estate_device *device;

        if (asset && asset->class != DEVICE_NONE)
                return asset->class;
        device = find_device(e, &real, asset, DEVICE_NONE);
        return device ? device->class : DEVICE_NONE;
}

struct device_limits estate_limits(const struct estate *e, const struct address *address)
{
        struct address real = address_unmapped(address);
        const struct estate_asset *asset = estate_asset_by_address(e, &real);
        enum device_class own = asset ? asset->class : DEVICE_NONE;
        const struct estate_device *device = find_device(e, &real, asset, own);

        return device ? device->limits : *device_class_limits(own);
}

/* --- windows --------------------------------------------------------------------------------- */

struct moment {       /* of local time */
        unsigned day; /* 0 = Monday */
        int minute, second;
        long offset; /* seconds east of UTC */
};

static bool moment_at(int64_t when, struct moment *ret)
{
        time_t t = (time_t)when;
        struct tm tm;

        if (!localtime_r(&t, &tm))
                return false; /* a year that int cannot hold */
        *ret = (struct moment){
                .day = (unsigned)(tm.tm_wday + 6) % ALL_DAYS,
                .minute = tm.tm_hour * 60 + tm.tm_min,
                .second = tm.tm_sec,
                .offset = tm.tm_gmtoff,
        };
        return true;
}

static bool covers(const struct estate_window *w, const struct moment *m)
{
        unsigned yesterday = (m->day + ALL_DAYS - 1) % ALL_DAYS;
        bool today = w->days >> m->day & 1;

        if (w->from < w->to)
                return today && m->minute >= w->from && m->minute < w->to;
        return (today && m->minute >= w->from) || (w->days >> yesterday & 1 && m->minute < w->to);
}

enum say { SAY_NOTHING, SAY_OPEN, SAY_CLOSED };

struct question {
        const struct estate *estate;
        const struct address *address;
        bool named; /* only windows that name the address are asked, else only those without `only` */
};

static bool concerns(const struct question *q, const struct estate_window *w)
{
        return q->named ? range_set_has(&w->only, q->address) : !w->only.n;
}

static enum say ask(const struct question *q, const struct moment *m)
{
        enum say said = SAY_NOTHING;

        for (size_t i = 0; i < q->estate->n_windows; i++) {
                if (!concerns(q, &q->estate->windows[i]))
                        continue;
                if (covers(&q->estate->windows[i], m))
                        return SAY_OPEN;
                said = SAY_CLOSED;
        }
        return said;
}

/* The first second of (from, to] whose offset from UTC is not that of `from`; that of `to` is not. */
static int64_t offset_change(int64_t from, int64_t to, long offset)
{
        struct moment m;

        while (to - from > 1) {
                int64_t middle = from + (to - from) / 2;

                if (moment_at(middle, &m) && m.offset == offset)
                        from = middle;
                else
                        to = middle;
        }
        return to;
}

/* The next time at which a window may begin or end, or the local clock is put forward or back. */
static int64_t next_edge(const struct question *q, int64_t when, const struct moment *m)
{
        int edge = MINUTES_A_DAY;
        struct moment then;
        int64_t to;

        for (size_t i = 0; i < q->estate->n_windows; i++) {
                const struct estate_window *w = &q->estate->windows[i];

                if (!concerns(q, w))
                        continue;
                if (w->from > m->minute && w->from < edge)
                        edge = w->from;
                if (w->to > m->minute && w->to < edge)
                        edge = w->to;
        }
        to = when + (edge - m->minute) * 60 - m->second;
        if (to <= when)
                to = when + 1; /* a leap second */
        if (moment_at(to, &then) && then.offset != m->offset)
                return offset_change(when, to, m->offset);
        return to;
}

static int64_t holds_until(const struct question *q, int64_t now, enum say said)
{
        int64_t when = now;
        struct moment m;

        while (when - now < LOOK_AHEAD_S && moment_at(when, &m)) {
                if (ask(q, &m) != said)
                        return when;
                when = next_edge(q, when, &m);
        }
        return INT64_MAX;
}

bool estate_window_open(const struct estate *e, const struct address *address, int64_t now,
                        int64_t *ret_until)
{
        struct address real = address_unmapped(address);
        struct question q = {.estate = e, .address = &real, .named = true};
        struct moment m;
        enum say said;

        if (ret_until)
                *ret_until = INT64_MAX;
        if (!e->n_windows)
                return true;
        if (!moment_at(now, &m))
                return false;
        said = ask(&q, &m);
        if (said == SAY_NOTHING) {
                q.named = false;
                said = ask(&q, &m);
        }
        if (ret_until && said != SAY_NOTHING)
                *ret_until = holds_until(&q, now, said);
        return said != SAY_CLOSED;
}
