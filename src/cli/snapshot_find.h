/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot by what the user calls it. */
#pragma once

#include "cli/command.h"
#include "model/snapshot.h"

/*
 * "now" looks at this host; a name, a time, "last" or "baseline" is one of the store; anything with a '/' in
 * it, "-", and any other word that no snapshot has, is a file. `to` is initialised. 0 or negative errno.
 */
int snapshot_find(struct snapshot *to, const char *word, const struct invocation *in, struct err *err);
/* The same of two; two files of other programs are read at once. The first one's error counts. */
int snapshot_find_two(struct snapshot to[2], const char *const words[2], const struct invocation *in,
                      struct err *err);
