/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/compile_kinds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define NAMES_MAX 10000

const char *const compile_no_names[] = {NULL};

const char *const *compile_one_name(struct pool *pool, const char *name)
{
        const char **list = pool_alloc(pool, 2 * sizeof(*list));

        list[0] = pool_intern(pool, name);
        return list;
}

const char *const *compile_keep_names(struct pool *pool, const name_list *names)
{
        const char **list = pool_alloc(pool, (names->n + 1) * sizeof(*list));

        for (size_t i = 0; i < names->n; i++)
                list[i] = names->at[i];
        return list;
}

struct step *compile_step(struct compile *c, enum step_op op, const char *action)
{
        struct step *step = vec_push(&c->steps);

        *step = (struct step){.op = op,
                              .action = action,
                              .names = compile_no_names,
                              .ran = compile_no_names,
                              .lines = compile_no_names,
                              .lines_before = compile_no_names};
        return step;
}

void compile_note(struct compile *c, const char *text)
{
        *vec_push(&c->notes) = text;
}

/* What an earlier step of this apply will have left there, or NULL. */
static const struct node *planned(const struct compile *c, const char *path)
{
        for (size_t i = c->steps.n; i-- > 0;)
                if (c->steps.at[i].op == STEP_NODE && streq(c->steps.at[i].path, path))
                        return &c->steps.at[i].after;
        return NULL;
}

int compile_look(struct compile *c, const char *path, struct node *ret, struct err *err)
{
        const struct node *known = planned(c, path);

        if (!known)
                return node_read(c->root_fd, path, c->pool, ret, err);
        *ret = *known;
        return 0;
}

/* Folders on the way there that are missing are steps of their own, so that undo takes them away again. */
static int add_folders(struct compile *c, const char *action, const char *path, struct err *err)
{
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                const char *folder = pool_intern_n(c->pool, path, (size_t)(slash - path));
                struct node before;
                struct step *step;
                int r = compile_look(c, folder, &before, err);

                if (r < 0)
                        return r;
                if (before.type == NODE_FOLDER)
                        continue;
                if (before.type != NODE_NONE)
                        return err_set(err, -ENOTDIR, "'/%s' is no folder", folder);
                step = compile_step(c, STEP_NODE, action);
                step->path = folder;
                step->after = (struct node){.type = NODE_FOLDER, .mode = 0755};
        }
        return 0;
}

int compile_node(struct compile *c, const char *action, const char *path, const struct node *after,
                 struct err *err)
{
        struct node before;
        struct step *step;
        int r = compile_look(c, path, &before, err);

        if (r < 0 || node_same(&before, after))
                return r;
        for (const char *at = path; *at; at++)
                if (*at < ' ' || *at > '~')
                        return err_set(err, -EINVAL, "a file below /etc has a name of odd letters");
        if (after->type != NODE_NONE)
                r = add_folders(c, action, path, err);
        if (r < 0)
                return r;
        step = compile_step(c, STEP_NODE, action);
        step->path = pool_intern(c->pool, path);
        step->before = before;
        step->after = *after;
        return 0;
}

int compile_remove(struct compile *c, const char *action, const char *path, struct err *err)
{
        static const struct node none = {.type = NODE_NONE};

        return compile_node(c, action, path, &none, err);
}

static int name_order(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int compile_list(const struct compile *c, const char *path, name_list *ret, struct err *err)
{
        _cleanup_close_ int fd = openat(c->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_close_dir_ DIR *dir = NULL;

        if (fd < 0 && errno == ENOENT)
                return 0;
        dir = fd_to_dir(&fd);
        if (!dir)
                return err_errno(err, errno, "reading '/%s'", path);
        for (const struct dirent *entry; (entry = readdir(dir));) {
                if (entry->d_name[0] == '.')
                        continue;
                if (ret->n == NAMES_MAX)
                        return err_set(err, -E2BIG, "'/%s' has more than %d files", path, NAMES_MAX);
                *vec_push(ret) = pool_intern(c->pool, entry->d_name);
        }
        vec_sort(ret, name_order);
        return 0;
}

struct node compile_with_text(struct compile *c, const struct node *file, const struct str *text)
{
        struct node after = *file;
        char *copy = pool_alloc(c->pool, text->len + 1);

        memcpy(copy, str_text(text), text->len);
        after.text = copy;
        after.len = text->len;
        return after;
}

bool compile_is_stopped(const struct compile *c, const char *unit)
{
        vec_foreach(step, &c->steps)
                for (const char *const *name = step->names; step->op == STEP_STOP && *name; name++)
                        if (streq(*name, unit))
                                return true;
        return false;
}

bool compile_is_restarted(const struct compile *c, const char *unit)
{
        vec_foreach(step, &c->steps)
                for (const char *const *name = step->names; step->op == STEP_RESTART && *name; name++)
                        if (streq(*name, unit))
                                return true;
        return false;
}

int compile_refuse_both(const char *unit, struct err *err)
{
        return err_set(err, -EINVAL, "'%s' is both stopped and changed in one apply; choose one of the two",
                       unit);
}

static int (*const kinds[ACTION_KIND_MAX])(struct compile *c, const struct action *a, struct err *err) = {
        [ACTION_UNIT_STOP] = compile_unit_stop,  [ACTION_SYSV_STOP] = compile_sysv,
        [ACTION_INETD_STOP] = compile_inetd,     [ACTION_BIND_LOOPBACK] = compile_bind,
        [ACTION_UNIT_SANDBOX] = compile_sandbox, [ACTION_FIREWALL] = compile_table,
        [ACTION_PUBLISHED] = compile_table,
};

int compile_action(struct compile *c, const struct action *a, struct err *err)
{
        if (!kinds[a->kind])
                return err_set(err, -EOPNOTSUPP, "'%s': this has no exact undo, so it is not applied",
                               a->id);
        return kinds[a->kind](c, a, err) < 0 ? err_prefix(err, "%s", a->id) : 0;
}
