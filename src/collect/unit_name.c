/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unit_name.h"

#include <stdio.h>

#include "base/str.h"

static const struct {
        const char *suffix;
        bool may_alias, may_template;
} types[] = {
        {".service", true, true},
        {".socket", true, true},
        {".target", true, true},
        {".timer", true, true},
        {".path", true, true},
        {".device", true},
        {".mount"},
        {".automount"},
        {".swap"},
        {".slice"},
        {".scope"},
};

static bool valid_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c && strchr(":-_.\\@", c));
}

static size_t find_type(const char *suffix, size_t len)
{
        size_t i = 0;

        while (i < array_len(types) &&
               (strlen(types[i].suffix) != len || memcmp(types[i].suffix, suffix, len) != 0))
                i++;
        return i;
}

enum unit_kind unit_name_kind(const char *name, size_t len)
{
        const char *dot = memrchr(name, '.', len), *at = NULL;

        if (len >= UNIT_NAME_SIZE || !dot || dot == name)
                return UNIT_INVALID;
        if (find_type(dot, (size_t)(name + len - dot)) == array_len(types))
                return UNIT_INVALID;
        for (const char *c = name; c < dot; c++) {
                if (!valid_char(*c))
                        return UNIT_INVALID;
                if (*c == '@' && !at)
                        at = c;
        }
        if (at == name)
                return UNIT_INVALID;
        if (!at)
                return UNIT_PLAIN;
        return at + 1 == dot ? UNIT_TEMPLATE : UNIT_INSTANCE;
}

const char *unit_name_suffix(const char *name)
{
        return strrchr(name, '.');
}

bool unit_name_may_alias(const char *name)
{
        const char *suffix = unit_name_suffix(name);
        size_t i = suffix ? find_type(suffix, strlen(suffix)) : array_len(types);

        return i < array_len(types) && types[i].may_alias;
}

bool unit_name_may_template(const char *name)
{
        const char *suffix = unit_name_suffix(name);
        size_t i = suffix ? find_type(suffix, strlen(suffix)) : array_len(types);

        return i < array_len(types) && types[i].may_template;
}

bool unit_name_template(const char *name, char buf[UNIT_NAME_SIZE])
{
        const char *at = strchr(name, '@');

        if (unit_name_kind(name, strlen(name)) != UNIT_INSTANCE)
                return false;
        (void)snprintf(buf, UNIT_NAME_SIZE, "%.*s%s", (int)(at + 1 - name), name, unit_name_suffix(name));
        return true;
}

bool unit_name_instantiate(const char *template, const char *instance, size_t instance_len,
                           char buf[UNIT_NAME_SIZE])
{
        const char *at = strchr(template, '@');
        int len;

        if (unit_name_kind(template, strlen(template)) != UNIT_TEMPLATE || instance_len >= UNIT_NAME_SIZE)
                return false;
        len = snprintf(buf, UNIT_NAME_SIZE, "%.*s%.*s%s", (int)(at + 1 - template), template,
                       (int)instance_len, instance, at + 1);
        return len < UNIT_NAME_SIZE;
}

const char *unit_name_instance(const char *name, size_t *ret_len)
{
        const char *at = strchr(name, '@');

        if (unit_name_kind(name, strlen(name)) != UNIT_INSTANCE)
                return NULL;
        *ret_len = (size_t)(unit_name_suffix(name) - at - 1);
        return at + 1;
}
