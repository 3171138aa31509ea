/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_install.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/launch.h"
#include "cli/command.h"
#include "cli/output_file.h"
#include "config.h"

#define UNIT_FOLDER "/etc/systemd/system"
#define UNIT_PATH   UNIT_FOLDER "/" WATCH_UNIT_NAME
#define UNIT_LINK   UNIT_FOLDER "/multi-user.target.wants/" WATCH_UNIT_NAME
#define USERS_PATH  "/etc/sysusers.d/quaymaster-watch.conf"
#define USER        "quaymaster-watch"
#define MARK        "# Written by quaymaster watch --install; --uninstall removes it.\n"

/* Not DynamicUser=: where libnss-systemd is not installed, the bus refuses users that are in no passwd. */
static const char users[] = MARK "u " USER " - \"Quaymaster watch\" /\n";

/* The state of root's commands (/var/lib/quaymaster) is not readable to that user: it has a folder of its own. */
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
        "# 3: it ended, and something could not be seen; 2: a bad file, which does not mend itself\n"
        "SuccessExitStatus=3\n"
        "Restart=always\n"
        "RestartSec=5\n"
        "RestartPreventExitStatus=2\n"
        "User=" USER "\n"
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
        "SystemCallFilter=bpf capset sched_setaffinity\n"
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
        "RemoveIPC=yes\n"
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
static int check_ours(const char *path, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = fd_read_file(AT_FDCWD, path, 64 * 1024, &text);

        if (r == -ENOENT)
                return r;
        if (r < 0)
                return err_errno(err, -r, "cannot read '%s'", path);
        if (!str_after(str_text(&text), MARK))
                return err_set(err, -EEXIST, "'%s' was not written by quaymaster watch --install: move it away first",
                               path);
        return 0;
}

static int check_root(struct err *err)
{
        return geteuid() == 0 ? 0 : err_set(err, -EPERM, "needs root: the unit lies in " UNIT_FOLDER);
}

static int write_file(const char *folder, const char *path, const char *text, struct err *err)
{
        _cleanup_(output_file_release) struct output_file file = {.fd = -1};
        int r = check_ours(path, err);

        if (r < 0 && r != -ENOENT)
                return r;
        (void)mkdir(folder, 0755); /* what is wrong shows next */
        r = output_file_open(&file, path, err);
        if (r < 0)
                return r;
        r = fd_write_all(file.fd, text, strlen(text));
        if (r == 0 && fchmod(file.fd, 0644) < 0)
                r = -errno;
        r = r < 0 ? err_errno(err, -r, "cannot write '%s'", path) : output_file_place(&file, err);
        if (r == 0)
                printf("wrote %s\n", path);
        return r;
}

static int write_unit(struct err *err)
{
        _cleanup_str_ struct str text = {0};
        char program[PATH_MAX];
        int r = fd_readlink(AT_FDCWD, "/proc/self/exe", program, sizeof(program));

        if (r < 0)
                return err_errno(err, -r, "cannot tell where this program lies");
        r = watch_unit_text(&text, program, err);
        if (r == 0)
                r = write_file(UNIT_FOLDER, UNIT_PATH, str_text(&text), err);
        return r < 0 ? r : write_file("/etc/sysusers.d", USERS_PATH, users, err);
}

static int run_command(const char *const *argv, struct err *err)
{
        static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        _cleanup_free_ char *program = xasprintf("/usr/bin/%s", argv[0]);
        struct launch how = {.program = program, .argv = argv, .environment = environment, .shows = true};
        pid_t pid;
        int r;

        if (access(program, X_OK) < 0)
                how.program += strlen("/usr");
        r = launch(&how, &pid, NULL);
        if (r < 0)
                return err_errno(err, -r, "cannot run '%s'", how.program);
        r = launch_wait(pid, -1);
        if (r < 0)
                return err_errno(err, -r, "cannot wait for '%s'", how.program);
        return r ? err_set(err, -EIO, "`%s %s` failed", argv[0], argv[1]) : 0;
}

/* Each a line of words, run or shown. */
static int do_commands(const char *const *const *commands, bool now, struct err *err)
{
        int r = 0;

        if (!now)
                printf("Left to do:\n");
        for (; *commands && r == 0; commands++) {
                printf(now ? "running:" : " ");
                for (const char *const *word = *commands; *word; word++)
                        printf(" %s", *word);
                printf("\n");
                (void)fflush(stdout);
                if (now)
                        r = run_command(*commands, err);
        }
        return r < 0 ? r : QM_EXIT_DONE;
}

/* The watch refuses to run without a policy that is there: better said now than in the journal. */
static void tell_unreadable(void)
{
        static const char *const files[] = {QM_SYSCONFDIR "/policy.yaml", QM_SYSCONFDIR "/estate.yaml",
                                            QM_SYSCONFDIR "/sinks.yaml"};
        struct stat st;

        for (size_t i = 0; i < array_len(files); i++)
                if (stat(files[i], &st) == 0 && !(st.st_mode & S_IROTH))
                        printf("%s must be readable to that user, or the watch ends at once: chmod o+r %s\n", files[i],
                               files[i]);
}

int watch_install(bool now, struct err *err)
{
        const char *const *const commands[] = {STR_LIST("systemd-sysusers", USERS_PATH),
                                               STR_LIST("systemctl", "daemon-reload"),
                                               STR_LIST("systemctl", "enable", WATCH_UNIT_NAME),
                                               STR_LIST("systemctl", "restart", WATCH_UNIT_NAME), NULL};
        int r = check_root(err);

        if (r == 0)
                r = write_unit(err);
        if (r < 0)
                return r;
        if (!now)
                printf("It runs as the user " USER ", which is not made yet, and is not started.\n");
        tell_unreadable();
        return do_commands(commands, now, err);
}

int watch_uninstall(bool now, struct err *err)
{
        const char *const *const commands[] = {STR_LIST("systemctl", "stop", WATCH_UNIT_NAME),
                                               STR_LIST("systemctl", "daemon-reload"), NULL};
        int r = check_root(err);

        if (r == 0)
                r = check_ours(UNIT_PATH, err);
        if (r == -ENOENT)
                return err_set(err, r, "'" UNIT_PATH "' is not there: nothing to remove");
        if (r < 0)
                return r;
        if (unlink(UNIT_LINK) == 0)
                printf("removed " UNIT_LINK "\n");
        if (unlink(UNIT_PATH) < 0)
                return err_errno(err, errno, "cannot remove '" UNIT_PATH "'");
        printf("removed " UNIT_PATH "\n");
        if (check_ours(USERS_PATH, &(struct err){0}) == 0 && unlink(USERS_PATH) == 0)
                printf("removed " USERS_PATH "\n");
        printf("The user " USER " and its state in /var/lib/quaymaster-watch stay.\n");
        return do_commands(commands, now, err);
}
