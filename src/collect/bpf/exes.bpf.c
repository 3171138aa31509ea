/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The executable of a task as /proc/PID/exe would show it, for a reader who may not look there. The reader names the
 * one task when it makes the iterator, and takes turns: there is one buffer.
 */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "exe_record.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

char path[EXE_PATH_MAX]; /* larger than the stack of a program */

SEC("iter/task")
int exes(struct bpf_iter__task *ctx)
{
        struct task_struct *task = ctx->task, *reader = (struct task_struct *)bpf_get_current_task();
        struct exe_record r = {};
        long len;

        if (!task || !task->mm || !task->mm->exe_file)
                return 0;
        len = bpf_d_path(&task->mm->exe_file->f_path, path, sizeof(path));
        if (len <= 0 || len > (long)sizeof(path))
                return 0;
        r.len = (unsigned int)len;
        r.foreign_root = BPF_CORE_READ(task, fs, root.dentry) != BPF_CORE_READ(reader, fs, root.dentry);
        bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
        bpf_seq_write(ctx->meta->seq, path, (__u32)len);
        return 0;
}
