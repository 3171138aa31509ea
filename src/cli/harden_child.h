/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that `harden` starts, and the lines of JSON they write: quaymaster-harden, which alone changes anything,
 * and this program itself as a scanner in another network namespace. By fixed argv and with an empty environment.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* A line; texts are "" where it has none, and valid until the next. */
struct child_line {
        const char *raw; /* all of it, without the end */
        char type[16], event[16], state[24], id[40], address[48], transport[8];
        struct str words, error; /* the step, the text of a note, why an apply was undone; what went wrong */
        uint64_t port, left, seconds_left, number; /* number: of errno */
        bool ok;
};

/*
 * Start quaymaster-harden with these words (ends with NULL) and `input` (may be NULL) on its standard input, and show
 * each line to `each` (may be NULL). What its last line says: 0, or negative errno with its words.
 */
int harden_child(const char *const *words, const struct str *input,
                 void (*each)(const struct child_line *line, void *arg), void *arg, struct err *err);

/* The same of this program, in the network namespace of netns_fd. Its exit status, or negative errno. */
int harden_child_scan(const char *const *words, int netns_fd,
                      void (*each)(const struct child_line *line, void *arg), void *arg, struct err *err);

/* The exit status of `harden` for an error of it. */
int harden_child_status(int r);
