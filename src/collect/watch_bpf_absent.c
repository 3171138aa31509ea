/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of watch_bpf.c in a build without clang or bpftool. */
#include "collect/watch.h"

#include <errno.h>

bool watch_built(void)
{
        return false;
}

int watch_open_bpf(struct watch **ret, struct err *err)
{
        return err_set(err, -ENOSYS, "this quaymaster was built without BPF");
}
