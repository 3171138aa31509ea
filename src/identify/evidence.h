/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exact bytes that told what speaks somewhere, for people: printable ASCII as it is, line ends as \r and \n,
 * all others as \xNN, a backslash doubled. Values of cookies, tokens, authorization and session headers are masked.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"

/* Appends at most IDENTITY_EVIDENCE_MAX bytes of data, escaped; "..." follows when there were more. */
void evidence_add(struct str *to, const void *data, size_t len);
