/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/rpm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/launch.h"
#include "collect/lines.h"

/*
 * The kernel takes 2 MiB of arguments (a quarter of the stack limit, execve(2)); local users choose the
 * names of their programs.
 */
#define MAX_ARGUMENTS (512u * 1024)

#define QUERY_FORMAT "P%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n[F%{FILENAMES}\\n]"

const struct rpm_command rpm_installed = {
        .program = "/usr/bin/rpm",
        .timeout_ms = 5000,
        .max_output = 64u << 20,
};

bool rpm_database_exists(int root_fd)
{
        static const char *const files[] = {
                "/usr/lib/sysimage/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/Packages.db",
                "/usr/lib/sysimage/rpm/Packages",     "/var/lib/rpm/rpmdb.sqlite",
                "/var/lib/rpm/Packages.db",           "/var/lib/rpm/Packages",
        };

        for (unsigned i = 0; i < array_len(files); i++) {
                _cleanup_close_ int fd = fd_open_in_root(root_fd, files[i], O_PATH);

                if (fd >= 0)
                        return true;
        }
        return false;
}

static void take_package(struct rpm_reader *reader, const char *text, size_t len)
{
        const char *tab = memchr(text, '\t', len);

        reader->now = (struct package){0};
        if (!tab || tab == text || memchr(text, '\0', len))
                return;
        reader->now.name = pool_intern_n(reader->pool, text, (size_t)(tab - text));
        reader->now.version = pool_intern_n(reader->pool, tab + 1, len - (size_t)(tab - text) - 1);
        reader->now.manager = "rpm";
}

void rpm_line(void *arg, const char *line, size_t len)
{
        struct rpm_reader *reader = arg;
        const struct path_entry *entry;

        if (len > 1 && line[0] == 'P') {
                take_package(reader, line + 1, len - 1);
                return;
        }
        if (len < 2 || line[0] != 'F' || line[1] != '/' || !reader->now.name)
                return;
        entry = path_set_find(reader->paths, line + 1, len - 1);
        if (entry && !reader->queries[entry->value].owner.name)
                reader->queries[entry->value].owner = reader->now;
}

/*
 * Only names without a meaning to rpm, whose macros can run commands: the paths are chosen by whoever
 * started a program.
 */
static bool is_plain(const char *path)
{
        static const char allowed[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:,=~";

        return path[0] == '/' && path[strspn(path, allowed)] == '\0';
}

struct arguments {
        vec(const char *) list;
        size_t bytes;
};

static void arguments_release(struct arguments *arguments)
{
        vec_clear(&arguments->list);
}

static void add_argument(struct arguments *arguments, const char *text)
{
        *vec_push(&arguments->list) = text;
        arguments->bytes += strlen(text) + 1 + sizeof(char *);
}

/* The paths that are asked for, in the set and behind the fixed arguments. False: none. -E2BIG cuts. */
static int gather(struct arguments *arguments, struct path_set *paths, struct package_query *queries,
                  size_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                if (queries[i].owner.name || !is_plain(queries[i].path))
                        continue;
                if (arguments->bytes + strlen(queries[i].path) > MAX_ARGUMENTS)
                        return -E2BIG;
                path_set_add(paths, queries[i].path, i);
                add_argument(arguments, queries[i].path);
        }
        return 0;
}

/* Milliseconds until then, 0 when it is past. */
static int left_ms(uint64_t deadline_ns)
{
        uint64_t now = clock_monotonic_ns();

        return now >= deadline_ns ? 0 : (int)((deadline_ns - now + 999999) / 1000000);
}

/* 0 when fd is ready, -ETIMEDOUT, other negative errno. */
static int wait_fd(int fd, uint64_t deadline_ns)
{
        struct pollfd wait = {.fd = fd, .events = POLLIN};

        for (;;) {
                int n = poll(&wait, 1, left_ms(deadline_ns));

                if (n > 0)
                        return 0;
                if (n == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

static int read_answers(struct lines *lines, int fd, uint64_t deadline_ns, uint64_t budget)
{
        for (;;) {
                size_t room;
                char *to = lines_room(lines, &room);
                int r = wait_fd(fd, deadline_ns);
                ssize_t n;

                if (r < 0)
                        return r;
                n = read(fd, to, room);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                if ((uint64_t)n > budget)
                        return -EFBIG;
                budget -= (uint64_t)n;
                lines_added(lines, (size_t)n);
        }
        lines_end(lines);
        return 0;
}

/* Ended by itself if it can: a killed reader leaves a stale lock in Berkeley databases. */
static int reap(pid_t pid, bool done, uint64_t deadline_ns)
{
        int r;

        if (!done)
                (void)kill(pid, SIGKILL);
        r = launch_wait(pid, left_ms(deadline_ns));
        return r == -ETIMEDOUT ? 0 : r;
}

static int run(const struct rpm_command *command, const char *const *argv, struct lines *lines, struct err *err)
{
        /* rpm reads ~/.rpmmacros, and its messages are translated. */
        static const char *const environment[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/nonexistent",
                                                  "LC_ALL=C", NULL};
        const struct launch how = {.program = command->program, .argv = argv, .environment = environment};
        uint64_t deadline_ns = clock_monotonic_ns() + command->timeout_ms * 1000000ull;
        _cleanup_close_ int reading = -1;
        int reaped, r;
        pid_t pid;

        r = launch(&how, &pid, &reading);
        if (r < 0)
                return err_errno(err, -r, "cannot run '%s'", command->program);
        r = read_answers(lines, reading, deadline_ns, command->max_output);
        fd_close(&reading);
        reaped = reap(pid, r == 0, deadline_ns);
        if (r < 0)
                return err_errno(err, -r, "reading what '%s -qf' says", command->program);
        return reaped < 0 ? err_errno(err, -reaped, "waiting for '%s'", command->program) : 0;
}

int rpm_owners(const struct rpm_command *command, int root_fd, struct package_query *queries, size_t n,
               struct pool *pool, struct err *err)
{
        _cleanup_(arguments_release) struct arguments arguments = {0};
        _cleanup_path_set_ struct path_set paths = {0};
        struct rpm_reader reader = {.paths = &paths, .queries = queries, .pool = pool};
        _cleanup_free_ struct lines *lines = NULL;
        int cut, r;

        add_argument(&arguments, "rpm");
        if (command->dbpath) {
                add_argument(&arguments, "--dbpath");
                add_argument(&arguments, command->dbpath);
        }
        add_argument(&arguments, "-qf");
        add_argument(&arguments, "--queryformat");
        add_argument(&arguments, QUERY_FORMAT);
        add_argument(&arguments, "--");
        usr_merge_read(&paths.merge, root_fd);
        cut = gather(&arguments, &paths, queries, n);
        if (!paths.entries.n)
                return 0;
        *vec_push(&arguments.list) = NULL;
        lines = xmalloc(sizeof(*lines));
        lines_init(lines, rpm_line, &reader);
        r = run(command, arguments.list.at, lines, err);
        if (r == 0 && cut < 0)
                return err_errno(err, -cut, "asking '%s' for all paths", command->program);
        return r;
}
