/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/yaml_read.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"

static _printf_(3, 0) int fail(struct yaml_read *r, unsigned line, const char *fmt, va_list ap)
{
        char text[400];

        (void)vsnprintf(text, sizeof(text), fmt, ap);
        if (r->field_len)
                return err_set(r->err, -EINVAL, "%s:%u: field '%s': %s", r->file, line, r->field, text);
        return err_set(r->err, -EINVAL, "%s:%u: %s", r->file, line, text);
}

int yaml_read_fail(struct yaml_read *r, const char *fmt, ...)
{
        va_list ap;
        int rc;

        va_start(ap, fmt);
        rc = fail(r, r->line, fmt, ap);
        va_end(ap);
        return rc;
}

int yaml_read_fail_at(struct yaml_read *r, unsigned line, const char *fmt, ...)
{
        va_list ap;
        int rc;

        va_start(ap, fmt);
        rc = fail(r, line, fmt, ap);
        va_end(ap);
        return rc;
}

size_t yaml_read_enter(struct yaml_read *r, const char *name)
{
        size_t before = r->field_len;
        size_t room = sizeof(r->field) - before;
        int n = snprintf(r->field + before, room, "%s%s", before && name[0] != '[' ? "." : "", name);

        r->field_len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
        return before;
}

void yaml_read_leave(struct yaml_read *r, size_t before)
{
        r->field_len = before;
        r->field[before] = '\0';
}

const char *yaml_read_show(struct yaml_read *r, const char *value)
{
        _cleanup_str_ struct str cut = {0}, shown = {0};
        size_t len = strlen(value);

        str_add_n(&cut, value, len > 40 ? 40 : len);
        while (cut.len > 36 && len > 40 && ((unsigned char)cut.text[cut.len - 1] & 0x80))
                cut.text[--cut.len] = '\0'; /* no half characters */
        text_add_printable(&shown, str_text(&cut));
        if (len > 40)
                str_add(&shown, "...");
        return pool_intern(r->pool, str_text(&shown));
}

static unsigned line_of(const struct yaml_read *r, size_t offset)
{
        unsigned line = 1;

        for (size_t i = 0; i < offset && i < r->len; i++)
                line += r->text[i] == '\n';
        return line;
}

/* A tab stands among the blanks that the line begins with. */
static bool is_indented_by_tab(const struct yaml_read *r, unsigned line)
{
        const char *at = r->text, *end = r->text + r->len;

        while (--line && (at = memchr(at, '\n', (size_t)(end - at))))
                at++;
        while (at && at < end && *at == ' ')
                at++;
        return at && at < end && *at == '\t';
}

static int next_event(struct yaml_read *r)
{
        const yaml_parser_t *p = &r->parser;
        unsigned line;

        yaml_event_delete(&r->event);
        if (yaml_parser_parse(&r->parser, &r->event)) {
                r->line = (unsigned)r->event.start_mark.line + 1;
                return 0;
        }
        r->field_len = 0;
        if (p->error == YAML_READER_ERROR) /* has no mark */
                line = line_of(r, p->problem_offset);
        else
                line = (unsigned)(p->problem_mark.line ? p->problem_mark.line : p->context_mark.line) + 1;
        if (is_indented_by_tab(r, line))
                return yaml_read_fail_at(r, line, "not valid YAML: begins with a tab; indent with blanks");
        return yaml_read_fail_at(r, line, "not valid YAML: %s", p->problem ? p->problem : "cannot be read");
}

/* The next event of the document; what could make it grow or mean something else is refused. */
static int next(struct yaml_read *r)
{
        const yaml_char_t *anchor = NULL, *tag = NULL;
        int rc = next_event(r);

        if (rc < 0)
                return rc;
        switch (r->event.type) {
        case YAML_ALIAS_EVENT:
                return yaml_read_fail(r, "aliases ('*name') are not supported; write the value out");
        case YAML_SCALAR_EVENT:
                anchor = r->event.data.scalar.anchor;
                tag = r->event.data.scalar.tag;
                break;
        case YAML_SEQUENCE_START_EVENT:
                anchor = r->event.data.sequence_start.anchor;
                tag = r->event.data.sequence_start.tag;
                break;
        case YAML_MAPPING_START_EVENT:
                anchor = r->event.data.mapping_start.anchor;
                tag = r->event.data.mapping_start.tag;
                break;
        default:
                break;
        }
        if (anchor)
                return yaml_read_fail(r, "anchors ('&name') are not supported; remove it");
        if (tag)
                return yaml_read_fail(r, "tags ('!type') are not supported; remove it");
        return 0;
}

