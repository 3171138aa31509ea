/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/config_dir.h"
#include "cli/output_file.h"
#include "cli/policy.h"
#include "cli/policy_run.h"
#include "policy/policy_parse.h"
#include "policy/policy_text.h"
#include "report/row.h"

/* Listeners of one program on one port, or on ports that follow each other. */
struct entry {
        const struct listener *first;
        uint16_t port, port_last;
        enum exposure_scope scope; /* the furthest */
        size_t n_listeners;
};

struct entries {
        vec(struct entry) list;
};

static void entries_release(struct entries *e)
{
        vec_clear(&e->list);
}

static const struct process *owner_of(const struct listener *l)
{
        for (size_t i = 0; i < l->n_processes; i++)
                if (!(l->processes[i]->pid == 1 && l->activation))
                        return l->processes[i];
        return NULL;
}

static const char *exe_of(const struct listener *l)
{
        const struct process *p = owner_of(l);

        return p ? p->exe : NULL;
}

static const char *unit_of(const struct listener *l)
{
        const struct service *unit = l->unit ? l->unit : l->activation;

        return unit ? unit->name : NULL;
}

static const char *container_of_listener(const struct listener *l)
{
        return l->container ? l->container->name : NULL;
}

/* Several programs share it: then the path of one would not do. */
static bool one_program(const struct listener *l)
{
        const char *exe = exe_of(l);

        for (size_t i = 0; exe && i < l->n_processes; i++)
                if (!(l->processes[i]->pid == 1 && l->activation) && !streq_ptr(l->processes[i]->exe, exe))
                        return false;
        return exe != NULL;
}

static bool same_owner(const struct listener *a, const struct listener *b)
{
        return a->transport == b->transport && streq_ptr(exe_of(a), exe_of(b)) && one_program(a) == one_program(b) &&
               streq_ptr(unit_of(a), unit_of(b)) && streq_ptr(container_of_listener(a), container_of_listener(b));
}

static int compare(const void *a, const void *b)
{
        const struct listener *x = *(const struct listener *const *)a, *y = *(const struct listener *const *)b;
        const char *s[2] = {exe_of(x), exe_of(y)};
        int order = (int)x->transport - (int)y->transport;

        if (!order)
                order = strcmp(s[0] ? s[0] : "", s[1] ? s[1] : "");
        if (!order) {
                s[0] = unit_of(x), s[1] = unit_of(y);
                order = strcmp(s[0] ? s[0] : "", s[1] ? s[1] : "");
        }
        if (!order) {
                s[0] = container_of_listener(x), s[1] = container_of_listener(y);
                order = strcmp(s[0] ? s[0] : "", s[1] ? s[1] : "");
        }
        return order ? order : (int)x->port - (int)y->port;
}

static int compare_entries(const void *a, const void *b)
{
        const struct entry *x = a, *y = b;

        if (x->port != y->port)
                return x->port < y->port ? -1 : 1;
        return (int)x->first->transport - (int)y->first->transport;
}

/* What the packet filter lets nobody reach is approved for this machine, as the judge sees it. */
static enum exposure_scope scope_of(const struct listener *l)
{
        return l->exposure.blocked_by ? EXPOSURE_LOOPBACK : l->exposure.scope;
}

/* The listener goes into the entry, and lets nobody else reach what is in it already. */
static bool fits(const struct entry *e, const struct listener *l, uint16_t port_last)
{
        if (!same_owner(e->first, l))
                return false;
        if (l->port == e->port && port_last == e->port_last)
                return true;
        if (l->transport == TRANSPORT_RAW || l->port > e->port_last + 1u)
                return false;
        return scope_of(l) == e->scope || (port_last <= e->port_last && scope_of(l) < e->scope);
}

static void gather(struct entries *to, const struct assessment *a)
{
        vec(const struct listener *) sorted = {0};

        vec_foreach(l, &a->listeners)
                *vec_push(&sorted) = l;
        vec_sort(&sorted, compare);
        vec_foreach(at, &sorted) {
                const struct listener *l = *at;
                struct entry *last = to->list.n ? &to->list.at[to->list.n - 1] : NULL;
                uint16_t port_last = l->port_last > l->port ? l->port_last : l->port;

                if (!last || !fits(last, l, port_last)) {
                        last = vec_push(&to->list);
                        *last = (struct entry){l, l->port, port_last, scope_of(l), 0};
                }
                last->port_last = port_last > last->port_last ? port_last : last->port_last;
                last->scope = scope_of(l) > last->scope ? scope_of(l) : last->scope;
                last->n_listeners++;
        }
        vec_clear(&sorted);
        vec_sort(&to->list, compare_entries);
}

/* NULL: the entry is for those that were seen, and for nobody else. Else why it would not be. */
static const char *why_too_wide(struct pool *pool, const struct listener *l)
{
        bool program = one_program(l);
        const struct {
                const char *what, *name;
        } named[] = {
                {"the path of its program", program ? exe_of(l) : NULL},
                {"the name of its unit", program ? NULL : unit_of(l)},
                {"the name of its container", container_of_listener(l)},
        };
        bool any = false;

        for (size_t i = 0; i < array_len(named); i++) {
                const char *why = named[i].name ? policy_glob_inexact(named[i].name) : NULL;

                if (why)
                        return pool_printf(pool, "%s %s", named[i].what, why);
                any = any || named[i].name;
        }
        return !any && exe_of(l) ? "several programs share it, and no unit or container names them" : NULL;
}

