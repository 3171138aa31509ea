/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/payload_parse.h"

#include "knowledge/page_parse.h"
#include "knowledge/yaml_read.h"

#define PAYLOADS_MAX 250u /* their index is a byte */
#define PORTS_MAX    64u
#define ANSWERS_MAX  16u

static const char *const safety_names[] = {
        [PAYLOAD_QUERY] = "query",
        [PAYLOAD_SESSION] = "session",
        [PAYLOAD_INDUSTRIAL] = "industrial",
};

static void release(struct parsed_payload *p)
{
        vec_clear(&p->ports);
        payload_text_release(&p->bytes);
        vec_foreach (answer, &p->answers)
                payload_text_release(answer);
        vec_clear(&p->answers);
}

void parsed_payloads_release(struct parsed_payloads *p)
{
        vec_foreach (payload, &p->list)
                release(payload);
        vec_clear(&p->list);
}

static int port_item(struct yaml_read *r, size_t index, void *arg)
{
        struct parsed_payload *p = arg;
        struct port_range range;
        const char *text;
        int rc = yaml_read_text(r, &text);

        if (rc < 0)
                return rc;
        if (port_range_parse(text, &range) < 0 || range.transport != TRANSPORT_UDP || !range.first)
                return yaml_read_fail(r, "'%s' is no port of UDP as '53/udp'", yaml_read_show(r, text));
        *vec_push(&p->ports) = range;
        return 0;
}

static int answer_item(struct yaml_read *r, size_t index, void *arg)
{
        struct parsed_payload *p = arg;
        const char *text;
        struct err why = {0};
        int rc = yaml_read_text(r, &text);

        if (rc < 0)
                return rc;
        if (payload_text_answer(vec_push(&p->answers), text, &why) < 0)
                return yaml_read_fail(r, "%s", why.text);
        return 0;
}

static int read_bytes(struct yaml_read *r, struct parsed_payload *p)
{
        const char *text;
        struct err why = {0};
        int rc = yaml_read_text(r, &text);

        if (rc < 0)
                return rc;
        if (p->has_bytes)
                return yaml_read_fail(r, "is given twice");
        p->has_bytes = true;
        return payload_text_bytes(&p->bytes, text, &why) < 0 ? yaml_read_fail(r, "%s", why.text) : 0;
}

static int read_safety(struct yaml_read *r, struct parsed_payload *p)
{
        const char *text;
        int rc = yaml_read_text(r, &text);

        if (rc < 0)
                return rc;
        for (size_t i = 0; i < array_len(safety_names); i++)
                if (streq(text, safety_names[i])) {
                        p->safety = (enum payload_safety)i;
                        return 0;
                }
        return yaml_read_fail(r, "known are query, session, industrial");
}

static int read_general(struct yaml_read *r, struct parsed_payload *p)
{
        const char *text;
        uint64_t n = 0;
        int rc = yaml_read_text(r, &text);

        if (rc < 0)
                return rc;
        if (str_to_u64(text, UDP_PAYLOADS_A_PORT - 1, &n) < 0 || !n)
                return yaml_read_fail(r, "expected a place from '1' to '%u'", UDP_PAYLOADS_A_PORT - 1);
        p->general = (unsigned)n;
        return 0;
}

static int read_other_port(struct yaml_read *r, struct parsed_payload *p)
{
        return yaml_read_bool(r, &p->other_port);
}

static int read_ports(struct yaml_read *r, struct parsed_payload *p)
{
        return yaml_read_list(r, PORTS_MAX, port_item, p);
}

static int read_answers(struct yaml_read *r, struct parsed_payload *p)
{
        return yaml_read_list(r, ANSWERS_MAX, answer_item, p);
}

static int payload_key(struct yaml_read *r, const char *key, void *arg)
{
        static const struct {
                const char *key;
                int (*read)(struct yaml_read *r, struct parsed_payload *p);
        } keys[] = {
                {"answers", read_answers}, {"bytes", read_bytes},           {"general", read_general},
                {"ports", read_ports},     {"other_port", read_other_port}, {"safety", read_safety},
        };
        struct parsed_payload *p = arg;
        const char **text = streq(key, "id")          ? &p->id
                            : streq(key, "protocol")  ? &p->protocol
                            : streq(key, "log")       ? &p->log
                            : streq(key, "reference") ? &p->reference
                            : streq(key, "silent")    ? &p->silent
                                                      : NULL;

        for (size_t i = 0; i < array_len(keys); i++)
                if (streq(key, keys[i].key))
                        return keys[i].read(r, p);
        if (!text)
                return yaml_read_fail(r, "unknown");
        return *text ? yaml_read_fail(r, "is given twice") : yaml_read_text(r, text);
}

static int check(struct yaml_read *r, const struct parsed_payloads *all, const struct parsed_payload *p)
{
        if (!p->protocol || !p->reference || (!p->ports.n && !p->general))
                return yaml_read_fail_at(r, p->line, "needs protocol, reference and ports");
        if (!p->silent != p->has_bytes)
                return yaml_read_fail_at(r, p->line, "needs either bytes or silent");
        if (p->silent)
                return 0;
        if (!p->id || !p->log)
                return yaml_read_fail_at(r, p->line, "needs id and log");
        if (p->other_port)
                vec_foreach (answer, &p->answers)
                        if (!answer->masked.n)
                                return yaml_read_fail_at(r, p->line, "other_port needs answers that tell");
        for (const struct parsed_payload *q = all->list.at; q < p; q++) {
                if (q->id && streq(p->id, q->id))
                        return yaml_read_fail_at(r, p->line, "'%s' is there already", p->id);
                if (p->general && p->general == q->general)
                        return yaml_read_fail_at(r, p->line, "general %u is '%s' already", p->general, q->id);
        }
        return 0;
}

static int payload_item(struct yaml_read *r, size_t index, void *arg)
{
        struct parsed_payloads *all = arg;
        struct parsed_payload *p = vec_push(&all->list);
        int rc;

        p->line = r->line;
        rc = yaml_read_mapping(r, payload_key, p);
        return rc < 0 ? rc : check(r, all, p);
}

int payload_parse(const char *text, size_t len, const char *file, struct pool *pool,
                  struct parsed_payloads *ret, struct err *err)
{
        _cleanup_(yaml_read_release) struct yaml_read r;
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        if (rc == 0)
                rc = yaml_read_list(&r, PAYLOADS_MAX, payload_item, ret);
        return rc < 0 ? rc : yaml_read_end(&r);
}
