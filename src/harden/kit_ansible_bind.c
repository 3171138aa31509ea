/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recipes in a playbook: first that they are for what is there, then the file of its own or the edit. */
#include "harden/kit_ansible.h"

/* A file that the daemon does not read would look like protection. */
static void check_include(struct books *b, const struct recipe *recipe, const struct kit_bind *bind)
{
        str_addf(
                &b->play,
                "    - name: 'Read %s'\n"
                "      ansible.builtin.slurp:\n"
                "        src: '%s'\n"
                "      register: main_file\n"
                "    - name: 'What is written below is read by it'\n"
                "      ansible.builtin.assert:\n"
                "        that: main_file.content | b64decode | regex_search('(?m)^\\s*' + (kit_line | regex_escape))\n"
                "      vars:\n"
                "        kit_line: !unsafe ",
                bind->include, bind->include);
        kit_quote_for(&b->play, recipe->include_line, "''");
        str_add_char(&b->play, '\n');
}

/* The lines of the unit that the drop-in takes the place of, without the drop-in, are those of its package. */
static void check_packaged(struct books *b, const struct recipe *recipe, const char *unit, const char *path)
{
        str_addf(
                &b->play,
                "    - name: 'Read the files of %s'\n"
                "      ansible.builtin.command:\n"
                "        argv: [systemctl, cat, --, '%s']\n"
                "      register: unit_files\n"
                "      changed_when: false\n"
                "      check_mode: false\n"
                "    - name: 'Nobody changed how %s is started'\n"
                "      ansible.builtin.assert:\n"
                "        that: >-\n"
                "          unit_files.stdout | regex_replace(\n"
                "          '(?ms)^# ' + (kit_path | regex_escape) + '$.*?(?=^# /|\\Z)', '')\n"
                "          | regex_findall('(?m)^(?:ExecStart=|Listen).*$') == kit_lines.splitlines()\n"
                "      vars:\n"
                "        kit_path: '%s'\n"
                "        kit_lines: !unsafe |\n",
                unit, unit, unit, path);
        books_add_indented(&b->play, recipe->packaged);
}

/* A line that an edit replaces: of re(3), with its blanks before it. */
static void add_replaced(struct str *to, const struct recipe_edit *edit)
{
        str_add(to, "[ \\t]*(?:");
        for (const char *const *word = edit->words; *word; word++)
                str_addf(to, "%s%s", word > edit->words ? "|" : "", *word);
        str_add(to, ")(?=[ \\t={])");
}

static void add_escaped(struct str *to, const char *text)
{
        for (; *text; text++)
                str_addf(to, strchr("{}", *text) ? "\\%c" : "%c", *text);
}

static void write_pattern(struct books *b, const char *name, const struct str *pattern)
{
        str_addf(&b->play, "        %s: !unsafe ", name);
        kit_quote_for(&b->play, str_text(pattern), "''");
        str_add_char(&b->play, '\n');
}

/* Nothing that is to be commented out goes on in the next line, and there is one place for what is added. */
static void check_edit(struct books *b, const struct recipe_edit *edit, const char *path)
{
        _cleanup_str_ struct str goes_on = {0}, place = {0};

        str_addf(&goes_on, "(?m%s)^", edit->any_case ? "i" : "");
        add_replaced(&goes_on, edit);
        str_add(&goes_on, "(?:.*\\\\[ \\t\\r]*$");
        if (edit->end) {
                str_add(&goes_on, "|(?!.*");
                add_escaped(&goes_on, edit->end);
                str_add(&goes_on, "[ \\t\\r]*$)");
        }
        str_add(&goes_on, edit->folds ? "|.*\\n(?:[ \\t]*(?:#.*)?\\n)*[ \\t]+[^ \\t#\\n])" : ")");
        if (edit->after) {
                str_add(&place, "(?m)^[ \\t]*");
                add_escaped(&place, edit->after);
                str_add(&place, "[ \\t\\r]*$");
        }
        str_addf(&b->play,
                 "    - name: 'Read %s'\n"
                 "      ansible.builtin.slurp:\n"
                 "        src: '%s'\n"
                 "      register: daemon_file\n"
                 "    - name: 'It can be edited line by line'\n"
                 "      ansible.builtin.assert:\n"
                 "        that:\n"
                 "          - not daemon_file.content | b64decode | regex_search(kit_goes_on)\n"
                 "%s"
                 "      vars:\n",
                 path, path,
                 edit->after ? "          - daemon_file.content | b64decode | regex_findall(kit_place) | length == 1\n"
                             : "");
        write_pattern(b, "kit_goes_on", &goes_on);
        if (edit->after)
                write_pattern(b, "kit_place", &place);
}

/* The module writes a line before and behind what it adds, by which it finds that again. */
static void write_edit(struct books *b, const struct recipe *recipe, const char *path)
{
        const struct recipe_edit *edit = recipe->edit;
        _cleanup_str_ struct str replaced = {0}, place = {0};

        check_edit(b, edit, path);
        str_add(&replaced, edit->any_case ? "(?i)^(" : "^(");
        add_replaced(&replaced, edit);
        str_add(&replaced, ".*)$");
        str_addf(&b->play,
                 "    - name: 'Comment out in %s what says where to listen'\n"
                 "      ansible.builtin.replace:\n"
                 "        path: '%s'\n"
                 "        replace: '%squaymaster# \\1'\n",
                 path, path, edit->mark);
        write_pattern(b, "regexp", &replaced);
        str_addf(&b->play,
                 "      when: \"'BEGIN quaymaster' not in (daemon_file.content | b64decode)\"\n"
                 "    - name: 'Say there that it is loopback'\n"
                 "      ansible.builtin.blockinfile:\n"
                 "        path: '%s'\n"
                 "        marker: '%s {mark} quaymaster'\n"
                 "        block: !unsafe |\n",
                 path, edit->mark);
        books_add_indented(&b->play, recipe->content);
        if (edit->after) {
                str_add(&place, "^[ \\t]*");
                add_escaped(&place, edit->after);
                str_add(&place, "[ \\t\\r]*$");
                write_pattern(b, "insertafter", &place);
        }
        str_add(&b->play, "      register: written\n");
        str_addf(&b->steps,
                 "    - name: 'What was commented out in %s'\n"
                 "      ansible.builtin.replace:\n"
                 "        path: '%s'\n"
                 "        regexp: '^%squaymaster# '\n"
                 "        replace: ''\n"
                 "    - name: 'And without what was added'\n"
                 "      ansible.builtin.blockinfile:\n"
                 "        path: '%s'\n"
                 "        marker: '%s {mark} quaymaster'\n"
                 "        state: absent\n"
                 "      register: removed\n",
                 path, path, edit->mark, path, edit->mark);
}

const char *books_write_bind(struct books *b, const struct action *a)
{
        const char *unit = action_value(a, "unit", 0);
        struct kit_bind bind;
        const struct recipe *recipe = kit_recipe(a, b->pool, &bind);

        if (!recipe)
                return "there is no such recipe, or not for this unit";
        if (recipe->include)
                check_include(b, recipe, &bind);
        if (recipe->packaged)
                check_packaged(b, recipe, unit, bind.path);
        if (recipe->edit) {
                write_edit(b, recipe, bind.path);
        } else {
                books_copy_file(b, bind.path, recipe->content);
                books_remove_file(b, bind.path);
        }
        books_restart_unit(&b->play, unit, "written");
        books_restart_unit(&b->steps, unit, "removed");
        return NULL;
}
