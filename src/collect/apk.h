/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File ownership in apk's database (Alpine Linux): one text, /lib/apk/db/installed, with a block of lines
 * for each package.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "collect/packages.h"
#include "collect/path_set.h"

/* Reads the database a line at a time (apk-v2 "installed": P: name, V: version, F: directory, R: file in it). */
struct apk_reader {
        const struct path_set *paths; /* value: index of the query */
        struct package_query *queries;
        struct pool *pool;
        char name[256], version[256], path[4096];
        size_t dir_len; /* of `path`: "/usr/bin/"; 0 = no directory that could be taken */
};

void apk_line(void *reader, const char *line, size_t len);

/*
 * Fill the owner of each query below root_fd that a package owns. What is read is taken off *budget. 0;
 * -ENOENT when there is no apk database; -EFBIG when the budget is used up; other negative errno.
 */
int apk_owners(int root_fd, struct package_query *queries, size_t n, struct pool *pool, uint64_t *budget,
               struct err *err);
