/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/group.h"

#include "base/hash.h"
#include "base/vec.h"

#define NEVER INT64_MIN

/* A copy of an event. */
struct kept {
        char *id, *asset, *message, *json;
        size_t json_len;
        int64_t time_ms;
        enum event_kind kind;
};

struct slot {
        uint64_t hash;
        char *subject;
        /* of what is being gathered; n = 0: nothing is */
        struct kept last,
                behind; /* behind: what the last stands for when it was a close that a restart takes back */
        char *first_id, *owner; /* owner: of the last event */
        unsigned n, opened, closed, other;
        unsigned left; /* events but for restarts */
        uint32_t kinds;
        enum verdict verdict; /* the worst */
        int64_t begun_ms, first_ms;
        /* across groups */
        int64_t event_ms; /* when the last one came */
        int64_t told_ms;  /* when an event was told at once; NEVER */
        int64_t points_since_ms, flapping_since_ms;
        unsigned points, flaps;
        bool flapping;
};

struct group {
        int64_t group_ms;
        uint32_t kinds;
        group_alert *tell;
        void *arg;
        vec(struct slot) slots;
        int64_t next_ms; /* nothing is due before: the slots need not be looked at */
};

static void kept_release(struct kept *k)
{
        free(k->id);
        free(k->asset);
        free(k->message);
        free(k->json);
        *k = (struct kept){0};
}

static void keep_event(struct kept *k, const struct alert_event *e)
{
        bool has_json = e->json && e->json_len <= ALERT_EVENT_MAX;

        kept_release(k);
        *k = (struct kept){
                .id = xstrdup(e->id),
                .asset = xstrdup(e->asset),
                .message = xstrndup(e->message, ALERT_MESSAGE_MAX),
                .json = has_json ? xstrndup(e->json, e->json_len) : NULL,
                .json_len = has_json ? e->json_len : 0,
                .time_ms = e->time_ms,
                .kind = e->kind,
        };
}

/* What was gathered is told or needs no telling. */
static void slot_begin_anew(struct slot *s)
{
        kept_release(&s->last);
        kept_release(&s->behind);
        free(take_ptr(s->first_id));
        free(take_ptr(s->owner));
        s->n = s->opened = s->closed = s->other = s->left = 0;
        s->kinds = 0;
        s->verdict = VERDICT_NONE;
}

static void slot_release(struct slot *s)
{
        slot_begin_anew(s);
        free(s->subject);
}

struct group *group_new(int64_t group_ms, uint32_t kinds, group_alert *tell, void *arg)
{
        struct group *g = xcalloc(1, sizeof(*g));

        *g = (struct group){.group_ms = group_ms, .kinds = kinds, .tell = tell, .arg = arg};
        return g;
}

struct group *group_free(struct group *g)
{
        if (!g)
                return NULL;
        vec_foreach(s, &g->slots)
                slot_release(s);
        vec_clear(&g->slots);
        free(g);
        return NULL;
}

static void remove_slot(struct group *g, size_t i)
{
        slot_release(&g->slots.at[i]);
        g->slots.at[i] = g->slots.at[--g->slots.n];
}

/* --- telling --------------------------------------------------------------------------------------- */

static bool is_of_wanted_kind(const struct group *g, uint32_t kinds)
{
        return !g->kinds || g->kinds & kinds;
}

static unsigned seconds_of(int64_t ms)
{
        return ms > 0 ? (unsigned)((ms + 999) / 1000) : 1;
}

static const char *state_of(const struct slot *s)
{
        return s->last.kind == EVENT_CLOSED ? "closed" : "open";
}

static void add_times(struct str *to, const struct slot *s)
{
        unsigned times = s->opened > s->closed ? s->opened : s->closed;

        if (!s->other && s->opened && s->closed)
                str_addf(to, "opened and closed %u time%s", times, times == 1 ? "" : "s");
        else
                str_addf(to, "%u change%s", s->n, s->n == 1 ? "" : "s");
}

static void tell(struct group *g, const struct slot *s, const char *id, const char *state,
                 const char *message)
{
        struct alert a = {
                .id = id,
                .asset = s->last.asset,
                .kind = event_kind_name(s->last.kind),
                .subject = s->subject,
                .message = message,
                .state = state,
                .verdict = s->verdict,
                .count = s->n,
                .first_ms = s->first_ms,
                .time_ms = s->last.time_ms,
        };

        g->tell(&a, s->last.json, s->last.json_len, g->arg);
}

