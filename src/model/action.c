/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/action.h"

#include <errno.h>

#include "base/json_read.h"

/* --- forms of values ------------------------------------------------------------------------- */

#define UNIT_NAME_MAX  255  /* systemd.unit(5) */
#define NAME_MAX_BYTES 128  /* of scripts, services and packages */
#define LINE_MAX_BYTES 4096 /* of a property of a unit */
#define RULE_MAX_BYTES (1U << 20) /* of a line of the firewall: 23,000 networks of IPv6 and more of IPv4 */
#define VALUES_MAX     100000u

#define LETTERS  "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS   "0123456789"

/* Non-empty, only of those letters, and not with a mark at the beginning that a program would take for an option. */
static bool is_of(const char *s, const char *letters, size_t max)
{
        size_t len = strlen(s);

        return len && len <= max && strspn(s, letters) == len && s[0] != '-' && s[0] != '.';
}

static bool is_unit(const char *s)
{
        static const char *const types[] = {".service", ".socket", ".path", ".timer"};

        if (!is_of(s, LETTERS CAPITALS DIGITS ":_.@-\\", UNIT_NAME_MAX) || s[0] == '@')
                return false;
        for (size_t i = 0; i < array_len(types); i++)
                if (str_ends(s, types[i]) && strlen(s) > strlen(types[i]))
                        return true;
        return false;
}

static bool is_service_unit(const char *s)
{
        return is_unit(s) && str_ends(s, ".service");
}

static bool is_name(const char *s)
{
        return is_of(s, LETTERS CAPITALS DIGITS "_.+-", NAME_MAX_BYTES);
}

static bool is_recipe(const char *s)
{
        return is_of(s, LETTERS DIGITS "-", NAME_MAX_BYTES);
}

/* Debian policy 5.6.1, and ":i386" of a foreign architecture. */
static bool is_package(const char *s)
{
        const char *colon = strchr(s, ':');
        size_t len = colon ? (size_t)(colon - s) : strlen(s);

        if (len < 2 || len > NAME_MAX_BYTES || s[0] == '+' || s[0] == '-' || s[0] == '.')
                return false;
        return strspn(s, LETTERS DIGITS "+.-") == len &&
               (!colon || is_of(colon + 1, LETTERS DIGITS "-", 32));
}

static bool is_inetd(const char *s)
{
        return streq(s, "inetd") || streq(s, "xinetd");
}

static bool is_transport(const char *s)
{
        return streq(s, "tcp") || streq(s, "udp");
}

static bool is_yes_or_no(const char *s)
{
        return streq(s, "yes") || streq(s, "no");
}

static bool is_line(const char *s)
{
        return is_of(s, LETTERS CAPITALS DIGITS " ._:/#,()@+=-", RULE_MAX_BYTES);
}

/* What a sandbox may set (systemd.resource-control(5), systemd.exec(5)), and nothing that runs or reads anything. */
static bool is_property(const char *s)
{
        static const struct {
                const char *name, *letters;
        } known[] = {
                {"IPAddressDeny=", LETTERS DIGITS ".:/ "},
                {"IPAddressAllow=", LETTERS DIGITS ".:/ "},
                {"RestrictAddressFamilies=", CAPITALS DIGITS "_ "},
                {"SocketBindDeny=", LETTERS DIGITS ":-"},
        };

        for (size_t i = 0; i < array_len(known); i++) {
                const char *value = str_after(s, known[i].name);

                if (value)
                        return is_of(value, known[i].letters, LINE_MAX_BYTES) && value[0] != ' ';
        }
        return false;
}

/* --- kinds ----------------------------------------------------------------------------------- */

struct value_form {
        const char *name;
        bool (*is)(const char *text);
        bool many, optional;
};

#define FORMS_MAX 4

