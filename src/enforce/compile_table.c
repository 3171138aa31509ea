/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "enforce/arm.h"
#include "enforce/compile_kinds.h"
#include "enforce/table.h"
#include "firewall/spec.h"

#define FIREWALL "quaymaster-firewall.service"

/* A value as firewall_spec_add takes it: with the word in front. */
static const char *spec_line(struct pool *pool, const char *word, const char *text)
{
        const char *rest = str_after(text, word);

        return rest && *rest == ' ' ? text : pool_printf(pool, "%s %s", word, text);
}

static int spec_lines(struct compile *c, const struct action *a, name_list *ret, struct err *err)
{
        struct firewall_spec spec = {.pool = c->pool};
        const char *log = action_value(a, "log", 0);
        int r = 0;

        /* zones first, whatever the order of the values: rules name them */
        for (unsigned rules = 0; rules < 2; rules++)
                for (const struct action_value *v = a->values; v->name && r == 0; v++) {
                        if (streq(v->name, "log") || streq(v->name, "zone") == rules)
                                continue;
                        *vec_push(ret) = spec_line(c->pool, v->name, v->text);
                        r = firewall_spec_add(&spec, ret->at[ret->n - 1], err);
                }
        firewall_spec_release(&spec);
        if (!log || streq(log, "yes"))
                *vec_push(ret) = "log";
        return r;
}

/* What an apply that is in force loaded last; no lines: none did. */
static int lines_in_force(struct compile *c, const char *table, const char *const **ret, struct err *err)
{
        name_list ids = {0};
        int r = c->folder ? folder_applies(c->folder, c->pool, &ids, err) : 0;

        *ret = compile_no_names;
        for (size_t i = ids.n; r == 0 && i-- > 0 && !**ret;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                if (apply_open(c->folder, ids.at[i], &apply, NULL) < 0 || !apply_in_force(&apply))
                        continue;
                vec_foreach(step, &apply.steps)
                        if (step->op == STEP_TABLE && streq(step->names[0], table)) {
                                name_list lines = {0};

                                for (const char *const *line = step->lines; *line; line++)
                                        *vec_push(&lines) = pool_intern(c->pool, *line);
                                *ret = compile_keep_names(c->pool, &lines);
                                vec_clear(&lines);
                        }
        }
        vec_clear(&ids);
        return r;
}

/* So that the table is there after a boot, too. */
static int add_boot_load(struct compile *c, const char *action, struct err *err)
{
        const struct node link = node_link("/" UNITS "/" FIREWALL);
        const char *text = arm_firewall_unit(c->program, c->pool);
        const struct node unit = node_file(text, strlen(text));
        int r;

        if (!c->bus) {
                compile_note(c, "the firewall is not loaded at boot, as no systemd runs here: "
                        "have `quaymaster-harden load` run early");
                return 0;
        }
        r = compile_node(c, action, UNITS "/" FIREWALL, &unit, err);
        return r < 0 ? r : compile_node(c, action, UNITS "/sysinit.target.wants/" FIREWALL, &link, err);
}

int compile_table(struct compile *c, const struct action *a, struct err *err)
{
        const char *table = a->kind == ACTION_FIREWALL ? FIREWALL_TABLE : FIREWALL_TABLE_PUBLISHED;
        const char *const *before = compile_no_names;
        char hash[TABLE_HASH_SIZE];
        name_list lines = {0};
        struct step *step;
        bool there = false;
        int r = spec_lines(c, a, &lines, err);

        vec_foreach(other, &c->steps)
                if (other->op == STEP_TABLE && streq(other->names[0], table))
                        r = err_set(err, -EINVAL, "the firewall table '%s' is asked for twice", table);
        if (r == 0)
                r = table_has(table, &there, hash, err);
        if (r == 0 && there)
                r = lines_in_force(c, table, &before, err);
        if (r == 0 && there && !*before)
                r = err_set(err, -EEXIST,
                            "a firewall table '%s' is there that no apply made; look at it, and remove it: "
                            "nft delete table inet %s",
                            table, table);
        if (r == 0)
                r = add_boot_load(c, a->id, err);
        if (r == 0) {
                step = compile_step(c, STEP_TABLE, a->id);
                step->names = compile_one_name(c->pool, table);
                step->lines = compile_keep_names(c->pool, &lines);
                step->lines_before = before;
                step->had_table = there;
        }
        vec_clear(&lines);
        return r;
}
