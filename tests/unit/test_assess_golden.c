/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `quaymaster audit --json` says of typical hosts, compared with tests/golden/assess/NAME.json.
 * UPDATE_GOLDEN=1 writes them anew: read the difference as the administrator of that host would.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "inside_sample.h"
#include "report/report.h"

static void listen_on(struct inside *view, uint32_t process, const char *places)
{
        while (*places) {
                size_t len = strcspn(places, " ");
                _cleanup_free_ char *place = xstrndup(places, len);

                (void)sample_listen(view, place, process);
                places += len + (places[len] == ' ');
        }
}

static struct process *add_daemon(struct inside *view, pid_t pid, const char *exe, const char *unit,
                                  const char *package, const char *places)
{
        uint32_t process = sample_daemon(view, pid, exe, unit, package);

        listen_on(view, process, places);
        return &view->processes.at[process];
}

/* A socket unit that PID 1 holds, and what it would start. */
static void add_activated(struct inside *view, const char *name, const char *exec, const char *package,
                          const char *place)
{
        _cleanup_free_ char *socket_name = xasprintf("%s.socket", name),
                            *service_name = xasprintf("%s.service", name);
        uint32_t socket = sample_unit(view, socket_name, NULL),
                 service = sample_unit(view, service_name, exec);
        uint32_t owned_by = inside_package(view, package, "1.0-1", "dpkg");
        uint32_t init = sample_process(view, 1, "/usr/lib/systemd/systemd", NULL);

        view->services.at[socket].triggers = service;
        view->services.at[service].triggered_by = socket;
        view->services.at[service].state = "inactive";
        view->services.at[service].package = view->services.at[socket].package = owned_by;
        sample_activation(view, place, socket);
        (void)sample_listen(view, place, init);
}

static void add_ssh(struct inside *view)
{
        (void)add_daemon(view, 612, "/usr/sbin/sshd", "ssh.service", "openssh-server",
                         "0.0.0.0:22/tcp [::]:22/tcp");
        vec_foreach(s, &view->sockets)
                s->v6only = s->address.family == 6;
}

/* Mail for a company: a public address, the plain ports still open, an old time service in inetd. */
static void mail_server(struct inside *view)
{
        static const char *const entries[] = {"time/tcp", "time/udp"};
        uint32_t inetd;

        sample_interface(view, HOST_NETNS, "eth0", "198.51.99.10/24");
        sample_interface(view, HOST_NETNS, "eth0", "2a01:4f8:0:1::10/64");
        add_ssh(view);
        (void)add_daemon(view, 700, "/usr/lib/postfix/sbin/master", "postfix@-.service", "postfix",
                         "0.0.0.0:25/tcp [::]:25/tcp 0.0.0.0:587/tcp 0.0.0.0:465/tcp");
        (void)add_daemon(view, 720, "/usr/sbin/dovecot", "dovecot.service", "dovecot-core",
                         "0.0.0.0:143/tcp 0.0.0.0:993/tcp 0.0.0.0:110/tcp 0.0.0.0:995/tcp 0.0.0.0:4190/tcp");
        (void)add_daemon(view, 730, "/usr/bin/rspamd", "rspamd.service", "rspamd",
                         "127.0.0.1:11332/tcp 127.0.0.1:11333/tcp 127.0.0.1:11334/tcp");
        (void)add_daemon(view, 740, "/usr/sbin/named", "named.service", "bind9",
                         "127.0.0.1:53/udp 127.0.0.1:53/tcp 127.0.0.1:953/tcp");
        (void)add_daemon(view, 750, "/usr/sbin/chronyd", "chrony.service", "chrony", "127.0.0.1:323/udp");
        inetd = sample_daemon(view, 760, "/usr/sbin/inetd", "inetd.service", "openbsd-inetd");
        for (size_t i = 0; i < array_len(entries); i++) {
                uint32_t index = inside_service(view, entries[i]);
                struct service *entry = &view->services.at[index];
                const char *place = i ? "0.0.0.0:37/udp" : "0.0.0.0:37/tcp";

                entry->manager = "inetd";
                entry->state = "listening";
                entry->startup = "enabled";
                entry->file = "/etc/inetd.conf";
                sample_activation(view, place, index);
                (void)sample_listen(view, place, inetd);
        }
}

/*
 * A shop: web server and PHP, its database and cache open to the office network, a forgotten test by hand.
 */
