/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the build-time program that makes one C file (builtin.h) of data/. Each appends arrays to `out`. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "knowledge/control_parse.h"
#include "knowledge/page_table.h"
#include "knowledge/profile_parse.h"

/* data/registry/ports.tsv. 0 or -EINVAL with "file:line: what". */
int generate_registry(struct str *out, char *text, const char *file, struct err *err);
/* data/registry/top-TRANSPORT.txt. As above. */
int generate_top(struct str *out, const char *transport, char *text, const char *file, struct err *err);
void generate_pages(struct str *out, const struct page_table *table);
void generate_profiles(struct str *out, const struct parsed_profiles *profiles);
void generate_controls(struct str *out, const struct parsed_controls *controls);

/* Append s as a C string literal, or NULL as NULL. */
void generate_literal(struct str *out, const char *s);
