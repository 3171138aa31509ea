/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/unit_name.h"
#include "collect/unit_search.h"

#define MAX_FOLLOW 64 /* links in a row, as UNIT_FILE_FOLLOW_SYMLINK_MAX of systemd */
#define MAX_FILE   (1024u * 1024)

struct unit_files {
        struct pool *pool;
        struct unit_search search;
        vec(struct unit_file) units;
        struct map by_name;
        struct str buffer; /* file contents, reused */
};

/* Where a unit's name leads: the file and the name under which its links are looked for. */
struct target {
        const char *name; /* follows aliases */
        const char *path;
        uint32_t dir; /* of path, or NO_DIR when that is outside of the load path (a linked file) */
        bool masked;
        bool other_name; /* the name asked for is an alias */
        struct unit_text text;
};

struct unit_files *unit_files_free(struct unit_files *files)
{
        if (!files)
                return NULL;
        unit_search_release(&files->search);
        vec_clear(&files->units);
        map_release(&files->by_name);
        str_release(&files->buffer);
        free(files);
        return NULL;
}

/* systemd takes an empty file, or a device such as /dev/null, for a mask. */
static bool is_mask(const struct stat *st)
{
        return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) || (S_ISREG(st->st_mode) && st->st_size == 0);
}

/* 1: a mask; 0: read and parsed; negative errno: no unit can be made of it. */
static int load_fd(struct unit_files *files, int fd, struct unit_text *text)
{
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (is_mask(&st))
                return 1;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        if (!text)
                return 0;
        str_reset(&files->buffer);
        r = fd_read_all(fd, MAX_FILE, &files->buffer);
        if (r < 0)
                return r;
        return unit_text_parse(text, files->pool, str_text(&files->buffer), files->buffer.len);
}

static int load_below_root(struct unit_files *files, const char *path, int flags, struct unit_text *text)
{
        _cleanup_close_ int fd = fd_open_in_root(files->search.root_fd, path, O_RDONLY | flags);

        return fd < 0 ? fd : load_fd(files, fd, text);
}

static int load_drop_ins(struct unit_files *files, const char *name, struct unit_text *text)
{
        struct unit_paths paths = {0};
        int r = 0;

        unit_search_drop_ins(&files->search, name, &paths);
        for (size_t i = 0; i < paths.n && r >= 0; i++)
                r = load_below_root(files, paths.at[i], 0, text);
        vec_clear(&paths);
        return r < 0 ? r : 0;
}

/* The directory and link text of the link at path, which may lie outside of the load path. */
static int follow_outside(struct unit_files *files, const char *path, char buf[PATH_MAX])
{
        char parent[PATH_MAX];
        const char *name = str_basename(path);
        _cleanup_close_ int fd = -1;

        if (snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path) >= (int)sizeof(parent))
                return -ENAMETOOLONG;
        fd = fd_open_in_root(files->search.root_fd, parent, O_PATH | O_DIRECTORY);
        return fd < 0 ? fd : fd_readlink(fd, name, buf, PATH_MAX);
}

/*
 * May the link `name` be an alias of the unit `to`? unit_validate_alias_symlink_or_warn() of systemd is the
 * model.
 */
static bool alias_fits(const char *name, const char *to)
{
        enum unit_kind kind = unit_name_kind(name, strlen(name)), to_kind = unit_name_kind(to, strlen(to));
        size_t len = 0, to_len = 0;
        const char *instance, *to_instance;

        if (streq(name, to) || to_kind == UNIT_INVALID || !unit_name_may_alias(name))
                return false;
        if (!streq(unit_name_suffix(name), unit_name_suffix(to)))
                return false;
        if (kind == UNIT_INSTANCE && to_kind == UNIT_INSTANCE) {
                instance = unit_name_instance(name, &len);
                to_instance = unit_name_instance(to, &to_len);
                return len == to_len && memcmp(instance, to_instance, len) == 0;
        }
        return kind == to_kind || (kind == UNIT_INSTANCE && to_kind == UNIT_TEMPLATE);
}

enum step { STEP_DONE, STEP_PATH, STEP_NAME };

/*
 * One link of the way: leads to a file of the same meaning (STEP_PATH: target->path is new), to another unit
 * (STEP_NAME: target->name is new) or to a mask (STEP_DONE).
 */
static int follow_link(struct unit_files *files, struct target *target, const char *link)
{
        char simple[PATH_MAX], instantiated[UNIT_NAME_SIZE];
        const char *to, *instance;
        bool inside;
        size_t len;
        int r;

        r = unit_search_simplify(&files->search, target->path, link, simple, &inside, &target->dir);
        if (r < 0)
                return r;
        if (inside && !alias_fits(str_basename(target->path), str_basename(simple)))
                return -EBADMSG;
        r = streq(simple, "/dev/null") ? 1 : load_below_root(files, simple, O_PATH, NULL);
        if (r == 1) {
                target->masked = true;
                return STEP_DONE;
        }
        to = str_basename(simple);
        instance = unit_name_instance(target->name, &len);
        if (inside && instance && unit_name_instantiate(to, instance, len, instantiated))
                to = instantiated;
        if (!inside || streq(to, target->name)) {
                target->path = pool_intern(files->pool, simple);
                return STEP_PATH;
        }
        target->name = pool_intern(files->pool, to);
        return STEP_NAME;
}

