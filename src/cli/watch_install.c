/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_install.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/output_file.h"
#include "config.h"

#define UNIT_FOLDER "/etc/systemd/system"
#define UNIT_PATH   UNIT_FOLDER "/" WATCH_UNIT_NAME
#define UNIT_LINK   UNIT_FOLDER "/multi-user.target.wants/" WATCH_UNIT_NAME
#define MARK        "# Written by quaymaster watch --install; --uninstall removes it.\n"

/*
 * A dynamic user: nothing of it is left behind, and it owns nothing but its own state. The state of root's commands
 * (/var/lib/quaymaster) is not readable to it, so it has a folder of its own.
 */
static const char head[] = MARK
        "# Changes belong into " UNIT_PATH ".d/*.conf.\n"
        "[Unit]\n"
        "Description=Quaymaster: tell which listeners open and close on this host\n"
        "Documentation=man:quaymaster(1)\n"
        "After=local-fs.target dbus.socket\n"
        "\n"
        "[Service]\n"
        "Type=exec\n";

static const char rest[] =
        "ExecReload=/bin/kill -HUP $MAINPID\n"
        "Restart=on-failure\n"
        "RestartSec=5\n"
        "DynamicUser=yes\n"
        "StateDirectory=quaymaster-watch\n"
        "StateDirectoryMode=0700\n"
        "Environment=XDG_STATE_HOME=%S/quaymaster-watch\n"
        "WorkingDirectory=/\n"
        "UMask=0077\n"
        "\n"
        "# BPF programs and iterators, and reading the packet filter; no more.\n"
        "AmbientCapabilities=CAP_BPF CAP_PERFMON CAP_NET_ADMIN\n"
        "CapabilityBoundingSet=CAP_BPF CAP_PERFMON CAP_NET_ADMIN\n"
        "NoNewPrivileges=yes\n"
        "SystemCallFilter=@system-service\n"
        "SystemCallFilter=~@privileged @resources\n"
        "SystemCallFilter=bpf sched_setaffinity\n"
        "SystemCallErrorNumber=EPERM\n"
        "SystemCallArchitectures=native\n"
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
        "RestrictNamespaces=yes\n"
        "RestrictRealtime=yes\n"
        "RestrictSUIDSGID=yes\n"
        "LockPersonality=yes\n"
        "MemoryDenyWriteExecute=yes\n"
        "ProtectSystem=strict\n"
        "ProtectHome=yes\n"
        "ProtectClock=yes\n"
        "ProtectControlGroups=yes\n"
        "ProtectHostname=yes\n"
        "ProtectKernelLogs=yes\n"
        "ProtectKernelModules=yes\n"
        "ProtectKernelTunables=yes\n"
        "PrivateDevices=yes\n"
        "PrivateTmp=yes\n"
        "KeyringMode=private\n"
        "\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n";

int watch_unit_text(struct str *to, const char *program, struct err *err)
{
        if (*program != '/' || strpbrk(program, " \t\n\"'\\%$"))
                return err_set(err, -EINVAL,
                               "'%s' cannot stand in a systemd unit: install the program where its path has no blanks, "
                               "quotes, '%%', '$' or '\\'",
                               program);
        str_add(to, head);
        str_addf(to, "ExecStart=%s watch\n", program);
        str_add(to, rest);
        return 0;
}

/* systemd reads units of root's alone as trusted; one that somebody wrote by hand is not ours to replace. */
static int check_ours(struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = fd_read_file(AT_FDCWD, UNIT_PATH, 64 * 1024, &text);

        if (r == -ENOENT)
                return r;
        if (r < 0)
                return err_errno(err, -r, "cannot read '" UNIT_PATH "'");
        if (!str_after(str_text(&text), MARK))
                return err_set(err, -EEXIST,
                               "'" UNIT_PATH "' was not written by quaymaster watch --install: move it away first");
        return 0;
}

