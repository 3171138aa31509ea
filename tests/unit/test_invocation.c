/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of commands that have parts: none is ignored. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/commands.h"

#define WORDS_MAX 8

static int parse(struct invocation *in, const char *const *words, struct err *err)
{
        *in = (struct invocation){.command = command_find(words[0])};
        *err = (struct err){0};
        assert_non_null(in->command);
        return invocation_parse(in, (char **)(uintptr_t)(words + 1), err);
}

static void test_taken(void **state)
{
        static const struct {
                const char *words[WORDS_MAX], *part;
        } cases[] = {
                {{"change", "list"}, "list"},
                {{"change", "close", "CHG-1"}, "close"},
                {{"change", "--ticket", "CHG-1", "close"}, "close"},
                {{"baseline", "accept", "1/tcp", "2/tcp", "--no-bpf"}, "accept"},
                {{"snapshot", "save", "a", "--from=x"}, "save"},
                {{"harden", "undo", "last"}, "undo"},
                {{"policy", "explain", "443/tcp", "--all"}, "explain"},
        };
        struct invocation in;
        struct err err;

        for (size_t i = 0; i < array_len(cases); i++) {
                if (parse(&in, cases[i].words, &err) < 0)
                        fail_msg("%zu: %s", i, err.text);
                assert_string_equal(in.command->parts[in.part].word, cases[i].part);
        }
}

static void test_refused(void **state)
{
        static const struct {
                const char *words[WORDS_MAX], *says;
        } cases[] = {
                {{"change", "list", "foo"}, "'foo' is one argument too many: 'change list' takes none"},
                {{"change", "open", "foo"}, "'change open' takes none"},
                {{"change", "close", "a", "b"}, "'b' is one argument too many"},
                {{"change", "list", "--ticket", "a"}, "'--ticket' does nothing with 'change list': it is for open, close"},
                {{"change", "close", "a", "--until", "1h"}, "it is for open"},
                {{"change", "nonsense"}, "'nonsense' is none of open, list, close"},
                {{"baseline", "show", "x"}, "'baseline show' takes none"},
                {{"baseline", "show", "--netns", "x"}, "'--netns' does nothing with 'baseline show': it is for set, accept"},
                {{"baseline", "set", "a", "b"}, "'baseline set' takes [SNAPSHOT|FILE]"},
                {{"snapshot", "list", "x"}, "'snapshot list' takes none"},
                {{"snapshot", "show"}, "'snapshot show' needs the NAME"},
                {{"snapshot", "delete", "a", "--json"}, "it is for list, show"},
                {{"snapshot", "export", "a", "--from", "x"}, "it is for save"},
                {{"harden", "confirm", "--yes"}, "it is for apply"},
                {{"harden", "plan", "x"}, "'harden plan' takes none"},
                {{"policy", "check", "--need", "x"}, "it is for approve"},
                {{"policy", "approve"}, "needs one port"},
        };
        struct invocation in;
        struct err err;

        for (size_t i = 0; i < array_len(cases); i++) {
                assert_int_equal(parse(&in, cases[i].words, &err), -EINVAL);
                if (!strstr(err.text, cases[i].says))
                        fail_msg("%s %s: %s", cases[i].words[0], cases[i].words[1], err.text);
        }
}

static bool is_option(const struct command *command, const char *name)
{
        for (size_t i = 0; i < command->n_options; i++)
                if (streq(command->options[i].name, name))
                        return true;
        return false;
}

static bool is_taken(const struct command *command, const char *name)
{
        for (size_t i = 0; i < command->n_parts; i++)
                for (const char *const *option = command->parts[i].takes; *option; option++)
                        if (streq(*option, name))
                                return true;
        return false;
}

/* What is taken is an option, and each option is taken by some part. */
static void test_tables_agree(void **state)
{
        size_t n = 0;

        for (const struct command *const *command = commands_all(); *command; command++) {
                for (size_t i = 0; i < (*command)->n_parts; i++, n++) {
                        const struct command_part *part = &(*command)->parts[i];

                        assert_non_null(part->word);
                        assert_true(part->least <= part->most && part->most < (*command)->max_arguments);
                        for (const char *const *option = part->takes; *option; option++)
                                if (!is_option(*command, *option))
                                        fail_msg("%s %s: no option '%s'", (*command)->name, part->word, *option);
                }
                for (size_t i = 0; (*command)->n_parts && i < (*command)->n_options; i++)
                        if (!is_taken(*command, (*command)->options[i].name))
                                fail_msg("%s: nothing takes '%s'", (*command)->name, (*command)->options[i].name);
        }
        assert_true(n >= 22);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_taken),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_tables_agree),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
