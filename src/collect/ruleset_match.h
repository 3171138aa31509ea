/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches of a ruleset: expressions and values of libnftables-json(5) as keys and numbers. Internal to ruleset_*.c. */
#pragma once

#include <jansson.h>

#include "base/map.h"
#include "base/pool.h"
#include "base/str.h"
#include "model/ruleset.h"

struct match_reader {
        struct pool *pool;
        struct map sets;    /* interned "family table name" -> the set's or map's JSON */
        struct map changed; /* the same names, of sets that rules add to */
        struct map known;   /* set and keys -> struct rule_elements, so that each is read once */
        bool names_devices, names_targets;
        json_t *nothing; /* an empty list */
        struct str name; /* scratch */
};

void match_reader_release(struct match_reader *r);

/* "family table name"; valid until the next call. */
const char *set_name(struct match_reader *r, const char *family, const char *table, const char *name);

/* A "match" statement's body. */
struct rule_match match_read(struct match_reader *r, const char *family, const char *table, const json_t *body);
/* The key and members of a "vmap": *ret_pairs is the list of [member, verdict]; NULL when it is not understood. */
struct rule_match match_read_map(struct match_reader *r, const char *family, const char *table, const json_t *body,
                                 json_t **ret_pairs);
/* A match that says nothing but these words. */
struct rule_match match_words(struct match_reader *r, enum rule_match_kind kind, const char *words);

/*
 * The conditions of a translated rule of iptables-nft as an array of "match" bodies; of what is not understood,
 * {"words":"..."}, and of limits {"limit":true}. The caller's.
 */
json_t *words_matches(const char *text);
