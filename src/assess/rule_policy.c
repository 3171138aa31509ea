/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy says of a listener, an endpoint, or of an approval that nothing uses. */
#include "assess/correlate.h"
#include "assess/outside_rule.h"
#include "assess/rule.h"
#include "base/str.h"
#include "base/text.h"

static const struct {
        enum severity near, inside, far; /* loopback; our networks; strangers */
        const char *why;
} verdicts[VERDICT_MAX] = {
        [VERDICT_EXPIRED] = {SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_MEDIUM,
                             "Its approval has ended: nobody has said since that it is still needed."},
        [VERDICT_UNAPPROVED] = {SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH,
                                "Only what has a validated need may be open, and none is written down for this."},
        [VERDICT_PROHIBITED] = {SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL,
                                "The policy prohibits it, whatever else approves it."},
};

static bool is_finding(enum verdict verdict)
{
        return verdict == VERDICT_EXPIRED || verdict == VERDICT_UNAPPROVED || verdict == VERDICT_PROHIBITED;
}

/* `owner`: " --process ...", and the like; may be empty. */
static const char *approve_command(struct pool *pool, const char *port, const char *owner)
{
        return pool_printf(pool,
                           "quaymaster policy approve %s%s --need 'WHY' --owner WHO --approved-by ANOTHER "
                           "--expires YYYY-MM-DD",
                           port, owner);
}

/* Never a command that would approve other programs than the one that was seen. */
static const char *first_approval(struct pool *pool, const char *port, const char *exe)
{
        _cleanup_str_ struct str owner = {0};
        const char *inexact = exe ? policy_glob_inexact(exe) : NULL;

        if (inexact)
                return pool_printf(pool,
                                   "Needed? Give its program another path first: this one %s, so an approval would be "
                                   "for other programs, too",
                                   inexact);
        if (exe)
                str_add(&owner, " --process ");
        if (exe && !text_add_shell_word(&owner, exe))
                return "Needed? Write its approval into policy.yaml by hand: the path of its program has a quote, "
                       "which no command here can show";
        return pool_printf(pool, "Needed? Have it approved: %s", approve_command(pool, port, str_text(&owner)));
}

/* The ports of an entry as `policy approve` takes them: one word; NULL where no such word finds the entry again. */
static const char *ports_word(struct pool *pool, const struct policy_rule *rule)
{
        const struct policy_ports *p = rule->ports;
        _cleanup_str_ struct str s = {0};

        if (rule->n_ports != 1)
                return NULL;
        if (p->transports == 1u << TRANSPORT_RAW)
                return pool_printf(pool, "ip/%u", p->first);
        if (p->dynamic)
                str_add(&s, "dynamic");
        else
                str_addf(&s, p->last > p->first ? "%u-%u" : "%u", p->first, p->last);
        for (unsigned t = 0; t < TRANSPORT_MAX; t++)
                if (p->transports == 1u << t)
                        str_addf(&s, "/%s", transport_name((enum transport)t));
        return pool_intern(pool, s.text);
}

/* Who an entry is for, in options: so that the one of several that wait on a port is found, or none, never another. */
static bool add_owners(const struct policy_rule *rule, struct str *to)
{
        const struct {
                const char *option;
                const struct texts *texts;
        } owners[] = {{"process", &rule->process}, {"unit", &rule->unit},           {"package", &rule->package},
                      {"user", &rule->user},       {"container", &rule->container}, {"on", &rule->on_name}};

        for (size_t i = 0; i < array_len(owners); i++) {
                if (!owners[i].texts->n)
                        continue;
                str_addf(to, " --%s ", owners[i].option);
                if (owners[i].texts->n > 1 || !text_add_shell_word(to, owners[i].texts->at[0]))
                        return false;
        }
        return !rule->on_tags.n && !rule->on_zone.n;
}

/* Its need is to be written: by the command that fills it in, else by hand. */
static const char *filling_step(struct pool *pool, const struct policy_rule *rule)
{
        _cleanup_str_ struct str owners = {0};
        const char *port = ports_word(pool, rule);

        if (port && add_owners(rule, &owners))
                return pool_printf(pool, "Needed? Fill in line %u of policy.yaml: %s", rule->line,
                                   approve_command(pool, port, str_text(&owners)));
        return pool_printf(pool, "Needed? Write the need, the owner and who approved it in line %u of policy.yaml",
                           rule->line);
}

/* An entry that is there already is renewed or filled in, not written a second time. */
static void add_approval_step(struct pool *pool, const struct judgement *judgement, const char *port, const char *exe,
                              struct lines *to)
{
        const struct policy_rule *rule = judgement->rule;

        if (judgement->verdict == VERDICT_PROHIBITED)
                return;
        if (judgement->verdict == VERDICT_EXPIRED)
                lines_add(to, pool_printf(pool,
                                          "Still needed? Have it approved again, and set approved_on and expires in "
                                          "line %u of policy.yaml",
                                          rule->line));
        else if (rule && !policy_rule_needed(rule))
                lines_add(to, filling_step(pool, rule));
        else
                lines_add(to, first_approval(pool, port, exe));
}

