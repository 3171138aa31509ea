/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output formats. To add one: a file with a `const struct report_format`, and a line in the registry in report.c.
 * All text that comes from the host is made safe here (base/text.h, base/json.h), whatever the format.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "assess/assess.h"

struct report_input {
        const struct assessment *assessment;
        const struct inside *view;
        const struct knowledge *knowledge;
        const char *title;    /* "host" or "audit" */
        bool with_findings;   /* audit */
        bool with_services;   /* host --services: services are the subject; audit: listed after the findings */
        bool with_listeners;
        bool verified;        /* audit --verify: with what listeners answered, and why some were not asked */
        bool all;             /* also show sockets of clients in text */
        bool colour;          /* only ever an addition to words and signs */
        unsigned width;       /* of the terminal in columns; 0: not a terminal, do not cut */
        bool complete;        /* nothing asked for is missing */
        double elapsed_ms;
};

struct report_format {
        const char *name; /* "text", "json", "csv", "html" */
        const char *what; /* for the help */
        /* Append the whole report, flushing to fd as it grows (report_flush). 0 or negative errno of writing. */
        int (*write)(const struct report_input *in, int fd, struct err *err);
};

extern const struct report_format report_text, report_json, report_csv, report_html, report_sarif;

/* NULL when there is no such format. */
const struct report_format *report_find(const char *name);
/* All formats, NULL-terminated. */
const struct report_format *const *report_all(void);

/* Write out s and empty it when it holds at least `least` bytes. */
int report_flush(struct str *s, int fd, size_t least, struct err *err);
