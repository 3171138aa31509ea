/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The alert sinks of `watch`: sinks.yaml of the configuration folder, opened, fed with events and read again. */
#pragma once

#include <systemd/sd-event.h>

#include "cli/command.h"
#include "report/watch_report.h"

struct watch_alert;

/*
 * Read sinks.yaml and open what it names. *ret is NULL when there is no such file. 0 or negative errno; -EINVAL for
 * whatever is wrong with that file or a secret it names.
 */
int watch_alert_open(const struct invocation *in, struct watch_alert **ret, struct err *err);
/* Let it work within the loop. 0 or negative errno. */
int watch_alert_attach(struct watch_alert *w, sd_event *event, struct err *err);
struct watch_alert *watch_alert_free(struct watch_alert *w); /* accepts NULL, returns NULL */

/* All below accept NULL. */
void watch_alert_event(struct watch_alert *w, const struct watch_event *e);
/*
 * Read sinks.yaml again, and go over to it when no delivery is under way. -EINVAL and others: it is broken, and the old
 * stays. *w may have been NULL, and is NULL where there is no sinks.yaml any more.
 */
int watch_alert_reload(const struct invocation *in, struct watch_alert **w, sd_event *event,
                       struct err *err);
/* Deliver what can be delivered in a few seconds; the rest stays in the queues. */
void watch_alert_end(struct watch_alert *w);

/* --test-sinks: a marked alert to each, and what became of it to standard output. The exit status. */
int watch_alert_test(const struct invocation *in, bool json, struct err *err);
