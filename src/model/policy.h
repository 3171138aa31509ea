/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be open and why (policy.yaml), and what that says of one listener or endpoint. Plain data; all it points to
 * lives in the pool it was parsed into. Parsed by policy/policy_parse.h, evaluated by policy/policy_judge.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"

enum verdict {
        VERDICT_NONE, /* not judged: there is no policy */
        VERDICT_APPROVED,
        VERDICT_UNUSED, /* only of rules: nothing uses the approval */
        VERDICT_EXPIRED,
        VERDICT_UNAPPROVED,
        VERDICT_PROHIBITED,
        VERDICT_MAX,
};

const char *verdict_name(enum verdict verdict); /* "unapproved"; NULL for VERDICT_NONE */
enum verdict verdict_parse(const char *word);   /* VERDICT_MAX: unknown */
/* approved < unused < expired = unapproved < prohibited; 0 for VERDICT_NONE. */
unsigned verdict_rank(enum verdict verdict);

#define POLICY_NO_DAY INT32_MIN
#define DAY_TEXT_SIZE sizeof("2026-01-01")

/* Days since 1970-01-01 of "2026-05-01" (proleptic Gregorian). -EINVAL: not of that form; -ERANGE: no such day. */
int day_parse(const char *text, int32_t *ret);
const char *day_format(int32_t day, char buf[DAY_TEXT_SIZE]); /* years 1 to 9999 */
int32_t day_of(int64_t seconds);                              /* the day, UTC */

/* The number of an IP protocol by its usual name ("vrrp"), or -1. */
int ip_protocol_parse(const char *name);
/* Its name, or NULL. */
const char *ip_protocol_name(unsigned number);

struct policy_ports {
        uint8_t transports; /* bits by enum transport */
        bool dynamic;       /* the range that the kernel gives from, whatever it is there */
        uint16_t first, last;
};

struct texts { /* alternatives; none: does not matter */
        const char **at;
        size_t n;
};

#define POLICY_DEEMED_NEEDED "deemed-needed" /* a basis: the device cannot close it (NERC CIP-007 R1.1) */

struct policy_rule {
        unsigned line;
        bool deny;
        struct policy_ports *ports; /* also of ip_protocol: transport raw */
        size_t n_ports;             /* 0: any */
        uint8_t transports;         /* without ports: bits; 0 = any */
        const char *protocol;       /* as written, or NULL */
        uint8_t encryption;         /* bits by enum encryption that will do; 0: does not matter */
        struct texts process, unit, package, user, container; /* globs: * and ? */
        struct texts on_name;                                 /* globs */
        struct texts on_tags;                                 /* all of them */
        struct texts on_zone;
        uint8_t from; /* bits by enum exposure_scope; with from_zones: 0 and none = does not matter */
        struct texts from_zones;
        const char *need, *owner, *approved_by, *ticket, *basis; /* or NULL */
        int32_t approved_on, expires; /* days, or POLICY_NO_DAY; expires: the last that it holds */
        const char *what;             /* "443/tcp": how it is called for people */
};

#define POLICY_GLOB_MAX 300 /* characters */

/*
 * NULL: written into a policy as a glob, the name (of a program, unit, container) means itself and nothing else. Else
 * what is in the way, as the rest of a sentence: there is no way to write that name alone.
 */
const char *policy_glob_inexact(const char *name);

struct policy {
        const char *file;
        struct policy_rule *rules; /* as they stand in the file: of `allow`, then of `deny` */
        size_t n_rules, n_allow;
};

/* Whether the need is filled in: one that says `need: TODO` approves nothing. */
bool policy_rule_needed(const struct policy_rule *rule);

struct judgement {
        enum verdict verdict;
        const struct policy_rule *rule; /* that decided; NULL: none spoke of it */
        const char *why;                /* a sentence; NULL as long as it is not judged */
        const char *note; /* what of the approval was not seen to hold ("... not verified"), or NULL */
        /* Unapproved: an approval that holds, and would apply if it were reached from less far; or NULL. */
        const struct policy_rule *too_far;
};
