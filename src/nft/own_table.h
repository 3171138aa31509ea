/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own tables of nftables in the network namespace the process is in: the only ones that are ever changed. What a
 * table lets in comes as lines of firewall/spec.h, and is checked here again; its text is made by firewall/, never
 * taken from outside.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* FIREWALL_TABLE or FIREWALL_TABLE_PUBLISHED. */
bool own_table_known(const char *table);

/* A table beside it that refuses nothing, so that connections are followed from now on; gone with own_table_apply. */
int own_table_follow(const char *table, struct err *err);
/*
 * Load it, in the place of one that is there, as one transaction. `input` are lines of JSON: {"line":"allow tcp 443"},
 * {"line":"log"}, {"living":["tcp",LOCAL,PORT,REMOTE,PORT]}. -EINVAL for anything else.
 */
int own_table_apply(const char *table, const struct str *input, struct err *err);
int own_table_delete(const char *table, struct err *err);
/* `hash` tells one table from another, over processes and boots; living connections do not count. */
int own_table_has(const char *table, bool *ret, char hash[17], struct err *err);

/* Pure: the input as the table's text for libnftables. */
int own_table_text(const char *table, const struct str *input, struct str *ret, struct err *err);
