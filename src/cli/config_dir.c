/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/config_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "config.h"
#include "policy/estate_parse.h"
#include "policy/policy_parse.h"

static void warn(const char *text, void *arg)
{
        const struct command *command = arg;
        _cleanup_str_ struct str safe = {0};

        text_add_printable(&safe, text);
        (void)fprintf(stderr, "quaymaster %s: warning: %s\n", command->name, str_text(&safe));
}

static bool is_folder(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The folder of a user other than root; NULL where no home is known. */
static char *personal_folder(void)
{
        const char *config_home = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

        if (config_home && *config_home)
                return xasprintf("%s/quaymaster", config_home);
        return home && *home ? xasprintf("%s/.config/quaymaster", home) : NULL;
}

/* NULL when there is no configuration at all. */
static char *find_folder(void)
{
        _cleanup_free_ char *personal = NULL;

        if (geteuid() != 0) {
                if (is_folder("quaymaster"))
                        return xstrdup("quaymaster");
                personal = personal_folder();
                if (personal && is_folder(personal))
                        return take_ptr(personal);
        }
        return is_folder(QM_SYSCONFDIR) ? xstrdup(QM_SYSCONFDIR) : NULL;
}

/* *ret stays NULL when there is no configuration at all. */
static int choose_folder(const struct invocation *in, char **ret, struct err *err)
{
        const char *given = invocation_get(in, "config");

        if (given && !is_folder(given))
                return err_set(err, -ENOENT, "'--config %s': there is no such folder", given);
        *ret = given ? xstrdup(given) : find_folder();
        return 0;
}

int config_open_knowledge(const struct invocation *in, struct knowledge **ret, struct err *err)
{
        _cleanup_free_ char *folder = NULL, *pages = NULL;
        int rc = choose_folder(in, &folder, err);

        if (rc < 0)
                return rc;
        if (folder)
                pages = xasprintf("%s/knowledge.d", folder);
        *ret = knowledge_open(pages, warn, (void *)(uintptr_t)in->command);
        return 0;
}

static int check_trust(int fd, const char *path, mode_t type, struct err *err)
{
        const char *why;
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_errno(err, errno, "%s: cannot be read", path);
        if ((st.st_mode & S_IFMT) != type)
                return err_set(err, -EINVAL, "%s: not a regular file", path);
        why = fd_distrust(&st);
        return why ? err_set(err, -EPERM, "%s: refused, %s", path, why) : 0;
}

/*
 * -ENOENT when there is none. Who can write the folder could put any of root's files there by a link: so the
 * folder counts, too.
 */
static int read_trusted(const char *folder, const char *name, const char *path, struct str *text,
                        struct err *err)
{
        _cleanup_close_ int dir_fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY), fd = -1;
        int rc;

        if (dir_fd < 0)
                return err_errno(err, errno, "%s: cannot be read", folder);
        fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return err_errno(err, errno, "%s: cannot be read", path);
        if ((rc = check_trust(dir_fd, folder, S_IFDIR, err)) < 0 ||
            (rc = check_trust(fd, path, S_IFREG, err)) < 0)
                return rc;
        rc = fd_read_all(fd, ESTATE_FILE_MAX, text);
        if (rc == -EFBIG)
                return err_set(err, rc, "%s: larger than %u bytes", path, ESTATE_FILE_MAX);
        return rc < 0 ? err_errno(err, -rc, "%s: cannot be read", path) : 0;
}

/* Its text; *ret_path stays NULL when there is no folder or no such file. */
static int read_config(const struct invocation *in, const char *name, struct pool *pool, const char **ret_path,
                       struct str *text, struct err *err)
{
        _cleanup_free_ char *folder = NULL;
        const char *path;
        int rc;

        *ret_path = NULL;
        rc = choose_folder(in, &folder, err);
        if (rc < 0 || !folder)
                return rc;
        path = pool_printf(pool, "%s/%s", folder, name);
        rc = read_trusted(folder, name, path, text, err);
        if (rc == -ENOENT) {
                *err = (struct err){0};
                return 0;
        }
        if (rc == 0)
                *ret_path = path;
        return rc;
}

int config_open_estate(const struct invocation *in, struct pool *pool, struct estate *ret, bool *ret_found,
                       struct err *err)
{
        _cleanup_str_ struct str text = {0};
        const char *path;
        int rc;

        *ret = (struct estate){0};
        *ret_found = false;
        tzset();
        rc = read_config(in, "estate.yaml", pool, &path, &text, err);
        if (rc < 0 || !path || (rc = estate_parse(str_text(&text), text.len, path, pool, ret, err)) < 0)
                return rc;
        *ret_found = true;
        return 0;
}

int config_open_policy(const struct invocation *in, struct pool *pool, struct policy *ret, bool *ret_found,
                       struct err *err)
{
        _cleanup_str_ struct str text = {0};
        const char *path;
        int rc;

        *ret = (struct policy){0};
        *ret_found = false;
        rc = read_config(in, "policy.yaml", pool, &path, &text, err);
        if (rc < 0 || !path || (rc = policy_parse(str_text(&text), text.len, path, pool, ret, err)) < 0)
                return rc;
        *ret_found = true;
        return 0;
}

int config_open_sinks(const struct invocation *in, struct pool *pool, struct sinks *ret, bool *ret_found,
                      struct err *err)
{
        _cleanup_str_ struct str text = {0};
        const char *path;
        int rc;

        *ret = (struct sinks){0};
        *ret_found = false;
        rc = read_config(in, "sinks.yaml", pool, &path, &text, err);
        if (rc < 0 || !path || (rc = sinks_parse(str_text(&text), text.len, path, pool, ret, err)) < 0)
                return rc;
        *ret_found = true;
        return 0;
}

int config_policy_path(const struct invocation *in, char **ret, struct err *err)
{
        _cleanup_free_ char *folder = NULL;
        int rc = choose_folder(in, &folder, err);

        if (rc < 0)
                return rc;
        if (!folder)
                folder = geteuid() == 0 ? xstrdup(QM_SYSCONFDIR) : personal_folder();
        if (!folder)
                return err_set(err, -ENOENT,
                               "there is no configuration folder, and HOME is not set: name one with --config");
        *ret = xasprintf("%s/policy.yaml", folder);
        return 0;
}

int config_make_folder(const char *file, struct err *err)
{
        _cleanup_free_ char *path = xstrdup(file);

        for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
                *slash = '\0';
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return err_errno(err, errno, "cannot make the folder '%s'", path);
                *slash = '/';
        }
        return 0;
}
