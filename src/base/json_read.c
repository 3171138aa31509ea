/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_read.h"

void json_read_init(struct json_read *r, const char *text, size_t len)
{
        struct str scratch = r->scratch;

        *r = (struct json_read){.at = text, .end = text + len, .scratch = scratch};
}

void json_read_release(struct json_read *r)
{
        str_release(&r->scratch);
}

static void fail(struct json_read *r, const char *fault)
{
        if (!r->fault)
                r->fault = fault;
        r->at = r->end;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct json_read *r)
{
        while (r->at < r->end && is_blank(*r->at))
                r->at++;
}

char json_read_peek(struct json_read *r)
{
        skip_blanks(r);
        return r->at < r->end ? *r->at : 0;
}

void json_read_open(struct json_read *r, char bracket)
{
        if (json_read_peek(r) != bracket) {
                fail(r, bracket == '{' ? "an object '{' was expected" : "a list '[' was expected");
                return;
        }
        if (r->depth == JSON_READ_DEPTH) {
                fail(r, "nested too deep");
                return;
        }
        r->at++;
        r->depth++;
        r->begun &= ~((uint64_t)1 << r->depth);
}

/* Past the comma, or past the end of the level: false. */
static bool more(struct json_read *r, char closing)
{
        char c = json_read_peek(r);
        uint64_t bit = (uint64_t)1 << r->depth;

        if (r->fault)
                return false;
        if (c == closing) {
                r->at++;
                r->depth--;
                return false;
        }
        if (r->begun & bit) {
                if (c != ',') {
                        fail(r, c ? "a comma is missing" : "it ends in the middle");
                        return false;
                }
                r->at++;
        } else if (!c) {
                fail(r, "it ends in the middle");
                return false;
        }
        r->begun |= bit;
        return true;
}

bool json_read_next(struct json_read *r)
{
        return more(r, ']');
}

#define BYTES(b) (0x0101010101010101u * (b))

/* The first byte that ends a run of plain ones in a string: '"', '\\' or a control character; else r->end. */
static const char *plain_end(const char *at, const char *end)
{
        for (; end - at >= 8; at += 8) {
                uint64_t v, special;

                memcpy(&v, at, sizeof(v));
                /*
                 * a byte that is looked for sets its highest bit; bytes above 0x7f may set theirs, too:
                 * looked at below
                 */
                special = ((v - BYTES(0x20)) | ((v ^ BYTES('"')) - BYTES(1)) |
                           ((v ^ BYTES('\\')) - BYTES(1))) &
                          BYTES(0x80);
                if (special)
                        break;
        }
        while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
                at++;
        return at;
}

/* To the quote that ends the string, whose first byte r->at is; true when there are escapes in between. */
static bool find_quote(struct json_read *r, const char **ret)
{
        const char *at = r->at;
        bool escapes = false;

        for (;;) {
                at = plain_end(at, r->end);
                if (at == r->end || (unsigned char)*at < 0x20) {
                        fail(r, at == r->end ? "a string does not end"
                                             : "a control character stands in a string");
                        *ret = r->end;
                        return false;
                }
                if (*at == '"')
                        break;
                if (r->end - at < 2) {
                        fail(r, "a string does not end");
                        *ret = r->end;
                        return false;
                }
                escapes = true;
                at += 2;
        }
        *ret = at;
        return escapes;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char)(c | 0x20);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* -1: it is none */
static int32_t read_hex4(const char *at, const char *end)
{
        int32_t value = 0;

        if (end - at < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                int digit = hex_digit(at[i]);

                if (digit < 0)
                        return -1;
                value = value << 4 | digit;
        }
        return value;
}

