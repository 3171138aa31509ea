/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System V scripts, inetd and xinetd: the parsers, and the collectors over a tree of the test's own. */
#include "test.h"

#include "base/mem.h"
#include "base/str.h"
#include "collect/collector.h"
#include "collect/inetd_text.h"
#include "collect/sysv_text.h"
#include "tree.h"

static const char script[] = "#!/bin/sh\n"
                             "### BEGIN INIT INFO\n"
                             "# Provides:          food other\n"
                             "# Short-Description: serves food\n"
                             "### END INIT INFO\n"
                             "NAME=food\n"
                             "DAEMON=\"/usr/sbin/${NAME}\"   # the program\n"
                             "DAEMON_OPTS=`cat /etc/opts`\n"
                             "RUNDIR=/run/food\n"
                             "PIDFILE=$RUNDIR/$NAME.pid\n"
                             "if x; then\n  DAEMON=/usr/bin/late\nfi\n";

static void test_sysv_text(void **state)
{
        static const char options[] = "#! /bin/sh\n# description: does it\n"
                                      "start-stop-daemon --start --quiet --pidfile /run/sshd.pid \\\n"
                                      "  --exec /usr/sbin/sshd -- $OPTS\n";
        static const char dynamic[] =
                "#!/bin/sh\nDAEMON=$(which x)\nPIDFILE=${X:-/run/x}\nexec --exec $UNKNOWN/x\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct sysv_text text;

        sysv_text_parse(&text, pool, script, sizeof(script) - 1);
        assert_true(text.is_script);
        assert_string_equal(text.provides, "food");
        assert_string_equal(text.description, "serves food");
        assert_string_equal(text.daemon, "/usr/sbin/food");
        assert_string_equal(text.pid_file, "/run/food/food.pid");
        sysv_text_parse(&text, pool, options, sizeof(options) - 1);
        assert_string_equal(text.description, "does it");
        assert_string_equal(text.daemon, "/usr/sbin/sshd");
        assert_string_equal(text.pid_file, "/run/sshd.pid");
        sysv_text_parse(&text, pool, dynamic, sizeof(dynamic) - 1);
        assert_null(text.daemon);
        assert_null(text.pid_file);
        sysv_text_parse(&text, pool, "README\n", 7);
        assert_false(text.is_script);
}

static void test_inetd_text(void **state)
{
        static const char text[] = "# comment stream tcp nowait root /x\n"
                                   "telnet stream tcp nowait root /usr/sbin/tcpd in.telnetd\n"
                                   "#<off># ftp stream tcp nowait root /usr/sbin/ftpd\n"
                                   "127.0.0.1:echo dgram udp4 wait root internal\n"
                                   "[::1]:8080 stream tcp6 nowait nobody /bin/x x\n"
                                   "*:time stream tcp46 nowait root internal\n"
                                   "mountd/1 dgram rpc/udp wait root /usr/sbin/mountd\n"
                                   "/run/x stream unix nowait root /bin/y\n"
                                   "broken stream tcp\n"
                                   "weird stream sctp nowait root /x\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct inetd_entries entries = {0};

        inetd_text_parse(&entries, pool, text, sizeof(text) - 1);
        assert_int_equal(entries.n, 7);
        assert_string_equal(entries.at[0].service, "telnet");
        assert_string_equal(entries.at[0].server, "/usr/sbin/tcpd");
        assert_false(entries.at[0].disabled);
        assert_string_equal(entries.at[1].service, "ftp");
        assert_true(entries.at[1].disabled);
        assert_string_equal(entries.at[2].host, "127.0.0.1");
        assert_string_equal(entries.at[2].protocol, "udp");
        assert_int_equal(entries.at[2].family, 4);
        assert_string_equal(entries.at[3].host, "::1");
        assert_int_equal(entries.at[3].port, 8080);
        assert_int_equal(entries.at[3].family, 6);
        assert_null(entries.at[4].host);
        assert_int_equal(entries.at[4].family, 0);
        assert_true(entries.at[5].unix_or_rpc);
        assert_true(entries.at[6].unix_or_rpc);
        vec_clear(&entries);
}

