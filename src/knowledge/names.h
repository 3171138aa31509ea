/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of one protocol: the registry, the guide and servers call the same thing by several. The base name is what an
 * identity calls it. Constant; case does not matter.
 */
#pragma once

#include <stdbool.h>

/* "http" for "https" and "www"; the name itself when it is not listed. */
const char *name_base(const char *name);
/* Both have one base. False when either is NULL. */
bool names_same(const char *a, const char *b);
/* The name says that TLS comes before the first byte: "https", "imaps". */
bool name_over_tls(const char *name);
/* It has a wire protocol of its own that is told apart when it speaks. */
bool name_is_known(const char *name);
/* The next other name of the same base, from *i = 0 on; NULL at the end. In buf. */
#define NAME_SIZE_MAX 32
const char *name_next(const char *base, unsigned *i, char buf[NAME_SIZE_MAX]);
