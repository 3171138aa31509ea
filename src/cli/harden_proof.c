/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/harden_proof.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/harden_child.h"

#define NETNS_FOLDER  "/run/netns"
#define ADDRESSES_MAX 32

void harden_proof_release(struct harden_proof *proof)
{
        vec_clear(&proof->lines);
}

/* --- from inside ----------------------------------------------------------------------------- */

static bool same_listener(const struct listener *a, const struct listener *b)
{
        return a->transport == b->transport && a->port == b->port &&
               address_compare(&a->address, &b->address) == 0 && streq(a->netns->role, b->netns->role);
}

static bool still_listens(const struct assessment *a, const struct listener *l)
{
        vec_foreach(other, &a->listeners)
                if (same_listener(other, l))
                        return true;
        return false;
}

static bool still_found(const struct assessment *a, const struct finding *f)
{
        vec_foreach(other, &a->findings) {
                if (!streq(other->rule, f->rule) || !other->listener != !f->listener)
                        continue;
                if (f->listener ? same_listener(other->listener, f->listener)
                                : f->service && other->service &&
                                          streq_ptr(other->service->name, f->service->name))
                        return true;
        }
        return false;
}

static bool is_firewall(const struct action *a)
{
        return a->kind == ACTION_FIREWALL || a->kind == ACTION_PUBLISHED;
}

static bool closes(const struct action *a, const struct finding *f)
{
        for (const struct finding **one = a->closes; *one; one++)
                if (*one == f)
                        return true;
        return false;
}

/* Only filtered: the socket stays, and what the packet filter does is seen from outside alone. */
static bool is_filtered_only(const struct harden_run *run, const struct finding *f)
{
        vec_foreach(a, &run->chosen)
                if (!is_firewall(*a) && closes(*a, f))
                        return false;
        return true;
}

static void judge_inside(const struct harden_run *run, const struct inside_run *now, struct proof_line *line)
{
        const struct finding *f = line->finding;

        if (!still_found(now->assessment, f) &&
            !(f->listener && still_listens(now->assessment, f->listener))) {
                *line = (struct proof_line){f, PROOF_CLOSED, "nothing listens there any more"};
                if (!f->listener)
                        line->why = "it is not found any more";
        } else if (!still_found(now->assessment, f)) {
                *line = (struct proof_line){f, PROOF_CLOSED, "it listens, and the finding is gone"};
        } else if (is_filtered_only(run, f)) {
                *line = (struct proof_line){
                        f, PROOF_UNKNOWN,
                        "it listens, and the firewall is to keep others out: only a probe from "
                        "outside can tell (--verify-from)"};
        } else {
                *line = (struct proof_line){f, PROOF_OPEN, "it is found as before"};
        }
}

static void collect_lines(const struct harden_run *run, struct harden_proof *ret)
{
        vec_foreach(finding, &run->inside.assessment->findings)
                vec_foreach(a, &run->chosen)
                        if (closes(*a, finding)) {
                                vec_push(&ret->lines)->finding = finding;
                                break;
                        }
}

static int look_again(const struct invocation *in, const struct harden_run *run, struct harden_proof *ret,
                      struct err *err)
{
        _cleanup_(inside_run_release) struct inside_run now = {0};
        _cleanup_(policy_run_release) struct policy_run policy = {0};
        int r = policy_run_open(&policy, in, err);

        if (r == 0)
                r = inside_run_collect(&now, in, true, err);
        if (r < 0)
                return r;
        policy_run_judge(&policy, &now, false);
        assess_judge(now.assessment, now.knowledge);
        vec_foreach(line, &ret->lines)
                judge_inside(run, &now, line);
        return 0;
}

/* --- from outside ---------------------------------------------------------------------------- */

struct addresses {
        char text[ADDRESSES_MAX][ADDRESS_TEXT_SIZE];
        size_t n;
};

