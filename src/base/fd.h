/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File descriptors: -1 is none, always close-on-exec, closed at scope exit by _cleanup_close_.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct stat;

void fd_close(int *fd); /* closes when >= 0, sets -1, keeps errno */
#define _cleanup_close_ _cleanup_(fd_close)

#define take_fd(fd)                                                                                          \
        ({                                                                                                   \
                int _fd = (fd);                                                                              \
                (fd) = -1;                                                                                   \
                _fd;                                                                                         \
        })

/*
 * To be called first: where one of the first three is closed, what is opened next would get what we say written into
 * it. They lead nowhere then. False: one is closed yet.
 */
bool fd_fill_standard(void);

/* The directory stream of *fd, which it takes over; NULL when *fd is none, or no directory: then errno says why. */
DIR *fd_to_dir(int *fd);

static inline void fd_close_dir(DIR **dir)
{
        if (*dir)
                (void)closedir(*dir);
}
#define _cleanup_close_dir_ _cleanup_(fd_close_dir)

/*
 * Append what a file holds to s, at most max bytes (then -EFBIG, with nothing appended). dir_fd is as for
 * openat. Its size is not asked for: files of /proc have none. 0 or negative errno.
 */
int fd_read_file(int dir_fd, const char *path, size_t max, struct str *s);

/* As fd_read_file, but of a longer file the first max bytes. For texts whose beginning is what counts. */
int fd_read_start(int dir_fd, const char *path, size_t max, struct str *s);

/* Append the rest of fd to s, at most max bytes (then -EFBIG). */
int fd_read_all(int fd, size_t max, struct str *s);

/*
 * What root is told to do may hang on files that root alone can write: NULL when we are not root or it is
 * such a file or folder, else why not and what to do ("others can write it; chmod go-w it").
 */
const char *fd_distrust(const struct stat *st);

/* Write all bytes, across short writes and signals. 0 or negative errno. */
int fd_write_all(int fd, const char *data, size_t len);

/*
 * A file in memory that holds these bytes, to be read from its start: what a program is given as its standard input, so
 * that neither side ever waits for the other. `name` is for /proc only. Descriptor or negative errno.
 */
int fd_of_text(const char *name, const char *text, size_t len);

/* readlink into buf, terminated. Length, or negative errno (-ENAMETOOLONG when it does not fit). */
int fd_readlink(int dir_fd, const char *path, char *buf, size_t size);

/*
 * Open a file or directory below root_fd as if root_fd were "/": links inside, also absolute ones,
 * cannot lead out (openat2(2), RESOLVE_IN_ROOT). For trees that others own, such as a container's.
 * flags as for open; close-on-exec and (without O_PATH) non-blocking are added. fd or negative errno;
 * -ENOSYS where the kernel has no openat2 (before 5.6), unless root_fd is our own "/".
 */
int fd_open_in_root(int root_fd, const char *path, int flags);

/*
 * Open a regular file for reading, below root_fd as above: a device or pipe that stands there is not opened
 * at all, since that alone may do something (a watchdog starts). fd or negative errno (-EINVAL: it is none).
 */
int fd_open_regular(int root_fd, const char *path);
