/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `scan` and `audit TARGET` share: targets, scope and estate joined with the engine and with what identifies, and
 * what they say written out.
 */
#pragma once

#include <net/if.h>

#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/scan_identify.h"
#include "cli/scan_options.h"
#include "cli/scan_self.h"
#include "knowledge/knowledge.h"

struct outside_run;

/* What becomes of what is seen. */
struct outside_use {
        bool identify;    /* always, not only when asked for */
        bool keeps_state; /* what broke off can be gone on with */
        bool whole_self;  /* look at all of this machine, when it is among the targets */
        /* Open files, before rights are given up; NULL: none. 0, or negative errno: the user's mistake. */
        int (*open)(struct outside_run *run);
        /* Before the first probe, without rights. Likewise. */
        int (*begin)(struct outside_run *run);
        void (*endpoint)(const struct endpoint *endpoint, const struct identity *identity,
                         struct outside_run *run);
        void (*host)(const struct host_coverage *coverage, struct outside_run *run);
        /* All is seen. 0 or the negative errno of writing. */
        int (*end)(struct outside_run *run, struct scan_end *end);
        void (*release)(struct outside_run *run); /* or NULL */
};

struct outside_run {
        const struct outside_use *use;
        void *use_data; /* released by use->release */
        bool findings; /* some reach --fail-on */
        const struct invocation *in;
        struct str kept;           /* the words of the scan that is gone on with */
        struct invocation resumed; /* made of them */
        struct scan_request request;
        struct pool *pool;
        struct knowledge *knowledge;
        struct estate estate;
        bool has_estate;
        struct range_set own, broadcast;
        struct range_set exclude; /* of --exclude */
        struct scope scope;
        struct targets targets;
        struct scan_ports ports;
        struct scan_self self;
        struct if_nameindex *devices;
        struct str command;    /* the command line, for people */
        struct str words;      /* the same for the checkpoint */
        struct str checkpoint; /* its path, when nobody named one */
        struct scan_options options;
        struct scan_head head;
        struct output_file output;
        struct progress progress;
        struct scan_writer writer;
        struct scan *scan;
        struct scan_identify identify;
        struct err *err;
};

/* Look, and write what was seen as the options say. An enum exit_status. */
int outside_run(const struct invocation *in, const struct outside_use *use, void *use_data, struct err *err);

/* Whose an address is; `arg` is the run. */
struct scan_subject outside_subject(const struct address *address, void *arg);
/* Take note of how writing went: who reads the results has gone, or there is no room, and the scan ends. */
void outside_written(int r);
/* A line on standard error. */
void outside_warn(const char *text, void *arg);

/* What is asked, read from words and files: nothing is sent after an error here. An enum exit_status. */
int outside_ask(struct outside_run *run);

static inline const struct estate *outside_estate(const struct outside_run *run)
{
        return run->has_estate ? &run->estate : NULL;
}

static inline bool outside_asks(const struct outside_run *run, enum transport transport)
{
        return port_set_count(&run->ports.of[transport]) > 0;
}
