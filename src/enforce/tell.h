/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of JSON that whoever started us reads (enforce.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "enforce/step.h"

enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE }; /* exit status */

/* Whoever listens may be gone: that ends nothing. */
void tell_line(const struct str *line);
/* As struct run takes it. */
void tell_step(const char *event, const struct step *step, const char *error, void *arg);
void tell_note(const char *text);
/*
 * The last line: 0, or a negative errno with its words in err. id may be NULL; `left`: steps that undo left as they
 * are. The exit status.
 */
int tell_result(int r, const struct err *err, const char *id, uint64_t seconds, size_t left);