static const struct kind {
        const char *name;
        struct value_form forms[FORMS_MAX];
} kinds[ACTION_KIND_MAX] = {
        [ACTION_UNIT_STOP] = {"unit-stop", {{"unit", is_unit, .many = true}}},
        [ACTION_SYSV_STOP] = {"sysv-stop", {{"script", is_name}}},
        [ACTION_INETD_STOP] = {"inetd-stop",
                               {{"server", is_inetd}, {"service", is_name}, {"transport", is_transport}}},
        [ACTION_BIND_LOOPBACK] = {"bind-loopback", {{"recipe", is_recipe}, {"unit", is_unit}}},
        [ACTION_UNIT_SANDBOX] = {"unit-sandbox",
                                 {{"unit", is_service_unit}, {"property", is_property, .many = true}}},
        [ACTION_FIREWALL] = {"firewall",
                             {{"zone", is_line, .many = true, .optional = true},
                              {"allow", is_line, .many = true, .optional = true},
                              {"log", is_yes_or_no, .optional = true}}},
        [ACTION_PUBLISHED] = {"published",
                              {{"zone", is_line, .many = true, .optional = true},
                               {"allow", is_line, .many = true, .optional = true},
                               {"deny", is_line, .many = true},
                               {"log", is_yes_or_no, .optional = true}}},
        [ACTION_PACKAGE_REMOVE] = {"package-remove", {{"package", is_package, .many = true}}},
        [ACTION_WINDOWS_SERVICE] = {"windows-service", {{"service", is_name, .many = true}}},
        [ACTION_WINDOWS_FIREWALL] = {"windows-firewall",
                                     {{"zone", is_line, .many = true, .optional = true},
                                      {"allow", is_line, .many = true, .optional = true},
                                      {"deny", is_line, .many = true, .optional = true}}},
};

const char *action_kind_name(enum action_kind kind)
{
        return kinds[kind].name;
}

enum action_kind action_kind_parse(const char *word)
{
        unsigned i = 0;

        while (i < ACTION_KIND_MAX && !streq(kinds[i].name, word))
                i++;
        return (enum action_kind)i;
}

const char *action_risk_name(enum action_risk risk)
{
        static const char *const names[] = {"low", "medium", "high"};

        return names[risk];
}

struct plan *plan_free(struct plan *plan)
{
        if (!plan)
                return NULL;
        vec_clear(&plan->actions);
        vec_clear(&plan->untouched);
        vec_clear(&plan->untouched_why);
        vec_clear(&plan->notes);
        pool_free(plan->pool);
        free(plan);
        return NULL;
}

const char *action_value(const struct action *a, const char *name, size_t n)
{
        for (const struct action_value *v = a->values; v && v->name; v++)
                if (streq(v->name, name) && n-- == 0)
                        return v->text;
        return NULL;
}

static size_t find_form(const struct kind *kind, const char *name)
{
        size_t i = 0;

        while (i < FORMS_MAX && !(kind->forms[i].name && streq(kind->forms[i].name, name)))
                i++;
        return i;
}

/* Names and texts are those of a file: an error shows only what is harmless. */
static int check_value(const struct kind *kind, const struct action_value *v, size_t seen[FORMS_MAX],
                       struct err *err)
{
        size_t i = find_form(kind, v->name);

        if (i == FORMS_MAX)
                return err_set(err, -EINVAL, "an action '%s' takes no such value%s%s", kind->name,
                               is_name(v->name) ? " as " : "", is_name(v->name) ? v->name : "");
        if (seen[i]++ && !kind->forms[i].many)
                return err_set(err, -EINVAL, "an action '%s' takes '%s' once", kind->name, v->name);
        if (!v->text || !kind->forms[i].is(v->text))
                return err_set(err, -EINVAL, "'%s' of an action '%s' is not of its form", v->name,
                               kind->name);
        return 0;
}

int action_check(enum action_kind kind, const struct action_value *values, struct err *err)
{
        size_t seen[FORMS_MAX] = {0};

        for (const struct action_value *v = values; v->name; v++) {
                int r = check_value(&kinds[kind], v, seen, err);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < FORMS_MAX && kinds[kind].forms[i].name; i++)
                if (!seen[i] && !kinds[kind].forms[i].optional)
                        return err_set(err, -EINVAL, "an action '%s' needs '%s'", kinds[kind].name,
                                       kinds[kind].forms[i].name);
        return 0;
}

/* --- requests -------------------------------------------------------------------------------- */

