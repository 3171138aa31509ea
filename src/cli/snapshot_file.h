/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots from files: records of ours (NDJSON), and what `import` knows of scanners and listings. */
#pragma once

#include "assess/assess.h"
#include "import/import.h"
#include "model/snapshot.h"

/* Read a file into `to`, which is initialised; "-" is standard input. 0, or negative errno: a bad file or name. */
int snapshot_from_file(struct snapshot *to, const char *path, struct err *err);
/*
 * The same in steps. Opening and taking use the pool of `to`, and so does reading of records; reading of what is
 * foreign (a file of another program) uses nothing that others have, so that two files can be read at once.
 */
struct snapshot_file;
int snapshot_file_open(struct snapshot_file **ret, struct snapshot *to, const char *path, struct err *err);
bool snapshot_file_is_foreign(const struct snapshot_file *file);
int snapshot_file_read(struct snapshot_file *file, struct err *err);
int snapshot_file_take(struct snapshot_file *file, struct err *err);
struct snapshot_file *snapshot_file_free(struct snapshot_file *file); /* accepts NULL, returns NULL */

static inline void snapshot_file_freep(struct snapshot_file **file)
{
        *file = snapshot_file_free(*file);
}

/* What an import_end'ed import holds. */
void snapshot_from_import(struct snapshot *to, const struct import *im);
/* What was seen of this host; the services, too, when they were all asked for. Strings are copied. */
void snapshot_from_inside(struct snapshot *to, const struct assessment *a, bool all_services);
/*
 * Which of its processes stands for all: the first by path, then by user, since the order of pids is another
 * one after each start. NULL: none whose executable is known.
 */
const struct process *snapshot_owner(const struct listener *l);
