/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans for played hosts, as people and programs read them: tests/golden/harden/NAME.txt and NAME.json. UPDATE_GOLDEN=1
 * writes them anew: read the difference as the administrator of that host would.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "harden/harden.h"
#include "harden/recipe.h"
#include "inside_sample.h"
#include "policy/estate_parse.h"
#include "policy/policy_judge.h"
#include "policy/policy_parse.h"
#include "report/plan_report.h"

/* --- hosts ----------------------------------------------------------------------------------- */

static uint32_t daemon_on(struct inside *view, pid_t pid, const char *exe, const char *unit,
                          const char *package, const char *places)
{
        uint32_t process = sample_daemon(view, pid, exe, unit, package);

        while (*places) {
                size_t len = strcspn(places, " ");
                _cleanup_free_ char *place = xstrndup(places, len);

                (void)sample_listen(view, place, process);
                places += len + (places[len] == ' ');
        }
        return process;
}

static void activated(struct inside *view, const char *name, const char *exec, const char *place)
{
        _cleanup_free_ char *socket_name = xasprintf("%s.socket", name),
                            *service_name = xasprintf("%s.service", name);
        uint32_t socket = sample_unit(view, socket_name, NULL),
                 service = sample_unit(view, service_name, exec);

        view->services.at[socket].triggers = service;
        view->services.at[service].triggered_by = socket;
        view->services.at[service].state = "inactive";
        view->services.at[service].startup = "static";
        view->services.at[socket].state = "listening";
        sample_activation(view, place, socket);
        (void)sample_listen(view, place, sample_process(view, 1, "/usr/lib/systemd/systemd", NULL));
}

/* Some is approved, some only for itself, some forgotten; an old daemon in inetd; a routing daemon. */
static void server(struct inside *view)
{
        uint32_t inetd, entry;

        sample_interface(view, HOST_NETNS, "eth0", "198.51.99.20/24");
        sample_interface(view, HOST_NETNS, "eth1", "10.20.1.20/24");
        (void)daemon_on(view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server",
                        "0.0.0.0:22/tcp [::]:22/tcp");
        (void)daemon_on(view, 800, "/usr/sbin/nginx", "nginx.service", "nginx",
                        "0.0.0.0:80/tcp 0.0.0.0:443/tcp");
        (void)daemon_on(view, 830, "/usr/bin/redis-server", "redis-server.service", "redis-server",
                        "10.20.1.20:6379/tcp");
        (void)daemon_on(view, 840, "/usr/bin/memcached", "memcached.service", "memcached",
                        "0.0.0.0:11211/tcp");
        (void)daemon_on(view, 850, "/usr/sbin/vsftpd", "vsftpd.service", "vsftpd", "[::]:21/tcp");
        (void)daemon_on(view, 855, "/usr/sbin/dhcpd", "isc-dhcp-server.service", "isc-dhcp-server",
                        "0.0.0.0:67/udp");
        (void)daemon_on(view, 860, "/usr/sbin/keepalived", "keepalived.service", "keepalived",
                        "0.0.0.0:112/raw");
        activated(view, "rpcbind", "/usr/sbin/rpcbind", "0.0.0.0:111/tcp");
        inetd = sample_daemon(view, 870, "/usr/sbin/inetd", "inetd.service", "openbsd-inetd");
        entry = inside_service(view, "telnet/tcp");
        view->services.at[entry].manager = "inetd";
        view->services.at[entry].state = "listening";
        view->services.at[entry].startup = "enabled";
        view->services.at[entry].file = "/etc/inetd.conf";
        sample_activation(view, "0.0.0.0:23/tcp", entry);
        (void)sample_listen(view, "0.0.0.0:23/tcp", inetd);
}

