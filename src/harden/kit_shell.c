/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script for POSIX sh. What it can do stands in data/kits/shell.sh; here one function an action is written,
 * which calls that with quoted names. Tables and drop-ins are quoted here-documents, in which a shell reads
 * nothing.
 */
#include "base/mem.h"
#include "harden/kit_builtin.h"
#include "harden/kit_text.h"

#define END_MARK "END_OF_QUAYMASTER_FILE"

static void here_document(struct str *to, const char *text)
{
        str_addf(to, " <<'" END_MARK "'\n%s", text);
        if (!str_ends(text, "\n"))
                str_add_char(to, '\n');
        str_add(to, END_MARK "\n");
}

static void write_units(struct str *to, const struct action *a)
{
        str_add(to, "        stop_units ");
        kit_quote_all(to, a, "unit", " ");
        str_add_char(to, '\n');
}

static void write_script(struct str *to, const struct action *a)
{
        str_add(to, "        stop_script ");
        kit_quote(to, action_value(a, "script", 0));
        str_add_char(to, '\n');
}

static void write_inetd(struct str *to, const struct action *a)
{
        str_addf(to, "        stop_%s ", action_value(a, "server", 0));
        kit_quote(to, action_value(a, "service", 0));
        str_add_char(to, ' ');
        kit_quote(to, action_value(a, "transport", 0));
        str_add_char(to, '\n');
}

static void write_sandbox(struct str *to, const struct action *a)
{
        _cleanup_str_ struct str text = {0};

        kit_sandbox(&text, a);
        str_add(to, "        limit_unit ");
        kit_quote(to, action_value(a, "unit", 0));
        here_document(to, str_text(&text));
}

static void write_packages(struct str *to, const struct action *a)
{
        str_add(to, "        remove_packages ");
        kit_quote_all(to, a, "package", " ");
        str_add_char(to, '\n');
}

static void add_words(struct str *to, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                str_add(to, i == 3 ? " \\\n                " : " ");
                kit_quote_for(to, words[i] ? words[i] : "", "'\\''");
        }
}

/* WORDS MARK AFTER END any-case|folds */
static void add_edit(struct str *to, const struct recipe_edit *edit)
{
        _cleanup_str_ struct str names = {0};
        const char *words[] = {NULL, edit->mark, edit->after, edit->end,
                               edit->any_case ? "any-case" : edit->folds ? "folds" : ""};

        for (const char *const *word = edit->words; *word; word++)
                str_addf(&names, "%s%s", word > edit->words ? " " : "", *word);
        words[0] = str_text(&names);
        add_words(to, words, array_len(words));
}

/*
 * bind_loopback UNIT PATH restart|reload-or-restart INCLUDE INCLUDE_LINE PACKAGED, or bind_by_edit with more, and the
 * content behind
 */
static void write_bind(struct str *to, struct pool *pool, const struct action *a)
{
        struct kit_bind bind;
        const struct recipe *recipe = kit_recipe(a, pool, &bind);
        const char *words[] = {
                action_value(a, "unit", 0),
                bind.path,
                recipe->restart ? "restart" : "reload-or-restart",
                bind.include,
                recipe->include_line,
                recipe->packaged,
        };

        if (recipe->packaged && strchr(recipe->packaged, '$'))
                str_add(to, "        # shellcheck disable=SC2016 # systemd puts in the value, not this shell\n");
        str_add(to, recipe->edit ? "        bind_by_edit" : "        bind_loopback");
        add_words(to, words, array_len(words));
        if (recipe->edit)
                add_edit(to, recipe->edit);
        here_document(to, recipe->content);
}

/* Of TCP, from wherever: "22 8000-8010" */
static void write_ports(struct str *to, struct pool *pool, const struct action *a)
{
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {0};
        const char *separator = "";

        (void)harden_firewall_spec(a, pool, &spec, NULL);
        str_add_char(to, '\'');
        vec_foreach(rule, &spec.rules) {
                if (rule->deny || rule->transport != TRANSPORT_TCP)
                        continue;
                str_addf(to, "%s%u", separator, rule->first);
                if (rule->last > rule->first)
                        str_addf(to, "-%u", rule->last);
                separator = " ";
        }
        str_add_char(to, '\'');
}

