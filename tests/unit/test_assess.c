/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views built by hand, joined and judged with the guide as it is built in. Findings and their words:
 * test_assess_findings.c.
 */
#include "test.h"

#include "assess/assess.h"
#include "base/str.h"
#include "inside_sample.h"

struct world { /* what a test builds and what comes of it */
        struct inside *view;
        struct assessment *a;
};

static const struct knowledge *guide; /* opened once: constant */

static struct world world_new(void)
{
        return (struct world){.view = sample_inside()};
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
}

/* The only listener there is. */
static const struct listener *only(struct world *w)
{
        judge(w);
        assert_int_equal(w->a->listeners.n, 1);
        return w->a->listeners.at;
}

/* --- sockets into listeners ----------------------------------------------------------------------- */

static void test_nothing(void **state)
{
        _cleanup_world_ struct world w = world_new();

        judge(&w);
        assess_services(w.a);
        assess_judge(w.a, guide);
        assert_int_equal(w.a->listeners.n + w.a->clients.n + w.a->services.n + w.a->findings.n, 0);
}

static void test_reuseport_group(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t workers[] = {
                sample_process(w.view, 300, "/usr/sbin/nginx", NULL),
                sample_process(w.view, 100, "/usr/sbin/nginx", NULL),
                sample_process(w.view, 200, "/usr/sbin/nginx", NULL),
        };
        const struct listener *l;

        for (size_t i = 0; i < array_len(workers); i++)
                (void)sample_listen(w.view, "0.0.0.0:80/tcp", workers[i]);
        sample_own(w.view, workers[0]); /* holds two of them: named once */
        l = only(&w);
        assert_int_equal(l->n_sockets, 3);
        assert_int_equal(l->n_processes, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(l->processes[i]->pid, 100 * (i + 1));
}

static void test_many_owners(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct listener *l;

        (void)sample_socket(w.view, HOST_NETNS, "0.0.0.0:25/tcp");
        for (pid_t i = 0; i < 40; i++)
                sample_own(w.view, sample_process(w.view, 1000 + (i * 7) % 40, "/usr/sbin/exim4", NULL));
        l = only(&w);
        assert_int_equal(l->n_processes, 40);
        for (size_t i = 0; i < 40; i++)
                assert_int_equal(l->processes[i]->pid, 1000 + i);
}

/* Each pair differs in one part of the identity: two listeners. */
static void test_identity(void **state)
{
        static const char *const pairs[][2] = {
                {"0.0.0.0:80/tcp", "0.0.0.0:81/tcp"},
                {"0.0.0.0:80/tcp", "0.0.0.0:80/udp"},
                {"0.0.0.0:80/tcp", "127.0.0.1:80/tcp"},
                {"0.0.0.0:80/tcp", "[::]:80/tcp"},
        };

        for (size_t i = 0; i < array_len(pairs); i++) {
                _cleanup_world_ struct world w = world_new();

                (void)sample_socket(w.view, HOST_NETNS, pairs[i][0]);
                (void)sample_socket(w.view, HOST_NETNS, pairs[i][1]);
                judge(&w);
                assert_int_equal(w.a->listeners.n, 2);
        }
        for (int what = 0; what < 3; what++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t box = sample_netns(w.view, "box", NETNS_NAMED);
                struct socket_seen *s;

                (void)sample_socket(w.view, HOST_NETNS, "[::]:80/tcp");
                s = sample_socket(w.view, what == 0 ? box : HOST_NETNS, "[::]:80/tcp");
                s->ifindex = what == 1 ? 2 : 0;
                s->v6only = what == 2;
                judge(&w);
                assert_int_equal(w.a->listeners.n, 2);
        }
}

/* The host first, then by the role's name; inside by transport, port, address. */
static void test_order(void **state)
{
        static const char *const expected[] = {"host 80", "host 443", "host 53", "a 80", "b 80"};
        _cleanup_world_ struct world w = world_new();
        uint32_t b = sample_netns(w.view, "b", NETNS_NAMED), a = sample_netns(w.view, "a", NETNS_NAMED);
        size_t i = 0;

        (void)sample_socket(w.view, b, "0.0.0.0:80/tcp");
        (void)sample_socket(w.view, a, "0.0.0.0:80/tcp");
        (void)sample_socket(w.view, HOST_NETNS, "0.0.0.0:53/udp");
        (void)sample_socket(w.view, HOST_NETNS, "0.0.0.0:443/tcp");
        (void)sample_socket(w.view, HOST_NETNS, "0.0.0.0:80/tcp");
        judge(&w);
        vec_foreach(l, &w.a->listeners) {
                _cleanup_free_ char *text = xasprintf("%s %u", l->netns->role, l->port);

                assert_string_equal(text, expected[i++]);
        }
        assert_int_equal(i, array_len(expected));
}

static void test_dual_stack(void **state)
{
        static const struct {
                const char *place;
                bool v6only, dual;
        } cases[] = {
                {"[::]:80/tcp", false, true},   {"[::]:80/tcp", true, false},
                {"[::1]:80/tcp", false, false}, {"0.0.0.0:80/tcp", false, false},
                {"[::]:58/raw", false, false}, /* an IPv6 raw socket takes no IPv4 */
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();

                sample_socket(w.view, HOST_NETNS, cases[i].place)->v6only = cases[i].v6only;
                assert_int_equal(only(&w)->dual_stack, cases[i].dual);
                assert_int_equal(w.a->listeners.at[0].v6only, cases[i].v6only);
        }
}

/* --- owners --------------------------------------------------------------------------------------- */

static void test_daemon(void **state)
{
        _cleanup_world_ struct world w = world_new();
        const struct listener *l;

        (void)sample_listen(w.view, "0.0.0.0:22/tcp",
                            sample_daemon(w.view, 812, "/usr/sbin/sshd", "ssh.service", "openssh-server"));
        l = only(&w);
        assert_string_equal(l->unit->name, "ssh.service");
        assert_string_equal(l->package->name, "openssh-server");
        assert_string_equal(l->registered, "ssh");
        assert_null(l->container);
        assert_null(l->activation);
        assert_null(l->forward);
}

/* cups.socket, held by PID 1: idle, or with the service running beside it. */
static uint32_t add_cups(struct world *w, const char *place, const char *listens)
{
        uint32_t init = sample_process(w->view, 1, "/usr/lib/systemd/systemd", "systemd");
        uint32_t socket = sample_unit(w->view, "cups.socket", NULL);
        uint32_t service = sample_unit(w->view, "cups.service", "/usr/sbin/cupsd");

        w->view->services.at[socket].triggers = service;
        w->view->services.at[service].triggered_by = socket;
        w->view->services.at[service].package = inside_package(w->view, "cups-daemon", "2.4", "dpkg");
        sample_activation(w->view, listens, socket);
        (void)sample_listen(w->view, place, init);
        return service;
}

static void test_socket_activation(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t service = add_cups(&w, "127.0.0.1:631/tcp", "127.0.0.1:631/tcp");
        const struct listener *l = only(&w);
        uint32_t cupsd;

        assert_string_equal(l->activation->name, "cups.socket");
        assert_string_equal(l->unit->name, "cups.service");
        assert_string_equal(l->package->name, "cups-daemon");
        assert_string_equal(l->protocol, "ipp"); /* by what would be started */
        assert_int_equal(l->confidence, CONFIDENCE_LIKELY);

        cupsd = sample_process(w.view, 900, "/usr/sbin/cupsd", NULL);
        w.view->processes.at[cupsd].unit = service;
        sample_own(w.view, cupsd);
        l = only(&w);
        assert_int_equal(l->n_processes, 2);
        assert_string_equal(l->activation->name, "cups.socket");
        assert_string_equal(l->unit->name, "cups.service");
        assert_string_equal(l->protocol, "ipp");
}

static void test_activation_match(void **state)
{
        static const struct {
                const char *place, *listens;
                bool fits;
        } cases[] = {
                {"[::]:631/tcp", ":631/tcp", true},           {"0.0.0.0:631/tcp", ":631/tcp", true},
                {"127.0.0.1:631/tcp", ":631/tcp", false}, /* a number alone binds to every address */
                {"0.0.0.0:631/tcp", "0.0.0.0:631/tcp", true}, {"[::]:631/tcp", "0.0.0.0:631/tcp", false},
                {"0.0.0.0:631/udp", ":631/tcp", false},       {"0.0.0.0:632/tcp", ":631/tcp", false},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                const struct listener *l;

                (void)add_cups(&w, cases[i].place, cases[i].listens);
                l = only(&w);
                assert_int_equal(l->activation != NULL, cases[i].fits);
                assert_int_equal(l->unit != NULL, cases[i].fits);
        }
}

static uint32_t add_inetd(struct world *w, const char *place, const char *name, const char *exec)
{
        uint32_t inetd = sample_daemon(w->view, 411, "/usr/sbin/inetd", "inetd.service", "openbsd-inetd");
        uint32_t entry = inside_service(w->view, name);
        struct service *service = &w->view->services.at[entry];

        service->manager = "inetd";
        service->state = "listening";
        service->startup = "enabled";
        service->file = "/etc/inetd.conf";
        service->exec = exec;
        sample_activation(w->view, place, entry);
        (void)sample_listen(w->view, place, inetd);
        return entry;
}

static void test_inetd(void **state)
{
        static const struct {
                const char *place, *entry, *exec, *guide;
                enum confidence confidence;
        } cases[] = {
                {"0.0.0.0:23/tcp", "telnet/tcp", "/usr/sbin/in.telnetd", "telnet", CONFIDENCE_LIKELY},
                {"0.0.0.0:2323/tcp", "2323/tcp", "/usr/sbin/in.telnetd", "telnet", CONFIDENCE_LIKELY},
                {"0.0.0.0:23/tcp", "telnet/tcp", "/usr/sbin/tcpd", "telnet",
                 CONFIDENCE_LIKELY},                                            /* the wrapper hides it */
                {"0.0.0.0:7/tcp", "echo/tcp", NULL, "echo", CONFIDENCE_LIKELY}, /* inetd itself */
                {"0.0.0.0:23/tcp", "telnet/tcp", "/usr/local/bin/own", "telnet", CONFIDENCE_REGISTERED},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                const struct listener *l;

                (void)add_inetd(&w, cases[i].place, cases[i].entry, cases[i].exec);
                l = only(&w);
                assert_string_equal(l->activation->name, cases[i].entry);
                assert_ptr_equal(l->unit, l->activation); /* inetd only holds the socket for it */
                assert_string_equal(l->guide, cases[i].guide);
                assert_int_equal(l->confidence, cases[i].confidence);
        }
}

/* The package is that of the program that answers. */
/* What the files of this host say binds its own daemons only. */
static void test_inetd_in_container(void **state)
{
        _cleanup_world_ struct world w = world_new();

        (void)add_inetd(&w, "0.0.0.0:23/tcp", "telnet/tcp", "/usr/sbin/in.telnetd");
        w.view->processes.at[0].container = sample_container(w.view, "docker", "4f5a6b7c8d9e", "old");
        assert_null(only(&w)->activation);
}

static void test_inetd_package(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t entry = add_inetd(&w, "0.0.0.0:23/tcp", "telnet/tcp", "/usr/sbin/in.telnetd");

        assert_null(only(&w)->package); /* not that of inetd */
        w.view->services.at[entry].package = inside_package(w.view, "inetutils-telnetd", "2.4", "dpkg");
        assert_string_equal(only(&w)->package->name, "inetutils-telnetd");
}

/* PID 1 stands for a socket only where it holds it for nobody. */
static void test_init_itself(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t init = sample_daemon(w.view, 1, "/sbin/init", "init.scope", "systemd-sysv");
        const struct listener *l;

        (void)sample_listen(w.view, "0.0.0.0:9999/tcp", init);
        l = only(&w);
        assert_string_equal(l->unit->name, "init.scope");
        assert_string_equal(l->package->name, "systemd-sysv");
        assert_null(l->activation);
}

static void test_container(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t box = sample_netns(w.view, "docker:web", NETNS_CONTAINER);
        uint32_t p = sample_process(w.view, 5000, "/usr/sbin/nginx", NULL);
        const struct listener *l;

        w.view->processes.at[p].container = sample_container(w.view, "docker", "4f5a6b7c8d9e", "web");
        w.view->processes.at[p].foreign_root = true;
        (void)sample_socket(w.view, box, "0.0.0.0:80/tcp");
        sample_own(w.view, p);
        l = only(&w);
        assert_string_equal(l->container->name, "web");
        assert_string_equal(l->netns->role, "docker:web");
        assert_null(l->package);
}

static void test_forward(void **state)
{
        _cleanup_world_ struct world w = world_new();
        struct forward *f = vec_push(&w.view->forwards);
        const struct listener *l;

        *f = (struct forward){.port = 8080, .to_port = 80, .rule = "ip nat DOCKER handle 12"};
        l = only(&w);
        assert_int_equal(l->kind, LISTENER_FORWARD);
        assert_int_equal(l->port_last, 8080);
        assert_ptr_equal(l->forward, f);
        assert_int_equal(l->n_sockets, 0);
        f->port_last = 8090;
        assert_int_equal(only(&w)->port_last, 8090);
}

static void test_unowned(void **state)
{
        _cleanup_world_ struct world w = world_new();
        struct socket_seen *s = sample_socket(w.view, HOST_NETNS, "0.0.0.0:51820/udp");
        const struct listener *l;

        s->owner_note = "held by the kernel";
        s->unit = sample_unit(w.view, "wg-quick@wg0.service", NULL);
        l = only(&w);
        assert_int_equal(l->n_processes, 0);
        assert_string_equal(l->owner_note, "held by the kernel");
        assert_string_equal(l->unit->name, "wg-quick@wg0.service"); /* by the control group it was made in */
        assert_string_equal(l->guide, "wireguard");
        assert_int_equal(l->confidence, CONFIDENCE_REGISTERED);
}

static void test_services(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t sshd = sample_daemon(w.view, 812, "/usr/sbin/sshd", "ssh.service", "openssh-server");

        (void)sample_unit(w.view, "cron.service", "/usr/sbin/cron");
        (void)sample_listen(w.view, "0.0.0.0:22/tcp", sshd);
        (void)sample_listen(w.view, "[::]:22/tcp", sshd);
        (void)add_cups(&w, "127.0.0.1:631/tcp", "127.0.0.1:631/tcp");
        judge(&w);
        assess_services(w.a);
        assert_int_equal(w.a->services.n, 4); /* by name, also those without a port */
        assert_string_equal(w.a->services.at[0].service->name, "cron.service");
        assert_int_equal(w.a->services.at[0].n_listeners, 0);
        assert_string_equal(w.a->services.at[1].service->name, "cups.service");
        assert_int_equal(w.a->services.at[1].n_listeners, 1);
        assert_string_equal(w.a->services.at[2].service->name, "cups.socket");
        assert_int_equal(w.a->services.at[2].n_listeners, 1);
        assert_int_equal(w.a->services.at[3].n_listeners, 2);
        assert_int_equal(w.a->services.at[3].listeners[1]->port, 22);
}

/* --- exposure ------------------------------------------------------------------------------------- */

#define LAN     "10.20.0.5/24"
#define PUBLIC  "8.8.8.8/24"
#define PUBLIC6 "2a01:4f8::1/64"

static void test_exposure(void **state)
{
        static const struct {
                const char *place, *device, *lan, *public;
                bool private;
                enum exposure_scope scope;
                const char *why;  /* a part of it */
                const char *from; /* reachable_from, joined */
        } cases[] = {
                {"127.0.0.1:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_LOOPBACK, "loopback address",
                 "host"},
                {"[::1]:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_LOOPBACK, "loopback address", "host"},
                {"127.9.9.9:80/tcp", NULL, LAN, NULL, false, EXPOSURE_LOOPBACK, "loopback address", "host"},
                {"0.0.0.0:80/tcp", "lo", LAN, PUBLIC, false, EXPOSURE_LOOPBACK, "loopback device", "host"},
                {"0.0.0.0:80/tcp", NULL, LAN, NULL, false, EXPOSURE_LINK, "eth0 (10.20.0.5)", "host link"},
                {"10.20.0.5:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_LINK, "bound to one address",
                 "host link"},
                {"0.0.0.0:80/tcp", NULL, NULL, NULL, false, EXPOSURE_LINK, "only loopback now", "host link"},
                {"0.0.0.0:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_INTERNET, "8.8.8.8 of wan0",
                 "host link internet"},
                {"8.8.8.8:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_INTERNET, "bound to one address",
                 "host link internet"},
                {"0.0.0.0:80/tcp", "eth0", LAN, PUBLIC, false, EXPOSURE_LINK, "eth0 (10.20.0.5)",
                 "host link"},
                {"0.0.0.0:80/tcp", "wan0", LAN, PUBLIC, false, EXPOSURE_INTERNET, "8.8.8.8 of wan0",
                 "host link internet"},
                {"[::]:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_INTERNET, "8.8.8.8",
                 "host link internet"}, /* dual-stack */
                {"0.0.0.0:80/tcp", NULL, LAN, PUBLIC6, false, EXPOSURE_LINK, "10.20.0.5", "host link"},
                {"[::]:80/tcp", NULL, LAN, PUBLIC6, false, EXPOSURE_INTERNET, "2a01:4f8::1",
                 "host link internet"},
                {"224.0.0.251:5353/udp", NULL, LAN, PUBLIC, false, EXPOSURE_LINK, "multicast group",
                 "host link"},
                {"[ff02::fb]:5353/udp", NULL, LAN, PUBLIC, false, EXPOSURE_LINK, "multicast group",
                 "host link"},
                {"192.0.2.7:80/tcp", NULL, LAN, PUBLIC, false, EXPOSURE_LINK, "no interface has now",
                 "host link"},
                {"0.0.0.0:80/tcp", NULL, NULL, NULL, true, EXPOSURE_PRIVATE, "without an interface",
                 "netns box"},
                {"0.0.0.0:80/tcp", NULL, LAN, NULL, true, EXPOSURE_PRIVATE, "attached to others by eth0",
                 "netns box link"},
                {"0.0.0.0:80/tcp", NULL, NULL, PUBLIC, true, EXPOSURE_PRIVATE, "attached to others by wan0",
                 "netns box link"},
                {"127.0.0.1:80/tcp", NULL, LAN, NULL, true, EXPOSURE_LOOPBACK, "loopback address",
                 "netns box"},
                {"10.9.9.9:80/tcp", NULL, LAN, NULL, true, EXPOSURE_PRIVATE, "without an interface",
                 "netns box"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t netns = cases[i].private ? sample_netns(w.view, "box", NETNS_NAMED) : HOST_NETNS;
                _cleanup_str_ struct str from = {0};
                const struct exposure *e;

                if (cases[i].lan)
                        sample_interface(w.view, netns, "eth0", cases[i].lan);
                if (cases[i].public)
                        sample_interface(w.view, netns, "wan0", cases[i].public);
                sample_socket(w.view, netns, cases[i].place)->device = cases[i].device;
                e = &only(&w)->exposure;
                for (size_t n = 0; n < array_len(e->reachable_from) && e->reachable_from[n]; n++)
                        str_addf(&from, "%s%s", n ? " " : "", e->reachable_from[n]);
                if (e->scope != cases[i].scope || !strstr(e->why, cases[i].why) ||
                    !streq(str_text(&from), cases[i].from))
                        fail_msg("case %zu, %s: %s (%s) from %s", i, cases[i].place,
                                 exposure_scope_name(e->scope), e->why, str_text(&from));
                assert_null(e->blocked_by); /* nobody looked */
        }
}

/* v6-only takes nothing over IPv4, an interface that is down nothing at all. */
static void test_exposure_by_family_and_state(void **state)
{
        _cleanup_world_ struct world w = world_new();
        struct socket_seen *s = sample_socket(w.view, HOST_NETNS, "[::]:80/tcp");

        sample_interface(w.view, HOST_NETNS, "wan0", PUBLIC);
        assert_int_equal(only(&w)->exposure.scope, EXPOSURE_INTERNET);
        s->v6only = true;
        assert_int_equal(only(&w)->exposure.scope, EXPOSURE_LINK);
        s->v6only = false;
        w.view->addresses.at[w.view->addresses.n - 1].up = false;
        assert_int_equal(only(&w)->exposure.scope, EXPOSURE_LINK);
}

/* A forward without an address is on all of the host's. */
static void test_exposure_of_forward(void **state)
{
        _cleanup_world_ struct world w = world_new();

        *vec_push(&w.view->forwards) = (struct forward){.port = 8080, .rule = "ip nat DOCKER handle 12"};
        sample_interface(w.view, HOST_NETNS, "wan0", PUBLIC);
        assert_int_equal(only(&w)->exposure.scope, EXPOSURE_INTERNET);
        assert_int_equal(address_parse("127.0.0.1", &w.view->forwards.at[0].address), 0);
        assert_int_equal(only(&w)->exposure.scope, EXPOSURE_LOOPBACK);
}

/* --- clients -------------------------------------------------------------------------------------- */

static void test_clients(void **state)
{
        static const struct {
                const char *place, *also; /* `also`: a TCP listener of the same process */
                bool autobound, also_autobound, no_range, client;
        } cases[] = {
                {"0.0.0.0:45123/udp", NULL, true, false, false, true},
                {"[::]:45123/udp", NULL, true, false, false, true},
                {"0.0.0.0:45123/udp", NULL, false, false, false, false}, /* somebody chose that number */
                {"0.0.0.0:45123/tcp", NULL, true, false, false, false},
                {"0.0.0.0:111/udp", NULL, true, false, false, false}, /* not in the range */
                {"0.0.0.0:61000/udp", NULL, true, false, false, false},
                {"0.0.0.0:32768/udp", NULL, true, false, false, true},
                {"0.0.0.0:60999/udp", NULL, true, false, false, true},
                {"0.0.0.0:111/udp", NULL, true, false, true, true},         /* the range is not known */
                {"224.0.0.251:45123/udp", NULL, true, false, false, false}, /* who joins a group listens */
                {"0.0.0.0:45123/udp", "0.0.0.0:40001/tcp", true, true, false,
                 false}, /* ONC RPC: both chosen by the kernel */
                {"0.0.0.0:45123/udp", "0.0.0.0:40001/tcp", true, false, false, true},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t p = sample_process(w.view, 700, "/usr/sbin/rpc.statd", NULL);

                if (cases[i].no_range)
                        w.view->netns.at[0].ephemeral_low = w.view->netns.at[0].ephemeral_high = 0;
                sample_listen(w.view, cases[i].place, p)->autobound = cases[i].autobound;
                if (cases[i].also)
                        sample_listen(w.view, cases[i].also, p)->autobound = cases[i].also_autobound;
                judge(&w);
                if (w.a->clients.n != cases[i].client)
                        fail_msg("case %zu, %s: %zu clients", i, cases[i].place, w.a->clients.n);
                if (cases[i].client)
                        assert_non_null(
                                strstr(w.a->clients.at[0].client_reason, "the kernel chose its port"));
                assert_int_equal(w.a->listeners.n, 1 - cases[i].client + (cases[i].also ? 1 : 0));
        }
}

static void test_sockets_that_only_send(void **state)
{
        _cleanup_world_ struct world w = world_new();
        uint32_t p = sample_process(w.view, 700, "/usr/bin/scanner", NULL);

        sample_listen(w.view, "0.0.0.0:255/raw", p); /* IPPROTO_RAW */
        sample_listen(w.view, "0.0.0.0:1/raw", p);
        judge(&w);
        assert_int_equal(w.a->clients.n, 1);
        assert_int_equal(w.a->listeners.n, 1);
        assert_int_equal(w.a->listeners.at[0].port, 1);
}

/* --- which page judges ---------------------------------------------------------------------------- */

/* "expected" is said of the server that the guide describes, never of a number. */
static void test_expected_of_whom(void **state)
{
        static const struct {
                const char *place, *exe, *name;
                enum advice_class class;
        } cases[] = {
                {"0.0.0.0:443/tcp", "/usr/sbin/nginx", "nginx", ADVICE_EXPECTED},
                {"0.0.0.0:443/tcp", "/opt/own/bin/own", "own", ADVICE_REVIEW},
                {"0.0.0.0:443/tcp", "/usr/bin/python3.11", "python3", ADVICE_REVIEW},
                {"0.0.0.0:443/tcp", NULL, "own", ADVICE_REVIEW},
                {"0.0.0.0:23/tcp", "/opt/own/bin/own", "own", ADVICE_RECONFIGURE}, /* stays what it is */
                /* no program is seen: nothing speaks against the number */
                {"0.0.0.0:443/tcp", NULL, NULL, ADVICE_EXPECTED},
                {"0.0.0.0:445/tcp", NULL, "System", ADVICE_EXPECTED},
                /* names in listings end after 15 bytes */
                {"127.0.0.53:53/udp", NULL, "systemd-resolve", ADVICE_EXPECTED},
                {"127.0.0.53:53/udp", NULL, "systemd-resolv", ADVICE_REVIEW},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t p = sample_process(w.view, 700, cases[i].exe, cases[i].name);
                const struct listener *l;

                (void)sample_listen(w.view, cases[i].place, p);
                l = only(&w);
                if (l->advice.class != cases[i].class)
                        fail_msg("case %zu: %s", i, advice_class_name(l->advice.class));
                if (cases[i].class == ADVICE_REVIEW)
                        assert_non_null(strstr(l->advice.why, "Only the port number says"));
        }
}

static void test_advise(void **state)
{
        static const struct {
                const char *place, *exe, *package, *guide;
                enum confidence confidence;
        } cases[] = {
                /* the program decides over the number */
                {"0.0.0.0:22/tcp", "/usr/sbin/sshd", "openssh-server", "ssh", CONFIDENCE_LIKELY},
                {"0.0.0.0:8080/tcp", "/usr/sbin/sshd", "openssh-server", "ssh", CONFIDENCE_LIKELY},
                {"0.0.0.0:23/tcp", "/usr/sbin/sshd", NULL, "ssh", CONFIDENCE_LIKELY},
                {"0.0.0.0:4711/tcp", "/usr/sbin/sshd", NULL, "ssh", CONFIDENCE_LIKELY},
                /* a page of the number that names the program fits better than the program's own */
                {"0.0.0.0:80/tcp", "/usr/sbin/nginx", "nginx", "http", CONFIDENCE_LIKELY},
                {"0.0.0.0:443/tcp", "/usr/sbin/nginx", "nginx", "https", CONFIDENCE_LIKELY},
                {"0.0.0.0:4711/tcp", "/usr/sbin/nginx", "nginx", "http", CONFIDENCE_LIKELY},
                {"0.0.0.0:53/udp", "/usr/sbin/dnsmasq", "dnsmasq-base", "dns", CONFIDENCE_LIKELY},
                {"0.0.0.0:67/udp", "/usr/sbin/dnsmasq", "dnsmasq-base", "dhcp", CONFIDENCE_LIKELY},
                {"127.0.0.53:53/udp", "/usr/lib/systemd/systemd-resolved", "systemd-resolved", "dns",
                 CONFIDENCE_LIKELY},
                {"0.0.0.0:5355/udp", "/usr/lib/systemd/systemd-resolved", "systemd-resolved", "llmnr",
                 CONFIDENCE_LIKELY},
                {"0.0.0.0:5353/udp", "/usr/lib/systemd/systemd-resolved", "systemd-resolved", "mdns",
                 CONFIDENCE_LIKELY},
                {"0.0.0.0:25/tcp", "/usr/lib/postfix/sbin/master", "postfix", "smtp", CONFIDENCE_LIKELY},
                {"0.0.0.0:465/tcp", "/usr/lib/postfix/sbin/master", "postfix", "submissions",
                 CONFIDENCE_LIKELY},
                {"0.0.0.0:587/tcp", "/usr/lib/postfix/sbin/master", "postfix", "submission",
                 CONFIDENCE_LIKELY},
                {"0.0.0.0:143/tcp", "/usr/sbin/dovecot", "dovecot-core", "imap", CONFIDENCE_LIKELY},
                {"0.0.0.0:993/tcp", "/usr/sbin/dovecot", "dovecot-core", "imaps", CONFIDENCE_LIKELY},
                {"0.0.0.0:995/tcp", "/usr/sbin/dovecot", "dovecot-core", "pop3s", CONFIDENCE_LIKELY},
                {"0.0.0.0:4190/tcp", "/usr/sbin/dovecot", "dovecot-core", "managesieve", CONFIDENCE_LIKELY},
                {"0.0.0.0:68/udp", "/usr/lib/systemd/systemd-networkd", "systemd", "dhcp-client", CONFIDENCE_LIKELY},
                {"[::]:546/udp", "/usr/sbin/NetworkManager", "network-manager", "dhcpv6-client", CONFIDENCE_LIKELY},
                {"0.0.0.0:25/tcp", "/usr/libexec/postfix/master", NULL, "smtp", CONFIDENCE_LIKELY},
                /* the package where the guide does not name the program */
                {"0.0.0.0:4711/tcp", "/usr/sbin/sshd-session-new", "openssh-server", "ssh",
                 CONFIDENCE_LIKELY},
                /* interpreters run anything, and so their packages say nothing */
                {"0.0.0.0:23/tcp", "/usr/bin/python3.11", "python3.11-minimal", "telnet",
                 CONFIDENCE_REGISTERED},
                {"0.0.0.0:23/tcp", "/usr/bin/perl", "openssh-server", "telnet", CONFIDENCE_REGISTERED},
                {"0.0.0.0:47111/tcp", "/usr/bin/python3", "openssh-server", NULL, CONFIDENCE_REGISTERED},
                {"0.0.0.0:47111/tcp", "/usr/bin/python3-config", "openssh-server", "ssh", CONFIDENCE_LIKELY},
                {"0.0.0.0:47111/tcp", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
                 "openjdk-17-jre-headless", NULL, CONFIDENCE_REGISTERED},
                /* nothing known */
                {"0.0.0.0:47111/tcp", "/opt/own/bin/own", NULL, NULL, CONFIDENCE_REGISTERED},
                {"0.0.0.0:23/tcp", "/opt/own/bin/own", NULL, "telnet", CONFIDENCE_REGISTERED},
                {"0.0.0.0:23/tcp", NULL, NULL, "telnet", CONFIDENCE_REGISTERED},
                {"0.0.0.0:22/raw", "/opt/own/bin/own", NULL, NULL, CONFIDENCE_REGISTERED}, /* no port */
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_world_ struct world w = world_new();
                uint32_t p = sample_process(w.view, 700, cases[i].exe, "comm");
                const struct listener *l;

                if (cases[i].package)
                        w.view->processes.at[p].package =
                                inside_package(w.view, cases[i].package, "1.0", "dpkg");
                (void)sample_listen(w.view, cases[i].place, p);
                l = only(&w);
                if (!streq_ptr(l->guide, cases[i].guide) || l->confidence != cases[i].confidence)
                        fail_msg("%s on %s: judged by %s (%s)", cases[i].exe, cases[i].place, l->guide,
                                 confidence_name(l->confidence));
                /* a protocol is claimed only where more than the number says so */
                assert_true(streq_ptr(l->protocol, l->confidence == CONFIDENCE_LIKELY ? l->guide : NULL));
                assert_non_null(l->advice.why);
                assert_true(l->guide || l->advice.class == ADVICE_REVIEW);
        }
}

static void test_registered(void **state)
{
        _cleanup_world_ struct world w = world_new();

        (void)sample_socket(w.view, HOST_NETNS, "0.0.0.0:2222/tcp");
        assert_string_equal(only(&w)->registered, "EtherNet-IP-1");
        w.view->sockets.at[0].transport = TRANSPORT_RAW;
        assert_null(only(&w)->registered); /* a protocol number is no port */
        w.view->sockets.at[0].transport = TRANSPORT_TCP;
        w.view->sockets.at[0].port = 65000;
        assert_null(only(&w)->registered);
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
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_reuseport_group),
                cmocka_unit_test(test_many_owners),
                cmocka_unit_test(test_identity),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_dual_stack),
                cmocka_unit_test(test_daemon),
                cmocka_unit_test(test_socket_activation),
                cmocka_unit_test(test_activation_match),
                cmocka_unit_test(test_inetd),
                cmocka_unit_test(test_inetd_package),
                cmocka_unit_test(test_inetd_in_container),
                cmocka_unit_test(test_init_itself),
                cmocka_unit_test(test_container),
                cmocka_unit_test(test_forward),
                cmocka_unit_test(test_unowned),
                cmocka_unit_test(test_services),
                cmocka_unit_test(test_exposure),
                cmocka_unit_test(test_exposure_by_family_and_state),
                cmocka_unit_test(test_exposure_of_forward),
                cmocka_unit_test(test_clients),
                cmocka_unit_test(test_sockets_that_only_send),
                cmocka_unit_test(test_expected_of_whom),
                cmocka_unit_test(test_advise),
                cmocka_unit_test(test_registered),
        };

        return cmocka_run_group_tests(tests, open_guide, close_guide);
}
