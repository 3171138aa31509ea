/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of bpf_sockets.c and bpf_exes.c in a build without clang or bpftool. */
#include "collect/bpf_exes.h"
#include "collect/bpf_sockets.h"

#include <errno.h>

bool bpf_sockets_built(void)
{
        return false;
}

int bpf_sockets_open(struct err *err)
{
        return err_set(err, -ENOSYS, "this build has no BPF programs (clang or bpftool was missing)");
}

int bpf_sockets_read(int iterator_fd, struct held *held, struct err *err)
{
        return bpf_sockets_open(err);
}

void exe_reader_release(struct exe_reader *reader)
{
}

bool exe_reader_read(struct exe_reader *reader, pid_t pid, struct exe_seen *ret)
{
        return false;
}