static void test_xinetd_text(void **state)
{
        static const char text[] =
                "defaults\n{\n disabled = beta\n}\n"
                "service alpha\n{\n  socket_type = stream\n  port = 7777\n  bind = 127.0.0.1\n"
                "  server = /usr/sbin/alpha\n  flags = REUSE IPv4\n  disable = no\n}\n"
                "service beta {\n  protocol = udp\n  type = INTERNAL UNLISTED\n}\n"
                "service gamma\n{\n  disable = yes\n  socket_type = dgram\n  id = gamma-2\n}\n"
                "service nothing\n{\n}\nincludedir /etc/xinetd.d\ninclude /etc/more\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct xinetd_text xinetd = {0};

        xinetd_text_parse(&xinetd, pool, text, sizeof(text) - 1);
        xinetd_text_finish(&xinetd);
        assert_int_equal(xinetd.entries.n, 3);
        assert_int_equal(xinetd.entries.at[0].port, 7777);
        assert_string_equal(xinetd.entries.at[0].host, "127.0.0.1");
        assert_string_equal(xinetd.entries.at[0].protocol, "tcp");
        assert_int_equal(xinetd.entries.at[0].family, 4);
        assert_false(xinetd.entries.at[0].disabled);
        assert_string_equal(xinetd.entries.at[1].server, "internal");
        assert_true(xinetd.entries.at[1].disabled);
        assert_string_equal(xinetd.entries.at[2].id, "gamma-2");
        assert_string_equal(xinetd.entries.at[2].protocol, "udp");
        assert_true(xinetd.entries.at[2].disabled);
        assert_int_equal(xinetd.includes.n, 2);
        assert_true(xinetd.includes.at[0].is_dir);
        assert_string_equal(xinetd.includes.at[1].path, "/etc/more");
        xinetd_text_release(&xinetd);
}

static void test_services_text(void **state)
{
        static const char text[] =
                "# x\ntelnet\t23/tcp\nhttp 80/tcp www # web\ndomain 53/tcp\ndomain 53/udp\nbad 99999/tcp";

        assert_int_equal(services_text_port(text, sizeof(text) - 1, "telnet", "tcp"), 23);
        assert_int_equal(services_text_port(text, sizeof(text) - 1, "telnet", "udp"), 0);
        assert_int_equal(services_text_port(text, sizeof(text) - 1, "www", "tcp"), 80);
        assert_int_equal(services_text_port(text, sizeof(text) - 1, "web", "tcp"), 0);
        assert_int_equal(services_text_port(text, sizeof(text) - 1, "domain", "udp"), 53);
        assert_int_equal(services_text_port(text, sizeof(text) - 1, "bad", "tcp"), 0);
}

/* A collection over a tree and a /proc that is empty: only the processes of the view are there. */
struct scene {
        struct tree tree, proc;
        struct collection c;
};

static const struct collect_options everything = {.netns = "all", .all_services = true};

static void scene_release(struct scene *scene)
{
        inside_free(scene->c.view);
        tree_release(&scene->tree);
        tree_release(&scene->proc);
}

static struct scene scene_new(void)
{
        struct scene scene = {.tree = tree_new(), .proc = tree_new()};

        scene.c = (struct collection){
                .options = &everything, .view = inside_new(), .proc_fd = scene.proc.fd, .root_fd = scene.tree.fd};
        return scene;
}

static struct process *add_process(struct scene *scene, pid_t pid, const char *name, const char *exe)
{
        uint32_t index = inside_process(scene->c.view, pid);
        struct process *process = &scene->c.view->processes.at[index];

        process->name = name;
        process->exe = exe;
        return process;
}

static const struct service *find(const struct scene *scene, const char *name)
{
        uint32_t i = inside_find_service(scene->c.view, name);

        assert_int_not_equal(i, NONE);
        return &scene->c.view->services.at[i];
}

