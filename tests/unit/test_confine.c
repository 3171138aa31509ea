/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each check runs in a child that confines itself: there is no way back. The child's exit status is the
 * result; a killed child is one of the results.
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "scan/confine.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* What a child finds open, as a scan does: made before it confines itself. */
struct opened {
        int file, pipe[2], pair[2], listener, udp;
        struct sockaddr_in at, udp_at;
};

static struct opened opened;

static int setup(void **state)
{
        socklen_t len = sizeof(opened.at);
        FILE *file = tmpfile();

        assert_non_null(file);
        opened.file = dup(fileno(file));
        (void)fclose(file);
        assert_int_equal(pipe2(opened.pipe, O_CLOEXEC), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, opened.pair), 0);
        opened.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        opened.udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        opened.at = opened.udp_at =
                (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        assert_int_equal(bind(opened.listener, (struct sockaddr *)&opened.at, len), 0);
        assert_int_equal(listen(opened.listener, 16), 0);
        assert_int_equal(getsockname(opened.listener, (struct sockaddr *)&opened.at, &len), 0);
        assert_int_equal(bind(opened.udp, (struct sockaddr *)&opened.udp_at, len), 0);
        assert_int_equal(getsockname(opened.udp, (struct sockaddr *)&opened.udp_at, &len), 0);
        return 0;
}

static int teardown(void **state)
{
        const int fds[] = {opened.file,    opened.pipe[0], opened.pipe[1], opened.pair[0],
                           opened.pair[1], opened.udp,     opened.listener};

        for (size_t i = 0; i < array_len(fds); i++)
                (void)close(fds[i]);
        return 0;
}

static void confine_or_exit(bool sockets)
{
        const struct confinement what = {.sockets = sockets};
        const char *missing = NULL;
        struct err err = {0};

        if (confine(&what, &missing, &err) < 0 || !missing) {
                fprintf(stderr, "confine: %s\n", err.text);
                _exit(99);
        }
}

/* The wait status of a child that confined itself and then ran the check, which gives its exit status. */
static int confined(bool sockets, int (*check)(void))
{
        int status = -1;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                confine_or_exit(sockets);
                _exit(check());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void assert_works(bool sockets, int (*check)(void))
{
        int status = confined(sockets, check);

        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0); /* else the line of the check that failed, modulo 256 */
}

static void assert_killed(int (*check)(void))
{
        int status = confined(false, check);

        if (SANITIZED) /* these are open to its leak check and its reports, or refused */
                return;
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
}

#define must(condition)                            \
        do {                                       \
                if (!(condition))                  \
                        return __LINE__ % 250 + 1; \
        } while (0)

/* seccomp gives EPERM; where a sanitizer may open files it is Landlock's EACCES */
static bool is_refused(long result)
{
        return result < 0 && (errno == EPERM || errno == EACCES);
}

