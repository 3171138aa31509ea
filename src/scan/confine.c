/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/confine.h"

#include <asm/termbits.h>
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Landlock of kernels newer than the headers of Debian 12 (Documentation/userspace-api/landlock.rst) */
#define FS_RIGHTS_ABI_1            ((1ull << 13) - 1) /* EXECUTE .. MAKE_SYM */
#define FS_REFER                   (1ull << 13)       /* ABI 2 */
#define FS_TRUNCATE                (1ull << 14)       /* ABI 3 */
#define FS_IOCTL_DEV               (1ull << 15)       /* ABI 5 */
#define NET_BIND_TCP               (1ull << 0)        /* ABI 4 */
#define NET_CONNECT_TCP            (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL               (1ull << 1)

struct ruleset {
        uint64_t fs, net, scoped;
};

/* Since which version of Landlock a right can be taken away; asking an older kernel for it is an error. */
static const struct {
        int abi;
        bool but_for_sockets; /* not when sockets may still be made */
        struct ruleset taken;
} landlock_rights[] = {
        {1, false, {.fs = FS_RIGHTS_ABI_1}},
        {2, false, {.fs = FS_REFER}},
        {3, false, {.fs = FS_TRUNCATE}},
        {4, true, {.net = NET_BIND_TCP | NET_CONNECT_TCP}},
        {5, false, {.fs = FS_IOCTL_DEV}},
        {6, false, {.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL}},
};

/* What a scan goes on with: files and sockets that are open, memory, time, its own end. */
static const int allowed[] = {
        /* open files: output, checkpoint */
        SCMP_SYS(read),
        SCMP_SYS(readv),
        SCMP_SYS(pread64),
        SCMP_SYS(write),
        SCMP_SYS(writev),
        SCMP_SYS(pwrite64),
        SCMP_SYS(lseek),
        SCMP_SYS(fstat),
        SCMP_SYS(fcntl),
        SCMP_SYS(flock),
        SCMP_SYS(ftruncate),
        SCMP_SYS(fallocate),
        SCMP_SYS(fsync),
        SCMP_SYS(fdatasync),
        SCMP_SYS(close),
        /* open sockets */
        SCMP_SYS(sendto),
        SCMP_SYS(sendmsg),
        SCMP_SYS(sendmmsg),
        SCMP_SYS(recvfrom),
        SCMP_SYS(recvmsg),
        SCMP_SYS(recvmmsg),
        SCMP_SYS(getsockopt),
        SCMP_SYS(setsockopt),
        SCMP_SYS(getsockname),
        SCMP_SYS(getpeername),
        SCMP_SYS(shutdown),
        /* waiting */
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(select),
        SCMP_SYS(pselect6),
        SCMP_SYS(epoll_create1),
        SCMP_SYS(epoll_ctl),
        SCMP_SYS(epoll_wait),
        SCMP_SYS(epoll_pwait),
        SCMP_SYS(epoll_pwait2),
        SCMP_SYS(futex),
        SCMP_SYS(sched_yield),
        SCMP_SYS(nanosleep),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(timerfd_create),
        SCMP_SYS(timerfd_settime),
        SCMP_SYS(timerfd_gettime),
        SCMP_SYS(restart_syscall),
        /* memory; mmap and mprotect are below */
        SCMP_SYS(brk),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(msync),
        /* what is asked about ourselves and the clock; sysinfo: qsort(3) sizes its buffer by it */
        SCMP_SYS(clock_gettime),
        SCMP_SYS(clock_getres),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(time),
        SCMP_SYS(getrandom),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(getuid),
        SCMP_SYS(geteuid),
        SCMP_SYS(getgid),
        SCMP_SYS(getegid),
        SCMP_SYS(getrusage),
        SCMP_SYS(sysinfo),
        /* signals of our own, and the end */
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
};

/* Nothing of ours ever calls these: who does has taken the process over. */
static const int deadly[] = {
        SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
        SCMP_SYS(pidfd_getfd),      SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),  SCMP_SYS(init_module),
        SCMP_SYS(finit_module),     SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),  SCMP_SYS(userfaultfd),
        SCMP_SYS(io_uring_setup),   SCMP_SYS(setns),
        SCMP_SYS(unshare),          SCMP_SYS(mount),
        SCMP_SYS(umount2),          SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),           SCMP_SYS(open_by_handle_at),
        SCMP_SYS(keyctl),           SCMP_SYS(add_key),
        SCMP_SYS(request_key),      SCMP_SYS(personality),
