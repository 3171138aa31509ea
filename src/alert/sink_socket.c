/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/sink_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/fd.h"

#define WAIT_S 5 /* for each call: below SINK_TIMEOUT_S for all of them */

void sink_socket_limit(int fd)
{
        const struct timeval limit = {.tv_sec = WAIT_S};

        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

int sink_socket_tell(const char *path, const struct str *text, struct err *err)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un to = {.sun_family = AF_UNIX};

        if (strlen(path) >= sizeof(to.sun_path))
                return err_set(err, -ENAMETOOLONG, "'%s' is too long for a socket", path);
        memcpy(to.sun_path, path, strlen(path) + 1);
        if (fd < 0)
                return err_errno(err, errno, "cannot make a socket");
        sink_socket_limit(fd);
        if (sendto(fd, text->text, text->len, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)) < 0)
                return err_errno(err, errno, "cannot write to '%s'", path);
        return 0;
}
