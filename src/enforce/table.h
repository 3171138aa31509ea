/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our firewall tables, by quaymaster-nft, which alone speaks to nftables. Nothing of others' tables is touched. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define TABLE_HASH_SIZE 17

/* Load it in the place of one that is there; connections that live go on. lines as in struct step. */
int table_load(const char *table, const char *const *lines, struct err *err);
int table_delete(const char *table, struct err *err);
/*
 * Whether it is there, and what tells two tables apart; "" when it is not. Connections kept for a while do not count.
 */
int table_has(const char *table, bool *ret, char hash[TABLE_HASH_SIZE], struct err *err);
