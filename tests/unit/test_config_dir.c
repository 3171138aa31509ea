/* SPDX-License-Identifier: GPL-2.0-or-later */
/* estate.yaml of the configuration folder: there, not there, broken, and not to be trusted. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/config_dir.h"
#include "policy/estate_parse.h"

static const struct option_spec options[] = {CONFIG_OPTION};
static const struct command command = {.name = "test", .options = options, .n_options = 1};

struct folder {
        char path[32];
        char file[64];
        struct pool *pool;
};

static void folder_make(struct folder *f)
{
        (void)snprintf(f->path, sizeof(f->path), "/tmp/config-dir-XXXXXX");
        assert_non_null(mkdtemp(f->path));
        (void)snprintf(f->file, sizeof(f->file), "%s/estate.yaml", f->path);
        f->pool = pool_new();
}

static void folder_remove(struct folder *f)
{
        (void)unlink(f->file);
        (void)rmdir(f->file);
        (void)rmdir(f->path);
        f->pool = pool_free(f->pool);
}

static void write_file(const struct folder *f, const char *text)
{
        _cleanup_close_ int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static int open_estate(const struct folder *f, struct estate *e, bool *found, struct err *err)
{
        struct invocation in = {.command = &command, .words = {f->path}};

        *err = (struct err){0};
        return config_open_estate(&in, f->pool, e, found, err);
}

static void expect_refused(const struct folder *f, int rc, const char *path, const char *text)
{
        _cleanup_free_ char *error = xasprintf("%s%s", path, text);
        struct estate e;
        struct err err;
        bool found = true;

        assert_int_equal(open_estate(f, &e, &found, &err), rc);
        assert_string_equal(err.text, error);
        assert_false(found);
        assert_int_equal(e.n_networks, 0);
}

static void test_found(void **state)
{
        _cleanup_(folder_remove) struct folder f;
        struct estate e;
        struct err err;
        bool found;

        folder_make(&f);
        assert_int_equal(open_estate(&f, &e, &found, &err), 0);
        assert_false(found);
        assert_int_equal(e.n_networks, 0);
        write_file(&f, "networks: [{cidr: 10.0.0.0/8}]\n");
        assert_int_equal(open_estate(&f, &e, &found, &err), 0);
        assert_true(found);
        assert_int_equal(e.n_networks, 1);
        assert_string_equal(e.file, f.file);
        write_file(&f, "");
        assert_int_equal(open_estate(&f, &e, &found, &err), 0);
        assert_true(found);
}

static void test_broken(void **state)
{
        _cleanup_(folder_remove) struct folder f;
        struct folder none = {.path = "/tmp/config-dir-none/x"};

        folder_make(&f);
        write_file(&f, "networks:\n  - cidr: 10.0.0.0/8\n    zon: x\n");
        expect_refused(&f, -EINVAL, f.file, ":3: field 'networks[0].zon': unknown; known are cidr, zone");
        assert_int_equal(truncate(f.file, ESTATE_FILE_MAX + 1), 0);
        expect_refused(&f, -EFBIG, f.file, ": larger than 1048576 bytes");
        assert_int_equal(unlink(f.file), 0);
        assert_int_equal(mkdir(f.file, 0700), 0);
        expect_refused(&f, -EINVAL, f.file, ": not a regular file");
        assert_int_equal(rmdir(f.file), 0);
        assert_int_equal(mkfifo(f.file, 0600), 0);
        expect_refused(&f, -EINVAL, f.file, ": not a regular file");
        none.pool = f.pool;
        expect_refused(&none, -ENOENT, "'--config ", "/tmp/config-dir-none/x': there is no such folder");
}

static void test_trust(void **state)
{
        _cleanup_(folder_remove) struct folder f;
        struct estate e;
        struct err err;
        bool found;

        if (geteuid() != 0)
                skip();
        folder_make(&f);
        write_file(&f, "{}");
        assert_int_equal(chmod(f.file, 0664), 0);
        expect_refused(&f, -EPERM, f.file, ": refused, others can write it; chmod go-w it");
        assert_int_equal(chmod(f.file, 0602), 0);
        expect_refused(&f, -EPERM, f.file, ": refused, others can write it; chmod go-w it");
        assert_int_equal(chmod(f.file, 0644), 0);
        assert_int_equal(chown(f.file, 65534, 0), 0);
        expect_refused(&f, -EPERM, f.file, ": refused, not owned by root; chown root it");
        assert_int_equal(chown(f.file, 0, 0), 0);
        assert_int_equal(open_estate(&f, &e, &found, &err), 0);
        assert_true(found);
        assert_int_equal(chmod(f.path, 0777), 0);
        expect_refused(&f, -EPERM, f.path, ": refused, others can write it; chmod go-w it");
        assert_int_equal(chmod(f.path, 0700), 0);
        assert_int_equal(chown(f.path, 65534, 0), 0);
        expect_refused(&f, -EPERM, f.path, ": refused, not owned by root; chown root it");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_found),
                cmocka_unit_test(test_broken),
                cmocka_unit_test(test_trust),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
