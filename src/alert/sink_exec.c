/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of a fixed command line gets the record on its standard input, and nothing else of ours. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alert/sink.h"
#include "base/clock.h"
#include "base/fd.h"

#define NS_PER_MS 1000000ull

static int check(struct yaml_read *r, struct sink_config *c)
{
        return *c->argv.at[0] == '/'
                       ? 0
                       : yaml_read_fail_at(r, c->line, "argv '%s': the program needs an absolute path",
                                           yaml_read_show(r, c->argv.at[0]));
}

/* In the new process. */
static _Noreturn void become(const struct sink_config *c, int input)
{
        static char *const no_environment[] = {NULL};
        char **argv = xcalloc(c->argv.n + 1, sizeof(*argv));
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (size_t i = 0; i < c->argv.n; i++)
                argv[i] = xstrdup(c->argv.at[i]);
        (void)setsid();
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int sig = 1; sig < NSIG; sig++)
                (void)signal(sig, SIG_DFL);
        if (dup2(input, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
                _exit(126);
        (void)close_range(3, ~0u, 0);
        (void)execve(argv[0], argv, no_environment);
        _exit(errno == ENOENT ? 127 : 126);
}

/* Waits for the end of the process until the time is over; then its session is killed. True: it ended by itself. */
static bool wait_for(pid_t pid)
{
        uint64_t until = clock_monotonic_ns() / NS_PER_MS + SINK_TIMEOUT_S * 1000;
        _cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        uint64_t now;

        while (fd >= 0 && (now = clock_monotonic_ns() / NS_PER_MS) < until) {
                int n = poll(&poll_fd, 1, (int)(until - now));

                if (n > 0)
                        return true;
                if (n < 0 && errno != EINTR)
                        break;
        }
        return false;
}

static int deliver(const struct sink_config *c, const struct alert *a, const struct str *record,
                   struct err *err)
{
        _cleanup_str_ struct str line = {0};
        _cleanup_close_ int input = -1;
        int status = 0;
        bool ended;
        pid_t pid;

        str_addf(&line, "%s\n", str_text(record));
        input = fd_of_text("alert", line.text, line.len); /* one that does not read cannot hold us up */
        if (input < 0)
                return err_errno(err, -input, "cannot make its input");
        pid = fork();
        if (pid < 0)
                return err_errno(err, errno, "cannot start '%s'", c->argv.at[0]);
        if (pid == 0)
                become(c, input);
        ended = wait_for(pid);
        (void)kill(-pid, SIGKILL); /* what it left behind in its session, too */
        if (!ended)
                (void)kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (!ended)
                return err_set(err, -EREMOTEIO, "'%s' did not end within %u s", c->argv.at[0],
                               SINK_TIMEOUT_S);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
                return err_set(err, -EAGAIN, "'%s' cannot be run: %s", c->argv.at[0],
                               WEXITSTATUS(status) == 127 ? "there is no such program"
                                                          : "user nobody may not, or it is none");
        return err_set(err, -EREMOTEIO,
                       WIFEXITED(status) ? "'%s' ended with status %d" : "'%s' was ended by signal %d",
                       c->argv.at[0], WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

const struct sink sink_exec = {
        .name = "exec",
        .keys = (const char *const[]){"!argv", NULL},
        .check = check,
        .deliver = deliver,
};