static void tell_gathered(struct group *g, const struct slot *s, const char *state)
{
        _cleanup_str_ struct str message = {0};
        bool is_one = s->left == 1 && !state;

        if (!is_one) {
                add_times(&message, s);
                str_addf(&message, " in %u s, now %s", seconds_of(s->last.time_ms - s->first_ms),
                         state_of(s));
                if (state)
                        str_add(&message, "; it is flapping, and you are told again when that ends");
                str_add(&message, "; the last: ");
        }
        str_add(&message, s->last.message);
        tell(g, s, s->first_id, state, str_text(&message));
}

static void tell_settled(struct group *g, const struct slot *s)
{
        _cleanup_str_ struct str message = {0}, id = {0};

        str_addf(&id, "%s-settled", s->last.id);
        str_addf(&message, "no longer flapping: %u more change%s in %u s, now %s; the last: %s", s->flaps,
                 s->flaps == 1 ? "" : "s", seconds_of(s->event_ms - s->flapping_since_ms), state_of(s),
                 s->last.message);
        tell(g, s, str_text(&id), "settled", str_text(&message));
}

static void tell_alone(struct group *g, const struct alert_event *e)
{
        _cleanup_free_ char *message = xstrndup(e->message, ALERT_MESSAGE_MAX);
        struct alert a = {
                .id = e->id,
                .asset = e->asset,
                .kind = event_kind_name(e->kind),
                .subject = e->subject,
                .message = message,
                .verdict = e->verdict,
                .count = 1,
                .first_ms = e->time_ms,
                .time_ms = e->time_ms,
        };

        if (is_of_wanted_kind(g, 1u << e->kind))
                g->tell(&a, e->json, e->json_len, g->arg);
}

/* --- gathering ------------------------------------------------------------------------------------- */

static bool awaits_restart(const struct slot *s)
{
        return s->n && s->last.kind == EVENT_CLOSED;
}

static int64_t due_ms(const struct group *g, const struct slot *s)
{
        int64_t due = s->begun_ms + g->group_ms;

        if (s->flapping)
                return s->event_ms + GROUP_SETTLED_MS;
        if (!s->n)
                return s->event_ms + (g->group_ms > GROUP_FLAP_SPAN_MS
                                              ? g->group_ms
                                              : GROUP_FLAP_SPAN_MS); /* forgotten then */
        if (awaits_restart(s) && due < s->event_ms + GROUP_RESTART_MS)
                due = s->event_ms + GROUP_RESTART_MS;
        return due;
}

static struct slot *find_slot(struct group *g, const char *subject)
{
        uint64_t hash = hash_bytes(subject, strlen(subject));

        vec_foreach(s, &g->slots)
                if (s->hash == hash && streq(s->subject, subject))
                        return s;
        return NULL;
}

/* Of those that nothing is being gathered of, the one that was quiet for longest makes room. */
static bool make_room(struct group *g)
{
        size_t oldest = g->slots.n;

        if (g->slots.n < GROUP_SUBJECTS_MAX)
                return true;
        for (size_t i = 0; i < g->slots.n; i++)
                if (!g->slots.at[i].n && !g->slots.at[i].flapping &&
                    (oldest == g->slots.n || g->slots.at[i].event_ms < g->slots.at[oldest].event_ms))
                        oldest = i;
        if (oldest == g->slots.n)
                return false;
        remove_slot(g, oldest);
        return true;
}

static struct slot *get_slot(struct group *g, const char *subject)
{
        struct slot *s = find_slot(g, subject);

        if (s || !make_room(g))
                return s;
        s = vec_push(&g->slots);
        s->subject = xstrdup(subject);
        s->hash = hash_bytes(subject, strlen(subject));
        s->told_ms = NEVER;
        return s;
}

static bool is_restart(const struct slot *s, const struct alert_event *e, int64_t now_ms)
{
        return e->kind == EVENT_OPENED && awaits_restart(s) && now_ms - s->event_ms <= GROUP_RESTART_MS &&
               s->owner && streq_ptr(s->owner, e->owner);
}

static void add_points(struct slot *s, unsigned points, int64_t now_ms)
{
        if (now_ms - s->points_since_ms > GROUP_FLAP_SPAN_MS) {
                s->points_since_ms = now_ms;
                s->points = 0;
        }
        s->points += points;
}

