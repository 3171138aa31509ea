/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/reach_tell.h"

#include "base/str.h"
#include "model/range.h"

#define MAX_PARTS 2 /* ranges that a phrase names */

void found_release(struct found *f)
{
        answer_release(&f->answer);
        vec_clear(&f->stop_family);
        vec_clear(&f->doubt_family);
        vec_clear(&f->by_device);
        scratch_release(&f->scratch);
}

static const char *place_text(struct pool *pool, const struct rule_place *at)
{
        if (!at->chain)
                return NULL;
        if (!at->handle)
                return pool_printf(pool, "policy of %s %s %s", at->chain->family, at->chain->table, at->chain->name);
        return pool_printf(pool, "%s %s %s handle %llu", at->chain->family, at->chain->table, at->chain->name,
                           (unsigned long long)at->handle);
}

static bool touches(struct found *f, const struct zone *zone, unsigned family, struct sources from)
{
        return sources_common(&f->scratch, zone->from[family], from).n > 0;
}

static const char *led_text(struct pool *pool, const struct rule_nat *nat)
{
        char text[ADDRESS_TEXT_SIZE];

        if (nat->here || !nat->to.family)
                return pool_printf(pool, "led to port %u of this host instead", nat->first);
        return pool_printf(pool, "led to %s instead", address_format(&nat->to, text));
}

/* What stops packets of a zone: the first, and how many others do. */
static void tell_stops(struct reaching *r, struct found *f, const struct listener *l, const struct zone *zone,
                       struct reach_zone *to)
{
        const struct stop *first = NULL;
        const struct stop *seen[8];
        size_t n = 0;

        for (size_t i = 0; i < f->answer.stops.n; i++) {
                const struct stop *stop = &f->answer.stops.at[i];
                bool known = false;

                if (!touches(f, zone, f->stop_family.at[i], stop->from))
                        continue;
                first = first ? first : stop;
                for (size_t k = 0; k < n; k++)
                        known = known || (seen[k]->at.chain == stop->at.chain && seen[k]->at.handle == stop->at.handle);
                if (!known && n < array_len(seen))
                        seen[n++] = stop;
        }
        if (!first) { /* no device that they come by leads there */
                to->by = l->device ? pool_printf(r->a->pool, "being bound to %s", l->device) : "the packet filter";
                return;
        }
        to->by = first->at.chain ? place_text(r->a->pool, &first->at) : "no rule that leads it on";
        if (first->nat)
                to->why = led_text(r->a->pool, first->nat);
        else if (n > 1)
                to->why = pool_printf(r->a->pool, "and %zu more", n - 1);
}

enum way { WAY_NONE, WAY_SHUT, WAY_UNSURE, WAY_PART, WAY_OPEN };

/* What a device does with packets of a zone: all addresses of this host taken together. */
static enum way way_by(struct found *f, const struct zone *zone, const struct device *device)
{
        enum way way = WAY_NONE;

        vec_foreach (by, &f->by_device) {
                struct sources from = sources_common(&f->scratch, zone->from[by->family], by->from);
                struct sources may = sources_common(&f->scratch, from, by->arrives);
                struct sources sure = sources_common(&f->scratch, may, by->sure);
                enum way one = sources_equal(sure, from)           ? WAY_OPEN
                               : sure.n && sources_equal(sure, may) ? WAY_PART
                               : may.n                             ? WAY_UNSURE
                                                                   : WAY_SHUT;

                if (by->device == device && from.n && one > way)
                        way = one;
        }
        return way;
}

/* "it gets in by eth0, not by docker0"; "part of it" where rules stop the rest; NULL: that does not make it unknown. */
static const char *ways_text(struct reaching *r, struct found *f, const struct zone *zone)
{
        _cleanup_str_ struct str open = {0}, shut = {0};
        bool part = false;

        vec_foreach (device, &r->place.devices) {
                enum way way = way_by(f, zone, device);
                struct str *to = way >= WAY_PART ? &open : &shut;

                if (way == WAY_UNSURE)
                        return NULL;
                part = part || way == WAY_PART;
                if (way != WAY_NONE)
                        str_addf(to, "%s%s", to->len ? ", " : "", device->name);
        }
        if (!open.len || !shut.len)
                return NULL;
        return pool_printf(r->a->pool, "%s gets in by %s, not by %s", part ? "part of it" : "it", str_text(&open),
                           str_text(&shut));
}

static void tell_doubt(struct reaching *r, struct found *f, const struct zone *zone, struct reach_zone *to)
{
        const char *at;

        to->why = ways_text(r, f, zone);
        if (to->why)
                return;
        to->why = f->foreign ? "its address is not this host's alone, or not yet"
                  : f->perhaps ? f->perhaps
                               : "it hangs on the interface a packet comes by, or packets behind the first are stopped";
        for (size_t i = 0; i < f->answer.doubts.n; i++) {
                const struct doubt *doubt = &f->answer.doubts.at[i];

                if (!touches(f, zone, f->doubt_family.at[i], doubt->from))
                        continue;
                at = place_text(r->a->pool, &doubt->at);
                to->why = pool_printf(r->a->pool, "%s decides (%s)", doubt->words, at ? at : "the packet filter");
                return;
        }
}

static void add_part(struct str *to, unsigned family, const struct rule_span *span)
{
        struct address_range range = {reach_address(family, span->first), reach_address(family, span->last)};
        char text[RANGE_TEXT_SIZE];

        str_addf(to, "%s%s", to->len ? ", " : "", address_range_format(&range, text));
}

