/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens TCP listeners on 127.0.0.1, spread over processes: make-listeners PROCESSES LISTENERS [FIRST_PORT].
 * Prints "ready" when all are open and holds them until its standard input ends. Processes beyond 50,000
 * ports continue on 127.0.0.2 and so on.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#define PORTS_PER_ADDRESS 50000

static void hold(unsigned first, unsigned n, unsigned first_port, int ready)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (unsigned i = first; i < first + n; i++) {
                struct sockaddr_in sin = {
                        .sin_family = AF_INET,
                        .sin_port = htons((uint16_t)(first_port + i % PORTS_PER_ADDRESS)),
                        .sin_addr = {htonl(INADDR_LOOPBACK + i / PORTS_PER_ADDRESS)},
                };
                int fd = socket(AF_INET, SOCK_STREAM, 0);

                if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, 1) < 0) {
                        perror("make-listeners");
                        _exit(1);
                }
        }
        if (write(ready, "x", 1) != 1)
                _exit(1);
        for (;;)
                pause();
}

int main(int argc, char **argv)
{
        unsigned processes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
        unsigned total = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
        unsigned first_port = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 10000;
        struct rlimit limit;
        int ready[2];
        char byte;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
        if (!processes || pipe(ready) < 0)
                return 1;
        for (unsigned i = 0; i < processes; i++) {
                unsigned first = (unsigned)((unsigned long)total * i / processes);
                unsigned last = (unsigned)((unsigned long)total * (i + 1) / processes);
                pid_t pid = fork();

                if (pid < 0)
                        return 1;
                if (pid == 0)
                        hold(first, last - first, first_port, ready[1]);
        }
        close(ready[1]);
        for (unsigned i = 0; i < processes; i++)
                if (read(ready[0], &byte, 1) != 1)
                        return 1; /* the children die with us */
        puts("ready");
        fflush(stdout);
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        return 0;
}
