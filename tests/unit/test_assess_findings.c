/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules, and the words of their findings, by the guide as it is built in. */
#include "test.h"

#include "assess/assess.h"
#include "assess/rule.h"
#include "base/str.h"
#include "inside_sample.h"

struct world {
        struct inside *view;
        struct assessment *a;
};

static const struct knowledge *guide; /* opened once: constant */

/* A host on a local network, so that scopes differ. */
static struct world world_new(void)
{
        struct world w = {.view = sample_inside()};

        sample_interface(w.view, HOST_NETNS, "eth0", "10.20.0.5/24");
        return w;
}

static void world_release(struct world *w)
{
        assess_freep(&w->a);
        inside_freep(&w->view);
}
#define _cleanup_world_ _cleanup_(world_release)

static void judge(struct world *w)
{
        assess_freep(&w->a);
        w->a = assess_correlate(w->view, guide);
        assess_judge(w->a, guide);
}

static const struct finding *find(struct world *w, const char *rule)
{
        judge(w);
        vec_foreach(f, &w->a->findings)
                if (streq(f->rule, rule))
                        return f;
        return NULL;
}

static const struct finding *must_find(struct world *w, const char *rule)
{
        const struct finding *f = find(w, rule);

        if (!f)
                fail_msg("no finding %s", rule);
        return f;
}

/* All lines of a list, each ended by a newline. */
static void join(struct str *to, const char *const *list)
{
        str_reset(to);
        for (; *list; list++)
                str_addf(to, "%s\n", *list);
}

static bool says(const char *const *list, const char *text)
{
        for (; *list; list++)
                if (strstr(*list, text))
                        return true;
        return false;
}

static void expect_steps(const struct finding *f, const char *expected)
{
        _cleanup_str_ struct str s = {0};

        join(&s, f->remediation);
        assert_string_equal(str_text(&s), expected);
}

static void expect_step(const struct finding *f, const char *text, bool there)
{
        _cleanup_str_ struct str s = {0};

        join(&s, f->remediation);
        if (says(f->remediation, text) != there)
                fail_msg("%s: '%s' %s in:\n%s", f->rule, text, there ? "is not" : "is", str_text(&s));
}

/* --- rules, firing and not ------------------------------------------------------------------------ */

/* What stands at the port, and what of its owner is out of the ordinary. */
struct subject {
        const char *place, *exe;
        bool unpackaged, deleted, foreign, unowned, forward, disabled, activated, contained;
};

static void add_subject(struct world *w, const struct subject *s)
{
        uint32_t p = sample_daemon(w->view, 700, s->exe, "own.service", s->unpackaged ? NULL : "own");
        uint32_t socket = s->activated ? sample_unit(w->view, "own.socket", NULL) : NONE;
        uint32_t unit = w->view->processes.at[p].unit;

        (void)inside_package(w->view, "base-files", "12", "dpkg"); /* packages are known at all */
        w->view->processes.at[p].exe_deleted = s->deleted;
        w->view->processes.at[p].foreign_root = s->foreign;
        if (s->contained)
                w->view->processes.at[p].container =
                        sample_container(w->view, "docker", "4f5a6b7c8d9e", "web");
        w->view->services.at[unit].triggered_by = socket;
        if (s->disabled)
                w->view->services.at[unit].startup = "disabled";
        if (s->forward)
                *vec_push(&w->view->forwards) =
                        (struct forward){.port = 47111, .rule = "ip nat DOCKER handle 12"};
        else if (s->unowned)
                sample_socket(w->view, HOST_NETNS, s->place)->owner_note = "no process visible holds it";
        else
                (void)sample_listen(w->view, s->place, p);
}

