/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following a ruleset: what the walk over chains and the writing down of forwards share. Internal to
 * forwards*.c.
 */
#pragma once

#include "base/map.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/vec.h"
#include "collect/forwards_scope.h"
#include "collect/forwards_text.h"
#include "model/inside.h"

#define MAX_WORK 4000000 /* rules and spans looked at; 20,000 services of kube-proxy need a tenth */

struct chain {
        const char *family;
        const json_t *base; /* the chain's own record when it is a nat chain at prerouting */
        vec(const json_t *) rules;
        bool walking;
};

struct walk {
        struct inside *view;
        uint32_t netns;
        struct pool *pool;
        struct str name; /* scratch for looking up chains and sets */
        vec(struct chain) chains;
        struct map chain_by_name,
                set_by_name; /* "family table name" -> index of chains, json_t of elements */
        struct map dormant;  /* "family table " of those that are switched off */
        struct map known;    /* hash of a forward -> its index, so that each is listed once */
        size_t first;        /* where this call's forwards begin */
        uint64_t work;
        unsigned depth;
        int not_understood;
};

/* The rule being followed. */
struct step {
        const json_t *rule;
        const char *family, *table, *text;
        const json_t *expressions;
        struct translated translated;
        bool unknown;  /* something that bears on what is forwarded was not understood */
        bool ends;     /* packets that match go no further in this chain */
        bool leads_on; /* it forwards, or jumps to where that may be */
};

/* The string of that key, "" when there is none. */
const char *text_of(const json_t *object, const char *key);

/*
 * The elements that a value stands for, as a new array: of {"set":[...]}, of the named set "@x", or the
 * value alone.
 */
json_t *elements_of(struct walk *w, const struct step *step, json_t *value);

/*
 * A `dnat` or `redirect` statement that packets of `scope` reach: adds the forwards.
 * {"dnat":{"addr":...,"port":...}}, {"redirect":{"port":...}}; the body is null for a plain `redirect`.
 * Sets what it says about the rule in step, and narrows scope to the packets that are forwarded.
 */
void forward_to(struct walk *w, struct step *step, struct scope *scope, const json_t *body, bool redirect);
