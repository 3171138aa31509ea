/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/policy_parse.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "knowledge/knowledge.h"
#include "knowledge/names.h"
#include "model/identity.h"
#include "model/listener.h"
#include "policy/lists.h"

#define WORD_START "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define WORD_REST  WORD_START "._-"

static const struct yaml_shape shape_word = {1, 63, WORD_START, WORD_REST,
                                             "letters, digits and '._-', with no '._-' at the start"};
static const struct yaml_shape shape_protocol = {1, 63, WORD_START, WORD_REST,
                                                 "the name of a protocol, as https"};
static const struct yaml_shape shape_glob = {1, POLICY_GLOB_MAX, NULL, NULL, NULL};
static const struct yaml_shape shape_text = {1, 300, NULL, NULL, NULL};
static const struct yaml_shape shape_need = {0, 500, NULL, NULL, NULL};

_Static_assert(POLICY_FILE_MAX == YAML_READ_FILE_MAX, "what is read can be parsed");

/* What is gathered until all of it is known to be right. */
struct draft {
        struct pool *pool;
        struct policy_rule defaults;
        vec(struct policy_rule) allow, deny;
};

static void draft_release(struct draft *d)
{
        vec_clear(&d->allow);
        vec_clear(&d->deny);
}

struct rule_draft {
        struct policy_rule rule;
        struct pool *pool;
        vec(struct policy_ports) ports;
        vec(const char *) names; /* of ports, as written */
        bool encryption_given;
};

static void rule_draft_release(struct rule_draft *d)
{
        vec_clear(&d->ports);
        vec_clear(&d->names);
}

/* --- ports ----------------------------------------------------------------------------------- */

#define PORT_TRANSPORTS \
        (1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP | 1u << TRANSPORT_UDPLITE | 1u << TRANSPORT_SCTP)

static void add_ports(struct rule_draft *d, unsigned transports, uint16_t first, uint16_t last)
{
        *vec_push(&d->ports) =
                (struct policy_ports){.transports = (uint8_t)transports, .first = first, .last = last};
}

struct by_name {
        struct rule_draft *draft;
        unsigned transports; /* 0: any */
        bool found;
};

static void add_named(enum transport transport, uint16_t port, void *arg)
{
        struct by_name *by = arg;

        if (by->transports && !(by->transports & 1u << transport))
                return;
        by->found = true;
        add_ports(by->draft, 1u << transport, port, port);
}

/* "443", "8000-8010": false for what is no number at all. -EINVAL: it is one, and no port. */
static bool read_numbers(const char *s, uint16_t ret[2], bool *ret_bad)
{
        uint64_t first, last;
        const char *dash = strchr(s, '-');
        _cleanup_free_ char *head = dash ? xstrndup(s, (size_t)(dash - s)) : xstrdup(s);

        *ret_bad = false;
        if (*s < '0' || *s > '9' || s[strspn(s, "0123456789-")])
                return false;
        *ret_bad = str_to_u64(head, UINT16_MAX, &first) < 0 ||
                   str_to_u64(dash ? dash + 1 : head, UINT16_MAX, &last) < 0 || !first || first > last;
        if (!*ret_bad) {
                ret[0] = (uint16_t)first;
                ret[1] = (uint16_t)last;
        }
        return true;
}

static int fail_port(struct yaml_read *r, const char *s)
{
        return yaml_read_fail(
                r,
                "'%s' is not a port or range of 1 to 65535, as 443/tcp or 8000-8010, a service name, "
                "or dynamic",
                yaml_read_show(r, s));
}