static const char server_policy[] =
        "allow:\n"
        "  - {port: 22/tcp, from: [office], need: administration, owner: ops, approved_by: sec}\n"
        "  - {port: 80/tcp, from: [internet], need: shop, owner: web, approved_by: sec}\n"
        "  - {port: 443/tcp, from: [internet], need: 'shop \"TLS\"', owner: web, approved_by: sec}\n"
        "  - {port: 6379/tcp, from: [loopback], need: cache, owner: web, approved_by: sec}\n"
        "  - {port: 11211/tcp, from: [loopback], need: cache, owner: web, approved_by: sec}\n"
        "  - {port: 67/udp, from: [link], need: addresses, owner: net, approved_by: sec}\n"
        "  - {port: 9999/tcp, need: TODO}\n"
        "  - {port: 21/tcp, need: old partner, owner: web, approved_by: sec, expires: 2025-01-01}\n"
        "deny:\n"
        "  - {port: 23/tcp}\n";

static const char estate_text[] = "networks:\n"
                                  "  - {cidr: 10.20.0.0/16, zone: office}\n"
                                  "  - {cidr: 10.20.9.0/24, zone: lab}\n";

/* Published ports beside docker-proxy; an API that carries all containers. */
static void containers(struct inside *view)
{
        uint32_t proxy;

        sample_interface(view, HOST_NETNS, "eth0", "10.20.2.30/24");
        sample_interface(view, HOST_NETNS, "docker0", "172.17.0.1/16");
        sample_interface(view, HOST_NETNS, "virbr0", "192.168.122.1/24");
        (void)daemon_on(view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server", "0.0.0.0:22/tcp");
        (void)daemon_on(view, 900, "/usr/sbin/dockerd", "docker.service", "docker.io", "[::]:2375/tcp");
        (void)daemon_on(view, 910, "/usr/sbin/dnsmasq", "libvirtd.service", "dnsmasq-base",
                        "192.168.122.1:53/udp 192.168.122.1:53/tcp");
        proxy = sample_daemon(view, 901, "/usr/sbin/docker-proxy", "docker.service", "docker.io");
        (void)sample_listen(view, "0.0.0.0:8080/tcp", proxy);
        for (unsigned i = 0; i < 2; i++) {
                struct forward *f = vec_push(&view->forwards);

                *f = (struct forward){
                        .port = i ? 8443 : 5432, .to_port = 5432, .rule = "ip nat DOCKER handle 12"};
                assert_int_equal(address_parse("172.17.0.3", &f->to), 0);
        }
}

static const char containers_policy[] =
        "allow:\n"
        "  - {port: 22/tcp, from: [office], need: administration, owner: ops, approved_by: sec}\n"
        "  - {port: 8443/tcp, from: [office], need: shop, owner: web, approved_by: sec}\n";

/* No policy: a list to choose from. */
static void laptop(struct inside *view)
{
        sample_interface(view, HOST_NETNS, "wlan0", "192.168.1.50/24");
        (void)daemon_on(view, 1020, "/usr/sbin/rpcbind", "rpcbind.service", "rpcbind", "0.0.0.0:111/tcp");
        (void)daemon_on(view, 1030, "/usr/sbin/smbd", "smbd.service", "samba",
                        "0.0.0.0:445/tcp 0.0.0.0:139/tcp");
        (void)daemon_on(view, 1050, "/usr/lib/postgresql/15/bin/postgres", "postgresql@15-main.service",
                        "postgresql-15", "0.0.0.0:5432/tcp");
        (void)daemon_on(view, 1060, "/usr/lib/systemd/systemd-resolved", "systemd-resolved.service",
                        "systemd-resolved", "0.0.0.0:5355/udp");
        /* what a listing may say, and no plan */
        (void)daemon_on(view, 1070, "/usr/sbin/in.telnetd", "x;reboot.service", "telnetd", "0.0.0.0:23/tcp");
}

static const struct host {
        const char *name;
        void (*build)(struct inside *view);
        const char *policy;  /* or NULL */
        const char *session; /* address it came from, to port 22; or NULL */
        const char *estate;  /* NULL: estate_text */
} hosts[] = {
        {"server", server, server_policy, "10.20.0.7"},
        {"server-from-elsewhere", server, server_policy, "203.0.113.9"},
        {"containers", containers, containers_policy, NULL},
        {"laptop", laptop, NULL, NULL},
};

/* --- the plan -------------------------------------------------------------------------------- */

struct played {
        struct pool *pool;
        struct knowledge *guide;
        struct inside *view;
        struct assessment *assessment;
        struct policy policy;
        struct estate estate;
        struct policy_judge *judge;
        vec(const struct policy_rule *) approvals;
        struct plan *plan;
};

static const char *needed_by(const char *unit, void *arg)
{
        return streq(unit, "rpcbind.socket") ? "nfs-common.service" : NULL;
}

static const char *also(const char *package, void *arg)
{
        return streq(package, "samba") ? "samba-vfs-modules" : NULL;
}

static void judge(struct played *p, const struct host *host)
{
        const struct policy_rule *rule;
        const char *estate = host->estate ? host->estate : estate_text;
        struct err err = {0};
        size_t i = 0;

        if (estate_parse(estate, strlen(estate), "estate.yaml", p->pool, &p->estate, &err) < 0)
                fail_msg("%s", err.text);
        if (!host->policy)
                return;
        if (policy_parse(host->policy, strlen(host->policy), "policy.yaml", p->pool, &p->policy, &err) < 0)
                fail_msg("%s", err.text);
        p->judge = policy_judge_new(&p->policy, &p->estate, p->view->time_s, p->pool);
        policy_judge_host(p->judge, p->view);
        vec_foreach(l, &p->assessment->listeners)
                l->judgement = policy_judge_listener(p->judge, l);
        while ((rule = policy_judge_holding(p->judge, &i)))
                *vec_push(&p->approvals) = rule;
}

static void play(struct played *p, const struct host *host, bool lock_me_out)
{
        struct harden_input in;

        *p = (struct played){
                .pool = pool_new(), .guide = knowledge_open(NULL, NULL, NULL), .view = sample_inside()};
        p->view->hostname = host->name;
        host->build(p->view);
        p->assessment = assess_correlate(p->view, p->guide);
        judge(p, host);
        assess_judge(p->assessment, p->guide);
        in = (struct harden_input){
                .assessment = p->assessment,
                .policy = p->judge ? &p->policy : NULL,
                .approvals = p->approvals.at,
                .n_approvals = p->approvals.n,
                .estate = &p->estate,
                .session_port = 22,
                .lock_me_out = lock_me_out,
                .package_also = also,
                .unit_needed_by = needed_by,
        };
        if (host->session)
                assert_int_equal(address_parse(host->session, &in.session_remote), 0);
        p->plan = harden_plan(&in);
}

static void played_release(struct played *p)
{
        plan_free(p->plan);
        policy_judge_free(p->judge);
        vec_clear(&p->approvals);
        assess_free(p->assessment);
        inside_free(p->view);
        knowledge_free(p->guide);
        pool_free(p->pool);
}

static void expect_golden(const struct str *got, const char *name, const char *suffix)
{
        _cleanup_free_ char *path = xasprintf("%s/harden/%s.%s", GOLDEN_DIR, name, suffix);
        _cleanup_str_ struct str golden = {0};

        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_int_equal(fd_write_all(fd, str_text(got), got->len), 0);
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 22, &golden), 0);
        assert_string_equal(str_text(got), str_text(&golden));
}

