/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/split.h"

#include "base/str.h"

enum encoding { ENCODING_UNKNOWN, ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE };

struct splitter {
        enum split_unit unit;
        size_t max;
        struct split_to to;
        enum encoding encoding;
        unsigned char mark[3]; /* the first bytes, until the encoding is known */
        size_t n_mark;
        int odd;       /* the first byte of half a UTF-16 unit; -1 = none */
        uint32_t high; /* the first of a surrogate pair, else 0 */
        struct str piece, converted;
        uint64_t line, began; /* counted from 1; where the piece began */
        bool overlong;
        unsigned depth, lists; /* of the objects, and of the lists around them */
        bool in_string, escaped;
};

struct splitter *splitter_new(enum split_unit unit, size_t max, struct split_to to)
{
        struct splitter *s = xcalloc(1, sizeof(*s));

        s->unit = unit;
        s->max = max;
        s->to = to;
        s->odd = -1;
        s->line = s->began = 1;
        return s;
}

struct splitter *splitter_free(struct splitter *s)
{
        if (!s)
                return NULL;
        str_release(&s->piece);
        str_release(&s->converted);
        free(s);
        return NULL;
}

/* --- pieces --------------------------------------------------------------------------------------- */

static void keep(struct splitter *s, const char *bytes, size_t len)
{
        if (s->overlong || !len)
                return;
        if (s->piece.len + len > s->max) {
                s->overlong = true;
                str_reset(&s->piece);
                s->to.too_long(s->began, s->to.arg);
                return;
        }
        str_add_n(&s->piece, bytes, len);
}

static void give(struct splitter *s)
{
        if (!s->overlong)
                s->to.take(str_text(&s->piece), s->piece.len, s->began, s->to.arg);
        str_reset(&s->piece);
        s->overlong = false;
}

static void end_line(struct splitter *s)
{
        if (s->piece.len && s->piece.text[s->piece.len - 1] == '\r')
                s->piece.text[--s->piece.len] = '\0';
        give(s);
}

static void split_lines(struct splitter *s, const char *bytes, size_t len)
{
        const char *end = bytes + len, *newline;

        while ((newline = memchr(bytes, '\n', (size_t)(end - bytes)))) {
                keep(s, bytes, (size_t)(newline - bytes));
                end_line(s);
                s->began = ++s->line;
                bytes = newline + 1;
        }
        keep(s, bytes, (size_t)(end - bytes));
}

/* Between objects only the brackets of the list around them count: commas too many do no harm. */
static void between_objects(struct splitter *s, char c)
{
        if (c == '[')
                s->lists++;
        else if (c == ']' && s->lists)
                s->lists--;
        else if (c == '{') {
                s->depth = 1;
                s->began = s->line;
        }
}

static void in_string(struct splitter *s, char c)
{
        if (s->escaped)
                s->escaped = false;
        else if (c == '\\')
                s->escaped = true;
        else if (c == '"')
                s->in_string = false;
}

static void in_object(struct splitter *s, char c)
{
        if (s->in_string)
                in_string(s, c);
        else if (c == '"')
                s->in_string = true;
        else if (c == '{')
                s->depth++;
        else if (c == '}')
                s->depth--;
}

static void split_objects(struct splitter *s, const char *bytes, size_t len)
{
        size_t from = 0;

        for (size_t i = 0; i < len; i++) {
                if (bytes[i] == '\n')
                        s->line++;
                if (!s->depth) {
                        between_objects(s, bytes[i]);
                        from = i;
                        continue;
                }
                in_object(s, bytes[i]);
                if (s->depth)
                        continue;
                keep(s, bytes + from, i + 1 - from);
                give(s);
        }
        if (s->depth)
                keep(s, bytes + from, len - from);
}

static void split(struct splitter *s, const char *bytes, size_t len)
{
        if (!len)
                return;
        if (s->unit == SPLIT_LINES)
                split_lines(s, bytes, len);
        else if (s->unit == SPLIT_OBJECTS)
                split_objects(s, bytes, len);
        else
                s->to.take(bytes, len, s->line, s->to.arg);
}

