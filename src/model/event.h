/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drift: what changed between two looks at the same thing, or what was seen to happen. Plain data; owns nothing. */
#pragma once

#include "model/snapshot.h"

enum event_kind {
        EVENT_OPENED,
        EVENT_CLOSED,
        EVENT_MOVED, /* a close paired with an open of the same owner */
        EVENT_OWNER_CHANGED,
        EVENT_PROTOCOL_CHANGED, /* or its encryption */
        EVENT_VERSION_CHANGED,
        EVENT_EXPOSURE_CHANGED,
        EVENT_STARTUP_CHANGED,
        EVENT_SERVICE_ADDED,
        EVENT_SERVICE_REMOVED,
        EVENT_APPROVAL_EXPIRED,
        EVENT_KIND_MAX,
};

const char *event_kind_name(enum event_kind kind);  /* "owner-changed" */
enum event_kind event_kind_parse(const char *word); /* EVENT_KIND_MAX: unknown */

struct event {
        enum event_kind kind;
        const struct item *before, *after; /* NULL where there is none */
        const char *what;    /* of a change, for people: "executable /usr/sbin/a -> /usr/sbin/b"; or NULL */
        const char *planned; /* ticket of the change window that expected it, or NULL */
        uint64_t seq;        /* per asset, from 1; 0 = not given yet */
        int64_t time_s;
};
