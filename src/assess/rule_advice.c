/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guide says about the service, and what to say where the guide knows nothing. */
#include "assess/correlate.h"
#include "assess/rule.h"
#include "base/str.h"

static const char *page_title(struct pool *pool, const struct listener *l, const struct page *page)
{
        const char *port = listener_port_text(pool, l), *program = listener_program(l);
        const struct process *p = listener_main_process(l);

        /* of a program that the guide knows the process's own name says more: redis-server is a link to another file */
        if (l->confidence >= CONFIDENCE_LIKELY && p && p->name && *p->name)
                program = p->name;
        if (listener_by_number(l))
                return pool_printf(pool, "%s is held by %s; the number is that of %s", port,
                                   program ? program : "an unknown program", page->name);
        if (l->confidence >= CONFIDENCE_LIKELY && program)
                return pool_printf(pool, "%s (%s) listens on %s", page->name, program, port);
        return pool_printf(pool, "%s listens on %s", page->name, port);
}

/* The page's own steps are for daemons of that protocol, which this need not be. */
static void add_steps_by_number(const struct rule_input *in, struct lines *to)
{
        lines_add(to,
                  pool_printf(in->pool,
                              "Find out what it speaks; if it is what the number says, the guide has more: "
                              "quaymaster explain %s",
                              in->page->id));
        remedy_stop(in, to);
        remedy_remove(in, to);
        remedy_also_stopped(in, to);
}

/* Somewhere among its steps, in a place that makes sense. */
static bool page_stops(const struct rule_input *in)
{
        for (unsigned i = 0; i < in->page->n_remediation; i++)
                if (strstr(in->page->remediation[i], "systemctl disable --now"))
                        return true;
        return false;
}

/* To stop it is the first answer where nothing else stops with it. */
static bool stops_alone(const struct rule_input *in)
{
        return !page_stops(in) && !neighbours_of_unit(in->neighbours, in->pool, in->listener);
}

/*
 * What is sensible first depends on the advice: move to the better protocol; ask whether it is needed at
 * all; or keep it and make it safer. The page's own words on how to stop it are better than ours, so ours
 * come only where it has none.
 */
static void add_steps(const struct rule_input *in, struct lines *to)
{
        switch (in->page->advice) {
        case ADVICE_RECONFIGURE:
                remedy_alternative(in, "Use", to);
                remedy_page(in, REMEDY_ALL, to);
                remedy_bind(in, to);
                remedy_stop(in, to);
                if (page_stops(in)) /* what is left when all have moved */
                        remedy_remove(in, to);
                break;
        case ADVICE_REVIEW:
                if (stops_alone(in))
                        remedy_stop(in, to);
                remedy_page(in, REMEDY_ALL, to);
                remedy_bind(in, to);
                remedy_stop(in, to);
                remedy_remove(in, to);
                remedy_alternative(in, "Needed? Use", to);
                break;
        default:
                remedy_page(in, REMEDY_OTHERS, to);
                remedy_bind(in, to);
                remedy_alternative(in, "Where the other side can, use", to);
                remedy_page(in, REMEDY_STOPS, to);
                remedy_stop(in, to);
        }
        remedy_also_stopped(in, to);
}

static bool look_advice(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        const struct page *page = in->page;
        enum severity severity;

        if (!page)
                return false;
        severity = by_exposure(l, page->risk_loopback, page->risk_link, page->risk_internet);
        /* the number alone does not condemn: a step milder */
        if (listener_by_number(l) && severity > SEVERITY_LOW)
                severity--;
        if (severity < (l->advice.class == ADVICE_EXPECTED ? SEVERITY_MEDIUM : SEVERITY_LOW))
                return false;
        draft->severity = severity;
        draft->rule_suffix = page->id;
        draft->title = page_title(in->pool, l, page);
        draft->advice = l->advice;
        draft->page = page;
        draft->alternative = page->alternative;
        if (listener_by_number(l))
                lines_add(&draft->evidence,
                          pool_printf(in->pool,
                                      "judged by the port number alone: the guide does not know this "
                                      "program as %s",
                                      page->name));
        if (listener_by_number(l))
                add_steps_by_number(in, &draft->remediation);
        else
                add_steps(in, &draft->remediation);
        return true;
}

const struct rule rule_advice = {.name = "advice", .look = look_advice};

static bool look_unknown(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        const char *program = listener_program(l);

        if (in->page || l->transport == TRANSPORT_RAW || (!l->n_processes && !l->forward && !l->unit))
                return false; /* rule_unowned says it better */
        draft->severity = by_exposure(l, SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM);
        if (draft->severity == SEVERITY_INFO)
                return false;
        draft->title = l->forward
                               ? pool_printf(in->pool, "%s is forwarded", listener_port_text(in->pool, l))
                               : pool_printf(in->pool, "%s listens on %s", program ? program : "A program",
                                             listener_port_text(in->pool, l));
        draft->advice = l->advice;
        lines_add(&draft->remediation,
                  pool_intern(in->pool, "Find out who needs it and from where; let only that through"));
        remedy_stop(in, &draft->remediation);
        remedy_remove(in, &draft->remediation);
        remedy_also_stopped(in, &draft->remediation);
        return true;
}

const struct rule rule_unknown = {.name = "unknown-service", .look = look_unknown};