static void test_sysv(void **state)
{
        _cleanup_(scene_release) struct scene scene = scene_new();
        struct inside *view = scene.c.view;

        tree_file(&scene.tree, "etc/init.d/food", script, 0755);
        tree_file(&scene.tree, "etc/init.d/byid", "#!/bin/sh\nPIDFILE=/run/byid.pid\n", 0755);
        tree_file(&scene.tree, "etc/init.d/stale", "#!/bin/sh\nPIDFILE=/run/byid.pid\n", 0755);
        tree_file(&scene.tree, "etc/init.d/once", "#!/bin/sh\ntrue\n", 0755);
        tree_file(&scene.tree, "etc/init.d/gone", "#!/bin/sh\nDAEMON=/usr/sbin/gone\n", 0755);
        tree_file(&scene.tree, "etc/init.d/idle", "#!/bin/sh\nDAEMON=/usr/sbin/idle\n", 0755);
        tree_file(&scene.tree, "etc/init.d/README", "#!/bin/sh\n", 0755);
        tree_file(&scene.tree, "etc/init.d/noexec", "#!/bin/sh\n", 0644);
        tree_file(&scene.tree, "etc/init.d/old.dpkg-old", "#!/bin/sh\n", 0755);
        tree_file(&scene.tree, "usr/sbin/idle", "\177ELF", 0755);
        tree_file(&scene.tree, "run/byid.pid", "77\n", 0644);
        tree_link(&scene.tree, "etc/rc3.d/S20food", "../init.d/food");
        tree_link(&scene.tree, "etc/rc3.d/K20idle", "../init.d/idle");
        add_process(&scene, 66, "food", "/usr/sbin/food");
        add_process(&scene, 77, "byid", "/opt/byid-server");
        add_process(&scene, 88, "food", "/usr/sbin/food")->foreign_root = true;
        /* in a container, and without a socket: its path is of a file over there */
        tree_link(&scene.proc, "self/root", "/");
        tree_link(&scene.proc, "99/root", scene.tree.path);
        tree_link(&scene.proc, "99/exe", "/usr/sbin/idle");

        assert_int_equal(collector_sysv.collect(&scene.c, NULL), 0);
        assert_int_equal(view->services.n, 6);
        assert_string_equal(find(&scene, "food")->state, "running");
        assert_string_equal(find(&scene, "food")->startup, "enabled");
        assert_string_equal(find(&scene, "food")->manager, "sysv");
        assert_string_equal(find(&scene, "food")->exec, "/usr/sbin/food");
        assert_string_equal(find(&scene, "byid")->state, "running");
        assert_string_equal(find(&scene, "stale")->state, "unknown");
        assert_string_equal(find(&scene, "once")->state, "unknown");
        assert_string_equal(find(&scene, "gone")->state, "inactive");
        assert_string_equal(find(&scene, "idle")->state, "inactive");
        assert_string_equal(find(&scene, "idle")->startup, "disabled");
        assert_int_equal(view->processes.at[0].unit, inside_find_service(view, "food"));
        assert_int_equal(view->processes.at[1].unit, inside_find_service(view, "byid"));
        assert_int_equal(view->processes.at[2].unit, NONE);
}

static void test_sysv_beside_systemd(void **state)
{
        _cleanup_(scene_release) struct scene scene = scene_new();
        uint32_t generated;

        tree_file(&scene.tree, "run/systemd/system/x", "", 0644);
        tree_file(&scene.tree, "etc/init.d/food", script, 0755);
        tree_file(&scene.tree, "etc/init.d/clock.sh", "#!/bin/sh\n", 0755);
        tree_link(&scene.tree, "usr/lib/systemd/system/clock.service", "/dev/null");
        tree_file(&scene.tree, "etc/init.d/alone", "#!/bin/sh\n", 0755);
        generated = inside_service(scene.c.view, "food.service");
        scene.c.view->services.at[generated].startup = "generated";
        add_process(&scene, 66, "food", "/usr/sbin/food");

        assert_int_equal(collector_sysv.collect(&scene.c, NULL), 0);
        assert_int_equal(scene.c.view->services.n, 2);
        assert_string_equal(find(&scene, "food.service")->exec, "/usr/sbin/food");
        assert_string_equal(find(&scene, "alone")->manager, "sysv");
        assert_int_equal(scene.c.view->processes.at[0].unit, NONE);
}

