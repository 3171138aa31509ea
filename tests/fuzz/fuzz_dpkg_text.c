/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dpkg's status, diversions and lists. The first byte is the size of the pieces the text comes in. */
#include <stdlib.h>
#include <string.h>

#include "collect/dpkg_text.h"
#include "collect/lines.h"
#include "collect/path_set.h"
#include "fuzz.h"

struct readers {
        struct dpkg_stanza stanza;
        struct dpkg_diversion diversion;
        struct path_set paths;
};

static void take(void *arg, const char *text, size_t len)
{
        struct readers *readers = arg;

        if (dpkg_stanza_line(&readers->stanza, text, len))
                readers->stanza = (struct dpkg_stanza){0};
        if (dpkg_diversion_line(&readers->diversion, text, len) &&
            (readers->diversion.from[0] != '/' || readers->diversion.to[0] != '/' ||
             !readers->diversion.by[0]))
                abort();
        if (path_set_find(&readers->paths, text, len) &&
            !path_set_has_hash(&readers->paths, path_hash(&readers->paths.merge, text, len)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct lines lines;
        struct readers readers = {.paths.merge = {.dirs = ~0u, .sbin = true}};
        size_t piece, room;

        if (size < 2)
                return 0;
        piece = data[0] + 1u;
        path_set_add(&readers.paths, "/usr/sbin/sshd", 0);
        path_set_add(&readers.paths, "/lib/x", 1);
        lines_init(&lines, take, &readers);
        for (size_t at = 1; at < size; at += piece) {
                size_t n = size - at < piece ? size - at : piece;
                char *to = lines_room(&lines, &room);

                if (n > room)
                        n = piece = room;
                memcpy(to, data + at, n);
                lines_added(&lines, n);
        }
        lines_end(&lines);
        path_set_release(&readers.paths);
        return 0;
}
