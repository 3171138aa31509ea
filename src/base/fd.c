/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void fd_close(int *fd)
{
        int saved = errno;

        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
        errno = saved;
}

bool fd_fill_standard(void)
{
        int fd;

        do
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd <= STDERR_FILENO);
        fd_close(&fd);
        return fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

DIR *fd_to_dir(int *fd)
{
        DIR *dir = *fd < 0 ? NULL : fdopendir(*fd);

        if (dir)
                *fd = -1; /* closedir closes it */
        return dir;
}

int fd_read_all(int fd, size_t max, struct str *s)
{
        size_t start = s->len;

        for (;;) {
                ssize_t n;

                str_reserve(s, 4096);
                n = read(fd, s->text + s->len, s->room - s->len - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                s->len += (size_t)n;
                s->text[s->len] = '\0';
                if (s->len - start > max) {
                        s->len = start;
                        s->text[start] = '\0';
                        return -EFBIG;
                }
        }
        return 0;
}

int fd_read_file(int dir_fd, const char *path, size_t max, struct str *s)
{
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        if (fd < 0)
                return -errno;
        return fd_read_all(fd, max, s);
}

int fd_read_start(int dir_fd, const char *path, size_t max, struct str *s)
{
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        size_t end = s->len + max;

        if (fd < 0)
                return -errno;
        while (s->len < end) {
                ssize_t n;

                str_reserve(s, end - s->len < 4096 ? end - s->len : 4096);
                n = read(fd, s->text + s->len, end - s->len < 4096 ? end - s->len : 4096);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                s->len += (size_t)n;
                s->text[s->len] = '\0';
        }
        return 0;
}

const char *fd_distrust(const struct stat *st)
{
        if (geteuid() != 0)
                return NULL;
        if (st->st_uid != 0)
                return "not owned by root; chown root it";
        if (st->st_mode & (S_IWGRP | S_IWOTH))
                return "others can write it; chmod go-w it";
        return NULL;
}

int fd_write_all(int fd, const char *data, size_t len)
{
        while (len) {
                ssize_t n = write(fd, data, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                len -= (size_t)n;
        }
        return 0;
}

int fd_of_text(const char *name, const char *text, size_t len)
{
        _cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC);
        int r = fd < 0 ? -errno : fd_write_all(fd, text, len);

        if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        return r < 0 ? r : take_fd(fd);
}

int fd_readlink(int dir_fd, const char *path, char *buf, size_t size)
{
        ssize_t n = readlinkat(dir_fd, path, buf, size);

        if (n < 0)
                return -errno;
        if ((size_t)n >= size)
                return -ENAMETOOLONG;
        buf[n] = '\0';
        return (int)n;
}

static bool is_own_root(int root_fd)
{
        struct stat own, st;

        return stat("/", &own) == 0 && fstat(root_fd, &st) == 0 && own.st_dev == st.st_dev &&
               own.st_ino == st.st_ino;
}

int fd_open_in_root(int root_fd, const char *path, int flags)
{
        /* openat2(2) refuses flags that O_PATH would make meaningless. */
        int add = flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
        struct open_how how = {
                .flags = (uint64_t)(flags | add),
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

        /* Before Linux 5.6, and under valgrind: from our own root nothing leads out anyway. */
        if (fd < 0 && errno == ENOSYS && is_own_root(root_fd))
                fd = openat(root_fd, path, flags | add);
        return fd < 0 ? -errno : (int)fd;
}

int fd_open_regular(int root_fd, const char *path)
{
        _cleanup_close_ int place = fd_open_in_root(root_fd, path, O_PATH);
        char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
        struct stat st;
        int fd;

        if (place < 0)
                return place;
        if (fstat(place, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
        fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}
