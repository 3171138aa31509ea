/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cli/harden.h"
#include "cli/harden_run.h"
#include "harden/kit.h"

/* In each folder of a kit: its first line says what it is, the others the files that belong to it. */
#define MARK      ".quaymaster-kit"
#define MARK_LINE "quaymaster kit"

struct making {
        const struct kit_format *format;
        struct harden_run run;
        struct kit kit;
        vec(const char *) only;
};

static void making_release(struct making *m)
{
        kit_release(&m->kit);
        vec_clear(&m->only);
        harden_run_release(&m->run);
}

static int find_format(const struct invocation *in, struct making *m, struct err *err)
{
        const char *name = invocation_get(in, "format");

        m->format = name ? kit_format_find(name) : NULL;
        return m->format
                       ? 0
                       : err_set(err, -EINVAL,
                                 "'harden kit' needs '--format ansible', 'image', 'powershell' or 'shell'");
}

static int make(const struct invocation *in, struct making *m, struct err *err)
{
        struct kit_choice choice = {.lock_me_out = invocation_has(in, "lock-me-out")};
        int r = harden_make_plan(in, &m->run, err);

        if (r == 0)
                r = harden_choose(in, &m->run, false, err);
        if (r < 0)
                return r;
        vec_foreach(a, &m->run.chosen)
                *vec_push(&m->only) = (*a)->id;
        if (invocation_has(in, "only")) {
                choice.only = m->only.at;
                choice.n_only = m->only.n;
        }
        kit_write(m->format, m->run.plan, &choice, m->run.plan->pool, &m->kit);
        return 0;
}

static void tell_left_out(const struct kit *kit)
{
        vec_foreach(why, &kit->left_out) {
                _cleanup_str_ struct str text = {0};

                text_add_printable(&text, *why);
                (void)fprintf(stderr, "left out: %s\n", str_text(&text));
        }
}

static int check_any(const struct making *m, struct err *err)
{
        if (m->kit.n_actions)
                return 0;
        return err_set(
                err, -ENOENT, "nothing of the plan goes into a kit of format '%s'%s", m->format->name,
                m->run.policy.has_policy
                        ? "; '--only' names actions that are not suggested"
                        : ": without a policy.yaml nothing is suggested; name actions with '--only', or "
                          "write one by `quaymaster policy init`");
}

/* --- the folder ----------------------------------------------------------------------------------- */

static int is_entry(const struct dirent *entry)
{
        return !streq(entry->d_name, ".") && !streq(entry->d_name, "..");
}

static bool is_empty(int folder)
{
        struct dirent **entries;
        int n = scandirat(folder, ".", &entries, is_entry, NULL);

        for (int i = 0; i < n; i++)
                free(entries[i]);
        if (n >= 0)
                free(entries);
        return n == 0;
}

static int open_folder(const char *path, struct err *err)
{
        int fd;

        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                return err_errno(err, errno, "cannot make the folder '%s'", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? err_errno(err, errno, "cannot write into '%s'", path) : fd;
}

/* The files of an older kit go; those of anybody else are never touched. */
static int clear_folder(int folder, const char *path, struct err *err)
{
        _cleanup_str_ struct str mark = {0};
        char *line, *rest;

        if (is_empty(folder))
                return 0;
        if (fd_read_file(folder, MARK, 65536, &mark) < 0 || !str_after(str_text(&mark), MARK_LINE))
                return err_set(err, -EINVAL,
                               "'%s' is not empty and no kit of quaymaster: name another folder", path);
        (void)strtok_r(mark.text, "\n", &rest);
        while ((line = strtok_r(NULL, "\n", &rest)))
                if (line[0] != '.' && !strchr(line, '/'))
                        (void)unlinkat(folder, line, 0);
        (void)unlinkat(folder, MARK, 0);
        return 0;
}

static int write_one(int folder, const char *name, unsigned mode, const char *text, size_t len,
                     struct err *err)
{
        _cleanup_close_ int fd =
                openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        int r = fd < 0 ? -errno : fd_write_all(fd, text, len);

        return r < 0 ? err_errno(err, -r, "cannot write '%s' of the kit", name) : 0;
}

/* The mark goes first: what a killed run leaves is a kit, and may be written anew. */
static int write_files(const struct making *m, int folder, struct err *err)
{
        _cleanup_str_ struct str mark = {0};
        int r;

        str_addf(&mark, MARK_LINE " of format %s\n", m->format->name);
        vec_foreach(file, &m->kit.files)
                str_addf(&mark, "%s\n", file->name);
        r = write_one(folder, MARK, 0644, str_text(&mark), mark.len, err);
        vec_foreach(file, &m->kit.files)
                if (r == 0)
                        r = write_one(folder, file->name, file->mode, file->text, file->len, err);
        return r;
}

static int write_folder(const struct making *m, const char *path, struct err *err)
{
        _cleanup_close_ int folder = open_folder(path, err);
        int r = folder < 0 ? folder : clear_folder(folder, path, err);

        if (r == 0)
                r = write_files(m, folder, err);
        if (r == 0)
                (void)fprintf(stderr, "%zu %s written to %s; begin with %s\n", m->kit.files.n,
                              m->kit.files.n == 1 ? "file" : "files", path, m->kit.files.at[0].name);
        return r;
}

static int write_kit(const struct making *m, const char *path, struct err *err)
{
        int r;

        if (path)
                return write_folder(m, path, err);
        if (m->kit.files.n > 1)
                return err_set(
                        err, -EINVAL,
                        "a kit of format '%s' is more than one file: name a folder with '--output DIR'",
                        m->format->name);
        r = fd_write_all(STDOUT_FILENO, m->kit.files.at[0].text, m->kit.files.at[0].len);
        return r < 0 && r != -EPIPE ? err_errno(err, -r, "cannot write the kit") : r;
}

int harden_make_kit(const struct invocation *in, struct err *err)
{
        _cleanup_(making_release) struct making m = {0};
        int r = find_format(in, &m, err);

        if (r == 0)
                r = make(in, &m, err);
        if (r < 0)
                return inside_run_failed(r);
        tell_left_out(&m.kit);
        r = check_any(&m, err);
        if (r == 0)
                r = write_kit(&m, invocation_get(in, "output"), err);
        if (r < 0)
                return inside_run_failed(r);
        return m.run.inside.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}
