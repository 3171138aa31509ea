/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/lists.h"

#include <string.h>

void *keep(struct pool *pool, const void *at, size_t n, size_t size)
{
        return n ? memcpy(pool_alloc(pool, n * size), at, n * size) : NULL;
}

struct counted {
        yaml_read_item *item;
        void *arg;
        size_t n;
};

static int counted_item(struct yaml_read *r, size_t index, void *arg)
{
        struct counted *counted = arg;

        counted->n++;
        return counted->item(r, index, counted->arg);
}

int read_some(struct yaml_read *r, size_t max, yaml_read_item *item, void *arg)
{
        struct counted counted = {item, arg, 0};
        unsigned line = r->line;
        int rc;

        if (r->event.type == YAML_SCALAR_EVENT)
                return item(r, 0, arg);
        rc = yaml_read_list(r, max, counted_item, &counted);
        if (rc == 0 && !counted.n)
                return yaml_read_fail_at(r, line, "is an empty list; name something or remove the line");
        return rc;
}

int read_words(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(yaml_texts_release) struct yaml_texts texts = {.shape = f->shape};
        int rc = read_some(r, LIST_ITEMS_MAX, yaml_texts_item, &texts);

        *(const char ***)((char *)to + f->at) =
                keep(r->pool, texts.list.at, texts.list.n, sizeof(*texts.list.at));
        *(size_t *)((char *)to + f->count) = texts.list.n;
        return rc;
}
