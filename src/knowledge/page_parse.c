/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/page_parse.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "knowledge/yaml_record.h"

#define LOWER     "abcdefghijklmnopqrstuvwxyz"
#define UPPER     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS    "0123456789"
#define MAX_ITEMS 256u

static const struct yaml_shape shape_id = {1, 40, LOWER DIGITS, LOWER DIGITS "-",
                                           "lower-case letters, digits and '-'"};
static const struct yaml_shape shape_alias = {1, 40, LOWER DIGITS, LOWER DIGITS "._+-",
                                              "lower-case letters, digits and '._+-'"};
static const struct yaml_shape shape_program = {
        1, 64, UPPER LOWER DIGITS "_.+@-", UPPER LOWER DIGITS "_.+@-",
        "the base name of an executable: letters, digits and '_.+@-'"};
static const struct yaml_shape shape_package = {1, 64, LOWER DIGITS, LOWER DIGITS ".+-",
                                                "a Debian package: lower-case letters, digits and '.+-'"};
static const struct yaml_shape shape_file = {2, 200, "/", NULL, "an absolute path"};
static const struct yaml_shape shape_name = {1, 80, NULL, NULL, NULL};
static const struct yaml_shape shape_what = {20, 700, NULL, NULL, NULL};
static const struct yaml_shape shape_why = {20, 500, NULL, NULL, NULL};
static const struct yaml_shape shape_note = {10, 700, NULL, NULL, NULL};
static const struct yaml_shape shape_step = {10, 400, NULL, NULL, NULL};
static const struct yaml_shape shape_reference = {3, 200, NULL, NULL, NULL};
static const struct yaml_shape shape_any = {1, 400, NULL, NULL, NULL};

static const char *const encrypted_words[] = {"none",   "optional", "starttls", "tls",
                                              "native", "varies",   NULL};
static const char *const frameworks[] = {"cis-8.1:", "nerc-cip-007-6:", "nist-800-53r5:", "pci-dss-4.0:"};

/* --- words ----------------------------------------------------------------------------------- */

static int read_encrypted(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct page *page = to;
        size_t i = 0;
        int rc = yaml_read_word(r, encrypted_words, &i);

        page->encrypted = encrypted_words[i];
        return rc;
}

static int read_advice(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        const char *words[ADVICE_MAX + 1] = {NULL};
        struct page *page = to;
        size_t i = 0;
        int rc;

        for (i = 0; i < ADVICE_MAX; i++)
                words[i] = advice_class_name((enum advice_class)i);
        rc = yaml_read_word(r, words, &i);
        if (rc == 0)
                page->advice = (enum advice_class)i;
        return rc;
}

/* --- ports ----------------------------------------------------------------------------------- */

int port_range_parse(const char *text, struct port_range *ret)
{
        const char *slash = strchr(text, '/');
        const char *dash = strchr(text, '-');
        char first[8] = "", last[8] = "";
        enum transport transport;
        uint64_t a, b;

        if (!slash || slash - text >= 12 || (dash && dash > slash))
                return -EINVAL;
        if (!dash)
                dash = slash;
        if (dash - text >= 8 || slash - dash >= 8)
                return -EINVAL;
        memcpy(first, text, (size_t)(dash - text));
        if (dash < slash)
                memcpy(last, dash + 1, (size_t)(slash - dash - 1));
        transport = transport_parse(slash + 1);
        if (transport != TRANSPORT_TCP && transport != TRANSPORT_UDP && transport != TRANSPORT_SCTP)
                return -EINVAL;
        if (str_to_u64(first, UINT16_MAX, &a) < 0 ||
            str_to_u64(dash < slash ? last : first, UINT16_MAX, &b) < 0)
                return -EINVAL;
        if (!a || a > b)
                return -EINVAL;
        *ret = (struct port_range){transport, (uint16_t)a, (uint16_t)b};
        return 0;
}

const char *port_range_format(const struct port_range *range, char buf[PORT_RANGE_TEXT_SIZE])
{
        const char *transport = transport_name(range->transport);

        if (range->first == range->last)
                (void)snprintf(buf, PORT_RANGE_TEXT_SIZE, "%u/%s", range->first, transport);
        else
                (void)snprintf(buf, PORT_RANGE_TEXT_SIZE, "%u-%u/%s", range->first, range->last, transport);
        return buf;
}

static int read_range(struct yaml_read *r, const char **ret_text, struct port_range *ret)
{
        const char *s = NULL;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        if (port_range_parse(s, ret) < 0)
                return yaml_read_fail(
                        r, "'%s' is not a port or range with its transport, as 22/tcp or 5000-5010/udp",
                        yaml_read_show(r, s));
        if (ret_text)
                *ret_text = s;
        return 0;
}

