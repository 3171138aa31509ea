/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wrap.h"

static unsigned columns(const char *s, size_t len)
{
        unsigned n = 0;

        for (size_t i = 0; i < len; i++)
                n += ((unsigned char)s[i] & 0xc0) != 0x80;
        return n;
}

static void indent_to(struct str *to, unsigned indent)
{
        for (unsigned i = 0; i < indent; i++)
                str_add_char(to, ' ');
}

void wrap_add(struct str *to, const char *text, unsigned at, unsigned indent, unsigned width)
{
        bool empty = true; /* no word of ours on the line yet */
        size_t len;

        for (; *text; text += len) {
                unsigned n;

                len = strspn(text, " \n");
                if (len) {
                        if (memchr(text, '\n', len)) {
                                str_add_char(to, '\n');
                                at = 0;
                                empty = true;
                        }
                        continue;
                }
                len = strcspn(text, " \n");
                n = columns(text, len);
                if (!empty && at + 1 + n > width) {
                        str_add_char(to, '\n');
                        at = 0;
                        empty = true;
                }
                if (!at) {
                        indent_to(to, indent);
                        at = indent;
                } else if (!empty) {
                        str_add_char(to, ' ');
                        at++;
                }
                str_add_n(to, text, len);
                at += n;
                empty = false;
        }
        str_add_char(to, '\n');
}
