/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/method/udp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"

#define RECEIVE_BUFFER (4 << 20)

static int set(int fd, int level, int option, int value)
{
        return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(int fd, uint8_t family)
{
        static const struct {
                uint8_t family;
                int level, option, value;
        } options[] = {
                {4, SOL_IP, IP_RECVERR, 1},
                {4, SOL_IP, IP_RECVTTL, 1},
                {4, SOL_IP, IP_PKTINFO, 1},
                {4, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT},
                {6, SOL_IPV6, IPV6_V6ONLY, 1},
                {6, SOL_IPV6, IPV6_RECVERR, 1},
                {6, SOL_IPV6, IPV6_RECVHOPLIMIT, 1},
                {6, SOL_IPV6, IPV6_RECVPKTINFO, 1},
                {6, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT},
        };
        int rc = set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);

        for (size_t i = 0; i < array_len(options) && rc == 0; i++)
                if (options[i].family == family)
                        rc = set(fd, options[i].level, options[i].option, options[i].value);
        if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
                (void)set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER); /* as far as net.core.rmem_max allows */
        return rc;
}

static int bind_socket(struct udp_socket *s, uint8_t family)
{
        union udp_name name = {.v4 = {.sin_family = AF_INET}};
        socklen_t len = sizeof(name.v4);

        if (family == 6) {
                name.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
                len = sizeof(name.v6);
        }
        if (bind(s->fd, (struct sockaddr *)&name, len) < 0 ||
            getsockname(s->fd, (struct sockaddr *)&name, &len) < 0)
                return -errno;
        s->port = ntohs(family == 4 ? name.v4.sin_port : name.v6.sin6_port);
        return 0;
}

int udp_socket_open(struct udp_socket *s, uint8_t family)
{
        int rc;

        s->fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->fd < 0)
                return -errno;
        rc = set_options(s->fd, family);
        return rc < 0 ? rc : bind_socket(s, family);
}
