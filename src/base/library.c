/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>

int library_load(const char *file, const char *use, const struct library_function *functions, size_t n,
                 struct err *err)
{
        void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

        if (!library)
                return err_set(err, -ENOENT, "%s %s, which cannot be loaded: %s", use, file, dlerror());
        for (size_t i = 0; i < n; i++) {
                *functions[i].to = dlsym(library, functions[i].name);
                if (!*functions[i].to)
                        return err_set(err, -ENOENT, "the %s here has no %s: it is too old or too new", file,
                                       functions[i].name);
        }
        return 0;
}
