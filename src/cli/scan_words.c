/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/scan_words.h"

#include "base/mem.h"

/* Said anew, one of these replaces all that was kept of them. */
static const char *const outputs[] = {"json", "format", "output"};

static void keep(struct str *to, const char *word)
{
        str_add_n(to, word, strlen(word) + 1);
}

void scan_words_keep(const struct invocation *in, struct str *to)
{
        for (size_t i = 0; i < in->command->n_options; i++) {
                _cleanup_str_ struct str option = {0};

                if (!in->words[i])
                        continue;
                str_addf(&option, "--%s%s%s", in->command->options[i].name,
                         in->command->options[i].kind == OPTION_FLAG ? "" : "=", in->words[i]);
                keep(to, option.text);
        }
        keep(to, "--");
        for (size_t i = 0; i < in->n_arguments; i++)
                keep(to, in->arguments[i]);
}

static void forget(struct invocation *in, const char *option)
{
        for (size_t i = 0; i < in->command->n_options; i++)
                if (streq(in->command->options[i].name, option))
                        in->words[i] = NULL;
}

static void forget_outputs(struct invocation *in, const struct invocation *given)
{
        bool said = false;

        for (size_t i = 0; i < array_len(outputs); i++)
                said |= invocation_has(given, outputs[i]);
        for (size_t i = 0; i < array_len(outputs) && said; i++)
                forget(in, outputs[i]);
}

int scan_words_join(struct str *kept, const struct invocation *given, struct invocation *ret, struct err *err)
{
        _cleanup_free_ char **argv = xcalloc(kept->len + 1, sizeof(*argv));
        size_t n = 0;
        int r;

        for (size_t at = 0; at < kept->len; at += strlen(kept->text + at) + 1)
                argv[n++] = kept->text + at;
        *ret = (struct invocation){.command = given->command};
        r = invocation_parse(ret, argv, err);
        if (r < 0)
                return err_prefix(err, "the checkpoint was made by other words than this version has");
        forget(ret, "checkpoint");
        forget_outputs(ret, given);
        for (size_t i = 0; i < given->command->n_options; i++)
                if (given->words[i])
                        ret->words[i] = given->words[i];
        return 0;
}
