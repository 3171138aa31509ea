/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void lines_init(struct lines *lines, void (*line)(void *arg, const char *text, size_t len), void *arg)
{
        lines->line = line;
        lines->arg = arg;
        lines->used = 0;
        lines->overlong = false;
}

char *lines_room(struct lines *lines, size_t *ret_room)
{
        *ret_room = sizeof(lines->buffer) - lines->used;
        return lines->buffer + lines->used;
}

void lines_added(struct lines *lines, size_t n)
{
        const char *at = lines->buffer, *end = lines->buffer + lines->used + n, *newline;

        while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
                if (!lines->overlong)
                        lines->line(lines->arg, at, (size_t)(newline - at));
                lines->overlong = false;
                at = newline + 1;
        }
        lines->used = (size_t)(end - at);
        if (lines->used == sizeof(lines->buffer)) {
                lines->overlong = true;
                lines->used = 0;
        }
        if (at != lines->buffer)
                memmove(lines->buffer, at, lines->used);
}

void lines_end(struct lines *lines)
{
        if (lines->used && !lines->overlong)
                lines->line(lines->arg, lines->buffer, lines->used);
        lines->used = 0;
        lines->overlong = false;
}

int lines_read(struct lines *lines, int fd, uint64_t *budget)
{
        for (;;) {
                size_t room;
                char *to = lines_room(lines, &room);
                ssize_t n = read(fd, to, room);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if ((uint64_t)n > *budget) {
                        *budget = 0;
                        return -EFBIG;
                }
                *budget -= (uint64_t)n;
                lines_added(lines, (size_t)n);
                /* A short read of a regular file is its end: one call less for each of 1,500 lists. */
                if ((size_t)n < room)
                        break;
        }
        lines_end(lines);
        return 0;
}
