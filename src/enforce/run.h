/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps done, and undone in reverse order. Both may be killed anywhere, and undo then be begun again. */
#pragma once

#include "enforce/folder.h"

struct run {
        int root_fd;
        sd_bus *bus;  /* NULL: no systemd */
        bool at_boot; /* units are started without waiting: they come later in the boot */
        bool dirty;   /* unit files were changed and not yet read again */
        const struct folder *folder;
        struct apply *apply;
        /* Told of each step; or NULL. */
        void (*tell)(const char *event, const struct step *step, const char *words, void *arg);
        void *arg;
        size_t n_left; /* steps that undo left as they are */
};

/* 0, or negative errno at the first step that fails; the steps before it are done. */
int run_steps(struct run *run, struct err *err);

/* What somebody changed since, of all steps: -EEXIST with words for the first, and nothing was done. */
int run_check(struct run *run, struct err *err);

/*
 * Undo what was begun. Where somebody changed the same thing it is left, and counted. Negative errno: a file could
 * not be written, so try again later.
 */
int run_undo(struct run *run, struct err *err);
