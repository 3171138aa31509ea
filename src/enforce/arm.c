/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/arm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "enforce/node.h"

#define UNITS    "etc/systemd/system"
#define ROLLBACK "quaymaster-rollback.service"
#define WANTS    UNITS "/sysinit.target.wants"
#define LINK     WANTS "/" ROLLBACK
#define PENDING  HARDEN_FOLDER "/pending"

int arm_program(char path[PATH_MAX], struct err *err)
{
        static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
        int len = fd_readlink(AT_FDCWD, "/proc/self/exe", path, PATH_MAX);

        if (len < 0)
                return err_errno(err, -len, "finding this program");
        if (strspn(path, good) != (size_t)len)
                return err_set(err, -EINVAL, "'%s': such a path cannot stand in a unit of systemd", path);
        return 0;
}

const char *arm_firewall_unit(const char *program, struct pool *pool)
{
        return pool_printf(pool,
                           "# Made by quaymaster. Undone by: quaymaster harden undo\n"
                           "[Unit]\n"
                           "Description=Firewall of quaymaster\n"
                           "DefaultDependencies=no\n"
                           "RequiresMountsFor=" HARDEN_FOLDER "\n"
                           "After=local-fs.target " ROLLBACK " nftables.service\n"
                           "Wants=network-pre.target\n"
                           "Before=network-pre.target sysinit.target shutdown.target\n"
                           "Conflicts=shutdown.target\n\n"
                           "[Service]\n"
                           "Type=oneshot\n"
                           "RemainAfterExit=yes\n"
                           "ExecStart=%s load\n\n"
                           "[Install]\n"
                           "WantedBy=sysinit.target\n",
                           program);
}

static void rollback_unit(const char *program, struct str *to)
{
        str_addf(to,
                 "# Made by quaymaster for the time of an apply.\n"
                 "[Unit]\n"
                 "Description=Undo hardening that was not confirmed\n"
                 "DefaultDependencies=no\n"
                 "ConditionPathExists=" PENDING "\n"
                 "StartLimitIntervalSec=0\n"
                 "RequiresMountsFor=" HARDEN_FOLDER "\n"
                 "After=local-fs.target\n"
                 "Wants=network-pre.target\n"
                 "Before=network-pre.target sysinit.target shutdown.target\n"
                 "Conflicts=shutdown.target\n\n"
                 "[Service]\n"
                 "Type=oneshot\n"
                 "Restart=on-failure\n" /* systemd goes on with the boot meanwhile */
                 "RestartSec=10\n"
                 "ExecStart=%s boot\n\n"
                 "[Install]\n"
                 "WantedBy=sysinit.target\n",
                 program);
}

static int put_unit(int root_fd, const char *program, struct err *err)
{
        static const struct node folder = {.type = NODE_FOLDER, .mode = 0755};
        const struct node link = node_link("/" UNITS "/" ROLLBACK);
        _cleanup_str_ struct str text = {0};
        struct node unit;
        int r;

        rollback_unit(program, &text);
        unit = node_file(text.text, text.len);
        r = node_put(root_fd, UNITS "/" ROLLBACK, &unit, err);
        if (r == 0)
                r = node_put(root_fd, WANTS, &folder, err);
        return r < 0 ? r : node_put(root_fd, LINK, &link, err);
}

int disarm(int root_fd, struct err *err)
{
        static const struct node none = {.type = NODE_NONE};
        int r;

        node_clean(root_fd, LINK);
        node_clean(root_fd, UNITS "/" ROLLBACK);
        r = node_put(root_fd, LINK, &none, err);
        /* as systemctl does, only when it is empty; where /etc cannot be written it stays */
        if (r == 0)
                (void)node_put(root_fd, WANTS, &none, NULL);
        if (r == 0)
                r = node_put(root_fd, UNITS "/" ROLLBACK, &none, err);
        return r;
}

/* What our caller reads must end when we end, and the lock must be free then: nothing of ours is kept open. */
static void let_go(void)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
                (void)dup2(null, fd);
        (void)close_range(STDERR_FILENO + 1, ~0U, 0);
        if (chdir("/") < 0)
                return; /* it only keeps a file system busy */
}

static int start_process(const char *id, void (*watch)(const char *id), struct err *err)
{
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
                (void)setsid();
                pid = fork();
                if (pid == 0) {
                        let_go();
                        watch(id);
                        _exit(0);
                }
                _exit(pid < 0);
        }
        if (pid < 0)
                return err_errno(err, errno, "starting the rollback");
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return err_errno(err, errno, "starting the rollback");
        return status ? err_set(err, -EAGAIN, "starting the rollback failed") : 0;
}

int arm(const char *id, const char *program, sd_bus *bus, int root_fd, void (*watch)(const char *id),
        struct err *err)
{
        const char *const argv[] = {program, "rollback", id, NULL};
        char name[APPLY_ID_SIZE + 60];
        int r = 0;

        /* the one of an earlier time may not be gone yet */
        (void)snprintf(name, sizeof(name), "quaymaster-rollback-%s-%llu.service", id,
                       (unsigned long long)(boot_clock_ns() / 1000000));
        if (bus) {
                r = put_unit(root_fd, program, err);
                if (r == 0)
                        r = bus_run_service(bus, name, "Undo hardening that is not confirmed in time", argv,
                                            PENDING, err);
        }
        if (r == 0)
                r = start_process(id, watch, err);
        return r < 0 ? err_prefix(err, "arming the rollback") : 0;
}
