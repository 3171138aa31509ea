/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"

#define RECORD_SIZE 48 /* always as many bytes: what was written once can be written again on a full disk */

void holder_write(int lock_fd)
{
        struct process_start self;
        char text[RECORD_SIZE + 1];

        if (!process_start_read((unsigned)getpid(), &self))
                return;
        (void)snprintf(text, sizeof(text), "%-10u %-36llu\n", (unsigned)getpid(),
                       (unsigned long long)self.begun_ns);
        if (pwrite(lock_fd, text, RECORD_SIZE, 0) != RECORD_SIZE)
                (void)!ftruncate(lock_fd, 0); /* nobody rather than another */
}

bool holder_read(int lock_fd, struct holder *ret)
{
        char text[RECORD_SIZE + 1] = "";
        unsigned long long begun;

        *ret = (struct holder){0};
        if (pread(lock_fd, text, RECORD_SIZE, 0) != RECORD_SIZE ||
            sscanf(text, "%u %llu\n", &ret->pid, &begun) != 2)
                return false;
        ret->begun_ns = begun;
        return ret->pid > 1;
}

bool holder_is_stuck(struct holder_watch *watch, const struct holder *holder, bool stopped, size_t progress,
                     uint64_t now_ns)
{
        bool same = watch->holder.pid == holder->pid && watch->holder.begun_ns == holder->begun_ns;

        if (!same || progress != watch->progress)
                watch->moved_ns = now_ns;
        if (!same || !stopped)
                watch->ran_ns = now_ns;
        watch->holder = *holder;
        watch->progress = progress;
        return now_ns - watch->ran_ns > HOLDER_STOPPED_MS * UINT64_C(1000000) ||
               now_ns - watch->moved_ns > HOLDER_STILL_MS * UINT64_C(1000000);
}

static bool is_there(const struct holder *holder, struct process_start *ret)
{
        return process_start_read(holder->pid, ret) && ret->begun_ns == holder->begun_ns;
}

bool holder_is_stopped(const struct holder *holder)
{
        struct process_start p;

        return is_there(holder, &p) && (p.state == 'T' || p.state == 't');
}

int holder_kill(const struct holder *holder, struct err *err)
{
        _cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, holder->pid, 0);
        struct process_start p;

        if (fd < 0)
                return err_errno(err, errno, "ending process %u", holder->pid);
        /* looked at after it is held: the number cannot pass to another any more */
        if (!is_there(holder, &p))
                return err_set(err, -ESRCH, "process %u is gone", holder->pid);
        if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0)
                return err_errno(err, errno, "ending process %u", holder->pid);
        return 0;
}