/* load_table TABLE PORTS, with the table behind */
static void write_table(struct str *to, struct pool *pool, const struct action *a)
{
        _cleanup_str_ struct str text = {0}, boot = {0};

        kit_boot_unit(&boot, a);
        (void)kit_table(a, pool, &text, NULL);
        str_add(to, "        boot_unit()\n        {\n                cat");
        here_document(to, str_text(&boot));
        str_addf(to, "        }\n        load_table %s ", kit_table_name(a));
        if (a->kind == ACTION_FIREWALL)
                write_ports(to, pool, a);
        else
                str_add(to, "any");
        here_document(to, str_text(&text));
}

static void write_call(struct str *to, struct pool *pool, const struct action *a)
{
        static void (*const calls[ACTION_KIND_MAX])(struct str * to, const struct action *a) = {
                [ACTION_UNIT_STOP] = write_units,         [ACTION_SYSV_STOP] = write_script,
                [ACTION_INETD_STOP] = write_inetd,        [ACTION_UNIT_SANDBOX] = write_sandbox,
                [ACTION_PACKAGE_REMOVE] = write_packages,
        };

        if (calls[a->kind])
                calls[a->kind](to, a);
        else if (a->kind == ACTION_BIND_LOOPBACK)
                write_bind(to, pool, a);
        else
                write_table(to, pool, a);
}

static const char *cannot(const struct action *a, struct pool *pool)
{
        struct kit_bind bind;

        if (a->kind == ACTION_WINDOWS_SERVICE || a->kind == ACTION_WINDOWS_FIREWALL)
                return "it is for Windows; --format powershell has it";
        if (a->kind == ACTION_BIND_LOOPBACK && !kit_recipe(a, pool, &bind))
                return "there is no such recipe, or not for this unit";
        return NULL;
}

static void write_action(struct str *to, struct pool *pool, const struct action *a, size_t number)
{
        str_addf(to, "\n# %s\n", kit_plain(pool, a->id));
        kit_about(to, pool, a, "# ");
        str_addf(to, "action_%zu()\n{\n        begin %zu '%s'\n", number, number, kit_plain(pool, a->title));
        write_call(to, pool, a);
        str_add(to, "}\n");
}

static void write_head(struct str *to, struct pool *pool, const struct plan *plan, const struct kit *kit)
{
        str_addf(
                to,
                "#!/bin/sh\n"
                "# SPDX-License-Identifier: GPL-2.0-or-later\n"
                "# quaymaster kit %s, made for %s.\n"
                "# Run it as it is to see what it would do; --apply does it, --undo goes back, --help tells the rest.\n"
                "# It needs a POSIX shell, awk, find and sort; to stop services, systemctl; for the firewall, nft.\n",
                plan->id, plan->hostname);
        vec_foreach(why, &kit->left_out)
                str_addf(to, "# Not in it: %s\n", *why);
        str_addf(to, "set -u\nkit=%s\nhost='%s'\nstate=/var/lib/quaymaster-kit/$kit\n", plan->id,
                 plan->hostname);
}

static void write_shell(const struct plan *plan, struct pool *pool, struct kit *kit)
{
        _cleanup_str_ struct str text = {0}, actions = {0}, list = {0};
        size_t number = 0;

        vec_foreach(a, &plan->actions) {
                const char *why = cannot(a, pool);

                if (why) {
                        kit_leave_out(kit, pool, a, why);
                        continue;
                }
                write_action(&actions, pool, a, ++number);
                str_addf(&list, "%s%zu", number > 1 ? " " : "", number);
        }
        write_head(&text, pool, plan, kit);
        str_add(&text, kit_builtin_shell);
        str_add(&text,
                "\n# --- what this kit does ----------------------------------------------------------------------\n");
        str_add(&text, str_text(&actions));
        str_addf(&text, "\nactions='%s'\nmain \"$@\"\n", str_text(&list));
        kit_add_file(kit, pool, "harden.sh", 0755, &text);
}

const struct kit_format kit_shell = {
        .name = "shell",
        .summary =
                "a script for POSIX sh, with an undo of its own; shows what it would do unless told --apply",
        .write = write_shell,
};
