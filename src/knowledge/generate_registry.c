/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/generate.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/map.h"
#include "base/vec.h"
#include "knowledge/builtin.h"
#include "knowledge/page_parse.h"

struct row {
        struct port_range range;
        const char *name, *description;
        unsigned line; /* the order of names of one number */
};

struct registry {
        vec(struct row) rows;
        struct map offsets; /* of texts in the pool of strings, by text */
        uint32_t size;
};

static void registry_release(struct registry *registry)
{
        vec_clear(&registry->rows);
        map_release(&registry->offsets);
}

/* "name TAB ports TAB transport TAB description". Rows of DCCP, which quaymaster does not see, are left out. */
static int parse_line(struct registry *registry, char *line, unsigned number, const char *file,
                      struct err *err)
{
        _cleanup_free_ char *range = NULL;
        char *fields[4], *rest = line;
        struct row row = {.line = number};

        for (size_t i = 0; i < 4; i++)
                if (!(fields[i] = strsep(&rest, "\t")))
                        return err_set(err, -EINVAL, "%s:%u: needs name, port, transport and description",
                                       file, number);
        if (rest)
                return err_set(err, -EINVAL, "%s:%u: more than four fields", file, number);
        if (streq(fields[2], "dccp"))
                return 0;
        range = xasprintf("%s/%s", fields[1], fields[2]);
        if (port_range_parse(range, &row.range) < 0)
                return err_set(err, -EINVAL, "%s:%u: '%s' is not a port and transport", file, number, range);
        row.name = fields[0];
        row.description = fields[3];
        *vec_push(&registry->rows) = row;
        return 0;
}

static int compare_rows(const void *pa, const void *pb)
{
        const struct row *a = pa, *b = pb;

        if (a->range.transport != b->range.transport)
                return a->range.transport < b->range.transport ? -1 : 1;
        if (a->range.first != b->range.first)
                return a->range.first < b->range.first ? -1 : 1;
        return (a->line > b->line) - (a->line < b->line);
}

static int check_rows(const struct registry *registry, const char *file, struct err *err)
{
        for (size_t i = 1; i < registry->rows.n; i++) {
                const struct row *a = &registry->rows.at[i - 1], *b = &registry->rows.at[i];

                if (a->range.transport == b->range.transport && b->range.first <= a->range.last &&
                    (a->range.first != b->range.first || a->range.last != b->range.last))
                        return err_set(err, -EINVAL, "%s:%u: overlaps the range of line %u", file, b->line,
                                       a->line);
        }
        if (registry->rows.n >= UINT16_MAX)
                return err_set(err, -EINVAL, "%s: more rows than 16 bits can number", file);
        return 0;
}

/* Write the text into registry_text when it is new. */
static uint32_t offset_of(struct registry *registry, struct str *out, const char *text)
{
        uint64_t offset = registry->size;

        if (map_get_str(&registry->offsets, text, &offset))
                return (uint32_t)offset;
        map_put_str(&registry->offsets, text, offset);
        registry->size += (uint32_t)strlen(text) + 1;
        generate_literal(out, text);
        str_add(out, "\"\\0\"\n");
        return (uint32_t)offset;
}

static const struct registry *sorting; /* qsort takes no argument */

static int compare_names(const void *pa, const void *pb)
{
        uint16_t a = *(const uint16_t *)pa, b = *(const uint16_t *)pb;
        int order = strcasecmp(sorting->rows.at[a].name, sorting->rows.at[b].name);

        return order ? order : (a > b) - (a < b);
}

static void add_names(struct registry *registry, struct str *out)
{
        _cleanup_free_ uint16_t *names = xcalloc(registry->rows.n + 1, sizeof(*names));
        size_t n = 0;

        for (size_t i = 0; i < registry->rows.n; i++)
                if (registry->rows.at[i].name[0])
                        names[n++] = (uint16_t)i;
        sorting = registry;
        qsort(names, n, sizeof(*names), compare_names);
        str_addf(out, "const uint16_t registry_n_names = %zu;\nconst uint16_t registry_names[] = {", n);
        for (size_t i = 0; i < n; i++)
                str_addf(out, "%u,%s", names[i], i % 16 ? "" : "\n");
        str_add(out, "0};\n");
}

static void add_rows(struct registry *registry, struct str *out)
{
        _cleanup_str_ struct str rows = {0};
        size_t start = 0;

        str_add(out, "const char registry_text[] =\n");
        (void)offset_of(registry, out, "");
        vec_foreach (row, &registry->rows)
                str_addf(&rows, "{%u,%u,%u,%u},\n", offset_of(registry, out, row->name),
                         offset_of(registry, out, row->description), row->range.first, row->range.last);
        str_addf(out, ";\nconst struct registry_row registry_rows[] = {\n%s{0,0,0,0}};\n", str_text(&rows));
        str_add(out, "const uint16_t registry_start[TRANSPORT_MAX + 1] = {");
        for (int t = 0; t < TRANSPORT_MAX; t++) {
                str_addf(out, "%zu,", start);
                while (start < registry->rows.n && (int)registry->rows.at[start].range.transport == t)
                        start++;
        }
        str_addf(out, "%zu};\n", start);
}

int generate_registry(struct str *out, char *text, const char *file, struct err *err)
{
        _cleanup_(registry_release) struct registry registry = {0};
        unsigned number = 0;
        char *line;
        int rc;

        while ((line = strsep(&text, "\n"))) {
                number++;
                if (line[0] && line[0] != '#' && (rc = parse_line(&registry, line, number, file, err)) < 0)
                        return rc;
        }
        vec_sort(&registry.rows, compare_rows);
        if ((rc = check_rows(&registry, file, err)) < 0)
                return rc;
        add_rows(&registry, out);
        add_names(&registry, out);
        return 0;
}