static int port_item(struct yaml_read *r, size_t index, void *arg)
{
        struct rule_draft *d = arg;
        struct by_name by = {.draft = d};
        const char *s = NULL, *slash, *name;
        uint16_t numbers[2];
        bool bad;
        int rc = yaml_read_text_or_number(r, &s);

        if (rc < 0)
                return rc;
        *vec_push(&d->names) = s;
        slash = strrchr(s, '/');
        name = slash ? pool_intern_n(r->pool, s, (size_t)(slash - s)) : s;
        if (slash) {
                enum transport transport = transport_parse(slash + 1);

                if (transport >= TRANSPORT_RAW)
                        return yaml_read_fail(r, "'%s': behind the slash stands tcp, udp, udplite or sctp",
                                              yaml_read_show(r, s));
                by.transports = 1u << transport;
        }
        if (read_numbers(name, numbers, &bad)) {
                if (bad)
                        return fail_port(r, s);
                add_ports(d, by.transports, numbers[0], numbers[1]);
                return 0;
        }
        if (streq(name, "dynamic")) {
                *vec_push(&d->ports) =
                        (struct policy_ports){.transports = (uint8_t)by.transports, .dynamic = true};
                return 0;
        }
        registry_by_name(name, add_named, &by);
        if (!by.found)
                return fail_port(r, s);
        return 0;
}

static int read_port(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct rule_draft *d = to;

        if (d->names.n)
                return yaml_read_fail(r,
                                      "ports are given twice; one of port, ports and ip_protocol will do");
        return read_some(r, LIST_ITEMS_MAX, port_item, d);
}

static int ip_protocol_item(struct yaml_read *r, size_t index, void *arg)
{
        struct rule_draft *d = arg;
        const char *s = NULL;
        uint64_t number;
        int rc = yaml_read_text_or_number(r, &s);

        if (rc < 0)
                return rc;
        if (str_to_u64(s, UINT8_MAX, &number) < 0) {
                int known = ip_protocol_parse(s);

                if (known < 0)
                        return yaml_read_fail(
                                r,
                                "'%s' is not an IP protocol: a number from 0 to 255, or a name as vrrp, "
                                "ospf or esp",
                                yaml_read_show(r, s));
                number = (uint64_t)known;
        }
        add_ports(d, 1u << TRANSPORT_RAW, (uint16_t)number, (uint16_t)number);
        *vec_push(&d->names) = pool_printf(r->pool, "IP protocol %s", s);
        return 0;
}

static int read_ip_protocol(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        struct rule_draft *d = to;

        if (d->names.n)
                return yaml_read_fail(r,
                                      "ports are given twice; one of port, ports and ip_protocol will do");
        return read_some(r, LIST_ITEMS_MAX, ip_protocol_item, d);
}

static int transport_item(struct yaml_read *r, size_t index, void *arg)
{
        static const char *const words[] = {"tcp", "udp", "udplite", "sctp", NULL};
        struct rule_draft *d = arg;
        size_t i;
        int rc = yaml_read_word(r, words, &i);

        if (rc == 0)
                d->rule.transports |= (uint8_t)(1u << transport_parse(words[i]));
        return rc;
}

static int read_transport(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return read_some(r, LIST_ITEMS_MAX, transport_item, to);
}

/* --- what must speak there ------------------------------------------------------------------- */

static int encryption_item(struct yaml_read *r, size_t index, void *arg)
{
        static const char *const words[] = {"tls", "starttls", "native", "none", NULL};
        static const enum encryption means[] = {ENCRYPTION_TLS, ENCRYPTION_STARTTLS, ENCRYPTION_NATIVE,
                                                ENCRYPTION_NONE};
        struct rule_draft *d = arg;
        size_t i;
        int rc = yaml_read_word(r, words, &i);

        if (rc == 0)
                d->rule.encryption |= (uint8_t)(1u << means[i]);
        return rc;
}

static int read_encryption(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        ((struct rule_draft *)to)->encryption_given = true;
        return read_some(r, LIST_ITEMS_MAX, encryption_item, to);
}

/* --- where ----------------------------------------------------------------------------------- */

struct from_list {
        struct policy_rule *rule;
        vec(const char *) zones;
};

static void from_list_release(struct from_list *list)
{
        vec_clear(&list->zones);
}

