/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/forwards_scope.h"

#include <netinet/in.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#define MAX_SUBTRACT \
        256 /* spans; beyond it nothing more is taken away, which lists too much, never too little */
#define MAX_NESTING      8
#define TRANSPORT_BIT(t) ((uint8_t)(1U << (t)))
#define WITH_PORTS                                                                                        \
        (TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_UDP) | TRANSPORT_BIT(TRANSPORT_UDPLITE) | \
         TRANSPORT_BIT(TRANSPORT_SCTP))

void spans_add(struct spans *s, uint32_t first, uint32_t last)
{
        *vec_push(s) = (struct span){first, last};
}

static int compare_spans(const void *a, const void *b)
{
        const struct span *x = a, *y = b;

        return (x->first > y->first) - (x->first < y->first);
}

void spans_order(struct spans *s)
{
        size_t n = 0;

        vec_sort(s, compare_spans);
        for (size_t i = 0; i < s->n; i++) {
                if (n && s->at[i].first <= s->at[n - 1].last + 1) {
                        if (s->at[i].last > s->at[n - 1].last)
                                s->at[n - 1].last = s->at[i].last;
                } else {
                        s->at[n++] = s->at[i];
                }
        }
        s->n = n;
}

static struct spans spans_common(const struct spans *a, const struct spans *b)
{
        struct spans common = {0};

        for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
                uint32_t first = a->at[i].first > b->at[j].first ? a->at[i].first : b->at[j].first;
                uint32_t last = a->at[i].last < b->at[j].last ? a->at[i].last : b->at[j].last;

                if (first <= last)
                        spans_add(&common, first, last);
                if (a->at[i].last < b->at[j].last)
                        i++;
                else
                        j++;
        }
        return common;
}

static struct spans spans_without(const struct spans *a, const struct spans *b)
{
        struct spans rest = {0};
        size_t j = 0;

        for (size_t i = 0; i < a->n; i++) {
                uint32_t first = a->at[i].first, last = a->at[i].last;

                while (j < b->n && b->at[j].last < first)
                        j++;
                for (size_t k = j; k < b->n && b->at[k].first <= last && first <= last; k++) {
                        if (b->at[k].first > first)
                                spans_add(&rest, first, b->at[k].first - 1);
                        first = b->at[k].last + 1;
                }
                if (first <= last)
                        spans_add(&rest, first, last);
        }
        return rest;
}

struct spans spans_filter(const struct spans *a, const struct spans *b, bool keep)
{
        return keep ? spans_common(a, b) : spans_without(a, b);
}

static void add_transports(struct spans *s, uint8_t transports, uint32_t first, uint32_t last)
{
        if (first < 1)
                first = 1;
        if (last > UINT16_MAX)
                last = UINT16_MAX;
        for (unsigned t = 0; t < TRANSPORT_RAW && first <= last; t++)
                if (transports & TRANSPORT_BIT(t))
                        spans_add(s, PLACE(t, first), PLACE(t, last));
}

struct scope scope_all(uint8_t families)
{
        struct scope s = {.any_address = true, .families = families, .exact = true};

        add_transports(&s.places, WITH_PORTS, 1, UINT16_MAX);
        return s;
}

struct scope scope_copy(const struct scope *s)
{
        struct scope copy = *s;

        copy.places = (struct spans){0};
        copy.addresses = (struct addresses){0};
        for (size_t i = 0; i < s->places.n; i++)
                *vec_push(&copy.places) = s->places.at[i];
        for (size_t i = 0; i < s->addresses.n; i++)
                *vec_push(&copy.addresses) = s->addresses.at[i];
        return copy;
}

void forwards_scope_release(struct scope *s)
{
        vec_clear(&s->places);
        vec_clear(&s->addresses);
}

bool scope_is_empty(const struct scope *s)
{
        return !s->places.n || !s->families || (!s->any_address && !s->addresses.n);
}

static void scope_clear(struct scope *s)
{
        s->places.n = 0;
}

static void replace_places(struct scope *s, struct spans places)
{
        vec_clear(&s->places);
        s->places = places;
}