static void add_address(struct addresses *to, const struct sockaddr *sa)
{
        struct address a = {0};

        if (sa && sa->sa_family == AF_INET)
                a = address_v4(&((const struct sockaddr_in *)(const void *)sa)->sin_addr);
        else if (sa && sa->sa_family == AF_INET6)
                a = address_v6(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
        if (a.family && !address_is_loopback(&a) && !address_is_link_local(&a) && to->n < ADDRESSES_MAX)
                (void)address_format(&a, to->text[to->n++]);
}

static int own_addresses(struct addresses *to, struct err *err)
{
        struct ifaddrs *all;

        if (getifaddrs(&all) < 0)
                return err_errno(err, errno, "listing own addresses");
        for (const struct ifaddrs *one = all; one; one = one->ifa_next)
                add_address(to, one->ifa_addr);
        freeifaddrs(all);
        return to->n ? 0
                     : err_set(err, -EADDRNOTAVAIL,
                               "this host has no address that could be asked from outside");
}

/* The estate of the probe: this host, and nothing else. */
static int write_estate(const char *folder, const struct addresses *addresses, struct err *err)
{
        _cleanup_str_ struct str text = {0}, path = {0};
        _cleanup_close_ int fd = -1;
        int r;

        str_add(&text, "networks:\n");
        for (size_t i = 0; i < addresses->n; i++)
                str_addf(&text, "  - cidr: \"%s\"\n    zone: host\n", addresses->text[i]);
        str_addf(&path, "%s/estate.yaml", folder);
        fd = open(path.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        r = fd < 0 ? -errno : fd_write_all(fd, text.text, text.len);
        return r < 0 ? err_errno(err, -r, "writing '%s'", path.text) : 0;
}

static void add_port(struct str *to, const struct listener *l)
{
        str_addf(to, "%s%s:%u", to->len ? "," : "", l->transport == TRANSPORT_UDP ? "U" : "T", l->port);
}

static bool can_ask(const struct finding *f)
{
        return f->listener &&
               (f->listener->transport == TRANSPORT_TCP || f->listener->transport == TRANSPORT_UDP) &&
               !address_is_loopback(&f->listener->address);
}

enum answer { ANSWER_OPEN, ANSWER_CLOSED, ANSWER_SILENT, ANSWER_UNKNOWN };

struct seen_endpoint {
        char address[48]; /* as in struct child_line */
        enum transport transport;
        uint16_t port;
        enum answer answer;
};

struct seen {
        vec(struct seen_endpoint) endpoints;
};

static void take_endpoint(const struct child_line *line, void *arg)
{
        struct seen *seen = arg;
        struct seen_endpoint *e;

        if (!streq(line->type, "endpoint"))
                return;
        e = vec_push(&seen->endpoints);
        (void)snprintf(e->address, sizeof(e->address), "%s", line->address);
        e->transport = transport_parse(line->transport);
        e->port = (uint16_t)line->port;
        e->answer = streq(line->state, "open")       ? ANSWER_OPEN
                    : streq(line->state, "closed")   ? ANSWER_CLOSED
                    : streq(line->state, "filtered") ? ANSWER_SILENT
                                                     : ANSWER_UNKNOWN;
}

/* Silence says nothing of a host that does not answer at all: some port of the address must have. */
static bool is_reached(const struct seen *seen, const char *address)
{
        vec_foreach(e, &seen->endpoints)
                if (streq(e->address, address) && (e->answer == ANSWER_OPEN || e->answer == ANSWER_CLOSED))
                        return true;
        return false;
}

/* True: it was found shut. */
static bool judge_outside(const struct seen *seen, struct proof_line *line)
{
        const struct listener *l = line->finding->listener;
        bool shut = false, unknown = false;

        if (!can_ask(line->finding))
                return false;
        vec_foreach(e, &seen->endpoints) {
                if (e->transport != l->transport || e->port != l->port || !is_reached(seen, e->address))
                        continue;
                if (e->answer == ANSWER_OPEN) {
                        *line = (struct proof_line){line->finding, PROOF_OPEN, "it answers from outside"};
                        return false;
                }
                shut = shut || e->answer != ANSWER_UNKNOWN;
                unknown = unknown || e->answer == ANSWER_UNKNOWN;
        }
        if (shut && !unknown) {
                *line = (struct proof_line){line->finding, PROOF_CLOSED, "it does not answer from outside"};
                return true;
        }
        if (line->proof != PROOF_CLOSED && unknown)
                *line = (struct proof_line){
                        line->finding, PROOF_UNKNOWN,
                        "it is silent from outside, which over UDP a server may be, too"};
        return false;
}

static int ask_ports(const struct addresses *addresses, const struct str *ports, const char *folder,
                     int netns_fd, struct seen *seen, struct err *err)
{
        const char *argv[ADDRESSES_MAX + 12] = {
                "quaymaster",  "scan",     "--json", "--all-states", "--no-discovery",
                "--no-inside", "--config", folder,   "-p",           str_text(ports)};
        size_t n = 10;
        int status;

        for (size_t i = 0; i < addresses->n; i++)
                argv[n++] = addresses->text[i];
        status = harden_child_scan(argv, netns_fd, take_endpoint, seen, err);
        if (status < 0)
                return status;
        return status == 0 ? 0
                           : err_set(err, -EIO, "the probe from outside did not come to its end (status %d)",
                                     status);
}

static int open_netns(const char *name, struct err *err)
{
        _cleanup_close_ int folder = open(NETNS_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = strchr(name, '/') || name[0] == '.' || folder < 0
                         ? -1
                         : openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? err_set(err, -EINVAL,
                                "--verify-from: there is no network namespace '%s' (see: ip netns)", name)
                      : fd;
}

/* Those that are to be closed; and up to so many that stay, which show that the host is reached. */
#define CONTROLS_MAX 8

static bool may_stay(const struct listener *l)
{
        return l->transport == TRANSPORT_TCP && l->judgement.verdict == VERDICT_APPROVED &&
               !address_is_loopback(&l->address);
}

/* That ports are shut proves nothing of a way in: it may be shut as well. */
static bool is_way_in_open(const struct harden_run *run, const struct seen *seen)
{
        vec_foreach(e, &seen->endpoints) {
                if (e->transport != TRANSPORT_TCP || e->answer != ANSWER_OPEN)
                        continue;
                if (run->input.session_port && e->port == run->input.session_port)
                        return true;
                vec_foreach(l, &run->inside.assessment->listeners)
                        if (!run->input.session_port && may_stay(l) && l->port == e->port)
                                return true;
        }
        return false;
}

static void add_ports(const struct harden_run *run, struct harden_proof *ret, struct str *to)
{
        size_t controls = 0;

        vec_foreach(line, &ret->lines)
                if (can_ask(line->finding)) {
                        add_port(to, line->finding->listener);
                        ret->n_asked++;
                }
        if (run->input.session_port)
                str_addf(to, "%sT:%u", to->len ? "," : "", run->input.session_port);
        vec_foreach(l, &run->inside.assessment->listeners)
                if (may_stay(l) && controls++ < CONTROLS_MAX)
                        add_port(to, l);
}

static int look_from(const struct harden_run *run, const char *from, struct harden_proof *ret,
                     struct err *err)
{
        _cleanup_close_ int netns_fd = open_netns(from, err);
        _cleanup_str_ struct str ports = {0}, path = {0};
        char folder[] = "/run/quaymaster-probe-XXXXXX";
        struct addresses addresses = {0};
        struct seen seen = {0};
        int r = netns_fd < 0 ? netns_fd : own_addresses(&addresses, err);

        add_ports(run, ret, &ports);
        if (r < 0 || !ret->n_asked)
                return r;
        if (!mkdtemp(folder))
                return err_errno(err, errno, "making a folder for the probe");
        r = write_estate(folder, &addresses, err);
        if (r == 0)
                r = ask_ports(&addresses, &ports, folder, netns_fd, &seen, err);
        str_addf(&path, "%s/estate.yaml", folder);
        (void)unlink(path.text);
        (void)rmdir(folder);
        vec_foreach(line, &ret->lines)
                if (r == 0 && judge_outside(&seen, line))
                        ret->n_shut++;
        vec_foreach(e, &seen.endpoints)
                ret->outside = ret->outside || (r == 0 && is_reached(&seen, e->address));
        ret->way_in = r == 0 && is_way_in_open(run, &seen);
        vec_clear(&seen.endpoints);
        return r;
}

int harden_prove(const struct invocation *in, const struct harden_run *run, const char *from,
                 struct harden_proof *ret, struct err *err)
{
        int r;

        *ret = (struct harden_proof){0};
        collect_lines(run, ret);
        r = look_again(in, run, ret, err);
        if (r == 0 && from)
                r = look_from(run, from, ret, err);
        vec_foreach(line, &ret->lines)
                ret->n[line->proof]++;
        return r;
}
