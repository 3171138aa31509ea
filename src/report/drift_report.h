/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed, for people and as records. */
#pragma once

#include "base/err.h"
#include "drift/drift.h"

struct drift_report {
        const struct snapshot *before, *after;
        const struct drift *drift;
        const char *const *
                missed; /* of change windows: what was expected and did not happen; NULL-terminated, or NULL */
        size_t planned; /* events that a change window expected */
        unsigned width; /* columns; 0: no terminal, nothing is cut */
        bool colour;
};

/* 0 or negative errno of writing. */
int drift_report_text(const struct drift_report *in, int fd, struct err *err);
/* An event record a line (per asset numbered from 1), and the summary. */
int drift_report_json(const struct drift_report *in, int fd, struct err *err);

/* "8443/tcp on 10.0.0.1", "ssh.service": what an item is the place of, not yet printable. */
void drift_add_place(struct str *to, const struct item *item);
/* The item as a record's member. */
struct json;
void drift_json_item(struct json *j, const char *key, const struct item *item);
