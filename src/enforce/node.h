/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands at one place of a file system: nothing, a file, a link or a folder. A change of the configuration is a
 * pair of these, before and after, both known before anything is touched: so it can be taken back whatever happened
 * in between.
 *
 * Paths have no leading '/', and are below root_fd; no link on the way is followed (openat2(2), RESOLVE_NO_SYMLINKS).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/pool.h"

#define NODE_MAX (1U << 20) /* bytes of a file that is kept */

enum node_type { NODE_NONE, NODE_FILE, NODE_LINK, NODE_FOLDER, NODE_TYPE_MAX };

/* All of it in the pool of who reads it. */
struct node {
        enum node_type type;
        mode_t mode; /* of files and folders: permission bits */
        uid_t uid;
        gid_t gid;
        const char *text; /* of a file its bytes; of a link where it leads */
        size_t len;
};

/*
 * 0 or negative errno: -ELOOP for a link on the way, -EFBIG for a file over NODE_MAX, -EINVAL for a device and the
 * like.
 */
int node_read(int root_fd, const char *path, struct pool *pool, struct node *ret, struct err *err);

/* Same kind, bytes, mode and owner; of folders only that both are. */
bool node_same(const struct node *a, const struct node *b);

/*
 * Put it there in the place of what is there: whole or not at all (rename(2)), and on the disk when it returns. A
 * folder that is not empty stays, without an error, where none should be. 0 or negative errno.
 */
int node_put(int root_fd, const char *path, const struct node *node, struct err *err);

/* Remove what a writer that was killed left beside it, half written. */
void node_clean(int root_fd, const char *path);

/* A file with these bytes, of root, mode 0644; a link. */
struct node node_file(const char *text, size_t len);
struct node node_link(const char *target);

void node_write(struct json *j, const char *key, const struct node *node);
/* The object that comes next; a fault of r or false when it is no node. */
bool node_parse(struct json_read *r, struct pool *pool, struct node *ret);
