/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All sinks at work: an event is filtered and grouped for each of them, the alert goes to its queue, and from there
 * one at a time to the child that delivers; what fails is tried again. Nothing here waits but alerts_end() and
 * alerts_test().
 */
#pragma once

#include "alert/sinks_parse.h"

struct alerts;

/* A line for the administrator: "sink 'soc': cannot deliver, will try again: ..." */
typedef void alerts_say(const char *text, void *arg);

/*
 * Queues are in `folder`, which must be there. sinks must outlive the result. A sink whose queue another watch has is
 * left out, and this is said. 0 or negative errno.
 */
int alerts_open(const struct sinks *sinks, const char *folder, alerts_say *say, void *arg,
                struct alerts **ret, struct err *err);
struct alerts *alerts_free(struct alerts *a); /* accepts NULL, returns NULL; queues stay */

static inline void alerts_freep(struct alerts **a)
{
        *a = alerts_free(*a);
}

/* To be polled for EPOLLIN; then call alerts_step(). */
int alerts_fd(const struct alerts *a);
/* Times are those of CLOCK_MONOTONIC. */
void alerts_event(struct alerts *a, const struct alert_event *e, int64_t now_ms);
/* Do what is due. When to call again at the latest; INT64_MAX: only when alerts_fd() is readable. */
int64_t alerts_step(struct alerts *a, int64_t now_ms);

/* Begin no new delivery, and put what is being gathered into the queues: others are about to take over. */
void alerts_pause(struct alerts *a, int64_t now_ms);
bool alerts_busy(const struct alerts *a); /* something is being delivered */

/* Deliver what can be delivered within wait_ms; says what remains in the queues. */
void alerts_end(struct alerts *a, int64_t wait_ms);

/* One alert marked as a test to each sink, past groups and queues. Calls `tell` with what became of each. */
typedef void alerts_tested(const struct sink_config *c, int result, const struct err *err, void *arg);
void alerts_test(const struct sinks *sinks, const char *asset, alerts_tested *tell, void *arg);

/* How long to wait after so many failures in a row (from 1): 1 s to 5 min, and up to half of it more by `random`. */
int64_t alerts_backoff_ms(unsigned failures, uint64_t random);
