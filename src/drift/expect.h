/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a change window expects, in words: KIND PLACE [on HOST], as "opened 8443/tcp on web1", "moved 8080/tcp",
 * "service-added nginx.service". KIND is that of an event, or `any`. PLACE is PORT/TRANSPORT or the name of
 * a service; of a move either side fits. HOST is an address, the name of the host or of the asset.
 */
#pragma once

#include "base/err.h"
#include "model/event.h"

#define EXPECT_WORD_MAX 256u

struct expect {
        enum event_kind kind; /* EVENT_KIND_MAX: any */
        bool service;         /* `name` is the place; else transport and port */
        enum transport transport;
        uint16_t port;
        char name[EXPECT_WORD_MAX];
        char host[EXPECT_WORD_MAX]; /* "" = any */
};

/* 0 or -EINVAL with what is wrong. */
int expect_parse(const char *text, struct expect *ret, struct err *err);
/* `hostname` is that of the snapshot, or NULL. */
bool expect_matches(const struct expect *x, const struct event *e, const char *hostname);
/*
 * Of a move, of which either end may be expected by itself: `end` is EVENT_OPENED for the place it came to,
 * EVENT_CLOSED for the one it left.
 */
bool expect_matches_end(const struct expect *x, const struct event *e, enum event_kind end, const char *hostname);
/* "8443/tcp" or a service: whether it is the place of the item. */
bool expect_is_place(const char *word, const struct item *item);
