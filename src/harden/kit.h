/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as something to carry to a machine that we cannot reach. Every name of a listing is from outside:
 * each is checked against the grammar of its kind and quoted for the language it is put in, and what fails is
 * left out and told. Pure. To add a format: a file with a `const struct kit_format`, and its name in kit.c.
 */
#pragma once

#include "model/action.h"

struct kit_file {
        const char *name; /* "harden.sh"; in the kit's folder */
        unsigned mode;    /* 0755 or 0644 */
        const char *text; /* in the pool */
        size_t len;
};

struct kit {
        vec(struct kit_file) files; /* the first is the one to begin with */
        size_t n_actions;           /* that are in it */
        vec(const char *) left_out; /* sentences: which action or value is not in it, and why */
};

void kit_release(struct kit *kit);

struct kit_format {
        const char *name; /* "shell", "ansible", "powershell", "image" */
        const char *summary;
        /* All actions of the plan, whose values have been checked. */
        void (*write)(const struct plan *plan, struct pool *pool, struct kit *to);
};

const struct kit_format *const *kit_formats(size_t *n);     /* by name */
const struct kit_format *kit_format_find(const char *name); /* NULL: unknown */

/* Which actions: those named, else those that the plan suggests and those that only kits can do. */
struct kit_choice {
        const char *const *only; /* ids */
        size_t n_only;
        bool lock_me_out; /* also those that cut the way in */
};

/* Texts are in the pool; release `to`. Never fails: what does not go in is in left_out. */
void kit_write(const struct kit_format *format, const struct plan *plan, const struct kit_choice *choice,
               struct pool *pool, struct kit *to);
