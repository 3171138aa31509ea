/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host made up in code: what the report formats are tested and measured with. */
#pragma once

#include "assess/assess.h"

struct sample {
        struct inside *view;
        struct assessment assessment;
        struct pool *pool;
};

/* A small host with one of everything, and with hostile names. Findings and services are filled in. */
void sample_hostile(struct sample *s);
/* Many listeners of a few processes, as on a large host. */
void sample_many(struct sample *s, unsigned n_listeners, unsigned n_processes);
void sample_release(struct sample *s);
