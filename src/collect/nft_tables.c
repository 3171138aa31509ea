/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/nft_tables.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/collector.h"
#include "base/netlink.h"
#include "collect/netns.h"

#define MODULES_MAX (1024 * 1024)

bool nft_tables_loaded(const char *modules, const char *builtin)
{
        return str_after(modules, "nf_tables ") || strstr(modules, "\nnf_tables ") ||
               strstr(builtin, "/nf_tables.ko");
}

/* A kernel without modules has no /proc/modules: then only asking tells. */
bool nft_tables_may_exist(int proc_fd, int root_fd)
{
        _cleanup_str_ struct str modules = {0}, builtin = {0};
        struct utsname name;
        char path[sizeof(name.release) + 48];

        if (fd_read_file(proc_fd, "modules", MODULES_MAX, &modules) < 0 || uname(&name) < 0)
                return true;
        (void)snprintf(path, sizeof(path), "lib/modules/%s/modules.builtin", name.release);
        if (fd_read_file(root_fd, path, MODULES_MAX, &builtin) < 0)
                return true;
        return nft_tables_loaded(str_text(&modules), str_text(&builtin));
}

static void count_table(uint16_t type, struct wire payload, void *arg)
{
        size_t *n = arg;

        (*n)++;
}

/* In the calling thread's namespace. */
static bool has_none(void)
{
        struct {
                struct nlmsghdr header;
                struct nfgenmsg body; /* family 0: tables of every family */
        } message = {
                .header = {.nlmsg_len = sizeof(message),
                           .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                .body = {.version = NFNETLINK_V0},
        };
        _cleanup_close_ int fd = netlink_open(NETLINK_NETFILTER, NULL);
        size_t n = 0;

        return fd >= 0 && netlink_dump(fd, &message, sizeof(message), count_table, &n, NULL) == 0 && n == 0;
}

struct look {
        struct collection *c;
        bool ask; /* nf_tables is there */
};

/* Tables of legacy iptables, in the calling thread's namespace; what cannot be read may have some. */
static bool has_legacy(const struct collection *c)
{
        static const char *const files[] = {"thread-self/net/ip_tables_names", "thread-self/net/ip6_tables_names"};

        for (size_t i = 0; i < array_len(files); i++) {
                _cleanup_str_ struct str names = {0};
                int r = fd_read_file(c->proc_fd, files[i], 4096, &names);

                if (r == 0 ? names.len > 0 : r != -ENOENT)
                        return true;
        }
        return false;
}

/* A thread of its own, since setns(2) moves it for good; the own namespace first. */
static void *look(void *arg)
{
        const struct look *what = arg;
        struct collection *c = what->c;

        for (int own = 1; own >= 0; own--)
                for (uint32_t i = 0; i < c->view->netns.n; i++) {
                        struct netns *ns = &c->view->netns.at[i];
                        _cleanup_close_ int fd = -1;

                        if (ns->own != own)
                                continue;
                        ns->legacy_filter = true;
                        if (!own && ((fd = netns_open(c, i)) < 0 || setns(fd, CLONE_NEWNET) < 0))
                                continue;
                        ns->legacy_filter = has_legacy(c);
                        ns->no_tables = !what->ask || has_none();
                }
        return NULL;
}

static int collect(struct collection *c, struct err *err)
{
        struct look what = {c, nft_tables_may_exist(c->proc_fd, c->root_fd)};
        pthread_t thread;

        if (!what.ask)
                vec_foreach(ns, &c->view->netns) ns->no_tables = true;
        if (pthread_create(&thread, NULL, look, &what) == 0)
                (void)pthread_join(thread, NULL);
        else
                vec_foreach(ns, &c->view->netns) ns->legacy_filter = true;
        return 0; /* what could not be told here quaymaster-nft finds out */
}

const struct collector collector_nft_tables = {
        .name = "nft-tables",
        .what = "whether there are tables of nftables and of legacy iptables at all",
        .collect = collect,
};