/* "internet", or a zone: "office", "zone office". */
static int from_item(struct yaml_read *r, size_t index, void *arg)
{
        struct from_list *list = arg;
        const char *s = NULL, *zone;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        for (unsigned scope = 0; scope < EXPOSURE_MAX; scope++)
                if (streq(s, exposure_scope_name((enum exposure_scope)scope))) {
                        list->rule->from |= (uint8_t)(1u << scope);
                        return 0;
                }
        zone = str_after(s, "zone ");
        zone = zone ? zone + strspn(zone, " ") : s;
        if (!*zone || zone[strspn(zone, WORD_REST)])
                return yaml_read_fail(r,
                                      "'%s' is not loopback, private, link, internet or the name of a zone",
                                      yaml_read_show(r, s));
        *vec_push(&list->zones) = pool_intern(r->pool, zone);
        return 0;
}

static int read_from(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        _cleanup_(from_list_release) struct from_list list = {.rule = &((struct rule_draft *)to)->rule};
        int rc = read_some(r, LIST_ITEMS_MAX, from_item, &list);

        list.rule->from_zones.at = keep(r->pool, list.zones.at, list.zones.n, sizeof(*list.zones.at));
        list.rule->from_zones.n = list.zones.n;
        return rc;
}

#define RULE_TEXTS(field) \
        offsetof(struct rule_draft, rule.field.at), offsetof(struct rule_draft, rule.field.n)

static int read_on(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        static const struct yaml_field fields[] = {
                {"name", read_words, RULE_TEXTS(on_name), &shape_glob},
                {"tags", read_words, RULE_TEXTS(on_tags), &shape_word},
                {"zone", read_words, RULE_TEXTS(on_zone), &shape_word},
        };
        struct policy_rule *rule = &((struct rule_draft *)to)->rule;
        unsigned line = r->line;
        int rc = yaml_read_record(r, fields, array_len(fields), to);

        if (rc == 0 && !rule->on_name.n && !rule->on_tags.n && !rule->on_zone.n)
                return yaml_read_fail_at(r, line, "needs name, tags or zone");
        return rc;
}

/* --- why and until when ---------------------------------------------------------------------- */

static int read_day(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        const char *s = NULL;
        int rc = yaml_read_text(r, &s);

        if (rc < 0)
                return rc;
        rc = day_parse(s, (int32_t *)((char *)to + f->at));
        if (rc == -ERANGE)
                return yaml_read_fail(r, "'%s': there is no such day", yaml_read_show(r, s));
        return rc < 0 ? yaml_read_fail(r, "'%s' is not a day as 2027-05-01", yaml_read_show(r, s)) : 0;
}

/* Nothing behind the colon is a need that is not filled in yet. */
static int read_need(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        if (r->event.type == YAML_SCALAR_EVENT && !r->event.data.scalar.length)
                return 0;
        return yaml_field_text(r, f, to);
}

static int read_basis(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        static const char *const words[] = {POLICY_DEEMED_NEEDED, NULL};
        size_t i;
        int rc = yaml_read_word(r, words, &i);

        if (rc == 0)
                ((struct rule_draft *)to)->rule.basis = words[i];
        return rc;
}

/* --- rules ----------------------------------------------------------------------------------- */

#define RULE_TEXT(field) offsetof(struct rule_draft, rule.field), .shape = &shape_text
#define RULE_FIELDS                                                                         \
        {"on", read_on}, {"from", read_from}, {"owner", yaml_field_text, RULE_TEXT(owner)}, \
                {"approved_by", yaml_field_text, RULE_TEXT(approved_by)},                   \
                {"approved_on", read_day, offsetof(struct rule_draft, rule.approved_on)},   \
                {"expires", read_day, offsetof(struct rule_draft, rule.expires)},           \
        {                                                                                   \
                "ticket", yaml_field_text, RULE_TEXT(ticket)                                \
        }