static void test_rules(void **state)
{
        static const struct {
                struct subject subject;
                const char *rules; /* that fire, in order */
        } cases[] = {
                /* advice and unknown-service */
                {{"0.0.0.0:80/tcp", "/usr/sbin/nginx"}, "advice.http "},
                {{"127.0.0.1:80/tcp", "/usr/sbin/nginx"}, ""},
                {{"0.0.0.0:22/tcp", "/usr/sbin/sshd"}, ""}, /* expected, and no more than low from here */
                {{"0.0.0.0:47111/tcp", "/usr/sbin/own"}, "unknown-service "},
                {{"127.0.0.1:47111/tcp", "/usr/sbin/own"}, ""},
                {{.forward = true}, "unknown-service "},
                {{"0.0.0.0:1/raw", "/usr/sbin/own"}, ""},
                /* owner-unseen */
                {{.place = "0.0.0.0:47111/tcp", .unowned = true}, "owner-unseen "},
                {{.place = "127.0.0.1:47111/tcp", .unowned = true}, ""},
                {{.place = "0.0.0.0:445/tcp", .unowned = true}, "advice.smb "},
                /* executable-in-temporary-directory */
                {{"0.0.0.0:47111/tcp", "/tmp/own"}, "executable-in-temporary-directory unknown-service "},
                {{"0.0.0.0:47111/tcp", "/var/tmp/x/own"},
                 "executable-in-temporary-directory unknown-service "},
                {{"0.0.0.0:47111/tcp", "/dev/shm/own"},
                 "executable-in-temporary-directory unknown-service "},
                {{"0.0.0.0:47111/tcp", "/run/user/1000/own"},
                 "executable-in-temporary-directory unknown-service "},
                {{"127.0.0.1:47111/tcp", "/tmp/own"}, "executable-in-temporary-directory "},
                {{"0.0.0.0:47111/tcp", "/tmpfiles/own"}, "unknown-service "},
                {{"0.0.0.0:47111/tcp", "/srv/tmp/own"}, "unknown-service "},
                /* executable-deleted */
                {{"0.0.0.0:47111/tcp", "/usr/sbin/own", .deleted = true},
                 "executable-deleted unknown-service "},
                {{"127.0.0.1:47111/tcp", "/usr/sbin/own", .deleted = true}, "executable-deleted "},
                /* executable-unpackaged */
                {{"0.0.0.0:47111/tcp", "/opt/own", .unpackaged = true},
                 "executable-unpackaged unknown-service "},
                {{"127.0.0.1:47111/tcp", "/opt/own", .unpackaged = true}, ""},
                {{"0.0.0.0:47111/tcp", "/opt/own", .unpackaged = true, .foreign = true}, "unknown-service "},
                {{"0.0.0.0:47111/tcp", "/opt/own", .unpackaged = true, .contained = true},
                 "unknown-service "},
                {{"0.0.0.0:47111/tcp", NULL, .unpackaged = true}, "unknown-service "},
                /* started-by-hand */
                {{"0.0.0.0:47111/tcp", "/usr/sbin/own", .disabled = true},
                 "started-by-hand unknown-service "},
                {{"127.0.0.1:47111/tcp", "/usr/sbin/own", .disabled = true}, ""},
                {{"0.0.0.0:47111/tcp", "/usr/sbin/own", .disabled = true, .activated = true},
                 "unknown-service "},
                {{"0.0.0.0:47111/tcp", "/usr/sbin/own", .disabled = true, .contained = true},
                 "unknown-service "},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                _cleanup_str_ struct str fired = {0};

                add_subject(&w, &cases[i].subject);
                judge(&w);
                vec_foreach(f, &w.a->findings) {
                        str_addf(&fired, "%s ", f->rule);
                        if (!f->remediation[0] || !f->evidence[0] || !f->controls[0].framework ||
                            !f->advice.why)
                                fail_msg("case %zu: %s lacks a part", i, f->rule);
                }
                if (!streq(str_text(&fired), cases[i].rules))
                        fail_msg("case %zu, %s of %s: %s", i, cases[i].subject.place, cases[i].subject.exe,
                                 str_text(&fired));
        }
}

/* Where no package is known at all, none can be missing. */
static void test_no_package_database(void **state)
{
        _cleanup_world_ struct world w = world_new();

        (void)sample_listen(w.view, "0.0.0.0:47111/tcp",
                            sample_daemon(w.view, 700, "/opt/own", "own.service", NULL));
        assert_null(find(&w, "executable-unpackaged"));
}

/* --- severity ------------------------------------------------------------------------------------- */

static void test_severity_by_exposure(void **state)
{
        static const struct {
                const char *interface, *place;
                bool private;
                int severity; /* -1: no finding */
        } cases[] = {
                /* redis: low on loopback, high on a link, critical from the internet */
                {"10.0.0.5/24", "127.0.0.1:6379/tcp", false, SEVERITY_LOW},
                {"10.0.0.5/24", "0.0.0.0:6379/tcp", false, SEVERITY_HIGH},
                {"8.8.8.8/24", "0.0.0.0:6379/tcp", false, SEVERITY_CRITICAL},
                {"8.8.8.8/24", "10.20.0.5:6379/tcp", false, SEVERITY_HIGH},
                {NULL, "0.0.0.0:6379/tcp", true, SEVERITY_LOW}, /* no further than loopback */
                {"10.0.0.5/24", "0.0.0.0:6379/tcp", true, SEVERITY_HIGH},
                /* ssh is expected: worth a finding from medium on */
                {"10.0.0.5/24", "0.0.0.0:22/tcp", false, -1},
                {"8.8.8.8/24", "0.0.0.0:22/tcp", false, SEVERITY_MEDIUM},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t box = sample_netns(w.view, "box", NETNS_NAMED);
                uint32_t netns = cases[i].private ? box : HOST_NETNS;
                bool ssh = strstr(cases[i].place, ":22/");
                const struct finding *f;

                if (cases[i].interface)
                        sample_interface(w.view, netns, "eth1", cases[i].interface);
                (void)sample_socket(w.view, netns, cases[i].place);
                sample_own(w.view, ssh ? sample_daemon(w.view, 812, "/usr/sbin/sshd", "ssh.service",
                                                       "openssh-server")
                                       : sample_daemon(w.view, 900, "/usr/bin/redis-server", "redis.service",
                                                       "redis-server"));
                f = find(&w, ssh ? "advice.ssh" : "advice.redis");
                if ((f ? (int)f->severity : -1) != cases[i].severity)
                        fail_msg("case %zu, %s: %d", i, cases[i].place, f ? (int)f->severity : -1);
        }
}

