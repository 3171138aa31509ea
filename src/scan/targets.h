/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user asks for, as addresses: CIDR, ranges, single addresses, names (resolved, all addresses),
 * @asset and @tag of the estate, files of them. Checked against the scope here, before anything is sent,
 * and again at the gate.
 */
#pragma once

#include "base/pool.h"
#include "model/estate.h"
#include "model/range.h"
#include "gate/gate.h"

struct target_name { /* an address that was named singly */
        struct address address;
        uint32_t zone_index; /* from "fe80::1%eth0", else 0 */
        const char *name;    /* as given or as the estate calls it, or NULL when given as an address */
};

struct target_refused { /* in a range, but not to be probed: told by --dry-run and the summary */
        struct address_range range;
        /* "excluded by estate.yaml", "not in the networks of estate.yaml", "broadcast address" ...; static */
        const char *why;
};

struct targets {
        struct pool *pool;
        struct range_set ranges;    /* normalized: exactly the addresses to probe */
        struct target_name *single; /* sorted by address; each is in ranges */
        size_t n_single;
        struct target_refused *refused;
        size_t n_refused;
};

struct targets_context {
        const struct estate *estate; /* or NULL */
        const struct scope *scope;
        const struct range_set *broadcast; /* of on-link interfaces: left out of ranges */
        /*
         * getaddrinfo by default (NULL): calls each for every address of a name; 0 or negative errno with a
         * text. Tests give one of their own.
         */
        int (*resolve)(const char *name, void (*each)(const struct address *address, void *arg), void *arg,
                       struct err *err);
};

/*
 * 0; -EINVAL for a bad word, -EPERM for a target that is out of scope or excluded (a single address or a
 * name whose any address is; a range of which no address is left), -ENOENT for a name or asset nobody
 * knows, with what to do in the text. A range that is partly out of scope is narrowed, and the rest stands
 * in refused. Lines of a file (-i FILE, "-" = stdin, at most 64 MiB): one or more words, "#" begins a
 * comment; an empty file is -EINVAL, and one that cannot be read the errno of that. Duplicates count once.
 *
 * "@x" is the asset x (its addresses; its names only when it has none), else every asset with the tag x, of
 * which those that may not be probed stand in refused. A link-local IPv6 address needs its interface. On
 * error *t is empty and needs no release.
 */
int targets_parse(struct targets *t, const char *const *words, size_t n_words, const char *const *files,
                  size_t n_files, const struct targets_context *context, struct err *err);
void targets_release(struct targets *t);
/* The entry of an address that was named singly, or NULL. */
const struct target_name *targets_single(const struct targets *t, const struct address *address);
