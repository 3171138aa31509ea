/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/curl_library.h"

#include <dlfcn.h>
#include <errno.h>

#include "base/mem.h"

#define LIBRARY "libcurl.so.4"

static int load(struct curl_library *curl, struct err *err)
{
        const struct {
                const char *name;
                void **to;
        } functions[] = {
                {"curl_global_init", (void **)&curl->global_init},
                {"curl_easy_init", (void **)&curl->easy_init},
                {"curl_easy_cleanup", (void **)&curl->easy_cleanup},
                {"curl_easy_setopt", (void **)&curl->easy_setopt},
                {"curl_easy_getinfo", (void **)&curl->easy_getinfo},
                {"curl_easy_perform", (void **)&curl->easy_perform},
                {"curl_easy_strerror", (void **)&curl->easy_strerror},
                {"curl_slist_append", (void **)&curl->slist_append},
                {"curl_slist_free_all", (void **)&curl->slist_free_all},
        };
        void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

        if (!library)
                return err_set(err, -ENOENT, "this is sent with libcurl, which cannot be loaded: %s",
                               dlerror());
        for (size_t i = 0; i < array_len(functions); i++) {
                *functions[i].to = dlsym(library, functions[i].name);
                if (!*functions[i].to)
                        return err_set(err, -ENOENT, "the libcurl here has no %s: it is too old or too new",
                                       functions[i].name);
        }
        return curl->global_init(CURL_GLOBAL_ALL) == 0 ? 0 : err_set(err, -ENOENT, "libcurl does not start");
}

int curl_library_load(const struct curl_library **ret, struct err *err)
{
        static struct curl_library curl; /* of this child, which does nothing else */
        int r = curl.slist_free_all ? 0 : load(&curl, err);

        *ret = &curl;
        return r;
}
