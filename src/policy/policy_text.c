/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/policy_text.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include <yaml.h>

#include "base/pool.h"
#include "base/text.h"
#include "policy/policy_parse.h"

bool policy_text_can_hold(const char *value)
{
        return *value && text_is_printable(value);
}

/* Plain where every reader of YAML takes it for text (or, of ports, for the number that it is). */
static bool is_plain(const char *s)
{
        static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
        size_t len = strlen(s);

        for (size_t i = 0; i < array_len(words); i++)
                if (strcasecmp(s, words[i]) == 0)
                        return false;
        if (!isalpha((unsigned char)s[0]) && s[0] != '/') {
                int32_t day;
                size_t digits = strspn(s, "0123456789");

                return day_parse(s, &day) == 0 ||
                       (digits && s[0] != '0' && (!s[digits] || strchr("-/", s[digits])) &&
                        !s[strspn(s, "0123456789-/abcdefghijklmnopqrstuvwxyz")]);
        }
        for (size_t i = 0; i < len; i++)
                if (!isalnum((unsigned char)s[i]) && !strchr("/_@.+- ,()", s[i]))
                        return false;
        return s[len - 1] != ' ';
}

void policy_text_value(struct str *to, const struct policy_field *field, bool in_flow)
{
        const char *s = field->value;

        if ((strchr("[{", s[0]) && streq(field->key, "on")) || (!in_flow && is_plain(s))) {
                str_add(to, s);
                return;
        }
        str_add_char(to, '"');
        for (; *s; s++) {
                if (*s == '"' || *s == '\\')
                        str_add_char(to, '\\');
                str_add_char(to, *s);
        }
        str_add_char(to, '"');
}

void policy_text_entry(struct str *to, unsigned indent, const struct policy_field *fields, size_t n)
{
        const char *lead = "- ";

        for (size_t i = 0; i < n; i++) {
                if (!fields[i].value)
                        continue;
                str_addf(to, "%*s%s%s: ", (int)indent, "", lead, fields[i].key);
                policy_text_value(to, &fields[i], false);
                str_add_char(to, '\n');
                lead = "  ";
        }
}

void policy_text_comment(struct str *to, unsigned indent, const char *text)
{
        str_addf(to, "%*s# ", (int)indent, "");
        text_add_printable(to, text);
        str_add_char(to, '\n');
}

/* --- where to put it ------------------------------------------------------------------------- */

struct spot {
        bool has_list, flow, empty;
        unsigned indent;            /* of the dashes */
        size_t line;                /* put it before this line, from 0 */
        size_t list_line, from, to; /* of an empty "[]": where it stands */
};

struct walk {
        yaml_parser_t parser;
        struct spot *spot;
        unsigned depth, list_depth; /* list_depth 0: not in the list */
        bool is_key, is_allow;
        bool flow[16];
};

static void leaf_ends(struct walk *w, const yaml_event_t *e)
{
        bool at_start = e->end_mark.column == 0 &&
                        e->end_mark.line > e->start_mark.line; /* block scalars: of the next line */

        w->spot->line = e->end_mark.line + !at_start;
}

static void open_collection(struct walk *w, const yaml_event_t *e, bool flow)
{
        bool is_list = w->depth == 1 && w->is_allow && e->type == YAML_SEQUENCE_START_EVENT;

        w->depth++;
        if (w->depth < array_len(w->flow))
                w->flow[w->depth] = flow;
        if (is_list) {
                w->list_depth = w->depth;
                *w->spot = (struct spot){.has_list = true,
                                         .flow = flow,
                                         .empty = true,
                                         .indent = (unsigned)e->start_mark.column,
                                         .list_line = e->start_mark.line,
                                         .from = e->start_mark.column};
        } else if (w->list_depth) {
                w->spot->empty = false;
        }
}

static void close_collection(struct walk *w, const yaml_event_t *e)
{
        if (w->list_depth && w->depth < array_len(w->flow) && w->flow[w->depth])
                leaf_ends(w, e);
        if (w->list_depth == w->depth) {
                w->spot->to = e->end_mark.line == w->spot->list_line ? e->end_mark.column : 0;
                w->list_depth = 0;
        }
        w->depth--;
}