/* --- lists ----------------------------------------------------------------------------------- */

struct list_state { /* items gather here, then go to the pool as one array */
        struct yaml_texts texts;
        vec(struct port_range) ranges;
        vec(struct bind_hint) binds;
};

static void list_state_release(struct list_state *list)
{
        yaml_texts_release(&list->texts);
        vec_clear(&list->ranges);
        vec_clear(&list->binds);
}

/* Read a list by `item` and hand the array that the last three arguments describe to the struct. */
static int read_items(struct yaml_read *r, const struct yaml_field *f, void *to, yaml_read_item *item,
                      struct list_state *list, void *const *at, const size_t *n, size_t size)
{
        unsigned line = r->line;
        void *array;
        int rc = yaml_read_list(r, f->max, item, list);

        if (rc < 0)
                return rc;
        if (*n < f->min)
                return yaml_read_fail_at(r, line, "needs at least %u item%s", f->min,
                                         f->min == 1 ? "" : "s");
        array = pool_alloc(r->pool, *n * size);
        if (*n)
                memcpy(array, *at, *n * size);
        memcpy((char *)to + f->at, &array, sizeof(array));
        *(unsigned short *)((char *)to + f->count) = (unsigned short)*n;
        return 0;
}

static int text_item(struct yaml_read *r, size_t index, void *arg)
{
        struct list_state *list = arg;

        return yaml_texts_item(r, index, &list->texts);
}

static int read_texts(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(list_state_release) struct list_state list = {.texts.shape = f->shape};

        return read_items(r, f, to, text_item, &list, (void *const *)&list.texts.list.at, &list.texts.list.n,
                          sizeof(*list.texts.list.at));
}

static int control_item(struct yaml_read *r, size_t index, void *arg)
{
        struct list_state *list = arg;
        int rc = yaml_texts_item(r, index, &list->texts);
        const char *s, *id = NULL;

        if (rc < 0)
                return rc;
        s = list->texts.list.at[list->texts.list.n - 1];
        for (size_t i = 0; i < array_len(frameworks) && !id; i++)
                id = str_after(s, frameworks[i]);
        if (!id || !*id || id[strspn(id, UPPER LOWER DIGITS ".()-")])
                return yaml_read_fail(r, "'%s' is not framework:id, as nist-800-53r5:SC-8 or cis-8.1:4.8",
                                      yaml_read_show(r, s));
        return 0;
}

static int read_controls(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(list_state_release) struct list_state list = {.texts.shape = f->shape};

        return read_items(r, f, to, control_item, &list, (void *const *)&list.texts.list.at,
                          &list.texts.list.n, sizeof(*list.texts.list.at));
}

static int range_item(struct yaml_read *r, size_t index, void *arg)
{
        struct list_state *list = arg;
        struct port_range range;
        int rc = read_range(r, NULL, &range);

        if (rc < 0)
                return rc;
        vec_foreach(known, &list->ranges)
                if (known->transport == range.transport && known->first <= range.last &&
                    range.first <= known->last)
                        return yaml_read_fail(r, "overlaps a port that the list already has");
        *vec_push(&list->ranges) = range;
        return 0;
}

static int read_ranges(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(list_state_release) struct list_state list = {.texts.shape = f->shape};

        return read_items(r, f, to, range_item, &list, (void *const *)&list.ranges.at, &list.ranges.n,
                          sizeof(*list.ranges.at));
}

/* --- mappings -------------------------------------------------------------------------------- */

static int read_severity(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        const char *words[SEVERITY_MAX + 1] = {NULL};
        size_t i;
        int rc;

        for (i = 0; i < SEVERITY_MAX; i++)
                words[i] = severity_name((enum severity)i);
        rc = yaml_read_word(r, words, &i);
        if (rc == 0)
                *(enum severity *)((char *)to + f->at) = (enum severity)i;
        return rc;
}

static int read_risk(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        static const struct yaml_field fields[] = {
                {"loopback", read_severity, offsetof(struct page, risk_loopback), .required = true},
                {"link", read_severity, offsetof(struct page, risk_link), .required = true},
                {"internet", read_severity, offsetof(struct page, risk_internet), .required = true},
        };

        return yaml_read_record(r, fields, array_len(fields), to);
}

static int read_alternative_port(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct port_range range;

        return read_range(r, &((struct alternative *)to)->port, &range);
}

