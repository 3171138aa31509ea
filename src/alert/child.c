/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/child.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/wire.h"

#define OWN_FD 3     /* beside the standard ones, which are /dev/null */
#define NOBODY 65534 /* of Debian and most others; its name need not exist */

/* Of the answer: the errno, positive, then the reason. */
struct answer {
        uint32_t code;
        char text[400];
};

/* --- in the child ---------------------------------------------------------------------------------- */

static int give_up_rights(void)
{
        capng_clear(CAPNG_SELECT_ALL);
        if (geteuid() == 0) {
                if (capng_change_id(NOBODY, NOBODY,
                                    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT) != 0)
                        return -EPERM;
        } else {
                (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
                if (capng_apply(CAPNG_SELECT_CAPS) != 0)
                        return -EPERM;
        }
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static void keep_only(int fd)
{
        int high = fcntl(fd, F_DUPFD_CLOEXEC, 10), null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int i = 0; i <= 2; i++)
                (void)dup2(null, i);
        (void)dup3(high, OWN_FD, O_CLOEXEC);
        (void)close_range(OWN_FD + 1, ~0u, 0);
}

/* Of what the watch has in memory; this is a copy. */
static void forget_secrets_but(const struct sinks *all, const struct sink_config *c)
{
        for (const struct sink_config *other = all->at; other < all->at + all->n; other++)
                if (other != c && other->secret)
                        explicit_bzero((char *)(uintptr_t)other->secret, other->secret_len);
}

static void reset_signals(void)
{
        sigset_t none;

        (void)sigemptyset(&none);
        for (int sig = 1; sig < NSIG; sig++)
                (void)signal(sig, SIG_DFL);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGHUP, SIG_IGN); /* what is meant for the watch may be sent to the group */
        (void)signal(SIGINT, SIG_IGN);
        (void)signal(SIGTERM, SIG_IGN);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void answer(int fd, int result, const struct err *err)
{
        struct answer a = {.code = (uint32_t)-result};
        size_t len = strnlen(err->text, sizeof(a.text));

        memcpy(a.text, err->text, len);
        (void)send(fd, &a, offsetof(struct answer, text) + len, MSG_NOSIGNAL);
}

/* rights: whether they could be given up; with them nothing is sent. */
static void handle(int fd, const struct sink_config *c, const struct str *record, int rights)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        struct alert a;
        int r = alert_read(record->text, record->len, pool, &a);

        if (rights < 0)
                r = err_set(&err, rights,
                            "the process that sends cannot give up its rights; a unit needs to permit it: "
                            "SystemCallFilter=capset");
        else if (r < 0)
                (void)err_set(&err, r, "what was kept is no alert");
        else
                r = c->sink->deliver(c, &a, record, &err);
        answer(fd, r, &err);
}

static _Noreturn void work(int fd, const struct sinks *all, const struct sink_config *c)
{
        static char buf[ALERT_RECORD_MAX + 1];
        int rights;

        reset_signals();
        forget_secrets_but(all, c);
        keep_only(fd);
        if (chdir("/") < 0)
                _exit(EXIT_FAILURE);
        (void)clearenv();
        (void)prctl(PR_SET_NAME, "quaymaster-sink");
        rights = give_up_rights();
        for (;;) {
                struct str record = {.text = buf};
                ssize_t n = recv(OWN_FD, buf, sizeof(buf) - 1, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        _exit(0);
                buf[n] = '\0';
                record.len = (size_t)n;
                handle(OWN_FD, c, &record, rights);
        }
}

/* --- in the watch ---------------------------------------------------------------------------------- */

int child_start(struct child *child, const struct sinks *all, const struct sink_config *c, struct err *err)
{
        _cleanup_close_ int ours = -1, its = -1;
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return err_errno(err, errno, "cannot make a socket");
        ours = fds[0];
        its = fds[1];
        (void)fcntl(its, F_SETFL, 0); /* the child waits */
        child->pid = fork();
        if (child->pid < 0) {
                child->pid = 0;
                return err_errno(err, errno, "cannot start a process");
        }
        if (child->pid == 0)
                work(its, all, c);
        child->fd = take_fd(ours);
        return 0;
}

void child_end(struct child *child)
{
        fd_close(&child->fd);
        if (!child->pid)
                return;
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        child->pid = 0;
}

int child_give(const struct child *child, const struct str *record, struct err *err)
{
        return send(child->fd, record->text, record->len, MSG_NOSIGNAL) < 0
                       ? err_errno(err, errno, "the process that sends does not listen")
                       : 0;
}

int child_answer(const struct child *child, int *ret_result, struct err *err)
{
        char buf[sizeof(struct answer) + 1];
        ssize_t n = recv(child->fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
        struct wire w;
        uint32_t code;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return -EAGAIN;
        w = wire_over(buf, n > 0 ? (size_t)n : 0);
        code = wire_u32(&w);
        if (w.bad || code > INT16_MAX)
                return -EPIPE;
        buf[n] = '\0';
        *ret_result = -(int)code;
        if (code)
                (void)err_set(err, -(int)code, "%s", (const char *)w.at);
        return 0;
}
