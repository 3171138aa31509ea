/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which page of the guide a listener is judged by. The number is only where one looks first: a program that
 * the guide knows decides, on whatever port it listens.
 */
#include "assess/correlate.h"

#include "base/str.h"

#define COMM_LEN 15 /* what the kernel, and so ss(8), keeps of a program's name: proc_pid_comm(5) */

static bool lists(const char *const *names, unsigned n, const char *name)
{
        bool cut = strlen(name) == COMM_LEN;

        for (unsigned i = 0; i < n; i++)
                if (streq(names[i], name) || (cut && str_after(names[i], name)))
                        return true;
        return false;
}

/*
 * Scripts and virtual machines run anything: their name says nothing about the protocol, nor does their
 * package.
 */
static bool is_interpreter(const char *program)
{
        static const char *const names[] = {"python", "perl", "ruby",   "java",     "node",   "nodejs",
                                            "php",    "bash", "dash",   "sh",       "lua",    "guile",
                                            "tclsh",  "mono", "dotnet", "beam.smp", "busybox"};

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

/*
 * An entry of inetd that names no program of its own is answered by inetd itself, or behind tcpd(8): its
 * name says what it is.
 */
static const struct page *page_of_entry(const struct knowledge *knowledge, const struct listener *l,
                                        const char *program)
{
        _cleanup_free_ char *name = NULL;

        if (!listener_of_inetd(l) || (program && !streq(program, "tcpd")))
                return NULL;
        name = xstrndup(l->activation->name, strcspn(l->activation->name, "/"));
        return knowledge_by_word(knowledge, name);
}

struct program look_up_program(const struct knowledge *knowledge, const struct listener *l)
{
        const struct process *p = listener_main_process(l);
        struct program program = {.looked = true};

        if (p && (p->exe || p->name)) /* where the file cannot be read, and in listings, the name must do */
                program.name = p->exe ? str_basename(p->exe) : p->name;
        else if (!p && l->unit && l->unit->exec)
                program.name = str_basename(l->unit->exec); /* what systemd or inetd would start */
        if (program.name)
                program.page = knowledge_by_program(knowledge, program.name);
        if (!program.page)
                program.page = page_of_entry(knowledge, l, program.name);
        if (!program.page && l->package && program.name && !is_interpreter(program.name))
                program.page = knowledge_by_package(knowledge, l->package->name);
        return program;
}

bool page_has_program(const struct page *page, const char *program)
{
        return lists(page->programs, page->n_programs, program) ||
               lists(page->also_programs, page->n_also_programs, program);
}

static const struct page *choose(const struct page *by_port, const struct program *program,
                                 struct listener *l)
{
        /* nginx is http, but on 443 it is https: that page names it too */
        if (by_port && program->name && page_has_program(by_port, program->name)) {
                l->confidence = CONFIDENCE_LIKELY;
                return by_port;
        }
        l->confidence = program->page ? CONFIDENCE_LIKELY : CONFIDENCE_REGISTERED;
        return program->page ? program->page : by_port;
}

static const struct page *page_of_number(const struct knowledge *knowledge, const struct listener *l)
{
        return l->transport == TRANSPORT_RAW ? NULL : knowledge_by_port(knowledge, l->transport, l->port);
}

/* A pid without a name, and what runs all services of Windows, say nothing about the protocol. */
static bool tells_program(const struct process *p)
{
        return p && (p->exe || (p->name && !streq(p->name, "svchost.exe") && !streq(p->name, "svchost") &&
                                !streq(p->name, "System")));
}

bool listener_by_number(const struct listener *l)
{
        return l->confidence == CONFIDENCE_REGISTERED &&
               (tells_program(listener_main_process(l)) || (l->unit && l->unit->exec));
}

/* What the guide says of a server, as that it is encrypted, it does not say of whatever took its number. */
static struct advice advice_of(const struct page *page, const struct listener *l)
{
        if ((page->advice == ADVICE_EXPECTED || page->advice == ADVICE_REVIEW) && listener_by_number(l))
                return (struct advice){
                        ADVICE_REVIEW,
                        "Only the port number says what this is: the guide does not know this program for it; find out "
                        "what it speaks (audit --verify asks it) and what needs it.",
                };
        return (struct advice){page->advice, page->why};
}

void advise(const struct knowledge *knowledge, struct listener *l, const struct program *program)
{
        const struct page *page = choose(page_of_number(knowledge, l), program, l);
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
                return;
        }
        l->guide = page->id;
        l->advice = advice_of(page, l);
        if (l->confidence == CONFIDENCE_LIKELY)
                l->protocol = page->id;
}

const struct page *listener_page(const struct knowledge *knowledge, const struct listener *l)
{
        return l->guide ? knowledge_by_word(knowledge, l->guide) : NULL;
}
