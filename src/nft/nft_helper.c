/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft/nft_helper.h"

#include <cap-ng.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "nft/child.h"
#include "nft/denied.h"
#include "nft/own_table.h"
#include "nft/ruleset.h"

#define MAX_NETNS 64

enum { STATUS_DONE, STATUS_OUTPUT, STATUS_USAGE };

#define MAX_REQUEST (256U << 20)

struct request_input {
        int netns_fds[MAX_NETNS]; /* -1: the namespace we are in */
        size_t n_netns;
        uint16_t group; /* of NFLOG */
        const char *table; /* of a request for one of our tables */
};

struct request {
        const char *name;
        const char *what;
        int (*run)(const struct request_input *in);
        bool of_table;
};

/* Keep of `wanted` what the process has; with nothing kept it goes on as a plain process would. */
static void keep_capabilities(const unsigned *wanted, size_t n)
{
        bool had[2] = {false};

        capng_get_caps_process();
        for (size_t i = 0; i < n; i++)
                had[i] = capng_have_capability(CAPNG_PERMITTED, wanted[i]);
        capng_clear(CAPNG_SELECT_ALL);
        for (size_t i = 0; i < n; i++)
                if (had[i])
                        (void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, wanted[i]);
        /*
         * The bounding set needs CAP_SETPCAP, which a plain caller lacks; nothing is executed from here on
         * anyway.
         */
        (void)capng_apply(CAPNG_SELECT_BOUNDS);
        if (capng_apply(CAPNG_SELECT_CAPS) < 0)
                _exit(STATUS_OUTPUT);
}

static void drop_privileges(void)
{
        static const unsigned wanted[] = {CAP_NET_ADMIN, CAP_SYS_ADMIN};

        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        keep_capabilities(wanted, array_len(wanted));
}

static void drop_sys_admin(void)
{
        static const unsigned wanted[] = {CAP_NET_ADMIN};

        keep_capabilities(wanted, array_len(wanted));
}

/* Going where one is already would need CAP_SYS_ADMIN all the same. */
static bool is_own_netns(int fd)
{
        struct stat there, here;

        return fd < 0 || (fstat(fd, &there) == 0 && stat("/proc/self/ns/net", &here) == 0 &&
                          there.st_dev == here.st_dev && there.st_ino == here.st_ino);
}

static int list_netns(int fd, struct str *line, struct err *err)
{
        if (!is_own_netns(fd) && setns(fd, CLONE_NEWNET) < 0)
                return err_errno(err, errno, "entering a network namespace");
        drop_sys_admin();
        capng_get_caps_process();
        if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN))
                return err_set(err, -EPERM, "listing the ruleset: CAP_NET_ADMIN is needed");
        return ruleset_add(line, err);
}

static void add_error(struct str *line, int fd, const struct err *err)
{
        struct json j = json_to(line);

        str_reset(line);
        str_addf(line, "{\"netns_fd\":%d,", fd);
        json_str(&j, "error", err->text);
        json_u64(&j, "errno", (uint64_t)-err->code);
        str_add(line, "}\n");
}

static int write_line(const struct str *line)
{
        return fd_write_all(STDOUT_FILENO, line->text, line->len) < 0 ? STATUS_OUTPUT : STATUS_DONE;
}

static int list_one(int fd)
{
        _cleanup_str_ struct str line = {0};
        struct err err = {0};

        str_addf(&line, "{\"netns_fd\":%d,", fd);
        if (list_netns(fd, &line, &err) < 0)
                add_error(&line, fd, &err);
        else
                str_add(&line, "}\n");
        return write_line(&line);
}

/*
 * Each namespace in a process of its own: one that makes libnftables fall over (it asserts on text that is
 * no UTF-8) costs its own line only, caches of one namespace are not taken for another's, and
 * CAP_SYS_ADMIN is gone before a ruleset is read.
 */
static int list_apart(int fd)
{
        struct err err = {0};
        pid_t pid = fork();
        int status = 0;

        if (pid == 0) {
                end_with_parent();
                _exit(list_one(fd));
        }
        if (pid < 0)
                (void)err_errno(&err, errno, "starting a process");
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) <= STATUS_OUTPUT)
                return WEXITSTATUS(status);
        if (pid > 0)
                (void)err_set(&err, -EIO, "listing the ruleset: libnftables failed (wait status %d)",
                              status);

        _cleanup_str_ struct str line = {0};
        add_error(&line, fd, &err);
        return write_line(&line);
}

static int request_list(const struct request_input *in)
{
        int status = STATUS_DONE;

        for (size_t i = 0; i < in->n_netns && status == STATUS_DONE; i++)
                status = list_apart(in->netns_fds[i]);
        return status;
}

/* Of the first namespace that was given. */
static int request_denied(const struct request_input *in)
{
        struct err err = {0};
        int r;

        if (!is_own_netns(in->netns_fds[0]) && setns(in->netns_fds[0], CLONE_NEWNET) < 0)
                r = err_errno(&err, errno, "entering a network namespace");
        else {
                drop_sys_admin();
                r = denied_follow(in->group, &err);
        }
        if (r == 0)
                return STATUS_DONE;

        _cleanup_str_ struct str line = {0};
        add_error(&line, in->netns_fds[0], &err);
        return write_line(&line);
}

