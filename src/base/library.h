/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shared library of the system, loaded when it is needed and not before: linked, it and what it brings along
 * would make every start of the program longer, and be part of its memory, whether or not it is used.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct library_function {
        const char *name;
        void **to; /* where a pointer to it is put */
};

/*
 * Load `file` ("libxml2.so.2": the search path of dlopen(3), no folder of ours) with all it needs, so that nothing
 * has to be opened later, and find the `n` functions in it. `use` begins the sentence of an error: "XML is read
 * with".
 * It stays loaded. 0; -ENOENT: not there, or without one of the functions, and what *to had is not to be used.
 */
int library_load(const char *file, const char *use, const struct library_function *functions, size_t n,
                 struct err *err);
