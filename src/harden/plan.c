/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"

#include <errno.h>

#include "base/text.h"

/* A line for each kind; ends with NULL. */
static const struct action_maker *const makers[] = {
        &maker_unit_stop,     &maker_sysv_stop,      &maker_inetd_stop,
        &maker_bind_loopback, &maker_unit_sandbox,   &maker_firewall,
        &maker_published,     &maker_package_remove, &maker_unit_profile,
        &maker_windows,       NULL,
};

const char *harden_word(struct maker *m, const char *name)
{
        _cleanup_str_ struct str word = {0};

        return text_add_shell_word(&word, name) ? pool_intern(m->pool, word.text) : "?";
}

/* --- drafts ---------------------------------------------------------------------------------- */

struct draft draft_new(enum action_kind kind)
{
        return (struct draft){.action = {.kind = kind, .risk = RISK_MEDIUM}};
}

void draft_release(struct draft *d)
{
        vec_clear(&d->values);
        vec_clear(&d->warnings);
        vec_clear(&d->steps);
        vec_clear(&d->undo);
        vec_clear(&d->closes);
}

void draft_value(struct draft *d, const char *name, const char *text)
{
        *vec_push(&d->values) = (struct action_value){name, text};
}

void draft_warn(struct draft *d, const char *text)
{
        *vec_push(&d->warnings) = text;
}

void draft_step(struct draft *d, const char *command)
{
        *vec_push(&d->steps) = command;
}

void draft_undo(struct draft *d, const char *command)
{
        *vec_push(&d->undo) = command;
}

/* What is wrong with a program stays wrong where nobody reaches it. */
static bool is_about_reach(const struct finding *f)
{
        return !str_after(f->rule, "executable-");
}

static bool ends(const struct finding *f, enum closing how)
{
        if (how == CLOSES_POLICY)
                return str_after(f->rule, "policy.");
        return how == CLOSES_ALL || is_about_reach(f);
}

void draft_close(struct maker *m, struct draft *d, const struct listener *l, enum closing how)
{
        vec_foreach(f, &m->assessment->findings) {
                bool known = false;

                if (f->listener != l || !ends(f, how))
                        continue;
                vec_foreach(have, &d->closes)
                        known = known || *have == f;
                if (!known)
                        *vec_push(&d->closes) = f;
        }
}

/* An array of n pointers and a NULL, in the pool. */
static void *keep_list(struct pool *pool, const void *at, size_t n)
{
        void *kept = pool_alloc(pool, (n + 1) * sizeof(void *));

        if (n)
                memcpy(kept, at, n * sizeof(void *));
        return kept;
}

static const struct action_value *keep_values(struct pool *pool, const struct draft *d)
{
        struct action_value *kept = pool_alloc(pool, (d->values.n + 1) * sizeof(*kept));

        for (size_t i = 0; i < d->values.n; i++)
                kept[i] = d->values.at[i];
        return kept;
}

void plan_note(struct maker *m, const char *text)
{
        vec_foreach(known, &m->plan->notes)
                if (streq(*known, text))
                        return;
        *vec_push(&m->plan->notes) = text;
}

static void note_left_out(struct maker *m, const struct action *a, const struct err *why)
{
        _cleanup_str_ struct str title = {0};

        text_add_printable(&title, a->title);
        plan_note(m, pool_printf(m->pool, "Left out: %s (%s).", str_text(&title), why->text));
}

static int check_size(const struct action *a, struct err *err)
{
        _cleanup_str_ struct str request = {0};

        action_request_write(a, &request);
        if (request.len > ACTION_REQUEST_MAX)
                return err_set(err, -E2BIG,
                               "all its values together have %zu bytes, and may have %u; where that comes from "
                               "`from: link`, name zones",
                               request.len, ACTION_REQUEST_MAX);
        return 0;
}

void draft_add(struct maker *m, struct draft *d, const char *name)
{
        struct action *a = &d->action;
        struct err err = {0};

        a->id = name ? pool_printf(m->pool, "%s:%s", action_kind_name(a->kind), name)
                     : action_kind_name(a->kind);
        a->values = keep_values(m->pool, d);
        a->warnings = keep_list(m->pool, d->warnings.at, d->warnings.n);
        a->steps = keep_list(m->pool, d->steps.at, d->steps.n);
        a->undo = keep_list(m->pool, d->undo.at, d->undo.n);
        a->closes = keep_list(m->pool, d->closes.at, d->closes.n);
        if (m->in->elsewhere && !m->in->lock_me_out && name && !a->cuts && unit_is_core(name))
                a->cuts = "That machine may be managed by it, and from here nobody can tell.";
        if (a->cuts || a->not_applied || !m->in->policy)
                a->suggested = false;
        if (action_check(a->kind, a->values, &err) < 0 || check_size(a, &err) < 0)
                note_left_out(m, a, &err);
        else
                *vec_push(&m->plan->actions) = *a;
        draft_release(d);
}

