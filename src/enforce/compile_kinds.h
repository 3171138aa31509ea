/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kinds of action share when they are made into steps: inside enforce only. */
#pragma once

#include <stdbool.h>

#include "enforce/bus.h"
#include "enforce/compile.h"

#define UNITS "etc/systemd/system"

/* A maker of each kind: appends its steps. 0, or negative errno with words. */
int compile_unit_stop(struct compile *c, const struct action *a, struct err *err);
int compile_sysv(struct compile *c, const struct action *a, struct err *err);
int compile_inetd(struct compile *c, const struct action *a, struct err *err);
int compile_bind(struct compile *c, const struct action *a, struct err *err);
int compile_sandbox(struct compile *c, const struct action *a, struct err *err);
int compile_table(struct compile *c, const struct action *a, struct err *err);

/* Lists as a step holds them, in the pool: of a copy of one name; of names that live as long as the pool. */
extern const char *const compile_no_names[];
const char *const *compile_one_name(struct pool *pool, const char *name);
const char *const *compile_keep_names(struct pool *pool, const name_list *names);

/* Append a step that is empty but for these; valid until the next is appended. */
struct step *compile_step(struct compile *c, enum step_op op, const char *action);
/* A sentence on what is left out; the text lives as long as the pool. */
void compile_note(struct compile *c, const char *text);

/* What is at the path, or what an earlier step of this apply will have left there. 0, or negative errno with words. */
int compile_look(struct compile *c, const char *path, struct node *ret, struct err *err);
/* A step that takes away what is there; nothing when nothing is. */
int compile_remove(struct compile *c, const char *action, const char *path, struct err *err);
/* Names in a folder, sorted, so that the same state gives the same steps; none where there is no such folder. */
int compile_list(const struct compile *c, const char *path, name_list *ret, struct err *err);
/* The file with another text; mode and owner stay. */
struct node compile_with_text(struct compile *c, const struct node *file, const struct str *text);

/*
 * Whether a step before this one stops the unit, or restarts it: one request does not do both, as a restart would undo
 * the stop, or be for nothing. compile_refuse_both: -EINVAL with words for that.
 */
bool compile_is_stopped(const struct compile *c, const char *unit);
bool compile_is_restarted(const struct compile *c, const char *unit);
int compile_refuse_both(const char *unit, struct err *err);

/* -EPERM with words where the host needs the unit; compile_check_unit also asks the bus for its name. */
int compile_check_vital(const char *unit, struct err *err);
int compile_check_unit(const struct compile *c, const char *unit, struct err *err);