static void add_seen(struct str *to, const struct entry *e)
{
        const struct listener *l = e->first;
        const struct process *p = owner_of(l);
        _cleanup_str_ struct str seen = {0};

        row_add_place(&seen, l);
        if (e->n_listeners > 1)
                str_addf(&seen, " and %zu more", e->n_listeners - 1);
        str_add(&seen, ": ");
        row_add_owner(&seen, l);
        if (p && p->user)
                str_addf(&seen, ", user %s", p->user);
        if (l->protocol)
                str_addf(&seen, "; looks like %s", l->protocol);
        policy_text_comment(to, 2, str_text(&seen));
}

static void add_entry(struct str *to, const struct entry *e)
{
        const struct listener *l = e->first;
        bool program = one_program(l);
        _cleanup_str_ struct str port = {0};

        if (l->transport == TRANSPORT_RAW)
                str_addf(&port, "%u", e->port);
        else if (e->port_last > e->port)
                str_addf(&port, "%u-%u/%s", e->port, e->port_last, transport_name(l->transport));
        else
                str_addf(&port, "%u/%s", e->port, transport_name(l->transport));

        const struct policy_field fields[] = {
                {l->transport == TRANSPORT_RAW ? "ip_protocol" : "port", str_text(&port)},
                {"process", program ? exe_of(l) : NULL},
                {"unit", program ? NULL : unit_of(l)},
                {"container", container_of_listener(l)},
                {"from", exposure_scope_name(e->scope)},
                {"need", "TODO"},
        };

        policy_text_entry(to, 2, fields, array_len(fields));
}

/* Returns how many entries it added; of what it left out there is a comment. */
static size_t add_entries(struct str *to, const struct entries *entries, struct pool *pool)
{
        size_t n = 0;

        vec_foreach(e, &entries->list)
                n += !why_too_wide(pool, e->first);
        str_add(to, n ? "allow:\n" : "allow: []\n");
        vec_foreach(e, &entries->list) {
                const char *why = why_too_wide(pool, e->first);

                add_seen(to, e);
                if (why)
                        policy_text_comment(
                                to, 2, pool_printf(pool, "no entry, as it would be for other programs, too: %s", why));
                else
                        add_entry(to, e);
        }
        return n;
}

static void add_head(struct str *to, const struct inside *view)
{
        char time[CLOCK_TEXT_SIZE];
        _cleanup_free_ char *from = xasprintf("What listened on %s on %s.",
                                              view->hostname ? view->hostname : "this host",
                                              clock_format(view->time_s, time));

        policy_text_comment(to, 0, from);
        str_add(to, "# An entry approves nothing as long as its need is TODO. For each, either write\n"
                    "#     need: why it must be open\n"
                    "#     owner: who answers for it\n"
                    "#     approved_by: who approved it; not the owner\n"
                    "#     expires: 2027-05-01\n"
                    "# or stop what listens there, and remove the entry. `quaymaster policy check` checks the file;\n"
                    "# its form: quaymaster-policy(5).\n");
}

static int write_text(const struct invocation *in, const struct str *text, char **ret_path, struct err *err)
{
        _cleanup_(output_file_release) struct output_file file = {.fd = -1};
        const char *output = invocation_get(in, "output");
        int r = 0;

        if (output)
                *ret_path = xstrdup(output);
        else
                r = config_policy_path(in, ret_path, err);
        if (r < 0)
                return r;
        if (!output && access(*ret_path, F_OK) == 0)
                return err_set(err, -EEXIST, "%s is there already; it is not replaced (--output FILE writes elsewhere)",
                               *ret_path);
        if (!output && (r = config_make_folder(*ret_path, err)) < 0)
                return r;
        r = output_file_open(&file, *ret_path, err);
        if (r == 0 && (r = fd_write_all(file.fd, text->text, text->len)) < 0)
                return err_errno(err, -r, "cannot write '%s'", *ret_path);
        /* configuration and no report: audits of other users, and the watch that runs as one, go by it, too */
        if (r == 0 && !output && fchmod(file.fd, 0644) < 0)
                return err_errno(err, errno, "cannot give '%s' its mode", *ret_path);
        return r < 0 ? r : output_file_place(&file, err);
}

int policy_init(const struct invocation *in, struct err *err)
{
        _cleanup_(inside_run_release) struct inside_run run = {0};
        _cleanup_(entries_release) struct entries entries = {0};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_free_ char *path = NULL;
        _cleanup_str_ struct str text = {0};
        struct policy policy;
        size_t n;
        int r = inside_run_collect(&run, in, false, err);

        if (r < 0)
                return inside_run_failed(r);
        gather(&entries, run.assessment);
        add_head(&text, run.view);
        n = add_entries(&text, &entries, pool);
        /* what can't be read back must not be written */
        if (policy_parse(text.text, text.len, "the new policy", pool, &policy, err) < 0 ||
            write_text(in, &text, &path, err) < 0)
                return QM_EXIT_USAGE;
        (void)fprintf(stderr, "%s: %zu entries, each to be filled in; `quaymaster policy check` tells what is left\n",
                      path, n);
        if (n < entries.list.n)
                (void)fprintf(stderr, "%zu more got no entry; comments in it say why\n", entries.list.n - n);
        return run.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}