static const struct yaml_field allow_fields[] = {
        {"port", read_port},
        {"ports", read_port},
        {"transport", read_transport},
        {"ip_protocol", read_ip_protocol},
        {"protocol", yaml_field_text, offsetof(struct rule_draft, rule.protocol), .shape = &shape_protocol},
        {"encryption", read_encryption},
        {"process", read_words, RULE_TEXTS(process), &shape_glob},
        {"unit", read_words, RULE_TEXTS(unit), &shape_glob},
        {"package", read_words, RULE_TEXTS(package), &shape_glob},
        {"user", read_words, RULE_TEXTS(user), &shape_glob},
        {"container", read_words, RULE_TEXTS(container), &shape_glob},
        RULE_FIELDS,
        {"need", read_need, offsetof(struct rule_draft, rule.need), .shape = &shape_need},
        {"basis", read_basis},
};

static const struct yaml_field deny_fields[] = {
        {"port", read_port},
        {"ports", read_port},
        {"transport", read_transport},
        {"ip_protocol", read_ip_protocol},
        {"protocol", yaml_field_text, offsetof(struct rule_draft, rule.protocol), .shape = &shape_protocol},
        {"encryption", read_encryption},
        {"process", read_words, RULE_TEXTS(process), &shape_glob},
        {"unit", read_words, RULE_TEXTS(unit), &shape_glob},
        {"package", read_words, RULE_TEXTS(package), &shape_glob},
        {"user", read_words, RULE_TEXTS(user), &shape_glob},
        {"container", read_words, RULE_TEXTS(container), &shape_glob},
        {"on", read_on},
        {"from", read_from},
        {"why", read_need, offsetof(struct rule_draft, rule.need), .shape = &shape_need},
        {"ticket", yaml_field_text, RULE_TEXT(ticket)},
};

/* What the entry is called: its ports, else the first thing that it chooses by. */
static const char *describe(const struct rule_draft *d)
{
        const struct policy_rule *rule = &d->rule;
        const struct {
                const char *word;
                const struct texts *texts;
        } others[] = {{"process", &rule->process},     {"unit", &rule->unit},
                      {"package", &rule->package},     {"user", &rule->user},
                      {"container", &rule->container}, {"from zone", &rule->from_zones}};
        _cleanup_str_ struct str s = {0};

        for (size_t i = 0; i < d->names.n && i < 4; i++)
                str_addf(&s, "%s%s", i ? ", " : "", d->names.at[i]);
        if (d->names.n > 4)
                str_addf(&s, " and %zu more", d->names.n - 4);
        if (!s.len && rule->protocol)
                str_add(&s, rule->protocol);
        for (size_t i = 0; i < array_len(others) && !s.len; i++)
                if (others[i].texts->n)
                        str_addf(&s, "%s %s", others[i].word, others[i].texts->at[0]);
        for (unsigned scope = 0; scope < EXPOSURE_MAX && !s.len; scope++)
                if (rule->from >> scope & 1)
                        str_addf(&s, "what can be reached from %s", exposure_scope_name((enum exposure_scope)scope));
        return pool_intern(d->pool, s.len ? s.text : "everything of its kind");
}

static int finish_rule(struct yaml_read *r, struct rule_draft *d)
{
        struct policy_rule *rule = &d->rule;
        bool selects = d->names.n || rule->protocol || rule->encryption || rule->process.n || rule->unit.n ||
                       rule->package.n || rule->container.n || rule->user.n ||
                       (rule->deny && (rule->from || rule->from_zones.n || rule->transports));

        if (!selects)
                return yaml_read_fail_at(
                        r, rule->line,
                        "chooses nothing; name a port, protocol, process, unit, package, user or "
                        "container");
        vec_foreach(p, &d->ports)
                if (!p->transports)
                        p->transports = rule->transports ? rule->transports
                                                         : 1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP;
        if (rule->protocol && name_over_tls(rule->protocol) && !d->encryption_given)
                rule->encryption = 1u << ENCRYPTION_TLS;
        rule->ports = keep(d->pool, d->ports.at, d->ports.n, sizeof(*d->ports.at));
        rule->n_ports = d->ports.n;
        rule->what = describe(d);
        return 0;
}

