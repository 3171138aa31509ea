/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sysv_text.h"

#include <limits.h>
#include <string.h>

#include "base/str.h"

#define MAX_VARIABLES 64

struct variable {
        const char *name; /* pool */
        const char *value;
};

struct script {
        struct pool *pool;
        struct variable variables[MAX_VARIABLES];
        size_t n_variables;
        const char *exec, *pid_option; /* of start-stop-daemon */
};

struct line {
        const char *text;
        size_t len;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct line trim(const char *text, size_t len)
{
        while (len && is_blank(*text))
                text++, len--;
        while (len && is_blank(text[len - 1]))
                len--;
        return (struct line){text, strnlen(text, len)};
}

static const char *variable(const struct script *script, const char *name, size_t len)
{
        for (size_t i = 0; i < script->n_variables; i++)
                if (strlen(script->variables[i].name) == len &&
                    memcmp(script->variables[i].name, name, len) == 0)
                        return script->variables[i].value;
        return NULL;
}

/*
 * $NAME or ${NAME} at text[0]: its value is appended, its length returned; 0 when it is anything else, or
 * not known.
 */
static size_t expand(const struct script *script, const char *text, size_t len, struct str *to)
{
        bool braces = len > 1 && text[1] == '{';
        size_t start = braces ? 2 : 1, end = start;
        const char *value;

        while (end < len && is_name_char(text[end]))
                end++;
        if (end == start || (braces && (end == len || text[end] != '}')))
                return 0;
        value = variable(script, text + start, end - start);
        if (!value)
                return 0;
        str_add(to, value);
        return end + braces;
}

/*
 * One word of shell, quotes removed and known variables put in. Its length in the text, or 0 when it is not
 * plain text: command substitution, patterns, defaults.
 */
static size_t plain_word(const struct script *script, const char *text, size_t len, struct str *to)
{
        char quote = 0;
        size_t i = 0;

        while (i < len && to->len < PATH_MAX) {
                char c = text[i];

                if (!quote && (is_blank(c) || c == ';' || c == '#'))
                        break;
                if (c == '"' || c == '\'') {
                        if (quote && quote != c)
                                return 0;
                        quote = quote ? 0 : c;
                        i++;
                } else if (c == '$' && quote != '\'') {
                        size_t n = expand(script, text + i, len - i, to);

                        if (!n)
                                return 0;
                        i += n;
                } else if (!c || strchr("`*?[(&|<>\\", c))
                        return 0;
                else {
                        str_add_char(to, c);
                        i++;
                }
        }
        return quote || to->len >= PATH_MAX ? 0 : i;
}

static void take_assignment(struct script *script, struct line line)
{
        _cleanup_str_ struct str value = {0};
        size_t n = 0;

        if (line.len > 7 && memcmp(line.text, "export ", 7) == 0)
                line = trim(line.text + 7, line.len - 7);
        while (n < line.len && is_name_char(line.text[n]))
                n++;
        if (n == 0 || n >= line.len || line.text[n] != '=' || script->n_variables == MAX_VARIABLES)
                return;
        /* The first assignment counts: later ones stand in branches. */
        if (variable(script, line.text, n) ||
            !plain_word(script, line.text + n + 1, line.len - n - 1, &value))
                return;
        script->variables[script->n_variables++] = (struct variable){
                .name = pool_intern_n(script->pool, line.text, n),
                .value = pool_intern(script->pool, str_text(&value)),
        };
}

static const char *absolute(struct script *script, struct line word)
{
        _cleanup_str_ struct str value = {0};

        if (!plain_word(script, word.text, word.len, &value) || str_text(&value)[0] != '/')
                return NULL;
        return pool_intern(script->pool, str_text(&value));
}

/* Options of start-stop-daemon(8); its lines are often continued, so any line is searched. */
static void take_options(struct script *script, struct line line)
{
        static const struct {
                const char *option;
                bool is_pid;
        } options[] = {
                {"--exec", false},
                {"--startas", false},
                {"--pidfile", true},
        };

        for (size_t i = 0; i < array_len(options); i++) {
                size_t len = strlen(options[i].option);
                const char *at = memmem(line.text, line.len, options[i].option, len);
                const char **to = options[i].is_pid ? &script->pid_option : &script->exec;
                struct line rest;

                if (!at || *to)
                        continue;
                rest = trim(at + len, (size_t)(line.text + line.len - at) - len);
                if (rest.len && rest.text[0] == '=')
                        rest = trim(rest.text + 1, rest.len - 1);
                *to = absolute(script, rest);
        }
}

static bool header_value(struct line line, const char *key, struct line *ret)
{
        size_t len = strlen(key);

        line = trim(line.text + 1, line.len - 1);
        if (line.len <= len || strncasecmp(line.text, key, len) != 0 || line.text[len] != ':')
                return false;
        *ret = trim(line.text + len + 1, line.len - len - 1);
        return ret->len > 0;
}

static size_t word_len(struct line line)
{
        size_t n = 0;

        while (n < line.len && !is_blank(line.text[n]))
                n++;
        return n;
}

static void take_header(struct sysv_text *ret, struct script *script, struct line line)
{
        struct line value;

        if (!ret->provides && header_value(line, "Provides", &value))
                ret->provides = pool_intern_n(script->pool, value.text, word_len(value));
        else if (header_value(line, "Short-Description", &value))
                ret->description = pool_intern_n(script->pool, value.text, value.len);
        else if (!ret->description && header_value(line, "description", &value))
                ret->description = pool_intern_n(script->pool, value.text, value.len);
        else if (!script->pid_option && header_value(line, "pidfile", &value))
                script->pid_option = absolute(script, value);
}

static const char *absolute_variable(const struct script *script, const char *name)
{
        const char *value = variable(script, name, strlen(name));

        return value && *value == '/' && !strchr(value, ' ') ? value : NULL;
}

void sysv_text_parse(struct sysv_text *ret, struct pool *pool, const char *text, size_t len)
{
        struct script script = {.pool = pool};
        const char *end = text + len;

        *ret = (struct sysv_text){.is_script = len >= 2 && memcmp(text, "#!", 2) == 0};
        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                struct line line = trim(text, (size_t)((newline ? newline : end) - text));

                text = newline ? newline + 1 : end;
                if (!line.len)
                        continue;
                if (line.text[0] == '#') {
                        take_header(ret, &script, line);
                        continue;
                }
                take_assignment(&script, line);
                take_options(&script, line);
        }
        ret->daemon = absolute_variable(&script, "DAEMON");
        if (!ret->daemon)
                ret->daemon = script.exec;
        ret->pid_file = absolute_variable(&script, "PIDFILE");
        if (!ret->pid_file)
                ret->pid_file = absolute_variable(&script, "pidfile");
        if (!ret->pid_file)
                ret->pid_file = script.pid_option;
}
