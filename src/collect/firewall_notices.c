/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/firewall_notices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "collect/nft_tables.h"

#define BUFFER_SIZE (64 * 1024) /* the kernel puts no more into one datagram of notices */

/* NFT_MSG_NEWGEN ends every transaction, whatever was in it. */
static bool is_news(uint16_t type)
{
        if (type >> 8 != NFNL_SUBSYS_NFTABLES)
                return false;
        switch (type & 0xff) {
        case NFT_MSG_NEWSETELEM:
        case NFT_MSG_DELSETELEM:
        case NFT_MSG_NEWGEN:
        case NFT_MSG_TRACE:
                return false;
        default:
                return true;
        }
}

bool firewall_notice_matters(const void *data, size_t len)
{
        struct wire w = wire_over(data, len);

        while (wire_left(&w)) {
                uint32_t length = wire_u32(&w);
                uint16_t type = wire_u16(&w);
                size_t rest = NLMSG_ALIGN((size_t)length) - (sizeof(length) + sizeof(type));

                if (w.bad || length < NLMSG_HDRLEN || length > len || is_news(type))
                        return true;
                wire_skip(&w, rest < wire_left(&w) ? rest : wire_left(&w));
        }
        return false;
}

int firewall_notices_open(struct err *err)
{
        _cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
        int r;

        if (!nft_tables_may_exist(proc_fd, root_fd))
                return err_set(err, -ENOENT, "the kernel has not loaded nf_tables");
        fd = netlink_open(NETLINK_NETFILTER, err);
        if (fd < 0)
                return fd;
        r = netlink_join(fd, NFNLGRP_NFTABLES, err);
        return r < 0 ? r : take_fd(fd);
}

int firewall_notices_read(int fd, struct err *err)
{
        _cleanup_free_ char *buffer = xmalloc(BUFFER_SIZE);
        bool matters = false;

        for (;;) {
                ssize_t n = recv(fd, buffer, BUFFER_SIZE, MSG_DONTWAIT);

                if (n >= 0)
                        matters = firewall_notice_matters(buffer, (size_t)n) || matters;
                else if (errno == ENOBUFS) /* the kernel threw some away */
                        matters = true;
                else if (errno != EINTR)
                        return errno == EAGAIN ? matters : err_errno(err, errno, "cannot read notices of nftables");
        }
}
