/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/sinks_parse.h"

#include <errno.h>

#include "alert/queue.h"
#include "policy/lists.h"

#define WORD_START   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define WORD_REST    WORD_START "._-"
#define GROUP_S      30u
#define GROUP_S_MAX  3600u
#define QUEUE_LENGTH 10000u

static const struct yaml_shape shape_word = {1, 63, WORD_START, WORD_REST,
                                             "letters, digits and '._-', with no '._-' at the start"};
/* no control character gets into a header, a path or a command by this file */
#define PRINTABLE \
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
static const struct yaml_shape shape_text = {1, 1000, PRINTABLE, PRINTABLE, "printable ASCII characters"};
static const struct yaml_shape shape_path = {2, 1000, "/", PRINTABLE, "an absolute path"};

struct draft {
        struct sink_config c;
        vec(const char *) given; /* keys that not all types have */
};

static void draft_release(struct draft *d)
{
        vec_clear(&d->given);
}

static int read_given_text(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        *vec_push(&((struct draft *)to)->given) = f->name;
        return yaml_field_text(r, f, to);
}

static int read_given_words(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        *vec_push(&((struct draft *)to)->given) = f->name;
        return read_words(r, f, to);
}

struct arguments {
        vec(const char *) list;
};

static void arguments_release(struct arguments *a)
{
        vec_clear(&a->list);
}

/* Unlike other lists, this one may have the same word twice. */
static int argument_item(struct yaml_read *r, size_t index, void *arg)
{
        return yaml_read_shaped(r, &shape_text, vec_push(&((struct arguments *)arg)->list));
}

static int read_argv(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(arguments_release) struct arguments a = {0};
        struct draft *d = to;
        int rc = read_some(r, LIST_ITEMS_MAX, argument_item, &a);

        *vec_push(&d->given) = f->name;
        d->c.argv = (struct texts){keep(r->pool, a.list.at, a.list.n, sizeof(*a.list.at)), a.list.n};
        return rc;
}

static int read_type(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct draft *d = to;
        size_t i;
        int rc = yaml_read_word(r, sink_names, &i);

        if (rc == 0)
                d->c.sink = sink_find(sink_names[i]);
        return rc;
}

static int kind_item(struct yaml_read *r, size_t index, void *arg)
{
        const char *words[EVENT_KIND_MAX + 1] = {0};
        struct draft *d = arg;
        size_t i;
        int rc;

        for (unsigned kind = 0; kind < EVENT_KIND_MAX; kind++)
                words[kind] = event_kind_name((enum event_kind)kind);
        rc = yaml_read_word(r, words, &i);
        if (rc == 0)
                d->c.kinds |= 1u << i;
        return rc;
}

static int read_kinds(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return read_some(r, LIST_ITEMS_MAX, kind_item, to);
}

static int verdict_item(struct yaml_read *r, size_t index, void *arg)
{
        static const char *const words[] = {"approved",   "expired",  "unapproved",
                                            "prohibited", "unjudged", NULL};
        static const enum verdict means[] = {VERDICT_APPROVED, VERDICT_EXPIRED, VERDICT_UNAPPROVED,
                                             VERDICT_PROHIBITED, VERDICT_NONE};
        struct draft *d = arg;
        size_t i;
        int rc = yaml_read_word(r, words, &i);

        if (rc == 0)
                d->c.verdicts |= 1u << means[i];
        return rc;
}

static int read_verdicts(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return read_some(r, LIST_ITEMS_MAX, verdict_item, to);
}

static int read_group(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_number(r, 0, GROUP_S_MAX, &((struct draft *)to)->c.group_s);
}

static int read_queue(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_number(r, 1, QUEUE_LENGTH_MAX, &((struct draft *)to)->c.queue);
}

static int refuse_secret(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_fail(r,
                              "a secret does not belong in this file: name a file that only root can read "
                              "(%s_file), or a credential",
                              streq(f->name, "secret") ? "secret" : "password");
}

#define TEXT(field)    offsetof(struct draft, c.field), .shape = &shape_text
#define PATH_AT(field) offsetof(struct draft, c.field), .shape = &shape_path
#define TEXTS(field)   offsetof(struct draft, c.field.at), offsetof(struct draft, c.field.n), &shape_text

