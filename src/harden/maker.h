/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: what the makers of actions share. */
#pragma once

#include "harden/harden.h"

struct maker {
        const struct harden_input *in;
        const struct assessment *assessment;
        const struct inside *view;
        struct pool *pool;
        struct plan *plan;
};

/* One file an action kind. Adds as many actions as there are. */
struct action_maker {
        void (*make)(struct maker *m);
};

extern const struct action_maker maker_unit_stop, maker_sysv_stop, maker_inetd_stop, maker_bind_loopback,
        maker_unit_sandbox, maker_firewall, maker_published, maker_package_remove, maker_unit_profile, maker_windows;

/* An action while it is made: what `action` has as lists grows here. */
struct draft {
        struct action action;
        vec(struct action_value) values;
        vec(const char *) warnings, steps, undo;
        vec(const struct finding *) closes;
};

struct draft draft_new(enum action_kind kind);
/* Texts are in the pool, or live as long. */
void draft_value(struct draft *d, const char *name, const char *text);
void draft_warn(struct draft *d, const char *text);
void draft_step(struct draft *d, const char *command);
void draft_undo(struct draft *d, const char *command);
/* Findings about a listener that end with what an action changes; each once. */
enum closing {
        CLOSES_ALL,    /* it is gone */
        CLOSES_REACH,  /* nobody else can reach it */
        CLOSES_POLICY, /* only those whom the policy approves can */
};
void draft_close(struct maker *m, struct draft *d, const struct listener *l, enum closing how);
/*
 * The action is complete: into the plan with it, with its id (kind:NAME, or the kind alone where name is NULL). What is
 * not of its form (a unit with a hostile name) is noted instead. Releases the draft.
 */
void draft_add(struct maker *m, struct draft *d, const char *name);
void draft_release(struct draft *d);

void plan_note(struct maker *m, const char *text);

/* A name as a word of a command that people copy: quoted where a shell would read it; "?" for what no word can be. */
const char *harden_word(struct maker *m, const char *name);

/* --- what is asked of listeners -------------------------------------------------------------- */

/* A socket of the host itself, not of a container: what units and recipes are about. */
bool harden_is_of_host(const struct listener *l);
/* In the namespace quaymaster runs in: what the firewall is about. */
bool harden_is_of_own_netns(const struct listener *l);
/* Others than this machine (or, where we run in a namespace of our own, than that) may reach it. */
bool harden_is_on_network(const struct listener *l);
/* Not approved, and something was found about it. */
bool harden_is_unwanted(const struct maker *m, const struct listener *l);
/* The approval of it, also one that holds and is for less far than it can be reached from; NULL: there is none. */
const struct policy_rule *harden_approval(const struct listener *l);
/* The policy approves it, but only on this machine, and others reach it. */
bool harden_only_loopback(const struct listener *l);
/* The policy approves it for others, too; perhaps not for all that reach it: then the firewall puts that right. */
bool harden_is_needed(const struct listener *l);
/* The administrator's session came in by it. */
bool harden_is_session(const struct maker *m, const struct listener *l);

/* Listeners of one unit of systemd: its service, or a socket that starts one for each connection. */
struct unit_group {
        const struct service *unit;
        const struct service *socket; /* that holds its sockets or starts it; NULL: none, or `unit` */
        vec(const struct listener *) listeners;
};

struct unit_groups {
        vec(struct unit_group) list; /* by name of the unit */
};

void unit_groups_make(struct maker *m, struct unit_groups *to);
void unit_groups_release(struct unit_groups *groups);
/* Some listener of the unit is needed: it is not closed as a whole. */
bool unit_group_is_needed(const struct unit_group *g);
bool unit_group_unwanted(const struct maker *m, const struct unit_group *g, bool on_network);
bool unit_group_only_loopback(const struct unit_group *g);
bool unit_group_is_session(const struct maker *m, const struct unit_group *g);
/* "21/tcp, 990/tcp" of its unwanted listeners, or only of those that others may reach */
const char *unit_group_ports(struct maker *m, const struct unit_group *g, bool on_network);

/* The values, commands and warnings for stopping a unit with what starts it again. True: something else needs it. */
bool unit_stop_fill(struct maker *m, struct draft *d, const struct unit_group *g);

/* Without it the machine, or all its containers, stop working: nothing of it is ever suggested. */
bool unit_is_core(const char *name);
const char *unit_carries(const char *name); /* what else runs in it ("all containers"), or NULL */
