/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream cut into lines in constant memory: package databases are read this way, so that a list of 10 MB,
 * or one that a container's owner made up, costs no more than the buffer. A line that does not fit the
 * buffer is left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_BUFFER (64u * 1024)

struct lines {
        /* Called for each line, without its newline and not terminated. */
        void (*line)(void *arg, const char *text, size_t len);
        void *arg;
        size_t used;
        bool overlong; /* inside a line longer than the buffer */
        char buffer[LINES_BUFFER];
};

/* For one stream; a second one may follow after lines_end. */
void lines_init(struct lines *lines, void (*line)(void *arg, const char *text, size_t len), void *arg);

/* Where the next bytes go (there always is room), and that n of them are there now. */
char *lines_room(struct lines *lines, size_t *ret_room);
void lines_added(struct lines *lines, size_t n);
/* The stream is over: what is left is the last line. */
void lines_end(struct lines *lines);

/*
 * All lines of fd, and lines_end. What is read is taken off *budget (bytes); -EFBIG when it is used up,
 * other negative errno from read(2).
 */
int lines_read(struct lines *lines, int fd, uint64_t *budget);
