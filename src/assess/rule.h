/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule looks at one listener and says whether it is worth acting on. To add one: a file with a `const
 * struct rule` (or several of one subject), and a line in the registry in judge.c.
 */
#pragma once

#include "assess/neighbours.h"

#define MAX_LINES 16

struct lines { /* evidence or remediation while it is gathered; more than MAX_LINES are not kept */
        const char *at[MAX_LINES + 1];
        size_t n;
};

void lines_add(struct lines *lines, const char *line); /* NULL, and what is there, is passed over */
const char *const *lines_keep(struct pool *pool, const struct lines *lines);

struct verdict_draft {
        enum severity severity;
        const char *title;     /* in the pool */
        struct advice advice;  /* class and why */
        struct lines evidence; /* beyond what the listener itself shows, which judge.c puts first */
        struct lines remediation;
        struct alternative alternative;
        const struct page *page; /* whose extra controls apply, or NULL */
        const char *rule_suffix; /* "advice" + "." + this, or NULL */
        const char *const *controls; /* more, as control_find() takes them; ends with NULL; or NULL */
};

/* What is drafted, as a finding without its subject; `evidence` comes before the draft's own. */
struct finding draft_finish(struct pool *pool, const char *rule, const struct lines *evidence,
                            const struct verdict_draft *draft);

/* The finding about an approval that nothing uses. */
struct finding approval_unused(struct pool *pool, const struct policy_rule *rule);

struct rule_input {
        struct pool *pool;
        const struct knowledge *knowledge;
        const struct inside *view;
        const struct listener *listener;
        const struct neighbours *neighbours;
        const struct page *page; /* it was judged by, or NULL */
};

struct rule {
        const char *name; /* of the finding */
        /* False: nothing to say. */
        bool (*look)(const struct rule_input *in, struct verdict_draft *draft);
};

extern const struct rule rule_advice, rule_unknown, rule_executable_deleted, rule_executable_temporary,
        rule_executable_unpackaged, rule_unowned, rule_started_by_hand, rule_policy;

/* How bad it is from where the listener can be reached: one of three by exposure. */
enum severity by_exposure(const struct listener *l, enum severity loopback, enum severity link,
                          enum severity internet);

/* "23/tcp", "ICMP (raw)": how people write it. */
const char *listener_port_text(struct pool *pool, const struct listener *l);
/* The program's base name, else its comm, else the unit's name, else NULL. */
const char *listener_program(const struct listener *l);

/* --- remediation (remedy.c): lines that are there already, or whose command is, are not added again --- */

/*
 * A step of a page with {unit}, {package}, {port}, {exe} filled; NULL when it names one that this listener
 * does not have, or one that is not its own (the unit of a super-server, of a login session, of a
 * container).
 */
const char *remedy_fill(const struct rule_input *in, const char *step);
/*
 * The unit that brings an instance which is not enabled by itself; NULL for other units, or when there is
 * none.
 */
const struct service *remedy_bringer(const struct rule_input *in);
/*
 * How to stop this very listener for good: by its container, unit, init script, inetd entry, forward rule or
 * process.
 */
void remedy_stop(const struct rule_input *in, struct lines *to);
/* How to remove the package, where that is the server's own. */
void remedy_remove(const struct rule_input *in, struct lines *to);
/* How to restrict it to loopback where the page knows the file; nothing otherwise. */
void remedy_bind(const struct rule_input *in, struct lines *to);
/* The steps of the page that are for this machine: all, those that stop the service, or the others. */
enum remedy_part { REMEDY_ALL, REMEDY_STOPS, REMEDY_OTHERS };
void remedy_page(const struct rule_input *in, enum remedy_part part, struct lines *to);
/* What else listens in the unit that a step would stop, where one is among the lines. */
void remedy_also_stopped(const struct rule_input *in, struct lines *to);
/* The better protocol of the page, after these words: "Use", "Needed? Use". */
void remedy_alternative(const struct rule_input *in, const char *begin, struct lines *to);