static const char *title_of(struct pool *pool, enum verdict verdict, const char *port, const char *name)
{
        static const char *const forms[VERDICT_MAX] = {
                [VERDICT_EXPIRED] = "The approval of %s%s%s%s has expired",
                [VERDICT_UNAPPROVED] = "%s%s%s%s is open and not approved",
                [VERDICT_PROHIBITED] = "%s%s%s%s is open and prohibited",
        };
        _cleanup_str_ struct str s = {0};
        const char *form = forms[verdict], *at = strstr(form, "%s%s%s%s");

        str_add_n(&s, form, (size_t)(at - form));
        str_add(&s, port);
        if (name)
                str_addf(&s, " (%s)", name);
        str_add(&s, at + strlen("%s%s%s%s"));
        return pool_intern(pool, s.text);
}

static bool look(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        enum verdict verdict = l->judgement.verdict;
        const struct process *p = listener_main_process(l);
        const char *port;

        if (!is_finding(verdict))
                return false;
        port = listener_port_text(in->pool, l);
        if (l->transport == TRANSPORT_RAW)
                port = pool_printf(in->pool, "ip/%u", l->port);
        draft->severity = by_exposure(l, verdicts[verdict].near, verdicts[verdict].inside, verdicts[verdict].far);
        draft->rule_suffix = verdict_name(verdict);
        draft->title = title_of(in->pool, verdict, listener_port_text(in->pool, l), listener_program(l));
        draft->advice = (struct advice){ADVICE_REVIEW, verdicts[verdict].why};
        lines_add(&draft->evidence, pool_printf(in->pool, "policy: %s", l->judgement.why));
        add_approval_step(in->pool, &l->judgement, port, p ? p->exe : NULL, &draft->remediation);
        remedy_stop(in, &draft->remediation);
        remedy_also_stopped(in, &draft->remediation);
        return true;
}

const struct rule rule_policy = {.name = "policy", .look = look};

static bool look_outside(const struct outside_input *in, struct verdict_draft *draft)
{
        const struct judgement *judgement = &in->o->judgement;
        enum verdict verdict = judgement->verdict;
        const char *port = endpoint_port_text(in->pool, &in->o->endpoint);

        if (!is_finding(verdict))
                return false;
        draft->severity = by_place(in, verdicts[verdict].near, verdicts[verdict].inside, verdicts[verdict].far);
        draft->rule_suffix = verdict_name(verdict);
        draft->title = title_of(in->pool, verdict, port, observed_name(in));
        draft->advice = (struct advice){ADVICE_REVIEW, verdicts[verdict].why};
        lines_add(&draft->evidence, pool_printf(in->pool, "policy: %s", judgement->why));
        add_approval_step(in->pool, judgement, port, NULL, &draft->remediation);
        lines_add(&draft->remediation, "Not needed? Stop what listens there; an audit on that machine says how");
        return true;
}

const struct outside_rule outside_policy = {.name = "policy", .look = look_outside};

/* It approves nothing yet, so nothing can use it. */
static struct finding entry_unfilled(struct pool *pool, const struct policy_rule *rule)
{
        struct verdict_draft draft = {
                .severity = SEVERITY_LOW,
                .rule_suffix = verdict_name(VERDICT_UNUSED),
                .title = pool_printf(pool, "The entry for %s needs to be filled in", rule->what),
                .advice = {ADVICE_REVIEW,
                           "As long as it says no need it approves nothing; nothing listens there now."},
        };
        struct lines evidence = {0};

        lines_add(&evidence, pool_printf(pool, "policy: line %u names %s, but says no need for it yet (need: TODO)",
                                         rule->line, rule->what));
        lines_add(&draft.remediation, filling_step(pool, rule));
        lines_add(&draft.remediation, pool_intern(pool, "Not needed? Remove the entry"));
        return draft_finish(pool, "policy", &evidence, &draft);
}

static struct finding left_over(struct pool *pool, const struct policy_rule *rule)
{
        struct verdict_draft draft = {
                .severity = SEVERITY_LOW,
                .rule_suffix = verdict_name(VERDICT_UNUSED),
                .title = pool_printf(pool, "Nothing uses the approval of %s", rule->what),
                .advice = {ADVICE_REVIEW,
                           "An approval that is left over lets the next program take the port unnoticed."},
        };
        struct lines evidence = {0};

        lines_add(&evidence, pool_printf(pool, "policy: line %u approves %s: %s", rule->line, rule->what, rule->need));
        lines_add(&draft.remediation,
                  pool_printf(pool, "No longer needed? Remove the entry in line %u of policy.yaml", rule->line));
        lines_add(&draft.remediation, pool_intern(pool, "Meant for another machine? Say which, with `on:`"));
        return draft_finish(pool, "policy", &evidence, &draft);
}

struct finding approval_unused(struct pool *pool, const struct policy_rule *rule)
{
        struct finding finding = policy_rule_needed(rule) ? left_over(pool, rule) : entry_unfilled(pool, rule);

        finding.approval = rule;
        finding.verdict = VERDICT_UNUSED;
        return finding;
}
