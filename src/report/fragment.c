/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/fragment.h"

void fragments_release(struct fragments *f)
{
        map_release(&f->runs_by_id);
        vec_clear(&f->runs);
        str_release(&f->text);
}

static struct fragment_run make_run(struct fragments *f, const void *object)
{
        struct json j = json_to(&f->text);
        size_t at = f->text.len;

        f->make(&j, object);
        return (struct fragment_run){.at = at, .len = f->text.len - at};
}

static void forget_last(struct fragments *f, size_t len)
{
        f->text.len = len;
        f->text.text[len] = '\0';
}

void fragment_add(struct fragments *f, struct json *to, uint64_t id, const void *object)
{
        struct fragment_run run;
        uint64_t index;

        if (map_get(&f->runs_by_id, id, &index)) {
                run = f->runs.at[index];
                json_raw(to, NULL, f->text.text + run.at, run.len);
                return;
        }
        run = make_run(f, object);
        json_raw(to, NULL, f->text.text + run.at, run.len);
        if (f->text.len > FRAGMENT_KEEP) {
                forget_last(f, run.at);
                return;
        }
        map_put(&f->runs_by_id, id, f->runs.n);
        *vec_push(&f->runs) = run;
}
