/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/PID/mountinfo (proc(5)). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct mount_word { /* of a text that others own; not terminated */
        const char *at;
        size_t len;
};

static inline bool mount_word_is(struct mount_word word, const char *text)
{
        return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

struct mountinfo {
        struct mount_word root;  /* what of the file system is mounted, escaped */
        struct mount_word point; /* where, escaped */
        struct mount_word type;  /* "cgroup2" */
};

/* One line without its newline. False when it lacks one of these fields; then *ret stays untouched. */
bool mountinfo_parse(const char *line, size_t len, struct mountinfo *ret);

/*
 * The kernel writes blanks, tabs, newlines and backslashes as \ooo: undo it. False when it does not fit, or
 * holds a NUL.
 */
bool mountinfo_unescape(struct mount_word escaped, char *to, size_t size);
