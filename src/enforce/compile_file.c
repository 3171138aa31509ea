/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a unit reads when it starts: drop-ins, and files of its daemon. */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "enforce/compile_kinds.h"
#include "harden/recipe.h"

#define DROP_IN  "90-quaymaster.conf"
#define TEXT_MAX NODE_MAX

/* A file that a unit reads when it starts. */
static int add_file(struct compile *c, const char *action, const char *unit, const char *path,
                    const struct node *after, struct err *err)
{
        const char *const *names = compile_one_name(c->pool, unit);
        int r = compile_is_stopped(c, unit) ? compile_refuse_both(unit, err) : 0;

        if (r < 0)
                return r;
        compile_step(c, STEP_RESTART_BACK, action)->names = names;
        r = compile_node(c, action, path, after, err);
        if (r == 0)
                compile_step(c, STEP_RESTART, action)->names = names;
        return r;
}

static int add_drop_in(struct compile *c, const char *action, const char *unit, const char *path,
                       const char *text, struct err *err)
{
        const struct node after = node_file(text, strlen(text));

        return add_file(c, action, unit, path, &after, err);
}

int compile_sandbox(struct compile *c, const struct action *a, struct err *err)
{
        const char *unit = action_value(a, "unit", 0), *property;
        _cleanup_str_ struct str text = {0};
        int r = compile_check_unit(c, unit, err);

        if (r < 0)
                return r;
        str_add(&text, "# Made by quaymaster. Undone by: quaymaster harden undo\n[Service]\n");
        for (size_t i = 0; (property = action_value(a, "property", i)); i++)
                str_addf(&text, "%s\n", property);
        return add_drop_in(c, a->id, unit, pool_printf(c->pool, UNITS "/%s.d/" DROP_IN, unit),
                           pool_intern(c->pool, text.text), err);
}

static bool includes(const struct str *text, const char *line)
{
        const char *at = str_text(text);

        for (; *at; at += strcspn(at, "\n"), at += *at == '\n')
                if (str_after(at + strspn(at, " \t"), line))
                        return true;
        return false;
}

/* The daemon reads the file that is written only where its main file says so. */
static int check_included(const struct compile *c, const struct recipe *recipe, const char *unit,
                          struct err *err)
{
        _cleanup_str_ struct str path = {0}, text = {0};
        int r;

        if (!recipe->include)
                return 0;
        r = recipe_expand(recipe, recipe->include, unit, &path);
        if (r == 0)
                r = fd_read_start(c->root_fd, str_text(&path) + 1, TEXT_MAX, &text);
        if (r < 0)
                return err_errno(err, -r, "reading '%s'", str_text(&path));
        if (!includes(&text, recipe->include_line))
                return err_set(err, -EINVAL, "'%s' has no line '%s', so what is written would not be read",
                               str_text(&path), recipe->include_line);
        return 0;
}

/* As its package made it, but for the drop-in itself. */
static int check_packaged(const struct compile *c, const struct recipe *recipe, const char *unit,
                          const char *drop_in, struct err *err)
{
        _cleanup_str_ struct str lines = {0};
        name_list files = {0};
        int r = recipe->packaged ? bus_unit_files(c->bus, unit, c->pool, &files, err) : 0;

        vec_foreach(path, &files) {
                _cleanup_str_ struct str text = {0};

                if (r < 0 || streq(*path, drop_in))
                        continue;
                r = fd_read_file(c->root_fd, *path + 1, TEXT_MAX, &text);
                if (r < 0)
                        err_errno(err, -r, "reading '%s'", *path);
                recipe_unit_lines(str_text(&text), &lines);
        }
        vec_clear(&files);
        if (r == 0 && recipe->packaged && !streq(str_text(&lines), recipe->packaged))
                r = err_set(
                        err, -EINVAL,
                        "'%s' is not started as its package has it, which this would undo or not reach; see: "
                        "systemctl cat %s",
                        unit, unit);
        return r;
}

static int add_edit(struct compile *c, const struct action *a, const struct recipe *recipe, const char *path,
                    struct err *err)
{
        _cleanup_str_ struct str text = {0};
        struct node before, after;
        int r = compile_look(c, path, &before, err);

        if (r == 0 && before.type != NODE_FILE)
                r = err_set(err, -EINVAL, "'/%s' is no file", path);
        if (r == 0 && recipe_edit_text(recipe, before.text, before.len, &text, err) < 0)
                r = err_prefix(err, "'/%s'", path);
        if (r < 0)
                return r;
        after = compile_with_text(c, &before, &text);
        return add_file(c, a->id, action_value(a, "unit", 0), path, &after, err);
}

int compile_bind(struct compile *c, const struct action *a, struct err *err)
{
        const struct recipe *recipe = recipe_find(action_value(a, "recipe", 0));
        const char *unit = action_value(a, "unit", 0);
        _cleanup_str_ struct str path = {0};
        int r;

        if (!recipe || !recipe_is_for_unit(recipe, unit))
                return err_set(err, -EINVAL, "there is no such recipe for '%s'", unit);
        if (!c->bus)
                return err_set(err, -EOPNOTSUPP, "'%s' is a unit of systemd, which does not run here", unit);
        r = check_included(c, recipe, unit, err);
        if (r == 0 && recipe_expand(recipe, recipe->path, unit, &path) < 0)
                r = err_set(err, -EINVAL, "no file of '%s' can be named", unit);
        if (r == 0)
                r = check_packaged(c, recipe, unit, str_text(&path), err);
        if (r == 0 && recipe->edit)
                return add_edit(c, a, recipe, str_text(&path) + 1, err);
        return r < 0 ? r : add_drop_in(c, a->id, unit, str_text(&path) + 1, recipe->content, err);
}
