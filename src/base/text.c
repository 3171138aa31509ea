/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

size_t text_decode(const char *s, size_t len, uint32_t *ret)
{
        static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
        const unsigned char *p = (const unsigned char *)s;
        size_t need;
        uint32_t c;

        if (p[0] < 0x80) {
                *ret = p[0];
                return 1;
        }
        if (p[0] >= 0xc2 && p[0] <= 0xdf)
                need = 2, c = p[0] & 0x1fu;
        else if ((p[0] & 0xf0) == 0xe0)
                need = 3, c = p[0] & 0x0fu;
        else if (p[0] >= 0xf0 && p[0] <= 0xf4)
                need = 4, c = p[0] & 0x07u;
        else
                return 0;
        if (len < need)
                return 0;
        for (size_t i = 1; i < need; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3fu);
        }
        if (c < lowest[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        *ret = c;
        return need;
}

bool text_is_control(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
               c == 0xfffe || c == 0xffff;
}

bool text_is_printable(const char *s)
{
        size_t len = strlen(s), n;
        uint32_t c;

        for (size_t i = 0; i < len; i += n) {
                n = text_decode(s + i, len - i, &c);
                if (!n || text_is_control(c))
                        return false;
        }
        return true;
}

bool text_add_shell_word(struct str *to, const char *s)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-@:+=";

        if (!*s || strchr(s, '\'') || !text_is_printable(s))
                return false;
        str_addf(to, s[strspn(s, plain)] ? "'%s'" : "%s", s);
        return true;
}

/* Calls `plain` for each run that may stay and writes the escaped form of everything else itself. */
static void add_escaped(struct str *to, const char *s, void (*plain)(struct str *, const char *, size_t))
{
        size_t len = strlen(s), start = 0, at = 0;

        while (at < len) {
                uint32_t c = 0;
                size_t n = text_decode(s + at, len - at, &c);

                if (n && !text_is_control(c)) {
                        at += n;
                        continue;
                }
                plain(to, s + start, at - start);
                if (n && c > 0xff)
                        str_addf(to, "\\u{%x}", c);
                else
                        str_addf(to, "\\x%02x", n ? c : (unsigned char)s[at]);
                at += n ? n : 1;
                start = at;
        }
        plain(to, s + start, at - start);
}

void text_add_printable(struct str *to, const char *s)
{
        add_escaped(to, s, str_add_n);
}

static void add_html_run(struct str *to, const char *s, size_t len)
{
        for (size_t i = 0; i < len; i++)
                switch (s[i]) {
                case '&':
                        str_add(to, "&amp;");
                        break;
                case '<':
                        str_add(to, "&lt;");
                        break;
                case '>':
                        str_add(to, "&gt;");
                        break;
                case '"':
                        str_add(to, "&quot;");
                        break;
                case '\'':
                        str_add(to, "&#39;");
                        break;
                default:
                        str_add_char(to, s[i]);
                }
}

void text_add_html(struct str *to, const char *s)
{
        add_escaped(to, s, add_html_run);
}
