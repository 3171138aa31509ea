/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as something to carry to a machine that we cannot reach. Every name of a listing is from outside: each is checked
 * against the grammar of its kind and quoted for the language it is put in, and what fails is left out and told. Pure.
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
        vec(struct kit_file) files;
        vec(const char *) left_out; /* sentences: which action or value is not in it, and why */
};

struct kit_format {
        const char *name; /* "shell", "ansible", "powershell", "image" */
        const char *summary;
        void (*write)(const struct plan *plan, struct pool *pool, struct kit *to);
};

const struct kit_format *kit_formats(size_t *n);
const struct kit_format *kit_format_find(const char *name);
