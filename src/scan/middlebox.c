/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/middlebox.h"

#define BASELINE_MIN 2

/* What the baseline ports have in common. */
struct habits {
        const struct confirm_look *looks;
        size_t n;      /* all looks, those with a local fault, too */
        size_t n_seen; /* without those */
        size_t n_connected, n_ended, n_banners, n_answers;
        size_t n_held, n_acknowledged;       /* held: got our line and kept the connection */
        bool banners_differ, answers_differ; /* among the ports that had any */
};

static bool connected(const struct confirm_look *l)
{
        return !l->local_fault && l->connect_errno == 0;
}

/* `*first` is the first hash that is not 0. */
static void note(uint32_t hash, uint32_t *first, size_t *n, bool *differ)
{
        if (!hash)
                return;
        if (!*first)
                *first = hash;
        (*n)++;
        *differ |= hash != *first;
}

static struct habits habits_of(const struct confirm_look *looks, size_t n)
{
        struct habits h = {.looks = looks, .n = n};
        uint32_t banner = 0, answer = 0;

        for (size_t i = 0; i < n; i++) {
                const struct confirm_look *l = &looks[i];

                if (l->local_fault)
                        continue;
                h.n_seen++;
                h.n_connected += connected(l);
                h.n_acknowledged += l->sent && l->acknowledged;
                h.n_held += l->sent && !l->reset && !l->closed;
                h.n_ended += connected(l) && (l->reset || l->closed);
                note(l->banner_hash, &banner, &h.n_banners, &h.banners_differ);
                note(l->answer_hash, &answer, &h.n_answers, &h.answers_differ);
        }
        return h;
}

static bool none_connects(const struct habits *h)
{
        return h->n_connected == 0;
}

/* One that ended the connection proves nothing: a proxy may acknowledge for a while before it does. */
static bool none_acknowledges(const struct habits *h)
{
        return h->n_held >= BASELINE_MIN && h->n_held == h->n_seen && h->n_acknowledged == 0;
}

static bool all_end(const struct habits *h)
{
        return h->n_ended == h->n_seen && !h->n_banners && !h->n_answers;
}

static bool one_service(const struct habits *h)
{
        return (h->n_banners == h->n_seen && !h->banners_differ) ||
               (h->n_answers == h->n_seen && !h->answers_differ);
}

static bool all_silent(const struct habits *h)
{
        return h->n_connected == h->n_seen && !h->n_ended && !h->n_banners && !h->n_answers;
}

static bool otherwise(const struct habits *h)
{
        return true;
}

/* The first that holds tells how it was recognised. */
static const struct {
        bool (*holds)(const struct habits *h);
        const char *how;
} signs[] = {
        {none_connects, "ports chosen at random seem open, but no connection to them comes about"},
        {none_acknowledges, "ports chosen at random take connections, but acknowledge no data"},
        {all_end, "ports chosen at random take connections and end them without a word"},
        {one_service, "ports chosen at random are all answered by one and the same service"},
        {all_silent, "ports chosen at random take connections and data, and say nothing"},
        {otherwise, "ports chosen at random are all open"},
};

static const char *recognise(const struct habits *h, size_t n_heard_open)
{
        size_t i = 0;

        if (h->n_seen < BASELINE_MIN || (n_heard_open < h->n && h->n_connected < h->n))
                return NULL;
        while (!signs[i].holds(h))
                i++;
        return signs[i].how;
}

/*
 * Words that no baseline port says, unasked or asked: a banner that is slow is taken for an answer. When the
 * baseline ports differ among themselves, the middlebox makes the words up, and one more is no news.
 */
static bool news(const struct habits *h, uint32_t hash)
{
        if (!hash || h->banners_differ || h->answers_differ)
                return false;
        for (size_t i = 0; i < h->n; i++)
                if (hash == h->looks[i].banner_hash || hash == h->looks[i].answer_hash)
                        return false;
        return true;
}

static bool is_real(const struct habits *h, const struct confirm_look *l)
{
        if (!connected(l))
                return false;
        return none_connects(h) || (none_acknowledges(h) && l->sent && l->acknowledged) ||
               news(h, l->banner_hash) || news(h, l->answer_hash);
}

static bool is_known(const struct habits *h, const struct confirm_look *l)
{
        for (size_t i = 0; i < h->n; i++)
                if (!h->looks[i].local_fault && confirm_same(&h->looks[i], l))
                        return true;
        return false;
}

static enum middlebox_port judge(const struct habits *h, bool recognised, const struct confirm_look *l)
{
        if (!recognised)
                return connected(l) ? MIDDLEBOX_PORT_REAL : MIDDLEBOX_PORT_UNKNOWN;
        if (l->local_fault)
                return MIDDLEBOX_PORT_UNKNOWN;
        if (is_real(h, l))
                return MIDDLEBOX_PORT_REAL;
        return is_known(h, l) ? MIDDLEBOX_PORT_ANSWERED_FOR : MIDDLEBOX_PORT_UNKNOWN;
}

struct middlebox_verdict middlebox_judge(const struct confirm_look *baseline, size_t n_baseline,
                                         size_t n_heard_open, const struct confirm_look *candidates,
                                         size_t n_candidates, enum middlebox_port *ret_ports)
{
        struct habits h = habits_of(baseline, n_baseline);
        struct middlebox_verdict verdict = {.how = recognise(&h, n_heard_open)};

        verdict.recognised = verdict.how;
        for (size_t i = 0; i < n_candidates; i++) {
                ret_ports[i] = judge(&h, verdict.recognised, &candidates[i]);
                verdict.n_real += ret_ports[i] == MIDDLEBOX_PORT_REAL;
        }
        return verdict;
}
