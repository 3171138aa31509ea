/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/source_ports.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"

#define BLOCKS      (65536 / SOURCE_PORTS)
#define FIRST_BLOCK (1024 / SOURCE_PORTS)
#define TRIES_MAX   256 /* blocks */

struct ephemeral {
        unsigned first, last;
};

static struct ephemeral read_ephemeral(void)
{
        struct ephemeral range = {32768, 60999}; /* what Linux has by default */
        _cleanup_str_ struct str text = {0};
        unsigned first, last;

        if (fd_read_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", 64, &text) == 0 &&
            sscanf(str_text(&text), "%u %u", &first, &last) == 2 && first <= last && last <= 65535)
                range = (struct ephemeral){first, last};
        return range;
}

/* One socket holds the port for both families where there is IPv6. fd or negative errno. */
static int hold(uint16_t port)
{
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
        _cleanup_close_ int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int no = 0;

        if (fd >= 0) {
                (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
                return bind(fd, (struct sockaddr *)&six, sizeof(six)) < 0 ? -errno : take_fd(fd);
        }
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        return bind(fd, (struct sockaddr *)&four, sizeof(four)) < 0 ? -errno : take_fd(fd);
}

static int hold_block(struct source_ports *ports, unsigned block)
{
        *ports = (struct source_ports){.base = (uint16_t)(block * SOURCE_PORTS)};
        for (unsigned i = 0; i < SOURCE_PORTS; i++)
                ports->fds[i] = -1;
        for (unsigned i = 0; i < SOURCE_PORTS; i++) {
                ports->fds[i] = hold((uint16_t)(ports->base + i));
                if (ports->fds[i] < 0) {
                        int r = ports->fds[i];

                        source_ports_release(ports);
                        return r;
                }
        }
        return 0;
}

int source_ports_take(struct source_ports *ports, struct err *err)
{
        struct ephemeral range = read_ephemeral();
        unsigned above = range.last / SOURCE_PORTS + 1;
        unsigned first = above < BLOCKS ? above : FIRST_BLOCK, n, start = 0;
        int r = -EADDRINUSE;

        /* Nothing above: all there are, since a bound port is nobody else's either way. */
        n = BLOCKS - first;
        if (getrandom(&start, sizeof(start), 0) < 0)
                start = 0;
        for (unsigned i = 0; i < n && i < TRIES_MAX; i++) {
                r = hold_block(ports, first + (start % n + i) % n);
                if (r != -EADDRINUSE && r != -EACCES)
                        break;
        }
        return r < 0 ? err_errno(err, -r, "cannot reserve %d source ports", SOURCE_PORTS) : 0;
}

void source_ports_release(struct source_ports *ports)
{
        for (unsigned i = 0; i < SOURCE_PORTS; i++)
                fd_close(&ports->fds[i]);
}
