/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the collectors of services alone (systemd, sysv, inetd) and prints what they found, for comparison
 * with systemctl in a booted system:
 *
 *      print-services [ROOT]
 *
 * Lines: "service NAME MANAGER STATE STARTUP TRIGGERS FILE EXEC DESCRIPTION", "activation TRANSPORT ADDRESS
 * PORT SERVICE", "process PID UNIT", "gap REASON", separated by tabs. Times go to standard error.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "collect/cgroup.h"
#include "collect/collector.h"

static void add_process(struct collection *c, pid_t pid)
{
        _cleanup_str_ struct str text = {0};
        char path[40], exe[PATH_MAX];
        const char *cgroup;
        size_t len;
        uint32_t index;

        (void)snprintf(path, sizeof(path), "%d/cgroup", pid);
        if (fd_read_file(c->proc_fd, path, 65536, &text) < 0)
                return;
        index = inside_process(c->view, pid);
        if (cgroup_pick_path(str_text(&text), text.len, &cgroup, &len))
                c->view->processes.at[index].cgroup = pool_intern_n(c->view->pool, cgroup, len);
        (void)snprintf(path, sizeof(path), "%d/exe", pid);
        if (fd_readlink(c->proc_fd, path, exe, sizeof(exe)) > 0)
                c->view->processes.at[index].exe = pool_intern(c->view->pool, exe);
        else
                c->view->processes.at[index].kernel = errno == ENOENT;
}

static void add_processes(struct collection *c)
{
        DIR *dir = opendir("/proc");
        struct dirent *entry;
        uint64_t pid;

        while (dir && (entry = readdir(dir)))
                if (str_to_u64(entry->d_name, INT_MAX, &pid) >= 0)
                        add_process(c, (pid_t)pid);
        if (dir)
                (void)closedir(dir);
}

static const char *or_dash(const char *s)
{
        return s && *s ? s : "-";
}

static const char *service_name(const struct inside *view, uint32_t index)
{
        return index == NONE ? "-" : view->services.at[index].name;
}

static void print(struct inside *view)
{
        char address[ADDRESS_TEXT_SIZE];

        vec_foreach(s, &view->services)
                printf("service\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s->name, s->manager, s->state,
                       s->startup, service_name(view, s->triggers), or_dash(s->file), or_dash(s->exec),
                       or_dash(s->description));
        vec_foreach(a, &view->activations)
                printf("activation\t%s\t%s\t%u\t%s\n", transport_name(a->transport),
                       or_dash(address_format(&a->address, address)), a->port,
                       service_name(view, a->service));
        vec_foreach(p, &view->processes)
                printf("process\t%d\t%s\n", p->pid, service_name(view, p->unit));
        vec_foreach(g, &view->gaps)
                printf("gap\t%s\n", g->reason);
}

int main(int argc, char **argv)
{
        static const struct collector *const collectors[] = {&collector_systemd, &collector_sysv,
                                                             &collector_inetd};
        const struct collect_options options = {.netns = "all", .all_services = true};
        _cleanup_(inside_freep) struct inside *view = inside_new();
        _cleanup_close_ int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int root_fd = open(argc > 1 ? argv[1] : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct collection c = {.options = &options, .view = view, .proc_fd = proc_fd, .root_fd = root_fd};

        add_processes(&c);
        for (size_t i = 0; i < array_len(collectors); i++) {
                uint64_t start = clock_monotonic_ns();
                struct err err = {0};
                int r = collectors[i]->collect(&c, &err);

                fprintf(stderr, "%s: %d in %.2f ms%s%s\n", collectors[i]->name, r,
                        (double)(clock_monotonic_ns() - start) / 1e6, r < 0 ? ": " : "",
                        r < 0 ? err.text : "");
        }
        print(view);
        return 0;
}
