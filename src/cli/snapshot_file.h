/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots from files: records of ours (NDJSON), and what `import` knows of scanners and listings. */
#pragma once

#include "assess/assess.h"
#include "import/import.h"
#include "model/snapshot.h"

/* Read a file into `to`, which is initialised; "-" is standard input. 0, or negative errno: a bad file or name. */
int snapshot_from_file(struct snapshot *to, const char *path, struct err *err);
/* What an import_end'ed import holds. */
void snapshot_from_import(struct snapshot *to, const struct import *im);
/* What was seen of this host; the services, too, when they were all asked for. Strings are copied. */
void snapshot_from_inside(struct snapshot *to, const struct assessment *a, bool all_services);
/*
 * Which of its processes stands for all: the first by path, then by user, since the order of pids is another
 * one after each start. NULL: none whose executable is known.
 */
const struct process *snapshot_owner(const struct listener *l);
