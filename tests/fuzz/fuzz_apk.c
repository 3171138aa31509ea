/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "collect/apk.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct package_query queries[] = {
                {.path = "/usr/sbin/nginx"}, {.path = "/bin/busybox"}, {.path = "/x"}};
        struct path_set paths = {.merge = {.dirs = ~0u}};
        struct pool *pool = pool_new();
        struct apk_reader reader = {.paths = &paths, .queries = queries, .pool = pool};
        const char *at = (const char *)data, *end = at + size;

        for (uint32_t i = 0; i < array_len(queries); i++)
                path_set_add(&paths, queries[i].path, i);
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((newline ? newline : end) - at);

                apk_line(&reader, at, len);
                at += len + 1;
        }
        for (uint32_t i = 0; i < array_len(queries); i++)
                if (queries[i].owner.name && !queries[i].owner.name[0])
                        abort();
        path_set_release(&paths);
        pool_free(pool);
        return 0;
}
