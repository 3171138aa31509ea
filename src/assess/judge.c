/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/correlate.h"
#include "assess/rule.h"
#include "assess/spoken.h"
#include "base/str.h"

static const struct rule *const rules[] = {
        &rule_advice,
        &rule_unknown,
        &rule_unowned,
        &rule_executable_temporary,
        &rule_executable_deleted,
        &rule_executable_unpackaged,
        &rule_started_by_hand,
        &rule_policy,
};

enum severity by_exposure(const struct listener *l, enum severity loopback, enum severity link,
                          enum severity internet)
{
        if (l->exposure.blocked_by) /* from everywhere: no further than loopback */
                return loopback;
        switch (l->exposure.scope) {
        case EXPOSURE_LOOPBACK:
                return loopback;
        case EXPOSURE_PRIVATE:
                /*
                 * a namespace with a way out is a network of its own; one without is no further than
                 * loopback
                 */
                return l->exposure.reachable_from[1] ? link : loopback;
        case EXPOSURE_INTERNET:
                return internet;
        default:
                return link;
        }
}

const char *listener_port_text(struct pool *pool, const struct listener *l)
{
        if (l->transport == TRANSPORT_RAW)
                return pool_printf(pool, "IP protocol %u (raw)", l->port);
        if (l->port_last > l->port)
                return pool_printf(pool, "%u-%u/%s", l->port, l->port_last, transport_name(l->transport));
        return pool_printf(pool, "%u/%s", l->port, transport_name(l->transport));
}

const char *listener_program(const struct listener *l)
{
        const struct process *p = listener_main_process(l);

        if (p)
                return p->exe ? str_basename(p->exe) : p->name;
        if (listener_of_inetd(l))
                return l->activation->exec ? str_basename(l->activation->exec) : "inetd";
        return l->unit ? l->unit->name : NULL;
}

const char *const *lines_keep(struct pool *pool, const struct lines *lines)
{
        const char **kept = pool_alloc(pool, (lines->n + 1) * sizeof(*kept));

        memcpy(kept, lines->at, lines->n * sizeof(*kept));
        return kept;
}

static const char *address_text(struct pool *pool, const struct listener *l)
{
        char text[ADDRESS_TEXT_SIZE];

        if (!l->address.family)
                return pool_intern(pool, "every address");
        (void)address_format(&l->address, text);
        if (l->address.family == 6)
                return pool_printf(pool, "[%s]%s", text, l->dual_stack ? " (IPv6 and IPv4)" : "");
        return pool_intern(pool, text);
}

static const char *process_text(const struct process *p)
{
        return p->exe ? p->exe : p->name ? p->name : "unknown";
}

static void describe_process(struct pool *pool, const struct listener *l, struct lines *to)
{
        const struct process *p = listener_main_process(l);

        if (p && l->n_processes > 1)
                lines_add(to, pool_printf(pool, "process: %s (pid %d and %zu more), user %s",
                                          process_text(p), p->pid, l->n_processes - 1,
                                          p->user ? p->user : "unknown"));
        else if (p)
                lines_add(to, pool_printf(pool, "process: %s (pid %d), user %s",
                                          process_text(p), p->pid,
                                          p->user ? p->user : "unknown"));
        else if (l->n_processes)
                lines_add(to,
                          pool_printf(pool, "held by: %s (pid %d)",
                                      process_text(l->processes[0]),
                                      l->processes[0]->pid));
        if (p && p->cmdline)
                lines_add(to, pool_printf(pool, "command line: %s", p->cmdline));
        if (!l->n_processes)
                lines_add(to, l->owner_note);
}

static void describe(struct pool *pool, const struct listener *l, struct lines *to)
{
        lines_add(to, pool_printf(pool, "%s %s on %s%s%s: %s", l->forward ? "forwarded:" : "listens:",
                                  listener_port_text(pool, l), address_text(pool, l),
                                  l->netns->kind == NETNS_HOST ? "" : " in namespace ",
                                  l->netns->kind == NETNS_HOST ? "" : l->netns->role, l->exposure.why));
        describe_process(pool, l, to);
        if (l->unit && !listener_of_inetd(l))
                lines_add(to, pool_printf(pool, "unit: %s (%s, %s at start-up)", l->unit->name,
                                          l->unit->state ? l->unit->state : "unknown",
                                          l->unit->startup ? l->unit->startup : "unknown"));
        if (listener_of_inetd(l))
                lines_add(to, pool_printf(pool, "entry of %s: %s in %s, answered by %s",
                                          l->activation->manager, l->activation->name,
                                          l->activation->file ? l->activation->file : "its configuration",
                                          l->activation->exec ? l->activation->exec : "inetd itself"));
        else if (l->activation && l->activation != l->unit)
                lines_add(to, pool_printf(pool, "started on demand by: %s", l->activation->name));
        if (l->package)
                lines_add(to, pool_printf(pool, "package: %s %s", l->package->name,
                                          l->package->version ? l->package->version : ""));
        if (l->container)
                lines_add(to, pool_printf(pool, "container: %s %s", l->container->runtime,
                                          l->container->name ? l->container->name
                                                             : (l->container->id ? l->container->id : "")));
        if (l->forward)
                lines_add(to, pool_printf(pool, "rule: %s", l->forward->rule));
        if (l->registered && l->protocol && !streq(l->registered, l->protocol))
                lines_add(to, pool_printf(pool, "registered for this number: %s", l->registered));
}

