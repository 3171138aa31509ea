/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"
#include "base/str.h"
#include "collect/forwards_walk.h"

#define MAX_FORWARDS 65536

static bool same_forward(const struct forward *a, const struct forward *b)
{
        return a->transport == b->transport && address_compare(&a->address, &b->address) == 0 &&
               a->port == b->port && a->port_last == b->port_last && a->to_port == b->to_port &&
               address_compare(&a->to, &b->to) == 0;
}

static void add_forward(struct walk *w, const struct step *step, const struct forward *forward)
{
        /* Byte by byte: padding between fields must not count. */
        uint8_t bytes[2 * sizeof(struct address) + 7] = {(uint8_t)forward->transport};
        uint16_t ports[3] = {forward->port, forward->port_last, forward->to_port};
        uint64_t key, index;

        memcpy(bytes + 1, ports, sizeof(ports));
        memcpy(bytes + 7, &forward->address, sizeof(forward->address));
        memcpy(bytes + 7 + sizeof(struct address), &forward->to, sizeof(forward->to));
        key = hash_bytes(bytes, sizeof(bytes));
        if (map_get(&w->known, key, &index) && same_forward(&w->view->forwards.at[index], forward))
                return;
        if (w->view->forwards.n - w->first >= MAX_FORWARDS) {
                w->work = MAX_WORK + 1;
                return;
        }
        map_put(&w->known, key, w->view->forwards.n);
        *vec_push(&w->view->forwards) = *forward;
        w->view->forwards.at[w->view->forwards.n - 1].rule =
                pool_printf(w->view->pool, "%s %s %s handle %lld", step->family, step->table,
                            text_of(step->rule, "chain"),
                            (long long)json_integer_value(json_object_get(step->rule, "handle")));
}

struct target {
        struct address to;    /* family 0: this host */
        uint32_t first, last; /* ports; 0, 0: unchanged */
};

static void add_part(struct walk *w, const struct step *step, struct forward forward, uint32_t first,
                     uint32_t last, uint32_t to_port)
{
        if (first > last)
                return;
        forward.port = (uint16_t)first;
        forward.port_last = (uint16_t)last;
        forward.to_port = (uint16_t)to_port;
        add_forward(w, step, &forward);
}

/*
 * Ports that lie within the range of target ports stay as they are (the kernel's
 * nf_nat_l4proto_unique_tuple).
 */
static void add_span(struct walk *w, const struct step *step, struct forward forward, struct span span,
                     const struct target *target)
{
        uint32_t first = span.first & UINT16_MAX, last = span.last & UINT16_MAX;
        uint32_t kept_first = first > target->first ? first : target->first;
        uint32_t kept_last = last < target->last ? last : target->last;

        forward.transport = (enum transport)(span.first >> 16);
        if (target->first == target->last || kept_first > kept_last) {
                add_part(w, step, forward, first, last, target->first);
                return;
        }
        add_part(w, step, forward, first, kept_first - 1, target->first);
        add_part(w, step, forward, kept_first, kept_last, 0);
        add_part(w, step, forward, kept_last + 1, last, target->first);
}

static struct address any_of(uint8_t families)
{
        return (struct address){.family = families == FAMILY_IPV4 ? 4 : families == FAMILY_IPV6 ? 6 : 0};
}

static void emit(struct walk *w, const struct step *step, const struct scope *scope,
                 const struct target *target)
{
        static const uint8_t always = 1U << TRANSPORT_TCP | 1U << TRANSPORT_UDP;
        struct forward forward = {.to = target->to, .netns = w->netns};
        struct address any = any_of(scope->families);
        const struct address *addresses = scope->any_address ? &any : scope->addresses.at;
        size_t n = scope->any_address ? 1 : scope->addresses.n;

        if (scope_is_empty(scope))
                return;
        for (size_t a = 0; a < n; a++)
                for (size_t i = 0; i < scope->places.n && w->work <= MAX_WORK; i++) {
                        w->work++;
                        if (!((always | scope->named) >> (scope->places.at[i].first >> 16) & 1))
                                continue;
                        forward.address = addresses[a];
                        add_span(w, step, forward, scope->places.at[i], target);
                }
}

/* An address of a dnat: "10.0.0.1" or, of a range, its first. */
static bool target_address(const json_t *value, struct address *ret)
{
        const json_t *range = value_of(value, "range");
        const char *text = json_string_value(range ? json_array_get(range, 0) : value);

        return text && address_parse(text, ret) == 0;
}

/* Where to, as a value of a map: an address, a port, or both as a concatenation. */
static bool target_value(const json_t *value, bool is_port, struct target *target)
{
        const json_t *both = value_of(value, "concat");

        if (both)
                return target_address(json_array_get(both, 0), &target->to) &&
                       value_ports(json_array_get(both, 1), &target->first, &target->last);
        if (is_port)
                return value_ports(value, &target->first, &target->last);
        return target_address(value, &target->to);
}

/* `dnat ip to` leaves IPv6 packets alone, without a match that says so. */
static void emit_to(struct walk *w, struct step *step, struct scope *scope, const struct target *target)
{
        if (target->to.family)
                scope_narrow_family(scope, target->to.family == 4 ? FAMILY_IPV4 : FAMILY_IPV6);
        emit(w, step, scope, target);
}

/* `dnat to tcp dport map {...}`: the key is a condition, each element a forward of its own. */
static void emit_map(struct walk *w, struct step *step, const struct scope *scope, const json_t *map,
                     bool is_port, const struct target *fixed)
{
        json_t *key = json_object_get(map, "key"), *pair;
        json_t *pairs = elements_of(w, step, json_object_get(map, "data"));
        size_t i;

        json_array_foreach (pairs, i, pair) {
                struct scope narrowed = scope_copy(scope);
                struct target target = *fixed;

                w->work += 1 + scope->places.n;
                if (!scope_narrow_element(&narrowed, key, json_array_get(pair, 0)) ||
                    !target_value(json_array_get(pair, 1), is_port, &target))
                        step->unknown = true;
                else
                        emit_to(w, step, &narrowed, &target);
                forwards_scope_release(&narrowed);
                if (w->work > MAX_WORK)
                        break;
        }
        json_decref(pairs);
}

void forward_to(struct walk *w, struct step *step, struct scope *scope, const json_t *body, bool redirect)
{
        json_t *address = json_object_get(body, "addr"), *port = json_object_get(body, "port");
        const json_t *address_map = value_of(address, "map"), *port_map = value_of(port, "map");
        struct target target = {0};

        step->leads_on = true;
        step->ends = !address_map && !port_map; /* a map without the key ends nothing */
        if (port && !port_map && !value_ports(port, &target.first, &target.last))
                step->unknown = true;
        if (address && !address_map && !target_address(address, &target.to))
                step->unknown = true;
        if ((!redirect && !address && !port) || (address_map && port_map))
                step->unknown = true;
        if (step->unknown)
                return;
        if (address_map || port_map)
                emit_map(w, step, scope, address_map ? address_map : port_map, !address_map, &target);
        else
                emit_to(w, step, scope, &target);
}