static bool ends_with(const char *s, size_t len, const char *suffix)
{
        size_t n = strlen(suffix);

        return len >= n && memcmp(s + len - n, suffix, n) == 0;
}

/*
 * libyaml compares every %TAG directive with all before it: 60,000 of them, 1 MiB, take it 7 seconds. A
 * line starts behind any break that YAML 1.1 knows: LF, CR, NEL, LS, PS.
 */
static bool find_directive(const char *text, size_t len, size_t *ret)
{
        static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
        const char *p = text;

        while ((p = memchr(p, '%', len - (size_t)(p - text)))) {
                size_t before = (size_t)(p - text);

                *ret = before;
                if (before == 0 || (before == 3 && ends_with(text, 3, "\xef\xbb\xbf")))
                        return true;
                for (size_t i = 0; i < array_len(breaks); i++)
                        if (ends_with(text, before, breaks[i]))
                                return true;
                p++;
        }
        return false;
}

int yaml_read_begin(struct yaml_read *r, const char *text, size_t len, const char *file, struct pool *pool,
                    struct err *err)
{
        size_t at;
        int rc;

        *r = (struct yaml_read){.text = text, .len = len, .file = file, .pool = pool, .err = err};
        if (!yaml_parser_initialize(&r->parser))
                abort(); /* out of memory */
        if (len > YAML_READ_FILE_MAX)
                return err_set(err, -EFBIG, "%s: larger than %u bytes; split it", file, YAML_READ_FILE_MAX);
        if (find_directive(text, len, &at))
                return yaml_read_fail_at(r, line_of(r, at), "begins with '%%'; directives are not supported");
        yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
        /* stream start, then document start (or stream end) */
        if ((rc = next_event(r)) < 0 || (rc = next_event(r)) < 0 ||
            r->event.type != YAML_DOCUMENT_START_EVENT)
                return rc;
        return next(r);
}

int yaml_read_end(struct yaml_read *r)
{
        int rc = 0;

        if (r->event.type == YAML_STREAM_END_EVENT)
                return 0;
        if ((rc = next_event(r)) < 0 || (rc = next_event(r)) < 0)
                return rc;
        if (r->event.type != YAML_STREAM_END_EVENT)
                return yaml_read_fail(r, "a second document; one file is one document");
        return 0;
}

void yaml_read_release(struct yaml_read *r)
{
        yaml_event_delete(&r->event);
        yaml_parser_delete(&r->parser);
}

/* `on` is true to YAML 1.1, and a good name for a key: what stands in front of a colon can't be meant otherwise. */
static int read_key(struct yaml_read *r, const char **ret)
{
        if (r->event.type == YAML_SCALAR_EVENT && streq((const char *)r->event.data.scalar.value, "on")) {
                *ret = "on";
                return 0;
        }
        return yaml_read_text(r, ret);
}

int yaml_read_mapping(struct yaml_read *r, yaml_read_key *each, void *arg)
{
        int rc;

        if (r->event.type != YAML_MAPPING_START_EVENT)
                return yaml_read_fail(r, "expected a mapping (lines of 'key: value')");
        while ((rc = next(r)) == 0 && r->event.type != YAML_MAPPING_END_EVENT) {
                const char *key;
                size_t before;

                if ((rc = read_key(r, &key)) < 0)
                        return rc;
                before = yaml_read_enter(r, yaml_read_show(r, key));
                if ((rc = next(r)) < 0 || (rc = each(r, key, arg)) < 0)
                        return rc;
                yaml_read_leave(r, before);
        }
        return rc;
}

