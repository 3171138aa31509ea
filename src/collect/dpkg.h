/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File ownership in dpkg's database, read directly: /var/lib/dpkg/info/NAME.list, diversions and status
 * below a root directory.
 *
 * dpkg_read keeps 32 bits for each path, in the order of the lists, and no text: 170,000 paths are 0.7 MB,
 * and it does not need to know what will be asked, so it can run before that is known. dpkg_owners then
 * reads again the few lists that may hold a path asked for: an answer never rests on a hash.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "collect/packages.h"

struct dpkg;

/*
 * Index the lists below root_fd, which stays the caller's and must stay open. What is read is taken off
 * *budget (bytes, and 1 KiB a file for the opening). 0 with *ret to be freed; -ENOENT when there is no dpkg
 * database; -ENODATA when there is one without lists of files (distroless images); -EFBIG when the budget is
 * used up; other negative errno.
 */
int dpkg_read(int root_fd, uint64_t *budget, struct dpkg **ret, struct err *err);

/*
 * Fill the owner of each query that a package owns. Directories have none, nor does a path that two packages claim.
 * Versions are NULL when the status file cannot be read: then the return is negative, but the owners are there.
 */
int dpkg_owners(const struct dpkg *dpkg, struct package_query *queries, size_t n, struct pool *pool,
                uint64_t *budget, struct err *err);

struct dpkg *dpkg_free(struct dpkg *dpkg); /* accepts NULL, returns NULL */

static inline void dpkg_freep(struct dpkg **dpkg)
{
        *dpkg = dpkg_free(*dpkg);
}