#if !SANITIZED
        SCMP_SYS(execve),           SCMP_SYS(execveat),
        SCMP_SYS(ptrace),
#endif
};

static const int of_new_sockets[] = {SCMP_SYS(connect), SCMP_SYS(bind)};

/*
 * A sanitizer looks for leaks at exit: from a process of its own (never a whole fork) that stops this
 * one with ptrace and reads /proc/self. What may be opened is then for Landlock to say.
 */
static const int of_sanitizers[] = {
        SCMP_SYS(ptrace),     SCMP_SYS(wait4),    SCMP_SYS(prctl),      SCMP_SYS(getdents),
        SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getppid),
        SCMP_SYS(kill),       SCMP_SYS(tgkill),
};

static const struct {
        int call;
        struct scmp_arg_cmp when;
} allowed_when[] = {
        /* memory that can be run is not made any more */
        {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
        {SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
        /* fstat(3) of glibc since 2.33 */
        {SCMP_SYS(newfstatat), {3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH}},
        {SCMP_SYS(prlimit64), {2, SCMP_CMP_EQ, 0, 0}}, /* to read a limit */
        /* whether an interface is still up; whether and how wide a terminal is; what waits in a socket */
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFFLAGS, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFINDEX, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFNAME, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCINQ, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCOUTQ, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TCGETS, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TIOCGWINSZ, 0}},
};

static void release_filter(scmp_filter_ctx *filter)
{
        if (*filter)
                seccomp_release(*filter);
}

static int add_rules(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++)
                r = seccomp_rule_add(filter, action, calls[i], 0);
        return r;
}

static int allow_one(scmp_filter_ctx filter, int call, struct scmp_arg_cmp when)
{
        return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &when);
}

/* socket(2) of TCP and UDP only: no raw, packet, netlink or UNIX ones, and no ICMP ones of datagram type. */
static int allow_new_sockets(scmp_filter_ctx filter)
{
        static const int families[] = {AF_INET, AF_INET6};
        static const struct {
                unsigned type, protocol;
        } kinds[] = {
                {SOCK_STREAM, 0}, {SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, 0}, {SOCK_DGRAM, IPPROTO_UDP}};
        const unsigned type_mask = ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK);
        int r = add_rules(filter, SCMP_ACT_ALLOW, of_new_sockets, array_len(of_new_sockets));

        for (size_t f = 0; f < array_len(families); f++)
                for (size_t k = 0; k < array_len(kinds) && r == 0; k++) {
                        const struct scmp_arg_cmp when[] = {
                                {0, SCMP_CMP_EQ, (unsigned)families[f], 0},
                                {1, SCMP_CMP_MASKED_EQ, type_mask, kinds[k].type},
                                {2, SCMP_CMP_EQ, kinds[k].protocol, 0},
                        };

                        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), array_len(when),
                                                   when);
                }
        return r;
}

static int allow_sanitizer(scmp_filter_ctx filter)
{
        const struct scmp_arg_cmp read_only = {2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC,
                                               O_RDONLY};
        const struct scmp_arg_cmp shared_memory = {0, SCMP_CMP_MASKED_EQ, CLONE_VM | CLONE_UNTRACED,
                                                   CLONE_VM | CLONE_UNTRACED};
        int r = add_rules(filter, SCMP_ACT_ALLOW, of_sanitizers, array_len(of_sanitizers));

        if (r == 0)
                r = allow_one(filter, SCMP_SYS(openat), read_only);
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
                                     SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
        return r < 0 ? r : allow_one(filter, SCMP_SYS(clone), shared_memory);
}

static int fill_filter(scmp_filter_ctx filter, const struct confinement *what)
{
        const struct scmp_arg_cmp ourselves = {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0};
        int r = add_rules(filter, SCMP_ACT_ALLOW, allowed, array_len(allowed));

        for (size_t i = 0; i < array_len(allowed_when) && r == 0; i++)
                r = allow_one(filter, allowed_when[i].call, allowed_when[i].when);
        if (r == 0)
                r = add_rules(filter, SCMP_ACT_KILL_PROCESS, deadly, array_len(deadly));
        if (r == 0) /* its arguments are in memory, which a filter cannot read; glibc then takes clone(2) */
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        if (r == 0 && what->sockets)
                r = allow_new_sockets(filter);
        if (r == 0 && SANITIZED)
                r = allow_sanitizer(filter);
        if (r == 0 && !SANITIZED) /* abort(3) */
                r = allow_one(filter, SCMP_SYS(tgkill), ourselves);
        return r;
}

