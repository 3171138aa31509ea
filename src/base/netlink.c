/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

/* Larger than any message the kernel sends in a dump (it fills at most 32 KiB at a time), so that nothing is cut. */
#define BUFFER_SIZE (256 * 1024)

int netlink_open(int protocol, struct err *err)
{
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        struct timeval patience = {.tv_sec = 5};
        int size = 1024 * 1024;

        if (fd < 0)
                return err_errno(err, errno, "cannot open a netlink socket");
        /* best effort both: the default buffer only makes more round trips */
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        return take_fd(fd);
}

/*
 * A socket gets its number when it is bound or sends. One without is left out: notices come from number 0, and who sent
 * a notice is not told of it (do_one_broadcast() in net/netlink/af_netlink.c).
 */
int netlink_join(int fd, int group, struct err *err)
{
        struct sockaddr_nl own = {.nl_family = AF_NETLINK};
        socklen_t len = sizeof(own);

        if (getsockname(fd, (struct sockaddr *)&own, &len) < 0)
                return err_errno(err, errno, "cannot tell the number of a netlink socket");
        if (!own.nl_pid && bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
                return err_errno(err, errno, "cannot bind a netlink socket");
        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
                return err_errno(err, errno, "cannot join group %d of netlink", group);
        return 0;
}

#define MAX_ERRNO 4095 /* include/linux/err.h */

/* The code in NLMSG_ERROR, and in NLMSG_DONE: a dump that fails after it began says so only there. */
static int parse_error(struct wire *payload)
{
        int32_t code = (int32_t)wire_u32(payload);

        if (payload->bad || code < -MAX_ERRNO)
                return -EBADMSG;
        return code < 0 ? code : 0;
}

int netlink_parse(const void *data, size_t len, uint32_t seq,
                  void (*each)(uint16_t type, struct wire payload, void *arg), void *arg, bool *ret_interrupted)
{
        struct wire w = wire_over(data, len);

        while (wire_left(&w) >= NLMSG_HDRLEN) {
                uint32_t length = wire_u32(&w);
                uint16_t type = wire_u16(&w), flags = wire_u16(&w);
                uint32_t message_seq = wire_u32(&w);
                struct wire payload;
                size_t padding;

                wire_skip(&w, 4); /* port id */
                if (length < NLMSG_HDRLEN)
                        return -EBADMSG;
                payload = wire_sub(&w, length - NLMSG_HDRLEN);
                if (payload.bad)
                        return -EBADMSG;
                padding = NLMSG_ALIGN(length) - length;
                wire_skip(&w, padding < wire_left(&w) ? padding : wire_left(&w));
                if (message_seq != seq)
                        continue; /* the tail of an earlier dump that was given up */
                if (flags & NLM_F_DUMP_INTR)
                        *ret_interrupted = true;
                if (type == NLMSG_DONE || type == NLMSG_ERROR)
                        return parse_error(&payload);
                if (type >= NLMSG_MIN_TYPE)
                        each(type, payload, arg);
        }
        return 1;
}

int netlink_dump(int fd, void *request, size_t len, void (*each)(uint16_t type, struct wire payload, void *arg),
                 void *arg, struct err *err)
{
        static _Thread_local uint32_t seq;
        _cleanup_free_ char *buffer = xmalloc(BUFFER_SIZE);
        struct nlmsghdr *header = request;
        bool interrupted = false;
        int r;

        header->nlmsg_seq = ++seq;
        if (send(fd, request, len, 0) < 0)
                return err_errno(err, errno, "cannot ask the kernel");
        do {
                ssize_t n = recv(fd, buffer, BUFFER_SIZE, 0);

                if (n < 0 && errno == EINTR) {
                        r = 1;
                        continue;
                }
                if (n < 0)
                        return err_errno(err, errno, "cannot read the kernel's answer");
                r = netlink_parse(buffer, (size_t)n, seq, each, arg, &interrupted);
        } while (r > 0);
        if (r < 0)
                return err_errno(err, -r, "the kernel refused a dump");
        return interrupted ? 1 : 0;
}

bool netlink_attribute(struct wire *w, uint16_t *ret_type, struct wire *ret_value)
{
        uint16_t length, type;
        size_t padding;

        if (wire_left(w) < NLA_HDRLEN)
                return false;
        length = wire_u16(w);
        type = wire_u16(w);
        if (length < NLA_HDRLEN)
                return false;
        *ret_value = wire_sub(w, length - (size_t)NLA_HDRLEN);
        if (ret_value->bad)
                return false;
        padding = NLA_ALIGN((size_t)length) - length;
        wire_skip(w, padding < wire_left(w) ? padding : wire_left(w));
        *ret_type = type & NLA_TYPE_MASK;
        return true;
}
