/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/step.h"

#include <errno.h>
#include <string.h>

#define NAMES_MAX 100000 /* lines of a table, more than any policy has */

static const char *const op_names[STEP_OP_MAX] = {
        [STEP_NODE] = "node",
        [STEP_STOP] = "stop",
        [STEP_RESTART] = "restart",
        [STEP_RESTART_BACK] = "restart-back",
        [STEP_SCRIPT_STOP] = "script-stop",
        [STEP_TABLE] = "table",
};

static const char *const op_words[STEP_OP_MAX] = {
        [STEP_STOP] = "stop",
        [STEP_RESTART] = "restart",
        [STEP_RESTART_BACK] = "note what to restart:",
        [STEP_SCRIPT_STOP] = "stop the script",
        [STEP_TABLE] = "load the firewall table",
};

static const char *const no_names[] = {NULL};

const char *step_op_name(enum step_op op)
{
        return op < STEP_OP_MAX ? op_names[op] : "?";
}

void step_words(const struct step *step, struct str *to)
{
        if (step->op == STEP_NODE) {
                str_addf(to, "%s /%s", step->after.type == NODE_NONE ? "remove" : "write", step->path);
                return;
        }
        str_add(to, op_words[step->op]);
        for (const char *const *name = step->names; *name; name++)
                str_addf(to, " %s", *name);
}

static void write_names(struct json *j, const char *key, const char *const *names)
{
        if (!names || !*names)
                return;
        json_open_array(j, key);
        for (; *names; names++)
                json_str(j, NULL, *names);
        json_end(j);
}

void step_write(const struct step *step, struct str *to)
{
        struct json j = json_to(to);

        json_open_object(&j, NULL);
        json_str(&j, "op", op_names[step->op]);
        json_str(&j, "action", step->action);
        if (step->op == STEP_NODE) {
                json_str(&j, "path", step->path);
                node_write(&j, "before", &step->before);
                node_write(&j, "after", &step->after);
        }
        write_names(&j, "names", step->names);
        write_names(&j, "ran", step->ran);
        write_names(&j, "lines", step->lines);
        write_names(&j, "lines_before", step->lines_before);
        json_bool(&j, "had_table", step->had_table);
        json_end_line(&j);
}

/*
 * All that stands in a step is of letters that no writer of JSON changes: names of units and files, lines of a table.
 */
static bool is_plain(const struct json_text *text)
{
        for (size_t i = 0; i < text->len; i++)
                if (text->at[i] < ' ' || text->at[i] > '~')
                        return false;
        return text->len > 0;
}

static bool parse_names(struct json_read *r, struct pool *pool, const char *const **ret)
{
        vec(const char *) names = {0};
        const char **copy;
        bool good = true;

        json_read_open(r, '[');
        while (json_read_next(r)) {
                struct json_text text;

                good = json_read_text(r, &text) && is_plain(&text) && names.n < NAMES_MAX && good;
                if (good)
                        *vec_push(&names) = pool_intern_n(pool, text.at, text.len);
        }
        copy = pool_alloc(pool, (names.n + 1) * sizeof(*copy));
        if (names.n)
                memcpy(copy, names.at, names.n * sizeof(*copy));
        vec_clear(&names);
        *ret = copy;
        return good;
}

static enum step_op parse_op(const struct json_text *word)
{
        size_t op = 0;

        while (op < STEP_OP_MAX && !json_text_is_n(word, op_names[op], strlen(op_names[op])))
                op++;
        return (enum step_op)op;
}

static bool parse_text(struct json_read *r, struct pool *pool, const char **ret)
{
        struct json_text text;

        if (!json_read_text(r, &text) || !is_plain(&text))
                return false;
        *ret = pool_intern_n(pool, text.at, text.len);
        return true;
}

static bool parse_member(struct json_read *r, const struct json_text *key, struct pool *pool,
                         struct step *step)
{
        struct json_text text;

        if (json_text_is(key, "op")) {
                step->op = json_read_text(r, &text) ? parse_op(&text) : STEP_OP_MAX;
                return step->op != STEP_OP_MAX;
        }
        if (json_text_is(key, "action"))
                return parse_text(r, pool, &step->action);
        if (json_text_is(key, "path"))
                return parse_text(r, pool, &step->path);
        if (json_text_is(key, "before"))
                return node_parse(r, pool, &step->before);
        if (json_text_is(key, "after"))
                return node_parse(r, pool, &step->after);
        if (json_text_is(key, "names"))
                return parse_names(r, pool, &step->names);
        if (json_text_is(key, "ran"))
                return parse_names(r, pool, &step->ran);
        if (json_text_is(key, "lines"))
                return parse_names(r, pool, &step->lines);
        if (json_text_is(key, "lines_before"))
                return parse_names(r, pool, &step->lines_before);
        if (json_text_is(key, "had_table"))
                return json_read_bool(r, &step->had_table);
        json_read_skip(r);
        return true;
}

static bool goes_up(const char *path)
{
        for (const char *part = path;; part++) {
                if (strcspn(part, "/") == 2 && str_after(part, ".."))
                        return true;
                part = strchr(part, '/');
                if (!part)
                        return false;
        }
}

static bool names_scripts(const char *const *names)
{
        for (; *names; names++)
                if (strchr(*names, '/') || **names == '.')
                        return false;
        return true;
}

static bool is_whole(const struct step *step)
{
        if (step->op == STEP_OP_MAX || !step->action)
                return false;
        if (step->op == STEP_NODE)
                return step->path && str_after(step->path, "etc/") && !goes_up(step->path);
        if (step->op == STEP_SCRIPT_STOP &&
            !(*step->ran && names_scripts(step->names) && names_scripts(step->ran)))
                return false;
        return *step->names && !step->path && step->before.type == NODE_NONE &&
               step->after.type == NODE_NONE;
}

static bool parse_step(struct json_read *r, struct pool *pool, struct step *step)
{
        struct json_text key;
        bool good = true;

        *step = (struct step){.op = STEP_OP_MAX,
                              .names = no_names,
                              .ran = no_names,
                              .lines = no_names,
                              .lines_before = no_names};
        json_read_open(r, '{');
        while (json_read_key(r, &key))
                good = parse_member(r, &key, pool, step) && good;
        return json_read_end(r) && good && is_whole(step);
}

int steps_read(const char *text, size_t len, struct pool *pool, step_list *ret, struct err *err)
{
        const char *end = text + len;
        struct json_read r = {0};
        int result = 0;

        for (unsigned line = 1; text < end && result == 0; line++) {
                const char *stop = memchr(text, '\n', (size_t)(end - text));

                json_read_init(&r, text, stop ? (size_t)(stop - text) : 0);
                if (!stop || ret->n == STEPS_MAX || !parse_step(&r, pool, vec_push(ret)))
                        result = err_set(err, -EBADMSG, "line %u of the saved steps is damaged", line);
                text = stop ? stop + 1 : end;
        }
        json_read_release(&r);
        return result;
}
