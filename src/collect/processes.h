/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the owners of sockets are: executable, command line, user, start time, control group. From /proc/PID
 * (proc(5)).
 */
#pragma once

#include "collect/collector.h"

/* Fill the records of view->processes that were not filled before. Those that are gone stay empty but for the pid. */
void processes_read(struct collection *c);
