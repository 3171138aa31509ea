/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule looks at one listener and says whether it is worth acting on. To add one: a file with a `const
 * struct rule` (or several of one subject), and a line in the registry in judge.c.
 */
#pragma once

#include "assess/assess.h"

#define MAX_LINES 16

struct lines { /* evidence or remediation while it is gathered; more than MAX_LINES are not kept */
        const char *at[MAX_LINES + 1];
        size_t n;
};

void lines_add(struct lines *lines, const char *line); /* NULL is passed over */

struct verdict_draft {
        enum severity severity;
        const char *title;     /* in the pool */
        struct advice advice;  /* class and why */
        struct lines evidence; /* beyond what the listener itself shows, which judge.c puts first */
        struct lines remediation;
        struct alternative alternative;
        const struct page *page; /* whose extra controls apply, or NULL */
        const char *rule_suffix; /* "advice" + "." + this, or NULL */
};

struct rule_input {
        struct pool *pool;
        const struct knowledge *knowledge;
        const struct inside *view;
        const struct listener *listener;
        const struct page *page; /* it was judged by, or NULL */
};

struct rule {
        const char *name; /* of the finding */
        /* False: nothing to say. */
        bool (*look)(const struct rule_input *in, struct verdict_draft *draft);
};

extern const struct rule rule_advice, rule_unknown, rule_executable_deleted, rule_executable_temporary,
        rule_executable_unpackaged, rule_unowned, rule_started_by_hand;

/* How bad it is from where the listener can be reached: one of three by exposure. */
enum severity by_exposure(const struct listener *l, enum severity loopback, enum severity link, enum severity internet);

/* "23/tcp", "ICMP (raw)": how people write it. */
const char *listener_port_text(struct pool *pool, const struct listener *l);
/* The program's base name, else its comm, else the unit's name, else NULL. */
const char *listener_program(const struct listener *l);

/* --- remediation (remedy.c) --- */

/*
 * A step of a page with {unit}, {package}, {port}, {exe} filled; NULL when it names one that this listener
 * does not have.
 */
const char *remedy_fill(struct pool *pool, const char *step, const struct listener *l);
/*
 * How to stop this very listener for good: by its container, unit, init script, inetd entry, forward rule or
 * process.
 */
void remedy_stop(struct pool *pool, const struct listener *l, struct lines *to);
/* How to restrict it to loopback where the page knows the file; nothing otherwise. */
void remedy_bind(struct pool *pool, const struct listener *l, const struct page *page, struct lines *to);
