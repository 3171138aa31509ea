/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File descriptors: -1 is none, always close-on-exec, closed at scope exit by _cleanup_close_.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

void fd_close(int *fd); /* closes when >= 0, sets -1, keeps errno */
#define _cleanup_close_ _cleanup_(fd_close)

#define take_fd(fd)                                                                                          \
        ({                                                                                                   \
                int _fd = (fd);                                                                              \
                (fd) = -1;                                                                                   \
                _fd;                                                                                         \
        })

/*
 * Append what a file holds to s, at most max bytes (then -EFBIG, with nothing appended). dir_fd is as for
 * openat. Its size is not asked for: files of /proc have none. 0 or negative errno.
 */
int fd_read_file(int dir_fd, const char *path, size_t max, struct str *s);

/* Append the rest of fd to s, at most max bytes (then -EFBIG). */
int fd_read_all(int fd, size_t max, struct str *s);

/* Write all bytes, across short writes and signals. 0 or negative errno. */
int fd_write_all(int fd, const char *data, size_t len);

/* readlink into buf, terminated. Length, or negative errno (-ENAMETOOLONG when it does not fit). */
int fd_readlink(int dir_fd, const char *path, char *buf, size_t size);

/*
 * Open a file or directory below root_fd as if root_fd were "/": links inside, also absolute ones,
 * cannot lead out (openat2(2), RESOLVE_IN_ROOT). For trees that others own, such as a container's.
 * flags as for open; close-on-exec and (without O_PATH) non-blocking are added. fd or negative errno;
 * -ENOSYS where the kernel has no openat2 (before 5.6), unless root_fd is our own "/".
 */
int fd_open_in_root(int root_fd, const char *path, int flags);