/* The number alone does not condemn: a step milder, and said so. */
static void test_number_alone(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t python = sample_process(w.view, 700, "/usr/bin/python3.11", NULL);
        const struct finding *f;

        w.view->processes.at[python].package = inside_package(w.view, "python3.11-minimal", "3.11", "dpkg");
        (void)sample_listen(w.view, "0.0.0.0:23/tcp", python);
        f = must_find(&w, "advice.telnet");
        assert_int_equal(f->severity, SEVERITY_MEDIUM); /* telnet itself is high */
        assert_string_equal(f->title, "23/tcp is held by python3.11; the number is that of Telnet");
        assert_true(says(f->evidence, "by the port number alone"));
        expect_steps(
                f,
                "Find out what it speaks; if it is what the number says, the guide has more: quaymaster explain telnet\n"
                "No unit runs it: find what started it (ps -o ppid,user,lstart,cmd -p 700), then end it: kill 700\n");

        w.view->sockets.at[0].n_owners = 0; /* nobody is seen: nothing speaks against the number */
        w.view->sockets.at[0].owner_note = "no process visible holds it";
        f = must_find(&w, "advice.telnet");
        assert_int_equal(f->severity, SEVERITY_HIGH);
        assert_string_equal(f->title, "Telnet listens on 23/tcp");
}

/* What is expected of the guide's server is worth a finding of another that took its number. */
static void test_number_of_expected(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct finding *f;

        (void)sample_listen(w.view, "0.0.0.0:22/tcp", sample_process(w.view, 700, "/opt/own", NULL));
        f = must_find(&w, "advice.ssh");
        assert_int_equal(f->severity, SEVERITY_LOW);
        assert_int_equal(f->advice.class, ADVICE_REVIEW);
        assert_string_equal(f->title, "22/tcp is held by own; the number is that of SSH");
        assert_true(says(f->evidence, "by the port number alone"));
}

static void test_sorted(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct finding *last = NULL;

        sample_interface(w.view, HOST_NETNS, "wan0", "8.8.8.8/24");
        (void)sample_listen(w.view, "0.0.0.0:80/tcp",
                            sample_daemon(w.view, 10, "/usr/sbin/nginx", "nginx.service", "nginx"));
        (void)sample_listen(w.view, "0.0.0.0:23/tcp", sample_process(w.view, 11, "/tmp/in.telnetd", NULL));
        (void)sample_listen(
                w.view, "127.0.0.1:6379/tcp",
                sample_daemon(w.view, 12, "/usr/bin/redis-server", "redis.service", "redis-server"));
        (void)sample_listen(w.view, "0.0.0.0:6380/tcp", 2);
        w.view->processes.at[1].exe_deleted = true;
        judge(&w);
        assert_true(w.a->findings.n >= 6);
        vec_foreach(f, &w.a->findings) {
                if (last)
                        assert_true(last->severity > f->severity ||
                                    (last->severity == f->severity &&
                                     (last->listener < f->listener ||
                                      (last->listener == f->listener && strcmp(last->rule, f->rule) < 0))));
                last = f;
        }
        assert_int_equal(w.a->findings.at[0].severity, SEVERITY_CRITICAL);
}

/* --- words ---------------------------------------------------------------------------------------- */

static void test_reconfigure_moves_first(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t telnetd =
                sample_daemon(w.view, 700, "/usr/sbin/in.telnetd", "telnetd.service", "inetutils-telnetd");
        const struct finding *f;

        (void)sample_listen(w.view, "0.0.0.0:23/tcp", telnetd);
        f = must_find(&w, "advice.telnet");
        assert_string_equal(f->title, "Telnet (in.telnetd) listens on 23/tcp");
        expect_steps(
                f,
                "Use ssh on 22/tcp instead (package openssh-server)\n"
                "Stop and disable it: systemctl disable --now telnetd.service\n"
                "Remove the server: apt purge inetutils-telnetd\n"
                "On network equipment enable SSH and turn telnet off (transport input ssh).\n"
                "A device that speaks nothing else goes behind a jump host on a management network with no other route.\n");
        (void)inside_package(w.view, "openssh-server", "9.2", "dpkg");
        f = must_find(&w, "advice.telnet");
        assert_string_equal(f->remediation[0],
                            "Use ssh on 22/tcp instead (package openssh-server, installed here)");
        assert_string_equal(f->alternative.protocol, "ssh");
}

static void test_review_stops_first(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct finding *f;

        (void)sample_listen(
                w.view, "0.0.0.0:6379/tcp",
                sample_daemon(w.view, 900, "/usr/bin/redis-server", "redis-server.service", "redis-server"));
        f = must_find(&w, "advice.redis");
        assert_string_equal(f->remediation[0], "Not needed: systemctl disable --now redis-server.service");
        /* the page names the setting: the hint with the same one is not added */
        expect_step(f, "To serve only this machine", false);
        expect_step(f, "bind 127.0.0.1 -::1", true);
        expect_step(f, "Remove it: apt purge redis-server", true);
}

