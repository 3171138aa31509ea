/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What generate.c makes of data/ and compiles in. For this folder only. */
#pragma once

#include <stdint.h>

#include "knowledge/page_table.h"
#include "knowledge/profile.h"
#include "model/finding.h"

/*
 * The registry without a pointer: names and descriptions are offsets in registry_text. Rows by transport,
 * then first port; of one port the main name first. Ranges of different first ports do not overlap.
 */
struct registry_row {
        uint32_t name, description;
        uint16_t first, last;
};

extern const char registry_text[];
extern const struct registry_row registry_rows[];
extern const uint16_t registry_start[TRANSPORT_MAX + 1]; /* rows of transport t: from [t] up to [t + 1] */
extern const uint16_t registry_names[]; /* rows with a name, by name without case, then row */
/* The order of --ports top:N. */
extern const uint16_t registry_top_tcp[], registry_top_udp[];
extern const size_t registry_n_top_tcp, registry_n_top_udp;
extern const uint16_t registry_n_names;

extern const struct page_table builtin_pages;

extern const struct control builtin_controls[]; /* by framework, then id */
extern const uint16_t builtin_n_controls;
extern const struct control builtin_baseline[]; /* ends with framework NULL */

extern const struct profile *const builtin_profiles[]; /* by name */
extern const uint16_t builtin_n_profiles;
