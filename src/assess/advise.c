/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which page of the guide a listener is judged by. The number is only where one looks first: a program that the guide knows decides,
 * on whatever port it listens.
 */
#include "assess/correlate.h"

#include "base/str.h"

static bool lists(const char *const *names, unsigned n, const char *name)
{
        for (unsigned i = 0; i < n; i++)
                if (streq(names[i], name))
                        return true;
        return false;
}

/* Scripts and virtual machines run anything: their name says nothing about the protocol, nor does their package. */
static bool is_interpreter(const char *program)
{
        static const char *const names[] = {"python", "perl", "ruby", "java", "node", "nodejs", "php", "bash", "dash",
                                            "sh", "lua", "guile", "tclsh", "mono", "dotnet", "beam.smp", "busybox"};

        for (size_t i = 0; i < array_len(names); i++) {
                const char *rest = str_after(program, names[i]);

                if (rest && strspn(rest, "0123456789.") == strlen(rest))
                        return true;
        }
        return false;
}

bool listener_is_interpreted(const struct listener *l)
{
        const struct process *p = listener_main_process(l);

        return p && p->exe && is_interpreter(str_basename(p->exe));
}

bool listener_of_inetd(const struct listener *l)
{
        return l->activation && !streq_ptr(l->activation->manager, "systemd");
}

struct candidates {
        const struct page *by_port, *by_program;
        const char *program;
};

/* What answers there, or would be started to. */
static const char *program_of(const struct listener *l)
{
        const struct process *p = listener_main_process(l);
        const char *path = p ? p->exe : (l->unit ? l->unit->exec : NULL);

        if (listener_of_inetd(l))
                path = l->activation->exec;
        return path ? str_basename(path) : NULL;
}

/* An entry of inetd that names no program of its own is answered by inetd itself, or behind tcpd(8): its name says what it is. */
static const struct page *page_of_entry(const struct knowledge *knowledge, const struct listener *l, const char *program)
{
        _cleanup_free_ char *name = NULL;

        if (!listener_of_inetd(l) || (program && !streq(program, "tcpd")))
                return NULL;
        name = xstrndup(l->activation->name, strcspn(l->activation->name, "/"));
        return knowledge_by_word(knowledge, name);
}

static struct candidates candidates_of(const struct knowledge *knowledge, const struct listener *l)
{
        struct candidates c = {.program = program_of(l)};

        if (l->transport != TRANSPORT_RAW)
                c.by_port = knowledge_by_port(knowledge, l->transport, l->port);
        if (c.program)
                c.by_program = knowledge_by_program(knowledge, c.program);
        if (!c.by_program)
                c.by_program = page_of_entry(knowledge, l, c.program);
        if (!c.by_program && l->package && c.program && !is_interpreter(c.program))
                c.by_program = knowledge_by_package(knowledge, l->package->name);
        return c;
}

static const struct page *choose(const struct candidates *c, struct listener *l)
{
        /* nginx is http, but on 443 it is https: that page names it too */
        if (c->by_port && c->program &&
            (lists(c->by_port->programs, c->by_port->n_programs, c->program) ||
             lists(c->by_port->also_programs, c->by_port->n_also_programs, c->program))) {
                l->confidence = CONFIDENCE_LIKELY;
                return c->by_port;
        }
        l->confidence = c->by_program ? CONFIDENCE_LIKELY : CONFIDENCE_REGISTERED;
        return c->by_program ? c->by_program : c->by_port;
}

const struct page *advise(const struct knowledge *knowledge, struct listener *l)
{
        struct candidates c = candidates_of(knowledge, l);
        const struct page *page = choose(&c, l);
        struct registry_entry entry;

        if (l->transport != TRANSPORT_RAW && registry_find(l->transport, l->port, &entry) && entry.name[0])
                l->registered = entry.name;
        if (!page) {
                l->advice = (struct advice){
                        .class = ADVICE_REVIEW,
                        .why = l->transport == TRANSPORT_RAW
                                       ? "A raw socket takes every packet of an IP protocol; find out what needs it."
                                       : "The guide knows neither this program nor this port; find out what needs it.",
                };
                return NULL;
        }
        l->guide = page->id;
        l->advice = (struct advice){.class = page->advice, .why = page->why};
        if (l->confidence == CONFIDENCE_LIKELY)
                l->protocol = page->id;
        return page;
}

const struct page *listener_page(const struct knowledge *knowledge, const struct listener *l)
{
        return l->guide ? knowledge_by_word(knowledge, l->guide) : NULL;
}
