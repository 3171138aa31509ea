/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/yaml_record.h"

#include <assert.h>

#include "base/str.h"

static size_t characters(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += ((unsigned char)*s & 0xc0) != 0x80;
        return n;
}

static int check_shape(struct yaml_read *r, const struct yaml_shape *shape, const char *s)
{
        size_t n = characters(s);

        if (n < shape->min)
                return yaml_read_fail(r, "has %zu characters, needs at least %zu", n, shape->min);
        if (n > shape->max)
                return yaml_read_fail(r, "has %zu characters, may have at most %zu", n, shape->max);
        if (shape->first &&
            (!strchr(shape->first, s[0]) || (shape->rest && s[1 + strspn(s + 1, shape->rest)])))
                return yaml_read_fail(r, "'%s' must be %s", yaml_read_show(r, s), shape->hint);
        return 0;
}

int yaml_read_shaped(struct yaml_read *r, const struct yaml_shape *shape, const char **ret)
{
        const char *s = NULL;
        int rc;

        if ((rc = yaml_read_text(r, &s)) < 0 || (rc = check_shape(r, shape, s)) < 0)
                return rc;
        *ret = s;
        return 0;
}

int yaml_field_text(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_shaped(r, f->shape, (const char **)((char *)to + f->at));
}

int yaml_read_word(struct yaml_read *r, const char *const *words, size_t *ret)
{
        _cleanup_str_ struct str list = {0};
        const char *s = NULL;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        for (size_t i = 0; words[i]; i++) {
                if (streq(s, words[i])) {
                        *ret = i;
                        return 0;
                }
                str_addf(&list, "%s%s", i ? ", " : "", words[i]);
        }
        return yaml_read_fail(r, "'%s' is none of %s", yaml_read_show(r, s), str_text(&list));
}

int yaml_texts_item(struct yaml_read *r, size_t index, void *arg)
{
        struct yaml_texts *texts = arg;
        const char *s = NULL;
        int rc = yaml_read_shaped(r, texts->shape, &s);

        if (rc < 0)
                return rc;
        vec_foreach(known, &texts->list)
                if (streq(*known, s))
                        return yaml_read_fail(r, "'%s' is given twice", yaml_read_show(r, s));
        *vec_push(&texts->list) = s;
        return 0;
}

struct record_state {
        const struct yaml_field *fields;
        size_t n_fields;
        void *to;
        uint32_t seen; /* bit i: fields[i] was there */
};

static int record_key(struct yaml_read *r, const char *key, void *arg)
{
        struct record_state *record = arg;
        _cleanup_str_ struct str known = {0};

        for (size_t i = 0; i < record->n_fields; i++) {
                const struct yaml_field *f = &record->fields[i];

                str_addf(&known, "%s%s", i ? ", " : "", f->name);
                if (!streq(key, f->name))
                        continue;
                if (record->seen & 1u << i)
                        return yaml_read_fail(r, "is given twice");
                record->seen |= 1u << i;
                return f->read(r, f, record->to);
        }
        return yaml_read_fail(r, "unknown; known are %s", str_text(&known));
}

int yaml_read_record(struct yaml_read *r, const struct yaml_field *fields, size_t n_fields, void *to)
{
        struct record_state record = {.fields = fields, .n_fields = n_fields, .to = to};
        unsigned line = r->line;
        int rc;

        assert(n_fields <= YAML_FIELDS_MAX);
        rc = yaml_read_mapping(r, record_key, &record);
        for (size_t i = 0; rc == 0 && i < n_fields; i++)
                if (fields[i].required && !(record.seen & 1u << i)) {
                        (void)yaml_read_enter(r, fields[i].name);
                        rc = yaml_read_fail_at(r, line, "is missing; add it");
                }
        return rc;
}