static void test_golden(void **state)
{
        for (size_t i = 0; i < array_len(hosts); i++) {
                _cleanup_(played_release) struct played p;
                _cleanup_str_ struct str text = {0}, json = {0};
                vec(const struct action *) all = {0};
                struct plan_report report = {.complete = true, .width = 100};

                play(&p, &hosts[i], false);
                vec_foreach(a, &p.plan->actions)
                        *vec_push(&all) = a;
                report.plan = p.plan;
                report.assessment = p.assessment;
                report.chosen = all.at;
                report.n_chosen = all.n;
                report.has_policy = hosts[i].policy != NULL;
                plan_text_add(&report, &text);
                plan_json_add(&report, &json);
                vec_clear(&all);
                expect_golden(&text, hosts[i].name, "txt");
                expect_golden(&json, hosts[i].name, "json");
        }
}

static const struct action *find(const struct plan *plan, const char *id)
{
        vec_foreach(a, &plan->actions)
                if (streq(a->id, id))
                        return a;
        return NULL;
}

/* Each is a request that the privileged program takes, and what is approved is never stopped. */
static void test_requests(void **state)
{
        for (size_t i = 0; i < array_len(hosts); i++) {
                _cleanup_(played_release) struct played p;

                play(&p, &hosts[i], false);
                vec_foreach(a, &p.plan->actions) {
                        _cleanup_str_ struct str line = {0};
                        struct firewall_spec spec = {0};
                        struct action back;

                        action_request_write(a, &line);
                        assert_int_equal(action_request_read(line.text, line.len, p.pool, &back, NULL), 0);
                        if (a->kind == ACTION_FIREWALL || a->kind == ACTION_PUBLISHED)
                                assert_int_equal(harden_firewall_spec(&back, p.pool, &spec, NULL), 0);
                        firewall_spec_release(&spec);
                        assert_true(a->suggested == false ||
                                    (hosts[i].policy && !a->cuts && !a->not_applied));
                        for (const struct finding **f = a->closes; *f; f++)
                                assert_true(!(*f)->listener ||
                                            (*f)->listener->judgement.verdict != VERDICT_APPROVED);
                }
        }
}

