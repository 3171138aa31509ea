/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_sample.h"

#include <assert.h>

/* --- making records ------------------------------------------------------------------------------ */

static const char *const no_strings[] = {NULL};
static const struct control controls[] = {
        {"cis-8.1", "4.8", "Uninstall or disable unnecessary services"},
        {"nist-800-53r5", "CM-7", "Least functionality"},
        {NULL, NULL, NULL},
};

static void begin(struct sample *s)
{
        s->view = inside_new();
        s->pool = pool_new();
        s->assessment = (struct assessment){.pool = s->pool, .view = s->view};
        s->view->asset = "machine-id:0123456789abcdef0123456789abcdef";
        s->view->hostname = "web1";
        s->view->time_s = 1777629600;
        s->view->sockets_by = "bpf";
}

static struct netns *add_netns(struct sample *s, const char *role, enum netns_kind kind)
{
        struct netns *n = pool_alloc(s->pool, sizeof(*n));

        *n = (struct netns){.inode = 1, .role = role, .kind = kind};
        return n;
}

static struct process *make_process(struct sample *s, pid_t pid, const char *name, const char *exe,
                                    const char *cmdline)
{
        struct process *p = pool_alloc(s->pool, sizeof(*p));

        *p = (struct process){
                .pid = pid,
                .name = name,
                .exe = exe,
                .cmdline = cmdline,
                .uid = 0,
                .user = "root",
                .started_s = 1777620000 + pid,
        };
        return p;
}

static const struct process **owners(struct sample *s, const struct process *first,
                                     const struct process *second)
{
        const struct process **list = pool_alloc(s->pool, 2 * sizeof(*list));

        list[0] = first;
        list[1] = second;
        return list;
}

static struct service *make_service(struct sample *s, const char *name, const char *description)
{
        struct service *service = pool_alloc(s->pool, sizeof(*service));

        *service = (struct service){
                .name = name,
                .manager = "systemd",
                .description = description,
                .state = "running",
                .startup = "enabled",
                .exec = "/usr/sbin/daemon",
                .triggered_by = NONE,
                .triggers = NONE,
                .package = NONE,
        };
        return service;
}

static struct listener *add_listener(struct sample *s, const struct netns *netns, enum transport transport,
                                     const char *address, uint16_t port)
{
        struct listener *l = vec_push(&s->assessment.listeners);

        l->transport = transport;
        l->netns = netns;
        l->port = port;
        l->n_sockets = 1;
        l->confidence = CONFIDENCE_LIKELY;
        l->exposure = (struct exposure){
                .scope = EXPOSURE_LINK,
                .why = "bound to every address of this host",
                .reachable_from = {"host", "link"},
        };
        l->advice = (struct advice){ADVICE_EXPECTED, "Normal on a machine whose job it is."};
        if (address)
                assert(address_parse(address, &l->address) == 0);
        return l;
}

static void set_owner(struct listener *l, const struct process **processes, size_t n,
                      const struct service *unit, const struct package *package)
{
        l->processes = processes;
        l->n_processes = n;
        l->unit = unit;
        l->package = package;
}

static const char *long_name(struct sample *s, size_t len)
{
        char *text = pool_alloc(s->pool, len + 1);

        memset(text, 'A', len);
        return text;
}

/* --- the hostile host ---------------------------------------------------------------------------- */

static const struct package openssh = {"openssh-server", "1:9.2p1-2+deb12u3", "dpkg"};
static const struct package inetd = {"openbsd-inetd", "0.20221205-1", "dpkg"};
static const struct container docker = {"docker", "4f5a6b7c8d9e", "web", NULL};

static void add_ssh(struct sample *s, const struct netns *host)
{
        const struct process *sshd =
                make_process(s, 812, "sshd", "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D [listener]");
        const struct service *unit = make_service(s, "ssh.service", "OpenBSD Secure Shell server");
        struct listener *l;

        l = add_listener(s, host, TRANSPORT_TCP, "0.0.0.0", 22);
        set_owner(l, owners(s, sshd, NULL), 1, unit, &openssh);
        l->registered = l->protocol = l->guide = "ssh";
        l = add_listener(s, host, TRANSPORT_TCP, "::", 22);
        set_owner(l, owners(s, sshd, NULL), 1, unit, &openssh);
        l->registered = l->protocol = l->guide = "ssh";
        l->v6only = true;
}

static void add_telnet(struct sample *s, const struct netns *host)
{
        const struct process *p = make_process(s, 411, "inetd", "/usr/sbin/inetd", "/usr/sbin/inetd -i");
        const struct service *unit = make_service(s, "inetd.service", "Internet superserver");
        static const struct service entry = {
                .name = "telnet/tcp", .manager = "inetd", .state = "listening", .startup = "enabled"};

        for (int i = 0; i < 2; i++) {
                struct listener *l = add_listener(s, host, TRANSPORT_TCP, i ? "::" : "0.0.0.0", 23);

                set_owner(l, owners(s, p, NULL), 1, unit, &inetd);
                l->registered = l->protocol = l->guide = "telnet";
                l->activation = &entry;
                l->v6only = i == 1;
                l->advice = (struct advice){
                        ADVICE_RECONFIGURE,
                        "Passwords and sessions cross the network in the clear; SSH does the same encrypted."};
        }
}

