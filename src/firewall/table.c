/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order within the table is that of what is frequent: an established connection meets one rule, as in the shortest
 * table that knows connections, and a new one to an open port four (bench/firewall).
 */
#include "firewall/spec.h"

#include "model/port_set.h"

static const uint8_t families[] = {4, 6};

static const char *ip_word(uint8_t family)
{
        return family == 4 ? "ip" : "ip6";
}

/* --- sets ------------------------------------------------------------------------------------ */

static void add_family(struct range_set *to, const struct address_range *ranges, size_t n, uint8_t family)
{
        for (size_t i = 0; i < n; i++)
                if (ranges[i].first.family == family)
                        range_set_add(to, &ranges[i]);
}

/* nft refuses sets whose intervals overlap: each range once, in order. */
static void write_ranges(struct str *to, struct range_set *set)
{
        char buf[RANGE_TEXT_SIZE];

        range_set_normalize(set);
        for (size_t i = 0; i < set->n; i++)
                str_addf(to, "%s%s", i ? ", " : "", address_range_format(&set->at[i], buf));
}

static void write_address_set(struct str *to, const char *name, uint8_t family, struct range_set *set)
{
        str_addf(to, "\tset %s_%u {\n\t\ttype ipv%u_addr; flags interval;\n", name, family, family);
        if (set->n) {
                str_add(to, "\t\telements = { ");
                write_ranges(to, set);
                str_add(to, " }\n");
        }
        str_add(to, "\t}\n");
}

static void write_zone_set(struct str *to, const struct firewall_zone *zone, uint8_t family)
{
        _cleanup_(range_set_release) struct range_set set = {0};
        _cleanup_str_ struct str name = {0};

        add_family(&set, zone->ranges, zone->n_ranges, family);
        str_addf(&name, "zone_%s", zone->name);
        write_address_set(to, str_text(&name), family, &set);
}

/* All that is in some zone: `internet` is what is not. */
static void write_zones_set(struct str *to, const struct firewall_spec *spec, uint8_t family)
{
        _cleanup_(range_set_release) struct range_set set = {0};

        vec_foreach(zone, &spec->zones)
                add_family(&set, zone->ranges, zone->n_ranges, family);
        write_address_set(to, "zones", family, &set);
}

static void write_sets(struct str *to, const struct firewall_spec *spec)
{
        for (size_t f = 0; f < array_len(families); f++) {
                vec_foreach(zone, &spec->zones)
                        write_zone_set(to, zone, families[f]);
                write_zones_set(to, spec, families[f]);
        }
}

/* Ports that are open to all go into one set: one look-up, however many there are. */
static bool is_open_to_all(const struct firewall_rule *rule, enum transport transport)
{
        return !rule->deny && rule->transport == transport && !rule->n_from && !rule->n_from_zones &&
               !rule->to.family && !rule->device;
}

static const char *comment_of(const struct firewall_spec *spec, enum transport transport, uint16_t first,
                              uint16_t last)
{
        vec_foreach(rule, &spec->rules)
                if (is_open_to_all(rule, transport) && rule->first == first && rule->last == last &&
                    rule->comment)
                        return rule->comment;
        return NULL;
}

static void write_comment(struct str *to, const char *comment)
{
        if (comment)
                str_addf(to, " comment \"%s\"", comment);
}

/* The last port of the run that begins there. */
static uint16_t run_end(const struct port_set *ports, uint16_t first)
{
        unsigned last = first;

        while (last < UINT16_MAX && port_set_has(ports, (uint16_t)(last + 1)))
                last++;
        return (uint16_t)last;
}

static void write_open_ports(struct str *to, const struct firewall_spec *spec, enum transport transport)
{
        struct port_set ports = {0};
        bool ranges = false;
        unsigned n = 0;

        vec_foreach(rule, &spec->rules)
                if (is_open_to_all(rule, transport))
                        port_set_add_range(&ports, rule->first, rule->last);
        for (int at = 0; (at = port_set_next(&ports, (unsigned)at)) >= 0 && !ranges; at++)
                ranges = run_end(&ports, (uint16_t)at) > at;
        str_addf(to, "\tset %s_open {\n\t\ttype inet_service;%s\n", transport_name(transport),
                 ranges ? " flags interval;" : "");
        for (int at = 0; (at = port_set_next(&ports, (unsigned)at)) >= 0;) {
                uint16_t last = run_end(&ports, (uint16_t)at);

                str_addf(to, n++ ? ",\n\t\t\t%d" : "\t\telements = {\n\t\t\t%d", at);
                if (last > at)
                        str_addf(to, "-%u", last);
                write_comment(to, comment_of(spec, transport, (uint16_t)at, last));
                at = last + 1;
        }
        str_add(to, n ? "\n\t\t}\n\t}\n" : "\t}\n");
}

static bool is_of_family(const struct firewall_living *l, uint8_t family)
{
        struct address local = address_unmapped(&l->local), remote = address_unmapped(&l->remote);

        return local.family == family && remote.family == family &&
               (l->transport == TRANSPORT_TCP || l->transport == TRANSPORT_UDP);
}

