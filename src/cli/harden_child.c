/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/harden_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/companion.h"
#include "base/fd.h"
#include "base/json_read.h"
#include "cli/command.h"
#include "config.h"

#define PROGRAM   "quaymaster-harden"
#define SELF      "/proc/self/exe"
#define WORDS_MAX 16

/* --- lines ----------------------------------------------------------------------------------- */

static void copy(struct json_read *r, char *to, size_t size)
{
        struct json_text text;

        if (json_read_text(r, &text))
                (void)snprintf(to, size, "%.*s", (int)text.len, text.at);
}

static void append(struct json_read *r, struct str *to)
{
        struct json_text text;

        if (json_read_text(r, &text))
                str_add_n(to, text.at, text.len);
}

static void read_member(struct json_read *r, const struct json_text *key, struct child_line *line)
{
        const struct {
                const char *key;
                char *to;
                size_t size;
        } words[] = {
                {"type", line->type, sizeof(line->type)},
                {"event", line->event, sizeof(line->event)},
                {"state", line->state, sizeof(line->state)},
                {"id", line->id, sizeof(line->id)},
                {"address", line->address, sizeof(line->address)},
                {"transport", line->transport, sizeof(line->transport)},
        };
        const struct {
                const char *key;
                uint64_t *to;
        } numbers[] = {
                {"port", &line->port},
                {"left", &line->left},
                {"seconds_left", &line->seconds_left},
                {"errno", &line->number},
        };

        for (size_t i = 0; i < array_len(words); i++)
                if (json_text_is_n(key, words[i].key, strlen(words[i].key))) {
                        copy(r, words[i].to, words[i].size);
                        return;
                }
        for (size_t i = 0; i < array_len(numbers); i++)
                if (json_text_is_n(key, numbers[i].key, strlen(numbers[i].key))) {
                        (void)json_read_u64(r, numbers[i].to);
                        return;
                }
        if (json_text_is(key, "step") || json_text_is(key, "text") || json_text_is(key, "undo_why"))
                append(r, &line->words);
        else if (json_text_is(key, "error"))
                append(r, &line->error);
        else if (json_text_is(key, "ok"))
                (void)json_read_bool(r, &line->ok);
        else
                json_read_skip(r);
}

static bool read_line(const char *text, struct child_line *line)
{
        struct json_read r = {0};
        struct json_text key;
        bool good;

        line->raw = text;
        json_read_init(&r, text, strlen(text));
        json_read_open(&r, '{');
        while (json_read_key(&r, &key))
                read_member(&r, &key, line);
        good = json_read_end(&r);
        json_read_release(&r);
        return good;
}

static void line_release(struct child_line *line)
{
        str_release(&line->words);
        str_release(&line->error);
}

/* --- processes ------------------------------------------------------------------------------- */

struct child {
        pid_t pid;
        FILE *from;
};

static int make_input(const struct str *input)
{
        return input ? fd_of_text("quaymaster-actions", str_text(input), input->len)
                     : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* In the child. */
static void become(int program, const char *const *argv, int netns_fd, int in, int out)
{
        static char *const environment[] = {NULL};

        if (netns_fd >= 0 && setns(netns_fd, CLONE_NEWNET) < 0)
                _exit(126);
        (void)signal(SIGPIPE, SIG_DFL);
        if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
                _exit(126);
        (void)execveat(program, "", (char *const *)(uintptr_t)argv, environment, AT_EMPTY_PATH);
        _exit(127);
}

static int start(struct child *child, int program, const char *const *argv, int netns_fd,
                 const struct str *input, struct err *err)
{
        _cleanup_close_ int in = make_input(input), from = -1, to = -1;
        int ends[2];

        if (in < 0 || pipe2(ends, O_CLOEXEC) < 0)
                return err_errno(err, in < 0 ? -in : errno, "starting '%s'", argv[0]);
        from = ends[0];
        to = ends[1];
        child->pid = fork();
        if (child->pid == 0)
                become(program, argv, netns_fd, in, to);
        if (child->pid < 0)
                return err_errno(err, errno, "starting '%s'", argv[0]);
        child->from = fdopen(from, "re");
        if (!child->from)
                return err_errno(err, errno, "starting '%s'", argv[0]);
        (void)take_fd(from);
        return 0;
}

struct last {
        struct err err;
        bool said;
};

/* All lines; what the last result says. */
static void read_lines(FILE *from, void (*each)(const struct child_line *line, void *arg), void *arg,
                       struct last *last)
{
        _cleanup_free_ char *text = NULL;
        size_t room = 0;
        ssize_t len;

        while ((len = getline(&text, &room, from)) > 0) {
                _cleanup_(line_release) struct child_line line = {0};

                if (text[len - 1] == '\n')
                        text[len - 1] = '\0';
                if (!read_line(text, &line))
                        continue;
                if (streq(line.type, "result")) {
                        last->said = true;
                        if (!line.ok)
                                err_set(&last->err, line.number ? -(int)line.number : -EIO, "%s",
                                        str_text(&line.error));
                }
                if (each)
                        each(&line, arg);
        }
}

static int finish(struct child *child)
{
        int status = 0;

        (void)fclose(child->from);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int harden_child(const char *const *words, const struct str *input,
                 void (*each)(const struct child_line *line, void *arg), void *arg, struct err *err)
{
        _cleanup_close_ int program = -1;
        const char *argv[WORDS_MAX + 2] = {NULL};
        char path[PATH_MAX];
        struct last last = {0};
        struct child child;
        int r, status;

        if (geteuid() != 0)
                return err_set(err, -EPERM,
                               "'%s' needs root; run it by sudo. `quaymaster harden plan` does not",
                               words[0]);
        program = companion_open(PROGRAM, QM_LIBEXECDIR, path, err);
        if (program < 0)
                return program;
        argv[0] = path;
        for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
                argv[i + 1] = words[i];
        r = start(&child, program, argv, -1, input, err);
        if (r < 0)
                return r;
        read_lines(child.from, each, arg, &last);
        status = finish(&child);
        if (!last.said)
                return err_set(err, -EIO, PROGRAM " ended without an answer (status %d)", status);
        if (last.err.code)
                *err = last.err;
        return last.err.code;
}

int harden_child_scan(const char *const *words, int netns_fd,
                      void (*each)(const struct child_line *line, void *arg), void *arg, struct err *err)
{
        _cleanup_close_ int program = open(SELF, O_PATH | O_CLOEXEC);
        struct last last = {0};
        struct child child;
        int r = program < 0 ? err_errno(err, errno, "opening '" SELF "'")
                            : start(&child, program, words, netns_fd, NULL, err);

        if (r < 0)
                return r;
        read_lines(child.from, each, arg, &last);
        return finish(&child);
}

int harden_child_status(int r)
{
        return r == 0                                        ? QM_EXIT_DONE
               : r == -EINVAL || r == -EPERM || r == -ENOENT ? QM_EXIT_USAGE
                                                             : QM_EXIT_INCOMPLETE;
}