/* Read the file at target->path, or follow it when it is a link. */
static int load_or_follow(struct unit_files *files, struct target *target, const struct unit_entry *entry,
                          bool want_text)
{
        char link[PATH_MAX];
        int r;

        if (entry && entry->is_dir)
                return -EISDIR;
        if (entry && entry->link)
                return follow_link(files, target, entry->link);
        if (!entry) {
                r = follow_outside(files, target->path, link);
                if (r >= 0)
                        return follow_link(files, target, link);
                if (r != -EINVAL) /* of readlink: it is no link */
                        return r;
        }
        if (unit_name_kind(target->name, strlen(target->name)) != UNIT_PLAIN &&
            !unit_name_may_template(target->name))
                return -EBADMSG;
        r = load_below_root(files, target->path, O_NOFOLLOW | (want_text ? 0 : O_PATH),
                            want_text ? &target->text : NULL);
        target->masked = r == 1;
        return r < 0 ? r : STEP_DONE;
}

/* The entry that defines target->name: its own, or that of its template. Sets path and dir. */
static const struct unit_entry *locate(struct unit_files *files, struct target *target)
{
        const struct unit_entry *entry = unit_search_find(&files->search, target->name);
        char template[UNIT_NAME_SIZE];

        if (!entry && unit_name_template(target->name, template))
                entry = unit_search_find(&files->search, template);
        if (!entry)
                return NULL;
        target->dir = entry->dir;
        target->path = pool_printf(files->pool, "%s/%s", files->search.dirs[entry->dir].path, entry->name);
        return entry;
}

/*
 * From a name to its file, through links. The text of an alias is not read: only what it leads to counts. 0,
 * -ENOENT when nothing defines the name, -ENOLINK when what it leads to is not there, other errno when that
 * is broken.
 */
static int discover(struct unit_files *files, const char *name, struct target *target)
{
        const struct unit_entry *entry;
        int r = STEP_NAME;

        target->name = name;
        for (unsigned steps = 0; r != STEP_DONE; steps++) {
                bool want_text;

                if (steps > MAX_FOLLOW)
                        return -ELOOP;
                if (r == STEP_NAME) {
                        entry = locate(files, target);
                        if (!entry)
                                return steps ? -ENOLINK : -ENOENT;
                } else
                        entry = NULL;
                want_text = streq(target->name, name) ||
                            unit_name_kind(target->name, strlen(target->name)) == UNIT_INSTANCE;
                r = load_or_follow(files, target, entry, want_text);
                if (r == -ENOENT)
                        return -ENOLINK;
                if (r < 0)
                        return r;
        }
        if (target->masked)
                return 0;
        target->other_name = !streq(name, str_basename(target->path)) &&
                             unit_name_kind(target->name, strlen(target->name)) != UNIT_INSTANCE;
        return load_drop_ins(files, target->name, &target->text);
}

/* What the links to a unit in one directory say. */
struct dir_links {
        bool found;     /* an enablement link of any name */
        bool known;     /* one of a name that `systemctl enable` would make */
        bool same_name; /* the unit's own name, linking its file: only linked, not enabled */
};

static bool is_known_name(const struct target *target, const char *link_name)
{
        char instance[UNIT_NAME_SIZE];

        if (streq(link_name, target->name))
                return true;
        for (size_t i = 0; i < target->text.aliases.n; i++)
                if (streq(target->text.aliases.at[i], link_name))
                        return true;
        return target->text.default_instance &&
               unit_name_instantiate(target->name, target->text.default_instance,
                                     strlen(target->text.default_instance), instance) &&
               streq(instance, link_name);
}

/*
 * Look at a link that bears the unit's name or leads to it; find_symlinks_in_directory() of systemd is the
 * model.
 */
static void count_link(const struct unit_files *files, const struct target *target,
                       const struct unit_link *link, struct dir_links dirs[])
{
        struct dir_links *dir = &dirs[link->dir];
        /* A link of the same name in a directory that the unit's own one overrides has no effect. */
        bool hidden = !link->wanted && target->dir != NO_DIR && link->dir > target->dir;
        bool by_name = !hidden && streq(link->name, target->name);
        bool by_target = link->to && streq(link->to, target->name);

        if (!by_name && !by_target)
                return;
        if (by_name && by_target && !link->wanted) {
                dir->same_name = true;
                return;
        }
        dir->found = true;
        dir->known |= is_known_name(target, link->name);
}

