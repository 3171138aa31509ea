/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/mountinfo.h"

/* The next word; empty at the end of the line. */
static struct mount_word next_word(const char **at, const char *end)
{
        const char *start = *at;
        const char *blank = memchr(start, ' ', (size_t)(end - start));

        *at = blank ? blank + 1 : end;
        return (struct mount_word){start, (size_t)((blank ? blank : end) - start)};
}

bool mountinfo_parse(const char *line, size_t len, struct mountinfo *ret)
{
        /* id, parent, device, root, point, options, any number of optional fields, "-", type, source, options */
        const char *at = line, *end = line + len;
        struct mountinfo mount = {0};
        struct mount_word word;

        for (int skip = 0; skip < 3; skip++)
                (void)next_word(&at, end);
        mount.root = next_word(&at, end);
        mount.point = next_word(&at, end);
        do
                word = next_word(&at, end);
        while (word.len && !mount_word_is(word, "-"));
        mount.type = next_word(&at, end);
        if (!mount.root.len || !mount.point.len || !word.len || !mount.type.len)
                return false;
        *ret = mount;
        return true;
}

static bool is_octal(const char *s)
{
        return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7';
}

bool mountinfo_unescape(struct mount_word escaped, char *to, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < escaped.len; i++) {
                const char *s = escaped.at + i;
                char c = *s;

                if (c == '\\' && escaped.len - i >= 4 && is_octal(s + 1)) {
                        c = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
                        i += 3;
                }
                if (!c || n + 1 >= size)
                        return false;
                to[n++] = c;
        }
        if (n >= size)
                return false;
        to[n] = '\0';
        return true;
}
