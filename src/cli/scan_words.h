/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words a scan was begun with, kept in its checkpoint, so that `scan --resume FILE` needs no others. Each is ended
 * by a NUL.
 */
#pragma once

#include "base/str.h"
#include "cli/command.h"

/* Append the words of an invocation. */
void scan_words_keep(const struct invocation *in, struct str *to);

/*
 * The invocation that kept words describe, with the options of `given` (which has --resume) in their place; its words
 * point into `kept`, which must outlive it. Where `given` says how to write, what was kept of that is forgotten. 0 or
 * -EINVAL.
 */
int scan_words_join(struct str *kept, const struct invocation *given, struct invocation *ret, struct err *err);