/* --- encodings ------------------------------------------------------------------------------------ */

static void add_utf8(struct str *to, uint32_t c)
{
        if (c < 0x80) {
                str_add_char(to, (char)c);
                return;
        }
        if (c < 0x800)
                str_add_char(to, (char)(0xc0 | c >> 6));
        else if (c < 0x10000)
                str_add_char(to, (char)(0xe0 | c >> 12));
        else {
                str_add_char(to, (char)(0xf0 | c >> 18));
                str_add_char(to, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        if (c >= 0x800)
                str_add_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
        str_add_char(to, (char)(0x80 | (c & 0x3f)));
}

/* RFC 2781; half a pair becomes U+FFFD. */
static void add_unit(struct splitter *s, uint32_t unit)
{
        if (s->high && unit >= 0xdc00 && unit <= 0xdfff) {
                add_utf8(&s->converted, 0x10000 + ((s->high - 0xd800) << 10) + (unit - 0xdc00));
                s->high = 0;
                return;
        }
        if (s->high)
                add_utf8(&s->converted, 0xfffd);
        s->high = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
        if (!s->high)
                add_utf8(&s->converted, unit >= 0xdc00 && unit <= 0xdfff ? 0xfffd : unit);
}

static void convert(struct splitter *s, const char *bytes, size_t len)
{
        const unsigned char *p = (const unsigned char *)bytes;

        str_reset(&s->converted);
        for (size_t i = 0; i < len; i++) {
                if (s->odd < 0) {
                        s->odd = p[i];
                        continue;
                }
                add_unit(s, s->encoding == ENCODING_UTF16LE ? (uint32_t)(p[i] << 8 | s->odd)
                                                            : (uint32_t)(s->odd << 8 | p[i]));
                s->odd = -1;
        }
        split(s, str_text(&s->converted), s->converted.len);
}

static void decode(struct splitter *s, const char *bytes, size_t len)
{
        if (s->encoding == ENCODING_UTF8)
                split(s, bytes, len);
        else
                convert(s, bytes, len);
}

/* By the byte order mark, or for want of one by a NUL where UTF-16 has one in ASCII. */
static void choose_encoding(struct splitter *s)
{
        static const struct {
                unsigned char bytes[3];
                size_t len, drop;
                enum encoding encoding;
        } marks[] = {
                {{0xff, 0xfe}, 2, 2, ENCODING_UTF16LE},
                {{0xfe, 0xff}, 2, 2, ENCODING_UTF16BE},
                {{0xef, 0xbb, 0xbf}, 3, 3, ENCODING_UTF8},
        };
        size_t drop = 0;

        s->encoding = s->n_mark > 1 && s->mark[0] && !s->mark[1] ? ENCODING_UTF16LE : ENCODING_UTF8;
        for (size_t i = 0; i < array_len(marks); i++)
                if (s->n_mark >= marks[i].len && memcmp(s->mark, marks[i].bytes, marks[i].len) == 0) {
                        s->encoding = marks[i].encoding;
                        drop = marks[i].drop;
                }
        decode(s, (const char *)s->mark + drop, s->n_mark - drop);
}

void splitter_feed(struct splitter *s, const char *bytes, size_t len)
{
        while (s->encoding == ENCODING_UNKNOWN && len) {
                s->mark[s->n_mark++] = (unsigned char)*bytes++;
                len--;
                if (s->n_mark == sizeof(s->mark))
                        choose_encoding(s);
        }
        if (len)
                decode(s, bytes, len);
}

bool splitter_end(struct splitter *s)
{
        bool open;

        if (s->encoding == ENCODING_UNKNOWN)
                choose_encoding(s);
        open = s->depth || s->lists || s->odd >= 0 || s->high || s->overlong;
        if (s->unit == SPLIT_LINES && (s->piece.len || s->overlong))
                end_line(s);
        return !open;
}