static void write_living(struct str *to, const struct firewall_living *living, size_t n, uint8_t family)
{
        char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE];
        bool any = false;

        str_addf(to,
                 "\tset living_%u {\n"
                 "\t\ttype ipv%u_addr . inet_proto . inet_service . ipv%u_addr . inet_service;\n",
                 family, family, family);
        str_addf(to, "\t\ttimeout %us;\n", FIREWALL_KEEP_S);
        for (size_t i = 0; i < n; i++) {
                struct address l = address_unmapped(&living[i].local),
                               r = address_unmapped(&living[i].remote);

                if (!is_of_family(&living[i], family))
                        continue;
                str_add(to, any ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
                str_addf(to, "%s . %s . %u . %s . %u", address_format(&r, remote),
                         transport_name(living[i].transport), living[i].remote_port,
                         address_format(&l, local), living[i].local_port);
                any = true;
        }
        str_add(to, any ? "\n\t\t}\n\t}\n" : "\t}\n");
}

/* --- rules ----------------------------------------------------------------------------------- */

/* Which words of nft tell of the port and address that a packet came for. */
struct words {
        bool original;          /* as it was before DNAT */
        const char *verdict[2]; /* allow, deny */
};

static void write_match(struct str *to, const struct firewall_rule *rule, const struct words *words)
{
        const char *name = transport_name(rule->transport);

        if (rule->transport == TRANSPORT_RAW) {
                str_addf(to, "meta l4proto %u", rule->first);
                return;
        }
        if (words->original)
                str_addf(to, "meta l4proto %s ct original proto-dst %u", name, rule->first);
        else
                str_addf(to, "%s dport %u", name, rule->first);
        if (rule->last > rule->first)
                str_addf(to, "-%u", rule->last);
}

/* One rule of nft; `source` is empty or "ip saddr ...". */
static void write_one(struct str *to, const struct firewall_rule *rule, const char *source, uint8_t family,
                      const struct words *words)
{
        char buf[ADDRESS_TEXT_SIZE];

        str_add(to, "\t\t");
        if (rule->device)
                str_addf(to, "iifname \"%s\" ", rule->device);
        if (source[0])
                str_addf(to, "%s ", source);
        if (rule->to.family)
                str_addf(to, "%s%s daddr %s ", words->original ? "ct original " : "", ip_word(family),
                         address_format(&rule->to, buf));
        write_match(to, rule, words);
        str_addf(to, " %s", words->verdict[rule->deny]);
        write_comment(to, rule->comment);
        str_add_char(to, '\n');
}

static void write_from_networks(struct str *to, const struct firewall_rule *rule, uint8_t family,
                                const struct words *words)
{
        _cleanup_(range_set_release) struct range_set set = {0};
        _cleanup_str_ struct str source = {0};

        add_family(&set, rule->from, rule->n_from, family);
        if (!set.n)
                return;
        str_addf(&source, "%s saddr { ", ip_word(family));
        write_ranges(&source, &set);
        str_add(&source, " }");
        write_one(to, rule, str_text(&source), family, words);
}

static void write_from_zone(struct str *to, const struct firewall_rule *rule, const char *zone,
                            uint8_t family, const struct words *words)
{
        _cleanup_str_ struct str source = {0};

        if (streq(zone, "internet"))
                str_addf(&source, "%s saddr != @zones_%u", ip_word(family), family);
        else
                str_addf(&source, "%s saddr @zone_%s_%u", ip_word(family), zone, family);
        write_one(to, rule, str_text(&source), family, words);
}

static void write_rule(struct str *to, const struct firewall_rule *rule, const struct words *words)
{
        if (!rule->n_from && !rule->n_from_zones) {
                write_one(to, rule, "", rule->to.family, words);
                return;
        }
        for (size_t f = 0; f < array_len(families); f++) {
                if (rule->to.family && rule->to.family != families[f])
                        continue;
                for (size_t i = 0; i < rule->n_from_zones; i++)
                        write_from_zone(to, rule, rule->from_zones[i], families[f], words);
                write_from_networks(to, rule, families[f], words);
        }
}

static const struct words input_words = {.verdict = {"accept", "drop"}},
                          published_words = {.original = true, .verdict = {"return", "goto refused"}};

/* A chain of its own for each of the two transports that nearly all packets have. */
static void write_transport_chain(struct str *to, const struct firewall_spec *spec, enum transport transport)
{
        const char *name = transport_name(transport);

        str_addf(to, "\tchain %s_in {\n", name);
        vec_foreach(rule, &spec->rules)
                if (!rule->deny && rule->transport == transport && !is_open_to_all(rule, transport))
                        write_rule(to, rule, &input_words);
        if (transport == TRANSPORT_UDP)
                /* RFC 2131, 4.1: the client's port; RFC 8415, 7.2: likewise, any port of the server */
                str_add(to, "\t\tudp sport 67 udp dport 68 accept comment \"answers of DHCP\"\n"
                            "\t\tip6 saddr fe80::/10 ip6 daddr fe80::/10 udp dport 546 accept "
                            "comment \"answers of DHCPv6\"\n");
        str_add(to, "\t}\n");
}

