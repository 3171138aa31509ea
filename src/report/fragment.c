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

static void copy(const struct fragments *f, struct json *to, const struct fragment_run *run)
{
        json_raw(to, NULL, f->text.text + run->at, run->len);
}

void fragment_add(struct fragments *f, struct json *to, uint64_t id, const void *object)
{
        struct fragment_run run;
        uint64_t index;

        if (f->last_run.len && f->last_id == id) {
                copy(f, to, &f->last_run);
                return;
        }
        if (map_get(&f->runs_by_id, id, &index)) {
                run = f->runs.at[index];
                copy(f, to, &run);
        } else {
                run = make_run(f, object);
                copy(f, to, &run);
                if (f->text.len > FRAGMENT_KEEP) {
                        forget_last(f, run.at);
                        return;
                }
                map_put(&f->runs_by_id, id, f->runs.n);
                *vec_push(&f->runs) = run;
        }
        f->last_id = id;
        f->last_run = run;
}