static void expect_line(const struct action *a, const char *text)
{
        for (const struct action_value *v = a->values; v->name; v++)
                if (streq(v->text, text))
                        return;
        fail_msg("'%s' is not in '%s'", text, a->id);
}

static void published(struct inside *view)
{
        sample_interface(view, HOST_NETNS, "eth0", "198.51.99.20/24");
        sample_interface(view, HOST_NETNS, "docker0", "172.17.0.1/16");
        for (uint16_t port = 8080; port < 8083; port++) {
                struct forward *f = vec_push(&view->forwards);

                *f = (struct forward){.port = port, .to_port = 80, .rule = "ip nat DOCKER handle 12"};
                assert_int_equal(address_parse("172.17.0.3", &f->to), 0);
                f = vec_push(&view->forwards);
                *f = (struct forward){.port = port, .to_port = 80, .rule = "ip6 nat DOCKER handle 12"};
                assert_int_equal(address_parse("fd00::3", &f->to), 0);
        }
}

/* Who may come to a published port by the policy goes on to, also while others reach it, too. */
static void test_published_for_some(void **state)
{
        static const struct host host = {"published", published,
                                         "allow:\n"
                                         "  - {port: 8080/tcp, from: [office], need: x, owner: a, approved_by: b}\n"
                                         "  - {port: 8081/tcp, from: [loopback], need: x, owner: a, approved_by: b}\n",
                                         NULL};
        static const char *const wanted[][2] = {
                {"allow", "allow tcp 8080 from office"}, {"deny", "deny tcp 8080"},
                {"deny", "deny tcp 8081"},               {"deny", "deny tcp 8082"},
        };
        _cleanup_(played_release) struct played p;
        const struct action *a;

        play(&p, &host, false);
        a = find(p.plan, "published");
        assert_non_null(a);
        for (size_t i = 0; i < array_len(wanted); i++) {
                size_t found = 0;

                for (const struct action_value *v = a->values; v->name; v++)
                        found += streq(v->name, wanted[i][0]) && streq(v->text, wanted[i][1]);
                if (found != 1)
                        fail_msg("%zu lines '%s'", found, wanted[i][1]);
        }
        for (const struct action_value *v = a->values; v->name; v++)
                assert_false(str_after(v->text, "allow tcp 8081 from office") || str_after(v->text, "allow tcp 8082 from office"));
        for (const struct finding **f = a->closes; *f; f++)
                assert_true((*f)->listener->port != 8080 || str_after((*f)->rule, "policy."));
        assert_non_null(a->closes[0]);
}

