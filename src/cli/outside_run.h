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

struct outside_run {
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
        struct scan_identify identify; /* with --identify */
        struct err *err;
};


/* Look, and write what was seen as the options say. An enum exit_status. */
int outside_run(const struct invocation *in, struct err *err);

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
