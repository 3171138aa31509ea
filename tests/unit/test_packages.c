/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "small_tree.h"

#include "collect/collector.h"

#define INFO "var/lib/dpkg/info/"

struct host {
        struct tree root, proc;
        struct inside *view;
        bool all_services;
};

static struct host host_new(void)
{
        return (struct host){tree_new(), tree_new(), inside_new()};
}

static void host_release(struct host *host)
{
        tree_release(&host->root);
        tree_release(&host->proc);
        inside_freep(&host->view);
}

static void collect(struct host *host)
{
        const struct collect_options options = {.all_services = host->all_services};
        struct collection c = {
                .options = &options,
                .view = host->view,
                .proc_fd = host->proc.fd,
                .root_fd = host->root.fd,
        };
        struct err err = {0};

        collector_packages.begin(&c);
        assert_int_equal(collector_packages.collect(&c, &err), 0);
        collector_packages.end(&c);
        assert_null(c.packages);
}

static uint32_t add_process(struct host *host, pid_t pid, const char *exe, const struct tree *root)
{
        uint32_t index = inside_process(host->view, pid);

        host->view->processes.at[index].exe = exe;
        host->view->processes.at[index].foreign_root = root;
        host->view->processes.at[index].exe_there = root ? exe : NULL;
        if (root) {
                char path[32];

                (void)snprintf(path, sizeof(path), "%d/root", (int)pid);
                tree_link(&host->proc, path, root->path);
        }
        return index;
}

/* "name version manager", or "none" */
static const char *package(const struct host *host, uint32_t index)
{
        const struct package *package = index == NONE ? NULL : &host->view->packages.at[index];

        return package ? pool_printf(host->view->pool, "%s %s %s", package->name, package->version,
                                     package->manager)
                       : "none";
}

static const char *package_of(const struct host *host, uint32_t process)
{
        return package(host, host->view->processes.at[process].package);
}

static void test_own_root(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        uint32_t sshd = add_process(&host, 1, "/usr/sbin/sshd", NULL),
                 kernel = add_process(&host, 2, NULL, NULL);
        uint32_t again = add_process(&host, 3, "/usr/sbin/sshd", NULL),
                 mine = add_process(&host, 4, "/opt/x", NULL);
        uint32_t by_file = inside_service(host.view, "ssh.service"),
                 by_exec = inside_service(host.view, "own.service");
        struct service *services = host.view->services.at;

        services[by_file].file = "/lib/systemd/system/ssh.service";
        services[by_file].exec = "/usr/bin/cat";
        services[by_exec].file = "/etc/systemd/system/own.service";
        services[by_exec].exec = "/usr/bin/cat";
        tree_link(&host.root, "lib", "usr/lib");
        tree_file(&host.root, "var/lib/dpkg/status",
                  "Package: ssh\nStatus: install ok installed\nVersion: 9\n\n"
                  "Package: coreutils\nStatus: install ok installed\nVersion: 8\n");
        tree_file(&host.root, INFO "ssh.list", "/usr/sbin/sshd\n/usr/lib/systemd/system/ssh.service\n");
        tree_file(&host.root, INFO "coreutils.list", "/usr/bin/cat\n");
        host.all_services = true;
        collect(&host);
        assert_string_equal(package_of(&host, sshd), "ssh 9 dpkg");
        assert_string_equal(package_of(&host, again), "ssh 9 dpkg");
        assert_string_equal(package_of(&host, kernel), "none");
        assert_string_equal(package_of(&host, mine), "none");
        assert_string_equal(package(&host, host.view->services.at[by_file].package), "ssh 9 dpkg");
        assert_string_equal(package(&host, host.view->services.at[by_exec].package), "coreutils 8 dpkg");
        assert_int_equal(host.view->packages.n, 2);
        assert_int_equal(host.view->gaps.n, 0);
}

/*
 * Of services that nothing shows, and of files no package installs, nothing is looked up: here not even the
 * lists are read.
 */
static void test_only_what_is_shown(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        uint32_t built = add_process(&host, 1, "/usr/local/sbin/sshd", NULL);
        uint32_t idle = inside_service(host.view, "idle.service"), used;

        host.view->services.at[idle].exec = "/usr/bin/cat";
        tree_file(&host.root, "var/lib/dpkg/status",
                  "Package: coreutils\nStatus: install ok installed\nVersion: 8\n");
        tree_file(&host.root, INFO "coreutils.list", "/usr/bin/cat\n/usr/local/sbin/sshd\n");
        collect(&host);
        assert_string_equal(package_of(&host, built), "none");
        assert_int_equal(host.view->packages.n, 0);
        used = inside_service(host.view, "used.service");
        host.view->services.at[used].exec = "/usr/bin/cat";
        host.view->processes.at[built].unit = used;
        collect(&host);
        assert_string_equal(package(&host, host.view->services.at[used].package), "coreutils 8 dpkg");
}