static void wide(struct inside *view)
{
        struct forward *f = vec_push(&view->forwards);

        sample_interface(view, HOST_NETNS, "eth0", "198.51.99.20/24");
        (void)daemon_on(view, 700, "/usr/sbin/rpc.mountd", "nfs-mountd.service", "nfs-kernel-server", "0.0.0.0:20048/tcp");
        (void)daemon_on(view, 701, "/usr/sbin/nfsdcld", "nfsdcld.service", "nfs-kernel-server", "0.0.0.0:20049/tcp");
        *f = (struct forward){.port = 80, .to_port = 8080, .rule = "ip nat PREROUTING handle 2"};
}

/* Reached from further than the policy says: it stays open to those whom that names, and its package stays. */
static void test_approved_for_less(void **state)
{
        static const struct host host = {
                "wide", wide,
                "allow:\n"
                "  - {process: /usr/sbin/rpc.mountd, from: [office], need: x, owner: a, approved_by: b}\n"
                "  - {port: 80/tcp, from: [office], need: x, owner: a, approved_by: b}\n",
                NULL};
        _cleanup_(played_release) struct played p;
        const struct action *a;

        play(&p, &host, false);
        a = find(p.plan, "firewall");
        assert_non_null(a);
        expect_line(a, "allow tcp 20048 from office # line 2: x");
        expect_line(a, "allow tcp 80 from office # line 3: x");
        expect_line(a, "allow tcp 8080 from office # line 3: x");
        assert_non_null(find(p.plan, "unit-stop:nfsdcld.service"));
        assert_null(find(p.plan, "unit-stop:nfs-mountd.service"));
        assert_null(find(p.plan, "package-remove:nfs-kernel-server"));
}

static size_t many; /* networks that the host is attached to */

static void attached(struct inside *view)
{
        for (size_t i = 0; i < many; i++) {
                /* every second one, or ranges that touch would become one */
                const char *address = pool_printf(view->pool, "10.%zu.%zu.1/24", 2 * i / 256, 2 * i % 256);

                sample_interface(view, HOST_NETNS, "eth0", address);
        }
        (void)daemon_on(view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server", "0.0.0.0:22/tcp");
}

/* A host on very many networks has its firewall, whole, and as one request; past the bound it is told. */
static void test_many_networks(void **state)
{
        static const struct host on_link = {
                "router", attached, "allow:\n  - {port: 22/tcp, from: [link], need: x, owner: a, approved_by: b}\n", NULL};
        _cleanup_str_ struct str line = {0}, table = {0}, wide = {0};
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};
        _cleanup_(played_release) struct played p, q;
        struct action back;
        const struct action *a;
        bool told = false;

        many = 10000;
        play(&p, &on_link, false);
        a = find(p.plan, "firewall");
        assert_true(a && a->suggested);
        assert_true(strlen(action_value(a, "allow", 0)) > 100000);
        for (const char *const *w = a->warnings; *w; w++)
                assert_true(strlen(*w) < 500);
        action_request_write(a, &line);
        assert_int_equal(action_request_read(line.text, line.len, p.pool, &back, NULL), 0);
        assert_int_equal(harden_firewall_spec(&back, p.pool, &spec, NULL), 0);
        assert_int_equal(spec.rules.n, 1);
        assert_int_equal(spec.rules.at[0].n_from, many);
        firewall_table_write(&spec, NULL, 0, &table);
        assert_non_null(strstr(table.text, "10.0.0.0/24, 10.0.2.0/24, "));
        assert_non_null(strstr(table.text, "10.78.30.0/24 }"));

        str_add(&wide, "allow:\n");
        for (unsigned i = 1; i <= 30; i++)
                str_addf(&wide, "  - {port: %u/tcp, from: [link], need: x, owner: a, approved_by: b}\n", i);
        play(&q, &(struct host){"router", attached, wide.text, NULL}, false);
        assert_null(find(q.plan, "firewall"));
        vec_foreach(note, &q.plan->notes)
                told = told || (strstr(*note, "Left out: Let in what is approved") && strstr(*note, "may have 4194304"));
        assert_true(told);
}

static void test_same_plan_same_id(void **state)
{
        _cleanup_(played_release) struct played a, b, c;

        play(&a, &hosts[0], false);
        play(&b, &hosts[0], false);
        play(&c, &hosts[1], false);
        assert_string_equal(a.plan->id, b.plan->id);
        assert_string_not_equal(a.plan->id, c.plan->id);
}

