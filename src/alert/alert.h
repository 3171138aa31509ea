/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sink is given: an alert, made of one event or of several of the same subject. It is kept and carried as one
 * JSON record, the same that a webhook or a program gets:
 *
 *      {"type":"alert","schema":1,"asset":...,"time":...,"id":...,"kind":"opened","verdict":null,"subject":...,
 *       "message":...,"count":1,"state":null,"test":false,"time_ms":...,"first_ms":...,"event":{the last one}}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/str.h"
#include "model/event.h"
#include "model/policy.h"

#define ALERT_RECORD_MAX  (24u * 1024) /* bytes of a record: what of an event is longer is left out of it */
#define ALERT_EVENT_MAX   (16u * 1024)
#define ALERT_MESSAGE_MAX 2000u

/* An event as the caller has it. Texts are printable; nothing is owned. */
struct alert_event {
        const char *id, *asset;
        const char *subject; /* the key of what it is about, the same from event to event */
        const char *owner;   /* who stands behind it, the same across restarts; or NULL */
        const char *message; /* in words, a line */
        const char *json;    /* the event record, without newline; or NULL */
        size_t json_len;
        int64_t time_ms; /* since 1970 */
        enum event_kind kind;
        enum verdict verdict;
        bool planned; /* a change window expected it */
};

struct alert {
        const char *id, *asset, *kind, *subject, *message;
        const char
                *state; /* "flapping": it will be quiet about it; "settled": that is over; NULL: neither */
        enum verdict verdict;
        uint64_t count;            /* events that it stands for */
        int64_t first_ms, time_ms; /* of the first and last of them, since 1970 */
        bool test;
};

/* Append the record, without newline. The event may be NULL. */
void alert_write(struct str *to, const struct alert *a, const char *event_json, size_t event_len);
/* Texts go to the pool; missing ones are "". 0, or -EBADMSG for what is no such record. */
int alert_read(const char *text, size_t len, struct pool *pool, struct alert *ret);

/* As syslog counts (RFC 5424, table 2): 2 critical for prohibited, 5 notice for tests and approved, else 4 warning. */
unsigned alert_severity(const struct alert *a);
/* "unapproved"; "unjudged" where there is no policy */
const char *alert_verdict_name(enum verdict verdict);
