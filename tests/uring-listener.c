/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests: a TCP listener that is only registered with an io_uring and in no file table. uring-listener PORT;
 * prints "ready" and waits for the end of its standard input.
 */
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        struct io_uring ring;
        char byte;
        int fd;

        sin.sin_port = htons((uint16_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 0));
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, 1) < 0) {
                perror("uring-listener");
                return 1;
        }
        if (io_uring_queue_init(8, &ring, 0) < 0 || io_uring_register_files(&ring, &fd, 1) < 0)
                return 77;
        close(fd);
        puts("ready");
        fflush(stdout);
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        return 0;
}
