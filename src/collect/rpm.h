/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File ownership in an rpm database of our own root. Its formats (Berkeley DB, ndb, SQLite) belong to
 * librpm, so /usr/bin/rpm is asked, once for all paths. Never against a root of others: rpm expands and runs
 * macros it finds there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "collect/packages.h"
#include "collect/path_set.h"

/* True when an rpm database is below root_fd; nothing is opened for reading. */
bool rpm_database_exists(int root_fd);

/*
 * Reads what rpm prints for the query format in rpm.c: "PNAME<tab>VERSION", then "F/path" for each file of
 * that package. Only a path that its own list of files names is owned. Other lines ("file ... is not owned
 * by any package") are passed over.
 */
struct rpm_reader {
        const struct path_set *paths; /* value: index of the query */
        struct package_query *queries;
        struct pool *pool;
        struct package now;
};

void rpm_line(void *reader, const char *line, size_t len);

struct rpm_command {
        const char *program; /* "/usr/bin/rpm" */
        const char *dbpath;  /* NULL: where it is configured; a test has a database of its own */
        unsigned timeout_ms;
        uint64_t max_output; /* bytes */
};

extern const struct rpm_command rpm_installed;

/*
 * Fill the owner of each query (of our own root, root_fd) that has none yet and that a package owns. 0;
 * -ENOENT when there is no such program; -ETIMEDOUT, -EFBIG, other negative errno: what was said until then
 * is filled in.
 */
int rpm_owners(const struct rpm_command *command, int root_fd, struct package_query *queries, size_t n,
               struct pool *pool, struct err *err);
