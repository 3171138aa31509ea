/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft/ruleset_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/map.h"
#include "base/pool.h"
#include "base/str.h"

struct line {
        const char *at;
        size_t len;
};

struct lines {
        struct pool *pool;  /* owns the keys and the struct lines */
        struct map by_rule; /* "TABLE HANDLE" -> struct line */
};

static const char *rule_key(struct pool *pool, const char *table, size_t len, uint64_t handle)
{
        return pool_printf(pool, "%.*s %llu", (int)len, table, (unsigned long long)handle);
}

/* The number behind the last "# handle " of a line; where that comment begins goes to *ret_end. */
static bool find_handle(struct line line, uint64_t *ret, size_t *ret_end)
{
        static const char mark[] = " # handle ";
        const char *found = NULL, *at = line.at;
        char digits[21];
        size_t len;

        while ((at = memmem(at, line.len - (size_t)(at - line.at), mark, sizeof(mark) - 1)))
                found = at++;
        if (!found)
                return false;
        at = found + sizeof(mark) - 1;
        len = line.len - (size_t)(at - line.at);
        if (len >= sizeof(digits))
                return false;
        memcpy(digits, at, len);
        digits[len] = '\0';
        *ret_end = (size_t)(found - line.at);
        return str_to_u64(digits, UINT64_MAX, ret) == 0;
}

static void index_rule(struct lines *lines, struct line table, struct line line)
{
        struct line *entry;
        uint64_t handle;
        size_t end;

        if (!find_handle(line, &handle, &end))
                return;
        entry = pool_alloc(lines->pool, sizeof(*entry));
        *entry = (struct line){line.at + 2, end - 2};
        map_put_str(&lines->by_rule, rule_key(lines->pool, table.at, table.len, handle), (uintptr_t)entry);
}

/* Tables begin in the first column, "table ip nat {"; rules are what stands two tabs deep. */
static void index_lines(struct lines *lines, const char *family, const char *text, size_t len)
{
        _cleanup_free_ char *head = xasprintf("table %s ", family);
        struct line table = {text, 0};
        const char *end = text + len;

        while (text < end) {
                const char *stop = memchr(text, '\n', (size_t)(end - text));
                struct line line = {text, (size_t)((stop ? stop : end) - text)};
                size_t head_len = strlen(head);

                if (line.len > head_len && memcmp(text, head, head_len) == 0) {
                        const char *brace = memmem(text, line.len, " {", 2);

                        table.at = text + head_len;
                        table.len = brace && brace > table.at ? (size_t)(brace - table.at) : 0;
                } else if (line.len > 2 && memcmp(text, "\t\t", 2) == 0) {
                        index_rule(lines, table, line);
                }
                text += line.len + 1;
        }
}

static bool has_extension(const json_t *rule)
{
        json_t *statement;
        size_t i;

        json_array_foreach (json_object_get(rule, "expr"), i, statement)
                if (json_object_get(statement, "xt"))
                        return true;
        return false;
}

static void join_rule(struct lines *lines, json_t *rule)
{
        const char *table = json_string_value(json_object_get(rule, "table"));
        json_int_t handle = json_integer_value(json_object_get(rule, "handle"));
        const struct line *line;
        uint64_t found;

        if (!table || !has_extension(rule) ||
            !map_get_str(&lines->by_rule, rule_key(lines->pool, table, strlen(table), (uint64_t)handle),
                         &found))
                return;
        line = (const struct line *)(uintptr_t)found;
        /* Text that is no UTF-8 stays out: json_stringn refuses it. */
        json_object_set_new(rule, "text", json_stringn(line->at, line->len));
}

void ruleset_join_text(json_t *objects, const char *family, const char *text, size_t len)
{
        struct lines lines = {.pool = pool_new()};
        json_t *object, *rule;
        const char *of;
        size_t i;

        index_lines(&lines, family, text, len);
        json_array_foreach (objects, i, object) {
                rule = json_object_get(object, "rule");
                of = json_string_value(json_object_get(rule, "family"));
                if (of && streq(of, family))
                        join_rule(&lines, rule);
        }
        map_release(&lines.by_rule);
        pool_free(lines.pool);
}
