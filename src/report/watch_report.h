/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of `watch` as records and as lines for people. */
#pragma once

#include "base/str.h"
#include "model/event.h"
#include "model/listener.h"

struct watch_event {
        struct event event; /* before, after: the state that is kept of a listener; the key is in both */
        const char *asset;
        const char *id;
        unsigned time_ms;                /* past event.time_s */
        bool by_reconcile;               /* found by looking at the whole, some time after it happened */
        const struct listener *listener; /* of the state after, when it was just looked at; or NULL */
        pid_t pid;                       /* of the state before, of the process that stood for it; 0 */
        const char *process;             /* its name; or NULL */
        const struct judgement *judgement; /* of the state after, else of that before; NULL: not judged */
};

/* The event as one record, a line. */
void watch_event_json(struct str *to, const struct watch_event *e);
/* "2026-11-21T22:45:00Z opened 0.0.0.0:8443/tcp by nc (812), unit x.service" and a newline; safe to show. */
void watch_event_text(struct str *to, const struct watch_event *e);
/* The same in one line without time and newline, as a subject or message. */
void watch_event_words(struct str *to, const struct watch_event *e);
