/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/reach_match.h"

#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

enum truth { NO, SOME, YES };

#define TCP_SYN 2u
#define TCP_PSH 8u
#define TCP_ACK 16u
#define TCP_URG 32u
#define TCP_ECN 0xc0u /* of RFC 3168: a first packet may have them or not */

struct known {
        bool known;
        rule_number value;
};

static const struct known not_known;

static struct known known(rule_number value)
{
        return (struct known){true, value};
}

/* Whether packets of the kind have what the key looks at. */
static enum truth has_key(const struct rule_key *key, const struct packet *p)
{
        if (key->family && key->family != p->family)
                return NO;
        if (key->protocol == RULE_ANY_PROTOCOL || key->protocol == p->protocol)
                return YES;
        if (key->protocol == RULE_WITH_PORTS)
                return p->has_port ? YES : SOME;
        return NO;
}

static struct known target_type(const struct packet *p)
{
        return p->own ? known(RTN_LOCAL) : p->to == TO_OTHERS ? known(RTN_UNICAST) : not_known;
}

/*
 * TCP and SCTP take only what was sent to this host on the link, too; others also a packet for its address in a frame
 * for all (`drop_unicast_in_l2_multicast` of ip-sysctl is off).
 */
static struct known packet_type(const struct packet *p)
{
        bool strict = p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_SCTP;

        return strict && p->has_port && p->to != TO_GROUP ? known(PACKET_HOST) : not_known;
}

static struct known ct_state(const struct packet *p)
{
        if (p->tracking == TRACK_NEW && p->has_port)
                return known(p->later ? RULE_CT_ESTABLISHED : RULE_CT_NEW);
        return p->tracking == TRACK_NOT ? known(RULE_CT_UNTRACKED) : not_known;
}

/*
 * Of those bits the packet's, where all of them are known. PSH and URG open a connection as well, if a hostile one, and
 * a first fragment may end before the flags.
 */
static struct known flags_in(const struct packet *p, rule_number bits, bool usual)
{
        if (!p->has_port || !(p->whole || usual) || (bits & (TCP_ECN | TCP_PSH | TCP_URG) && !(usual && !p->later)))
                return not_known;
        return known((p->later ? TCP_ACK : TCP_SYN));
}

static struct known value_of_key(const struct rule_key *key, const struct packet *p, bool usual)
{
        switch (key->kind) {
        case RULE_TARGET:
                return p->to == TO_ADDRESS ? known(p->target) : not_known;
        case RULE_PORT:
                return p->has_port ? known(p->port) : not_known;
        case RULE_PROTOCOL:
                return known(p->protocol);
        case RULE_FAMILY:
                return known(p->family);
        case RULE_DEVICE:
                return p->knows_device ? known(p->device) : not_known;
        case RULE_DEVICE_OUT:
                return p->knows_out ? known(p->out) : not_known;
        case RULE_TARGET_TYPE:
                return target_type(p);
        case RULE_PACKET_TYPE:
                return packet_type(p);
        case RULE_CT_STATE:
                return ct_state(p);
        case RULE_CT_DIRECTION:
                return p->tracking == TRACK_NEW ? known(0) : not_known;
        case RULE_TCP_FLAGS:
                if (key->mask)
                        return flags_in(p, key->mask, usual);
                return usual && !p->later ? known(TCP_SYN) : not_known;
        default:
                return not_known;
        }
}

static bool in_span(const struct rule_key *key, const struct rule_span *span, rule_number value)
{
        if (key->mask)
                value &= key->mask;
        return span->first <= value && value <= span->last;
}

/* Members of one key that are ordered. */
static bool find(const struct rule_elements *e, rule_number value)
{
        size_t low = 0, high = e->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (e->spans[middle].last < value)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < e->n && e->spans[low].first <= value;
}

static bool is_member(const struct rule_match *m, rule_number value)
{
        const struct rule_elements *e = m->elements;

        if (m->keys[0].mask)
                value &= m->keys[0].mask;
        if (e->rest)
                return true;
        if (e->ordered)
                return find(e, value);
        for (size_t i = 0; i < e->n; i++)
                if (in_span(&m->keys[0], &e->spans[i], value))
                        return true;
        return false;
}

/* Bits that all members are about. */
static rule_number all_bits(const struct rule_elements *e)
{
        rule_number bits = 0;

        for (size_t i = 0; i < e->n; i++)
                bits |= e->spans[i].first | e->spans[i].last;
        return bits;
}

static enum truth shares_bits(const struct rule_match *m, const struct packet *p)
{
        rule_number bits = all_bits(m->elements);
        struct known value = not_known;

        if (m->keys[0].kind == RULE_CT_STATE)
                value = ct_state(p);
        else if (m->keys[0].kind == RULE_CT_STATUS && bits == RULE_CT_STATUS_DNAT && p->tracking == TRACK_NEW &&
                 !p->perhaps_same)
                value = known(p->translated ? RULE_CT_STATUS_DNAT : 0);
        else if (m->keys[0].kind == RULE_TCP_FLAGS && !m->keys[0].mask)
                value = flags_in(p, bits, false);
        if (!value.known)
                return SOME;
        return value.value & bits ? YES : NO;
}

/* Extension headers may stand before the protocol (RFC 8200, 4.1); then that is not the next header. */
static enum truth next_header(const struct rule_match *m, const struct packet *p, bool usual)
{
        static const uint8_t extensions[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH,
                                             IPPROTO_DSTOPTS, IPPROTO_MH,      139,              140};

        bool same = is_member(m, p->protocol);

        if (usual)
                return same ? YES : NO;
        for (size_t i = 0; i < sizeof(extensions); i++)
                if (is_member(m, extensions[i]) != same)
                        return SOME;
        return same ? YES : NO;
}