int yaml_read_list(struct yaml_read *r, size_t max, yaml_read_item *each, void *arg)
{
        size_t i;
        int rc;

        if (r->event.type != YAML_SEQUENCE_START_EVENT)
                return yaml_read_fail(r, "expected a list ('[a, b]', or lines of '- a')");
        for (i = 0; (rc = next(r)) == 0 && r->event.type != YAML_SEQUENCE_END_EVENT; i++) {
                char index[24];
                size_t before;

                if (i == max)
                        return yaml_read_fail(r, "more than %zu items; shorten the list", max);
                (void)snprintf(index, sizeof(index), "[%zu]", i);
                before = yaml_read_enter(r, index);
                if ((rc = each(r, i, arg)) < 0)
                        return rc;
                yaml_read_leave(r, before);
        }
        return rc;
}

/*
 * True for plain words that YAML 1.1 resolves to null, a boolean or a number: readers of YAML do not agree
 * on them.
 */
static bool is_not_text(const char *s)
{
        static const char *const words[] = {"",   "~",  "null", "true", "false", "yes",
                                            "no", "on", "off",  "y",    "n"};
        char *end;

        for (size_t i = 0; i < array_len(words); i++)
                if (strcasecmp(s, words[i]) == 0)
                        return true;
        if (!isdigit((unsigned char)s[strspn(s, "+-.")]))
                return false;
        (void)strtod(s, &end);
        return *end == '\0';
}

/* Decimal, and so to every reader of YAML: 010 is 8 to some. */
static bool is_whole_number(const char *s)
{
        return streq(s, "0") || (*s >= '1' && *s <= '9' && !s[strspn(s, "0123456789")]);
}

static int read_scalar(struct yaml_read *r, bool number_will_do, const char **ret)
{
        const char *s = (const char *)r->event.data.scalar.value;
        size_t len = r->event.data.scalar.length, start = 0, n;
        uint32_t c;

        if (r->event.type != YAML_SCALAR_EVENT)
                return yaml_read_fail(r, "expected text");
        if (len > YAML_READ_TEXT_MAX)
                return yaml_read_fail(r, "longer than %u bytes; shorten it", YAML_READ_TEXT_MAX);
        for (size_t i = 0; i < len; i += n) {
                n = text_decode(s + i, len - i, &c);
                if (!n || (text_is_control(c) && c != '\n'))
                        return yaml_read_fail(r, "holds a control character; remove it");
        }
        if (r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_not_text(s) &&
            !(number_will_do && is_whole_number(s)))
                return yaml_read_fail(r, "'%s' is not text to YAML; put it in quotes", yaml_read_show(r, s));
        while (len && strchr(" \n", s[len - 1]))
                len--;
        while (start < len && strchr(" \n", s[start]))
                start++;
        *ret = pool_intern_n(r->pool, s + start, len - start);
        return 0;
}

int yaml_read_text(struct yaml_read *r, const char **ret)
{
        return read_scalar(r, false, ret);
}

int yaml_read_text_or_number(struct yaml_read *r, const char **ret)
{
        return read_scalar(r, true, ret);
}

int yaml_read_number(struct yaml_read *r, uint64_t min, uint64_t max, uint64_t *ret)
{
        const char *s = NULL;
        int rc = yaml_read_text_or_number(r, &s);

        if (rc < 0)
                return rc;
        if (!is_whole_number(s) || str_to_u64(s, max, ret) < 0 || *ret < min)
                return yaml_read_fail(r, "'%s' is not a number from %" PRIu64 " to %" PRIu64,
                                      yaml_read_show(r, s), min, max);
        return 0;
}

int yaml_read_bool(struct yaml_read *r, bool *ret)
{
        const char *s = (const char *)r->event.data.scalar.value;

        if (r->event.type != YAML_SCALAR_EVENT || r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
            (!streq(s, "true") && !streq(s, "false")))
                return yaml_read_fail(r, "expected true or false");
        *ret = streq(s, "true");
        return 0;
}