static void gather(struct slot *s, const struct alert_event *e, int64_t now_ms)
{
        bool restart = is_restart(s, e, now_ms);

        if (!s->n) {
                s->begun_ms = now_ms;
                s->first_ms = e->time_ms;
                s->first_id = xstrdup(e->id);
        }
        s->n++;
        *(e->kind == EVENT_OPENED ? &s->opened : e->kind == EVENT_CLOSED ? &s->closed : &s->other) += 1;
        if (verdict_rank(e->verdict) >= verdict_rank(s->verdict))
                s->verdict = e->verdict;
        s->kinds |= 1u << e->kind;
        if (restart) {
                s->left--;
                add_points(s, 1, now_ms);
        } else {
                s->left++;
        }
        if (restart && s->left) { /* what was before the close stands again */
                struct kept close = s->last;

                s->last = s->behind;
                s->behind = close;
        } else {
                if (e->kind == EVENT_CLOSED) {
                        kept_release(&s->behind);
                        s->behind = s->last;
                        s->last = (struct kept){0};
                }
                keep_event(&s->last, e);
        }
        free(s->owner);
        s->owner = e->owner ? xstrdup(e->owner) : NULL;
}

/* While it flaps only the end is of interest, and what is worse than all that was told. */
static void gather_flapping(struct group *g, struct slot *s, const struct alert_event *e)
{
        s->flaps++;
        if (verdict_rank(e->verdict) > verdict_rank(s->verdict))
                tell_alone(g, e);
        if (verdict_rank(e->verdict) >= verdict_rank(s->verdict))
                s->verdict = e->verdict;
        keep_event(&s->last, e);
}

static void end_group(struct group *g, struct slot *s, int64_t now_ms)
{
        bool is_told = s->left && is_of_wanted_kind(g, s->kinds);

        if (is_told)
                add_points(s, 2, now_ms);
        if (s->opened + s->closed >= GROUP_FLAP_CHANGES || s->points >= GROUP_FLAP_POINTS) {
                if (is_of_wanted_kind(g, s->kinds))
                        tell_gathered(g, s, "flapping");
                s->flapping = true;
                s->flaps = 0;
                s->flapping_since_ms = s->event_ms;
                return;
        }
        if (is_told)
                tell_gathered(g, s, NULL);
        slot_begin_anew(s);
}

static void end_flapping(struct group *g, struct slot *s)
{
        if (is_of_wanted_kind(g, s->kinds))
                tell_settled(g, s);
        slot_begin_anew(s);
        s->flapping = false;
        s->points = 0;
}

void group_step(struct group *g, int64_t now_ms)
{
        if (now_ms < g->next_ms)
                return;
        for (size_t i = g->slots.n;
             i-- > 0;) { /* from the end, as the last one takes the place of one removed */
                struct slot *s = &g->slots.at[i];

                if (due_ms(g, s) > now_ms)
                        continue;
                if (s->flapping)
                        end_flapping(g, s);
                else if (s->n)
                        end_group(g, s, now_ms);
                else
                        remove_slot(g, i);
        }
        g->next_ms = group_next_ms(g);
}

/* What happens to a subject after quiet must not wait; but for a close, which may be half of a restart. */
static bool is_told_at_once(const struct group *g, const struct slot *s, const struct alert_event *e,
                            int64_t now_ms)
{
        return e->kind != EVENT_CLOSED && !s->n && !s->flapping && is_of_wanted_kind(g, 1u << e->kind) &&
               (s->told_ms == NEVER || now_ms - s->told_ms >= g->group_ms);
}

static void tell_at_once(struct group *g, struct slot *s, const struct alert_event *e, int64_t now_ms)
{
        tell_alone(g, e);
        s->told_ms = now_ms;
        add_points(s, 2, now_ms);
}

void group_event(struct group *g, const struct alert_event *e, int64_t now_ms)
{
        struct slot *s;

        group_step(g, now_ms);
        s = get_slot(g, e->subject);
        if (!s) {
                tell_alone(g, e);
                return;
        }
        if (s->flapping)
                gather_flapping(g, s, e);
        else if (is_told_at_once(g, s, e, now_ms))
                tell_at_once(g, s, e, now_ms);
        else
                gather(s, e, now_ms);
        s->event_ms = now_ms;
        if (!s->flapping && due_ms(g, s) <= now_ms)
                end_group(g, s, now_ms);
        if (due_ms(g, s) < g->next_ms)
                g->next_ms = due_ms(g, s);
}

int64_t group_next_ms(const struct group *g)
{
        int64_t next = INT64_MAX;

        vec_foreach(s, &g->slots)
                if (due_ms(g, s) < next)
                        next = due_ms(g, s);
        return next;
}

void group_flush(struct group *g, int64_t now_ms)
{
        vec_foreach(s, &g->slots)
                if (s->n && !s->flapping)
                        end_group(g, s, now_ms);
        g->next_ms = group_next_ms(g);
}
