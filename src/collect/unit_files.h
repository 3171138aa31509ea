/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start-up state of systemd units, from the unit files alone: what `systemctl list-unit-files` says,
 * without asking systemd (whose own answer takes a quarter of a second). The rules are those of systemd 252
 * and later for system units: systemd.unit(5), "unit file load path", and systemctl(1), is-enabled. Each
 * file is read once, below a root directory of the caller's choice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"
#include "collect/unit_text.h"

struct unit_file {
        const char *name;
        /*
         * enabled, enabled-runtime, linked, linked-runtime, alias, masked, masked-runtime, static, disabled,
         * indirect, generated, transient, bad (unreadable, broken, or a link that leads nowhere)
         */
        const char *startup;
        const char *unit; /* the name it leads to: another one for an alias, else name */
        /*
         * The file that defines it, below root; of an instance mostly that of its template; NULL when bad.
         */
        const char *path;
        /* See struct unit_text. NULL for an alias: look at unit. */
        const char *description, *exec, *service;
        const struct unit_listen *listens;
        size_t n_listens;
        bool accept, v6only;
        bool listed; /* has a name in a directory of the load path: one that list-unit-files shows */
};

struct unit_files;

enum unit_files_types {
        UNIT_FILES_ALL,
        UNIT_FILES_SERVICES, /* .service, .socket and .scope only, which saves reading the others */
};

/*
 * Read the load path below root_fd. Strings go to the pool, which must outlive the result; the caller frees
 * it. A directory that is not there is an empty one. -E2BIG for more than 50,000 names, other negative errno
 * when root_fd is no directory.
 */
int unit_files_read(int root_fd, struct pool *pool, enum unit_files_types types, struct unit_files **ret,
                    struct err *err);
struct unit_files *unit_files_free(struct unit_files *files); /* accepts NULL, returns NULL */

static inline void unit_files_freep(struct unit_files **files)
{
        *files = unit_files_free(*files);
}

/*
 * All names of the load path and the instances that a .wants or .requires directory asks for, in no order.
 */
size_t unit_files_count(const struct unit_files *files);
const struct unit_file *unit_files_at(const struct unit_files *files, size_t i);

/*
 * The unit of that name, also an instance that only its template defines; NULL when there is no file for it.
 * Valid until the next call of this function.
 */
const struct unit_file *unit_files_find(struct unit_files *files, const char *name);
