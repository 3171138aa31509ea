/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/nft_tables.h"

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
static bool may_be_asked(const struct collection *c)
{
        _cleanup_str_ struct str modules = {0}, builtin = {0};
        struct utsname name;
        char path[sizeof(name.release) + 48];

        if (fd_read_file(c->proc_fd, "modules", MODULES_MAX, &modules) < 0 || uname(&name) < 0)
                return true;
        (void)snprintf(path, sizeof(path), "lib/modules/%s/modules.builtin", name.release);
        if (fd_read_file(c->root_fd, path, MODULES_MAX, &builtin) < 0)
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

/* A thread of its own, since setns(2) moves it for good; the own namespace first. */
static void *look(void *arg)
{
        struct collection *c = arg;

        for (int own = 1; own >= 0; own--)
                for (uint32_t i = 0; i < c->view->netns.n; i++) {
                        struct netns *ns = &c->view->netns.at[i];
                        _cleanup_close_ int fd = -1;

                        if (ns->own != own)
                                continue;
                        if (!own && ((fd = netns_open(c, i)) < 0 || setns(fd, CLONE_NEWNET) < 0))
                                continue;
                        ns->no_tables = has_none();
                }
        return NULL;
}

static int collect(struct collection *c, struct err *err)
{
        pthread_t thread;

        if (!may_be_asked(c))
                vec_foreach(ns, &c->view->netns) ns->no_tables = true;
        else if (pthread_create(&thread, NULL, look, c) == 0)
                (void)pthread_join(thread, NULL);
        return 0; /* what could not be told here quaymaster-nft finds out */
}

const struct collector collector_nft_tables = {
        .name = "nft-tables",
        .what = "whether there are nftables tables at all",
        .collect = collect,
};
