/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unit_search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/unit_name.h"

#define MAX_ENTRIES  50000
#define MAX_DROP_INS 200 /* of one unit */

static const struct {
        const char *path;
        enum unit_dir_kind kind;
} load_path[] = {
        {"/etc/systemd/system.control", DIR_OTHER},
        {"/run/systemd/system.control", DIR_OTHER},
        {"/run/systemd/transient", DIR_TRANSIENT},
        {"/run/systemd/generator.early", DIR_GENERATED},
        {"/etc/systemd/system", DIR_CONFIG},
        {"/etc/systemd/system.attached", DIR_OTHER},
        {"/run/systemd/system", DIR_OTHER},
        {"/run/systemd/system.attached", DIR_OTHER},
        {"/run/systemd/generator", DIR_GENERATED},
        {"/usr/local/lib/systemd/system", DIR_OTHER},
        /*
         * On systems with a merged /usr the two are one directory and the first name is used: the real one.
         */
        {"/usr/lib/systemd/system", DIR_OTHER},
        {"/lib/systemd/system", DIR_OTHER},
        {"/run/systemd/generator.late", DIR_GENERATED},
};
_Static_assert(array_len(load_path) <= UNIT_SEARCH_DIRS, "room for the load path");

void unit_search_release(struct unit_search *search)
{
        vec_clear(&search->entries);
        vec_clear(&search->links);
        vec_clear(&search->drop_ins);
        map_release(&search->first);
        map_release(&search->named);
        map_release(&search->leading);
        map_release(&search->drop_in_dirs);
}

static uint32_t lookup(const struct map *map, const char *name)
{
        uint64_t value = UINT32_MAX;

        (void)map_get_str(map, name, &value);
        return (uint32_t)value;
}

const struct unit_entry *unit_search_find(const struct unit_search *search, const char *name)
{
        uint32_t i = lookup(&search->first, name);

        return i == UINT32_MAX ? NULL : &search->entries.at[i];
}

uint32_t unit_search_named(const struct unit_search *search, const char *name)
{
        return lookup(&search->named, name);
}

uint32_t unit_search_leading(const struct unit_search *search, const char *name)
{
        return lookup(&search->leading, name);
}

/* A unit's name that is asked for. */
static bool is_wanted_name(const struct unit_search *search, const char *name)
{
        const char *suffix;

        if (unit_name_kind(name, strlen(name)) == UNIT_INVALID)
                return false;
        suffix = unit_name_suffix(name);
        return !search->services_only || streq(suffix, ".service") || streq(suffix, ".socket") ||
               streq(suffix, ".scope");
}

static unsigned char entry_type(int dir_fd, const struct dirent *entry)
{
        struct stat st;

        if (entry->d_type != DT_UNKNOWN)
                return entry->d_type;
        if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return DT_UNKNOWN;
        return (unsigned char)IFTODT(st.st_mode);
}

static void add_link(struct unit_search *search, uint32_t dir, bool wanted, const char *name, const char *to)
{
        uint32_t i = (uint32_t)search->links.n;

        *vec_push(&search->links) = (struct unit_link){
                .name = name,
                .to = to,
                .dir = dir,
                .wanted = wanted,
                .next_named = lookup(&search->named, name),
                .next_leading = to ? lookup(&search->leading, to) : NO_LINK,
        };
        map_put_str(&search->named, name, i);
        if (to)
                map_put_str(&search->leading, to, i);
}

static DIR *open_dir(int dir_fd, const char *name)
{
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

        return fd_to_dir(&fd);
}

static int read_wants(struct unit_search *search, uint32_t dir, int parent_fd, const char *name)
{
        _cleanup_close_dir_ DIR *d = open_dir(parent_fd, name);
        char template[UNIT_NAME_SIZE];
        struct dirent *entry;

        while (d && (entry = readdir(d))) {
                if (!is_wanted_name(search, entry->d_name) || entry_type(dirfd(d), entry) != DT_LNK)
                        continue;
                if (search->links.n >= MAX_ENTRIES)
                        return -E2BIG;
                add_link(search, dir, true, pool_intern(search->pool, entry->d_name),
                         unit_name_template(entry->d_name, template) ? pool_intern(search->pool, template)
                                                                     : NULL);
        }
        return 0;
}

