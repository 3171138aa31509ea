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

struct entry {
        bool inside, wanted, other;               /* other: it is for another transport */
        size_t disable_at, disable_len, open_end; /* offsets into the text */
};

static bool is_other_transport(const char *line, size_t n, const char *transport)
{
        const char *other = streq(transport, "tcp") ? "udp" : "tcp";

        if (word_is(line, n, 0, "protocol", false))
                return word_is(line, n, 2, other, true);
        return word_is(line, n, 0, "socket_type", false) &&
               word_is(line, n, 2, streq(other, "udp") ? "dgram" : "stream", false);
}

static void read_member(struct entry *e, const char *text, const char *line, size_t n, const char *transport)
{
        if (is_other_transport(line, n, transport))
                e->other = true;
        if (word_is(line, n, 0, "disable", true)) {
                e->disable_at = (size_t)(line - text);
                e->disable_len = n;
        }
}

static void write_off(const struct entry *e, const char *text, size_t len, struct str *to)
{
        size_t cut = e->disable_len ? e->disable_at : e->open_end;

        str_add_n(to, text, cut);
        str_add(to, "\tdisable = yes\n");
        str_add_n(to, text + cut + e->disable_len, len - cut - e->disable_len);
}

/* xinetd.conf(5): "service NAME", "{", "attribute = value" ..., "}", each on a line of its own. */
bool xinetd_text_off(const char *text, size_t len, const char *service, const char *transport,
                     struct str *to)
{
        const char *end = text + len, *line;
        struct entry e = {0};
        size_t n;

        for (line = text; line < end; line += n) {
                n = line_length(line, end);
                if (word_is(line, n, 0, "service", false)) {
                        e = (struct entry){.wanted = word_is(line, n, 1, service, false)};
                } else if (e.wanted && word_is(line, n, 0, "{", false)) {
                        e.inside = true;
                        e.open_end = (size_t)(line + n - text);
                } else if (e.inside && word_is(line, n, 0, "}", false)) {
                        if (!e.other) {
                                write_off(&e, text, len, to);
                                return true;
                        }
                        e = (struct entry){0};
                } else if (e.inside) {
                        read_member(&e, text, line, n, transport);
                }
        }
        return false;
}