static const struct yaml_field sink_fields[] = {
        {"name", yaml_field_text, offsetof(struct draft, c.name), .shape = &shape_word, .required = true},
        {"type", read_type, .required = true},
        {"kinds", read_kinds},
        {"verdicts", read_verdicts},
        {"group", read_group},
        {"queue", read_queue},
        {"url", read_given_text, TEXT(url)},
        {"server", read_given_text, TEXT(url)},
        {"secret_file", read_given_text, PATH_AT(secret_file)},
        {"password_file", read_given_text, PATH_AT(password_file)},
        {"credential", read_given_text, offsetof(struct draft, c.credential), .shape = &shape_word},
        {"ca_file", read_given_text, PATH_AT(ca_file)},
        {"format", read_given_text, TEXT(format)},
        {"starttls", read_given_text, TEXT(starttls)},
        {"from", read_given_text, TEXT(from)},
        {"user", read_given_text, TEXT(user)},
        {"to", read_given_words, TEXTS(to)},
        {"argv", read_argv},
        {"secret", refuse_secret},
        {"password", refuse_secret},
};

static bool is_key_of(const struct sink *sink, const char *key)
{
        for (const char *const *k = sink->keys; *k; k++)
                if (streq(*k + (**k == '!'), key))
                        return true;
        return false;
}

static bool is_given(const struct draft *d, const char *key)
{
        vec_foreach(given, &d->given)
                if (streq(*given, key))
                        return true;
        return false;
}

static int check_keys(struct yaml_read *r, const struct draft *d)
{
        const struct sink *sink = d->c.sink;

        vec_foreach(given, &d->given)
                if (!is_key_of(sink, *given))
                        return yaml_read_fail_at(r, d->c.line, "a sink of type %s has no '%s'", sink->name,
                                                 *given);
        for (const char *const *k = sink->keys; *k; k++)
                if (**k == '!' && !is_given(d, *k + 1))
                        return yaml_read_fail_at(r, d->c.line, "a sink of type %s needs '%s'", sink->name,
                                                 *k + 1);
        return 0;
}

static int read_sink(struct yaml_read *r, struct sink_config *ret)
{
        _cleanup_(draft_release) struct draft d = {
                .c = {.line = r->line, .group_s = GROUP_S, .queue = QUEUE_LENGTH}};
        int rc = yaml_read_record(r, sink_fields, array_len(sink_fields), &d);

        if (rc == 0)
                rc = check_keys(r, &d);
        if (rc == 0 && (!!d.c.secret_file + !!d.c.password_file + !!d.c.credential) > 1)
                rc = yaml_read_fail_at(r, d.c.line,
                                       "takes its secret from a file or a credential, not from both");
        if (rc == 0 && d.c.sink->check)
                rc = d.c.sink->check(r, &d.c);
        *ret = d.c;
        return rc;
}

struct list {
        vec(struct sink_config) sinks;
};

static void list_release(struct list *list)
{
        vec_clear(&list->sinks);
}

static int sink_item(struct yaml_read *r, size_t index, void *arg)
{
        struct list *list = arg;
        struct sink_config c;
        int rc = read_sink(r, &c);

        if (rc < 0)
                return rc;
        vec_foreach(other, &list->sinks)
                if (streq(other->name, c.name))
                        return yaml_read_fail_at(r, c.line, "the name '%s' is given twice", c.name);
        *vec_push(&list->sinks) = c;
        return 0;
}

static int read_sinks(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, SINKS_MAX, sink_item, to);
}

int sinks_parse(const char *text, size_t len, const char *file, struct pool *pool, struct sinks *ret,
                struct err *err)
{
        static const struct yaml_field fields[] = {{"sinks", read_sinks, .required = true}};
        _cleanup_(yaml_read_release) struct yaml_read r;
        _cleanup_(list_release) struct list list = {0};
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        *ret = (struct sinks){.file = file};
        if (rc == 0 && r.event.type != YAML_STREAM_END_EVENT)
                rc = yaml_read_record(&r, fields, array_len(fields), &list);
        if (rc == 0)
                rc = yaml_read_end(&r);
        if (rc < 0)
                return rc;
        ret->at = keep(pool, list.sinks.at, list.sinks.n, sizeof(*list.sinks.at));
        ret->n = list.sinks.n;
        return 0;
}
