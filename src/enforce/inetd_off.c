/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of inetd and xinetd switched off in the text of their files; all other bytes stay as they are. */
#include <ctype.h>
#include <stdio.h>

#include "enforce/compile.h"

/* As update-inetd(8) does it, so that it can switch the entry on again. */
#define OFF "#<off># "

static size_t line_length(const char *at, const char *end)
{
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        return newline ? (size_t)(newline + 1 - at) : (size_t)(end - at);
}

/* The n-th word of a line is this one, or begins with it where `start`. */
static bool word_is(const char *line, size_t len, unsigned n, const char *word, bool start)
{
        const char *end = line + len;

        for (;;) {
                const char *from;

                while (line < end && isspace((unsigned char)*line))
                        line++;
                from = line;
                while (line < end && !isspace((unsigned char)*line))
                        line++;
                if (n-- == 0) {
                        size_t found = (size_t)(line - from), wanted = strlen(word);

                        return found >= wanted && (start || found == wanted) &&
                               memcmp(from, word, wanted) == 0;
                }
                if (from == end)
                        return false;
        }
}

/*
 * inetd.conf(5): service type protocol wait user server arguments; a service may have its address before it
 * ("host:name").
 */
bool inetd_text_off(const char *text, size_t len, const char *service, const char *transport, struct str *to)
{
        const char *end = text + len;
        bool found = false;

        while (text < end) {
                size_t n = line_length(text, end);

                if (word_is(text, n, 0, service, false) && word_is(text, n, 2, transport, true)) {
                        str_add(to, OFF);
                        found = true;
                }
                str_add_n(to, text, n);
                text += n;
        }
        return found;
}

/* "attribute = value ...", with blanks around the sign or none; also "+=" and "-=". */
struct member {
        const char *key, *value;
        size_t key_len, value_len; /* of the first word of the value */
};

static const char *skip_blanks(const char *at, const char *end)
{
        while (at < end && isspace((unsigned char)*at))
                at++;
        return at;
}

static bool read_member(const char *line, size_t len, struct member *ret)
{
        const char *end = line + len, *at = skip_blanks(line, end);

        *ret = (struct member){.key = at};
        while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
                at++;
        ret->key_len = (size_t)(at - ret->key);
        at = skip_blanks(at, end);
        at += at < end && (*at == '+' || *at == '-');
        if (!ret->key_len || at == end || *at != '=')
                return false;
        ret->value = at = skip_blanks(at + 1, end);
        while (at < end && !isspace((unsigned char)*at))
                at++;
        ret->value_len = (size_t)(at - ret->value);
        return true;
}

static bool key_is(const struct member *m, const char *key)
{
        return m->key_len == strlen(key) && memcmp(m->key, key, m->key_len) == 0;
}

static bool value_is(const struct member *m, const char *word, bool start)
{
        size_t len = strlen(word);

        return m->value_len >= len && (start || m->value_len == len) && memcmp(m->value, word, len) == 0;
}

static bool is_switch(const char *line, size_t len)
{
        struct member m;

        return read_member(line, len, &m) && key_is(&m, "disable");
}

/* The line says that the entry is for another transport. */
static bool is_other_transport(const char *line, size_t len, const char *transport)
{
        struct member m;

        if (!read_member(line, len, &m))
                return false;
        if (key_is(&m, "protocol")) /* "tcp", "tcp6" */
                return !value_is(&m, transport, true);
        return key_is(&m, "socket_type") && value_is(&m, streq(transport, "tcp") ? "dgram" : "stream", false);
}

/* The lines of an entry between "{" and "}". Of several switches the first would count: all say so. */
static void write_off(const char *from, const char *end, struct str *to)
{
        bool done = false;

        for (const char *line = from; line < end; line += line_length(line, end))
                done = done || is_switch(line, line_length(line, end));
        if (!done)
                str_add(to, "\tdisable = yes\n");
        for (const char *line = from; line < end; line += line_length(line, end))
                if (is_switch(line, line_length(line, end)))
                        str_add(to, "\tdisable = yes\n");
                else
                        str_add_n(to, line, line_length(line, end));
}

/* xinetd.conf(5): "service NAME", "{", members, "}", each on a line of its own; a service may have several entries. */
bool xinetd_text_off(const char *text, size_t len, const char *service, const char *transport,
                     struct str *to)
{
        const char *end = text + len, *copied = text, *inside = NULL, *line;
        bool wanted = false, other = false, found = false;
        size_t n;

        for (line = text; line < end; line += n) {
                n = line_length(line, end);
                if (word_is(line, n, 0, "service", false)) {
                        wanted = word_is(line, n, 1, service, false);
                        inside = NULL;
                } else if (wanted && word_is(line, n, 0, "{", false)) {
                        inside = line + n;
                        other = false;
                } else if (inside && word_is(line, n, 0, "}", false)) {
                        if (!other) {
                                str_add_n(to, copied, (size_t)(inside - copied));
                                write_off(inside, line, to);
                                copied = line;
                                found = true;
                        }
                        wanted = false;
                        inside = NULL;
                } else if (inside) {
                        other = other || is_other_transport(line, n, transport);
                }
        }
        str_add_n(to, copied, (size_t)(end - copied));
        return found;
}