/* The word for links in these directories, or NULL; find_symlinks_in_scope() of systemd is the model. */
static const char *judge_links(const struct unit_search *search, const struct target *target,
                               const struct dir_links dirs[], bool known_only)
{
        bool runtime = false, at_all = false, linked = false, linked_runtime = false;

        for (uint32_t i = 0; i < search->n_dirs; i++) {
                if (known_only ? dirs[i].known : dirs[i].found) {
                        if (search->dirs[i].kind == DIR_CONFIG)
                                return "enabled";
                        runtime |= search->dirs[i].runtime;
                        at_all |= !search->dirs[i].runtime;
                } else if (dirs[i].same_name) {
                        linked |= search->dirs[i].kind == DIR_CONFIG;
                        linked_runtime |= search->dirs[i].runtime;
                }
        }
        if (runtime)
                return "enabled-runtime";
        if (at_all && unit_name_kind(target->name, strlen(target->name)) == UNIT_INSTANCE)
                return "static";
        if (linked)
                return "linked";
        return linked_runtime ? "linked-runtime" : NULL;
}

static const char *judge(const struct unit_files *files, const struct target *target)
{
        const struct unit_search *search = &files->search;
        const struct unit_text *text = &target->text;
        struct dir_links dirs[UNIT_SEARCH_DIRS] = {0};
        const char *word;

        if (target->masked)
                return strncmp(target->path, "/run/", 5) == 0 ? "masked-runtime" : "masked";
        if (target->other_name)
                return "alias";
        if (target->dir != NO_DIR && search->dirs[target->dir].kind == DIR_GENERATED)
                return "generated";
        if (target->dir != NO_DIR && search->dirs[target->dir].kind == DIR_TRANSIENT)
                return "transient";
        for (uint32_t i = unit_search_named(search, target->name); i != NO_LINK;
             i = search->links.at[i].next_named)
                count_link(files, target, &search->links.at[i], dirs);
        for (uint32_t i = unit_search_leading(search, target->name); i != NO_LINK;
             i = search->links.at[i].next_leading)
                count_link(files, target, &search->links.at[i], dirs);
        word = judge_links(search, target, dirs, true);
        if (word)
                return word;
        if (judge_links(search, target, dirs, false))
                return "indirect";
        if (text->aliases.n || text->n_wanted_by || text->n_required_by || text->n_upheld_by)
                return "disabled";
        return text->n_also ? "indirect" : "static";
}

static void describe(struct unit_files *files, const struct target *target, struct unit_file *to)
{
        const struct unit_text *text = &target->text;
        struct unit_listen *listens;

        to->path = target->path;
        if (target->masked || target->other_name)
                return;
        to->description = text->description;
        to->exec = text->exec;
        to->service = text->service;
        to->accept = text->accept;
        to->v6only = text->v6only;
        if (!text->listens.n)
                return;
        listens = pool_alloc(files->pool, text->listens.n * sizeof(*listens));
        memcpy(listens, text->listens.at, text->listens.n * sizeof(*listens));
        to->listens = listens;
        to->n_listens = text->listens.n;
}

/* Judge one name and remember the answer. NULL when nothing defines it. */
static const struct unit_file *add_unit(struct unit_files *files, const char *name, bool listed)
{
        struct target target = {.dir = NO_DIR};
        struct unit_file *unit;
        int r = discover(files, name, &target);

        if (r == -ENOENT) {
                unit_text_release(&target.text);
                return NULL;
        }
        unit = vec_push(&files->units);
        *unit = (struct unit_file){.name = name, .unit = target.name, .startup = "bad", .listed = listed};
        if (r >= 0) {
                unit->startup = judge(files, &target);
                describe(files, &target, unit);
        }
        map_put_str(&files->by_name, name, files->units.n - 1);
        unit_text_release(&target.text);
        return unit;
}

const struct unit_file *unit_files_find(struct unit_files *files, const char *name)
{
        uint64_t i;

        if (map_get_str(&files->by_name, name, &i))
                return &files->units.at[i];
        if (unit_name_kind(name, strlen(name)) != UNIT_INSTANCE)
                return NULL;
        return add_unit(files, pool_intern(files->pool, name), false);
}

size_t unit_files_count(const struct unit_files *files)
{
        return files->units.n;
}

const struct unit_file *unit_files_at(const struct unit_files *files, size_t i)
{
        return &files->units.at[i];
}

int unit_files_read(int root_fd, struct pool *pool, enum unit_files_types types, struct unit_files **ret,
                    struct err *err)
{
        _cleanup_(unit_files_freep) struct unit_files *files = xcalloc(1, sizeof(*files));
        int r;

        files->pool = pool;
        r = unit_search_read(&files->search, root_fd, pool, types == UNIT_FILES_SERVICES, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < files->search.entries.n; i++) {
                const struct unit_entry *entry = &files->search.entries.at[i];

                if (!entry->is_dir && !map_get_str(&files->by_name, entry->name, NULL))
                        (void)add_unit(files, entry->name, true);
        }
        vec_foreach(link, &files->search.links)
                if (link->wanted)
                        (void)unit_files_find(files, link->name);
        *ret = take_ptr(files);
        return 0;
}
