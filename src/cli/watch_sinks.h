/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where events go besides standard output, as sinks.yaml says. */
#pragma once

#include "base/err.h"
#include "report/watch_report.h"

struct watch_sinks;

struct watch_sinks *watch_sinks_free(struct watch_sinks *sinks); /* accepts NULL, returns NULL */

/* Hand an event to each sink. Never waits for one: what is slow or down queues, and what does not fit is told. */
void watch_sinks_send(struct watch_sinks *sinks, const struct watch_event *e);
