/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/control_parse.h"

#include <stdlib.h>

#include "base/str.h"
#include "knowledge/yaml_read.h"

#define CONTROLS_MAX 1000u

struct reading {
        struct parsed_control control;
        bool has_baseline;
};

static int control_key(struct yaml_read *r, const char *key, void *arg)
{
        struct reading *reading = arg;
        struct control *control = &reading->control.control;
        const char **text = streq(key, "framework") ? &control->framework
                            : streq(key, "id")      ? &control->id
                            : streq(key, "title")   ? &control->title
                                                    : NULL;

        if (streq(key, "baseline") && !reading->has_baseline) {
                reading->has_baseline = true;
                return yaml_read_bool(r, &reading->control.baseline);
        }
        if (!text)
                return yaml_read_fail(r, "unknown or given twice; known are framework, id, title, baseline");
        if (*text)
                return yaml_read_fail(r, "is given twice");
        return yaml_read_text(r, text);
}

static int control_item(struct yaml_read *r, size_t index, void *arg)
{
        struct parsed_controls *controls = arg;
        struct reading reading = {0};
        const struct control *c = &reading.control.control;
        unsigned line = r->line;
        int rc = yaml_read_mapping(r, control_key, &reading);

        if (rc < 0)
                return rc;
        if (!c->framework || !c->id || !c->title || !reading.has_baseline)
                return yaml_read_fail_at(r, line, "needs framework, id, title and baseline");
        vec_foreach (known, &controls->list)
                if (streq(known->control.framework, c->framework) && streq(known->control.id, c->id))
                        return yaml_read_fail_at(r, line, "'%s:%s' is there already", c->framework, c->id);
        *vec_push(&controls->list) = reading.control;
        return 0;
}

static int compare(const void *pa, const void *pb)
{
        const struct control *a = &((const struct parsed_control *)pa)->control;
        const struct control *b = &((const struct parsed_control *)pb)->control;
        int order = strcmp(a->framework, b->framework);

        return order ? order : strcmp(a->id, b->id);
}

int control_parse(const char *text, size_t len, const char *file, struct pool *pool,
                  struct parsed_controls *controls, struct err *err)
{
        _cleanup_(yaml_read_release) struct yaml_read r;
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        if (rc == 0 && r.event.type != YAML_STREAM_END_EVENT)
                rc = yaml_read_list(&r, CONTROLS_MAX, control_item, controls);
        if (rc == 0)
                rc = yaml_read_end(&r);
        vec_sort(&controls->list, compare);
        return rc;
}
