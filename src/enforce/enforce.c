/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/enforce.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "enforce/pending.h"
#include "enforce/request.h"
#include "enforce/tell.h"

#define CONFIRM_MIN 10u
#define CONFIRM_MAX 86400u

#define TAKES_CONFIRM 1u
#define TAKES_CONSOLE 2u
#define TAKES_ID      4u

static const struct request {
        const char *name, *what;
        int (*run)(const struct asked *asked);
        unsigned takes;
} requests[] = {
        {"apply", "do the actions of standard input (--confirm-within SECONDS, --plan ID)", request_apply,
         TAKES_CONFIRM},
        {"confirm", "keep what was applied (--at-console)", request_confirm, TAKES_CONSOLE},
        {"proved", "note that a probe from outside passed", request_proved, 0},
        {"undo", "undo an apply: ID or last", request_undo, TAKES_ID},
        {"status", "tell of all applies", request_status, 0},
        {"rollback", "wait for the confirmation of ID, and undo it without", request_rollback, TAKES_ID},
        {"boot", "undo what is found unconfirmed", request_boot, 0},
        {"load", "load the firewall that is in force", request_load, 0},
};

static int usage(FILE *to, int status)
{
        (void)fprintf(to, "usage: quaymaster-harden REQUEST [OPTION]...\n\n"
                          "Changes how this host is set up, for quaymaster, which starts it. Requests:\n");
        for (size_t i = 0; i < array_len(requests); i++)
                (void)fprintf(to, "  %-9s %s\n", requests[i].name, requests[i].what);
        (void)fprintf(to, "Options: --version, --help\n");
        return status;
}

static bool parse_option(char **argv, int *i, unsigned takes, struct asked *asked)
{
        const char *value = argv[*i + 1];

        if (takes & TAKES_CONSOLE && streq(argv[*i], "--at-console"))
                return (asked->at_console = true);
        if (takes & TAKES_CONFIRM && value && streq(argv[*i], "--confirm-within")) {
                ++*i;
                return str_to_u64(value, CONFIRM_MAX, &asked->confirm_s) == 0 &&
                       asked->confirm_s >= CONFIRM_MIN;
        }
        if (takes & TAKES_CONFIRM && value && streq(argv[*i], "--plan")) {
                ++*i;
                asked->plan = value;
                return strlen(value) <= 64 && strspn(value, "0123456789abcdef") == strlen(value);
        }
        if (takes & TAKES_ID && !asked->id && (apply_id_good(argv[*i]) || streq(argv[*i], "last")))
                return (asked->id = argv[*i]) != NULL;
        return false;
}

static bool parse(int argc, char **argv, unsigned takes, struct asked *asked)
{
        for (int i = 2; i < argc; i++)
                if (!parse_option(argv, &i, takes, asked))
                        return false;
        return (!(takes & TAKES_ID) || asked->id) && (!(takes & TAKES_CONFIRM) || asked->confirm_s);
}

/* As far as one may; who may not beyond the hard limit, up to that. */
static void raise_limits(void)
{
        static const struct {
                int resource;
                rlim_t least;
        } limits[] = {
                {RLIMIT_FSIZE, RLIM_INFINITY}, {RLIMIT_CPU, RLIM_INFINITY}, {RLIMIT_AS, RLIM_INFINITY},
                {RLIMIT_DATA, RLIM_INFINITY},  {RLIMIT_RSS, RLIM_INFINITY}, {RLIMIT_NOFILE, 256},
        };
        struct rlimit limit;

        for (size_t i = 0; i < array_len(limits); i++) {
                const struct rlimit least = {limits[i].least, limits[i].least};

                if (getrlimit((unsigned)limits[i].resource, &limit) < 0 || limit.rlim_cur >= least.rlim_cur)
                        continue;
                if (limit.rlim_max < least.rlim_max && setrlimit((unsigned)limits[i].resource, &least) == 0)
                        continue;
                limit.rlim_cur = limit.rlim_max < least.rlim_cur ? limit.rlim_max : least.rlim_cur;
                (void)setrlimit((unsigned)limits[i].resource, &limit);
        }
}

/*
 * A terminal that goes away, and a caller that is killed, must not leave half of it done; nor may limits that a caller
 * left (sudo hands them on) end us or the rollback in the middle: RLIMIT_FSIZE kills, RLIMIT_CPU does so later.
 */
static void outlive_caller(void)
{
        static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU, SIGXFSZ};
        sigset_t no_signals;

        for (size_t i = 0; i < array_len(ignored); i++)
                (void)signal(ignored[i], SIG_IGN);
        (void)signal(SIGCHLD, SIG_DFL); /* where it is ignored no child can be waited for */
        sigemptyset(&no_signals);
        (void)sigprocmask(SIG_SETMASK, &no_signals, NULL);
        raise_limits();
        (void)umask(022);
}

int enforce_main(int argc, char **argv, const char *version)
{
        struct asked asked = {0};

        (void)clearenv();
        outlive_caller();
        if (!fd_fill_standard())
                return STATUS_FAILED;
        if (argc == 2 && streq(argv[1], "--version"))
                return printf("quaymaster-harden %s\n", version) < 0 ? STATUS_FAILED : STATUS_DONE;
        if (argc == 2 && streq(argv[1], "--help"))
                return usage(stdout, STATUS_DONE);
        for (size_t i = 0; argc >= 2 && i < array_len(requests); i++)
                if (streq(argv[1], requests[i].name) && parse(argc, argv, requests[i].takes, &asked))
                        return requests[i].run(&asked);
        return usage(stderr, STATUS_USAGE);
}
