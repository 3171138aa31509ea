/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/profile_parse.h"

#include <errno.h>

#include "base/str.h"
#include "knowledge/page_parse.h"
#include "knowledge/yaml_record.h"

#define LOWER      "abcdefghijklmnopqrstuvwxyz"
#define UNIT_FIRST LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define GROUPS_MAX 64u
#define ITEMS_MAX  64u

static const struct yaml_shape shape_name = {3, 40, LOWER, LOWER "0123456789-",
                                             "lower-case letters, digits and '-'"},
                               shape_title = {3, 40, NULL, NULL, NULL},
                               shape_what = {20, 300, NULL, NULL, NULL},
                               shape_why = {20, 200, NULL, NULL, NULL},
                               shape_unit = {3, 100, UNIT_FIRST, UNIT_FIRST ":_.@*-",
                                             "a unit of systemd, with '*' for any run of characters"},
                               shape_port = {5, 20, "0123456789", "0123456789-/" LOWER,
                                             "a port, as 443/tcp"};

/* The items of a list of texts, kept in the pool. */
static int read_texts(struct yaml_read *r, const struct yaml_shape *shape, const char *const **ret,
                      unsigned short *n)
{
        _cleanup_(yaml_texts_release) struct yaml_texts texts = {.shape = shape};
        int rc = yaml_read_list(r, ITEMS_MAX, yaml_texts_item, &texts);
        const char **kept = pool_alloc(r->pool, (texts.list.n + 1) * sizeof(*kept));

        for (size_t i = 0; i < texts.list.n; i++)
                kept[i] = texts.list.at[i];
        *ret = kept;
        *n = (unsigned short)texts.list.n;
        return rc;
}

static int read_units(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct profile_group *group = to;
        int rc = read_texts(r, &shape_unit, &group->units, &group->n_units);

        return rc == 0 && !group->n_units ? yaml_read_fail(r, "is empty; name at least one unit") : rc;
}

static int read_ports(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct profile_group *group = to;
        const char *const *texts;
        struct port_range *ports;
        int rc = read_texts(r, &shape_port, &texts, &group->n_ports);

        if (rc < 0)
                return rc;
        ports = pool_alloc(r->pool, (group->n_ports + 1u) * sizeof(*ports));
        for (size_t i = 0; i < group->n_ports; i++)
                if (port_range_parse(texts[i], &ports[i]) < 0)
                        return yaml_read_fail(r, "'%s' is no port, as 443/tcp", yaml_read_show(r, texts[i]));
        group->ports = ports;
        return 0;
}

struct groups {
        vec(struct profile_group) list;
};

static void groups_release(struct groups *groups)
{
        vec_clear(&groups->list);
}

static int read_group(struct yaml_read *r, size_t index, void *arg)
{
        static const struct yaml_field fields[] = {
                {.name = "units", .read = read_units, .required = true},
                {.name = "ports", .read = read_ports},
                {.name = "why",
                 .read = yaml_field_text,
                 .at = offsetof(struct profile_group, why),
                 .shape = &shape_why,
                 .required = true},
        };
        struct groups *groups = arg;

        return yaml_read_record(r, fields, array_len(fields), vec_push(&groups->list));
}

static int read_groups(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(groups_release) struct groups groups = {0};
        struct profile *profile = to;
        int rc = yaml_read_list(r, GROUPS_MAX, read_group, &groups);
        struct profile_group *kept = pool_alloc(r->pool, (groups.list.n + 1) * sizeof(*kept));

        for (size_t i = 0; i < groups.list.n; i++)
                kept[i] = groups.list.at[i];
        profile->groups = kept;
        profile->n_groups = (unsigned short)groups.list.n;
        return rc;
}

static int read_includes(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct profile *profile = to;

        return read_texts(r, &shape_name, &profile->includes, &profile->n_includes);
}

#define TEXT(field)                                                                             \
        {                                                                                       \
                .name = #field, .read = yaml_field_text, .at = offsetof(struct profile, field), \
                .shape = &shape_##field, .required = true                                       \
        }

int profile_parse(const char *text, size_t len, const char *file, struct pool *pool,
                  struct parsed_profiles *to, struct err *err)
{
        static const struct yaml_field fields[] = {
                TEXT(name),
                TEXT(title),
                TEXT(what),
                {.name = "includes", .read = read_includes},
                {.name = "services", .read = read_groups, .required = true},
        };
        _cleanup_(yaml_read_release) struct yaml_read r;
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        if (rc == 0)
                rc = yaml_read_record(&r, fields, array_len(fields), vec_push(&to->list));
        return rc == 0 ? yaml_read_end(&r) : rc;
}

static const struct profile *find(const struct parsed_profiles *profiles, const char *name)
{
        vec_foreach(p, &profiles->list)
                if (streq(p->name, name))
                        return p;
        return NULL;
}

int profiles_check(const struct parsed_profiles *profiles, struct err *err)
{
        vec_foreach(p, &profiles->list) {
                if (find(profiles, p->name) != p)
                        return err_set(err, -EINVAL, "the profile '%s' is there twice", p->name);
                for (size_t i = 0; i < p->n_includes; i++) {
                        const struct profile *included = find(profiles, p->includes[i]);

                        if (!included || included->n_includes)
                                return err_set(
                                        err, -EINVAL,
                                        "the profile '%s' includes '%s', which is not there or includes others",
                                        p->name, p->includes[i]);
                }
        }
        return 0;
}
