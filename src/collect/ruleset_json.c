/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ruleset_json.h"

#include <errno.h>

#include "base/mem.h"

static void reported_error(const json_t *root, struct err *err)
{
        json_int_t number = json_integer_value(json_object_get(root, "errno"));
        const char *words = json_string_value(json_object_get(root, "error"));

        (void)err_set(err, number > 0 && number < 4096 ? -(int)number : -EIO, "%s",
                      words && words[0] ? words : "the ruleset could not be listed");
}

json_t *ruleset_json(const char *json, size_t len, struct err *err)
{
        _cleanup_(json_release) json_t *root = NULL;
        json_error_t where;
        json_t *objects;

        if (len > RULESET_MAX_JSON) {
                (void)err_set(err, -EFBIG, "ruleset of %zu bytes is too large", len);
                return NULL;
        }
        root = json_loadb(json, len, 0, &where);
        objects = json_object_get(root, "nftables");
        if (!root)
                (void)err_set(err, -EINVAL, "ruleset is no JSON: byte %d: %s", where.position, where.text);
        else if (json_object_get(root, "error"))
                reported_error(root, err);
        else if (!json_is_array(objects))
                (void)err_set(err, -EINVAL, "ruleset has no list 'nftables'");
        else
                return json_incref(objects);
        return NULL;
}
