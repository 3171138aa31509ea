/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Actions into steps: what is there now is read, and nothing is changed. */
#pragma once

#include "base/err.h"
#include "enforce/folder.h"
#include "model/action.h"

struct compile {
        int root_fd;                 /* "/" */
        sd_bus *bus;                 /* NULL: no systemd */
        const struct folder *folder; /* for the tables of applies before; NULL: none */
        const char *program;         /* this program, for units that start it */
        struct pool *pool;
        step_list steps;
        name_list notes; /* what was left out, and why: sentences */
};

/* Append the steps of one action. 0, or negative errno with words: then none of it can be done. */
int compile_action(struct compile *c, const struct action *a, struct err *err);

/* Append a step that puts a file, link or folder there; nothing when it is there already. */
int compile_node(struct compile *c, const char *action, const char *path, const struct node *after,
                 struct err *err);

/* Pure: the text of inetd.conf or of a file of xinetd.d with its entries for that off. False: there are none. */
bool inetd_text_off(const char *text, size_t len, const char *service, const char *transport,
                    struct str *to);
bool xinetd_text_off(const char *text, size_t len, const char *service, const char *transport,
                     struct str *to);