static void web_and_database(struct inside *view)
{
        uint32_t workers[3], test;

        sample_interface(view, HOST_NETNS, "eth0", "198.51.99.20/24");
        sample_interface(view, HOST_NETNS, "eth1", "10.20.1.20/24");
        add_ssh(view);
        for (size_t i = 0; i < array_len(workers); i++)
                workers[i] =
                        sample_daemon(view, 800 + (pid_t)i, "/usr/sbin/nginx", "nginx.service", "nginx");
        (void)sample_listen(view, "0.0.0.0:80/tcp", workers[0]);
        sample_own(view, workers[2]);
        sample_own(view, workers[1]);
        (void)sample_listen(view, "0.0.0.0:443/tcp", workers[0]);
        sample_own(view, workers[1]);
        add_daemon(view, 820, "/usr/sbin/mariadbd", "mariadb.service", "mariadb-server", "0.0.0.0:3306/tcp")
                ->exe_deleted = true; /* updated, not restarted */
        (void)add_daemon(view, 830, "/usr/bin/redis-server", "redis-server.service", "redis-server",
                         "10.20.1.20:6379/tcp");
        (void)add_daemon(view, 840, "/usr/sbin/php-fpm8.2", "php8.2-fpm.service", "php8.2-fpm",
                         "127.0.0.1:9000/tcp");
        (void)add_daemon(view, 850, "/usr/sbin/vsftpd", "vsftpd.service", "vsftpd", "[::]:21/tcp");
        (void)add_daemon(view, 860, "/usr/bin/prometheus-node-exporter", "prometheus-node-exporter.service",
                         "prometheus-node-exporter", "[::]:9100/tcp");
        view->services.at[view->services.n - 1].startup = "disabled";
        test = sample_process(view, 4711, "/usr/bin/python3.11", NULL);
        view->processes.at[test].cmdline = "python3 -m http.server 8000";
        view->processes.at[test].user = "web";
        (void)sample_unit(view, "session-3.scope", NULL);
        view->processes.at[test].unit = (uint32_t)view->services.n - 1;
        view->processes.at[test].package = inside_package(view, "python3.11-minimal", "3.11.2-6", "dpkg");
        (void)sample_listen(view, "0.0.0.0:8000/tcp", test);
}

/* Docker with its API on the network; published ports by rule and by proxy; what runs inside. */
static void container_host(struct inside *view)
{
        uint32_t web, cache, proxy, strange;
        uint32_t web_netns = sample_netns(view, "docker:web", NETNS_CONTAINER);
        uint32_t cache_netns = sample_netns(view, "docker:cache", NETNS_CONTAINER);

        sample_interface(view, HOST_NETNS, "eth0", "10.20.2.30/24");
        sample_interface(view, HOST_NETNS, "docker0", "172.17.0.1/16");
        sample_interface(view, web_netns, "eth0", "172.17.0.2/16");
        sample_interface(view, cache_netns, "eth0", "172.17.0.3/16");
        add_ssh(view);
        (void)add_daemon(view, 900, "/usr/sbin/dockerd", "docker.service", "docker.io", "[::]:2375/tcp");
        (void)add_daemon(view, 910, "/usr/bin/kubelet", "kubelet.service", "kubelet",
                         "[::]:10250/tcp 127.0.0.1:10248/tcp");
        proxy = sample_daemon(view, 901, "/usr/sbin/docker-proxy", "docker.service", "docker.io");
        (void)sample_listen(view, "0.0.0.0:8080/tcp", proxy);
        sample_listen(view, "[::]:8080/tcp", proxy)->v6only = true;
        *vec_push(&view->forwards) = (struct forward){
                .port = 5432,
                .to_port = 5432,
                .rule = "ip nat DOCKER handle 12",
        };
        assert_int_equal(address_parse("172.17.0.3", &view->forwards.at[0].to), 0);
        web = sample_process(view, 920, "/usr/sbin/nginx", NULL);
        view->processes.at[web].container = sample_container(view, "docker", "4f5a6b7c8d9e", "web");
        cache = sample_process(view, 930, "/usr/local/bin/redis-server", NULL);
        view->processes.at[cache].container = sample_container(view, "docker", "9e8d7c6b5a4f", "cache");
        view->processes.at[web].foreign_root = view->processes.at[cache].foreign_root = true;
        (void)sample_socket(view, web_netns, "0.0.0.0:80/tcp");
        sample_own(view, web);
        (void)sample_socket(view, cache_netns, "0.0.0.0:6379/tcp");
        sample_own(view, cache);
        sample_socket(view, HOST_NETNS, "0.0.0.0:51820/udp")->owner_note =
                "no process holds it: the kernel's own, or one that ended while it was read";
        strange = sample_process(view, 6666, "/dev/shm/.x/kworkerd", "kworker/u8:1");
        view->processes.at[strange].exe_deleted = true;
        (void)sample_listen(view, "0.0.0.0:31337/tcp", strange);
}

