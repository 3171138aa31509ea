/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hardening would do: a plan of actions. An action is an id out of a fixed list (its kind) and values, each of a
 * form that is checked wherever it is read; never a path, never a command. That is all the privileged program is told,
 * so whoever writes a plan cannot make it do anything else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "base/pool.h"
#include "base/vec.h"
#include "model/finding.h"

/* In the order in which they are applied: the firewall last, so that what is stopped needs no rule. */
enum action_kind {
        ACTION_UNIT_STOP, /* stop, disable and mask units of systemd; unit+ (in order: sockets, timers first) */
        ACTION_SYSV_STOP, /* stop and disable a System V script: script */
        ACTION_INETD_STOP, /* switch off an entry of inetd or xinetd: server, service, transport */
        ACTION_BIND_LOOPBACK,  /* bind a known daemon to loopback: recipe, unit */
        ACTION_UNIT_SANDBOX,   /* network limits of a unit by a drop-in: unit, property+ (NAME=VALUE) */
        ACTION_FIREWALL,       /* our table, default-deny in: zone*, allow*, log ("yes", "no"; yes unless there) */
        ACTION_PUBLISHED,      /* our table for published (DNAT) ports: zone*, allow*, deny+, log */
        ACTION_PACKAGE_REMOVE, /* only in kits and on paper, as it has no exact undo: package+ */
        ACTION_WINDOWS_SERVICE,  /* stop and disable services of Windows; only in kits: service+ */
        ACTION_WINDOWS_FIREWALL, /* rules of Windows Firewall; only in kits: zone*, allow*, deny* */
        ACTION_KIND_MAX,
};

const char *action_kind_name(enum action_kind kind);  /* "unit-stop" */
enum action_kind action_kind_parse(const char *word); /* ACTION_KIND_MAX: unknown */

/* One value; a name may come several times where the kind allows it. */
struct action_value {
        const char *name, *text;
};

enum action_risk { RISK_LOW, RISK_MEDIUM, RISK_HIGH };

const char *action_risk_name(enum action_risk risk);

/* Lists of strings are NULL-terminated, in the plan's pool, never NULL themselves. */
struct action {
        enum action_kind kind;
        const char *id;    /* of the plan, the same for the same host and state: "unit-stop:telnet.socket" */
        const char *title; /* "Stop and disable telnet.socket" */
        const char *why;   /* a sentence */
        const struct action_value *values; /* ends with name NULL */
        enum action_risk risk;
        const char *risk_why;          /* a sentence: what may break */
        const char *const *warnings;   /* what depends on it, what is lost ... */
        const char *const *steps;      /* what is done, as an administrator would type it */
        const char *const *undo;       /* likewise */
        const struct finding **closes; /* findings; ends with NULL */
        const char *cuts; /* not NULL: it would close the way the administrator came in by; a sentence */
        const char *not_applied; /* not NULL: `harden apply` does not do it, and why */
        bool suggested;          /* part of `apply` without --only */
};

struct plan {
        struct pool *pool;
        const char *id; /* hash over host and actions, 16 hex digits: the same plan has the same id */
        const char *asset, *hostname;
        int64_t time_s;
        vec(struct action) actions;            /* in the order they are applied */
        vec(const struct finding *) untouched; /* findings that no action closes */
        vec(const char *) untouched_why;       /* of the finding at the same place: a part of a sentence */
        vec(const char *) notes; /* what the plan cannot see to: raw sockets, tunnels, unknown rules ... */
};

struct plan *plan_free(struct plan *plan); /* accepts NULL, returns NULL */

/* The text of a value, the n-th of that name from 0; NULL: there is none. */
const char *action_value(const struct action *a, const char *name, size_t n);

/*
 * Whether kind and values are what the kind takes: no unknown name, none missing, none twice that may be there once,
 * each of its form (unit and package names by their grammar, firewall values by firewall/spec.h's). 0 or -EINVAL with
 * words. Values of `allow`, `deny`, `zone` and `recipe` are checked for harmless letters only; users parse. A line of
 * the firewall may have 1 MiB: a machine that is attached to thousands of networks lets in each of them by one.
 */
int action_check(enum action_kind kind, const struct action_value *values, struct err *err);

/* {"id":...,"kind":...,"values":[["unit","telnet.socket"],...]}: what the privileged program reads, one line each. */
void action_request_write(const struct action *a, struct str *to);
/*
 * Read it back: kind, id and values only, in the pool; checked by action_check. -EINVAL with words; at most
 * ACTION_REQUEST_MAX bytes.
 */
#define ACTION_REQUEST_MAX (4U << 20)
int action_request_read(const char *text, size_t len, struct pool *pool, struct action *ret,
                        struct err *err);