/* From which part of the zone, and what of the others; nothing when from all of it. */
static const char *part_text(struct reaching *r, struct found *f, const struct zone *zone, struct found *usual)
{
        _cleanup_str_ struct str parts = {0};
        size_t n = 0;
        bool whole = true, doubtful = false;

        for (unsigned family = 0; family < N_FAMILIES; family++) {
                struct sources in = sources_common(&f->scratch, zone->from[family], usual->sure[family]);
                struct sources may = sources_common(&f->scratch, zone->from[family], usual->arrives[family]);

                if (!usual->asked[family])
                        continue;
                doubtful = doubtful || sources_without(&f->scratch, may, in).n;
                whole = whole && sources_equal(sources_of(&f->scratch, in.at, in.n), zone->from[family]);
                for (size_t i = 0; i < in.n; i++)
                        if (n++ < MAX_PARTS)
                                add_part(&parts, family, &in.at[i]);
        }
        if (whole)
                return usual == f ? NULL : "within the limits of its rules";
        if (n > MAX_PARTS)
                str_addf(&parts, " and %zu more", n - MAX_PARTS);
        return pool_printf(r->a->pool, "from %s%s", str_text(&parts),
                           doubtful ? "; of other sources it is not known" : " only");
}

bool found_is_sure(struct found *f, const struct zone *zone)
{
        for (unsigned family = 0; family < N_FAMILIES; family++)
                if (touches(f, zone, family, f->sure[family]))
                        return true;
        return false;
}

bool found_may_arrive(struct found *f, const struct zone *zone)
{
        for (unsigned family = 0; family < N_FAMILIES; family++)
                if (touches(f, zone, family, f->arrives[family]))
                        return true;
        return false;
}

static bool is_asked(const struct found *f, const struct zone *zone)
{
        for (unsigned family = 0; family < N_FAMILIES; family++)
                if (f->asked[family] && zone->from[family].n)
                        return true;
        return false;
}

void reach_tell_zone(struct reaching *r, const struct listener *l, const struct zone *zone, struct findings *f,
                      struct reach_zone *to)
{
        const char *also = r->place.ruleset->also_asked;

        *to = (struct reach_zone){.zone = zone->name};
        if (r->place.unknown || f->strict.answer.too_much) {
                to->why = r->place.unknown ? r->place.unknown : "too much to follow";
                return;
        }
        if (!is_asked(&f->strict, zone)) {
                to->apart = true;
                to->why = "it has no addresses of the family that is listened on";
                return;
        }
        if (!found_may_arrive(&f->strict, zone)) {
                if (f->has_led && (f->led.answer.too_much || found_may_arrive(&f->led, zone))) {
                        to->why = "stopped at this port, but a NAT rule may lead another port to it";
                        return;
                }
                to->state = REACH_BLOCKED;
                tell_stops(r, &f->strict, l, zone, to);
                return;
        }
        if (also) {
                to->why = pool_printf(r->a->pool, "%s are not followed", also);
        } else if (found_is_sure(&f->strict, zone)) {
                to->state = REACH_REACHABLE;
                to->why = part_text(r, &f->strict, zone, &f->strict);
        } else if (f->has_usual && !f->usual.answer.too_much && found_is_sure(&f->usual, zone)) {
                to->state = REACH_REACHABLE;
                to->why = part_text(r, &f->strict, zone, &f->usual);
        } else {
                tell_doubt(r, &f->strict, zone, to);
        }
}

/* exposure_of() says that it did not look at packet filters. */
void reach_drop_caveat(struct pool *pool, struct exposure *e)
{
        const char *caveat = strstr(e->why, "; packet filters not considered");

        for (size_t i = 0; caveat && i < e->n_zones; i++)
                if (e->zones[i].state != REACH_UNKNOWN) {
                        e->why = pool_printf(pool, "%.*s", (int)(caveat - e->why), e->why);
                        return;
                }
}

/* What follows for the exposure as a whole. */
void reach_conclude(struct pool *pool, struct exposure *e)
{
        size_t n_blocked = 0, n_apart = 0, n_from = 1, last = e->n_zones - 1;
        const struct reach_zone *first = NULL;

        for (size_t i = 0; i < e->n_zones; i++) {
                n_blocked += e->zones[i].state == REACH_BLOCKED;
                n_apart += e->zones[i].apart;
                if (e->zones[i].state == REACH_BLOCKED && !first)
                        first = &e->zones[i];
        }
        if (!first)
                return;
        if (e->scope == EXPOSURE_INTERNET && e->zones[last].state == REACH_BLOCKED) {
                e->scope = EXPOSURE_LINK; /* the last is all that is in no zone */
                e->why = "it has a public address, but the packet filter lets nothing from the internet through to it";
        }
        if (n_blocked + n_apart == e->n_zones) {
                e->blocked_by = first->by;
                e->reachable_from[1] = e->reachable_from[2] = NULL;
                e->why = pool_printf(pool, "the packet filter lets nothing from other machines through to it (%s%s%s)",
                                     first->by, first->why ? "; " : "", first->why ? first->why : "");
                return;
        }
        if (e->scope == EXPOSURE_PRIVATE)
                return;
        e->reachable_from[1] = e->reachable_from[2] = NULL;
        for (size_t i = 0; i < e->n_zones && n_from < array_len(e->reachable_from); i++)
                if (e->zones[i].state != REACH_BLOCKED && !e->zones[i].apart)
                        e->reachable_from[n_from++] = e->zones[i].zone;
}
