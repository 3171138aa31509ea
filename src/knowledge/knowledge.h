/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known about ports and protocols before looking at any host: the IANA registry, the pages of the
 * guide, the control frameworks. Compiled in from data/; pages of /etc/quaymaster/knowledge.d replace or
 * add. Constant once opened; no I/O after that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "model/finding.h"

/* --- registry -------------------------------------------------------------------------------- */

struct registry_entry {
        const char *name;        /* IANA service name, "" where the number is reserved or unassigned */
        const char *description; /* may be "" */
};

/*
 * False, and *ret untouched, when the registry does not know the number for that transport. Of several names
 * the registry's first. UDP-Lite has the numbers of UDP (RFC 3828). Source: IANA Service Name and Transport
 * Protocol Port Number Registry.
 */
bool registry_find(enum transport transport, uint16_t port, struct registry_entry *ret);
/* "system" (0-1023), "registered" (1024-49151) or "dynamic" (49152-65535), RFC 6335. */
const char *registry_range(uint16_t port);
/*
 * Calls back for each (transport, port) that has this service name (case does not matter), in order of
 * transport, then port.
 */
void registry_by_name(const char *name, void (*each)(enum transport transport, uint16_t port, void *arg),
                      void *arg);

/*
 * The numbers of that transport (TCP or UDP) by how worthwhile it is to ask for them, most worthwhile first;
 * each once. How the order is made: data/registry/make-top.py. NULL and 0 for other transports.
 */
const uint16_t *registry_top(enum transport transport, size_t *ret_n);

/* --- guide ----------------------------------------------------------------------------------- */

struct port_range {
        enum transport transport;
        uint16_t first, last; /* inclusive */
};

#define PORT_RANGE_TEXT_SIZE sizeof("65535-65535/udplite")

/* "22/tcp", "6000-6063/tcp" */
const char *port_range_format(const struct port_range *range, char buf[PORT_RANGE_TEXT_SIZE]);

struct bind_hint { /* how to make the daemon of a package listen on loopback only */
        const char *package, *file, *set;
};

/* Lists are arrays with a count; all pointers live as long as the knowledge. */
struct page {
        const char *id, *name, *what, *why;
        const char *encrypted; /* none, optional, starttls, tls, native, varies */
        const char *note;      /* or NULL */
        enum advice_class advice;
        enum severity risk_loopback, risk_link, risk_internet;
        struct alternative alternative;
        const char *const *aliases, *const *packages, *const *remediation, *const *references, *const *controls;
        const char *const *programs;      /* these are this service wherever they listen */
        const char *const *also_programs; /* these are it on one of `ports`, and something else elsewhere */
        const struct port_range *ports, *also_ports;
        const struct bind_hint *binds;
        unsigned short n_aliases, n_programs, n_also_programs, n_packages, n_remediation, n_references, n_controls,
                n_ports, n_also_ports, n_binds;
        const char *source; /* "built-in", or the override file */
};

struct knowledge;

/*
 * Open the built-in knowledge and, where override_dir is not NULL and exists, the *.yaml pages in it (by
 * name order). A file that is broken, or as root not owned by root or writable by others, changes nothing:
 * what is wrong with it (file, line, field) is passed to `warn`, and the built-in pages stay in force.
 * Always succeeds.
 */
struct knowledge *knowledge_open(const char *override_dir, void (*warn)(const char *text, void *arg),
                                 void *arg);
struct knowledge *knowledge_free(struct knowledge *knowledge); /* accepts NULL, returns NULL */

static inline void knowledge_freep(struct knowledge **k)
{
        *k = knowledge_free(*k);
}

/*
 * The page that judges a number: the one with the port in `ports`; NULL if none (also_ports do not judge).
 * Of several an override page, then the one whose range is narrower, then the first by id. UDP-Lite is
 * judged as UDP.
 */
const struct page *knowledge_by_port(const struct knowledge *k, enum transport transport, uint16_t port);
const struct page *knowledge_by_program(const struct knowledge *k, const char *basename);
const struct page *knowledge_by_package(const struct knowledge *k, const char *package);
/* By id, alias, or name of the page; case does not matter. */
const struct page *knowledge_by_word(const struct knowledge *k, const char *word);
/*
 * Up to max words near to one that is unknown, nearest first: of the guide's, else of the registry's names.
 * How many.
 */
size_t knowledge_near(const struct knowledge *k, const char *word, const char *ret[], size_t max);
/* The same among words of the caller's, which ret then points to. */
size_t words_near(const char *word, const char *const *words, size_t n, const char *ret[], size_t max);
/* All pages in order of id; for walking. */
const struct page *const *knowledge_pages(const struct knowledge *k, size_t *ret_n);

/* --- control frameworks ---------------------------------------------------------------------- */

/* Controls every finding about an open port touches (ends with framework NULL). */
const struct control *controls_baseline(void);
/*
 * A control named "framework:id"; title NULL, and id pointing into text, when data/frameworks has the
 * framework but not the control. False, with *ret untouched, for any other text.
 */
bool control_find(const char *text, struct control *ret);
