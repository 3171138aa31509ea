/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "collect/asset.h"
#include "collect/collector.h"
#include "collect/containers.h"

/* The registry: in this order, since each finds in the view what those before it left there. */
static const struct collector *const collectors[] = {
        &collector_netns,     &collector_nft_tables, &collector_firewall_start, &collector_sockets,
        &collector_processes, &collector_systemd,    &collector_sysv,           &collector_inetd,
        &collector_packages,  &collector_firewall,   &collector_routing,
};

/* Without these two there is nothing to say about the host at all. */
static bool is_essential(const struct collector *collector)
{
        return collector == &collector_netns || collector == &collector_sockets;
}

static int run(struct collection *c, struct err *err)
{
        for (size_t i = 0; i < array_len(collectors); i++) {
                struct err why = {0};
                int r = collectors[i]->collect(c, &why);

                if (r >= 0)
                        continue;
                if (is_essential(collectors[i])) {
                        *err = why;
                        return r;
                }
                inside_gap(c->view, collectors[i]->name, NULL, true, "%s", why.text);
        }
        return 0;
}

/* Not -ENOENT, which would be the user's mistake. */
static int no_proc(struct err *err)
{
        return err_set(err, -EIO, "/proc is not mounted, or cannot be read: nothing can be said about this host");
}

int collect_inside(const struct collect_options *options, struct inside **ret, struct err *err)
{
        _cleanup_(inside_freep) struct inside *view = inside_new();
        _cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct collection c = {.options = options, .view = view, .proc_fd = proc_fd, .root_fd = root_fd};
        int r;

        if (proc_fd < 0 || root_fd < 0 || faccessat(proc_fd, "self", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return no_proc(err);
        view->time_s = clock_now_s();
        asset_identify(view);
        for (size_t i = 0; i < array_len(collectors); i++)
                if (collectors[i]->begin)
                        collectors[i]->begin(&c);
        r = run(&c, err);
        for (size_t i = array_len(collectors); i-- > 0;)
                if (collectors[i]->end)
                        collectors[i]->end(&c);
        containers_release(&c);
        if (r == 0)
                *ret = take_ptr(view);
        return r;
}
