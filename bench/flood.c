/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For bench/firewall. flood serve PORT: takes connections and datagrams, and throws all away. flood connect|stream|udp
 * SECONDS ADDRESS PORT: connections made and reset in a row, bytes of one connection, or datagrams of one flow; prints how
 * many a second.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buf[65536];

static double now(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int bound(int type, unsigned port)
{
        struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        int fd = socket(AF_INET6, type, 0), one = 1;

        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
                perror("bind");
                exit(1);
        }
        return fd;
}

static void *drain(void *arg)
{
        int fd = (int)(long)arg;
        static __thread char own[65536];

        while (recv(fd, own, sizeof(own), 0) > 0)
                ;
        (void)close(fd);
        return NULL;
}

/* Connections that bring nothing within a moment end here; one that brings bytes gets a thread. */
static void serve(unsigned port)
{
        int tcp = bound(SOCK_STREAM, port), udp = bound(SOCK_DGRAM, port);
        pthread_t thread;

        (void)listen(tcp, 4096);
        (void)pthread_create(&thread, NULL, drain, (void *)(long)udp);
        (void)puts("ready");
        (void)fflush(stdout);
        for (;;) {
                int fd = accept(tcp, NULL, NULL);
                struct pollfd p = {.fd = fd, .events = POLLIN};

                if (fd >= 0 && poll(&p, 1, 1000) == 1 && recv(fd, buf, 1, MSG_PEEK) > 0) {
                        (void)pthread_create(&thread, NULL, drain, (void *)(long)fd);
                        (void)pthread_detach(thread);
                } else if (fd >= 0) {
                        (void)close(fd);
                }
        }
}

static int reach(int type, const struct sockaddr_in *a)
{
        int fd = socket(AF_INET, type, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0) {
                perror("connect");
                exit(1);
        }
        return fd;
}

int main(int argc, char **argv)
{
        struct sockaddr_in a = {.sin_family = AF_INET};
        double begin, end, n = 0;
        int fd = -1;

        if (argc == 3 && strcmp(argv[1], "serve") == 0)
                serve((unsigned)strtoul(argv[2], NULL, 10));
        if (argc != 5)
                return 2;
        (void)inet_pton(AF_INET, argv[3], &a.sin_addr);
        a.sin_port = htons((uint16_t)strtoul(argv[4], NULL, 10));
        if (strcmp(argv[1], "connect") != 0)
                fd = reach(strcmp(argv[1], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, &a);
        begin = now();
        end = begin + strtod(argv[2], NULL);
        while (now() < end) {
                if (fd < 0) {
                        const struct linger reset = {.l_onoff = 1};
                        int one = reach(SOCK_STREAM, &a);

                        (void)setsockopt(one, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
                        (void)close(one);
                        n++;
                } else {
                        ssize_t sent = send(fd, buf, argv[1][0] == 'u' ? 64 : sizeof(buf), 0);

                        n += argv[1][0] == 'u' ? sent > 0 : (double)(sent > 0 ? sent : 0);
                }
        }
        (void)printf("%.0f\n", n / (now() - begin));
        return 0;
}
