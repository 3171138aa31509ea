/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Products by what their greetings say: tables of marks, and the version that stands behind a mark. */
#pragma once

#include "identify/line.h"
#include "identify/probe.h"

struct banner {
        const char *mark;         /* in the text, whatever the case */
        const char *product;      /* as people write it */
        const char *vendor, *cpe; /* of the CPE name, or NULL where it is not certain */
};

/* The first of n marks that is in the text: product, version (when one follows) and CPE are set. False when none is. */
bool banner_take(struct talk *t, const struct line *text, const struct banner *table, size_t n);
/* Whether any of the marks is in the text. */
bool banner_known(const struct line *text, const struct banner *table, size_t n);
/*
 * The version that begins at `at`, after blanks, brackets, '/', '-', '_', 'v' and words such as "version": digits, and
 * what belongs to them. False when there is none.
 */
bool banner_version(const char *at, const char *end, struct line *ret);
/* The word is set as the host's name when it looks like one with a domain. */
void banner_hostname(struct talk *t, const struct line *word);
/* All bytes as one text to be searched. */
struct line banner_all(const uint8_t *data, size_t len);
/* Whether text bytes of a protocol of lines: printable, or blanks and line ends; bytes above 0x7f are let pass. */
bool banner_is_text(const uint8_t *data, size_t len);
