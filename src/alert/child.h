/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that a sink delivers in: without rights, so that a slow or hostile receiver can neither hold up nor crash
 * the watch. It gets one alert at a time and answers what became of it; when it is killed in between nothing is lost.
 */
#pragma once

#include <sys/types.h>

#include "alert/sink.h"
#include "alert/sinks_parse.h"

struct child {
        pid_t pid; /* 0: none */
        int fd;    /* of a SOCK_SEQPACKET pair; -1 */
};

/*
 * For c, which is one of all; both must stay as they are while the child lives. Secrets of the others are not in its
 * memory. 0 or negative errno.
 */
int child_start(struct child *child, const struct sinks *all, const struct sink_config *c, struct err *err);
/* Kill it, if there is one. */
void child_end(struct child *child);
/* Give it a record; it must have answered the one before. 0 or negative errno. */
int child_give(const struct child *child, const struct str *record, struct err *err);
/*
 * Its answer, when fd is readable. *ret_result is what `deliver` gave, with the reason in err. 0; -EAGAIN: none yet;
 * -EPIPE: the child is gone.
 */
int child_answer(const struct child *child, int *ret_result, struct err *err);
