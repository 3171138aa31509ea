/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from outside made safe to show. Process names, command lines and unit descriptions are chosen by
 * others: they may carry terminal escapes, bidirectional overrides, HTML and bytes that are no UTF-8.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * One UTF-8 character at s (len > 0): its length 1-4 and *ret code point; 0 when the bytes there are not valid
 * UTF-8 (RFC 3629: overlong forms, surrogates and values above U+10FFFF are invalid).
 */
size_t text_decode(const char *s, size_t len, uint32_t *ret);

/*
 * True for what must not reach a terminal or a page as it is: C0, DEL, C1, bidirectional controls (Unicode TR 36), and
 * U+FFFE and U+FFFF, which neither XML 1.0 nor YAML 1.1 may hold.
 */
bool text_is_control(uint32_t code_point);

/* All of it is UTF-8 without such: text_add_printable would change nothing. */
bool text_is_printable(const char *s);

/* Append s for people: controls and invalid bytes become \xNN or \u{NNNN}, the rest stays. */
void text_add_printable(struct str *to, const char *s);

/*
 * Append s as one word of a command that people copy into a shell, in single quotes where it needs them. False, and
 * nothing is added: it is empty, or has a quote or what text_add_printable would have to change.
 */
bool text_add_shell_word(struct str *to, const char *s);

/* Append s as HTML text or attribute value: printable as above, and & < > " ' as entities. */
void text_add_html(struct str *to, const char *s);
