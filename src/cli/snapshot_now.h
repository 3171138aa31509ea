/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at this host as a snapshot, with the SHA-256 of each executable that listens. */
#pragma once

#include "cli/command.h"
#include "model/snapshot.h"

/* With the options `netns`, `no-bpf` and `config`, where the command has them. 0 or negative errno. */
int snapshot_now(struct snapshot *to, const struct invocation *in, struct err *err);
/* -EINVAL when one of these options but `config` was given, for `what` is no look at this host. Else 0. */
int snapshot_refuse_now(const struct invocation *in, const char *what, struct err *err);