static void add_utf8(struct str *to, uint32_t c)
{
        if (!c || (c >= 0xd800 && c < 0xe000))
                c = 0xfffd;
        if (c < 0x80) {
                str_add_char(to, (char)c);
        } else if (c < 0x800) {
                str_add_char(to, (char)(0xc0 | c >> 6));
                str_add_char(to, (char)(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                str_add_char(to, (char)(0xe0 | c >> 12));
                str_add_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
                str_add_char(to, (char)(0x80 | (c & 0x3f)));
        } else {
                str_add_char(to, (char)(0xf0 | c >> 18));
                str_add_char(to, (char)(0x80 | (c >> 12 & 0x3f)));
                str_add_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
                str_add_char(to, (char)(0x80 | (c & 0x3f)));
        }
}

/* The escape behind the 'u'; where it ends, or NULL. */
static const char *unescape_unicode(struct str *to, const char *at, const char *end)
{
        int32_t first = read_hex4(at, end), second = -1;

        if (first < 0)
                return NULL;
        at += 4;
        if (first >= 0xd800 && first < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u')
                second = read_hex4(at + 2, end);
        if (second >= 0xdc00 && second < 0xe000) {
                add_utf8(to, 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00));
                return at + 6;
        }
        add_utf8(to, (uint32_t)first);
        return at;
}

static const char *unescape(struct str *to, const char *at, const char *end)
{
        static const char from[] = "\"\\/bfnrt", as[] = "\"\\/\b\f\n\r\t";
        const char *found;

        if (*at == 'u')
                return unescape_unicode(to, at + 1, end);
        found = memchr(from, *at, sizeof(from) - 1);
        if (!found)
                return NULL;
        str_add_char(to, as[found - from]);
        return at + 1;
}

static struct json_text unescape_all(struct json_read *r, const char *at, const char *quote)
{
        str_reset(&r->scratch);
        while (at < quote) {
                const char *escape = memchr(at, '\\', (size_t)(quote - at));

                str_add_n(&r->scratch, at, (size_t)((escape ? escape : quote) - at));
                if (!escape)
                        break;
                at = unescape(&r->scratch, escape + 1, quote);
                if (!at) {
                        fail(r, "an escape in a string makes no sense");
                        return (struct json_text){0};
                }
        }
        return (struct json_text){str_text(&r->scratch), r->scratch.len};
}

static bool read_string(struct json_read *r, struct json_text *ret)
{
        const char *quote, *start = ++r->at;
        bool escapes = find_quote(r, &quote);

        *ret = (struct json_text){0};
        if (r->fault)
                return false;
        r->at = quote + 1;
        *ret = escapes ? unescape_all(r, start, quote) : (struct json_text){start, (size_t)(quote - start)};
        return ret->at != NULL;
}

bool json_read_key(struct json_read *r, struct json_text *key)
{
        if (!more(r, '}'))
                return false;
        if (json_read_peek(r) != '"') {
                fail(r, "a key in quotes was expected");
                return false;
        }
        if (!read_string(r, key))
                return false;
        if (json_read_peek(r) != ':') {
                fail(r, "a colon is missing");
                return false;
        }
        r->at++;
        return true;
}

bool json_read_text(struct json_read *r, struct json_text *ret)
{
        *ret = (struct json_text){0};
        if (json_read_peek(r) == '"')
                return read_string(r, ret);
        json_read_skip(r);
        return false;
}

static size_t digits(struct json_read *r)
{
        const char *from = r->at;

        while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
                r->at++;
        return (size_t)(r->at - from);
}

static void skip_number(struct json_read *r)
{
        bool good;

        r->at += *r->at == '-';
        good = digits(r) > 0;
        if (good && r->at < r->end && *r->at == '.') {
                r->at++;
                good = digits(r) > 0;
        }
        if (good && r->at < r->end && (*r->at | 0x20) == 'e') {
                r->at++;
                r->at += r->at < r->end && (*r->at == '-' || *r->at == '+');
                good = digits(r) > 0;
        }
        if (!good)
                fail(r, "a number makes no sense");
}

bool json_read_u64(struct json_read *r, uint64_t *ret)
{
        char c = json_read_peek(r);
        const char *start = r->at;
        uint64_t value = 0;
        bool fits = true;

        *ret = 0;
        json_read_skip(r);
        if (r->fault || c < '0' || c > '9')
                return false;
        for (; start < r->at; start++) {
                unsigned digit = (unsigned char)*start - '0';

                fits = fits && digit <= 9 && !__builtin_mul_overflow(value, 10, &value) &&
                       !__builtin_add_overflow(value, digit, &value);
        }
        *ret = fits ? value : 0;
        return fits;
}

static bool skip_word(struct json_read *r, const char *word, size_t len)
{
        if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) {
                fail(r, "a value makes no sense");
                return false;
        }
        r->at += len;
        return true;
}

bool json_read_bool(struct json_read *r, bool *ret)
{
        char c = json_read_peek(r);

        *ret = false;
        json_read_skip(r);
        if (r->fault || (c != 't' && c != 'f'))
                return false;
        *ret = c == 't';
        return true;
}

static void skip_string(struct json_read *r)
{
        const char *quote;

        r->at++;
        (void)find_quote(r, &quote);
        if (!r->fault)
                r->at = quote + 1;
}

static void skip_scalar(struct json_read *r, char c)
{
        if (c == '"')
                skip_string(r);
        else if (c == 't')
                (void)skip_word(r, "true", 4);
        else if (c == 'f')
                (void)skip_word(r, "false", 5);
        else if (c == 'n')
                (void)skip_word(r, "null", 4);
        else if (c == '-' || (c >= '0' && c <= '9'))
                skip_number(r);
        else
                fail(r, c ? "a value makes no sense" : "it ends in the middle");
}

void json_read_skip(struct json_read *r)
{
        unsigned depth = r->depth;
        uint64_t lists = 0; /* bit n set: level n is a list */

        do {
                char c;

                if (r->depth > depth) {
                        struct json_text key;

                        if (lists >> r->depth & 1 ? !json_read_next(r) : !json_read_key(r, &key))
                                continue;
                }
                c = json_read_peek(r);
                if (c != '{' && c != '[') {
                        skip_scalar(r, c);
                        continue;
                }
                json_read_open(r, c);
                if (!r->fault)
                        lists = c == '[' ? lists | (uint64_t)1 << r->depth
                                         : lists & ~((uint64_t)1 << r->depth);
        } while (r->depth > depth && !r->fault);
}

bool json_read_end(struct json_read *r)
{
        if (!r->fault && json_read_peek(r))
                fail(r, "something stands behind its end");
        return !r->fault;
}