/* A desktop on foreign networks: printing, discovery, file sharing, a client's sockets. */
static void laptop(struct inside *view)
{
        uint32_t browser, connect;

        sample_interface(view, HOST_NETNS, "wlan0", "192.168.1.50/24");
        add_activated(view, "cups", "/usr/sbin/cupsd", "cups-daemon", "127.0.0.1:631/tcp");
        (void)add_daemon(view, 1000, "/usr/sbin/avahi-daemon", "avahi-daemon.service", "avahi-daemon",
                         "0.0.0.0:5353/udp [::]:5353/udp");
        (void)add_daemon(view, 1010, "/usr/lib/systemd/systemd-resolved", "systemd-resolved.service",
                         "systemd-resolved",
                         "127.0.0.53:53/udp 127.0.0.53:53/tcp 0.0.0.0:5355/udp 0.0.0.0:5355/tcp");
        (void)add_daemon(view, 1020, "/usr/sbin/rpcbind", "rpcbind.service", "rpcbind",
                         "0.0.0.0:111/tcp 0.0.0.0:111/udp");
        (void)add_daemon(view, 1030, "/usr/sbin/smbd", "smbd.service", "samba",
                         "0.0.0.0:445/tcp 0.0.0.0:139/tcp");
        (void)add_daemon(view, 1040, "/usr/bin/transmission-daemon", "transmission-daemon.service",
                         "transmission-daemon", "0.0.0.0:9091/tcp 0.0.0.0:51413/tcp");
        connect = sample_process(view, 2000, "/usr/lib/x86_64-linux-gnu/libexec/kdeconnectd", NULL);
        view->processes.at[connect].user = "anna";
        (void)sample_unit(view, "user@1000.service", NULL);
        view->services.at[view->services.n - 1].startup = "static";
        view->processes.at[connect].unit = (uint32_t)view->services.n - 1;
        view->processes.at[connect].package = inside_package(view, "kdeconnect", "22.12", "dpkg");
        listen_on(view, connect, "[::]:1716/tcp [::]:1716/udp");
        browser = sample_process(view, 2100, "/usr/lib/firefox-esr/firefox-esr", NULL);
        view->processes.at[browser].user = "anna";
        sample_listen(view, "0.0.0.0:45123/udp", browser)->autobound = true;
}

static const struct host {
        const char *name;
        void (*build)(struct inside *view);
} hosts[] = {
        {"mail-server", mail_server},
        {"web-and-database", web_and_database},
        {"container-host", container_host},
        {"laptop", laptop},
};

static void write_report(const struct assessment *a, const struct knowledge *guide, struct str *to)
{
        const struct report_input input = {
                .assessment = a,
                .view = a->view,
                .knowledge = guide,
                .title = "audit",
                .with_findings = true,
                .with_listeners = true,
                .with_services = true,
                .complete = true,
        };
        _cleanup_close_ int fd = memfd_create("report", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(report_json.write(&input, fd, NULL), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fd_read_all(fd, 1u << 22, to), 0);
}

static void expect_golden(const struct str *got, const char *name)
{
        _cleanup_free_ char *path = xasprintf("%s/assess/%s.json", GOLDEN_DIR, name);
        _cleanup_str_ struct str golden = {0};

        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_int_equal(fd_write_all(fd, str_text(got), got->len), 0);
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 22, &golden), 0);
        assert_string_equal(str_text(got), str_text(&golden));
}

static void test_host(void **state)
{
        const struct host *host = *state;
        _cleanup_(knowledge_freep) struct knowledge *guide = knowledge_open(NULL, NULL, NULL);
        _cleanup_(inside_freep) struct inside *view = sample_inside();
        _cleanup_(assess_freep) struct assessment *a = NULL;
        _cleanup_str_ struct str got = {0};

        view->hostname = host->name;
        host->build(view);
        a = assess_correlate(view, guide);
        assess_services(a);
        assess_judge(a, guide);
        write_report(a, guide, &got);
        expect_golden(&got, host->name);
        assess_freep(&a);
}

int main(void)
{
        struct CMUnitTest tests[array_len(hosts)];

        for (size_t i = 0; i < array_len(hosts); i++)
                tests[i] = (struct CMUnitTest){
                        .name = hosts[i].name,
                        .test_func = test_host,
                        .initial_state = (void *)(uintptr_t)&hosts[i],
                };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