/* A control is named once. */
static size_t add_control(struct control *kept, size_t n, const char *name)
{
        if (!control_find(name, &kept[n]))
                return n;
        for (size_t i = 0; i < n; i++)
                if (streq(kept[i].framework, kept[n].framework) && streq(kept[i].id, kept[n].id))
                        return n;
        return n + 1;
}

static const struct control *keep_controls(struct pool *pool, const struct verdict_draft *draft)
{
        const struct control *baseline = controls_baseline();
        const struct page *page = draft->page;
        size_t n_baseline = 0, n_more = 0, n = 0;
        struct control *kept;

        while (baseline[n_baseline].framework)
                n_baseline++;
        while (draft->controls && draft->controls[n_more])
                n_more++;
        kept = pool_alloc(pool, (n_baseline + (page ? page->n_controls : 0u) + n_more + 1) * sizeof(*kept));
        for (; n < n_baseline; n++)
                kept[n] = baseline[n];
        for (unsigned i = 0; page && i < page->n_controls; i++)
                n = add_control(kept, n, page->controls[i]);
        for (size_t i = 0; i < n_more; i++)
                n = add_control(kept, n, draft->controls[i]);
        kept[n] = (struct control){0};
        return kept;
}

struct finding draft_finish(struct pool *pool, const char *rule, const struct lines *evidence,
                            const struct verdict_draft *draft)
{
        struct lines all = *evidence;

        for (size_t i = 0; i < draft->evidence.n; i++)
                lines_add(&all, draft->evidence.at[i]);
        return (struct finding){
                .rule = draft->rule_suffix ? pool_printf(pool, "%s.%s", rule, draft->rule_suffix) : rule,
                .severity = draft->severity,
                .title = draft->title,
                .advice = draft->advice,
                .evidence = lines_keep(pool, &all),
                .remediation = lines_keep(pool, &draft->remediation),
                .alternative = draft->alternative,
                .controls = keep_controls(pool, draft),
        };
}

struct judging {
        struct assessment *a;
        const struct rule_input *in;
};

static void add_finding(const char *rule, const struct verdict_draft *draft, void *arg)
{
        const struct judging *judging = arg;
        struct assessment *a = judging->a;
        struct lines evidence = {0};
        struct finding finding;

        describe(a->pool, judging->in->listener, &evidence);
        spoken_describe(judging->in, &evidence);
        finding = draft_finish(a->pool, rule, &evidence, draft);
        finding.listener = judging->in->listener;
        finding.verdict = judging->in->listener->judgement.verdict;
        *vec_push(&a->findings) = finding;
}

static void apply(const struct rule *rule, struct judging *judging)
{
        struct verdict_draft draft = {0};

        if (rule->look(judging->in, &draft))
                add_finding(rule->name, &draft, judging);
}

/* Most severe first, then in the order of the listeners and of the rules, which pushing kept. */
static int compare_findings(const void *a, const void *b)
{
        const struct finding *x = a, *y = b;

        if (x->severity != y->severity)
                return x->severity > y->severity ? -1 : 1;
        if (x->listener != y->listener)
                return x->listener < y->listener ? -1 : 1;
        if (x->approval && y->approval && x->approval->line != y->approval->line)
                return x->approval->line < y->approval->line ? -1 : 1;
        return strcmp(x->rule, y->rule);
}

void assess_unused(struct assessment *a, const struct policy_rule *approval)
{
        *vec_push(&a->findings) = approval_unused(a->pool, approval);
}

void assess_judge(struct assessment *a, const struct knowledge *knowledge)
{
        _cleanup_(neighbours_freep) struct neighbours *neighbours = neighbours_new(a);

        vec_foreach(l, &a->listeners) {
                const struct rule_input in = {
                        .pool = a->pool,
                        .knowledge = knowledge,
                        .view = a->view,
                        .listener = l,
                        .neighbours = neighbours,
                        .page = listener_page(knowledge, l),
                };

                struct judging judging = {a, &in};

                for (size_t i = 0; i < array_len(rules); i++)
                        apply(rules[i], &judging);
                spoken_judge(&in, add_finding, &judging);
        }
        vec_sort(&a->findings, compare_findings);
}
