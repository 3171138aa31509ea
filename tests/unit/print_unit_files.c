/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints name<TAB>start-up state of each unit file below a root directory, for comparison with `systemctl
 * list-unit-files`:
 *
 *      print-unit-files [--services] [--more] ROOT
 *
 * --services: services, sockets and scopes only. --more: also instances asked for by links, path,
 * description, program. The time the reading took goes to standard error.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "collect/unit_files.h"

static void print(const struct unit_file *unit, bool more)
{
        printf("%s\t%s", unit->name, unit->startup);
        if (more)
                printf("\t%s\t%s\t%s\t%s", unit->unit, unit->path ? unit->path : "-",
                       unit->exec ? unit->exec : "-", unit->description ? unit->description : "-");
        printf("\n");
}

int main(int argc, char **argv)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(unit_files_freep) struct unit_files *files = NULL;
        enum unit_files_types types = UNIT_FILES_ALL;
        _cleanup_close_ int root_fd = -1;
        bool more = false;
        struct err err = {0};
        uint64_t start;
        int i = 1;

        for (; i < argc && argv[i][0] == '-'; i++)
                if (streq(argv[i], "--services"))
                        types = UNIT_FILES_SERVICES;
                else
                        more = true;
        root_fd = open(i < argc ? argv[i] : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        start = clock_monotonic_ns();
        if (unit_files_read(root_fd, pool, types, &files, &err) < 0) {
                fprintf(stderr, "%s\n", err.text);
                return 1;
        }
        fprintf(stderr, "%zu units in %.2f ms\n", unit_files_count(files),
                (double)(clock_monotonic_ns() - start) / 1e6);
        for (size_t n = 0; n < unit_files_count(files); n++)
                if (more || unit_files_at(files, n)->listed)
                        print(unit_files_at(files, n), more);
        return 0;
}