static void test_inetd(void **state)
{
        _cleanup_(scene_release) struct scene scene = scene_new();
        struct inside *view = scene.c.view;

        tree_file(&scene.tree, "etc/services", "telnet 23/tcp\nftp 21/tcp\n", 0644);
        tree_file(&scene.tree, "etc/inetd.conf",
                  "telnet stream tcp nowait root /usr/sbin/telnetd\n"
                  "telnet stream tcp6 nowait root /usr/sbin/telnetd\n"
                  "#<off># ftp stream tcp nowait root /usr/sbin/ftpd\n",
                  0644);
        tree_file(&scene.tree, "etc/xinetd.conf", "includedir /etc/xinetd.d\ninclude /etc/xinetd.conf\n",
                  0644);
        tree_file(
                &scene.tree, "etc/xinetd.d/mine",
                "service mine\n{\nsocket_type = stream\nport = 99\nbind = 127.0.0.1\nserver = /bin/mine\n}\n",
                0644);
        tree_file(&scene.tree, "etc/xinetd.d/mine.bak",
                  "service no\n{\nsocket_type = stream\nport = 98\n}\n", 0644);
        add_process(&scene, 5, "inetd", "/usr/sbin/inetd");

        assert_int_equal(collector_inetd.collect(&scene.c, NULL), 0);
        assert_int_equal(view->services.n, 3);
        assert_string_equal(find(&scene, "telnet/tcp")->state, "listening");
        assert_string_equal(find(&scene, "telnet/tcp")->startup, "enabled");
        assert_string_equal(find(&scene, "telnet/tcp")->exec, "/usr/sbin/telnetd");
        assert_string_equal(find(&scene, "ftp/tcp")->startup, "disabled");
        assert_string_equal(find(&scene, "mine/tcp")->manager, "xinetd");
        assert_string_equal(find(&scene, "mine/tcp")->state, "inactive");
        assert_string_equal(find(&scene, "mine/tcp")->file, "/etc/xinetd.d/mine");
        assert_int_equal(view->activations.n, 3);
        assert_int_equal(view->activations.at[0].port, 23);
        assert_int_equal(view->activations.at[0].address.family, 0);
        assert_int_equal(view->activations.at[1].address.family, 6);
        assert_int_equal(view->activations.at[2].port, 99);
        assert_true(address_is_loopback(&view->activations.at[2].address));
        assert_int_equal(view->gaps.n, 0);
}

static void test_systemd_unreachable(void **state)
{
        _cleanup_(scene_release) struct scene scene = scene_new();
        struct inside *view = scene.c.view;
        struct err err = {0};

        assert_int_equal(unsetenv("DBUS_SYSTEM_BUS_ADDRESS"), 0);
        tree_file(&scene.tree, "usr/lib/systemd/system/a.socket",
                  "[Socket]\nListenStream=77\nAccept=yes\n[Install]\nWantedBy=sockets.target\n", 0644);
        tree_file(&scene.tree, "usr/lib/systemd/system/a@.service", "[Service]\nExecStart=/bin/a\n", 0644);
        tree_file(&scene.tree, "usr/lib/systemd/system/b.service", "[Service]\nExecStart=/bin/b\n", 0644);
        add_process(&scene, 1, "systemd", "/sbin/init")->cgroup = "/box/init.scope";
        add_process(&scene, 5, "b", "/bin/b")->cgroup = "/box/system.slice/b.service";
        add_process(&scene, 6, "c", "/bin/c")->cgroup = "/box/system.slice/c.service";
        add_process(&scene, 7, "d", "/bin/d")->cgroup = "/box/machine.slice/machine-m.scope/payload";
        /* systemd is not the init: its files say nothing */
        assert_int_equal(collector_systemd.collect(&scene.c, &err), 0);
        assert_int_equal(view->services.n + view->gaps.n, 0);

        tree_link(&scene.tree, "etc/systemd/system/sockets.target.wants/a.socket",
                  "/usr/lib/systemd/system/a.socket");
        tree_file(&scene.tree, "run/systemd/system/x", "", 0644);
        assert_int_equal(collector_systemd.collect(&scene.c, &err), 0);
        assert_int_equal(view->gaps.n, 1);
        assert_true(view->gaps.at[0].incomplete);
        assert_string_equal(find(&scene, "a.socket")->startup, "enabled");
        assert_string_equal(find(&scene, "a.socket")->state, "unknown");
        assert_int_equal(find(&scene, "a.socket")->triggers, inside_find_service(view, "a@.service"));
        assert_int_equal(find(&scene, "a@.service")->triggered_by, inside_find_service(view, "a.socket"));
        assert_string_equal(find(&scene, "b.service")->exec, "/bin/b");
        assert_int_equal(view->activations.n, 2);
        assert_int_equal(view->processes.at[0].unit, inside_find_service(view, "init.scope"));
        assert_int_equal(view->processes.at[1].unit, inside_find_service(view, "b.service"));
        assert_string_equal(find(&scene, "c.service")->state, "unknown");
        assert_int_equal(view->processes.at[3].unit, NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sysv_text),   cmocka_unit_test(test_inetd_text),
                cmocka_unit_test(test_xinetd_text), cmocka_unit_test(test_services_text),
                cmocka_unit_test(test_sysv),        cmocka_unit_test(test_sysv_beside_systemd),
                cmocka_unit_test(test_inetd),       cmocka_unit_test(test_systemd_unreachable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