static void add_hostile(struct sample *s, const struct netns *host)
{
        struct process *script = make_process(s, 6001, "</script><b>", "/tmp/<img src=x onerror=alert(1)>",
                                              "=cmd|' /C calc'!A0 </script><script>alert(1)</script>");
        struct process *bytes = make_process(s, 6002, "\x1b[31mred\x07", "/tmp/\xff\xfe bad \"utf8\"",
                                             "\xe2\x80\xae"
                                             "gnp.exe\xe2\x80\xac \xc3\xa9t\xc3\xa9");
        const struct service *unit = make_service(s, "=HYPERLINK(\"http://x\").service",
                                                  "\x1b]0;owned\x07 <b>bold</b> & \"quoted\"");
        struct listener *l = add_listener(s, host, TRANSPORT_TCP, "203.0.113.9", 8080);

        script->exe_deleted = true;
        set_owner(l, owners(s, script, bytes), 2, unit, NULL);
        l->registered = "http-alt";
        l->confidence = CONFIDENCE_REGISTERED;
        l->exposure = (struct exposure){EXPOSURE_INTERNET,
                                        "bound to an address that the internet routes",
                                        {"host", "link", "internet"},
                                        NULL};
        l->advice = (struct advice){ADVICE_REVIEW, "Is it needed at all?"};

        l = add_listener(s, host, TRANSPORT_UDP, "fe80::1", 5353);
        set_owner(l, owners(s, bytes, NULL), 1, NULL, NULL);
        l->device = "eth0";
        l->registered = "mdns";
        l->advice.class = ADVICE_REVIEW;

        l = add_listener(s, host, TRANSPORT_TCP, "::", 9000);
        set_owner(l, owners(s, make_process(s, 6003, long_name(s, 4000), NULL, long_name(s, 4000)), NULL), 1,
                  NULL, NULL);
        l->dual_stack = true;
        l->n_sockets = 4;
}

static void add_odd_kinds(struct sample *s, const struct netns *host, const struct netns *box)
{
        static const struct forward forward = {.transport = TRANSPORT_TCP,
                                               .port = 8000,
                                               .port_last = 8010,
                                               .to_port = 80,
                                               .to = {.family = 4, .bytes = {172, 17, 0, 2}},
                                               .rule = "ip nat DOCKER handle 12"};
        struct listener *l = add_listener(s, host, TRANSPORT_TCP, NULL, 8000);

        l->kind = LISTENER_FORWARD;
        l->port_last = 8010;
        l->forward = &forward;
        l->container = &docker;
        l->n_sockets = 0;
        l->advice.class = ADVICE_REVIEW;

        l = add_listener(s, host, TRANSPORT_RAW, "0.0.0.0", 89);
        l->owner_note = "held by a process that could not be read";
        l = add_listener(s, box, TRANSPORT_TCP, "127.0.0.1", 6379);
        l->container = &docker;
        l->owner_note = "held by a process that could not be read";
        l->exposure = (struct exposure){
                EXPOSURE_LOOPBACK, "bound to loopback", {"netns docker:web"}, "inet filter input"};

        l = vec_push(&s->assessment.clients);
        *l = s->assessment.listeners.at[0];
        l->transport = TRANSPORT_UDP;
        l->port = 45123;
        l->client_reason = "the kernel chose its port";
}

static const struct listener *find_port(const struct sample *s, uint16_t port, uint8_t family)
{
        vec_foreach (l, &s->assessment.listeners)
                if (l->port == port && (!family || l->address.family == family))
                        return l;
        abort();
}

static void add_finding(struct sample *s, const char *rule, enum severity severity, const char *title,
                        const struct listener *l, const char *const *evidence,
                        const char *const *remediation)
{
        *vec_push(&s->assessment.findings) = (struct finding){
                .rule = rule,
                .severity = severity,
                .title = title,
                .listener = l,
                .advice = l ? l->advice
                            : (struct advice){ADVICE_REVIEW, "A service that nobody needs is only risk."},
                .evidence = evidence,
                .remediation = remediation,
                .controls = controls,
        };
}

