/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what is kept of an apply. A journal is never refused, and a torn end costs its last line only; steps are whole
 * or refused, and what was read is written as steps that are read as the same; `pending` is good or refused.
 */
#include <stdlib.h>
#include <string.h>

#include "enforce/journal.h"
#include "enforce/pending.h"
#include "enforce/step.h"
#include "fuzz.h"

static void check(bool promise)
{
        if (!promise)
                abort();
}

static void check_journal(const char *text, size_t len, struct pool *pool)
{
        struct journal whole, torn;

        journal_read(text, len, pool, &whole);
        journal_read(text, len - (len > 0), pool, &torn);
        check(torn.lines.n <= whole.lines.n && torn.lines.n + 1 >= whole.lines.n);
        vec_foreach(line, &whole.lines)
                check(line->event < JOURNAL_EVENT_MAX);
        journal_release(&whole);
        journal_release(&torn);
}

static bool same(const struct step *a, const struct step *b)
{
        return a->op == b->op && streq(a->action, b->action) && streq_ptr(a->path, b->path) &&
               node_same(&a->before, &b->before) && node_same(&a->after, &b->after) &&
               a->had_table == b->had_table;
}

static void check_steps(const char *text, size_t len, struct pool *pool)
{
        _cleanup_str_ struct str written = {0};
        step_list steps = {0}, again = {0};
        struct err err;

        if (steps_read(text, len, pool, &steps, &err) == 0) {
                vec_foreach(step, &steps)
                        step_write(step, &written);
                check(steps_read(str_text(&written), written.len, pool, &again, &err) == 0 &&
                      again.n == steps.n);
                for (size_t i = 0; i < steps.n; i++)
                        check(same(&steps.at[i], &again.at[i]));
        }
        vec_clear(&steps);
        vec_clear(&again);
}

static void check_pending(const char *text, size_t len)
{
        struct pending p;
        struct err err;

        if (pending_parse(text, len, &p, &err) == 0)
                check(apply_id_good(p.id) && p.state != PENDING_NONE && p.state < PENDING_STATE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        check_journal((const char *)data, size, pool);
        check_steps((const char *)data, size, pool);
        check_pending((const char *)data, size);
        return 0;
}