/* Of each event at the top: key, value, key, value. */
static void step(struct walk *w, const yaml_event_t *e)
{
        bool at_top = w->depth == 1;

        switch (e->type) {
        case YAML_SCALAR_EVENT:
                if (w->list_depth)
                        leaf_ends(w, e);
                if (at_top && w->is_key)
                        w->is_allow = streq((const char *)e->data.scalar.value, "allow");
                break;
        case YAML_SEQUENCE_START_EVENT:
                open_collection(w, e, e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
                return;
        case YAML_MAPPING_START_EVENT:
                open_collection(w, e, e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
                w->is_key = w->depth == 1 ? true : w->is_key;
                return;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                close_collection(w, e);
                at_top = w->depth == 1;
                break;
        default:
                return;
        }
        if (at_top)
                w->is_key = !w->is_key;
}

/* The text was parsed before, so it is one document without aliases. */
static void find_spot(const char *text, size_t len, struct spot *ret)
{
        struct walk w = {.spot = ret};
        bool done = false;

        if (!yaml_parser_initialize(&w.parser))
                abort(); /* out of memory */
        yaml_parser_set_encoding(&w.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&w.parser, (const unsigned char *)text, len);
        while (!done) {
                yaml_event_t e;

                if (!yaml_parser_parse(&w.parser, &e))
                        break;
                done = e.type == YAML_STREAM_END_EVENT;
                step(&w, &e);
                yaml_event_delete(&e);
        }
        yaml_parser_delete(&w.parser);
}

static size_t line_start(const char *text, size_t len, size_t line)
{
        const char *p = text;

        while (line-- && p < text + len) {
                const char *end = memchr(p, '\n', (size_t)(text + len - p));

                p = end ? end + 1 : text + len;
        }
        return (size_t)(p - text);
}

static void add_part(struct str *to, const char *text, size_t from, size_t until)
{
        if (until > from)
                str_add_n(to, text + from, until - from);
}

static void add_entry(struct str *to, unsigned indent, const struct policy_field *fields, size_t n,
                      bool crlf)
{
        _cleanup_str_ struct str entry = {0};

        policy_text_entry(&entry, indent, fields, n);
        for (size_t i = 0; i < entry.len; i++) {
                if (crlf && entry.text[i] == '\n')
                        str_add_char(to, '\r');
                str_add_char(to, entry.text[i]);
        }
}

static void put(const char *text, size_t len, const struct spot *spot, const struct policy_field *fields,
                size_t n, struct str *to)
{
        const char *first = memchr(text, '\n', len);
        bool crlf = first && first > text && first[-1] == '\r';
        size_t at = spot->has_list ? line_start(text, len, spot->line) : len;
        unsigned indent = spot->has_list && !spot->flow ? spot->indent : 2;

        if (spot->has_list && spot->flow) {
                size_t line = line_start(text, len, spot->list_line);

                add_part(to, text, 0, line + spot->from);
                add_part(to, text, line + spot->to, at);
        } else {
                add_part(to, text, 0, at);
        }
        if (to->len && to->text[to->len - 1] != '\n')
                str_add(to, crlf ? "\r\n" : "\n");
        if (!spot->has_list)
                str_add(to, crlf ? "allow:\r\n" : "allow:\n");
        add_entry(to, indent, fields, n, crlf);
        add_part(to, text, at, len);
}

/* --- adding ---------------------------------------------------------------------------------- */

/* All that was there is there, in its order, and one approval more. */
static bool only_adds(const struct policy *before, const struct policy *after)
{
        size_t n_deny = before->n_rules - before->n_allow;

        if (after->n_allow != before->n_allow + 1 || after->n_rules != before->n_rules + 1)
                return false;
        for (size_t i = 0; i < before->n_allow; i++)
                if (!streq(before->rules[i].what, after->rules[i].what) ||
                    !streq_ptr(before->rules[i].need, after->rules[i].need))
                        return false;
        for (size_t i = 0; i < n_deny; i++)
                if (!streq(before->rules[before->n_allow + i].what, after->rules[after->n_allow + i].what))
                        return false;
        return true;
}

int policy_text_add(const char *text, size_t len, const char *file, const struct policy_field *fields,
                    size_t n, struct str *ret, struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct policy before, after;
        struct spot spot = {0};
        size_t start = ret->len;
        int rc = policy_parse(text, len, file, pool, &before, err);

        if (rc < 0)
                return rc;
        find_spot(text, len, &spot);
        if (spot.flow && (!spot.empty || !spot.to))
                return err_set(
                        err, -ENOTSUP,
                        "%s:%zu: `allow` is written as '[...]', which cannot be added to; write one '- ' a line",
                        file, spot.list_line + 1);
        put(text, len, &spot, fields, n, ret);
        rc = policy_parse(ret->text + start, ret->len - start, file, pool, &after, err);
        if (rc < 0)
                return rc;
        if (!only_adds(&before, &after))
                return err_set(err, -ENOTSUP,
                               "%s: is written in a form that cannot be added to; add the entry by hand",
                               file);
        return 0;
}
