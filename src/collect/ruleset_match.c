/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ruleset_match.h"

#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "collect/forwards_scope.h"

#define MAX_KEYS 8

struct word_value {
        const char *word;
        uint32_t value;
};

/* How nft(8) writes values of each kind of key; ends with NULL. */
static const struct word_value protocols[] = {
        {"icmp", IPPROTO_ICMP}, {"igmp", IPPROTO_IGMP},         {"tcp", IPPROTO_TCP},
        {"udp", IPPROTO_UDP},   {"dccp", IPPROTO_DCCP},         {"ipv6", IPPROTO_IPV6},
        {"gre", IPPROTO_GRE},   {"esp", IPPROTO_ESP},           {"ah", IPPROTO_AH},
        {"pim", IPPROTO_PIM},   {"ipv6-icmp", IPPROTO_ICMPV6},  {"icmpv6", IPPROTO_ICMPV6},
        {"ospf", 89},           {"vrrp", 112},                  {"sctp", IPPROTO_SCTP},
        {"comp", IPPROTO_COMP}, {"udplite", IPPROTO_UDPLITE},   {"ipip", IPPROTO_IPIP},
        {"ipencap", 4},         {"l2tp", 115},                  {NULL, 0},
};
static const struct word_value families[] = {{"ipv4", 4}, {"ip", 4}, {"ipv6", 6}, {"ip6", 6}, {"arp", 1}, {NULL, 0}};
static const struct word_value target_types[] = {
        {"unicast", RTN_UNICAST},     {"local", RTN_LOCAL},   {"broadcast", RTN_BROADCAST}, {"anycast", RTN_ANYCAST},
        {"multicast", RTN_MULTICAST}, {"blackhole", RTN_BLACKHOLE}, {"unreachable", RTN_UNREACHABLE}, {NULL, 0},
};
static const struct word_value packet_types[] = {
        {"host", PACKET_HOST}, {"unicast", PACKET_HOST}, {"broadcast", PACKET_BROADCAST},
        {"multicast", PACKET_MULTICAST}, {"other", PACKET_OTHERHOST}, {NULL, 0},
};
static const struct word_value ct_states[] = {
        {"invalid", RULE_CT_INVALID}, {"established", RULE_CT_ESTABLISHED}, {"related", RULE_CT_RELATED},
        {"new", RULE_CT_NEW},         {"untracked", RULE_CT_UNTRACKED},     {NULL, 0},
};
/* nf_conntrack_common.h, enum ip_conntrack_status */
static const struct word_value ct_statuses[] = {
        {"expected", 1}, {"seen-reply", 2}, {"assured", 4}, {"confirmed", 8},
        {"snat", 16},    {"dnat", RULE_CT_STATUS_DNAT}, {"dying", 512}, {NULL, 0},
};
static const struct word_value directions[] = {{"original", 0}, {"reply", 1}, {NULL, 0}};
static const struct word_value tcp_flags[] = {
        {"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"cwr", 128}, {NULL, 0},
};

static const struct key_values { /* by enum rule_key_kind */
        const struct word_value *words;
        bool bits;
} values[RULE_OTHER + 1] = {
        [RULE_PROTOCOL] = {.words = protocols},
        [RULE_NEXT_HEADER] = {.words = protocols},
        [RULE_FAMILY] = {.words = families},
        [RULE_TARGET_TYPE] = {.words = target_types},
        [RULE_PACKET_TYPE] = {.words = packet_types},
        [RULE_CT_STATE] = {.words = ct_states, .bits = true},
        [RULE_CT_STATUS] = {.words = ct_statuses, .bits = true},
        [RULE_CT_DIRECTION] = {.words = directions},
        [RULE_TCP_FLAGS] = {.words = tcp_flags, .bits = true},
};

void match_reader_release(struct match_reader *r)
{
        map_release(&r->sets);
        map_release(&r->changed);
        map_release(&r->known);
        str_release(&r->name);
        json_decref(r->nothing);
}

static const char *text_at(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

const char *set_name(struct match_reader *r, const char *family, const char *table, const char *name)
{
        str_reset(&r->name);
        str_addf(&r->name, "%s %s %s", family, table, name);
        return str_text(&r->name);
}

struct rule_match match_words(struct match_reader *r, enum rule_match_kind kind, const char *words)
{
        return (struct rule_match){.kind = kind, .words = pool_intern(r->pool, words)};
}

/* --- keys ----------------------------------------------------------------------------------------- */

static bool find_word(const struct word_value *list, const char *word, uint32_t *ret)
{
        for (; list && list->word; list++)
                if (streq(list->word, word)) {
                        *ret = list->value;
                        return true;
                }
        return false;
}

static const struct field {
        const char *protocol, *field;
        struct rule_key key;
} fields[] = {
        {"ip", "saddr", {RULE_SOURCE, 4, RULE_ANY_PROTOCOL, 0}},
        {"ip", "daddr", {RULE_TARGET, 4, RULE_ANY_PROTOCOL, 0}},
        {"ip", "protocol", {RULE_PROTOCOL, 4, RULE_ANY_PROTOCOL, 0}},
        {"ip6", "saddr", {RULE_SOURCE, 6, RULE_ANY_PROTOCOL, 0}},
        {"ip6", "daddr", {RULE_TARGET, 6, RULE_ANY_PROTOCOL, 0}},
        {"ip6", "nexthdr", {RULE_NEXT_HEADER, 6, RULE_ANY_PROTOCOL, 0}},
        {"tcp", "flags", {RULE_TCP_FLAGS, 0, IPPROTO_TCP, 0}},
        {"th", "dport", {RULE_PORT, 0, RULE_WITH_PORTS, 0}},
        {"th", "sport", {RULE_SOURCE_PORT, 0, RULE_WITH_PORTS, 0}},
};

static struct rule_key payload_key(const json_t *body)
{
        static const char *const with_ports[] = {"tcp", "udp", "udplite", "sctp", "dccp"};
        struct rule_key key = {RULE_OTHER, 0, RULE_ANY_PROTOCOL, 0};
        const char *protocol = text_at(body, "protocol"), *field = text_at(body, "field");
        uint32_t number;

        for (size_t i = 0; i < array_len(fields); i++)
                if (streq(fields[i].protocol, protocol) && streq(fields[i].field, field))
                        return fields[i].key;
        if (streq(protocol, "ip") || streq(protocol, "ip6"))
                key.family = protocol[2] ? 6 : 4;
        else if (!streq(protocol, "arp") && find_word(protocols, protocol, &number))
                key.protocol = (uint16_t)number;
        for (size_t i = 0; i < array_len(with_ports); i++)
                if (streq(with_ports[i], protocol))
                        key.kind = streq(field, "dport")   ? RULE_PORT
                                   : streq(field, "sport") ? RULE_SOURCE_PORT
                                                           : RULE_OTHER;
        return key;
}

static struct rule_key simple_key(enum rule_key_kind kind)
{
        return (struct rule_key){kind, 0, RULE_ANY_PROTOCOL, 0};
}

static struct rule_key named_key(const char *of, const char *name)
{
        static const struct {
                const char *of, *name;
                enum rule_key_kind kind;
        } keys[] = {
                {"meta", "l4proto", RULE_PROTOCOL}, {"meta", "nfproto", RULE_FAMILY},
                {"meta", "protocol", RULE_FAMILY},  {"meta", "iifname", RULE_DEVICE},
                {"meta", "iif", RULE_DEVICE},       {"meta", "oifname", RULE_DEVICE_OUT},
                {"meta", "oif", RULE_DEVICE_OUT},   {"meta", "pkttype", RULE_PACKET_TYPE},
                {"ct", "state", RULE_CT_STATE},     {"ct", "status", RULE_CT_STATUS},
                {"ct", "direction", RULE_CT_DIRECTION},
        };

        for (size_t i = 0; i < array_len(keys); i++)
                if (streq(keys[i].of, of) && streq(keys[i].name, name))
                        return simple_key(keys[i].kind);
        return simple_key(RULE_OTHER);
}

/* "daddr" alone: with the device it asks about routes. */
static bool is_daddr(const json_t *flags)
{
        if (json_is_array(flags))
                return json_array_size(flags) == 1 && is_daddr(json_array_get(flags, 0));
        return streq_ptr(json_string_value(flags), "daddr");
}

static bool read_value(const struct rule_key *key, const json_t *value, struct rule_span *ret);

static struct rule_key masked_key(const json_t *pair);

static struct rule_key read_key(const json_t *expression)
{
        const json_t *body;

        if ((body = value_of(expression, "payload")))
                return payload_key(body);
        if ((body = value_of(expression, "meta")))
                return named_key("meta", text_at(body, "key"));
        if ((body = value_of(expression, "ct")) && !json_object_get(body, "dir"))
                return named_key("ct", text_at(body, "key"));
        if ((body = value_of(expression, "fib")) && streq(text_at(body, "result"), "type") &&
            is_daddr(json_object_get(body, "flags")))
                return simple_key(RULE_TARGET_TYPE);
        if ((body = value_of(expression, "&")))
                return masked_key(body);
        return simple_key(RULE_OTHER);
}

/* Sources are sets of ranges, which a mask need not leave. */
static struct rule_key masked_key(const json_t *pair)
{
        const json_t *of = json_array_get(pair, 0);
        struct rule_span mask;
        struct rule_key key;

        if (value_of(of, "&"))
                return simple_key(RULE_OTHER);
        key = read_key(of);
        if (key.kind == RULE_SOURCE || key.kind == RULE_DEVICE || key.kind == RULE_DEVICE_OUT ||
            json_array_size(pair) != 2 || !read_value(&key, json_array_get(pair, 1), &mask) ||
            mask.first != mask.last || !mask.first)
                key.kind = RULE_OTHER;
        else
                key.mask = mask.first;
        return key;
}

/* --- values --------------------------------------------------------------------------------------- */

static rule_number address_number(const struct address *a)
{
        rule_number number = 0;

        for (unsigned i = 0; i < (a->family == 4 ? 4u : 16u); i++)
                number = number << 8 | a->bytes[i];
        return number;
}

static bool read_address(const struct rule_key *key, const char *text, rule_number *ret)
{
        struct address a;

        if (!text || address_parse(text, &a) < 0 || a.family != key->family)
                return false;
        *ret = address_number(&a);
        return true;
}

static bool read_prefix(const struct rule_key *key, const json_t *body, struct rule_span *ret)
{
        json_int_t len = json_integer_value(json_object_get(body, "len"));
        unsigned bits = key->family == 4 ? 32 : 128;
        rule_number host;

        if (!json_is_integer(json_object_get(body, "len")) || len < 0 || len > (json_int_t)bits ||
            !read_address(key, text_at(body, "addr"), &ret->first))
                return false;
        host = bits == (unsigned)len ? 0 : ~(rule_number)0 >> (128 - (bits - (unsigned)len));
        ret->first &= ~host;
        ret->last = ret->first | host;
        return true;
}

/* "eth0", "eth*"; a backslash would take the star's meaning. */
static bool read_device(const char *name, struct rule_span *ret)
{
        size_t len = name ? strlen(name) : 0;
        bool open = len && name[len - 1] == '*';

        if (!len || len > IFNAMSIZ || strchr(name, '\\'))
                return false;
        len -= open;
        ret->first = ret->last = 0;
        for (size_t i = 0; i < IFNAMSIZ; i++) {
                ret->first = ret->first << 8 | (i < len ? (uint8_t)name[i] : 0);
                ret->last = ret->last << 8 | (i < len ? (uint8_t)name[i] : open ? 0xff : 0);
        }
        return true;
}

/* One word or number, or of bits a list of them. */
static bool read_number(const struct rule_key *key, const json_t *value, rule_number *ret)
{
        const struct key_values *known = &values[key->kind];
        const json_t *joined = value_of(value, "|");
        const char *text = json_string_value(value);
        json_t *part;
        uint32_t word;
        size_t i;

        if (joined || json_is_array(value)) {
                *ret = 0;
                json_array_foreach ((json_t *)(joined ? joined : value), i, part) {
                        rule_number bit;

                        if (!known->bits || json_is_array(part) || value_of(part, "|") || !read_number(key, part, &bit))
                                return false;
                        *ret |= bit;
                }
                return i > 0;
        }
        if (json_is_integer(value) && json_integer_value(value) >= 0) {
                *ret = (rule_number)json_integer_value(value);
                return key->kind != RULE_FAMILY && key->kind != RULE_CT_STATE;
        }
        if (!text || !find_word(known->words, text, &word))
                return false;
        *ret = word;
        return true;
}

static bool read_one(const struct rule_key *key, const json_t *value, rule_number *ret)
{
        if (key->kind == RULE_SOURCE || key->kind == RULE_TARGET)
                return read_address(key, json_string_value(value), ret);
        return read_number(key, value, ret);
}

static bool read_value(const struct rule_key *key, const json_t *value, struct rule_span *ret)
{
        const json_t *body;

        if (key->kind == RULE_OTHER)
                return false;
        if (key->kind == RULE_DEVICE || key->kind == RULE_DEVICE_OUT)
                return read_device(json_string_value(value), ret);
        if ((body = value_of(value, "prefix")))
                return (key->kind == RULE_SOURCE || key->kind == RULE_TARGET) && read_prefix(key, body, ret);
        if ((body = value_of(value, "range")))
                return json_array_size(body) == 2 && read_one(key, json_array_get(body, 0), &ret->first) &&
                       read_one(key, json_array_get(body, 1), &ret->last) && ret->first <= ret->last;
        if (!read_one(key, value, &ret->first))
                return false;
        ret->last = ret->first;
        return true;
}

/* --- sets ----------------------------------------------------------------------------------------- */

struct key_list {
        struct rule_key at[MAX_KEYS];
        size_t n;
};

static bool read_keys(const json_t *expression, struct key_list *ret)
{
        const json_t *parts = value_of(expression, "concat");
        json_t *part;
        size_t i;

        ret->n = 0;
        if (!parts) {
                ret->at[ret->n++] = read_key(expression);
                return true;
        }
        if (!json_array_size(parts) || json_array_size(parts) > MAX_KEYS)
                return false;
        json_array_foreach ((json_t *)parts, i, part)
                ret->at[ret->n++] = read_key(part);
        return true;
}

static bool read_member(const struct key_list *keys, const json_t *value, struct rule_span *spans)
{
        const json_t *parts = value_of(value, "concat");

        if (keys->n == 1 && !parts)
                return read_value(&keys->at[0], value, spans);
        if (json_array_size(parts) != keys->n)
                return false;
        for (size_t i = 0; i < keys->n; i++)
                if (!read_value(&keys->at[i], json_array_get(parts, i), &spans[i]))
                        return false;
        return true;
}

static int compare_spans(const void *a, const void *b)
{
        const struct rule_span *x = a, *y = b;

        return (x->first > y->first) - (x->first < y->first);
}

static void order(struct rule_elements *e)
{
        size_t n = 0;

        qsort(e->spans, e->n, sizeof(*e->spans), compare_spans);
        for (size_t i = 0; i < e->n; i++) {
                if (n && e->spans[i].first <= e->spans[n - 1].last) {
                        if (e->spans[i].last > e->spans[n - 1].last)
                                e->spans[n - 1].last = e->spans[i].last;
                } else {
                        e->spans[n++] = e->spans[i];
                }
        }
        e->n = n;
        e->ordered = true;
}

/* Of members, or with `pairs` of [member, verdict]. The rest ("*") of a map stands last in its verdicts. */
static struct rule_elements *read_members(struct match_reader *r, const struct key_list *keys, const json_t *list,
                                          bool pairs)
{
        struct rule_elements *e = pool_alloc(r->pool, sizeof(*e));
        json_t *item;
        size_t i;

        e->n_keys = keys->n;
        e->spans = pool_alloc(r->pool, (json_array_size(list) * keys->n + 1) * sizeof(*e->spans));
        json_array_foreach ((json_t *)list, i, item) {
                const json_t *member = pairs ? json_array_get(item, 0) : item, *wrapped = value_of(member, "elem");

                /* of a member that has the set's own timeout only the rest of its time is told */
                if (wrapped && (json_object_get(wrapped, "timeout") || json_object_get(wrapped, "expires")))
                        e->fading = true;
                if (wrapped && (json_object_get(wrapped, "limit") || json_object_get(wrapped, "quota") ||
                                json_object_get(wrapped, "ct count") || json_object_get(wrapped, "stmt")))
                        e->unsure = true; /* they decide, too */
                member = value_plain(member);
                if (streq_ptr(json_string_value(member), "*"))
                        e->rest = true;
                else if (e->rest && pairs)
                        return NULL; /* it is listed last; elsewhere verdicts would not fit */
                else if (!read_member(keys, member, &e->spans[e->n * keys->n]))
                        return NULL;
                else
                        e->n++;
        }
        if (keys->n == 1 && !pairs)
                order(e);
        return e;
}

static const json_t *find_set(struct match_reader *r, const char *family, const char *table, const char *name,
                              bool *ret_changed)
{
        uint64_t found = 0;
        const char *full = set_name(r, family, table, name);

        *ret_changed = map_get_str(&r->changed, full, NULL);
        (void)map_get_str(&r->sets, full, &found);
        return (const json_t *)(uintptr_t)found;
}

static struct rule_elements *read_named(struct match_reader *r, const char *family, const char *table,
                                        const struct key_list *keys, const char *name)
{
        struct rule_elements *e;
        uint64_t key, found;
        const json_t *set;
        bool changed;

        set = find_set(r, family, table, name, &changed);
        if (!set)
                return NULL;
        key = hash_bytes(keys, sizeof(keys->at[0]) * keys->n) ^ (uint64_t)(uintptr_t)set;
        if (map_get(&r->known, key, &found))
                return (struct rule_elements *)(uintptr_t)found;
        e = read_members(r, keys, json_object_get(set, "elem"), false);
        if (e && changed)
                e->unsure = true;
        map_put(&r->known, key, (uintptr_t)e);
        return e;
}

/* --- matches -------------------------------------------------------------------------------------- */

static const char *key_words(struct match_reader *r, const json_t *expression)
{
        const char *kind = json_object_iter_key(json_object_iter((json_t *)expression));
        const json_t *body = kind ? json_object_get(expression, kind) : NULL;

        if (!kind)
                return "a condition";
        if (json_is_array(body))
                return key_words(r, json_array_get(body, 0));
        if (streq(kind, "payload"))
                return pool_printf(r->pool, "%.20s %.20s", text_at(body, "protocol"), text_at(body, "field"));
        if (streq(kind, "fib"))
                return pool_printf(r->pool, "fib %.20s", text_at(body, "result"));
        return json_object_get(body, "key") ? pool_printf(r->pool, "%.20s %.20s", kind, text_at(body, "key"))
                                            : pool_printf(r->pool, "%.40s", kind);
}

static struct rule_match unknown(struct match_reader *r, const struct key_list *keys, const json_t *left)
{
        struct rule_match m = {.kind = RULE_UNKNOWN, .words = key_words(r, left)};

        /* of which packets it can be true at all is known all the same */
        m.n_keys = keys->n;
        m.keys = pool_alloc(r->pool, (keys->n + 1) * sizeof(*m.keys));
        memcpy((void *)(uintptr_t)m.keys, keys->at, keys->n * sizeof(*m.keys));
        return m;
}

static bool compare_to(struct rule_elements *e, const char *op)
{
        struct rule_span *s = e->spans;

        if (e->n != 1 || s->first != s->last)
                return false;
        if (streq(op, "<") && s->first == 0)
                e->n = 0;
        else if (streq(op, "<"))
                *s = (struct rule_span){0, s->first - 1};
        else if (streq(op, "<="))
                s->first = 0;
        else if (streq(op, ">") && s->last == ~(rule_number)0)
                e->n = 0;
        else if (streq(op, ">"))
                *s = (struct rule_span){s->last + 1, ~(rule_number)0};
        else
                s->last = ~(rule_number)0;
        return true;
}

static const struct rule_elements *read_right(struct match_reader *r, const char *family, const char *table,
                                              const struct key_list *keys, const char *op, const json_t *right)
{
        const char *name = json_string_value(right);
        const json_t *set = value_of(right, "set");
        struct rule_elements *e;
        json_t *one;

        if (name && name[0] == '@')
                return read_named(r, family, table, keys, name + 1);
        if (set)
                return json_is_array(set) ? read_members(r, keys, set, false) : NULL;
        one = json_array();
        json_array_append(one, (json_t *)right);
        e = read_members(r, keys, one, false);
        json_decref(one);
        if (e && (op[0] == '<' || op[0] == '>') && !compare_to(e, op))
                return NULL;
        return e;
}

static void note_keys(struct match_reader *r, const struct key_list *keys)
{
        for (size_t i = 0; i < keys->n; i++) {
                r->names_devices = r->names_devices || keys->at[i].kind == RULE_DEVICE;
                r->names_targets = r->names_targets || keys->at[i].kind == RULE_TARGET;
        }
}

struct rule_match match_read(struct match_reader *r, const char *family, const char *table, const json_t *body)
{
        static const char *const ops[] = {"==", "!=", "in", "<", "<=", ">", ">="};
        const json_t *left = json_object_get(body, "left");
        const char *op = text_at(body, "op");
        struct rule_match m;
        struct key_list keys;
        bool known = false;

        memset(&keys, 0, sizeof(keys)); /* hashed as bytes, padding too */
        if (!read_keys(left, &keys))
                return match_words(r, RULE_UNKNOWN, key_words(r, left));
        note_keys(r, &keys);
        m = unknown(r, &keys, left);
        for (size_t i = 0; i < array_len(ops); i++)
                known = known || streq(ops[i], op);
        for (size_t i = 0; i < keys.n; i++)
                known = known && keys.at[i].kind != RULE_OTHER;
        if (known)
                m.elements = read_right(r, family, table, &keys, op, json_object_get(body, "right"));
        if (!m.elements)
                return m;
        m.kind = streq(op, "in") && keys.n == 1 && values[keys.at[0].kind].bits ? RULE_BITS : RULE_IN;
        m.negated = streq(op, "!=");
        return m;
}

struct rule_match match_read_map(struct match_reader *r, const char *family, const char *table, const json_t *body,
                                 json_t **ret_pairs)
{
        const json_t *left = json_object_get(body, "key");
        json_t *data = json_object_get(body, "data");
        const char *name = json_string_value(data);
        bool changed = false;
        struct key_list keys;
        struct rule_match m;
        struct rule_elements *e;

        memset(&keys, 0, sizeof(keys));
        *ret_pairs = NULL;
        if (!read_keys(left, &keys))
                return match_words(r, RULE_UNKNOWN, key_words(r, left));
        note_keys(r, &keys);
        m = unknown(r, &keys, left);
        if (name && name[0] == '@') {
                const json_t *map = find_set(r, family, table, name + 1, &changed);

                data = json_object_get(map, "elem");
                if (map && !data)
                        data = r->nothing;
        } else {
                data = value_of(data, "set");
        }
        for (size_t i = 0; i < keys.n; i++)
                if (keys.at[i].kind == RULE_OTHER)
                        return m;
        if (!json_is_array(data) || changed) /* verdicts change, too */
                return m;
        e = read_members(r, &keys, data, true);
        if (!e)
                return m;
        m.elements = e;
        m.kind = RULE_IN;
        *ret_pairs = data;
        return m;
}
