/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/zone_states.h"

static const enum reach_state kept[] = {REACH_REACHABLE, REACH_BLOCKED};

void zone_states_add(struct str *to, const char *zone, size_t len, enum reach_state state)
{
        const char *word = reach_state_name(state);
        bool fits = len && len <= ZONE_NAME_MAX && to->len + strlen(word) + len + 2 < ZONE_STATES_MAX;

        if (state == REACH_UNKNOWN || !fits || memchr(zone, '\n', len) || memchr(zone, '\0', len))
                return;
        str_add(to, word);
        str_add_char(to, ' ');
        str_add_n(to, zone, len);
        str_add_char(to, '\n');
}

static bool take_line(const char *line, const char *end, struct zone_state *ret)
{
        for (size_t i = 0; i < array_len(kept); i++) {
                const char *zone = str_after(line, reach_state_name(kept[i]));

                if (!zone || *zone != ' ')
                        continue;
                *ret = (struct zone_state){zone + 1, (size_t)(end - zone - 1), kept[i]};
                return true;
        }
        return false;
}

bool zone_states_next(const char **at, struct zone_state *ret)
{
        const char *end;

        while (*at && (end = strchr(*at, '\n'))) {
                const char *line = *at;

                *at = end + 1;
                if (take_line(line, end, ret))
                        return true;
        }
        return false;
}

const char *zone_states_of(struct pool *pool, const struct exposure *e)
{
        _cleanup_str_ struct str text = {0};

        for (size_t i = 0; i < e->n_zones; i++)
                zone_states_add(&text, e->zones[i].zone, strlen(e->zones[i].zone), e->zones[i].state);
        return text.len ? pool_intern(pool, text.text) : NULL;
}

void item_add_exposure(struct str *to, const struct item *item)
{
        const char *at = item->zones;
        struct zone_state s;
        bool first = true;

        if (!item->exposure)
                return;
        str_add(to, item->exposure);
        while (zone_states_next(&at, &s)) {
                if (s.state != REACH_BLOCKED)
                        continue;
                str_add(to, first ? ", not from: " : ", ");
                str_add_n(to, s.zone, s.len);
                first = false;
        }
}

static enum reach_state state_in(const char *at, const struct zone_state *zone)
{
        struct zone_state s;

        while (zone_states_next(&at, &s))
                if (s.len == zone->len && memcmp(s.zone, zone->zone, s.len) == 0)
                        return s.state;
        return REACH_UNKNOWN;
}

static void begin_part(struct str *what, size_t from)
{
        if (what->len > from)
                str_add(what, "; ");
}

static bool is_word(const char *word, enum exposure_scope scope)
{
        return streq(word, exposure_scope_name(scope));
}

/*
 * A public address that the packet filter shuts off has the scope "link". Where one side knows nothing of the filter,
 * such a step says no more than that.
 */
static bool is_of_filter(const struct item *a, const struct item *b)
{
        return !a->zones != !b->zones &&
               ((is_word(a->exposure, EXPOSURE_LINK) && is_word(b->exposure, EXPOSURE_INTERNET)) ||
                (is_word(a->exposure, EXPOSURE_INTERNET) && is_word(b->exposure, EXPOSURE_LINK)));
}

bool item_exposure_differs(const struct item *before, const struct item *after, struct str *what)
{
        const char *at = after->zones;
        size_t from = what->len;
        struct zone_state s;

        if (before->exposure && after->exposure && !streq(before->exposure, after->exposure) &&
            !is_of_filter(before, after))
                str_addf(what, "%s -> %s", before->exposure, after->exposure);
        if (before->zones == after->zones)
                return what->len > from;
        while (zone_states_next(&at, &s)) {
                enum reach_state was = state_in(before->zones, &s);

                if (was == REACH_UNKNOWN || was == s.state)
                        continue;
                begin_part(what, from);
                str_add(what, "from ");
                str_add_n(what, s.zone, s.len);
                str_addf(what, ": %s -> %s", reach_state_name(was), reach_state_name(s.state));
        }
        return what->len > from;
}
