/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a known daemon is bound to loopback by a file of its own, so that the packaged configuration stays untouched: a
 * drop-in of the daemon, or of its unit (ExecStart with other options). Compiled in; pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/listener.h"

struct recipe {
        const char *name;    /* "postgresql"; letters, digits and '-' */
        const char *package; /* glob of the Debian package it is for: "postgresql-[0-9]*" */
        const char *exe;     /* glob of the program, or NULL */
        const char *unit;    /* glob of the unit that is restarted, as "postgresql@*.service" */
        const char *
                path; /* of the drop-in; may hold %v: the instance (15-main gives /etc/postgresql/15/main/...) */
        const char *content; /* of the drop-in */
        const char *
                include; /* not NULL: the directory must be included by this file, else the recipe does not apply */
        const char *include_line; /* a line of that file (blanks aside) that shows it */
        bool restart;             /* false: a reload will do */
        const char *note;         /* for people: what else to look at; or NULL */
};

const struct recipe *recipe_find(const char *name); /* NULL: unknown */
/* The recipe for the program behind a listener, or NULL. */
const struct recipe *recipe_for(const struct listener *l);
const struct recipe *recipes_all(size_t *n);
