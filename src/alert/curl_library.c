/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/curl_library.h"

#include <errno.h>

#include "base/library.h"
#include "base/mem.h"

static int load(struct curl_library *curl, struct err *err)
{
        const struct library_function functions[] = {
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
        int r = library_load("libcurl.so.4", "this is sent with", functions, array_len(functions), err);

        if (r < 0)
                return r;
        return curl->global_init(CURL_GLOBAL_ALL) == 0 ? 0 : err_set(err, -ENOENT, "libcurl does not start");
}

int curl_library_load(const struct curl_library **ret, struct err *err)
{
        static struct curl_library curl; /* of this child, which does nothing else */
        int r = curl.slist_free_all ? 0 : load(&curl, err);

        *ret = &curl;
        return r;
}
