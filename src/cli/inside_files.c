/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/inside_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define CHUNK (256u * 1024)

void inside_files_release(struct inside_files *f)
{
        vec_foreach(file, &f->files) {
                fd_close(&file->fd);
                records_freep(&file->records);
                free(file->path);
        }
        vec_clear(&f->files);
        vec_clear(&f->places);
        map_release(&f->by_address);
        map_release(&f->by_name);
        pool_freep(&f->pool);
}

/* --- opening ------------------------------------------------------------------------------------- */

static int open_file(struct inside_files *f, const char *path, struct err *err)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                return err_errno(err, errno, "'--inside': '%s' cannot be read", path);
        *vec_push(&f->files) = (struct inside_file){.path = xstrdup(path), .fd = fd};
        return 0;
}

static int is_records(const struct dirent *entry)
{
        return entry->d_name[0] != '.' &&
               (str_ends(entry->d_name, ".json") || str_ends(entry->d_name, ".ndjson"));
}

/* All are open at once, since none can be opened later. */
static void allow_many_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
}

static int open_folder(struct inside_files *f, const char *path, struct err *err)
{
        struct dirent **entries;
        int n = scandir(path, &entries, is_records, alphasort), r = 0;

        if (n < 0)
                return err_errno(err, errno, "'--inside': the folder '%s' cannot be read", path);
        if (!n)
                r = err_set(err, -EINVAL, "'--inside': there is no *.json or *.ndjson in the folder '%s'",
                            path);
        allow_many_files();
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *file = xasprintf("%s/%s", path, entries[i]->d_name);

                if (r == 0)
                        r = open_file(f, file, err);
                free(entries[i]);
        }
        free(entries);
        return r;
}

int inside_files_open(struct inside_files *f, const char *path, struct err *err)
{
        struct stat st;

        f->pool = pool_new();
        if (stat(path, &st) < 0)
                return err_errno(err, errno, "'--inside': '%s' cannot be read", path);
        f->folder = S_ISDIR(st.st_mode);
        return f->folder ? open_folder(f, path, err) : open_file(f, path, err);
}

/* --- reading ------------------------------------------------------------------------------------- */

static int read_records(struct inside_file *file, struct err *err)
{
        _cleanup_free_ char *chunk = xmalloc(CHUNK);
        ssize_t n;
        int r = 0;

        file->records = records_new();
        do {
                n = read(file->fd, chunk, CHUNK);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_errno(err, errno, "'%s' cannot be read", file->path);
                r = records_feed(file->records, chunk, (size_t)n, err);
        } while (n && r == 0);
        if (r == 0)
                r = records_end(file->records, err);
        fd_close(&file->fd);
        return r < 0 ? err_prefix(err, "'%s'", file->path) : 0;
}

static void add_key(struct inside_files *f, struct map *map, const char *key,
                    const struct inside_place *place)
{
        uint64_t index;

        if (map_get_str(map, key, &index)) {
                struct inside_place *there = &f->places.at[index];

                there->ambiguous |= there->file != place->file || there->asset != place->asset;
                return;
        }
        map_put_str(map, pool_intern(f->pool, key), f->places.n);
        *vec_push(&f->places) = *place;
}

static void add_address(struct inside_files *f, const struct address *address, struct inside_place place,
                        const char *netns)
{
        char text[ADDRESS_TEXT_SIZE];
        struct address plain = address_unmapped(address);

        place.netns = netns;
        add_key(f, &f->by_address, address_format(&plain, text), &place);
}

/* That of the machine itself, or the only one that was looked into. */
static const char *main_netns(const struct records_asset *asset)
{
        const char *only = NULL;

        vec_foreach(l, &asset->listeners) {
                if (l->netns->kind == NETNS_HOST)
                        return l->netns->role;
                only = only ? only : l->netns->role;
        }
        return only ? only : "host";
}

/* "WEB1.example.org" is found as that, and as "web1". */
static void add_name(struct inside_files *f, const char *hostname, const struct inside_place *place)
{
        _cleanup_free_ char *name = xstrdup(hostname);
        char *dot = strchr(name, '.');

        for (char *p = name; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        add_key(f, &f->by_name, name, place);
        if (dot && dot != name) {
                *dot = '\0';
                add_key(f, &f->by_name, name, place);
        }
}

static void index_asset(struct inside_files *f, size_t file, size_t at)
{
        const struct records_asset *asset = &f->files.at[file].records->assets.at[at];
        struct inside_place place = {.file = file, .asset = at, .netns = main_netns(asset)};

        if (asset->hostname)
                add_name(f, asset->hostname, &place);
        vec_foreach(a, &asset->addresses)
                add_address(f, &a->address, place, a->netns);
        if (asset->addresses.n)
                return;
        vec_foreach(l, &asset->listeners) /* it has at least those that it listens on */
                if (l->address.family && !address_is_any(&l->address) && !address_is_loopback(&l->address) &&
                    !address_is_multicast(&l->address))
                        add_address(f, &l->address, place, l->netns->role);
}

int inside_files_read(struct inside_files *f, struct err *err)
{
        for (size_t i = 0; i < f->files.n; i++) {
                int r = read_records(&f->files.at[i], err);

                if (r < 0)
                        return r;
                for (size_t a = 0; a < f->files.at[i].records->assets.n; a++)
                        index_asset(f, i, a);
        }
        return 0;
}

/* --- finding ------------------------------------------------------------------------------------- */

static const struct inside_place *look_up(const struct inside_files *f, const struct map *map,
                                          const char *key)
{
        uint64_t index;

        if (!map_get_str(map, key, &index) || f->places.at[index].ambiguous)
                return NULL;
        return &f->places.at[index];
}

const struct inside_place *inside_files_find(struct inside_files *f, const struct address *address,
                                             const char *name)
{
        char text[ADDRESS_TEXT_SIZE];
        struct address plain = address_unmapped(address);
        const struct inside_place *place = look_up(f, &f->by_address, address_format(&plain, text));
        _cleanup_free_ char *lower = name ? xstrdup(name) : NULL;

        for (char *p = lower; p && *p; p++)
                *p = (char)tolower((unsigned char)*p);
        if (!place && lower)
                place = look_up(f, &f->by_name, lower);
        if (place)
                f->files.at[place->file].used = true;
        return place;
}
