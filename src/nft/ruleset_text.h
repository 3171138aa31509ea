/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the two listings of a ruleset, JSON and text. Pure. */
#pragma once

#include <stddef.h>

#include <jansson.h>

/*
 * Pure: find in the text listing of one family (`nft -a list ruleset FAMILY`) the rules of that family in
 * objects (the array "nftables") that have "xt", and give each its "text". Lines are matched by table and
 * handle.
 */
void ruleset_join_text(json_t *objects, const char *family, const char *text, size_t len);
