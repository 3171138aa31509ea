/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built only with BPF; bpf_absent.c takes its place otherwise. */
#include "collect/bpf_sockets.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wshadow"
#include "sockets.skel.h"
#pragma GCC diagnostic pop

#include "base/fd.h"
#include "collect/bpf/record.h"

/* A multiple of the record's size, so that a full read never cuts one. */
#define BUFFER_SIZE (sizeof(struct bpf_record) * 4096)

static void skeleton_free(struct sockets_bpf **skeleton)
{
        sockets_bpf__destroy(*skeleton);
}

bool bpf_sockets_built(void)
{
        return true;
}

static int open_iterator(int link_fd)
{
        union bpf_attr attr = {.iter_create = {.link_fd = (uint32_t)link_fd}};
        long fd = syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));

        return fd < 0 ? -errno : (int)fd;
}

int bpf_sockets_read(int iterator_fd, struct held *held, struct err *err)
{
        _cleanup_free_ uint8_t *buffer = xmalloc(BUFFER_SIZE);
        size_t have = 0;

        for (;;) {
                ssize_t n = read(iterator_fd, buffer + have, BUFFER_SIZE - have);
                struct wire w;

                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0)
                        return err_errno(err, errno, "cannot read the BPF iterator");
                if (n == 0)
                        return have ? err_set(err, -EBADMSG, "the BPF iterator ended inside a record") : 0;
                have += (size_t)n;
                w = wire_over(buffer, have);
                while (wire_left(&w) >= sizeof(struct bpf_record))
                        if (!bpf_record_parse(&w, held))
                                return err_set(err, -EBADMSG, "a BPF record makes no sense");
                have = wire_left(&w);
                memmove(buffer, w.at, have);
        }
}

/* The iterator keeps program and link alive: the skeleton may go. */
int bpf_sockets_open(struct err *err)
{
        _cleanup_(skeleton_free) struct sockets_bpf *skeleton = sockets_bpf__open();
        int r;

        if (!skeleton)
                return err_set(err, -ENOMEM, "cannot open the BPF program");
        r = sockets_bpf__load(skeleton);
        if (r < 0)
                return err_errno(err, -r, "cannot load the BPF program");
        r = sockets_bpf__attach(skeleton);
        if (r < 0)
                return err_errno(err, -r, "cannot attach the BPF iterator");
        r = open_iterator(skeleton->links.sockets_fd);
        return r < 0 ? err_errno(err, -r, "cannot start the BPF iterator") : r;
}