/* Without an approval for it, the way in is kept by a rule of its own; with --lock-me-out it is not. */
static void test_session(void **state)
{
        _cleanup_(played_release) struct played kept, closed;
        const struct action *a;
        bool session = false;

        play(&kept, &hosts[1], false);
        a = find(kept.plan, "firewall");
        assert_non_null(a);
        for (const struct action_value *v = a->values; v->name; v++)
                session = session ||
                          streq(v->text,
                                "allow tcp 22 from 203.0.113.9 # the session this plan was made from");
        assert_true(session);
        play(&closed, &hosts[1], true);
        a = find(closed.plan, "firewall");
        for (const struct action_value *v = a->values; v->name; v++)
                assert_null(strstr(v->text, "203.0.113.9"));
}

/* A machine whose names are chosen by others: of zones that nft could not have, of bridges, and in the words of needs. */
static void strange_names(struct inside *view)
{
        sample_interface(view, HOST_NETNS, "eth0", "10.20.2.30/24");
        sample_interface(view, HOST_NETNS, "virbr0\"; drop", "192.168.122.1/24");
        (void)daemon_on(view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server", "0.0.0.0:22/tcp");
        (void)daemon_on(view, 700, "/usr/sbin/a", "a\\x2db.service", "aa", "0.0.0.0:23/tcp");
        (void)daemon_on(view, 910, "/usr/sbin/dnsmasq", "libvirtd.service", "dnsmasq-base", "192.168.122.1:53/udp");
}

/* A shell would take the backslash out of the name of a unit. */
static void test_names_in_commands(void **state)
{
        static const struct host host = {
                "strange", strange_names, "allow:\n  - {port: 22/tcp, need: x, owner: a, approved_by: b}\n", NULL, NULL};
        _cleanup_(played_release) struct played p;
        const struct action *a;

        play(&p, &host, false);
        a = find(p.plan, "unit-stop:a\\x2db.service");
        assert_non_null(a);
        assert_string_equal(a->steps[0], "systemctl disable --now 'a\\x2db.service'");
        assert_string_equal(a->steps[1], "systemctl mask 'a\\x2db.service'");
        assert_string_equal(a->undo[0], "systemctl unmask 'a\\x2db.service'");
        assert_string_equal(action_value(a, "unit", 0), "a\\x2db.service");
        a = find(p.plan, "package-remove:aa");
        assert_non_null(a);
        assert_string_equal(a->undo[0], "apt-get install aa=1.0-1");
}

static void test_names_of_zones(void **state)
{
        static const struct host host = {
                "strange",
                strange_names,
                "allow:\n"
                "  - {port: 22/tcp, from: [a.b, zone1, to, zone2], need: \"x\\\"; drop \\n}$(id)`\", owner: a, approved_by: b}\n"
                "  - {port: 80/tcp, from: c.d, need: shop, owner: a, approved_by: b}\n",
                NULL,
                "networks:\n"
                "  - {cidr: 10.1.0.0/16, zone: a.b}\n  - {cidr: 10.2.0.0/16, zone: zone1}\n"
                "  - {cidr: 10.3.0.0/16, zone: to}\n  - {cidr: 10.4.0.0/16, zone: zone2}\n"
                "  - {cidr: 10.5.0.0/16, zone: c.d}\n",
        };
        _cleanup_(played_release) struct played p;
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};
        const struct action *a;
        struct err err = {0};

        play(&p, &host, false);
        a = find(p.plan, "firewall");
        assert_true(a && a->suggested);
        if (harden_firewall_spec(a, p.pool, &spec, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(spec.zones.n, 5);
        expect_line(a, "zone zone3 10.1.0.0/16");
        expect_line(a, "zone zone1 10.2.0.0/16");
        expect_line(a, "zone zone4 10.3.0.0/16");
        expect_line(a, "zone zone5 10.5.0.0/16");
        expect_line(a, "allow tcp 22 from zone3 zone1 zone4 zone2 # line 2: x drop (id)");
        expect_line(a, "allow tcp 80 from zone5 # line 3: shop");
        for (const char *const *w = a->warnings; *w; w++)
                assert_null(strstr(*w, "virbr0")); /* the rule for it was not made */
}

/* The daemon one came in by is told to cut, and never suggested. */
static void test_cuts(void **state)
{
        static const struct host bare = {"bare", server,
                                         "allow:\n  - {port: 80/tcp, need: x, owner: a, approved_by: b}\n",
                                         "203.0.113.9"};
        _cleanup_(played_release) struct played kept, closed;
        const struct action *a;

        play(&kept, &bare, false);
        a = find(kept.plan, "unit-stop:ssh.service");
        assert_true(a && a->cuts && !a->suggested && a->risk == RISK_HIGH);
        play(&closed, &bare, true);
        a = find(closed.plan, "unit-stop:ssh.service");
        assert_true(a && !a->cuts && !a->suggested);
}

/* Its drop-in takes away what the package has, before it gives its own. */
static void check_packaged(const struct recipe *r)
{
        _cleanup_str_ struct str lines = {0}, of_drop_in = {0};

        recipe_unit_lines(r->packaged, &lines);
        assert_string_equal(str_text(&lines), r->packaged);
        recipe_unit_lines(r->content, &of_drop_in);
        for (const char *line = r->packaged; *line; line = strchr(line, '\n') + 1) {
                _cleanup_str_ struct str reset = {0};

                str_add_n(&reset, line, (size_t)(strchr(line, '=') + 1 - line));
                str_add_char(&reset, '\n');
                assert_non_null(strstr(str_text(&of_drop_in), str_text(&reset)));
        }
}

static void test_unit_lines(void **state)
{
        _cleanup_str_ struct str lines = {0};

        recipe_unit_lines(
                "[Service]\n# ExecStart=/no\nExecStartPre=/no\nExecStart=/a b\n\nListenStream=1\nListenFIFO=2",
                &lines);
        assert_string_equal(str_text(&lines), "ExecStart=/a b\nListenStream=1\nListenFIFO=2\n");
        str_reset(&lines);
        recipe_unit_lines("", &lines);
        assert_string_equal(str_text(&lines), "");
}

static void test_recipes(void **state)
{
        size_t n;
        const struct recipe *all = recipes_all(&n);

        for (size_t i = 0; i < n; i++) {
                const struct recipe *r = &all[i];
                _cleanup_str_ struct str path = {0};
                const char *unit =
                        streq(r->unit, "postgresql@*.service") ? "postgresql@15-main.service" : r->unit;

                assert_ptr_equal(recipe_find(r->name), r);
                assert_int_equal(action_check(ACTION_BIND_LOOPBACK,
                                              (const struct action_value[]){
                                                      {"recipe", r->name}, {"unit", unit}, {NULL, NULL}},
                                              NULL),
                                 0);
                assert_int_equal(recipe_expand(r, r->path, unit, &path), 0);
                assert_true(path.text[0] == '/' && !strchr(path.text, '%') && str_ends(r->content, "\n"));
                assert_int_equal(!r->include, !r->include_line);
                assert_true(r->edit || !r->packaged == !strstr(r->path, "/systemd/system/"));
                if (r->packaged && !r->edit)
                        check_packaged(r);
                assert_int_equal(recipe_expand(r, r->path, "other.service", &path), -EINVAL);
        }
}

static void assert_edited(const char *name, const char *text, const char *wanted)
{
        _cleanup_str_ struct str once = {0}, twice = {0};
        const struct recipe *r = recipe_find(name);

        assert_int_equal(recipe_edit_text(r, text, strlen(text), &once, NULL), 0);
        assert_string_equal(str_text(&once), wanted);
        assert_int_equal(recipe_edit_text(r, once.text, once.len, &twice, NULL), 0);
        assert_string_equal(str_text(&twice), wanted);
}

static void assert_not_edited(const char *name, const char *text, const char *why)
{
        _cleanup_str_ struct str to = {0};
        struct err err = {0};

        assert_int_equal(recipe_edit_text(recipe_find(name), text, strlen(text), &to, &err), -EINVAL);
        assert_string_equal(err.text, why);
}

#define MADE "Made by quaymaster: this service is needed on this machine only.\n"

static void test_edits(void **state)
{
        static const char on[] = "line 1 may go on in the next one, so it is not edited";
        static const char two[] = "options {\n};\noptions {\n};\n";
        _cleanup_str_ struct str to = {0};

        assert_edited("cups", "Listen *:631\nListenBackLog 8\n#Port 1\n  port 631\nBrowsing Yes",
                      "#quaymaster# Listen *:631\nListenBackLog 8\n#Port 1\n#quaymaster#   port 631\nBrowsing Yes\n"
                      "# " MADE "Listen localhost:631\nListen /run/cups/cups.sock\n");
        assert_edited("memcached", "-L\n-l 0.0.0.0\n--listen=::\n-p 1\n",
                      "-L\n#quaymaster# -l 0.0.0.0\n#quaymaster# --listen=::\n-p 1\n# " MADE "-l 127.0.0.1\n");
        assert_edited("named", "options {  \n\tlisten-on-v6 { any; };\n};\n",
                      "options {  \n// " MADE "listen-on { 127.0.0.1; };\nlisten-on-v6 { ::1; };\n"
                      "//quaymaster# \tlisten-on-v6 { any; };\n};\n");
        assert_edited("snmpd", "", "# " MADE "agentaddress 127.0.0.1,[::1]\n");
        assert_edited("postfix", "inet_interfaces = all\ninet_protocols = all\n a\n",
                      "#quaymaster# inet_interfaces = all\ninet_protocols = all\n a\n# " MADE
                      "inet_interfaces = loopback-only\n");
        /* what came beside it since */
        assert_edited("snmpd", "# " MADE "agentaddress 127.0.0.1,[::1]\nagentAddress udp:161\n",
                      "#quaymaster# agentAddress udp:161\n# " MADE "agentaddress 127.0.0.1,[::1]\n");
        assert_not_edited("postfix", "inet_interfaces =\n\tall\n", on);
        assert_not_edited("snmpd", "agentaddress a,\\\n b\n", on);
        assert_not_edited("exim4", "dc_local_interfaces='1.2.3.4 ;\n::1'\n", on);
        assert_not_edited("named", "listen-on {\nany; };\n", on);
        assert_not_edited("named", "options\n{\n};\n", "no line is 'options {'");
        assert_not_edited("named", two, "several lines are 'options {'");
        assert_int_equal(recipe_edit_text(recipe_find("snmpd"), "a\0b\n", 4, &to, NULL), -EINVAL);
}

static void test_instances(void **state)
{
        const struct recipe *r = recipe_find("postgresql");
        static const char *const refused[] = {
                "postgresql@.service",       "postgresql@15.service",    "postgresql@15-.service",
                "postgresql@../x-y.service", "postgresql@15-...service", "postgresql@15-a\\x2fb.service",
        };
        _cleanup_str_ struct str path = {0};

        assert_int_equal(recipe_expand(r, r->path, "postgresql@15-a-b.service", &path), 0);
        assert_string_equal(path.text, "/etc/postgresql/15/a-b/conf.d/90-quaymaster.conf");
        for (size_t i = 0; i < array_len(refused); i++)
                assert_int_equal(recipe_expand(r, r->path, refused[i], &path), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),
                cmocka_unit_test(test_requests),
                cmocka_unit_test(test_published_for_some),
                cmocka_unit_test(test_approved_for_less),
                cmocka_unit_test(test_many_networks),
                cmocka_unit_test(test_same_plan_same_id),
                cmocka_unit_test(test_session),
                cmocka_unit_test(test_names_in_commands),
                cmocka_unit_test(test_names_of_zones),
                cmocka_unit_test(test_cuts),
                cmocka_unit_test(test_recipes),
                cmocka_unit_test(test_unit_lines),
                cmocka_unit_test(test_edits),
                cmocka_unit_test(test_instances),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
