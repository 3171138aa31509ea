/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kits of hostile plans: the input is one request for an action whose values are taken unchecked, each `KIND
 * NAME TEXT` parted by NUL. Whatever they are, the kits are printable ASCII, and nothing but what
 * action_check takes is in them.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "harden/kit.h"

#define VALUES_MAX 16

static const char *const none[] = {NULL};

static const char *next(struct pool *pool, const char **at, const char *end)
{
        const char *from = *at, *nul = from < end ? memchr(from, '\0', (size_t)(end - from)) : NULL;

        if (from >= end)
                return NULL;
        *at = nul ? nul + 1 : end;
        return pool_intern_n(pool, from, (size_t)((nul ? nul : end) - from));
}

static void check_file(const struct kit_file *file)
{
        assert(strlen(file->text) == file->len);
        for (size_t i = 0; i < file->len; i++) {
                char c = file->text[i];

                assert((c >= ' ' && c < 0x7f) || c == '\n' || c == '\t');
        }
}

static void write_all(const struct plan *plan)
{
        static const struct kit_choice choice;
        size_t n;
        const struct kit_format *const *formats = kit_formats(&n);

        for (size_t i = 0; i < n; i++) {
                struct pool *pool = pool_new();
                struct kit kit = {0};

                kit_write(formats[i], plan, &choice, pool, &kit);
                vec_foreach(file, &kit.files)
                        check_file(file);
                assert(kit.left_out.n == 1 ||
                       action_check(plan->actions.at[0].kind, plan->actions.at[0].values, NULL) == 0);
                kit_release(&kit);
                pool_free(pool);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *at = (const char *)data, *end = at + size;
        struct plan *plan = xcalloc(1, sizeof(*plan));
        struct action_value values[VALUES_MAX + 1] = {0};
        size_t n = 0;

        plan->pool = pool_new();
        const char *kind = next(plan->pool, &at, end), *name, *text;
        while (kind && n < VALUES_MAX && (name = next(plan->pool, &at, end)) &&
               (text = next(plan->pool, &at, end)))
                values[n++] = (struct action_value){name, text};
        struct action a = {
                .kind = kind ? action_kind_parse(kind) : ACTION_KIND_MAX,
                .warnings = none,
                .values = values,
                .suggested = true,
        };
        a.id = a.title = a.why = a.risk_why = plan->hostname = plan->asset = plan->id =
                n ? values[0].text : "x";
        if (a.kind < ACTION_KIND_MAX) {
                *vec_push(&plan->actions) = a;
                write_all(plan);
        }
        plan_free(plan);
        return 0;
}
