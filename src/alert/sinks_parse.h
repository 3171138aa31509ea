/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sinks.yaml. Pure. */
#pragma once

#include "alert/sink.h"

#define SINKS_MAX 32u

struct sinks {
        const char *file;
        struct sink_config *at;
        size_t n;
};

/*
 * All strings go to the pool; the text is not needed afterwards. 0, -EFBIG, or -EINVAL with file, line and field. A
 * secret in the file itself is an error.
 */
int sinks_parse(const char *text, size_t len, const char *file, struct pool *pool, struct sinks *ret,
                struct err *err);
