/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the owner of a listener tells, whatever protocol it speaks. */
#include "assess/correlate.h"
#include "assess/rule.h"
#include "base/str.h"

static const struct process *deleted_process(const struct listener *l)
{
        for (size_t i = 0; i < l->n_processes; i++)
                if (l->processes[i]->exe_deleted)
                        return l->processes[i];
        return NULL;
}

static bool look_deleted(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        const struct process *p = deleted_process(l);

        if (!p)
                return false;
        draft->severity = by_exposure(l, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_MEDIUM);
        draft->title =
                pool_printf(in->pool, "The program behind %s was deleted or replaced after it started",
                            listener_port_text(in->pool, l));
        draft->advice = (struct advice){
                .class = ADVICE_REVIEW,
                .why = "What runs is not what is installed: usually an update without a restart, so that mended "
                       "faults stay open; "
                       "sometimes a program that hides its file.",
        };
        lines_add(&draft->evidence, pool_printf(in->pool, "deleted or replaced: %s", p->exe));
        lines_add(&draft->remediation,
                  pool_printf(in->pool,
                              "If no update explains it, first keep a copy: cp /proc/%d/exe SAFE_PLACE",
                              p->pid));
        lines_add(&draft->remediation, remedy_fill(in, "Restart it: systemctl restart {unit}"));
        if (l->container)
                lines_add(&draft->remediation,
                          pool_intern(in->pool, "Restart its container, from an image that is up to date"));
        return true;
}

const struct rule rule_executable_deleted = {.name = "executable-deleted", .look = look_deleted};

/* The directory where every user may write that holds the program; NULL: none. */
static const char *temporary_place(const struct process *p)
{
        static const char *const places[] = {"/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/"};

        for (size_t i = 0; p && p->exe && i < array_len(places); i++)
                if (str_after(p->exe, places[i]))
                        return places[i];
        return NULL;
}

static bool look_temporary(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        const struct process *p = listener_main_process(l);
        const char *place = temporary_place(p);

        if (!place)
                return false;
        draft->severity = by_exposure(l, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_HIGH);
        draft->title = pool_printf(in->pool, "%s is held by a program in %s",
                                   listener_port_text(in->pool, l), place);
        draft->advice = (struct advice){
                .class = ADVICE_REVIEW,
                .why = "Services are not installed where every user may write; "
                       "intruders' programs often are.",
        };
        lines_add(&draft->remediation,
                  pool_printf(in->pool,
                              "Nobody knows it? Keep a copy before you end it: cp /proc/%d/exe SAFE_PLACE",
                              p->pid));
        remedy_stop(in, &draft->remediation);
        lines_add(
                &draft->remediation,
                pool_intern(in->pool, "If it is yours, install it below /usr/local or /opt, owned by root"));
        return true;
}

const struct rule rule_executable_temporary = {.name = "executable-in-temporary-directory",
                                               .look = look_temporary};

/*
 * Only where packages are known at all: on a machine without a package database every program would be
 * "unpackaged".
 */
static bool look_unpackaged(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        const struct process *p = listener_main_process(l);

        if (!in->view->packages.n || !p || !p->exe || p->foreign_root || p->package != NONE ||
            p->container != NONE || temporary_place(p)) /* said already, and worse */
                return false;
        draft->severity = by_exposure(l, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->title = pool_printf(in->pool, "No package owns the program behind %s",
                                   listener_port_text(in->pool, l));
        draft->advice = (struct advice){
                .class = ADVICE_REVIEW,
                .why = "Nobody updates it with the system: faults in it stay until someone remembers.",
        };
        lines_add(&draft->evidence, pool_printf(in->pool, "owned by no package: %s", p->exe));
        lines_add(&draft->remediation,
                  pool_intern(in->pool, "Use the distribution's package where there is one, or note who "
                                        "keeps it up to date"));
        return true;
}

const struct rule rule_executable_unpackaged = {.name = "executable-unpackaged", .look = look_unpackaged};

static bool look_unowned(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;

        if (l->n_processes || l->forward || l->unit || !l->owner_note)
                return false;
        draft->severity = by_exposure(l, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO || in->page)
                return false;
        draft->title = pool_printf(in->pool, "Nobody visible holds %s", listener_port_text(in->pool, l));
        draft->advice = (struct advice){
                .class = ADVICE_REVIEW,
                .why = "An open port without a known owner can be neither approved nor closed.",
        };
        lines_add(&draft->remediation,
                  pool_intern(in->pool, "Look again as root on the host itself (not in a container); kernel "
                                        "services such as "
                                        "NFS and WireGuard hold ports without a process"));
        return true;
}

const struct rule rule_unowned = {.name = "owner-unseen", .look = look_unowned};

static void add_start_steps(const struct rule_input *in, struct lines *to)
{
        lines_add(to, remedy_fill(in, "Not needed: systemctl stop {unit}"));
        lines_add(to, remedy_fill(in, "Needed: systemctl enable {unit}"));
        if (!to->n)
                lines_add(to,
                          pool_intern(in->pool,
                                      "Not needed? Stop the unit named in the evidence; needed? Enable it"));
}

static bool look_started_by_hand(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;

        if (!l->unit || l->activation || l->container || !streq_ptr(l->unit->startup, "disabled") ||
            !streq_ptr(l->unit->state, "running") || l->unit->triggered_by != NONE || remedy_bringer(in))
                return false;
        draft->severity = by_exposure(l, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_LOW);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->title = pool_printf(in->pool, "%s runs although it is disabled at start-up", l->unit->name);
        draft->advice = (struct advice){
                .class = ADVICE_REVIEW,
                .why = "Somebody, or another unit, started it: after a reboot "
                       "this port may be closed, or nobody knows it is open.",
        };
        add_start_steps(in, &draft->remediation);
        return true;
}

const struct rule rule_started_by_hand = {.name = "started-by-hand", .look = look_started_by_hand};