/* Nobody is told to switch off what is expected before all else, nor to remove it. */
static void test_expected_keeps_it(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct finding *f;

        sample_interface(w.view, HOST_NETNS, "wan0", "8.8.8.8/24");
        (void)sample_listen(
                w.view, "0.0.0.0:25/tcp",
                sample_daemon(w.view, 900, "/usr/lib/postfix/sbin/master", "postfix@-.service", "postfix"));
        f = must_find(&w, "advice.smtp");
        assert_null(strstr(f->remediation[0], "systemctl disable"));
        expect_step(f, "systemctl disable --now postfix@-.service", true);
        expect_step(f, "apt purge", false);
}

/* No command stands in two steps, whatever the page, the owner and the scope. */
static void test_each_command_once(void **state)
{
        size_t n;
        const struct page *const *pages = knowledge_pages(guide, &n);

        for (size_t i = 0; i < n; i++) {
                _cleanup_world_ struct world w = world_new();
                const char *program = pages[i]->n_programs ? pages[i]->programs[0] : "own";
                const char *package = pages[i]->n_packages ? pages[i]->packages[0] : "own-package";

                if (!pages[i]->n_ports || !pages[i]->n_programs)
                        continue;
                sample_interface(w.view, HOST_NETNS, "wan0", "8.8.8.8/24");
                _cleanup_free_ char *exe = xasprintf("/usr/sbin/%s", program);
                uint32_t p = sample_daemon(w.view, 700, exe, "own.service", package);
                char text[PORT_RANGE_TEXT_SIZE];
                struct port_range first = pages[i]->ports[0];

                first.last = first.first;
                _cleanup_free_ char *place = xasprintf("0.0.0.0:%s", port_range_format(&first, text));
                (void)sample_listen(w.view, place, p);
                judge(&w);
                vec_foreach(f, &w.a->findings) {
                        unsigned stops = 0, purges = 0;

                        for (const char *const *step = f->remediation; *step; step++) {
                                stops += strstr(*step, "systemctl disable --now own.service") != NULL;
                                purges += strstr(*step, "apt purge") != NULL;
                                assert_null(strchr(*step, '\n'));
                        }
                        if (stops > 1 || purges > 1 || !f->remediation[0])
                                fail_msg("%s: %u times how to stop it, %u times how to remove it", f->rule,
                                         stops, purges);
                }
        }
}

/* The program may be of another package than the unit, which is the one that the guide knows. */
static void test_split_packages(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_daemon(w.view, 700, "/usr/sbin/mariadbd", "mariadb.service", "mariadb-server");
        const struct finding *f;

        w.view->processes.at[p].package = inside_package(w.view, "mariadb-server-core", "10.11", "dpkg");
        (void)sample_listen(w.view, "0.0.0.0:3306/tcp", p);
        f = must_find(&w, "advice.mysql");
        expect_step(f, "apt purge mariadb-server", true);
        expect_step(f, "mariadb-server-core", false);
        assert_true(says(f->evidence, "package: mariadb-server-core")); /* what is so is said */

        w.view->processes.at[p].package = NONE; /* a number alone, and a program of no package */
        w.view->processes.at[p].exe = "/opt/own";
        f = must_find(&w, "advice.mysql");
        assert_true(says(f->evidence, "by the port number alone"));
}

struct stop_case {
        const char *unit, *manager, *startup, *runtime, *container, *expected;
};