static int check_root(struct err *err)
{
        return geteuid() == 0 ? 0 : err_set(err, -EPERM, "needs root: the unit lies in " UNIT_FOLDER);
}

static int write_unit(struct err *err)
{
        _cleanup_(output_file_release) struct output_file file = {.fd = -1};
        _cleanup_str_ struct str text = {0};
        char program[PATH_MAX];
        int r = fd_readlink(AT_FDCWD, "/proc/self/exe", program, sizeof(program));

        if (r < 0)
                return err_errno(err, -r, "cannot tell where this program lies");
        r = watch_unit_text(&text, program, err);
        if (r < 0)
                return r;
        (void)mkdir(UNIT_FOLDER, 0755); /* what is wrong shows next */
        r = output_file_open(&file, UNIT_PATH, err);
        if (r < 0)
                return r;
        r = fd_write_all(file.fd, text.text, text.len);
        if (r == 0 && fchmod(file.fd, 0644) < 0)
                r = -errno;
        if (r < 0)
                return err_errno(err, -r, "cannot write '" UNIT_PATH "'");
        return output_file_place(&file, err);
}

static int run_systemctl(char *const *argv, struct err *err)
{
        static char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        const char *program = access("/usr/bin/systemctl", X_OK) == 0 ? "/usr/bin/systemctl" : "/bin/systemctl";
        int status = 0;
        pid_t pid;
        int r = posix_spawn(&pid, program, NULL, NULL, argv, environment);

        if (r)
                return err_errno(err, r, "cannot run '%s'", program);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return err_errno(err, errno, "cannot wait for '%s'", program);
        if (!WIFEXITED(status) || WEXITSTATUS(status))
                return err_set(err, -EIO, "`systemctl %s` failed", argv[1]);
        return 0;
}

/* Each a line of words, run or shown. */
static int do_commands(char *const *const *commands, bool now, struct err *err)
{
        int r = 0;

        if (!now)
                printf("Left to do:\n");
        for (; *commands && r == 0; commands++) {
                printf(now ? "running:" : " ");
                for (char *const *word = *commands; *word; word++)
                        printf(" %s", *word);
                printf("\n");
                (void)fflush(stdout);
                if (now)
                        r = run_systemctl(*commands, err);
        }
        return r < 0 ? r : QM_EXIT_DONE;
}

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

int watch_install(bool now, struct err *err)
{
        static char systemctl[] = "systemctl", reload[] = "daemon-reload", enable[] = "enable", unit[] = WATCH_UNIT_NAME,
                    restart[] = "restart";
        char *const *const commands[] = {WORDS(systemctl, reload), WORDS(systemctl, enable, unit),
                                         WORDS(systemctl, restart, unit), NULL};
        int r = check_root(err);

        if (r == 0)
                r = check_ours(err);
        if (r < 0 && r != -ENOENT)
                return r;
        r = write_unit(err);
        if (r < 0)
                return r;
        printf("wrote " UNIT_PATH "\n");
        if (!now)
                printf("It runs as a user of its own, and is not started yet.\n");
        return do_commands(commands, now, err);
}

int watch_uninstall(bool now, struct err *err)
{
        static char systemctl[] = "systemctl", reload[] = "daemon-reload", stop[] = "stop", unit[] = WATCH_UNIT_NAME;
        char *const *const commands[] = {WORDS(systemctl, stop, unit), WORDS(systemctl, reload), NULL};
        int r = check_root(err);

        if (r == 0)
                r = check_ours(err);
        if (r == -ENOENT)
                return err_set(err, r, "'" UNIT_PATH "' is not there: nothing to remove");
        if (r < 0)
                return r;
        if (unlink(UNIT_LINK) == 0)
                printf("removed " UNIT_LINK "\n");
        if (unlink(UNIT_PATH) < 0)
                return err_errno(err, errno, "cannot remove '" UNIT_PATH "'");
        printf("removed " UNIT_PATH "\nIts state stays: /var/lib/private/quaymaster-watch\n");
        return do_commands(commands, now, err);
}
