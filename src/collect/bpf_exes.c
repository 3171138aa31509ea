/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built only with BPF; bpf_absent.c takes its place otherwise. */
#include "collect/bpf_exes.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wshadow"
#include "exes.skel.h"
#pragma GCC diagnostic pop

#include "base/fd.h"

/* union bpf_iter_link_info of Linux 6.1: headers may be older than the kernel. */
struct for_task {
        uint32_t tid, pid, pid_fd, unused;
};

static bool load(struct exe_reader *reader)
{
        struct exes_bpf *skeleton;

        if (reader->skeleton || reader->failed)
                return !reader->failed;
        skeleton = exes_bpf__open();
        if (!skeleton || exes_bpf__load(skeleton) < 0) {
                if (skeleton)
                        exes_bpf__destroy(skeleton);
                reader->failed = true;
                return false;
        }
        reader->skeleton = skeleton;
        return true;
}

void exe_reader_release(struct exe_reader *reader)
{
        if (reader->skeleton)
                exes_bpf__destroy(reader->skeleton);
        reader->skeleton = NULL;
}

static int open_iterator(int program_fd, pid_t pid)
{
        struct for_task task = {.tid = (uint32_t)pid};
        union bpf_attr attr = {
                .link_create = {.prog_fd = (uint32_t)program_fd,
                                .attach_type = BPF_TRACE_ITER,
                                .iter_info = (uint64_t)(uintptr_t)&task,
                                .iter_info_len = sizeof(task)},
        };
        _cleanup_close_ int link_fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

        if (link_fd < 0)
                return -errno;
        attr = (union bpf_attr){.iter_create = {.link_fd = (uint32_t)link_fd}};
        return (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
}

static size_t read_iterator(int fd, uint8_t *buffer, size_t size)
{
        size_t have = 0;
        ssize_t n;

        while ((n = read(fd, buffer + have, size - have)) != 0) {
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0)
                        return 0;
                have += (size_t)n;
        }
        return have;
}

static bool read_one(struct exe_reader *reader, pid_t pid, struct exe_seen *ret)
{
        uint8_t buffer[sizeof(struct exe_record) + EXE_PATH_MAX];
        const struct exes_bpf *skeleton;
        _cleanup_close_ int fd = -1;

        if (!load(reader))
                return false;
        skeleton = reader->skeleton;
        fd = open_iterator(skeleton->progs.exes.prog_fd, pid);
        return fd >= 0 && exe_record_parse(wire_over(buffer, read_iterator(fd, buffer, sizeof(buffer))), ret);
}

bool exe_reader_read(struct exe_reader *reader, pid_t pid, struct exe_seen *ret)
{
        bool ok;

        (void)pthread_mutex_lock(&reader->lock);
        ok = read_one(reader, pid, ret);
        (void)pthread_mutex_unlock(&reader->lock);
        return ok;
}
