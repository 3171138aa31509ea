/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guide says about the service, and what to say where the guide knows nothing. */
#include "assess/correlate.h"
#include "assess/rule.h"
#include "base/str.h"

/*
 * The number alone does not condemn: where only the number says what it might be, and the program that
 * listens is visible and another one, the finding is a step milder.
 */
static bool number_only(const struct listener *l)
{
        return l->confidence == CONFIDENCE_REGISTERED && listener_main_process(l);
}

static const char *page_title(struct pool *pool, const struct listener *l, const struct page *page)
{
        const char *port = listener_port_text(pool, l), *program = listener_program(l);

        if (number_only(l))
                return pool_printf(pool, "%s is held by %s; the number is that of %s", port,
                                   program ? program : "an unknown program", page->name);
        if (l->confidence == CONFIDENCE_LIKELY && program)
                return pool_printf(pool, "%s (%s) listens on %s", page->name, program, port);
        return pool_printf(pool, "%s listens on %s", page->name, port);
}

static void add_page_steps(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct page *page = in->page;

        /* the page's own steps are for daemons of that protocol, which this need not be */
        if (number_only(in->listener)) {
                lines_add(&draft->remediation,
                          pool_printf(in->pool,
                                      "Find out what it speaks; if that is %s, the guide says what to do: "
                                      "quaymaster explain %s",
                                      page->name, page->id));
                return;
        }
        for (unsigned i = 0; i < page->n_remediation; i++)
                lines_add(&draft->remediation, remedy_fill(in->pool, page->remediation[i], in->listener));
        if (page->alternative.protocol && page->alternative.package &&
            !(in->listener->package && streq(page->alternative.package, in->listener->package->name)))
                lines_add(&draft->remediation,
                          pool_printf(in->pool, "Use %s%s%s instead: apt-get install %s", page->alternative.protocol,
                                      page->alternative.port ? " on " : "",
                                      page->alternative.port ? page->alternative.port : "",
                                      page->alternative.package));
}

static bool look_advice(const struct rule_input *in, struct verdict_draft *draft)
{
        const struct listener *l = in->listener;
        const struct page *page = in->page;
        enum severity severity;

        if (!page)
                return false;
        severity = by_exposure(l, page->risk_loopback, page->risk_link, page->risk_internet);
        if (number_only(l) && severity > SEVERITY_LOW)
                severity--;
        if (severity < (page->advice == ADVICE_EXPECTED ? SEVERITY_MEDIUM : SEVERITY_LOW))
                return false;
        draft->severity = severity;
        draft->rule_suffix = page->id;
        draft->title = page_title(in->pool, l, page);
        draft->advice = l->advice;
        draft->page = page;
        draft->alternative = page->alternative;
        if (number_only(l))
                lines_add(&draft->evidence, pool_printf(in->pool,
                                                        "judged by the port number alone: the guide does not know this "
                                                        "program as %s",
                                                        page->name));
        remedy_stop(in->pool, l, &draft->remediation);
        remedy_bind(in->pool, l, page, &draft->remediation);
        add_page_steps(in, draft);
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
        draft->title = l->forward ? pool_printf(in->pool, "%s is forwarded", listener_port_text(in->pool, l))
                                  : pool_printf(in->pool, "%s listens on %s", program ? program : "A program",
                                                listener_port_text(in->pool, l));
        draft->advice = l->advice;
        lines_add(&draft->remediation,
                  pool_intern(in->pool, "Find out who needs it and from where; let only that through"));
        remedy_stop(in->pool, l, &draft->remediation);
        return true;
}

const struct rule rule_unknown = {.name = "unknown-service", .look = look_unknown};
