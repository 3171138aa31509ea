/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output formats of the outside view. Results go out as they come: an endpoint once it is decided, a host once it
 * is done. To add a format: a file with a `const struct scan_format`, and a line in the registry in scan_report.c.
 * Names are made safe here, whatever the format.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "assess/outside.h"
#include "model/endpoint.h"
#include "model/observed.h"
#include "scan/scan.h"

/* What the estate and the user call an address; each may be NULL. */
struct scan_subject {
        const char *name;  /* as the user or the estate names it */
        const char *asset; /* id of the asset */
        const char *zone, *class;
};

/* What is known before the first probe. The texts must outlive the writer. */
struct scan_head {
        const char *scanner;  /* asset id of the machine that looks */
        const char *hostname; /* its name */
        const char *command;  /* the command line, for XML */
        const char *version;
        int64_t started_s;
        int64_t (*now)(void); /* seconds since 1970 */
        const char *imported; /* the program that saw all this; NULL: we did */
        const char *method;   /* "syn"; where only UDP is asked: "udp" */
        const struct scan_ports *ports;
        const struct targets *targets;
        uint64_t probes;
        struct scan_pace pace;
        const struct outside *judged; /* audit: findings and rows of reconcile; NULL: scan */
        bool identified; /* what speaks at open endpoints was asked */
        bool all_states; /* closed and filtered ones, too */
        bool colour;     /* only ever an addition to words */
        unsigned width;  /* of the terminal; 0: do not cut */
        struct scan_subject (*subject)(const struct address *address, void *arg);
        const char *(*device)(uint32_t zone_index, void *arg); /* name of an interface; or NULL */
        void *arg;
};

/* How it ended. */
struct scan_end {
        struct scan_result result;
        const char *resume;  /* the checkpoint to go on from, or NULL */
        const char *failure; /* why it broke off, or NULL */
};

struct scan_writer;

/* The functions append to w->buf; when and whether it is written is decided in scan_report.c. */
struct scan_format {
        const char *name; /* "text", "json", "csv", "xml" */
        const char *what; /* for the help */
        bool by_host;     /* endpoints stand below their host: they go out when it is done, by port */
        void (*begin)(struct scan_writer *w);
        void (*endpoint)(struct scan_writer *w, const struct observed *o);
        /* `observed` are those to list when by_host, else there are none. */
        void (*host)(struct scan_writer *w, const struct host_coverage *c, const struct observed *observed,
                     size_t n);
        void (*end)(struct scan_writer *w, const struct scan_end *end);
};

extern const struct scan_format scan_report_text, scan_report_json, scan_report_csv, scan_report_xml, scan_report_html;

const struct scan_format *scan_report_find(const char *name); /* NULL = unknown */
const struct scan_format *const *scan_report_all(void);       /* NULL-terminated */

/* Counted while hosts go by, for the end. */
struct scan_tally {
        uint64_t hosts[HOST_NOT_ASKED + 1];
        struct range_set not_found, not_asked;
        unsigned why; /* enum coverage_reason bits of all hosts */
};

struct scan_book;

struct scan_writer {
        const struct scan_format *format;
        const struct scan_head *head;
        int fd;
        struct str buf;
        struct scan_book *book; /* by_host: endpoints of hosts that are not done */
        struct scan_tally tally;
        int result; /* of the first write that failed; after it nothing is written */
        struct err *err;
};

/* There is a policy, and endpoints were judged by it. */
bool scan_has_verdicts(const struct scan_writer *w);

/*
 * All return 0 or the negative errno of writing (then w->err says why); -EPIPE: the reader had enough. Open
 * endpoints and hosts are written at once; others within 64 KiB, or at the next scan_writer_tick, which the caller
 * makes a few times a second.
 */
int scan_writer_begin(struct scan_writer *w, const struct scan_format *format, const struct scan_head *head,
                      int fd, struct err *err);
int scan_writer_endpoint(struct scan_writer *w, const struct endpoint *e);
/* The same of an endpoint of which more is known; the identity is copied where it is kept. */
int scan_writer_observed(struct scan_writer *w, const struct observed *o);
int scan_writer_host(struct scan_writer *w, const struct host_coverage *c);
int scan_writer_tick(struct scan_writer *w);
/* Also closes what a broken-off scan has left open. */
int scan_writer_end(struct scan_writer *w, const struct scan_end *end);
void scan_writer_release(struct scan_writer *w);