/* {"table":"quaymaster",...} */
static int answer_table(const char *table, int r, const struct err *err, bool present, const char *hash)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);

        json_open_object(&j, NULL);
        json_str(&j, "table", table);
        if (r < 0)
                json_str(&j, "error", err->text);
        json_bool(&j, "present", present);
        if (hash)
                json_str(&j, "hash", hash);
        json_end_line(&j);
        return write_line(&line);
}

static int request_has(const struct request_input *in)
{
        struct err err = {0};
        bool present;
        char hash[17];
        int r;

        drop_sys_admin();
        r = own_table_has(in->table, &present, hash, &err);
        return answer_table(in->table, r, &err, present, hash);
}

static int request_apply(const struct request_input *in)
{
        _cleanup_str_ struct str input = {0};
        struct err err = {0};
        int r;

        drop_sys_admin();
        r = fd_read_all(STDIN_FILENO, MAX_REQUEST, &input);
        if (r < 0)
                (void)err_errno(&err, -r, "reading the request");
        else
                r = own_table_apply(in->table, &input, &err);
        return answer_table(in->table, r, &err, r == 0, NULL);
}

static int request_follow(const struct request_input *in)
{
        struct err err = {0};
        int r;

        drop_sys_admin();
        r = own_table_follow(in->table, &err);
        return answer_table(in->table, r, &err, false, NULL);
}

static int request_delete(const struct request_input *in)
{
        struct err err = {0};
        int r;

        drop_sys_admin();
        r = own_table_delete(in->table, &err);
        return answer_table(in->table, r, &err, false, NULL);
}

/* All it can be asked. */
static const struct request requests[] = {
        {"list", "print the packet filter rules of each namespace as a line of JSON", request_list, false},
        {"denied", "follow the log of the packet filter: each packet a line of JSON", request_denied, false},
        {"has", "tell whether our table TABLE is there", request_has, true},
        {"follow", "have connections followed, before our table TABLE is loaded", request_follow, true},
        {"apply", "load our table TABLE as standard input says", request_apply, true},
        {"delete", "delete our table TABLE", request_delete, true},
};

static int usage(FILE *to, int status)
{
        (void)fprintf(
                to, "usage: quaymaster-nft REQUEST [TABLE] [--netns-fd N]...\n\n"
                    "Reads nftables and loads our own tables for quaymaster, which starts it. Requests:\n");
        for (size_t i = 0; i < array_len(requests); i++)
                (void)fprintf(to, "  %-8s %s\n", requests[i].name, requests[i].what);
        (void)fprintf(
                to,
                "Options:\n"
                "  --netns-fd N  an open descriptor of a network namespace, at most %d; none: the own one\n"
                "  --group N     denied: the group of NFLOG to follow\n"
                "  --version, --help\n",
                MAX_NETNS);
        return status;
}

/* A table of ours and nothing else, of this namespace. */
static bool parse_table(int argc, char **argv, struct request_input *in)
{
        in->table = argc == 3 && own_table_known(argv[2]) ? argv[2] : NULL;
        return in->table;
}

static bool parse_option(const char *name, const char *word, struct request_input *in)
{
        uint64_t number;

        if (streq(name, "--netns-fd") && in->n_netns < MAX_NETNS && str_to_u64(word, INT32_MAX, &number) == 0)
                in->netns_fds[in->n_netns++] = (int)number;
        else if (streq(name, "--group") && str_to_u64(word, UINT16_MAX, &number) == 0)
                in->group = (uint16_t)number;
        else
                return false;
        return true;
}

static bool parse_options(int argc, char **argv, struct request_input *in)
{
        for (int i = 2; i < argc; i += 2)
                if (i + 1 >= argc || !parse_option(argv[i], argv[i + 1], in))
                        return false;
        if (!in->n_netns)
                in->netns_fds[in->n_netns++] = -1;
        return true;
}

int nft_helper_main(int argc, char **argv, const char *version)
{
        struct request_input in = {0};

        /* libxtables loads code from where XTABLES_LIBDIR points. */
        (void)clearenv();
        end_with_parent();
        if (argc == 2 && streq(argv[1], "--version"))
                return printf("quaymaster-nft %s\n", version) < 0 ? STATUS_OUTPUT : STATUS_DONE;
        if (argc == 2 && streq(argv[1], "--help"))
                return usage(stdout, STATUS_DONE);
        for (size_t i = 0; argc >= 2 && i < array_len(requests); i++) {
                const struct request *request = &requests[i];

                if (!streq(argv[1], request->name))
                        continue;
                if (!(request->of_table ? parse_table : parse_options)(argc, argv, &in))
                        break;
                drop_privileges();
                return request->run(&in);
        }
        return usage(stderr, STATUS_USAGE);
}
