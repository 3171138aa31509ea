/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shell completion, written from the tables of commands so that it never lags behind them. */
#include <stdio.h>

#include "cli/commands.h"

#include "base/str.h"

/* Paths where a path is meant; nothing where it would be one of names we do not know. */
static void print_paths(const char *value)
{
        if (streq(value, "FILE") || streq(value, "DIR"))
                (void)printf(") _quaymaster_reply -%c; compopt -o filenames 2>/dev/null; return ;;\n",
                             value[0] == 'F' ? 'f' : 'd');
        else
                (void)printf(") return ;;\n");
}

static void print_choices(const struct command *command)
{
        for (size_t i = 0; i < command->n_options; i++) {
                const struct option_spec *option = &command->options[i];

                if (option->kind == OPTION_FLAG)
                        continue;
                (void)printf("        %s:--%s", command->name, option->name);
                if (option->letter)
                        (void)printf("|%s:-%c", command->name, option->letter);
                if (!option->choices) {
                        print_paths(option->value);
                        continue;
                }
                (void)printf(") _quaymaster_reply -W \"");
                for (const char *const *choice = option->choices; *choice; choice++)
                        (void)printf("%s%s", choice == option->choices ? "" : " ", *choice);
                (void)printf("\"; return ;;\n");
        }
}

static void print_options(const struct command *command)
{
        (void)printf("        %s)", command->name);
        if (command->parts) {
                (void)printf(" [ \"$COMP_CWORD\" -gt 2 ] || words=\"");
                for (size_t i = 0; i < command->n_parts; i++)
                        (void)printf("%s ", command->parts[i].word);
                (void)printf("\"\n            ");
        }
        if (command->files)
                (void)printf(" [[ \"$current\" == -* ]] ||\n"
                             "            { _quaymaster_reply -f; compopt -o filenames 2>/dev/null; return; }\n"
                             "            ");
        (void)printf(" words=\"$words--help");
        for (size_t i = 0; i < command->n_options; i++)
                (void)printf(" --%s", command->options[i].name);
        (void)printf("\" ;;\n");
}

static int run(const struct invocation *in, struct err *err)
{
        (void)printf("# bash completion for quaymaster, written by `quaymaster completion`\n"
                     "_quaymaster_reply() { # compgen's options: one word a line, which may have blanks\n"
                     "    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$current\")\n"
                     "}\n"
                     "_quaymaster() {\n"
                     "    local current=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                     "    local words=\"\"\n"
                     "    COMPREPLY=()\n"
                     "    # --format=csv comes as three words\n"
                     "    if [ \"$current\" = \"=\" ]; then\n"
                     "        current=\"\"\n"
                     "    elif [ \"$before\" = \"=\" ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
                     "        before=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
                     "    fi\n"
                     "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                     "        _quaymaster_reply -W \"help --version");
        for (const struct command *const *c = commands_all(); *c; c++)
                (void)printf(" %s", (*c)->name);
        (void)printf("\"\n"
                     "        return\n"
                     "    fi\n"
                     "    case \"${COMP_WORDS[1]}:$before\" in\n");
        for (const struct command *const *c = commands_all(); *c; c++)
                print_choices(*c);
        (void)printf("    esac\n"
                     "    case \"${COMP_WORDS[1]}\" in\n"
                     "        help) words=\"");
        for (const struct command *const *c = commands_all(); *c; c++)
                (void)printf("%s%s", c == commands_all() ? "" : " ", (*c)->name);
        (void)printf("\" ;;\n");
        for (const struct command *const *c = commands_all(); *c; c++)
                print_options(*c);
        (void)printf("    esac\n"
                     "    _quaymaster_reply -W \"$words\"\n"
                     "}\n"
                     "complete -F _quaymaster quaymaster\n");
        return QM_EXIT_DONE;
}

const struct command command_completion = {
        .name = "completion",
        .arguments = "",
        .summary = "print the completion script for bash",
        .details = "For this shell: eval \"$(quaymaster completion)\". `make install` puts it where bash looks for\n"
                   "it.\n",
        .run = run,
};
