/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/help.h"

const char *invocation_get(const struct invocation *in, const char *option)
{
        for (size_t i = 0; i < in->command->n_options; i++)
                if (streq(in->command->options[i].name, option))
                        return in->words[i];
        return NULL;
}

bool invocation_has(const struct invocation *in, const char *option)
{
        return invocation_get(in, option) != NULL;
}

const struct command *command_find(const char *name)
{
        for (const struct command *const *c = commands_all(); *c; c++)
                if (streq((*c)->name, name))
                        return *c;
        return NULL;
}

static int check_choice(const struct option_spec *option, const char *word, struct err *err)
{
        _cleanup_str_ struct str list = {0};

        if (!option->choices)
                return 0;
        for (const char *const *choice = option->choices; *choice; choice++) {
                if (streq(*choice, word))
                        return 0;
                str_addf(&list, "%s%s", list.len ? ", " : "", *choice);
        }
        return err_set(err, -EINVAL, "'--%s %s': must be one of: %s", option->name, word, str_text(&list));
}

/* How far `word` names this option: its long name, with "=value" in *ret_value where there is one. */
static bool is_long(const struct option_spec *option, const char *word, const char **ret_value)
{
        const char *rest = str_after(word, option->name);

        if (!rest || (*rest && *rest != '='))
                return false;
        *ret_value = *rest ? rest + 1 : NULL;
        return true;
}

static int set_option(struct invocation *in, size_t index, const char *value, char ***argv, struct err *err)
{
        const struct option_spec *option = &in->command->options[index];

        if (option->kind == OPTION_FLAG) {
                if (value)
                        return err_set(err, -EINVAL, "'--%s' takes no value", option->name);
                in->words[index] = "";
                return 0;
        }
        if (!value && !(value = *++*argv))
                return err_set(err, -EINVAL, "'--%s' needs a value: --%s %s", option->name, option->name,
                               option->value);
        if (option->once && in->words[index])
                return err_set(err, -EINVAL, "'--%s' is given twice; give one list", option->name);
        in->words[index] = value;
        return check_choice(option, value, err);
}

static int parse_option(struct invocation *in, char ***argv, struct err *err)
{
        const char *word = **argv, *value = NULL;

        for (size_t i = 0; i < in->command->n_options; i++) {
                const struct option_spec *option = &in->command->options[i];

                if (word[1] == '-' ? is_long(option, word + 2, &value)
                                   : option->letter && word[1] == option->letter && !word[2])
                        return set_option(in, i, value, argv, err);
        }
        return err_set(err, -EINVAL, "no option '%s' (see: quaymaster help %s)", word, in->command->name);
}

/* --- parts ---------------------------------------------------------------------------------------- */

static const struct command_part *find_part(const struct command *command, const char *word)
{
        for (size_t i = 0; i < command->n_parts; i++)
                if (streq(command->parts[i].word, word))
                        return &command->parts[i];
        return NULL;
}

static int refuse_word(const struct invocation *in, struct err *err)
{
        _cleanup_str_ struct str known = {0};

        for (size_t i = 0; i < in->command->n_parts; i++)
                str_addf(&known, "%s%s", i ? ", " : "", in->command->parts[i].word);
        return err_set(err, -EINVAL, "'%s' is none of %s", in->arguments[0], str_text(&known));
}

static int refuse_option(const struct invocation *in, const char *option, struct err *err)
{
        _cleanup_str_ struct str where = {0};

        for (size_t i = 0; i < in->command->n_parts; i++)
                if (str_in_list(option, in->command->parts[i].takes))
                        str_addf(&where, "%s%s", where.len ? ", " : "", in->command->parts[i].word);
        return err_set(err, -EINVAL, "'--%s' does nothing with '%s %s': it is for %s", option, in->command->name,
                       in->arguments[0], str_text(&where));
}

