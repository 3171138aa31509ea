/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ambient.h"
#include "base/clock.h"
#include "base/fd.h"

#define NS_PER_MS 1000000u

/* Descriptors to be put in place: copies above all places, so that none is overwritten before its turn. */
struct copies {
        int output; /* -1: none */
        int fds[LAUNCH_MAX_FDS];
        size_t n;
};

static void copies_release(struct copies *copies)
{
        fd_close(&copies->output);
        for (size_t i = 0; i < copies->n; i++)
                fd_close(&copies->fds[i]);
}

static int copy(const struct launch *how, int output, struct copies *ret)
{
        int above = LAUNCH_FIRST_FD + (int)how->n_fds;

        if (output >= 0 && (ret->output = fcntl(output, F_DUPFD_CLOEXEC, above)) < 0)
                return -errno;
        for (; ret->n < how->n_fds; ret->n++) {
                ret->fds[ret->n] = fcntl(how->fds[ret->n], F_DUPFD_CLOEXEC, above);
                if (ret->fds[ret->n] < 0)
                        return -errno;
        }
        return 0;
}

/* 0 or positive errno. */
static int place(const struct launch *how, const struct copies *copies, posix_spawn_file_actions_t *actions)
{
        int r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

        for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && !how->shows && !r; fd++)
                r = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_WRONLY, 0);
        if (copies->output >= 0 && !r)
                r = posix_spawn_file_actions_adddup2(actions, copies->output, STDOUT_FILENO);
        for (size_t i = 0; i < copies->n && !r; i++)
                r = posix_spawn_file_actions_adddup2(actions, copies->fds[i], LAUNCH_FIRST_FD + (int)i);
        return r ? r : posix_spawn_file_actions_addclosefrom_np(actions, LAUNCH_FIRST_FD + (int)copies->n);
}

/* What we ignore or block would stay so in the program, and in all that it starts. */
static void reset_signals(posix_spawnattr_t *attributes, short more_flags)
{
        sigset_t all, none;

        (void)sigfillset(&all);
        (void)sigemptyset(&none);
        (void)posix_spawnattr_setflags(attributes,
                                       (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | more_flags));
        (void)posix_spawnattr_setsigdefault(attributes, &all);
        (void)posix_spawnattr_setsigmask(attributes, &none);
}

static int start(const struct launch *how, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, pid_t *ret)
{
        static const char *const nothing[] = {NULL};
        const char *const *environment = how->environment ? how->environment : nothing;
        bool lent = how->lend && ambient_raise(how->lend);
        pid_t pid;
        int r = posix_spawn(&pid, how->program, actions, attributes, (char *const *)(uintptr_t)how->argv,
                            (char *const *)(uintptr_t)environment);

        if (lent)
                ambient_lower(how->lend);
        if (!r)
                *ret = pid;
        return r;
}

static int start_with(const struct launch *how, const struct copies *copies, pid_t *ret)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r = posix_spawn_file_actions_init(&actions);

        if (r)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (!r) {
                reset_signals(&attributes, how->own_group ? POSIX_SPAWN_SETPGROUP : 0);
                r = place(how, copies, &actions);
                if (!r)
                        r = start(how, &actions, &attributes, ret);
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
        return -r;
}

int launch(const struct launch *how, pid_t *ret_pid, int *ret_output)
{
        _cleanup_(copies_release) struct copies copies = {.output = -1};
        _cleanup_close_ int from = -1, to = -1;
        int ends[2], r;

        if (how->n_fds > LAUNCH_MAX_FDS)
                return -E2BIG;
        if (ret_output) {
                if (pipe2(ends, O_CLOEXEC) < 0)
                        return -errno;
                from = ends[0];
                to = ends[1];
        }
        r = copy(how, to, &copies);
        if (r == 0)
                r = start_with(how, &copies, ret_pid);
        if (r == 0 && ret_output)
                *ret_output = take_fd(from);
        return r;
}

/* Where the kernel cannot tell (before 5.3) it takes what it takes. */
static bool ends_within(pid_t pid, int ms)
{
        _cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        struct pollfd ended = {.fd = fd, .events = POLLIN};
        uint64_t end = clock_monotonic_ns() / NS_PER_MS + (uint64_t)ms, now;

        while (fd >= 0 && poll(&ended, 1, ms) <= 0) {
                now = clock_monotonic_ns() / NS_PER_MS;
                if (now >= end)
                        return false;
                ms = (int)(end - now);
        }
        return true;
}

int launch_wait(pid_t pid, int within_ms)
{
        bool late = within_ms >= 0 && !ends_within(pid, within_ms);
        int status;

        if (late)
                (void)kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (late)
                return -ETIMEDOUT;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *launch_words(int status, char buf[LAUNCH_WORDS_SIZE])
{
        const char *signal_name = status > 128 ? sigdescr_np(status - 128) : NULL;

        if (status < 0)
                (void)snprintf(buf, LAUNCH_WORDS_SIZE, "%s", strerrordesc_np(-status));
        else if (signal_name)
                (void)snprintf(buf, LAUNCH_WORDS_SIZE, "it was ended by signal %d (%s)", status - 128, signal_name);
        else /* 127 is what ld.so(8) says */
                (void)snprintf(buf, LAUNCH_WORDS_SIZE, "it ended with status %d%s", status,
                               status == 127 ? ", perhaps for want of a library" : "");
        return buf;
}