static int read_rule(struct yaml_read *r, struct draft *d, bool deny, struct policy_rule *ret)
{
        _cleanup_(rule_draft_release) struct rule_draft draft = {
                .pool = d->pool,
                .rule = {.line = r->line,
                         .deny = deny,
                         .approved_on = POLICY_NO_DAY,
                         .expires = POLICY_NO_DAY},
        };
        int rc = deny ? yaml_read_record(r, deny_fields, array_len(deny_fields), &draft)
                      : yaml_read_record(r, allow_fields, array_len(allow_fields), &draft);

        if (rc == 0)
                rc = finish_rule(r, &draft);
        *ret = draft.rule;
        return rc;
}

static int allow_item(struct yaml_read *r, size_t index, void *arg)
{
        return read_rule(r, arg, false, vec_push(&((struct draft *)arg)->allow));
}

static int deny_item(struct yaml_read *r, size_t index, void *arg)
{
        return read_rule(r, arg, true, vec_push(&((struct draft *)arg)->deny));
}

static int read_allow(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, POLICY_RULES_MAX, allow_item, to);
}

static int read_deny(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        return yaml_read_list(r, POLICY_RULES_MAX, deny_item, to);
}

static int read_defaults(struct yaml_read *r, const struct yaml_field *f, void *to)
{
        static const struct yaml_field fields[] = {RULE_FIELDS};
        struct draft *d = to;
        struct rule_draft draft = {
                .pool = d->pool,
                .rule = {.line = r->line, .approved_on = POLICY_NO_DAY, .expires = POLICY_NO_DAY},
        };
        int rc = yaml_read_record(r, fields, array_len(fields), &draft);

        d->defaults = draft.rule;
        return rc;
}

/* What an approval does not say itself. */
static void apply_defaults(const struct policy_rule *defaults, struct policy_rule *rule)
{
        if (!rule->on_name.n && !rule->on_tags.n && !rule->on_zone.n) {
                rule->on_name = defaults->on_name;
                rule->on_tags = defaults->on_tags;
                rule->on_zone = defaults->on_zone;
        }
        if (!rule->from && !rule->from_zones.n) {
                rule->from = defaults->from;
                rule->from_zones = defaults->from_zones;
        }
        rule->owner = rule->owner ? rule->owner : defaults->owner;
        rule->approved_by = rule->approved_by ? rule->approved_by : defaults->approved_by;
        rule->ticket = rule->ticket ? rule->ticket : defaults->ticket;
        if (rule->approved_on == POLICY_NO_DAY)
                rule->approved_on = defaults->approved_on;
        if (rule->expires == POLICY_NO_DAY)
                rule->expires = defaults->expires;
}

int policy_parse(const char *text, size_t len, const char *file, struct pool *pool, struct policy *ret,
                 struct err *err)
{
        static const struct yaml_field fields[] = {
                {"allow", read_allow}, {"deny", read_deny}, {"defaults", read_defaults}};
        _cleanup_(yaml_read_release) struct yaml_read r;
        _cleanup_(draft_release) struct draft d = {
                .pool = pool, .defaults = {.approved_on = POLICY_NO_DAY, .expires = POLICY_NO_DAY}};
        struct policy_rule *rules;
        int rc = yaml_read_begin(&r, text, len, file, pool, err);

        if (rc == 0 && r.event.type != YAML_STREAM_END_EVENT)
                rc = yaml_read_record(&r, fields, array_len(fields), &d);
        if (rc == 0)
                rc = yaml_read_end(&r);
        if (rc < 0)
                return rc;
        rules = pool_alloc(pool, (d.allow.n + d.deny.n + 1) * sizeof(*rules));
        for (size_t i = 0; i < d.allow.n; i++) {
                rules[i] = d.allow.at[i];
                apply_defaults(&d.defaults, &rules[i]);
        }
        for (size_t i = 0; i < d.deny.n; i++)
                rules[d.allow.n + i] = d.deny.at[i];
        *ret = (struct policy){
                .file = file, .rules = rules, .n_rules = d.allow.n + d.deny.n, .n_allow = d.allow.n};
        return 0;
}