void scope_narrow_family(struct scope *s, uint8_t families)
{
        size_t n = 0;

        s->families &= families;
        for (size_t i = 0; i < s->addresses.n; i++)
                if ((s->addresses.at[i].family == 4 ? FAMILY_IPV4 : FAMILY_IPV6) & s->families)
                        s->addresses.at[n++] = s->addresses.at[i];
        s->addresses.n = n;
}

static void narrow_transports(struct scope *s, uint8_t transports)
{
        struct spans wanted = {0};

        add_transports(&wanted, transports, 1, UINT16_MAX);
        replace_places(s, spans_filter(&s->places, &wanted, true));
        vec_clear(&wanted);
        s->named |= transports;
}

void scope_subtract(struct scope *s, const struct scope *done)
{
        if (!done->exact || !done->any_address || (s->families & ~done->families) ||
            s->places.n > MAX_SUBTRACT)
                return;
        replace_places(s, spans_filter(&s->places, &done->places, false));
}

json_t *value_of(const json_t *value, const char *name)
{
        return json_object_size(value) == 1 ? json_object_get(value, name) : NULL;
}

const json_t *value_plain(const json_t *value)
{
        json_t *element = value_of(value, "elem");

        return element ? json_object_get(element, "val") : value;
}

static bool value_number(const json_t *value, uint32_t *ret)
{
        json_int_t n = json_integer_value(value);

        if (!json_is_integer(value) || n < 0 || n > UINT16_MAX)
                return false;
        *ret = (uint32_t)n;
        return true;
}

bool value_ports(const json_t *value, uint32_t *ret_first, uint32_t *ret_last)
{
        json_t *range;

        value = value_plain(value);
        if (streq_ptr(json_string_value(value), "*")) {
                *ret_first = 0;
                *ret_last = UINT16_MAX;
                return true;
        }
        range = value_of(value, "range");
        if (range)
                return value_number(json_array_get(range, 0), ret_first) &&
                       value_number(json_array_get(range, 1), ret_last);
        if (!value_number(value, ret_first))
                return false;
        *ret_last = *ret_first;
        return true;
}

static uint8_t transport_bits(const json_t *value)
{
        static const struct {
                const char *name;
                int number;
                enum transport transport;
        } known[] = {
                {"tcp", IPPROTO_TCP, TRANSPORT_TCP},
                {"udp", IPPROTO_UDP, TRANSPORT_UDP},
                {"udplite", IPPROTO_UDPLITE, TRANSPORT_UDPLITE},
                {"sctp", IPPROTO_SCTP, TRANSPORT_SCTP},
        };
        const char *name = json_string_value(value);

        if (name && streq(name, "*"))
                return WITH_PORTS;
        /* A number where /etc/protocols is missing. */
        for (size_t i = 0; i < array_len(known); i++)
                if (name ? streq(name, known[i].name)
                         : json_is_integer(value) && json_integer_value(value) == known[i].number)
                        return TRANSPORT_BIT(known[i].transport);
        return 0;
}

static bool mentions_port(const json_t *value, unsigned depth)
{
        const char *key;
        json_t *member;
        size_t i;

        if (depth > MAX_NESTING)
                return true;
        json_array_foreach (value, i, member)
                if (mentions_port(member, depth + 1))
                        return true;
        if (!json_is_object(value))
                return false;
        json_object_foreach ((json_t *)value, key, member)
                if ((streq(key, "field") && streq_ptr(json_string_value(member), "dport")) ||
                    (streq(key, "base") && streq_ptr(json_string_value(member), "transport")) ||
                    mentions_port(member, depth + 1))
                        return true;
        return false;
}

static struct key key_of_payload(const json_t *payload)
{
        const char *protocol = json_string_value(json_object_get(payload, "protocol"));
        const char *field = json_string_value(json_object_get(payload, "field"));
        struct key key = {.transports = WITH_PORTS, .families = FAMILY_ANY};
        enum transport transport;

