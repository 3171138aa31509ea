/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an apply does, step by step, as it is written to the disk before the first of them: each step knows what was
 * there before it and what is there after it. Undo is made of this and the journal alone, never of the request or of
 * what a newer version would do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/vec.h"
#include "enforce/node.h"

enum step_op {
        STEP_NODE,         /* path: before becomes after */
        STEP_STOP,         /* units `names` are stopped; undo starts those of `ran`, in that order */
        STEP_RESTART,      /* units `names` are restarted where they run; undo: nothing */
        STEP_RESTART_BACK, /* nothing; undo restarts units `names` */
        STEP_SCRIPT_STOP,  /* /etc/init.d/NAME stop; undo starts those of `ran`; where no systemd runs */
        STEP_TABLE, /* table `names[0]`: of `lines`; undo: of `lines_before`, or deleted where there was none */
        STEP_OP_MAX,
};

/* Lists end with NULL and are never NULL themselves. */
struct step {
        enum step_op op;
        const char *action; /* its id */
        const char *path;   /* STEP_NODE: below /etc, without the leading '/' */
        struct node before, after;
        const char *const *names;
        const char *const *ran;
        const char *const *lines, *const *lines_before; /* as firewall_spec_add takes them; also "log" */
        bool had_table;
};

typedef vec(struct step) step_list;

const char *step_op_name(enum step_op op);
/* Words for people: "stop telnet.socket". */
void step_words(const struct step *step, struct str *to);

/* A line of JSON. */
void step_write(const struct step *step, struct str *to);
/*
 * All lines of a file; what is read is in the pool. -EBADMSG with words for anything but whole, well-formed steps; at
 * most STEPS_MAX of them.
 */
#define STEPS_MAX 20000
int steps_read(const char *text, size_t len, struct pool *pool, step_list *ret, struct err *err);
