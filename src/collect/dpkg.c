/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/dpkg.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "collect/dpkg_text.h"
#include "collect/lines.h"
#include "collect/path_set.h"

#define ADMIN_DIR "/var/lib/dpkg"

/* Opening a small file costs about what reading this much does: a tree of a million empty lists is refused as well. */
#define FILE_COST      1024u
#define NAME_COST      32u
#define MAX_DIVERSIONS 4096u
#define MAX_CLAIMS     65536u
#define MAX_PATHS      4000000u /* 16 MB; a large machine has a tenth */

struct list {
        const char *name; /* "libc6:amd64" */
        uint32_t end; /* its hashes end before this one; they start where those of the list before it end */
};

struct diversion {
        const char *from, *to, *by;
};

struct dpkg {
        int root_fd, info_fd;
        struct pool *pool;
        struct usr_merge merge;
        vec(struct list) lists;
        vec(uint32_t) hashes;
        vec(struct diversion) diversions;
        struct path_set from, to; /* value: index of the diversion */
};

struct dpkg *dpkg_free(struct dpkg *dpkg)
{
        if (!dpkg)
                return NULL;
        fd_close(&dpkg->info_fd);
        vec_clear(&dpkg->lists);
        vec_clear(&dpkg->hashes);
        vec_clear(&dpkg->diversions);
        path_set_release(&dpkg->from);
        path_set_release(&dpkg->to);
        pool_free(dpkg->pool);
        free(dpkg);
        return NULL;
}

static bool spend(uint64_t *budget, uint64_t cost)
{
        if (*budget < cost) {
                *budget = 0;
                return false;
        }
        *budget -= cost;
        return true;
}

/* Reading */

struct diversion_reader {
        struct dpkg *dpkg;
        struct dpkg_diversion now;
};

static void take_diversion(void *arg, const char *text, size_t len)
{
        struct diversion_reader *reader = arg;
        struct dpkg *dpkg = reader->dpkg;
        struct diversion *diversion;
        uint32_t index = (uint32_t)dpkg->diversions.n;

        if (!dpkg_diversion_line(&reader->now, text, len) || index == MAX_DIVERSIONS)
                return;
        diversion = vec_push(&dpkg->diversions);
        diversion->from = pool_intern(dpkg->pool, reader->now.from);
        diversion->to = pool_intern(dpkg->pool, reader->now.to);
        diversion->by = pool_intern(dpkg->pool, reader->now.by);
        path_set_add(&dpkg->from, diversion->from, index);
        path_set_add(&dpkg->to, diversion->to, index);
}

static int read_diversions(struct dpkg *dpkg, struct lines *lines, uint64_t *budget, struct err *err)
{
        _cleanup_close_ int fd = fd_open_regular(dpkg->root_fd, ADMIN_DIR "/diversions");
        struct diversion_reader reader = {.dpkg = dpkg};
        int r = fd;

        if (fd == -ENOENT)
                return 0;
        if (fd >= 0) {
                lines_init(lines, take_diversion, &reader);
                r = lines_read(lines, fd, budget);
        }
        return r < 0 ? err_errno(err, -r, "cannot read '%s'", ADMIN_DIR "/diversions") : 0;
}