static int check_files(void)
{
        must(is_refused(open("/etc/passwd", O_RDONLY | O_CLOEXEC)));
        must(is_refused(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
        must(is_refused(open("/tmp/qm-confine-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
        must(is_refused(open("/proc/self/comm", O_WRONLY | O_CLOEXEC)));
        must(is_refused(openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC)));
        must(is_refused(unlink("/tmp/qm-confine-test")));
        must(is_refused(mkdir("/tmp/qm-confine-test", 0700)));
        must(is_refused(rename("/tmp/qm-confine-test", "/tmp/qm-confine-test-2")));
        must(is_refused(symlink("/etc/passwd", "/tmp/qm-confine-test")));
        must(is_refused(chmod("/tmp/qm-confine-test", 0777)));
        must(is_refused(truncate("/tmp/qm-confine-test", 0)));
        return 0;
}

static void test_files_are_shut(void **state)
{
        assert_works(false, check_files);
        assert_works(true, check_files);
}

static int check_processes(void)
{
        must(is_refused(fork()));
        must(is_refused(syscall(SYS_vfork)));
        must(is_refused(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)));
        must(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
        must(is_refused(kill(getppid() > 0 ? getppid() : 1, 0)) || SANITIZED);
        return 0;
}

static void test_no_new_processes(void **state)
{
        assert_works(false, check_processes);
        assert_works(true, check_processes);
}

static int exec_program(void)
{
        char *argv[] = {(char *)"true", NULL};

        (void)execv("/bin/true", argv);
        return 1;
}

static int trace_somebody(void)
{
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        return 1;
}

static int enter_namespace(void)
{
        (void)unshare(CLONE_NEWUSER);
        return 1;
}

static void test_what_nobody_needs_kills(void **state)
{
        int status = confined(false, exec_program);

        assert_false(WIFEXITED(status) &&
                     WEXITSTATUS(status) == 0); /* /bin/true was not run, in any build */
        assert_killed(exec_program);
        assert_killed(trace_somebody);
        status = confined(false, enter_namespace);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int check_odd_sockets(void)
{
        static const int odd[][3] = {
                {AF_INET, SOCK_RAW, IPPROTO_TCP},
                {AF_INET, SOCK_RAW, IPPROTO_ICMP},
                {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
                {AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
                {AF_PACKET, SOCK_RAW, 0},
                {AF_PACKET, SOCK_DGRAM, 0},
                {AF_NETLINK, SOCK_RAW, 0},
                {AF_UNIX, SOCK_STREAM, 0},
                {AF_INET, SOCK_STREAM, 262},
        };

        for (size_t i = 0; i < array_len(odd); i++)
                must(is_refused(socket(odd[i][0], odd[i][1], odd[i][2])));
        must(is_refused(listen(opened.udp, 1)));
        must(is_refused(accept4(opened.listener, NULL, NULL, 0)));
        return 0;
}

static int check_no_sockets(void)
{
        must(is_refused(socket(AF_INET, SOCK_STREAM, 0)));
        must(is_refused(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)));
        must(is_refused(socket(AF_INET, SOCK_DGRAM, 0)));
        must(is_refused(connect(opened.udp, (struct sockaddr *)&opened.at, sizeof(opened.at))));
        must(is_refused(bind(opened.udp, (struct sockaddr *)&opened.at, sizeof(opened.at))));
        return check_odd_sockets();
}

static int check_sockets(void)
{
        static const int usual[][3] = {
                {AF_INET, SOCK_STREAM, 0}, {AF_INET, SOCK_STREAM, IPPROTO_TCP}, {AF_INET6, SOCK_STREAM, 0},
                {AF_INET, SOCK_DGRAM, 0},  {AF_INET, SOCK_DGRAM, IPPROTO_UDP},  {AF_INET6, SOCK_DGRAM, 0},
        };
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(any);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = -1;

        must(fd >= 0 && bind(fd, (struct sockaddr *)&any, len) == 0);
        must(connect(fd, (struct sockaddr *)&opened.at, sizeof(opened.at)) == 0 || errno == EINPROGRESS);
        must(poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 2000) == 1);
        must(getsockname(fd, (struct sockaddr *)&any, &len) == 0 && any.sin_port);
        len = sizeof(error);
        must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0);
        must(shutdown(fd, SHUT_RDWR) == 0 && close(fd) == 0);
        for (size_t i = 0; i < array_len(usual); i++) {
                fd = socket(usual[i][0], usual[i][1] | SOCK_CLOEXEC, usual[i][2]);
                must(fd >= 0 || errno == EAFNOSUPPORT);
                must(fd < 0 || close(fd) == 0);
        }
        return check_odd_sockets();
}

static void test_sockets_only_where_asked(void **state)
{
        assert_works(false, check_no_sockets);
        assert_works(true, check_sockets);
}

static int check_open_files(void)
{
        struct stat info;
        char buf[8] = "";
        uint8_t *map;

        must(ftruncate(opened.file, 8192) == 0 && fstat(opened.file, &info) == 0 && info.st_size == 8192);
        map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, opened.file, 0);
        must(map != MAP_FAILED);
        map[4096] = 7;
        must(msync(map, 8192, MS_SYNC) == 0 && munmap(map, 8192) == 0);
        must(pwrite(opened.file, "abc", 3, 0) == 3 && pread(opened.file, buf, 3, 0) == 3 && buf[1] == 'b');
        must(fdatasync(opened.file) == 0 && fsync(opened.file) == 0 && lseek(opened.file, 0, SEEK_SET) == 0);
        must(write(opened.pipe[1], "x", 1) == 1);
        must(poll(&(struct pollfd){.fd = opened.pipe[0], .events = POLLIN}, 1, 1000) == 1);
        must(read(opened.pipe[0], buf, 1) == 1 && buf[0] == 'x');
        must(fcntl(opened.pipe[0], F_GETFL) >= 0);
        return 0;
}

static int check_open_sockets(void)
{
        struct epoll_event event = {.events = EPOLLIN};
        char text[2][4] = {"one", "two"}, got[2][4] = {0};
        struct iovec out[2], in[2];
        struct mmsghdr sent[2] = {0}, received[2] = {0};
        int epoll = epoll_create1(EPOLL_CLOEXEC);

        for (int i = 0; i < 2; i++) {
                out[i] = (struct iovec){text[i], 4};
                in[i] = (struct iovec){got[i], 4};
                sent[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
                received[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
        }
        must(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, opened.pair[1], &event) == 0);
        must(sendmmsg(opened.pair[0], sent, 2, 0) == 2);
        must(epoll_wait(epoll, &event, 1, 1000) == 1);
        must(recvmsg(opened.pair[1], &received[0].msg_hdr, 0) == 4 && streq(got[0], "one"));
        must(recvmmsg(opened.pair[1], &received[1], 1, MSG_DONTWAIT, NULL) == 1 && streq(got[1], "two"));
        must(sendto(opened.udp, "y", 1, 0, (struct sockaddr *)&opened.udp_at, sizeof(opened.udp_at)) == 1);
        must(recv(opened.udp, got[0], 1, 0) == 1 && got[0][0] == 'y');
        return 0;
}

static int check_memory_and_time(void)
{
        uint8_t *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct timespec now, nap = {.tv_nsec = 1000};
        uint8_t random[16];
        char *heap = malloc(1 << 22);
        time_t then = 1780000000;
        struct tm local;

        must(map != MAP_FAILED && heap);
        memset(map, 1, 1 << 20);
        memset(heap, 1, 1 << 22);
        must(madvise(map, 1 << 20, MADV_DONTNEED) == 0 && mprotect(map, 4096, PROT_READ) == 0);
        must(is_refused(mprotect(map, 4096, PROT_READ | PROT_EXEC)));
        must(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
        must(munmap(map, 1 << 20) == 0);
        free(heap);
        must(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0 && clock_now_s() > 0);
        must(nanosleep(&nap, NULL) == 0 &&
             syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &nap, NULL) == 0);
        must(getrandom(random, sizeof(random), 0) == sizeof(random));
        must(localtime_r(&then, &local) && local.tm_year == 126);
        return 0;
}

static void test_what_a_scan_needs_works(void **state)
{
        for (int sockets = 0; sockets < 2; sockets++) {
                assert_works(sockets, check_open_files);
                assert_works(sockets, check_open_sockets);
                assert_works(sockets, check_memory_and_time);
        }
}

/* localtime_r() knows the zone although its file cannot be read any more */
static int check_local_time(void)
{
        time_t july = 1783000000; /* 2026-07-02 */
        struct tm local;

        must(localtime_r(&july, &local) && local.tm_gmtoff == 7200);
        return 0;
}

static void test_local_time_is_known(void **state)
{
        if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
                skip();
        (void)setenv("TZ", "Europe/Berlin", 1);
        assert_works(false, check_local_time);
        (void)unsetenv("TZ");
}

/* lines of /proc/self/status that prove it, read by the parent while the confined child sleeps */
static void test_privilege_is_gone(void **state)
{
        static const char *const wanted[] = {
                "\nCapInh:\t0000000000000000\n",
                "\nCapPrm:\t0000000000000000\n",
                "\nCapEff:\t0000000000000000\n",
                "\nCapAmb:\t0000000000000000\n",
                "\nNoNewPrivs:\t1\n",
                "\nSeccomp:\t2\n",
        };
        _cleanup_str_ struct str status = {0};
        char path[64], ready;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                confine_or_exit(false);
                _exit(write(opened.pipe[1], "r", 1) == 1 ? (int)pause() : 1);
        }
        assert_int_equal(read(opened.pipe[0], &ready, 1), 1);
        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        assert_int_equal(fd_read_file(AT_FDCWD, path, 65536, &status), 0);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        for (size_t i = 0; i < array_len(wanted); i++)
                assert_non_null(strstr(status.text, wanted[i]));
}

/* Many, since a word on the stack may still look like a pointer to the last of them. */
static __attribute__((noinline)) void lose_memory(unsigned n)
{
        void *volatile lost = NULL;

        for (unsigned i = 0; i < n; i++)
                lost = malloc(4242);
        memset(lost, 1, 4242);
        lost = NULL;
}

/* The whole way out of main, with what a sanitizer does there. */
static int run_to_exit(bool leak, struct str *said)
{
        int out[2], status = -1;
        pid_t pid;

        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)dup2(out[1], STDERR_FILENO);
                confine_or_exit(false);
                if (leak)
                        lose_memory(64);
                exit(0);
        }
        (void)close(out[1]);
        assert_true(fd_read_all(out[0], 1 << 20, said) == 0);
        (void)close(out[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void test_exit(void **state)
{
        _cleanup_str_ struct str said = {0};
        int status = run_to_exit(false, &said);

        if (!WIFEXITED(status) || WEXITSTATUS(status))
                print_error("%s\n", said.text ? said.text : "");
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_leaks_are_still_found(void **state)
{
        _cleanup_str_ struct str said = {0};
        const char *options = getenv("ASAN_OPTIONS");
        int status;

        if (!SANITIZED || (options && strstr(options, "detect_leaks=0")))
                skip();
        status = run_to_exit(true, &said);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 0);
        assert_non_null(said.text);
        assert_non_null(strstr(said.text, "detected memory leaks"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files_are_shut),
                cmocka_unit_test(test_no_new_processes),
                cmocka_unit_test(test_what_nobody_needs_kills),
                cmocka_unit_test(test_sockets_only_where_asked),
                cmocka_unit_test(test_what_a_scan_needs_works),
                cmocka_unit_test(test_local_time_is_known),
                cmocka_unit_test(test_privilege_is_gone),
                cmocka_unit_test(test_exit),
                cmocka_unit_test(test_leaks_are_still_found),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
