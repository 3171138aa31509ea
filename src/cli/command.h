/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line as data. Each command is one file cmd_NAME.c with one `const struct command` and a line
 * in the registry in commands.c; parsing, help, man page check and shell completion all come from these
 * tables.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum exit_status {
        QM_EXIT_DONE = 0,
        QM_EXIT_FINDINGS = 1,   /* at or above --fail-on */
        QM_EXIT_USAGE = 2,      /* wrong usage or bad file */
        QM_EXIT_INCOMPLETE = 3, /* asked more than could be seen */
};

enum option_kind { OPTION_FLAG, OPTION_WORD };

struct option_spec {
        const char *name;   /* without "--" */
        char letter;        /* 0 = none */
        enum option_kind kind;
        const char *value;  /* shown in the help: "FILE"; for OPTION_WORD */
        const char *help;
        const char *const *choices; /* NULL-terminated list of the only words allowed, or NULL = any */
        bool once; /* may not be given twice, where forgetting the first one would do harm */
};

#define MAX_OPTIONS   32
#define MAX_ARGUMENTS 4096 /* targets, as a shell expands them */

/* What is done, where a command's first argument says that. */
struct command_part {
        const char *word;
        size_t least, most;       /* arguments behind it */
        const char *arguments;    /* as shown: "[NAME]", or "" */
        const char *const *takes; /* the options that do something with it, by name; ends with NULL */
};

struct invocation {
        const struct command *command;
        size_t part; /* the place of the first argument in command->parts, where there are some */
        /* by the option's place in command->options: "" when a flag is set; NULL = absent */
        const char *words[MAX_OPTIONS];
        const char *arguments[MAX_ARGUMENTS];
        size_t n_arguments;
};

struct command {
        const char *name;
        const char *arguments; /* shown in the usage line: "PORT|NAME" or "" */
        const struct command_part *parts; /* what the first argument must be one of; NULL: it may be any */
        size_t n_parts;
        bool files; /* arguments may be files */
        const char *summary;   /* one line */
        const char *details;   /* paragraphs for `help NAME` */
        const struct option_spec *options;
        size_t n_options;
        size_t min_arguments, max_arguments;
        /* Does it; returns an enum exit_status. On QM_EXIT_USAGE err is printed by main. */
        int (*run)(const struct invocation *in, struct err *err);
};

/* The word of an option, "" for a set flag, NULL when it was not given. */
const char *invocation_get(const struct invocation *in, const char *option);
bool invocation_has(const struct invocation *in, const char *option);

/*
 * Parse what stands behind the command's name and ends with NULL; in->command is set. 0 or -EINVAL, also for what its
 * part would not look at.
 */
int invocation_parse(struct invocation *in, char **argv, struct err *err);

const struct command *const *commands_all(void); /* NULL-terminated */
const struct command *command_find(const char *name);

/* Parse and run what stands in argv; prints errors and help; the exit status. */
int cli_main(int argc, char **argv);