void action_request_write(const struct action *a, struct str *to)
{
        struct json j = json_to(to);

        json_open_object(&j, NULL);
        json_str(&j, "id", a->id);
        json_str(&j, "kind", action_kind_name(a->kind));
        json_open_array(&j, "values");
        for (const struct action_value *v = a->values; v->name; v++) {
                json_open_array(&j, NULL);
                json_str(&j, NULL, v->name);
                json_str(&j, NULL, v->text);
                json_end(&j);
        }
        json_end(&j);
        json_end_line(&j);
}

struct values {
        vec(struct action_value) list;
};

static void values_release(struct values *values)
{
        vec_clear(&values->list);
}

static const char *read_word(struct json_read *r, struct pool *pool)
{
        struct json_text text;

        return json_read_text(r, &text) ? pool_intern_n(pool, text.at, text.len) : NULL;
}

/* ["unit","telnet.socket"]; false: something else stands there. */
static bool read_value(struct json_read *r, struct pool *pool, struct values *to)
{
        const char *words[2] = {NULL, NULL};
        size_t n = 0;

        json_read_open(r, '[');
        for (; json_read_next(r); n++)
                if (n < 2)
                        words[n] = read_word(r, pool);
                else
                        json_read_skip(r);
        if (n != 2 || !words[0] || !words[1] || to->list.n >= VALUES_MAX)
                return false;
        *vec_push(&to->list) = (struct action_value){words[0], words[1]};
        return true;
}

static bool read_values(struct json_read *r, struct pool *pool, struct values *to)
{
        json_read_open(r, '[');
        while (json_read_next(r))
                if (!read_value(r, pool, to))
                        return false;
        return true;
}

static const struct action_value *keep_values(const struct values *values, struct pool *pool)
{
        struct action_value *kept = pool_alloc(pool, (values->list.n + 1) * sizeof(*kept));

        for (size_t i = 0; i < values->list.n; i++)
                kept[i] = values->list.at[i];
        return kept;
}

/* "unit-stop:telnet.socket": it becomes the name of a thing in journals. */
static bool is_id(const char *s)
{
        return is_of(s, LETTERS CAPITALS DIGITS ":_.@+/-\\", 2 * UNIT_NAME_MAX);
}

static int read_request(struct json_read *r, struct pool *pool, struct values *values, struct action *ret,
                        struct err *err)
{
        const char *kind = NULL;
        struct json_text key;
        bool well = true;

        json_read_open(r, '{');
        while (json_read_key(r, &key)) {
                if (json_text_is(&key, "id"))
                        ret->id = read_word(r, pool);
                else if (json_text_is(&key, "kind"))
                        kind = read_word(r, pool);
                else if (json_text_is(&key, "values") && !values->list.n)
                        well = read_values(r, pool, values);
                else
                        return err_set(err, -EINVAL,
                                       "a request for an action has a member that is not known");
                if (!well)
                        return err_set(err, -EINVAL, "values of a request must be pairs of name and text");
        }
        if (!json_read_end(r))
                return err_set(err, -EINVAL, "a request for an action is no JSON object of one line");
        if (!ret->id || !is_id(ret->id))
                return err_set(err, -EINVAL, "a request for an action has no proper 'id'");
        ret->kind = kind ? action_kind_parse(kind) : ACTION_KIND_MAX;
        if (ret->kind == ACTION_KIND_MAX)
                return err_set(err, -EINVAL, "a request for an action has no known 'kind'");
        return 0;
}

int action_request_read(const char *text, size_t len, struct pool *pool, struct action *ret, struct err *err)
{
        _cleanup_(values_release) struct values values = {0};
        _cleanup_(json_read_release) struct json_read reader = {0};
        int r;

        *ret = (struct action){0};
        json_read_init(&reader, text, len > ACTION_REQUEST_MAX ? 0 : len);
        if (len > ACTION_REQUEST_MAX)
                return err_set(err, -EINVAL, "a request for an action is longer than %u bytes",
                               ACTION_REQUEST_MAX);
        r = read_request(&reader, pool, &values, ret, err);
        if (r < 0)
                return r;
        ret->values = keep_values(&values, pool);
        return action_check(ret->kind, ret->values, err);
}
