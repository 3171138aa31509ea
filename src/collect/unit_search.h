/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load path of system units (systemd.unit(5)) as it lies on the disk: which names are in which
 * directory, and which symbolic links lead where. The directories are listed once; no unit file is read
 * here.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"

#define UNIT_SEARCH_DIRS 16
#define NO_DIR           UINT32_MAX
#define NO_LINK          UINT32_MAX

enum unit_dir_kind { DIR_OTHER, DIR_CONFIG, DIR_GENERATED, DIR_TRANSIENT };

struct unit_dir {
        const char *path;
        enum unit_dir_kind kind;
        bool runtime; /* below /run */
        dev_t dev;
        ino_t ino;
};

/* A unit's name in a directory of the load path. */
struct unit_entry {
        const char *name;
        const char *link; /* where the symbolic link leads, as written; NULL for a file */
        uint32_t dir;
        bool is_dir; /* a directory in the way: no unit of its own, and hides those of lower priority */
};

/* A symbolic link: in a directory of the load path, or in a .wants or .requires directory there. */
struct unit_link {
        const char *name;
        /* The unit it leads to: last part of its text, or (wanted) the template of its name; or NULL. */
        const char *to;
        uint32_t dir;
        bool wanted;
        uint32_t next_named, next_leading; /* of the same name; leading to the same unit */
};

struct unit_drop_in_dir {
        const char *path;
        uint32_t next; /* of the same unit, in order of the load path */
};

struct unit_search {
        int root_fd; /* the caller's */
        struct pool *pool;
        struct unit_dir dirs[UNIT_SEARCH_DIRS]; /* highest priority first */
        uint32_t n_dirs;
        bool services_only;
        vec(struct unit_entry) entries;
        struct map first; /* name -> the entry that counts */
        vec(struct unit_link) links;
        struct map named, leading; /* name -> first link */
        vec(struct unit_drop_in_dir) drop_ins;
        struct map drop_in_dirs; /* unit -> first directory */
};

struct unit_paths {
        const char **at;
        size_t n, room;
};

/* As unit_files_read(). search must be zeroed; release it also after a failure. */
int unit_search_read(struct unit_search *search, int root_fd, struct pool *pool, bool services_only,
                     struct err *err);
void unit_search_release(struct unit_search *search);

const struct unit_entry *unit_search_find(const struct unit_search *search, const char *name);

/* The first link of that name, or that leads to that unit; NO_LINK. */
uint32_t unit_search_named(const struct unit_search *search, const char *name);
uint32_t unit_search_leading(const struct unit_search *search, const char *name);

/* Append the drop-in files of a unit and of its template, in the order they are applied. */
void unit_search_drop_ins(const struct unit_search *search, const char *name, struct unit_paths *to);

/*
 * Where the link at path with that text leads: absolute below root, "." and ".." gone and directory links
 * followed. *ret_inside: in the load path, and *ret_dir then the directory (NO_DIR when in none itself). 0;
 * -ENOENT when a directory on the way is missing.
 */
int unit_search_simplify(const struct unit_search *search, const char *path, const char *link,
                         char ret[PATH_MAX], bool *ret_inside, uint32_t *ret_dir);

/*
 * Is there a file or link of that name anywhere in the load path? For a few names, without reading it all.
 */
bool unit_search_has(int root_fd, const char *name);