static enum truth one_key(const struct rule_match *m, const struct packet *p, bool usual)
{
        struct known value;

        if (m->kind == RULE_BITS)
                return shares_bits(m, p);
        if (m->keys[0].kind == RULE_NEXT_HEADER)
                return next_header(m, p, usual);
        value = value_of_key(&m->keys[0], p, usual);
        if (!value.known)
                return SOME;
        return is_member(m, value.value) ? YES : NO;
}

static struct part part_of(enum truth truth, struct sources from)
{
        return (struct part){truth == NO ? (struct sources){0} : from, truth == YES ? from : (struct sources){0}};
}

/* One member of several keys. *ret_span is set when a key is the source. */
static enum truth member(const struct rule_match *m, const struct packet *p, bool usual, size_t index,
                         const struct rule_span **ret_span)
{
        const struct rule_span *spans = &m->elements->spans[index * m->n_keys];
        enum truth truth = YES;

        *ret_span = NULL;
        for (size_t i = 0; i < m->n_keys; i++) {
                struct known value;

                if (m->keys[i].kind == RULE_SOURCE) {
                        if (*ret_span)
                                return SOME;
                        *ret_span = &spans[i];
                        continue;
                }
                value = m->keys[i].kind == RULE_NEXT_HEADER ? not_known : value_of_key(&m->keys[i], p, usual);
                if (!value.known)
                        truth = SOME;
                else if (!in_span(&m->keys[i], &spans[i], value.value))
                        return NO;
        }
        return truth;
}

static struct part member_part(struct scratch *s, const struct rule_match *m, const struct packet *p,
                               struct sources from, bool usual, size_t index)
{
        const struct rule_span *span;
        enum truth truth = member(m, p, usual, index, &span);
        struct part part;

        if (truth == NO || !span)
                return part_of(truth, from);
        part.may = sources_common(s, from, (struct sources){span, 1});
        part.must = truth == YES ? part.may : (struct sources){0};
        return part;
}

static struct part any_member(struct scratch *s, const struct rule_match *m, const struct packet *p,
                              struct sources from, bool usual)
{
        vec(struct rule_span) may = {0}, must = {0};
        struct part part;

        for (size_t i = 0; i < m->elements->n; i++) {
                struct part one = member_part(s, m, p, from, usual, i);

                for (size_t k = 0; k < one.may.n; k++)
                        *vec_push(&may) = one.may.at[k];
                for (size_t k = 0; k < one.must.n; k++)
                        *vec_push(&must) = one.must.at[k];
                if (m->elements->n > 1 && one.must.n == from.n && from.n && one.must.at == from.at)
                        break; /* all of them */
        }
        part.may = sources_of(s, may.at, may.n);
        part.must = sources_of(s, must.at, must.n);
        vec_clear(&may);
        vec_clear(&must);
        return m->elements->rest ? part_of(YES, from) : part;
}

static enum truth has_keys(const struct rule_match *m, const struct packet *p)
{
        enum truth truth = YES;

        for (size_t i = 0; i < m->n_keys; i++) {
                enum truth one = has_key(&m->keys[i], p);

                truth = one < truth ? one : truth;
        }
        return truth;
}

static struct part limited(const struct rule_match *m, struct sources from, bool usual)
{
        if (!usual || m->kind == RULE_UNKNOWN)
                return part_of(SOME, from);
        return part_of(m->kind == RULE_USUALLY ? YES : NO, from);
}

static struct part plain_match(struct scratch *s, const struct rule_match *m, const struct packet *p,
                               struct sources from, bool usual)
{
        if (m->n_keys != 1)
                return any_member(s, m, p, from, usual);
        if (m->keys[0].kind != RULE_SOURCE)
                return part_of(one_key(m, p, usual), from);
        if (m->elements->ordered && !m->elements->rest) {
                struct sources in = sources_common(s, from, (struct sources){m->elements->spans, m->elements->n});

                return (struct part){in, in};
        }
        return any_member(s, m, p, from, usual);
}

struct part reach_match(struct scratch *s, const struct rule_match *m, const struct packet *p, struct sources from,
                        bool usual)
{
        enum truth has = has_keys(m, p);
        struct part part;

        if (has == NO)
                return part_of(NO, from);
        if (m->kind != RULE_IN && m->kind != RULE_BITS)
                return limited(m, from, usual);
        if (m->elements->unsure)
                return part_of(SOME, from);
        part = plain_match(s, m, p, from, usual);
        if (m->elements->fading)
                part.must = (struct sources){0};
        if (m->negated)
                part = (struct part){sources_without(s, from, part.must), sources_without(s, from, part.may)};
        if (has == SOME)
                part = part_of(SOME, from);
        return part;
}

struct part reach_member(struct scratch *s, const struct rule_match *m, const struct packet *p, struct sources from,
                         bool usual, size_t index)
{
        enum truth has = has_keys(m, p);
        struct part part;

        if (has == NO)
                return part_of(NO, from);
        if (index < m->elements->n) {
                part = member_part(s, m, p, from, usual, index);
        } else {
                struct rule_elements listed = *m->elements;
                struct rule_match others = *m;

                listed.rest = false;
                others.elements = &listed;
                part = any_member(s, &others, p, from, usual);
                part = (struct part){sources_without(s, from, part.must), sources_without(s, from, part.may)};
        }
        if (m->elements->unsure)
                part = part_of(SOME, from); /* members may have another verdict by now */
        else if (m->elements->fading || has == SOME)
                part.must = (struct sources){0};
        if (m->elements->fading && index == m->elements->n)
                part.may = from;
        return part;
}
