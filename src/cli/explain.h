/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `explain` says about one word: found in the guide and the registry (explain_find), then rendered as
 * text or records. Pure: no I/O. For this folder only.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "knowledge/knowledge.h"

enum page_match {
        MATCH_EXPECTED, /* by ports */
        MATCH_ALSO,     /* by also_ports */
        MATCH_NAME,     /* by a word */
        MATCH_PROGRAM,  /* by also_programs: it depends on the port */
};

struct explained_page {
        const struct page *page;
        enum page_match match;
};

struct explained_port { /* what the registry says of a number */
        bool known[TRANSPORT_MAX];
        struct registry_entry entry[TRANSPORT_MAX];
        enum transport asked; /* TRANSPORT_MAX: any */
        uint16_t port;
};

/*
 * Pages; `ports` has the number that was asked for, or all numbers of a registered name. Where the guide has no
 * page there are ports; never neither. Points into knowledge.
 */
struct explained {
        vec(struct explained_page) pages;
        vec(struct explained_port) ports;
};

void explained_release(struct explained *e);

/*
 * word: "23", "23/tcp", or a name in any case. 0; -EINVAL for a malformed port, -ENOENT for an unknown
 * name, with near spellings.
 */
int explain_find(const struct knowledge *k, const char *word, struct explained *ret, struct err *err);
/* What the registry says of a port, for pages shown by name. */
struct explained_port explain_port(enum transport asked, uint16_t port);

struct explain_style {
        bool colour;
        unsigned width;
};

void explain_text(const struct explained *e, const struct explain_style *style, struct str *to);
/* One record a page or port, then the summary, each a line. */
void explain_json(const struct explained *e, struct str *to);

/*
 * The number that a page's registered names are shown for: the one asked for, else the page's first; port
 * 0 when there is none.
 */
struct explained_port explain_port_of(const struct explained *e, const struct page *page);
/*
 * A remediation step as it reads without a machine: {unit} as <unit>; {port} as the number where it is
 * known (not 0).
 */
void explain_step(struct str *to, const char *step, uint16_t port);
/* The number a page is shown with: the one asked for, else the page's own when it is just one, else 0. */
uint16_t explain_number(const struct explained *e, const struct page *page);

/* What is said of a number that the guide does not have. */
extern const char explain_unknown_why[];
extern const char *const explain_unknown_steps[]; /* NULL-terminated */