/* Lines of one list. 0 also when it is gone or no longer a regular file: dpkg may run beside us. */
static int read_list(const struct dpkg *dpkg, const char *file, struct lines *lines, uint64_t *budget)
{
        _cleanup_close_ int fd =
                openat(dpkg->info_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return errno == ENOENT || errno == ELOOP ? 0 : -errno;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        if (!spend(budget, FILE_COST))
                return -EFBIG;
        return lines_read(lines, fd, budget);
}

static void take_hash(void *arg, const char *text, size_t len)
{
        struct dpkg *dpkg = arg;

        if (dpkg->hashes.n <= MAX_PATHS)
                *vec_push(&dpkg->hashes) = path_hash(&dpkg->merge, text, len);
}

/* Before it is opened: opening a device node that somebody put there could already do something. */
static bool is_regular(int dir_fd, const struct dirent *entry)
{
        struct stat st;

        if (entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_REG;
        return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int read_lists(struct dpkg *dpkg, struct lines *lines, uint64_t *budget, struct err *err)
{
        _cleanup_close_ int fd = fcntl(dpkg->info_fd, F_DUPFD_CLOEXEC, 3);
        _cleanup_close_dir_ DIR *dir = fd_to_dir(&fd);
        const struct dirent *entry;
        int r;

        if (!dir)
                return err_errno(err, errno, "cannot read '%s'", ADMIN_DIR "/info");
        while ((entry = readdir(dir))) {
                size_t len = dpkg_list_name(entry->d_name);

                if (!spend(budget, NAME_COST))
                        return err_set(err, -EFBIG, "too many files in '%s'", ADMIN_DIR "/info");
                if (!len || !is_regular(dpkg->info_fd, entry))
                        continue;
                lines_init(lines, take_hash, dpkg);
                r = read_list(dpkg, entry->d_name, lines, budget);
                if (r < 0)
                        return err_errno(err, -r, "cannot read '%s/info/%s'", ADMIN_DIR, entry->d_name);
                if (dpkg->hashes.n > MAX_PATHS)
                        return err_set(err, -EFBIG, "too many paths in the lists of '%s'", ADMIN_DIR "/info");
                *vec_push(&dpkg->lists) = (struct list){
                        .name = pool_intern_n(dpkg->pool, entry->d_name, len),
                        .end = (uint32_t)dpkg->hashes.n,
                };
        }
        return 0;
}

/* Images made without dpkg keep a status file for each package in status.d and no lists. */
static int no_lists(int root_fd, struct err *err)
{
        static const char *const traces[] = {ADMIN_DIR "/status", ADMIN_DIR "/status.d"};

        for (unsigned i = 0; i < array_len(traces); i++) {
                _cleanup_close_ int fd = fd_open_in_root(root_fd, traces[i], O_PATH);

                if (fd >= 0)
                        return err_set(err, -ENODATA, "'%s' names packages without lists of their files",
                                       traces[i]);
        }
        return err_set(err, -ENOENT, "no '%s'", ADMIN_DIR);
}

int dpkg_read(int root_fd, uint64_t *budget, struct dpkg **ret, struct err *err)
{
        _cleanup_(dpkg_freep) struct dpkg *dpkg = xcalloc(1, sizeof(*dpkg));
        _cleanup_free_ struct lines *lines = xmalloc(sizeof(*lines));
        int r;

        dpkg->root_fd = root_fd;
        dpkg->pool = pool_new();
        dpkg->info_fd = fd_open_in_root(root_fd, ADMIN_DIR "/info", O_RDONLY | O_DIRECTORY);
        if (dpkg->info_fd == -ENOENT)
                return no_lists(root_fd, err);
        if (dpkg->info_fd < 0)
                return err_errno(err, -dpkg->info_fd, "cannot open '%s'", ADMIN_DIR "/info");
        usr_merge_read(&dpkg->merge, root_fd);
        dpkg->from.merge = dpkg->to.merge = dpkg->merge;
        r = read_diversions(dpkg, lines, budget, err);
        if (r < 0)
                return r;
        r = read_lists(dpkg, lines, budget, err);
        if (r < 0)
                return r;
        if (!dpkg->lists.n)
                return no_lists(root_fd, err);
        *ret = take_ptr(dpkg);
        return 0;
}

/* Asking */

/* A list that names a path. Claims on one path are a chain. */
struct claim {
        uint32_t next; /* index + 1; 0 = last */
        uint32_t package;
        bool exact; /* spelled as in the path set */
};

struct owning {
        const char *list_name; /* "libc6:amd64" */
        const char *name, *version;
        bool installed;
};

struct search {
        const struct dpkg *dpkg;
        struct path_set paths;
        vec(uint32_t) first_claim; /* by path entry; index + 1, 0 = none */
        vec(struct claim) claims;
        vec(struct owning) packages; /* those with a claim, and the one whose list is being read */
        struct map package_by_list;
        uint32_t last_entry;  /* the entry the line before named, or NONE; */
        struct str last_line; /* and that line */
};

static void search_release(struct search *search)
{
        path_set_release(&search->paths);
        vec_clear(&search->first_claim);
        vec_clear(&search->claims);
        vec_clear(&search->packages);
        map_release(&search->package_by_list);
        str_release(&search->last_line);
}

static const struct diversion *diverted(const struct dpkg *dpkg, const struct path_set *side,
                                        const char *path)
{
        const struct path_entry *entry = path_set_find(side, path, strlen(path));

        return entry ? &dpkg->diversions.at[entry->value] : NULL;
}

/* A file under the name it was diverted to stands in its package's list under the contested name. */
static void want(struct search *search, const struct package_query *queries, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct diversion *to = diverted(search->dpkg, &search->dpkg->to, queries[i].path);

                path_set_add(&search->paths, queries[i].path, 0);
                if (to)
                        path_set_add(&search->paths, to->from, 0);
        }
        for (size_t i = 0; i < search->paths.entries.n; i++)
                *vec_push(&search->first_claim) = 0;
}

/* Lists go from the directory to what is in it: when this line is below the last one, that was a directory. */
static void drop_directory(struct search *search, const char *text, size_t len)
{
        size_t n = search->last_line.len;

        if (len <= n || text[n] != '/' || memcmp(text, str_text(&search->last_line), n) != 0)
                return;
        search->first_claim.at[search->last_entry] = search->claims.at[search->claims.n - 1].next;
        search->claims.n--;
}

static void take_claim(void *arg, const char *text, size_t len)
{
        struct search *search = arg;
        const struct path_entry *entry = path_set_find(&search->paths, text, len);
        uint32_t *first;

        if (search->last_entry != NONE)
                drop_directory(search, text, len);
        search->last_entry = NONE;
        if (!entry || search->claims.n == MAX_CLAIMS)
                return;
        search->last_entry = (uint32_t)(entry - search->paths.entries.at);
        str_reset(&search->last_line);
        str_add_n(&search->last_line, text, len);
        first = &search->first_claim.at[search->last_entry];
        *vec_push(&search->claims) = (struct claim){
                .next = *first,
                .package = (uint32_t)(search->packages.n - 1),
                .exact = entry->len == len && memcmp(entry->path, text, len) == 0,
        };
        *first = (uint32_t)search->claims.n;
}

/* Read a list again, as one of its hashes is that of a path asked for. A list that vanished has no claims. */
static int search_list(struct search *search, const char *name, struct lines *lines, uint64_t *budget)
{
        size_t claims_before = search->claims.n;
        _cleanup_str_ struct str file = {0};
        struct owning *package = vec_push(&search->packages);
        int r;

        package->list_name = name;
        package->installed = true;
        search->last_entry = NONE;
        str_addf(&file, "%s.list", name);
        lines_init(lines, take_claim, search);
        r = read_list(search->dpkg, file.text, lines, budget);
        if (search->claims.n == claims_before)
                search->packages.n--;
        return r;
}

static int search_lists(struct search *search, struct lines *lines, uint64_t *budget)
{
        const struct dpkg *dpkg = search->dpkg;
        uint32_t at = 0;

        for (size_t i = 0; i < dpkg->lists.n; i++) {
                const struct list *list = &dpkg->lists.at[i];
                bool hit = false;
                int r;

                for (; at < list->end; at++)
                        hit |= path_set_has_hash(&search->paths, dpkg->hashes.at[at]);
                if (!hit)
                        continue;
                r = search_list(search, list->name, lines, budget);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Versions */

struct status_reader {
        struct search *search;
        struct pool *pool;
        struct dpkg_stanza now;
};

static void take_version(struct status_reader *reader, const char *list_name)
{
        uint64_t index;
        struct owning *package;

        if (!map_get_str(&reader->search->package_by_list, list_name, &index))
                return;
        package = &reader->search->packages.at[index];
        package->version = reader->now.version[0] ? pool_intern(reader->pool, reader->now.version) : NULL;
        package->installed = reader->now.installed;
}

static void take_stanza(struct status_reader *reader)
{
        char with_architecture[sizeof(reader->now.name) + sizeof(reader->now.architecture) + 1];

        take_version(reader, reader->now.name);
        (void)snprintf(with_architecture, sizeof(with_architecture), "%s:%s", reader->now.name,
                       reader->now.architecture);
        take_version(reader, with_architecture);
        reader->now.name[0] = reader->now.version[0] = reader->now.architecture[0] = '\0';
        reader->now.installed = false;
}

static void take_status(void *arg, const char *text, size_t len)
{
        struct status_reader *reader = arg;

        if (dpkg_stanza_line(&reader->now, text, len))
                take_stanza(reader);
}

static int read_versions(struct search *search, struct pool *pool, struct lines *lines, uint64_t *budget,
                         struct err *err)
{
        _cleanup_close_ int fd = fd_open_regular(search->dpkg->root_fd, ADMIN_DIR "/status");
        struct status_reader reader = {.search = search, .pool = pool};
        int r = fd;

        for (uint32_t i = 0; i < search->packages.n; i++) {
                struct owning *package = &search->packages.at[i];
                const char *colon = strchr(package->list_name, ':');

                package->name = pool_intern_n(pool, package->list_name,
                                              colon ? (size_t)(colon - package->list_name)
                                                    : strlen(package->list_name));
                map_put_str(&search->package_by_list, package->list_name, i);
        }
        if (fd >= 0) {
                lines_init(lines, take_status, &reader);
                r = lines_read(lines, fd, budget);
                take_stanza(&reader);
        }
        return r < 0 ? err_errno(err, -r, "cannot read '%s'", ADMIN_DIR "/status") : 0;
}

/* Judging */

/* May this package's claim count? by: the one that diverts the path, or NULL; at_from: asked for the contested name. */
static bool may_own(const struct owning *package, const char *by, bool at_from)
{
        return !by || streq(package->name, by) == at_from;
}

/*
 * The best of the claims on a path: of an installed package rather than of one whose configuration was left
 * behind, then the one that spells the path as asked. Two equally good ones of different packages: nobody,
 * as for a directory.
 */
static const struct owning *best_claim(const struct search *search, const char *path, const char *by,
                                       bool at_from)
{
        const struct path_entry *entry = path_set_find(&search->paths, path, strlen(path));
        uint32_t at = entry ? search->first_claim.at[entry - search->paths.entries.at] : 0;
        const struct owning *best = NULL;
        unsigned best_rank = 0;
        bool contested = false;

        while (at) {
                const struct claim *claim = &search->claims.at[at - 1];
                const struct owning *package = &search->packages.at[claim->package];
                unsigned rank = 1 + 2 * package->installed + claim->exact;

                at = claim->next;
                if (!may_own(package, by, at_from) || rank < best_rank)
                        continue;
                contested = rank == best_rank && (contested || !streq(best->name, package->name));
                if (rank == best_rank && strcmp(best->list_name, package->list_name) < 0)
                        continue;
                best = package;
                best_rank = rank;
        }
        return contested ? NULL : best;
}

static void answer(const struct search *search, struct package_query *query)
{
        const struct diversion *from = diverted(search->dpkg, &search->dpkg->from, query->path);
        const struct diversion *to = diverted(search->dpkg, &search->dpkg->to, query->path);
        const struct owning *owner = NULL;

        if (to)
                owner = best_claim(search, to->from, to->by, false);
        if (!owner)
                owner = best_claim(search, query->path, from ? from->by : NULL, true);
        if (owner)
                query->owner = (struct package){owner->name, owner->version, "dpkg"};
}

int dpkg_owners(const struct dpkg *dpkg, struct package_query *queries, size_t n, struct pool *pool,
                uint64_t *budget, struct err *err)
{
        _cleanup_(search_release) struct search search = {.dpkg = dpkg};
        _cleanup_free_ struct lines *lines = xmalloc(sizeof(*lines));
        int r;

        search.paths.merge = dpkg->merge;
        want(&search, queries, n);
        r = search_lists(&search, lines, budget);
        if (r < 0)
                return err_errno(err, -r, "cannot read the lists in '%s'", ADMIN_DIR "/info");
        if (!search.packages.n)
                return 0;
        r = read_versions(&search, pool, lines, budget, err);
        for (size_t i = 0; i < n; i++)
                answer(&search, &queries[i]);
        return r;
}
