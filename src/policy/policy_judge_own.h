/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the judge share: the subject, whether a rule applies, how that is said. For this folder only. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "policy/policy_judge.h"

/* Why a rule does not apply, in the order it is tried: what comes later came nearer. */
enum miss {
        MISS_PORT,
        MISS_ON,
        MISS_SPEAKS, /* deny rules only; an approval that is not kept is told otherwise */
        MISS_PROCESS,
        MISS_UNIT,
        MISS_PACKAGE,
        MISS_USER,
        MISS_CONTAINER,
        MISS_FROM,
        HIT,
};

enum note { NOTE_PROTOCOL = 1, NOTE_ENCRYPTION = 2, NOTE_OWNER = 4, NOTE_MAX = 8 };

enum speech { SPEAKS, NOT_SEEN, DIFFERS };

struct chain {
        uint32_t rule, next;
};

struct zones {
        vec(const char *) list;
};

struct policy_judge {
        const struct policy *policy;
        const struct estate *estate;
        struct pool *pool;
        int32_t today;
        struct map narrow; /* (transport, port) -> index in chains */
        vec(struct chain) chains;
        vec(uint32_t) wide;
        uint8_t *used, *meant; /* by rule: something used it; it is for a place that was looked at */
        const char **decided;  /* by rule: the sentence when it decides by itself */
        const char *notes[NOTE_MAX];
        const char *hostname;
        const struct estate_asset *asset;
        struct zones zones; /* of the host */
};

/* What is judged, from inside or outside. */
struct subject {
        const struct listener *listener; /* NULL: seen from outside */
        enum transport transport;
        uint16_t first, last;
        uint16_t dynamic_low, dynamic_high;
        const char *protocol; /* NULL: not known */
        bool confirmed;
        enum encryption encryption;
        enum exposure_scope scope;
        const struct exposure *exposure; /* NULL: seen from outside */
        const char *const *zones;
        size_t n_zones;
        const char *one_zone; /* room for a single one */
        const char *hostname;
        const struct estate_asset *asset;
};

/* --- policy_match.c: whether a rule applies ---------------------------------------------------- */

/* HIT, or the first thing by which it does not apply; `ret_notes`: of enum note, what of a hit was not seen. */
enum miss policy_match(const struct subject *s, const struct policy_rule *rule, unsigned *ret_notes);
/* It is for the machine. */
bool policy_is_on(const struct subject *s, const struct policy_rule *rule);
/* One of the globs is for that path, or for the name of the file alone. */
bool policy_is_program(const struct texts *globs, const char *exe);
enum speech policy_speaks(const struct subject *s, const char *protocol);
enum speech policy_encrypts(const struct subject *s, unsigned encryption);
/*
 * The packet filter is known to let this zone in, and it is none of those. The last zone is all that lies in none:
 * where no address is a public one, that is no way from the internet.
 */
bool policy_is_further(const struct subject *s, size_t index, const struct texts *zones);
/* PID 1 holds the socket of a unit that is started for it: what counts is who answers. */
bool policy_holds_for_another(const struct listener *l, const struct process *p);

/* --- policy_words.c: sentences, in the pool of the judge ------------------------------------------- */

const char *policy_miss_text(struct policy_judge *j, const struct subject *s, const struct policy_rule *rule,
                             enum miss miss);
/* What speaks there, and what the rule wants to speak there. */
const char *policy_speech_text(struct policy_judge *j, const struct subject *s);
const char *policy_wanted_text(struct policy_judge *j, const struct policy_rule *rule);
const char *policy_note_text(struct policy_judge *j, unsigned notes); /* NULL: there are none */
/* Why the rule leads to that verdict by itself. */
const char *policy_decided_text(struct policy_judge *j, uint32_t index, enum verdict verdict);