static int read_alternative(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        static const struct yaml_field fields[] = {
                {"protocol", yaml_field_text, offsetof(struct alternative, protocol), .shape = &shape_any,
                 .required = true},
                {"port", read_alternative_port},
                {"package", yaml_field_text, offsetof(struct alternative, package), .shape = &shape_any},
        };

        return yaml_read_record(r, fields, array_len(fields), &((struct page *)to)->alternative);
}

static int bind_item(struct yaml_read *r, size_t index, void *arg)
{
        static const struct yaml_field fields[] = {
                {"package", yaml_field_text, offsetof(struct bind_hint, package), .shape = &shape_any,
                 .required = true},
                {"file", yaml_field_text, offsetof(struct bind_hint, file), .shape = &shape_file,
                 .required = true},
                {"set", yaml_field_text, offsetof(struct bind_hint, set), .shape = &shape_any,
                 .required = true},
        };
        struct list_state *list = arg;

        return yaml_read_record(r, fields, array_len(fields), vec_push(&list->binds));
}

static int read_binds(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(list_state_release) struct list_state list = {.texts.shape = f->shape};

        return read_items(r, f, to, bind_item, &list, (void *const *)&list.binds.at, &list.binds.n,
                          sizeof(*list.binds.at));
}

/* --- pages ----------------------------------------------------------------------------------- */

#define LIST(field) offsetof(struct page, field), offsetof(struct page, n_##field)

static const struct yaml_field page_fields[] = {
        {"id", yaml_field_text, offsetof(struct page, id), .shape = &shape_id, .required = true},
        {"name", yaml_field_text, offsetof(struct page, name), .shape = &shape_name, .required = true},
        {"aliases", read_texts, LIST(aliases), &shape_alias, 0, MAX_ITEMS},
        {"ports", read_ranges, LIST(ports), NULL, 0, MAX_ITEMS, .required = true},
        {"also_ports", read_ranges, LIST(also_ports), NULL, 0, MAX_ITEMS},
        {"programs", read_texts, LIST(programs), &shape_program, 0, MAX_ITEMS},
        {"also_programs", read_texts, LIST(also_programs), &shape_program, 0, MAX_ITEMS},
        {"packages", read_texts, LIST(packages), &shape_package, 0, MAX_ITEMS},
        {"what", yaml_field_text, offsetof(struct page, what), .shape = &shape_what, .required = true},
        {"encrypted", read_encrypted, .required = true},
        {"advice", read_advice, .required = true},
        {"why", yaml_field_text, offsetof(struct page, why), .shape = &shape_why, .required = true},
        {"risk", read_risk, .required = true},
        {"remediation", read_texts, LIST(remediation), &shape_step, 1, 8, .required = true},
        {"bind", read_binds, LIST(binds), NULL, 0, MAX_ITEMS},
        {"alternative", read_alternative},
        {"note", yaml_field_text, offsetof(struct page, note), .shape = &shape_note},
        {"references", read_texts, LIST(references), &shape_reference, 1, MAX_ITEMS, .required = true},
        {"controls", read_controls, LIST(controls), &shape_any, 0, MAX_ITEMS},
};

struct file_state {
        struct parsed_pages *pages;
        const char *source;
        size_t start; /* pages of this file begin here */
};

static int page_item(struct yaml_read *r, size_t index, void *arg)
{
        struct file_state *file = arg;
        struct parsed_page parsed = {.page.source = file->source, .line = r->line};
        int rc;

        yaml_read_leave(r, 0); /* fields are named within their page; the line says which */
        rc = yaml_read_record(r, page_fields, array_len(page_fields), &parsed.page);
        if (rc < 0)
                return rc;
        for (size_t i = file->start; i < file->pages->list.n; i++)
                if (streq(file->pages->list.at[i].page.id, parsed.page.id)) {
                        (void)yaml_read_enter(r, "id");
                        return yaml_read_fail_at(r, parsed.line,
                                                 "'%s' is already the page of line %u; ids are unique",
                                                 parsed.page.id, file->pages->list.at[i].line);
                }
        *vec_push(&file->pages->list) = parsed;
        return 0;
}

int page_parse(const char *text, size_t len, const char *file, const char *source, struct pool *pool,
               struct parsed_pages *pages, struct err *err)
{
        _cleanup_(yaml_read_release) struct yaml_read r;
        struct file_state state = {.pages = pages, .source = source, .start = pages->list.n};
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        if (rc == 0 && r.event.type != YAML_STREAM_END_EVENT)
                rc = yaml_read_list(&r, PAGES_MAX, page_item, &state);
        if (rc == 0)
                rc = yaml_read_end(&r);
        if (rc < 0)
                pages->list.n = state.start;
        return rc;
}
