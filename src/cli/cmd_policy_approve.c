/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/output_file.h"
#include "cli/policy.h"
#include "cli/policy_run.h"
#include "policy/policy_check.h"
#include "policy/policy_parse.h"
#include "policy/policy_text.h"

#define TURN_LOOK_MS 20
#define TURN_LOOKS   500

static int check_options(const struct invocation *in, struct err *err)
{
        static const char *const needed[] = {"need", "owner"};
        static const char *const texts[] = {"need", "owner", "approved-by", "ticket", "basis",
                                            "protocol", "process", "unit",
                                            "package", "user", "container", "from", "on", "approved-on", "expires"};

        for (size_t i = 0; i < array_len(needed); i++)
                if (!invocation_has(in, needed[i]))
                        return err_set(err, -EINVAL, "'--%s' is missing: an approval says why, and who answers for it",
                                       needed[i]);
        for (size_t i = 0; i < array_len(texts); i++) {
                const char *s = invocation_get(in, texts[i]);

                if (s && !policy_text_can_hold(s))
                        return err_set(err, -EINVAL, "'--%s': is empty, or holds control characters", texts[i]);
        }
        if (!policy_rule_needed(&(struct policy_rule){.need = invocation_get(in, "need")}))
                return err_set(err, -EINVAL, "'--need %s' is no need: write why it must be open",
                               invocation_get(in, "need"));
        return 0;
}

/* Two at once would each write what the other has not read: the folder is locked, as the file itself is replaced. */
static int take_turn(const char *path, int *ret_fd, struct err *err)
{
        _cleanup_free_ char *real = realpath(path, NULL);
        _cleanup_free_ char *folder = real ? xasprintf("%.*s/", (int)(strrchr(real, '/') - real), real) : NULL;
        _cleanup_close_ int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

        if (fd < 0)
                return err_errno(err, errno, "%s: cannot be read", path);
        for (unsigned looks = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; looks++) {
                if (errno != EWOULDBLOCK || looks == TURN_LOOKS)
                        return err_errno(err, errno, "%s: another process holds the lock of its folder", path);
                (void)poll(NULL, 0, TURN_LOOK_MS);
        }
        *ret_fd = take_fd(fd);
        return 0;
}

/* Never seen half: a new file in the old one's place, with its mode and owner. */
static int replace(const char *path, const struct str *text, struct err *err)
{
        _cleanup_(output_file_release) struct output_file file = {.fd = -1};
        _cleanup_free_ char *real = realpath(path, NULL); /* where a link leads, so that it stays one */
        struct stat st;
        int r;

        if (!real || stat(real, &st) < 0)
                return err_errno(err, errno, "%s: cannot be read", path);
        r = output_file_open(&file, real, err);
        if (r < 0)
                return r;
        if ((fchown(file.fd, st.st_uid, st.st_gid) < 0 && geteuid() == 0) || fchmod(file.fd, st.st_mode & 07777) < 0)
                return err_errno(err, errno, "cannot give '%s' its owner and mode", real);
        r = fd_write_all(file.fd, text->text, text->len);
        return r < 0 ? err_errno(err, -r, "cannot write '%s'", real) : output_file_place(&file, err);
}

/* What `check` would say of the entry: of that line, or, 0, the last one. */
static void warn_of_entry(const struct policy_run *run, const char *path, const struct str *text, unsigned line)
{
        _cleanup_(policy_warnings_release) struct policy_warnings warnings = {0};
        struct policy policy;
        struct err err;

        if (policy_parse(text->text, text->len, path, run->pool, &policy, &err) < 0 || !policy.n_allow)
                return;
        if (!line)
                line = policy.rules[policy.n_allow - 1].line;
        policy_check(&policy, run->has_estate ? &run->estate : NULL, run->now, run->pool, &warnings);
        vec_foreach(w, &warnings.list) {
                _cleanup_str_ struct str safe = {0};

                if (w->line != line)
                        continue;
                text_add_printable(&safe, w->text);
                (void)fprintf(stderr, "quaymaster policy: warning: %s:%u: %s\n", path, w->line, str_text(&safe));
        }
}

/* "ip/112" for what has no ports. */
static const char *ip_protocol_of(const char *port)
{
        return str_after(port, "ip/");
}

/* Into the entry that waits for it (`ret_line`), else at the end of the list (0). */
static int put(const struct str *before, const char *path, const struct policy_field *fields, size_t n,
               struct str *ret, unsigned *ret_line, struct err *err)
{
        struct err why = {0};
        int r = policy_text_fill(str_text(before), before->len, path, fields, n, ret, ret_line, &why);

        if (r != -ENOENT) {
                *err = why;
                return r;
        }
        *ret_line = 0;
        return policy_text_add(str_text(before), before->len, path, fields, n, ret, err);
}

int policy_approve(const struct invocation *in, struct err *err)
{
        _cleanup_(policy_run_release) struct policy_run run = {0};
        _cleanup_str_ struct str before = {0}, after = {0};
        _cleanup_free_ char *path = NULL, *on = NULL;
        _cleanup_close_ int turn_fd = -1;
        const char *port = in->arguments[1], *ip = ip_protocol_of(port), *name = invocation_get(in, "on");
        char today[DAY_TEXT_SIZE];
        unsigned line = 0;
        int r = check_options(in, err);

        if (r == 0)
                r = policy_run_open(&run, in, err);
        if (r == 0)
                r = config_policy_path(in, &path, err);
        if (r == 0 && !run.has_policy)
                r = err_set(err, -ENOENT, "%s: there is none; `quaymaster policy init` writes one", path);
        if (r == 0 && name && strpbrk(name, "\"\\"))
                r = err_set(err, -EINVAL, "'--on %s' is not the name of a machine", name);
        if (r < 0)
                return QM_EXIT_USAGE;
        on = name ? xasprintf("{name: \"%s\"}", name) : NULL;

        const struct policy_field fields[] = {
                {"port", ip ? NULL : port},
                {"ip_protocol", ip},
                {"protocol", invocation_get(in, "protocol")},
                {"process", invocation_get(in, "process")},
                {"unit", invocation_get(in, "unit")},
                {"package", invocation_get(in, "package")},
                {"user", invocation_get(in, "user")},
                {"container", invocation_get(in, "container")},
                {"on", on},
                {"from", invocation_get(in, "from")},
                {"need", invocation_get(in, "need")},
                {"owner", invocation_get(in, "owner")},
                {"approved_by", invocation_get(in, "approved-by")},
                {"approved_on", invocation_get(in, "approved-on") ? invocation_get(in, "approved-on")
                                                                  : day_format(day_of(run.now), today)},
                {"expires", invocation_get(in, "expires")},
                {"ticket", invocation_get(in, "ticket")},
                {"basis", invocation_get(in, "basis")},
        };

        r = take_turn(path, &turn_fd, err);
        if (r < 0)
                return QM_EXIT_USAGE;
        r = fd_read_file(AT_FDCWD, path, POLICY_FILE_MAX, &before);
        if (r < 0)
                err_errno(err, -r, "%s: cannot be read", path);
        else if ((r = put(&before, path, fields, array_len(fields), &after, &line, err)) < 0)
                (void)err_prefix(err, "not added");
        if (r == 0)
                r = replace(path, &after, err);
        if (r < 0)
                return QM_EXIT_USAGE;
        if (line)
                (void)fprintf(stderr, "%s: filled in the entry of line %u with the approval of %s\n", path, line, port);
        else
                (void)fprintf(stderr, "%s: added the approval of %s\n", path, port);
        warn_of_entry(&run, path, &after, line);
        return QM_EXIT_DONE;
}