static void test_foreign_roots(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        _cleanup_tree_ struct tree alpine = tree_new(), debian = tree_new(), fedora = tree_new(),
                                   slim = tree_new();
        uint32_t nginx = add_process(&host, 10, "/usr/sbin/nginx", &alpine);
        uint32_t worker = add_process(&host, 11, "/usr/sbin/nginx", &alpine);
        uint32_t redis = add_process(&host, 12, "/usr/bin/redis", &debian);
        uint32_t httpd = add_process(&host, 13, "/usr/sbin/httpd", &fedora);
        uint32_t tool = add_process(&host, 14, "/tool", &slim),
                 own = add_process(&host, 15, "/usr/bin/redis", NULL);
        uint32_t gone = inside_process(host.view, 16);

        host.view->processes.at[gone].exe = "/usr/bin/redis";
        host.view->processes.at[gone].foreign_root = true;
        tree_file(&alpine, "lib/apk/db/installed", "P:nginx\nV:1.24-r1\nF:usr/sbin\nR:nginx\n");
        /* Links of a foreign root stay in it. */
        tree_link(&debian, "var/lib/dpkg", "/srv/dpkg");
        tree_file(&debian, "srv/dpkg/status", "Package: redis\nVersion: 7\n");
        tree_file(&debian, "srv/dpkg/info/redis.list", "/usr/bin/redis\n");
        tree_file(&fedora, "usr/lib/sysimage/rpm/rpmdb.sqlite", "");
        tree_file(&slim, "var/lib/dpkg/status.d/tool", "Package: tool\n");
        collect(&host);
        assert_string_equal(package_of(&host, nginx), "nginx 1.24-r1 apk");
        assert_string_equal(package_of(&host, worker), "nginx 1.24-r1 apk");
        assert_string_equal(package_of(&host, redis), "redis 7 dpkg");
        assert_string_equal(package_of(&host, httpd), "none");
        assert_string_equal(package_of(&host, tool), "none");
        assert_string_equal(package_of(&host, own), "none");
        assert_string_equal(package_of(&host, gone), "none");
        assert_int_equal(host.view->gaps.n, 2);
        vec_foreach(gap, &host.view->gaps) {
                assert_string_equal(gap->source, "packages");
                assert_false(gap->incomplete);
        }
}

static void test_too_many_roots(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        struct tree roots[66];

        for (unsigned i = 0; i < array_len(roots); i++) {
                roots[i] = tree_new();
                tree_file(&roots[i], "lib/apk/db/installed", "P:a\nV:1\nF:\nR:a\n");
                (void)add_process(&host, 100 + (pid_t)i, "/a", &roots[i]);
                (void)add_process(&host, 200 + (pid_t)i, "/a", &roots[i]);
        }
        collect(&host);
        assert_string_equal(package_of(&host, 127), "a 1 apk");
        assert_string_equal(package_of(&host, 128), "none");
        assert_string_equal(package_of(&host, 131), "none");
        assert_int_equal(host.view->gaps.n, 1);
        assert_true(host.view->gaps.at[0].incomplete);
        assert_int_equal(host.view->gaps.at[0].count, 2);
        for (unsigned i = 0; i < array_len(roots); i++)
                tree_release(&roots[i]);
}

static void test_broken(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        uint32_t a = add_process(&host, 1, "/a", NULL);

        tree_file(&host.root, INFO "a.list", "/a\n");
        collect(&host);
        assert_string_equal(package_of(&host, a), "a (null) dpkg");
        assert_int_equal(host.view->gaps.n, 1);
        assert_true(host.view->gaps.at[0].incomplete);
        assert_string_equal(host.view->gaps.at[0].reason,
                            "this host: cannot read '/var/lib/dpkg/status': No such file or directory");
}

static void test_no_database(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        uint32_t a = add_process(&host, 1, "/a", NULL);

        collect(&host);
        assert_string_equal(package_of(&host, a), "none");
        assert_int_equal(host.view->gaps.n, 0);
        assert_int_equal(host.view->packages.n, 0);
}

/* The thread is ended also when collecting never comes to it. */
static void test_end_without_collect(void **state)
{
        _cleanup_(host_release) struct host host = host_new();
        struct collection c = {.view = host.view, .proc_fd = host.proc.fd, .root_fd = host.root.fd};

        collector_packages.begin(&c);
        collector_packages.end(&c);
        collector_packages.end(&c);
        assert_null(c.packages);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_own_root),
                cmocka_unit_test(test_only_what_is_shown),       cmocka_unit_test(test_foreign_roots),
                cmocka_unit_test(test_too_many_roots), cmocka_unit_test(test_broken),
                cmocka_unit_test(test_no_database),    cmocka_unit_test(test_end_without_collect),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
