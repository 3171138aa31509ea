/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that write a playbook share. Texts of names are from a plan that has been checked (harden/kit.h). */
#pragma once

#include "harden/kit_text.h"

struct books {
        struct str play, undo;
        struct str steps; /* of the undo of one action, which go before those of earlier ones */
        struct kit *kit;
        struct pool *pool;
};

/* The lines of a YAML block, indented as far as the value of a module's argument is. */
void books_add_indented(struct str *to, const char *text);

/* A file of its own with this content: registers `written`. */
void books_copy_file(struct books *b, const char *path, const char *content);
/* The undo of that: registers `removed`. */
void books_remove_file(struct books *b, const char *path);
/* When what is registered by that name has changed, and the unit runs. */
void books_restart_unit(struct str *to, const char *unit, const char *cause);

/* A bind-loopback action; NULL, or why it cannot be. */
const char *books_write_bind(struct books *b, const struct action *a);
