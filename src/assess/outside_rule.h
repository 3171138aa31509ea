/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule looks at one open endpoint and says whether it is worth acting on. To add one: a file with a `const struct
 * outside_rule` (or several of one subject), and a line in the registry in outside.c.
 */
#pragma once

#include "assess/outside.h"
#include "assess/rule.h"

/* From where an endpoint is likely reached, by its address and the name of its zone. */
enum place {
        PLACE_LOOPBACK, /* this machine only */
        PLACE_INSIDE,   /* a zone of ours */
        PLACE_UNKNOWN,  /* no zone is known */
        PLACE_EXPOSED,  /* a zone that strangers reach (internet, dmz, guest ...), or a public address */
        PLACE_MAX,
};

struct outside_input {
        struct pool *pool;
        const struct knowledge *knowledge;
        const struct observed *o;
        const struct page *page;      /* it is judged by, or NULL */
        const struct page *of_number; /* the guide's for the number, whatever speaks; or NULL */
        enum place place;
        int64_t now;
        enum severity worst; /* of the findings that earlier rules made of it */
        bool any;            /* there are some */
};

struct outside_rule {
        const char *name; /* of the finding */
        /* False: nothing to say. */
        bool (*look)(const struct outside_input *in, struct verdict_draft *draft);
};

extern const struct outside_rule outside_relay, outside_exposed, outside_cleartext, outside_starttls,
        outside_tls_version, outside_tls_cipher, outside_certificate_dates, outside_certificate_key,
        outside_certificate_name, outside_certificate_issuer, outside_weak_crypto, outside_obsolete,
        outside_wrong_service, outside_unidentified, outside_advice, outside_policy;

enum severity by_place(const struct outside_input *in, enum severity loopback, enum severity inside,
                       enum severity exposed);
/* One step less where it is only likely; never below low. */
enum severity as_sure(const struct outside_input *in, enum severity severity);
/* The name of the zone has one of these words in it; parted by blanks. */
bool zone_has(const struct outside_input *in, const char *words);
/* "23/tcp" */
const char *endpoint_port_text(struct pool *pool, const struct endpoint *e);
/* What people call what speaks there: the product, else the guide's name, else the protocol's. */
const char *observed_name(const struct outside_input *in);
/* A flag of the identity. */
bool observed_flag(const struct observed *o, enum identity_flag flag);
/*
 * The page by what was spoken: of an application over HTTP its own; that of the number where it says the same (587 is
 * submission, though the protocol is SMTP); else that of the protocol. NULL: the guide has none.
 */
const struct page *page_of_speech(const struct knowledge *k, const struct identity *id,
                                  const struct page *of_number);
/* "heard: ..." of what a server said, the beginning of it. */
const char *describe_heard(struct pool *pool, const char *evidence);
/* "speaks: ...", "heard: ..."; nothing where nothing known spoke. */
void describe_speech(struct pool *pool, const struct observed *o, struct lines *to);
/* It certainly speaks another protocol than a program is known for that speaks `known_for`; NULL is for nothing. */
bool speaks_otherwise(const struct observed *o, const char *known_for);
/* What is to be said of that: title, advice, severity, and the program to look at. */
void draft_otherwise(struct pool *pool, const struct listener *l, const char *who, const char *known_for,
                     const char *spoken, struct verdict_draft *draft);
/* HTTP that answers with a redirect to https and nothing else. */
bool only_redirects(const struct observed *o);
/* The steps of the page that can be said without knowing the host from inside. */
void outside_page_steps(const struct outside_input *in, struct lines *to);
/* What the page has instead, after these words: "Use". */
void outside_alternative(const struct outside_input *in, const char *begin, struct verdict_draft *draft);
/* For vec_sort: most severe first, then by endpoint and by rule. */
int outside_compare_findings(const void *a, const void *b);
