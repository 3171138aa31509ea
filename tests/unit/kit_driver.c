/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kits alone, for tests/integration/test_kit.py:
 *
 *      kit-driver FORMAT FOLDER < REQUESTS
 *
 * Makes a kit of a plan that is given as requests for actions, one line each, and writes it into the folder.
 * What is left out goes to standard output.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "harden/kit.h"

static int add(struct plan *plan, const char *line, size_t len, struct err *err)
{
        static const char *const none[] = {NULL};
        struct action a;
        int r = action_request_read(line, len, plan->pool, &a, err);

        a.title = a.why = a.id;
        a.warnings = none;
        a.suggested = true;
        if (r == 0)
                *vec_push(&plan->actions) = a;
        return r;
}

static int read_plan(struct plan *plan, struct err *err)
{
        _cleanup_free_ char *line = NULL;
        size_t room = 0;
        ssize_t n;

        while ((n = getline(&line, &room, stdin)) > 0) {
                int r = add(plan, line, (size_t)n, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_kit(const struct kit *kit, const char *folder)
{
        vec_foreach(file, &kit->files) {
                _cleanup_free_ char *path = xasprintf("%s/%s", folder, file->name);
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file->mode);

                if (fd < 0 || fd_write_all(fd, file->text, file->len) < 0)
                        return -1;
        }
        vec_foreach(why, &kit->left_out)
                (void)puts(*why);
        return 0;
}

int main(int argc, char **argv)
{
        const struct kit_format *format = argc == 3 ? kit_format_find(argv[1]) : NULL;
        struct plan *plan = xcalloc(1, sizeof(*plan));
        struct kit_choice choice = {0};
        struct err err = {0};
        struct kit kit = {0};
        int r = -1;

        plan->pool = pool_new();
        plan->id = "0123456789abcdef";
        plan->asset = plan->hostname = "machine";
        if (format && read_plan(plan, &err) == 0) {
                kit_write(format, plan, &choice, plan->pool, &kit);
                r = write_kit(&kit, argv[2]);
        }
        if (r < 0)
                (void)fprintf(stderr, "no kit was written %s\n", err.text);
        kit_release(&kit);
        plan_free(plan);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