/*
 * What IP itself needs. RFC 4890, 4.4: errors, echo, router and neighbour discovery (only from the link: hop limit
 * 255), multicast listeners (RFC 2710, RFC 3810: from a link-local address, or from :: before there is one), SEND,
 * multicast router discovery (RFC 4286). Redirects are not in it: they change routes, and nothing breaks without.
 */
static const char essentials[] =
        "\tchain icmp_in {\n"
        "\t\ticmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request, echo-reply } accept\n"
        "\t}\n"
        "\tchain icmp6_in {\n"
        "\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, "
        "echo-reply } accept\n"
        "\t\tip6 hoplimit 255 icmpv6 type { 133, 134, 135, 136, 141, 142, 148, 149 } accept "
        "comment \"router and neighbour discovery\"\n"
        "\t\tip6 saddr { ::, fe80::/10 } icmpv6 type { 130, 131, 132, 143 } accept comment \"multicast listeners\"\n"
        "\t\tip6 saddr fe80::/10 ip6 hoplimit 1 icmpv6 type { 151, 152, 153 } accept "
        "comment \"multicast routers\"\n"
        "\t}\n";

/* What is sent to us alone has a limit of its own, so that chatter on the link does not hide it. */
static void write_refused(struct str *to, const struct firewall_spec *spec)
{
        str_add(to, "\tchain refused {\n");
        if (spec->log)
                str_addf(
                        to,
                        "\t\tmeta pkttype host limit rate 20/second burst 50 packets log prefix \"%s\" group %u "
                        "snaplen 128\n"
                        "\t\tmeta pkttype != host limit rate 2/second burst 10 packets log prefix \"%s\" group %u "
                        "snaplen 128\n",
                        FIREWALL_LOG_PREFIX, FIREWALL_LOG_GROUP, FIREWALL_LOG_PREFIX, FIREWALL_LOG_GROUP);
        str_add(to, "\t\tcounter drop\n\t}\n");
}

/* Adding it first makes that deleting it never fails. */
static void write_head(struct str *to, const char *table)
{
        str_addf(
                to,
                "# Made by quaymaster from the approvals of the policy. Changes are lost when it is made again.\n"
                "table inet %s\n"
                "delete table inet %s\n"
                "table inet %s {\n",
                table, table, table);
}

/* A tracked connection is older than its first packet here: those are told apart from new ones by their ends. */
static void write_input(struct str *to, const struct firewall_spec *spec)
{
        str_add(to, "\tchain living {\n"
                    "\t\tip saddr . meta l4proto . th sport . ip daddr . th dport @living_4 accept\n"
                    "\t\tip6 saddr . meta l4proto . th sport . ip6 daddr . th dport @living_6 accept\n"
                    "\t\tgoto refused\n"
                    "\t}\n"
                    "\tchain input {\n"
                    "\t\ttype filter hook input priority filter + 10; policy drop;\n"
                    "\t\tct state established,related accept\n"
                    "\t\tiif \"lo\" accept\n"
                    "\t\tct state invalid goto living\n"
                    "\t\ttcp dport @tcp_open accept\n"
                    "\t\tudp dport @udp_open accept\n"
                    "\t\tmeta l4proto vmap { tcp : jump tcp_in, udp : jump udp_in, icmp : jump icmp_in, "
                    "ipv6-icmp : jump icmp6_in }\n"
                    "\t\tip protocol igmp ip daddr 224.0.0.0/4 accept\n");
        vec_foreach(rule, &spec->rules)
                if (!rule->deny && rule->transport != TRANSPORT_TCP && rule->transport != TRANSPORT_UDP)
                        write_rule(to, rule, &input_words);
        str_add(to, "\t\tgoto living\n\t}\n");
}

void firewall_table_write(const struct firewall_spec *spec, const struct firewall_living *living,
                          size_t n_living, struct str *to)
{
        write_head(to, FIREWALL_TABLE);
        write_sets(to, spec);
        for (size_t f = 0; f < array_len(families); f++)
                write_living(to, living, n_living, families[f]);
        write_open_ports(to, spec, TRANSPORT_TCP);
        write_open_ports(to, spec, TRANSPORT_UDP);
        str_add(to, essentials);
        write_transport_chain(to, spec, TRANSPORT_TCP);
        write_transport_chain(to, spec, TRANSPORT_UDP);
        write_refused(to, spec);
        write_input(to, spec);
        str_add(to, "}\n");
}

/* Only what was sent elsewhere by DNAT is looked at: all other forwarding is not ours. */
void firewall_published_write(const struct firewall_spec *spec, struct str *to)
{
        write_head(to, FIREWALL_TABLE_PUBLISHED);
        write_sets(to, spec);
        write_refused(to, spec);
        str_add(to, "\tchain published {\n");
        vec_foreach(rule, &spec->rules)
                write_rule(to, rule, &published_words);
        str_add(to, "\t}\n"
                    "\tchain forward {\n"
                    "\t\ttype filter hook forward priority filter + 10; policy accept;\n"
                    "\t\tct state established,related accept\n"
                    "\t\tct status dnat jump published\n"
                    "\t}\n"
                    "}\n");
}