static void add_drop_in_dir(struct unit_search *search, uint32_t dir, const char *name)
{
        const char *unit = pool_intern_n(search->pool, name, strlen(name) - 2);
        uint32_t i = lookup(&search->drop_in_dirs, unit), n = (uint32_t)search->drop_ins.n;

        *vec_push(&search->drop_ins) = (struct unit_drop_in_dir){
                .path = pool_printf(search->pool, "%s/%s", search->dirs[dir].path, name),
                .next = UINT32_MAX,
        };
        if (i == UINT32_MAX) {
                map_put_str(&search->drop_in_dirs, unit, n);
                return;
        }
        while (search->drop_ins.at[i].next != UINT32_MAX)
                i = search->drop_ins.at[i].next;
        search->drop_ins.at[i].next = n;
}

static int read_subdir(struct unit_search *search, uint32_t dir, int dir_fd, const char *name)
{
        if (str_ends(name, ".wants") || str_ends(name, ".requires") || str_ends(name, ".upholds"))
                return read_wants(search, dir, dir_fd, name);
        if (str_ends(name, ".d") && search->drop_ins.n < MAX_ENTRIES)
                add_drop_in_dir(search, dir, name);
        return 0;
}

static int add_entry(struct unit_search *search, uint32_t dir, int dir_fd, const char *entry_name,
                     unsigned char type)
{
        const char *name = pool_intern(search->pool, entry_name), *link = NULL;
        char text[PATH_MAX];

        if (search->entries.n >= MAX_ENTRIES)
                return -E2BIG;
        if (type == DT_LNK) {
                if (fd_readlink(dir_fd, name, text, sizeof(text)) < 0)
                        return 0;
                link = pool_intern(search->pool, text);
                add_link(search, dir, false, name, pool_intern(search->pool, str_basename(text)));
        }
        if (lookup(&search->first, name) == UINT32_MAX)
                map_put_str(&search->first, name, search->entries.n);
        *vec_push(&search->entries) = (struct unit_entry){
                .name = name,
                .link = link,
                .dir = dir,
                .is_dir = type == DT_DIR,
        };
        return 0;
}

static int read_dir(struct unit_search *search, uint32_t dir, int fd)
{
        _cleanup_close_dir_ DIR *d = open_dir(fd, ".");
        struct dirent *entry;
        int r = 0;

        while (r >= 0 && d && (entry = readdir(d))) {
                unsigned char type = entry_type(dirfd(d), entry);

                if (type != DT_DIR && type != DT_LNK && type != DT_REG)
                        continue;
                if (is_wanted_name(search, entry->d_name))
                        r = add_entry(search, dir, dirfd(d), entry->d_name, type);
                else if (type == DT_DIR)
                        r = read_subdir(search, dir, dirfd(d), entry->d_name);
        }
        return r;
}

static uint32_t find_dir(const struct unit_search *search, const struct stat *st)
{
        for (uint32_t i = 0; i < search->n_dirs; i++)
                if (search->dirs[i].dev == st->st_dev && search->dirs[i].ino == st->st_ino)
                        return i;
        return NO_DIR;
}

int unit_search_read(struct unit_search *search, int root_fd, struct pool *pool, bool services_only,
                     struct err *err)
{
        struct stat st;

        search->root_fd = root_fd;
        search->pool = pool;
        search->services_only = services_only;
        if (fstat(root_fd, &st) < 0 || !S_ISDIR(st.st_mode))
                return err_set(err, -ENOTDIR, "cannot read unit files: the root is no directory");
        for (size_t i = 0; i < array_len(load_path); i++) {
                _cleanup_close_ int fd = fd_open_in_root(root_fd, load_path[i].path, O_RDONLY | O_DIRECTORY);
                uint32_t n = search->n_dirs;

                if (fd < 0 || fstat(fd, &st) < 0 || find_dir(search, &st) != NO_DIR)
                        continue;
                search->dirs[search->n_dirs++] = (struct unit_dir){
                        .path = load_path[i].path,
                        .kind = load_path[i].kind,
                        .runtime = str_after(load_path[i].path, "/run/") != NULL,
                        .dev = st.st_dev,
                        .ino = st.st_ino,
                };
                if (read_dir(search, n, fd) < 0)
                        return err_set(err, -E2BIG, "cannot read unit files: more than %d in '%s'",
                                       MAX_ENTRIES, load_path[i].path);
        }
        return 0;
}

bool unit_search_has(int root_fd, const char *name)
{
        for (size_t i = 0; i < array_len(load_path); i++) {
                char path[PATH_MAX];
                _cleanup_close_ int fd = -1;

                if (snprintf(path, sizeof(path), "%s/%s", load_path[i].path, name) >= (int)sizeof(path))
                        return false;
                fd = fd_open_in_root(root_fd, path, O_PATH | O_NOFOLLOW);
                if (fd >= 0)
                        return true;
        }
        return false;
}

struct drop_in {
        const char *name, *path;
        size_t order;
};