static void test_how_to_stop(void **state)
{
        static const struct stop_case cases[] = {
                {"own.service", "systemd", "enabled", NULL, NULL,
                 "Not needed? Stop it and keep it from starting: systemctl disable --now own.service"},
                {"own@1.service", "systemd", "static", NULL, NULL,
                 "Not needed? Stop it and keep it from starting: systemctl mask --now own@1.service"},
                {"run-u12.service", "systemd", "transient", NULL, NULL,
                 "Not needed? Stop it: systemctl stop run-u12.service"},
                {"own.scope", "systemd", "transient", NULL, NULL,
                 "Not needed? Stop it: systemctl stop own.scope"},
                {"own", "sysv", "enabled", NULL, NULL,
                 "Not needed? Stop it and keep it from starting: service own stop; update-rc.d own disable"},
                {"session-3.scope", "systemd", "transient", NULL, NULL,
                 "User root started it from a login session: end it there, or: kill 700"},
                {"user@1000.service", "systemd", "static", NULL, NULL,
                 "A service of user root, not of the system; as that user: systemctl --user status 700 names its unit, "
                 "systemctl --user disable --now stops it"},
                {"docker-4f5a.scope", "systemd", "transient", "docker", "web",
                 "Not needed? Stop the container: docker stop web; docker update --restart=no web"},
                {"own.scope", "systemd", "transient", "podman", "web",
                 "Not needed? Stop the container: podman stop web; podman update --restart=no web"},
                {"own.scope", "systemd", "transient", "lxc", "web",
                 "Not needed? Stop the container: lxc-stop -n web"},
                {"own.scope", "systemd", "transient", "nspawn", "web",
                 "Not needed? Stop the container: machinectl disable web; machinectl poweroff web"},
                {"own.scope", "systemd", "transient", "kubernetes", "4f5a6b",
                 "It runs in kubernetes container 4f5a6b: change it where that is deployed from"},
                {NULL, NULL, NULL, NULL, NULL,
                 "No unit runs it: find what started it (ps -o ppid,user,lstart,cmd -p 700), then end it: kill 700"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t p = sample_process(w.view, 700, "/usr/sbin/own", NULL);

                if (cases[i].unit) {
                        uint32_t index = sample_unit(w.view, cases[i].unit, NULL);
                        struct service *unit = &w.view->services.at[index];

                        unit->manager = cases[i].manager;
                        unit->startup = cases[i].startup;
                        w.view->processes.at[p].unit = 0;
                }
                if (cases[i].runtime)
                        w.view->processes.at[p].container = sample_container(
                                w.view, cases[i].runtime, "4f5a6b7c8d9e", cases[i].container);
                (void)sample_listen(w.view, "0.0.0.0:47111/tcp", p);
                assert_string_equal(must_find(&w, "unknown-service")->remediation[1], cases[i].expected);
        }
}

/* Its own file stands where the mask would have to be. */
static void test_static_unit_in_etc(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_daemon(w.view, 700, "/usr/sbin/own", "own.service", NULL);

        w.view->services.at[0].startup = "static";
        w.view->services.at[0].file = "/lib/systemd/system/own.service";
        (void)sample_listen(w.view, "0.0.0.0:47111/tcp", p);
        expect_step(must_find(&w, "unknown-service"),
                    "keep it from starting: systemctl mask --now own.service", true);
        w.view->services.at[0].file = "/etc/systemd/system/own.service";
        expect_step(must_find(&w, "unknown-service"), "Not needed? Stop it: systemctl stop own.service",
                    true);
}

/* Also the steps of a page do not touch what is not the listener's own. */
static void test_pages_leave_others_alone(void **state)
{
        static const char *const units[] = {"session-3.scope", "user@1000.service", "docker-4f5a.scope"};
        static const char *const says[] = {"kill 700", "systemctl --user", "docker stop cache"};

        for (size_t i = 0; i < array_len(units); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t p = sample_process(w.view, 700, "/usr/bin/redis-server", NULL);
                const struct finding *f;

                (void)sample_unit(w.view, units[i], NULL);
                w.view->processes.at[p].unit = 0;
                if (i == 2)
                        w.view->processes.at[p].container =
                                sample_container(w.view, "docker", "4f5a", "cache");
                (void)sample_listen(w.view, "0.0.0.0:6379/tcp", p);
                f = must_find(&w, "advice.redis");
                expect_step(f, units[i], false);
                expect_step(f, says[i], true);
        }
}

static void test_socket_unit(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_daemon(w.view, 700, "/usr/sbin/rpcbind", "rpcbind.service", "rpcbind");
        uint32_t socket = sample_unit(w.view, "rpcbind.socket", NULL), unit = w.view->processes.at[p].unit;
        const struct finding *f;

        w.view->services.at[unit].triggered_by = socket; /* though it does not hold this port */
        w.view->services.at[unit].startup = "static";    /* the socket is what is enabled */
        (void)sample_listen(w.view, "0.0.0.0:47111/udp", p);
        f = must_find(&w, "advice.rpcbind");
        /* the page's step names the socket itself */
        expect_step(f, "systemctl disable --now rpcbind.service rpcbind.socket", true);
        expect_step(f, "rpcbind.socket rpcbind.service", false);
        w.view->processes.at[p].exe = "/usr/sbin/own";
        w.view->processes.at[p].package = NONE;
        expect_step(must_find(&w, "unknown-service"),
                    "systemctl disable --now rpcbind.socket rpcbind.service", true);
}

/*
 * postgresql@15-main.service is not enabled by itself: to disable it alone would not keep it from starting.
 */
static void test_instance(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_daemon(w.view, 700, "/usr/lib/postgresql/15/bin/postgres",
                                   "postgresql@15-main.service", "postgresql-15");

        (void)sample_listen(w.view, "0.0.0.0:5432/tcp", p);
        (void)sample_unit(w.view, "postgresql.service", "/bin/true");
        expect_step(must_find(&w, "advice.postgresql"), "disable --now postgresql@15-main.service", true);
        w.view->services.at[0].startup = "disabled";
        expect_step(must_find(&w, "advice.postgresql"),
                    "disable --now postgresql.service postgresql@15-main.service", true);
        expect_step(must_find(&w, "advice.postgresql"), "then systemctl restart postgresql@15-main.service",
                    true);
        assert_null(find(&w, "started-by-hand")); /* the other unit brought it */
}

/* Who stops a unit for one port is told what else it serves. */
static void test_also_stopped(void **state)
{
        static const char note[] =
                "Mind that dovecot.service also serves 993/tcp, 995/tcp: to stop it closes them too";
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_daemon(w.view, 700, "/usr/sbin/dovecot", "dovecot.service", "dovecot-core");
        const struct finding *f;

        (void)sample_listen(w.view, "0.0.0.0:143/tcp", p);
        (void)sample_listen(w.view, "[::]:143/tcp", p);
        sample_interface(w.view, HOST_NETNS, "wan0", "8.8.8.8/24");
        f = must_find(&w, "advice.imap");
        expect_step(f, "Mind that", false);
        (void)sample_listen(w.view, "0.0.0.0:993/tcp", p);
        (void)sample_listen(w.view, "0.0.0.0:995/tcp", p);
        f = must_find(&w, "advice.imap");
        expect_step(f, note, true);
        expect_step(f, "apt purge", false);
        assert_string_equal(f->remediation[0], "Use imaps on 993/tcp instead (served here already)");
        for (uint16_t port = 2000; port < 2020; port++) {
                struct socket_seen *s = sample_listen(w.view, "0.0.0.0:1/tcp", p);

                s->port = port;
        }
        expect_step(must_find(&w, "advice.imap"), "2004/tcp and more: to stop", true);
}

/* Without a step of the page, to stop it comes first only where nothing else stops with it. */
static void test_resolver_is_not_stopped_for_llmnr(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_daemon(w.view, 700, "/usr/lib/systemd/systemd-resolved",
                                   "systemd-resolved.service", "systemd-resolved");
        const struct finding *f;

        (void)sample_listen(w.view, "0.0.0.0:5355/udp", p);
        (void)sample_listen(w.view, "127.0.0.53:53/udp", p);
        f = must_find(&w, "advice.llmnr");
        assert_string_equal(
                f->remediation[0],
                "Set LLMNR=no in /etc/systemd/resolved.conf, then systemctl restart systemd-resolved.service");
        expect_step(f, "also serves 53/udp", true);
        expect_step(f, "apt purge", false);
        expect_step(f, "Windows", false);
}

static void test_docker_proxy(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct finding *f;

        (void)sample_listen(
                w.view, "0.0.0.0:8080/tcp",
                sample_daemon(w.view, 700, "/usr/sbin/docker-proxy", "docker.service", "docker.io"));
        f = must_find(
                &w,
                "advice.published-container"); /* not the page of the API, which is of the same package */
        assert_string_equal(
                f->remediation[0],
                "Not needed? Find the container (docker ps --filter publish=8080) and stop it: docker stop NAME");
        expect_step(f, "docker.service", false);
        expect_step(f, "apt purge", false);
}

static void test_inetd_entry(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t inetd = sample_daemon(w.view, 411, "/usr/sbin/inetd", "inetd.service", "openbsd-inetd");
        uint32_t entry = inside_service(w.view, "telnet/tcp");
        struct service *service = &w.view->services.at[entry];
        const struct finding *f;

        service->manager = "inetd";
        service->file = "/etc/inetd.conf";
        service->exec = "/usr/sbin/in.telnetd";
        service->package = inside_package(w.view, "inetutils-telnetd", "2.4", "dpkg");
        sample_activation(w.view, "0.0.0.0:23/tcp", entry);
        (void)sample_listen(w.view, "0.0.0.0:23/tcp", inetd);
        f = must_find(&w, "advice.telnet");
        assert_string_equal(f->title, "Telnet (in.telnetd) listens on 23/tcp");
        assert_int_equal(f->severity, SEVERITY_HIGH);
        assert_true(says(f->evidence,
                         "entry of inetd: telnet/tcp in /etc/inetd.conf, answered by /usr/sbin/in.telnetd"));
        expect_steps(
                f,
                "Use ssh on 22/tcp instead (package openssh-server)\n"
                "Not needed? Put # before the line of 'telnet/tcp' in /etc/inetd.conf, then: systemctl reload inetd.service\n"
                "No other entry in use? Then the super-server can go too: systemctl disable --now inetd.service\n"
                "Remove the server: apt purge inetutils-telnetd\n"
                "On network equipment enable SSH and turn telnet off (transport input ssh).\n"
                "A device that speaks nothing else goes behind a jump host on a management network with no other route.\n");
        w.view->services.at[entry].manager = "xinetd";
        w.view->services.at[entry].file = "/etc/xinetd.d/telnet";
        w.view->processes.at[inetd].name = "xinetd";
        expect_step(
                must_find(&w, "advice.telnet"),
                "Not needed? Set disable = yes in the entry 'telnet/tcp' in /etc/xinetd.d/telnet, then: systemctl reload",
                true);
}

static void test_forward_rule(void **state)
{
        _cleanup_world_ struct world w = world_new();

        *vec_push(&w.view->forwards) =
                (struct forward){.port = 47111, .to_port = 80, .rule = "ip nat DOCKER handle 12"};
        expect_steps(
                must_find(&w, "unknown-service"),
                "Find out who needs it and from where; let only that through\n"
                "If a container publishes it: publish it on loopback only (-p 127.0.0.1:47111:80) or not at all\n"
                "Otherwise find what made the rule and remove it there: nft -a list ruleset (ip nat DOCKER handle 12)\n");
}

static void test_bind_hint(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t named = sample_daemon(w.view, 700, "/usr/sbin/named", "named.service", "bind9");
        const struct finding *f;

        sample_interface(w.view, HOST_NETNS, "wan0", "8.8.8.8/24");
        (void)sample_listen(w.view, "0.0.0.0:53/udp", named);
        f = must_find(&w, "advice.dns");
        expect_step(f,
                    "To serve only this machine: set `listen-on { 127.0.0.1; }; listen-on-v6 { ::1; };` in "
                    "/etc/bind/named.conf.options, then restart it: systemctl restart named.service",
                    true);
        w.view->processes.at[named].package = inside_package(w.view, "unbound", "1.17", "dpkg");
        expect_step(must_find(&w, "advice.dns"), "/etc/unbound/unbound.conf", true);
}

static void test_removal(void **state)
{
        static const struct {
                const char *exe, *package, *manager;
                bool offered;
        } cases[] = {
                {"/usr/sbin/own", "own-server", "dpkg", true},
                {"/usr/sbin/own", "own-server", "rpm", false},
                {"/usr/bin/python3.11", "python3.11-minimal", "dpkg",
                 false}, /* half the system stands on it */
                {"/usr/lib/jvm/bin/java", "openjdk-17-jre-headless", "dpkg", false},
                {"/usr/lib/systemd/systemd-other", "systemd", "dpkg", false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t p = sample_process(w.view, 700, cases[i].exe, NULL);

                w.view->processes.at[p].package =
                        inside_package(w.view, cases[i].package, "1", cases[i].manager);
                (void)sample_listen(w.view, "0.0.0.0:47111/tcp", p);
                expect_step(must_find(&w, "unknown-service"), "apt purge", cases[i].offered);
        }
}

/* What an intruder may name as he likes is never put where a shell would take it apart. */
static void test_hostile_names(void **state)
{
        static const char *const hostile[] = {
                "x;reboot",      "$(reboot)", "`reboot`", "x reboot", "x\nreboot", "x|reboot", "x&reboot",
                "x>/etc/passwd", "-rf",       "x'y",      "x\"y",     "x\\y",      "x*",       "~x",
                "x#y",           "x!y",       "x{a,b}",   "\x1b[31m", "\xff",      "",
        };

        for (size_t i = 0; i < array_len(hostile); i++)
                for (int what = 0; what < 5; what++) {
                        const char *name = hostile[i];
                        _cleanup_world_ struct world w = world_new();
                        _cleanup_free_ char *path = xasprintf("/usr/sbin/%s", name);
                        uint32_t p = sample_daemon(w.view, 700, what == 0 ? path : "/usr/bin/redis-server",
                                                   what == 1 ? name : "own.service",
                                                   what == 2 ? name : "redis-server");

                        w.view->processes.at[p].exe_deleted = true;
                        w.view->services.at[0].startup = "disabled";
                        if (what == 3)
                                w.view->processes.at[p].container =
                                        sample_container(w.view, "docker", NULL, name);
                        if (what == 4) {
                                uint32_t socket = sample_unit(w.view, name, NULL);

                                w.view->services.at[0].triggered_by = socket;
                        }
                        (void)sample_listen(w.view, "0.0.0.0:6379/tcp", p);
                        judge(&w);
                        assert_true(w.a->findings.n > 0);
                        vec_foreach(f, &w.a->findings) {
                                assert_non_null(f->remediation[0]);
                                for (const char *const *step = f->remediation; *step && *name; step++)
                                        if (strstr(*step, name) && (*name != '-' || strstr(*step, " -rf")))
                                                fail_msg("%s of '%s': %s", f->rule, name, *step);
                                for (const char *const *step = f->remediation; *step; step++)
                                        if (str_ends(*step, " ") || strstr(*step, "  "))
                                                fail_msg("%s: a word is missing: %s", f->rule, *step);
                        }
                }
}

/* The command approves the program that was seen, or there is none. */
static void test_approval_of_one_program(void **state)
{
        static const struct {
                const char *exe, *step; /* NULL: no command */
        } cases[] = {
                {"/usr/sbin/x", "quaymaster policy approve 47111/tcp --process /usr/sbin/x --need"},
                {"/opt/a b", "quaymaster policy approve 47111/tcp --process '/opt/a b' --need"},
                {"/opt/[x]", "quaymaster policy approve 47111/tcp --process '/opt/[x]' --need"},
                {"/opt/*", NULL}, {"/opt/a?", NULL}, {"/opt/a\nb", NULL}, {"/opt/it's", NULL}, {"/opt/\xff", NULL},
                {NULL, "quaymaster policy approve 47111/tcp --need"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                const struct finding *found = NULL;

                (void)sample_listen(w.view, "0.0.0.0:47111/tcp", sample_process(w.view, 700, cases[i].exe, NULL));
                w.a = assess_correlate(w.view, guide);
                w.a->listeners.at[0].judgement = (struct judgement){.verdict = VERDICT_UNAPPROVED, .why = "none"};
                assess_judge(w.a, guide);
                vec_foreach(f, &w.a->findings)
                        if (streq(f->rule, "policy.unapproved"))
                                found = f;
                assert_non_null(found);
                assert_true(says(found->remediation, "Needed? "));
                assert_int_equal(says(found->remediation, "policy approve"), cases[i].step != NULL);
                if (cases[i].step && !says(found->remediation, cases[i].step))
                        fail_msg("%s: %s", cases[i].exe, found->remediation[0]);
        }
}

static const struct finding *waiting(struct world *w, const struct policy_rule *rule)
{
        (void)sample_listen(w->view, "0.0.0.0:47111/tcp", sample_process(w->view, 700, "/usr/sbin/x", NULL));
        w->a = assess_correlate(w->view, guide);
        w->a->listeners.at[0].judgement =
                (struct judgement){.verdict = VERDICT_UNAPPROVED, .rule = rule, .why = "need: TODO"};
        assess_judge(w->a, guide);
        vec_foreach(f, &w->a->findings)
                if (streq(f->rule, "policy.unapproved"))
                        return f;
        fail_msg("no finding");
        return NULL;
}

/* What waits for a need is filled in by the command, found by all that it says of itself. */
static void test_entry_that_waits(void **state)
{
        static const char *names[] = {"/usr/sbin/x", "x*"}, *quoted[] = {"it's"};
        struct policy_ports tcp = {1u << TRANSPORT_TCP, false, 47111, 47111}, two[2] = {tcp, tcp};
        struct policy_ports range = {1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP, false, 47111, 47200};
        struct policy_ports dynamic = {.transports = 1u << TRANSPORT_TCP, .dynamic = true};
        struct policy_ports raw = {1u << TRANSPORT_RAW, false, 112, 112};
        const struct {
                struct policy_rule rule;
                const char *step;
        } cases[] = {
                {{.line = 7, .ports = &tcp, .n_ports = 1}, "line 7 of policy.yaml: quaymaster policy approve 47111/tcp --need "},
                {{.ports = &range, .n_ports = 1}, "approve 47111-47200 --need "},
                {{.ports = &dynamic, .n_ports = 1}, "approve dynamic/tcp --need "},
                {{.ports = &raw, .n_ports = 1}, "approve ip/112 --need "},
                {{.ports = &tcp, .n_ports = 1, .process = {names, 1}, .container = {names + 1, 1}},
                 "approve 47111/tcp --process /usr/sbin/x --container 'x*' --need "},
                {{.ports = &tcp, .n_ports = 1, .unit = {names + 1, 1}, .on_name = {names, 1}},
                 "approve 47111/tcp --unit 'x*' --on /usr/sbin/x --need "},
                {{.line = 7, .ports = two, .n_ports = 2}, "who approved it in line 7 of policy.yaml"},
                {{.line = 7}, "who approved it in line 7 of policy.yaml"},
                {{.line = 7, .ports = &tcp, .n_ports = 1, .process = {names, 2}}, "who approved it in line 7"},
                {{.line = 7, .ports = &tcp, .n_ports = 1, .unit = {quoted, 1}}, "who approved it in line 7"},
                {{.line = 7, .ports = &tcp, .n_ports = 1, .on_tags = {names, 1}}, "who approved it in line 7"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                const struct finding *f = waiting(&w, &cases[i].rule);

                if (!says(f->remediation, cases[i].step))
                        fail_msg("%zu: %s", i, f->remediation[0]);
        }
}

static void test_lines(void **state)
{
        struct lines lines = {0};

        lines_add(&lines, NULL);
        lines_add(&lines, "a");
        lines_add(&lines, "a");
        assert_int_equal(lines.n, 1);
        for (int i = 0; i < 2 * MAX_LINES; i++) {
                char *text = xasprintf("%d", i);

                lines_add(&lines, text);
                if (!lines.n || lines.at[lines.n - 1] != text)
                        free(text);
        }
        assert_int_equal(lines.n, MAX_LINES);
        for (size_t i = 1; i < lines.n; i++)
                free((void *)(uintptr_t)lines.at[i]);
}

static int open_guide(void **state)
{
        guide = *state = knowledge_open(NULL, NULL, NULL);
        return 0;
}

static int close_guide(void **state)
{
        *state = knowledge_free(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_no_package_database),
                cmocka_unit_test(test_severity_by_exposure),
                cmocka_unit_test(test_number_alone),
                cmocka_unit_test(test_number_of_expected),
                cmocka_unit_test(test_sorted),
                cmocka_unit_test(test_reconfigure_moves_first),
                cmocka_unit_test(test_review_stops_first),
                cmocka_unit_test(test_expected_keeps_it),
                cmocka_unit_test(test_each_command_once),
                cmocka_unit_test(test_split_packages),
                cmocka_unit_test(test_static_unit_in_etc),
                cmocka_unit_test(test_how_to_stop),
                cmocka_unit_test(test_pages_leave_others_alone),
                cmocka_unit_test(test_socket_unit),
                cmocka_unit_test(test_instance),
                cmocka_unit_test(test_also_stopped),
                cmocka_unit_test(test_resolver_is_not_stopped_for_llmnr),
                cmocka_unit_test(test_docker_proxy),
                cmocka_unit_test(test_inetd_entry),
                cmocka_unit_test(test_forward_rule),
                cmocka_unit_test(test_approval_of_one_program),
                cmocka_unit_test(test_entry_that_waits),
                cmocka_unit_test(test_bind_hint),
                cmocka_unit_test(test_removal),
                cmocka_unit_test(test_hostile_names),
                cmocka_unit_test(test_lines),
        };

        return cmocka_run_group_tests(tests, open_guide, close_guide);
}
