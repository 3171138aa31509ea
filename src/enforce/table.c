/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/table.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/companion.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/json_read.h"
#include "config.h"
#include "enforce/living.h"

#define PROGRAM    "quaymaster-nft"
#define ANSWER_MAX (64 * 1024)

struct answer {
        bool present;
        char hash[TABLE_HASH_SIZE];
        char error[400];
        bool done;
};

static void copy(struct json_read *r, char *to, size_t size)
{
        struct json_text text;

        if (json_read_text(r, &text))
                (void)snprintf(to, size, "%.*s", (int)text.len, text.at);
}

static void read_answer(const struct str *text, struct answer *ret)
{
        struct json_read r = {0};
        struct json_text key;

        json_read_init(&r, str_text(text), text->len);
        json_read_open(&r, '{');
        while (json_read_key(&r, &key)) {
                if (json_text_is(&key, "present"))
                        (void)json_read_bool(&r, &ret->present);
                else if (json_text_is(&key, "hash"))
                        copy(&r, ret->hash, sizeof(ret->hash));
                else if (json_text_is(&key, "error"))
                        copy(&r, ret->error, sizeof(ret->error));
                else
                        json_read_skip(&r);
        }
        ret->done = json_read_end(&r);
        json_read_release(&r);
}

/* In the child. */
static void become(int program, char **argv, int in, int out, pid_t parent)
{
        static char *const environment[] = {NULL};
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        /* when we are killed it must not load a table after that was undone */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(126);
        (void)signal(SIGPIPE, SIG_DFL);
        if (null < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
            dup2(null, STDERR_FILENO) < 0)
                _exit(126);
        (void)execveat(program, "", argv, environment, AT_EMPTY_PATH);
        _exit(127);
}

static int start(int program, char **argv, int in, int out, pid_t *ret)
{
        pid_t parent = getpid();

        *ret = fork();
        if (*ret == 0)
                become(program, argv, in, out, parent);
        return *ret < 0 ? -errno : 0;
}

static int ask(const char *request, const char *table, const struct str *input, struct answer *ret,
               struct err *err)
{
        _cleanup_close_ int program = -1, in = -1, from = -1, to = -1;
        _cleanup_str_ struct str text = {0};
        char path[PATH_MAX];
        char *argv[] = {path, (char *)(uintptr_t)request, (char *)(uintptr_t)table, NULL};
        int ends[2], r, status = 0;
        pid_t pid;

        *ret = (struct answer){0};
        program = companion_open(PROGRAM, QM_LIBEXECDIR, path, err);
        if (program < 0)
                return program;
        in = fd_of_text("quaymaster-table", str_text(input), input->len);
        if (in < 0)
                return err_errno(err, -in, "speaking to " PROGRAM);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return err_errno(err, errno, "speaking to " PROGRAM);
        from = ends[0];
        to = ends[1];
        r = start(program, argv, in, to, &pid);
        if (r < 0)
                return err_errno(err, -r, "starting '%s'", path);
        fd_close(&to);
        r = fd_read_all(from, ANSWER_MAX, &text);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        read_answer(&text, ret);
        if (r < 0 || !ret->done)
                return err_set(err, -EIO, PROGRAM " gave no answer (wait status %d)", status);
        return ret->error[0] ? err_set(err, -EIO, "firewall table '%s': %s", table, ret->error) : 0;
}

static void write_living(struct str *to, const struct firewall_living *one)
{
        char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE];
        struct json j = json_to(to);

        json_open_object(&j, NULL);
        json_open_array(&j, "living");
        json_str(&j, NULL, transport_name(one->transport));
        json_str(&j, NULL, address_format(&one->local, local));
        json_u64(&j, NULL, one->local_port);
        json_str(&j, NULL, address_format(&one->remote, remote));
        json_u64(&j, NULL, one->remote_port);
        json_end_line(&j);
}

static void write_lines(struct str *to, const char *const *lines)
{
        for (; *lines; lines++) {
                struct json j = json_to(to);

                json_open_object(&j, NULL);
                json_str(&j, "line", *lines);
                json_end_line(&j);
        }
}

/*
 * A connection that is older than the first rule that asks for connections counts as new. So they are followed first,
 * by a table that lets all pass; what exchanges packets from then on is known, and what is silent is listed and let
 * in by the tuple.
 */
int table_load(const char *table, const char *const *lines, struct err *err)
{
        _cleanup_str_ struct str input = {0}, nothing = {0};
        living_list living = {0};
        struct answer answer;
        int r = ask("follow", table, &nothing, &answer, err);

        if (r == 0)
                r = living_read(&living, err);
        write_lines(&input, lines);
        vec_foreach(one, &living)
                write_living(&input, one);
        vec_clear(&living);
        return r < 0 ? r : ask("apply", table, &input, &answer, err);
}

int table_delete(const char *table, struct err *err)
{
        _cleanup_str_ struct str nothing = {0};
        struct answer answer;

        return ask("delete", table, &nothing, &answer, err);
}

int table_has(const char *table, bool *ret, char hash[TABLE_HASH_SIZE], struct err *err)
{
        _cleanup_str_ struct str nothing = {0};
        struct answer answer;
        int r = ask("has", table, &nothing, &answer, err);

        *ret = r == 0 && answer.present;
        (void)snprintf(hash, TABLE_HASH_SIZE, "%s", *ret ? answer.hash : "");
        return r;
}