        if (!protocol || !field)
                return key;
        transport = transport_parse(protocol);
        if (streq(protocol, "ip"))
                key.families = FAMILY_IPV4;
        else if (streq(protocol, "ip6"))
                key.families = FAMILY_IPV6;
        else if (transport < TRANSPORT_RAW)
                key.transports = TRANSPORT_BIT(transport);
        else if (!streq(protocol, "th"))
                return key;
        if (key.families != FAMILY_ANY && streq(field, "daddr"))
                key.kind = KEY_ADDRESS;
        else if (key.families != FAMILY_ANY && (streq(field, "protocol") || streq(field, "nexthdr")))
                key.kind = KEY_PROTOCOL;
        else if (key.families == FAMILY_ANY && streq(field, "dport"))
                key.kind = KEY_PORT;
        return key;
}

static struct key key_of_meta(const json_t *meta)
{
        static const struct {
                const char *name;
                enum key_kind kind;
        } known[] = {
                {"l4proto", KEY_PROTOCOL}, {"nfproto", KEY_FAMILY}, {"protocol", KEY_FAMILY},
                {"iifname", KEY_DEVICE},   {"iif", KEY_DEVICE},
        };
        const char *name = json_string_value(json_object_get(meta, "key"));
        struct key key = {.transports = WITH_PORTS, .families = FAMILY_ANY};

        for (size_t i = 0; name && i < array_len(known); i++)
                if (streq(name, known[i].name))
                        key.kind = known[i].kind;
        return key;
}

struct key key_of(const json_t *expression)
{
        struct key key = {.transports = WITH_PORTS, .families = FAMILY_ANY};
        const json_t *body = value_of(expression, "payload");

        if (body)
                key = key_of_payload(body);
        else if ((body = value_of(expression, "meta")))
                return key_of_meta(body);
        else if (value_of(expression, "numgen") || value_of(expression, "jhash") ||
                 value_of(expression, "symhash"))
                key.kind = KEY_CHOICE;
        if (key.kind == KEY_OTHER && mentions_port(expression, 0))
                key.kind = KEY_UNKNOWN;
        return key;
}

/* The ports that `port op value` leaves; the range is empty when last is below first. */
static bool port_range(const char *op, const json_t *value, int64_t *ret_first, int64_t *ret_last)
{
        uint32_t first, last;

        if (!value_ports(value, &first, &last))
                return false;
        *ret_first = first;
        *ret_last = last;
        if (streq(op, "<") || streq(op, "<=")) {
                *ret_first = 0;
                *ret_last = (int64_t)first - (op[1] ? 0 : 1);
        } else if (streq(op, ">") || streq(op, ">=")) {
                *ret_first = (int64_t)first + (op[1] ? 0 : 1);
                *ret_last = UINT16_MAX;
        } else if (!streq(op, "==") && !streq(op, "!=") && !streq(op, "in")) {
                return false;
        }
        return true;
}

static bool narrow_ports(struct scope *s, const struct key *key, const char *op, const json_t *elements)
{
        struct spans wanted = {0};
        json_t *element;
        size_t i;

        json_array_foreach (elements, i, element) {
                int64_t first, last;

                if (!port_range(op, element, &first, &last)) {
                        vec_clear(&wanted);
                        return false;
                }
                if (last >= 0 && first <= last)
                        add_transports(&wanted, key->transports, (uint32_t)first, (uint32_t)last);
        }
        spans_order(&wanted);
        replace_places(s, spans_filter(&s->places, &wanted, !streq(op, "!=")));
        vec_clear(&wanted);
        return true;
}

static bool narrow_protocols(struct scope *s, const struct key *key, const char *op, const json_t *elements)
{
        uint8_t wanted = 0;
        json_t *element;
        size_t i;

        if (!streq(op, "==") && !streq(op, "!=") && !streq(op, "in"))
                return false;
        json_array_foreach (elements, i, element)
                wanted |= transport_bits(value_plain(element));
        if (!streq(op, "!=")) {
                narrow_transports(s, wanted);
        } else {
                uint8_t named = s->named;

                narrow_transports(s, WITH_PORTS & (uint8_t)~wanted);
                s->named = named;
        }
        return true;
}

/*
 * A network is no single address and counts as any, but for that of loopback: the difference is who can
 * reach it.
 */