static void add_findings(struct sample *s)
{
        static const char *const seen_v4[] = {"inetd (411) listens on 0.0.0.0:23",
                                              "started by inetd.service", NULL};
        static const char *const seen_v6[] = {"inetd (411) listens on [::]:23", "started by inetd.service",
                                              NULL};
        static const char *const telnet_steps[] = {
                "Stop and disable it: systemctl disable --now inetd.service",
                "Until then let only the management network reach 23/tcp, and watch who logs in from where, because "
                "everybody on the way can read the password.",
                "Remove it: apt purge openbsd-inetd, unless another service needs it.", NULL};
        static const char *const gone[] = {"/tmp/<img src=x onerror=alert(1)> was deleted since the start",
                                           NULL};
        static const char *const gone_steps[] = {"systemctl restart nothing.service",
                                                 "Find out who put it there.", NULL};

        add_finding(s, "advice.telnet", SEVERITY_CRITICAL, "Telnet is open to the network",
                    find_port(s, 23, 4), seen_v4, telnet_steps);
        s->assessment.findings.at[0].alternative = (struct alternative){"ssh", "22/tcp", "openssh-server"};
        add_finding(s, "advice.telnet", SEVERITY_CRITICAL, "Telnet is open to the network",
                    find_port(s, 23, 6), seen_v6, telnet_steps);
        s->assessment.findings.at[1].alternative = (struct alternative){"ssh", "22/tcp", "openssh-server"};
        add_finding(s, "executable-deleted", SEVERITY_HIGH, "</script><b> runs a deleted \x1b[1mprogram",
                    find_port(s, 8080, 0), gone, gone_steps);
        add_finding(s, "advice.mdns", SEVERITY_MEDIUM, "mDNS answers on eth0", find_port(s, 5353, 0),
                    no_strings, no_strings);
        add_finding(s, "service-failed", SEVERITY_LOW, "cups.service is enabled and unused", NULL,
                    no_strings, no_strings);
        s->assessment.findings.at[4].service = s->assessment.services.at[0].service;
}

static void add_services(struct sample *s)
{
        struct service_use *use = vec_push(&s->assessment.services);
        struct service *cups = make_service(s, "cups.service", NULL);

        cups->state = "failed";
        cups->package = 0;
        *vec_push(&s->view->packages) = (struct package){"cups-daemon", "2.4.2-3+deb12u8", "dpkg"};
        inside_service(s->view, "cups.socket");
        cups->triggered_by = 0;
        use->service = cups;

        use = vec_push(&s->assessment.services);
        use->service = find_port(s, 8080, 0)->unit;
        use->listeners = pool_alloc(s->pool, 2 * sizeof(*use->listeners));
        use->listeners[use->n_listeners++] = find_port(s, 8080, 0);
        use->listeners[use->n_listeners++] = find_port(s, 9000, 0);
}

void sample_hostile(struct sample *s)
{
        const struct netns *host, *box;

        begin(s);
        host = add_netns(s, "host", NETNS_HOST);
        box = add_netns(s, "docker:web", NETNS_CONTAINER);
        add_ssh(s, host);
        add_telnet(s, host);
        add_hostile(s, host);
        add_odd_kinds(s, host, box);
        add_services(s);
        add_findings(s);
        inside_gap(s->view, "processes", "CAP_SYS_PTRACE", true,
                   "the owners of some sockets could not be read");
        inside_gap(s->view, "processes", "CAP_SYS_PTRACE", true,
                   "the owners of some sockets could not be read");
        inside_gap(s->view, "bpf", NULL, false,
                   "no BPF here; sockets are read by sock_diag <and \x1b[5m/proc>");
}

/* --- the large host ------------------------------------------------------------------------------ */

void sample_many(struct sample *s, unsigned n_listeners, unsigned n_processes)
{
        struct process **processes;
        const struct netns *host;

        begin(s);
        host = add_netns(s, "host", NETNS_HOST);
        processes = pool_alloc(s->pool, n_processes * sizeof(*processes));
        for (unsigned i = 0; i < n_processes; i++) {
                const char *exe = pool_printf(s->pool, "/usr/lib/service-%u/bin/daemon", i);

                processes[i] = make_process(
                        s, (pid_t)(1000 + i), pool_printf(s->pool, "daemon-%u", i), exe,
                        pool_printf(s->pool, "%s --config /etc/service-%u.conf --foreground", exe, i));
        }
        for (unsigned i = 0; i < n_listeners; i++) {
                struct listener *l = add_listener(s, host, i % 4 == 3 ? TRANSPORT_UDP : TRANSPORT_TCP,
                                                  i & 1 ? "::" : "0.0.0.0", (uint16_t)(1024 + i));
                struct process *p = processes[i % n_processes];

                set_owner(l, owners(s, p, NULL), 1, NULL, &openssh);
                if (i < n_processes)
                        l->unit = make_service(s, pool_printf(s->pool, "service-%u.service", i),
                                               "A service of many");
                else
                        l->unit = s->assessment.listeners.at[i % n_processes].unit;
                l->dual_stack = i & 1;
        }
}

void sample_release(struct sample *s)
{
        vec_clear(&s->assessment.listeners);
        vec_clear(&s->assessment.clients);
        vec_clear(&s->assessment.services);
        vec_clear(&s->assessment.findings);
        pool_free(s->pool);
        s->view = inside_free(s->view);
}
