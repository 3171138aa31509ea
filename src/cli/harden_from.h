/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * harden --from FILE: a host that we only have a file of. Records of `host --json` and `audit --json` tell
 * units and packages; listings that `import` knows tell sockets, and at most the names of programs.
 */
#pragma once

#include "cli/inside_run.h"
#include "import/import.h"
#include "import/records.h"

struct harden_from {
        struct import *import;   /* of a listing: has the view */
        struct records *records; /* or of records, and then: */
        struct inside *view;
};

/* Fill view, assessment, knowledge and `complete` of `to`. 0, or negative errno: a bad file. */
int harden_from_file(struct harden_from *from, const struct invocation *in, struct inside_run *to,
                     struct err *err);
/* Before the run is released: the view is not its own. */
void harden_from_release(struct harden_from *from, struct inside_run *of);
