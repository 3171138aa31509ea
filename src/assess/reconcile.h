/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outside of an asset joined with its inside: each open endpoint has a listener that takes it, and each listener an
 * answer; where that is not so, why. Pure.
 */
#pragma once

#include "knowledge/knowledge.h"
#include "model/listener.h"
#include "model/observed.h"
#include "model/port_set.h"

enum reconcile_kind {
        RECONCILE_AGREED,           /* open, and a listener takes it */
        RECONCILE_FORWARDED,        /* open, and the packet filter of the asset passes it on */
        RECONCILE_NOT_REACHABLE,    /* listens, and does not answer here */
        RECONCILE_UNEXPLAINED_OPEN, /* open, and no listener takes it */
        RECONCILE_PROTOCOL_DIFFERS, /* open, and it speaks something else than its program is known for */
        RECONCILE_NOT_ASKED,        /* listens, and was not among what was asked */
        RECONCILE_UNDECIDED,        /* the scan could not tell: lost, stopped, silent UDP */
        RECONCILE_KIND_MAX,
};

const char *reconcile_kind_name(enum reconcile_kind kind); /* "unexplained-open" */

struct reconcile_row {
        enum reconcile_kind kind;
        enum transport transport;
        struct address
                address; /* of the asset, as it was asked; of a listener that was not: the one it is bound to */
        uint16_t port;
        const char *asset;               /* as the inside view calls it */
        const struct observed *observed; /* or NULL */
        const struct listener *listener; /* or NULL */
        const char *why;                 /* a sentence */
};

/* What outside_reconcile() (outside.h) takes. Rows point into it. */
struct reconcile_input {
        const struct knowledge *knowledge;
        const char *asset;               /* id or name of the asset */
        const struct address *addresses; /* those of its addresses that were asked */
        size_t n_addresses;
        const struct listener *listeners; /* forwards, too; netns and exposure must be set */
        size_t n_listeners;
        const char *netns;               /* role of the namespace that has the addresses; NULL: "host" */
        bool complete;                   /* all sockets of the asset were seen */
        bool from_itself;                /* asked from the asset: its forwards are not in the way */
        const struct port_set *asked[2]; /* [TRANSPORT_TCP], [TRANSPORT_UDP]; NULL = none */
        const struct host_coverage *const *hosts; /* of `addresses`, each may be NULL; or NULL */
};
