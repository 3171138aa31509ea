/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/tcp_socket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"

#define MARGIN 32 /* descriptors for files, netlink, output and what else the program holds */

int tcp_socket_open(uint8_t family)
{
        static const int one = 1;
        bool v6 = family == 6;
        int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        /* best effort: without it a refusal by ICMP cannot be told from one by the host */
        (void)setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof(one));
        return fd;
}

struct meaning {
        int code; /* positive errno, or code of ICMP destination unreachable */
        enum heard_kind kind;
        enum endpoint_reason reason;
};

static const struct meaning connected = {0, HEARD_OPEN, REASON_CONNECTED};

/* What connect(2) says at once, before anything was sent. */
static const struct meaning at_once[] = {
        {ECONNREFUSED, HEARD_CLOSED, REASON_REFUSED},
        {EHOSTUNREACH, HEARD_UNREACHABLE, REASON_NO_ROUTE},
        {ENETUNREACH, HEARD_UNREACHABLE, REASON_NO_ROUTE},
        {0, HEARD_NOT_SENT, REASON_LOCAL},
};

/* What it says later. EACCES is ICMPv6 "prohibited" then (net/ipv6/icmp.c, tab_unreach). */
static const struct meaning afterwards[] = {
        {ECONNREFUSED, HEARD_CLOSED, REASON_REFUSED},
        {EHOSTUNREACH, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {ENETUNREACH, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {ETIMEDOUT, HEARD_SILENCE, REASON_NO_REPLY},
        {EACCES, HEARD_PROHIBITED, REASON_PROHIBITED},
        {0, HEARD_NOT_SENT, REASON_LOCAL},
};

/* ICMP type 3 (RFC 792, RFC 1812 5.2.7.1) and ICMPv6 type 1 (RFC 4443 3.1); others are as these end. */
static const struct meaning unreachable_v4[] = {
        {2, HEARD_PROHIBITED, REASON_PROHIBITED},  {3, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE},
        {9, HEARD_PROHIBITED, REASON_PROHIBITED},  {10, HEARD_PROHIBITED, REASON_PROHIBITED},
        {13, HEARD_PROHIBITED, REASON_PROHIBITED}, {0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
};
static const struct meaning unreachable_v6[] = {
        {1, HEARD_PROHIBITED, REASON_PROHIBITED},        {4, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE},
        {5, HEARD_PROHIBITED, REASON_PROHIBITED},        {6, HEARD_PROHIBITED, REASON_PROHIBITED},
        {0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
};

/* The row of a code; the last row, with code 0, is for all others. */
static const struct meaning *find(const struct meaning *table, int code)
{
        while (table->code && table->code != code)
                table++;
        return table;
}

static struct tcp_outcome outcome(int code, const struct meaning *meaning)
{
        return (struct tcp_outcome){.code = code, .kind = meaning->kind, .reason = meaning->reason};
}

struct tcp_outcome tcp_socket_connect(struct gate *gate, int fd, const struct address *to,
                                      uint32_t zone_index, uint16_t port)
{
        int r = gate_connect(gate, fd, to, zone_index, port);

        return outcome(r, r == 0 ? &connected : find(at_once, -r));
}

/*
 * The next ICMP error the socket kept: 1 = one that says unreachable, 0 = another one, -1 = none. Source:
 * ip(7), IP_RECVERR; the kernel fills these for a connection under way since 5.9.
 */
static int next_icmp(int fd, struct sock_extended_err *ret)
{
        _Alignas(struct cmsghdr) char control[256];
        struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

        if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0)
                return -1;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
                bool v4 = c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR;
                bool v6 = c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR;

                if ((!v4 && !v6) || c->cmsg_len < CMSG_LEN(sizeof(*ret)))
                        continue;
                memcpy(ret, CMSG_DATA(c), sizeof(*ret));
                return (ret->ee_origin == SO_EE_ORIGIN_ICMP && ret->ee_type == 3) ||
                       (ret->ee_origin == SO_EE_ORIGIN_ICMP6 && ret->ee_type == 1);
        }
        return 0;
}

/* Always to the end, so that a socket that is used again does not show what its last connection met. */
static const struct meaning *heard_by_icmp(int fd, int *ret_code)
{
        const struct meaning *meaning = NULL;
        struct sock_extended_err error;
        int r;

        while ((r = next_icmp(fd, &error)) >= 0) {
                bool v4 = r > 0 && error.ee_origin == SO_EE_ORIGIN_ICMP;

                if (!r)
                        continue;
                meaning = find(v4 ? unreachable_v4 : unreachable_v6, error.ee_code);
                *ret_code = -(int)error.ee_errno;
        }
        return meaning;
}

static bool met_itself(int fd, const struct address *to, uint16_t port)
{
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } own = {0};
        socklen_t len = sizeof(own);

        if (getsockname(fd, &own.any, &len) < 0)
                return false;
        if (to->family == 4)
                return own.v4.sin_port == htons(port) && memcmp(&own.v4.sin_addr, to->bytes, 4) == 0;
        return own.v6.sin6_port == htons(port) && memcmp(&own.v6.sin6_addr, to->bytes, 16) == 0;
}

struct tcp_outcome tcp_socket_check(struct gate *gate, int fd, const struct address *to, uint32_t zone_index,
                                    uint16_t port)
{
        int r = gate_connect(gate, fd, to, zone_index, port);
        const struct meaning *icmp;
        struct tcp_outcome result;
        int code;

        /* an ICMP error that came while connect(2) held the socket does not end the attempt, but is kept */
        if (r == -EALREADY || r == -EINPROGRESS) {
                icmp = heard_by_icmp(fd, &code);
                return icmp ? outcome(code, icmp) : (struct tcp_outcome){.code = -EINPROGRESS};
        }
        if (r == 0 || r == -EISCONN) {
                if (met_itself(fd, to, port))
                        return outcome(-ECONNREFUSED, find(afterwards, ECONNREFUSED));
                return outcome(0, &connected);
        }
        icmp = heard_by_icmp(fd, &code);
        result = outcome(r, icmp ? icmp : find(afterwards, -r));
        result.reusable = true;
        return result;
}

bool tcp_socket_later(int code)
{
        static const int later[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN, EADDRNOTAVAIL};

        for (size_t i = 0; i < array_len(later); i++)
                if (code == -later[i])
                        return true;
        return false;
}

static struct tcp_info info(int fd)
{
        struct tcp_info info = {0};
        socklen_t len = sizeof(info);

        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
                return (struct tcp_info){0};
        return info;
}

uint32_t tcp_socket_rtt_us(int fd)
{
        return info(fd).tcpi_rtt;
}

uint64_t tcp_socket_acknowledged(int fd)
{
        return info(fd).tcpi_bytes_acked;
}

unsigned tcp_socket_limit(unsigned asked, unsigned most)
{
        unsigned limit = asked ? asked : most;
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return 1;
        if (files.rlim_cur < files.rlim_max) {
                struct rlimit raised = {files.rlim_max, files.rlim_max};

                if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
                        files = raised;
        }
        if (files.rlim_cur <= MARGIN)
                return 1;
        return files.rlim_cur - MARGIN < limit ? (unsigned)(files.rlim_cur - MARGIN) : limit;
}