/* --- what no action closes ------------------------------------------------------------------- */

/* A kit for Windows closes what no `apply` can. */
static bool is_closed(const struct plan *plan, const struct finding *f)
{
        vec_foreach(a, &plan->actions)
                for (const struct finding *const *c = (const struct finding *const *)a->closes; *c; c++)
                        if (*c == f && (!a->not_applied || a->kind == ACTION_WINDOWS_SERVICE ||
                                         a->kind == ACTION_WINDOWS_FIREWALL))
                                return true;
        return false;
}

static const char *why_untouched(struct maker *m, const struct finding *f)
{
        const struct listener *l = f->listener;

        if (f->approval)
                return "it is about an entry of policy.yaml: change it there";
        if (!l)
                return "it is about no listener of this host";
        if (l->container)
                return pool_printf(m->pool, "it runs in container %s: change it where that is deployed from",
                                   l->container->name ? l->container->name : "without a name");
        if (l->netns && l->netns->kind != NETNS_HOST && !l->netns->own)
                return pool_printf(m->pool,
                                   "it is in network namespace %s; hardening is about the host's own",
                                   l->netns->role);
        if (!is_about_reach(f))
                return "it is about the program, not about who can reach it: see the remediation of the audit";
        if (l->judgement.verdict == VERDICT_APPROVED || harden_is_needed(l))
                return "the policy approves it: follow the remediation of the audit, or take the approval away";
        if (!harden_is_on_network(l))
                return "only this machine reaches it: approve it, or stop it by hand";
        return m->in->policy ? "no unit runs it, and the firewall does not cover it"
                             : "no unit runs it; with a policy the firewall would close it";
}

static void add_untouched(struct maker *m)
{
        vec_foreach(f, &m->assessment->findings) {
                if (is_closed(m->plan, f))
                        continue;
                *vec_push(&m->plan->untouched) = f;
                *vec_push(&m->plan->untouched_why) = why_untouched(m, f);
        }
}

/* --- the whole ------------------------------------------------------------------------------- */

static int compare_actions(const void *pa, const void *pb)
{
        const struct action *a = pa, *b = pb;

        return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->id, b->id);
}

/* FNV-1a: of stable value, unlike base/hash.h. Not against forgers: it names a plan, nothing hangs on it. */
static uint64_t add_hash(uint64_t hash, const char *text)
{
        const unsigned char *c = (const unsigned char *)text;

        do
                hash = (hash ^ *c) * 0x100000001b3ull;
        while (*c++);
        return hash;
}

static const char *plan_id(const struct plan *plan)
{
        uint64_t hash = add_hash(0xcbf29ce484222325ull, plan->asset ? plan->asset : "");

        vec_foreach(a, &plan->actions) {
                hash = add_hash(hash, a->id);
                for (const struct action_value *v = a->values; v->name; v++)
                        hash = add_hash(add_hash(hash, v->name), v->text);
        }
        return pool_printf(plan->pool, "%016llx", (unsigned long long)hash);
}

static void note_gaps(struct maker *m)
{
        bool own = false;

        vec_foreach(gap, &m->view->gaps) {
                _cleanup_str_ struct str reason = {0};

                if (!gap->incomplete)
                        continue;
                text_add_printable(&reason, gap->reason);
                plan_note(m, pool_printf(m->pool, "Not seen (%s): %s%s%s.", gap->source, str_text(&reason),
                                         gap->capability ? "; needs " : "",
                                         gap->capability ? gap->capability : ""));
        }
        vec_foreach(ns, &m->view->netns)
                own = own || (ns->own && ns->kind == NETNS_HOST);
        if (!own && m->view->netns.n)
                plan_note(
                        m,
                        "quaymaster does not run in the host's network namespace: the firewall is that of its own, "
                        "units are those of the host.");
}

static void note_policy(struct maker *m)
{
        if (!m->in->policy)
                plan_note(
                        m,
                        "There is no policy.yaml, so nothing here is known to be needed: no action is suggested, and "
                        "no firewall is made, as it would close everything. Write one first: quaymaster policy init");
}

struct plan *harden_plan(const struct harden_input *in)
{
        struct plan *plan = xcalloc(1, sizeof(*plan));
        struct maker m = {
                .in = in,
                .assessment = in->assessment,
                .view = in->assessment->view,
                .plan = plan,
        };

        plan->pool = m.pool = pool_new();
        plan->asset = m.view->asset;
        plan->hostname = m.view->hostname;
        plan->time_s = m.view->time_s;
        note_policy(&m);
        note_gaps(&m);
        for (const struct action_maker *const *maker = makers; *maker; maker++)
                if ((*maker == &maker_windows) == (m.view->source == INSIDE_LISTING_WINDOWS))
                        (*maker)->make(&m);
        vec_sort(&plan->actions, compare_actions);
        add_untouched(&m);
        plan->id = plan_id(plan);
        return plan;
}