static int compare_drop_ins(const void *a, const void *b)
{
        const struct drop_in *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        return r ? r : (x->order > y->order) - (x->order < y->order);
}

struct drop_ins {
        struct drop_in *at;
        size_t n, room;
};

static void list_drop_ins(const struct unit_search *search, const char *unit, struct drop_ins *to)
{
        for (uint32_t i = lookup(&search->drop_in_dirs, unit); i != UINT32_MAX;
             i = search->drop_ins.at[i].next) {
                const char *path = search->drop_ins.at[i].path;
                _cleanup_close_ int fd = fd_open_in_root(search->root_fd, path, O_PATH | O_DIRECTORY);
                _cleanup_close_dir_ DIR *d = fd < 0 ? NULL : open_dir(fd, ".");
                struct dirent *entry;

                while (d && to->n < MAX_DROP_INS && (entry = readdir(d))) {
                        if (entry->d_name[0] == '.' || !str_ends(entry->d_name, ".conf"))
                                continue;
                        *vec_push(to) = (struct drop_in){
                                .name = pool_intern(search->pool, entry->d_name),
                                .path = pool_printf(search->pool, "%s/%s", path, entry->d_name),
                                .order = to->n,
                        };
                }
        }
}

void unit_search_drop_ins(const struct unit_search *search, const char *name, struct unit_paths *to)
{
        struct drop_ins found = {0};
        char template[UNIT_NAME_SIZE];

        list_drop_ins(search, name, &found);
        if (unit_name_template(name, template))
                list_drop_ins(search, template, &found);
        vec_sort(&found, compare_drop_ins);
        /* All in order of their file names; of the same name only the one of highest priority. */
        for (size_t i = 0; i < found.n; i++)
                if (i == 0 || !streq(found.at[i].name, found.at[i - 1].name))
                        *vec_push(to) = found.at[i].path;
        vec_clear(&found);
}

/* The directory part of path + link text, "." and doubled slashes left to the kernel. */
static int join_dir(const char *path, const char *link, char buf[PATH_MAX])
{
        int base_len = *link == '/' ? 0 : (int)(str_basename(path) - path);
        int link_len = (int)(str_basename(link) - link);
        int len = snprintf(buf, PATH_MAX, "%.*s%.*s", base_len, path, link_len, link);

        return len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The real path of a directory below root: what the kernel says of it, less what it says of root. */
static int real_dir(const struct unit_search *search, int fd, char buf[PATH_MAX])
{
        char root[PATH_MAX], self[64];
        size_t root_len;
        int r;

        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", search->root_fd);
        r = fd_readlink(AT_FDCWD, self, root, sizeof(root));
        if (r < 0)
                return r;
        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        r = fd_readlink(AT_FDCWD, self, buf, PATH_MAX);
        if (r < 0)
                return r;
        root_len = streq(root, "/") ? 0 : strlen(root);
        if (strncmp(buf, root, root_len) != 0)
                return -EXDEV;
        memmove(buf, buf + root_len, strlen(buf + root_len) + 1);
        return 0;
}

static bool is_below(const struct unit_search *search, const char *path)
{
        for (uint32_t i = 0; i < search->n_dirs; i++) {
                const char *rest = str_after(path, search->dirs[i].path);

                if (rest && (*rest == '/' || !*rest))
                        return true;
        }
        return false;
}

int unit_search_simplify(const struct unit_search *search, const char *path, const char *link,
                         char ret[PATH_MAX], bool *ret_inside, uint32_t *ret_dir)
{
        char dir[PATH_MAX], real[PATH_MAX];
        _cleanup_close_ int fd = -1;
        struct stat st;
        uint32_t known;
        int r = join_dir(path, link, dir);

        if (r < 0)
                return r;
        if (streq(link, "/dev/null")) { /* by far the most frequent: a mask */
                *ret_inside = false;
                *ret_dir = NO_DIR;
                (void)snprintf(ret, PATH_MAX, "%s", link);
                return 0;
        }
        fd = fd_open_in_root(search->root_fd, *dir ? dir : "/", O_PATH | O_DIRECTORY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fd < 0 ? fd : -errno;
        known = find_dir(search, &st);
        if (known == NO_DIR) {
                r = real_dir(search, fd, real);
                if (r < 0)
                        return r;
        }
        if (snprintf(ret, PATH_MAX, "%s/%s", known == NO_DIR ? real : search->dirs[known].path,
                     str_basename(link)) >= PATH_MAX)
                return -ENAMETOOLONG;
        *ret_inside = known != NO_DIR || is_below(search, ret);
        *ret_dir = known;
        return 0;
}
