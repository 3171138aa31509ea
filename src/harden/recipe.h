/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a known daemon is bound to loopback. Where it can be, by a file of its own, so that the packaged configuration
 * stays untouched: a drop-in of the daemon, or of its unit (ExecStart with other options). Where the daemon reads one
 * file only, by an edit of that. Compiled in; pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "model/listener.h"

/* Lines are commented out, never taken away; a reader of the file sees what was there and who changed it. */
struct recipe_edit {
        const char *const *words; /* lines that begin so (blanks before it aside) and go on with a blank, '=' or '{' */
        const char *mark;         /* that begins a comment: "#" */
        const char *after; /* NULL: the content goes to the end of the file; else behind the one line that is this */
        const char *end;   /* not NULL: how each of these lines must end, as otherwise it goes on in the next */
        bool any_case;     /* the words are the same in capitals */
        bool folds;        /* a line that begins with a blank goes on with what is before it (postconf(5)) */
};

struct recipe {
        const char *name;    /* "postgresql"; letters, digits and '-' */
        const char *package; /* glob of the Debian package it is for: "postgresql-[0-9]*" */
        const char *exe;     /* glob of the program, or NULL */
        const char *unit;    /* glob of the unit that is restarted: "postgresql@*.service", or a .socket */
        const char *path;    /* of the drop-in, or of the file to edit; may hold %v: see recipe_expand */
        const char *content; /* of the drop-in, or what comes into the file */
        const struct recipe_edit *edit; /* NULL: a drop-in */
        const char *
                include; /* not NULL: a file (may hold %v) that must include what is at path, else it is not for here */
        const char *include_line; /* a line of that file that shows it begins so (blanks before it aside) */
        const char
                *packaged; /* not NULL: the lines that the unit must have, as recipe_unit_lines gives them */
        bool restart;      /* false: a reload will do */
        const char *note;  /* for people: what else to look at; or NULL */
};

const struct recipe *recipe_find(const char *name); /* NULL: unknown */
/* The recipe for the program behind a listener, or NULL. */
const struct recipe *recipe_for(const struct listener *l);
/* Which of a listener's units it restarts: the unit's name, or NULL. */
const char *recipe_unit(const struct recipe *recipe, const struct listener *l);
bool recipe_is_for_unit(const struct recipe *recipe, const char *unit);
/*
 * Append `path` or `include` of a recipe for a unit: %v is its instance as a folder (postgresql@15-main.service gives
 * 15/main). -EINVAL: not a unit of this recipe, or an instance that no path may be made of.
 */
int recipe_expand(const struct recipe *recipe, const char *text, const char *unit, struct str *to);
/*
 * Append those lines of a unit file that a drop-in of a recipe takes the place of (ExecStart=, ListenStream= and its
 * like), each ended by a newline. A unit whose files, without the drop-in, give other ones than `packaged` is not as
 * its package made it: the drop-in would undo what somebody wanted.
 */
void recipe_unit_lines(const char *text, struct str *to);
/*
 * The file's text with the edit of a recipe that has one, appended to `to`; the same text where it is edited already.
 * -EINVAL with words: a line that goes on in the next one, no place for the content, or no text at all.
 */
int recipe_edit_text(const struct recipe *recipe, const char *text, size_t len, struct str *to, struct err *err);
const struct recipe *recipes_all(size_t *n);