static int confine_calls(const struct confinement *what, bool *ret_missing, struct err *err)
{
        _cleanup_(release_filter) scmp_filter_ctx filter = NULL;
        int r;

        if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) {
                *ret_missing = true;
                return 0;
        }
        filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        if (!filter)
                return err_set(err, -ENOMEM, "making the system call filter: out of memory");
        r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (r == 0) /* threads, if a library has one */
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
        if (r == 0) /* a search tree instead of a list: what is conditional is called often */
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r == 0)
                r = fill_filter(filter, what);
        if (r == 0)
                r = seccomp_load(filter);
        return r < 0 ? err_errno(err, -r, "putting on the system call filter") : 0;
}

static int allow_reading(int ruleset, const char *path, uint64_t rights)
{
        struct landlock_path_beneath_attr beneath = {.allowed_access = rights};
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        beneath.parent_fd = fd;
        if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
                return -errno;
        return 0;
}

static struct ruleset rights_of(int abi, const struct confinement *what)
{
        struct ruleset taken = {0};

        for (size_t i = 0; i < array_len(landlock_rights); i++) {
                if (landlock_rights[i].abi > abi || (landlock_rights[i].but_for_sockets && what->sockets))
                        continue;
                taken.fs |= landlock_rights[i].taken.fs;
                taken.net |= landlock_rights[i].taken.net;
                taken.scoped |= landlock_rights[i].taken.scoped;
        }
        return taken;
}

static int confine_files(const struct confinement *what, bool *ret_missing, struct err *err)
{
        int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        _cleanup_close_ int fd = -1;
        struct ruleset taken;
        int r = 0;

        if (abi < 1) { /* not built in, or switched off at boot */
                *ret_missing = true;
                return 0;
        }
        taken = rights_of(abi, what);
        /* zero bytes behind what an older kernel knows are allowed */
        fd = (int)syscall(SYS_landlock_create_ruleset, &taken, sizeof(taken), 0);
        if (fd < 0)
                return err_errno(err, errno, "making a Landlock ruleset");
        if (SANITIZED) { /* the leak check, and lines in what a sanitizer reports */
                r = allow_reading(fd, "/proc", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
                if (r == 0)
                        r = allow_reading(fd, "/proc/self/exe", LANDLOCK_ACCESS_FS_READ_FILE);
        }
        if (r < 0)
                return err_errno(err, -r, "adding a Landlock rule");
        if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
                return err_errno(err, errno, "putting on Landlock");
        return 0;
}

static int drop_capabilities(struct err *err)
{
        capng_clear(CAPNG_SELECT_ALL);
        /* Needs CAP_SETPCAP, which a plain caller lacks; nothing is executed from here on anyway. */
        (void)capng_apply(CAPNG_SELECT_BOUNDS);
        if (capng_apply(CAPNG_SELECT_CAPS) < 0)
                return err_set(err, -EPERM, "dropping capabilities: refused");
        capng_get_caps_process();
        if (capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
                return err_set(err, -EPERM, "dropping capabilities: some are still there");
        return 0;
}

static const char *missing_text(bool landlock, bool seccomp)
{
        static const char *const texts[2][2] = {
                {"", "this kernel has no seccomp: system calls are not confined"},
                {"this kernel has no Landlock: the file system is confined by seccomp alone",
                 "this kernel has neither seccomp nor Landlock: only capabilities were dropped"},
        };

        return texts[landlock][seccomp];
}

int confine(const struct confinement *what, const char **ret_missing, struct err *err)
{
        bool no_landlock = false, no_seccomp = false;
        int r;

        tzset(); /* reads /etc/localtime once, for scan windows in local time */
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return err_errno(err, errno, "giving up new privileges");
        r = confine_files(what, &no_landlock, err);
        if (r == 0)
                r = drop_capabilities(err);
        if (r == 0)
                r = confine_calls(what, &no_seccomp, err);
        if (r < 0)
                return r;
        *ret_missing = missing_text(no_landlock, no_seccomp);
        return 0;
}
