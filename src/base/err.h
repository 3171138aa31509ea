/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors with words. Functions that can fail return 0 or a negative errno and fill the caller's
 * struct err at the place that knows what went wrong; callers on the way up prefix context:
 *
 *      return err_prefix(err, "reading '%s'", path);
 *
 * Texts follow one form: lower case, no full stop, what failed first, the subject in single quotes.
 */
#pragma once

#include <stdarg.h>

struct err {
        int code;       /* negative errno, 0 = no error */
        char text[500]; /* always terminated; cut at the end when too long */
};

/* Fill err (which may be NULL) and return code, which must be a negative errno. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set with code = -errno_value and ": strerror" appended. errno_value is positive. */
int err_errno(struct err *err, int errno_value, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put "context: " before the text already there; returns err->code (or -EINVAL when err is NULL). */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
