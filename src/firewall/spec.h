/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our own nftables table lets in, as values that can be checked. Made by harden/ from the approvals, carried in an
 * action as text (one `zone` or `allow` a line), parsed again by who applies it. Pure.
 *
 *      zone office 10.20.0.0/16 2001:db8:1::/48
 *      allow tcp 443                                  from anywhere, to any own address
 *      allow tcp 8000-8010 from office 10.9.0.1 to 10.20.1.10
 *      allow udp 53 from office device eth1
 *      allow protocol 112                             (VRRP; an IP protocol without ports)
 *      allow tcp 22 # ssh for the administrators      (a comment: who needs it)
 *      deny  tcp 8080 from internet                   (of published ports: the port that is asked for, before DNAT)
 *
 * `from` takes zones of the lines before, CIDRs and ranges, and `internet`: all that is in no zone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/address.h"
#include "model/range.h"

struct firewall_zone {
        const char *name; /* letters, digits, '-', '_'; at most 31 */
        struct address_range *ranges;
        size_t n_ranges;
};

struct firewall_rule {
        bool deny;
        enum transport transport; /* TRANSPORT_RAW: an IP protocol, its number in first */
        uint16_t first, last;
        struct address_range *from; /* CIDRs */
        size_t n_from;
        const char **from_zones; /* names; "internet" is always there */
        size_t n_from_zones;     /* none of both: from anywhere */
        struct address to;       /* family 0: any own address */
        const char *device;      /* input interface, or NULL */
        const char *comment;     /* who needs it: at most 100 harmless letters; or NULL */
};

struct firewall_spec {
        vec(struct firewall_zone) zones;
        vec(struct firewall_rule) rules;
        bool log; /* log what is refused: rate-limited, group FIREWALL_LOG_GROUP, prefix FIREWALL_LOG_PREFIX */
        struct pool *pool; /* not owned */
};

/* What a spec takes as a zone's name and as an interface; and what of a text may be a comment (NULL: nothing). */
bool firewall_zone_name_valid(const char *name);
bool firewall_device_valid(const char *name);
const char *firewall_comment(struct pool *pool, const char *text);

#define FIREWALL_TABLE           "quaymaster"           /* inet; input chain at priority filter + 10 */
#define FIREWALL_TABLE_PUBLISHED "quaymaster_published" /* inet; forward chain */
#define FIREWALL_LOG_GROUP       7117                   /* NFLOG */
#define FIREWALL_LOG_PREFIX      "quaymaster denied: "

void firewall_spec_release(struct firewall_spec *spec);
/*
 * Add one line (`zone ...`, `allow ...` or `deny ...`). 0 or -EINVAL with words, and then nothing was added. All it
 * keeps is in spec->pool. At most 10,000 zones and rules.
 */
int firewall_spec_add(struct firewall_spec *spec, const char *line, struct err *err);
/* The line of a rule or zone, as firewall_spec_add takes it. */
void firewall_rule_write(const struct firewall_rule *rule, struct str *to);
void firewall_zone_write(const struct firewall_zone *zone, struct str *to);

/* A connection that lives when the table is loaded: its packets are let in for FIREWALL_KEEP_S seconds. */
struct firewall_living {
        enum transport transport;
        struct address local, remote;
        uint16_t local_port, remote_port;
};

/*
 * The table as a file for nft(8): one transaction that removes a table of ours that is there and adds the new one. The
 * same spec gives the same text. `living` may be NULL. `deny` rules say nothing here: what is not allowed is
 * refused.
 */
#define FIREWALL_KEEP_S 86400
void firewall_table_write(const struct firewall_spec *spec, const struct firewall_living *living,
                          size_t n_living, struct str *to);
/* The table for published ports. The first `deny` or `allow` rule that matches decides; what none matches passes. */
void firewall_published_write(const struct firewall_spec *spec, struct str *to);