static bool value_address(const json_t *value, struct address *ret)
{
        const json_t *prefix = value_of(value, "prefix");
        const char *text = json_string_value(prefix ? json_object_get(prefix, "addr") : value);

        return text && address_parse(text, ret) == 0 && (!prefix || address_is_loopback(ret));
}

static bool has_address(const struct addresses *list, const struct address *a)
{
        for (size_t i = 0; i < list->n; i++)
                if (address_compare(&list->at[i], a) == 0)
                        return true;
        return false;
}

static void narrow_addresses(struct scope *s, const char *op, const json_t *elements)
{
        struct addresses wanted = {0};
        json_t *element;
        size_t i;

        s->exact = false;
        if (!streq(op, "==") && !streq(op, "in"))
                return;
        json_array_foreach (elements, i, element) {
                struct address a;

                if (!value_address(value_plain(element), &a)) {
                        vec_clear(&wanted);
                        return;
                }
                if (s->any_address || has_address(&s->addresses, &a))
                        *vec_push(&wanted) = a;
        }
        vec_clear(&s->addresses);
        s->addresses = wanted;
        s->any_address = false;
}

static void narrow_device(struct scope *s, const char *op, const json_t *elements)
{
        bool only_lo = streq(op, "==") && json_array_size(elements) > 0;
        json_t *element;
        size_t i;

        s->exact = false;
        json_array_foreach (elements, i, element)
                only_lo = only_lo && streq_ptr(json_string_value(value_plain(element)), "lo");
        if (only_lo)
                scope_clear(s);
}

static void narrow_families(struct scope *s, const char *op, const json_t *elements)
{
        uint8_t wanted = 0;
        json_t *element;
        size_t i;

        json_array_foreach (elements, i, element) {
                const char *name = json_string_value(value_plain(element));

                if (name && (streq(name, "ipv4") || streq(name, "ip")))
                        wanted |= FAMILY_IPV4;
                else if (name && (streq(name, "ipv6") || streq(name, "ip6")))
                        wanted |= FAMILY_IPV6;
        }
        scope_narrow_family(s, streq(op, "!=") ? (uint8_t)(FAMILY_ANY & ~wanted) : wanted);
}

bool scope_narrow(struct scope *s, const struct key *key, const char *op, const json_t *elements)
{
        if (key->kind == KEY_UNKNOWN)
                return false;
        if (key->kind == KEY_PORT && !narrow_ports(s, key, op, elements))
                return false;
        if (key->kind == KEY_PROTOCOL && !narrow_protocols(s, key, op, elements))
                return false;
        /* `udp sport 5` says udp as well as `meta l4proto udp` does. */
        if (key->transports != WITH_PORTS)
                narrow_transports(s, key->transports);
        if (key->families != FAMILY_ANY)
                scope_narrow_family(s, key->families);
        if (key->kind == KEY_ADDRESS)
                narrow_addresses(s, op, elements);
        else if (key->kind == KEY_DEVICE)
                narrow_device(s, op, elements);
        else if (key->kind == KEY_FAMILY)
                narrow_families(s, op, elements);
        else if (key->kind == KEY_OTHER || key->kind == KEY_CHOICE)
                s->exact = false;
        return true;
}

static bool narrow_one(struct scope *s, const json_t *expression, json_t *value)
{
        struct key key = key_of(expression);
        json_t *one = json_array();
        bool understood;

        json_array_append(one, value);
        understood = scope_narrow(s, &key, "==", one);
        json_decref(one);
        return understood;
}

bool scope_narrow_element(struct scope *s, const json_t *expression, json_t *element)
{
        const json_t *keys = value_of(expression, "concat"), *values;
        json_t *key;
        size_t i;

        if (!keys)
                return narrow_one(s, expression, element);
        values = value_of(value_plain(element), "concat");
        if (!values) { /* "*", the element for all the rest */
                s->exact = false;
                return streq_ptr(json_string_value(value_plain(element)), "*");
        }
        if (json_array_size(values) != json_array_size(keys))
                return false;
        json_array_foreach (keys, i, key)
                if (!narrow_one(s, key, json_array_get(values, i)))
                        return false;
        return true;
}