/* A word that would do nothing is a misunderstanding. */
static int check_part(struct invocation *in, struct err *err)
{
        const struct command *command = in->command;
        const struct command_part *part = find_part(command, in->arguments[0]);
        size_t n = in->n_arguments - 1;

        if (!part)
                return refuse_word(in, err);
        in->part = (size_t)(part - command->parts);
        if (n < part->least)
                return err_set(err, -EINVAL, "'%s %s' needs %s (see: quaymaster help %s)", command->name, part->word,
                               part->arguments, command->name);
        if (n > part->most)
                return err_set(err, -EINVAL,
                               "'%s' is one argument too many: '%s %s' takes %s (see: quaymaster help %s)",
                               in->arguments[1 + part->most], command->name, part->word,
                               part->most ? part->arguments : "none", command->name);
        for (size_t i = 0; i < command->n_options; i++)
                if (in->words[i] && !str_in_list(command->options[i].name, part->takes))
                        return refuse_option(in, command->options[i].name, err);
        return 0;
}

int invocation_parse(struct invocation *in, char **argv, struct err *err)
{
        bool words_only = false;

        for (; *argv; argv++) {
                int r = 0;

                if (!words_only && streq(*argv, "--"))
                        words_only = true;
                else if (!words_only && (*argv)[0] == '-' && (*argv)[1])
                        r = parse_option(in, &argv, err);
                else if (in->n_arguments == in->command->max_arguments)
                        r = err_set(err, -EINVAL, "'%s' is one argument too many (see: quaymaster help %s)", *argv,
                                    in->command->name);
                else
                        in->arguments[in->n_arguments++] = *argv;
                if (r < 0)
                        return r;
                if (!*argv)
                        break;
        }
        if (in->n_arguments < in->command->min_arguments)
                return err_set(err, -EINVAL, "needs %s (see: quaymaster help %s)", in->command->arguments,
                               in->command->name);
        return in->command->parts ? check_part(in, err) : 0;
}

static bool wants_help(char **argv)
{
        for (; *argv && !streq(*argv, "--"); argv++)
                if (streq(*argv, "--help") || streq(*argv, "-h"))
                        return true;
        return false;
}

static int run_command(const struct command *command, char **argv)
{
        struct invocation in = {.command = command};
        struct err err = {0};
        int status;

        if (wants_help(argv)) {
                help_command(stdout, command);
                return QM_EXIT_DONE;
        }
        status = invocation_parse(&in, argv, &err) < 0 ? QM_EXIT_USAGE : command->run(&in, &err);
        if (err.text[0])
                (void)fprintf(stderr, "quaymaster %s: %s\n", command->name, err.text);
        return status;
}

static int run_help(char **argv)
{
        const struct command *command = *argv ? command_find(*argv) : NULL;
        bool is_part = command && argv[1] && find_part(command, argv[1]);

        if (!*argv || streq(*argv, "help")) {
                help_overview(stdout);
                return QM_EXIT_DONE;
        }
        if (!command) {
                (void)fprintf(stderr, "quaymaster: no command '%s' (see: quaymaster help)\n", *argv);
                return QM_EXIT_USAGE;
        }
        if (argv[1] && !(is_part && !argv[2])) { /* `help policy check` is the help of policy, which tells of all */
                (void)fprintf(stderr,
                              "quaymaster help: '%s' is one argument too many (see: quaymaster help %s)\n",
                              is_part ? argv[2] : argv[1], command->name);
                return QM_EXIT_USAGE;
        }
        help_command(stdout, command);
        return QM_EXIT_DONE;
}

int cli_main(int argc, char **argv)
{
        const char *word = argc > 1 ? argv[1] : NULL;
        const struct command *command;

        if (!word) {
                help_overview(stderr);
                return QM_EXIT_USAGE;
        }
        if (streq(word, "--version") || streq(word, "version")) {
                help_version(stdout);
                return QM_EXIT_DONE;
        }
        if (streq(word, "--help") || streq(word, "-h") || streq(word, "help"))
                return run_help(streq(word, "help") ? argv + 2 : argv + argc);
        command = command_find(word);
        if (!command) {
                (void)fprintf(stderr, "quaymaster: no command '%s' (see: quaymaster help)\n", word);
                return QM_EXIT_USAGE;
        }
        return run_command(command, argv + 2);
}
