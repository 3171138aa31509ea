/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of other programs as we say them. */
#pragma once

#include "import/import.h"

/*
 * Sets the protocol's base name, and TLS where the name says it ("https"). What nobody knows ("unknown",
 * "tcpwrapped", "ssl") stays "unknown".
 */
void names_protocol(struct import *im, struct identity *id, const char *name, size_t len);
/*
 * How a protocol that was spoken without TLS around it is protected: unknown where STARTTLS may be
 * offered.
 */
enum encryption names_encryption(const char *protocol);
/* REASON_NONE for words that say nothing to us. */
enum endpoint_reason names_reason(const char *word, size_t len);
/* ENDPOINT_UNDECIDED for words that leave it open; false when it is none of either. */
bool names_state(const char *word, enum endpoint_state *ret);
/*
 * The CPE 2.3 formatted string of a URI ("cpe:/a:openbsd:openssh:9.2p1"; NISTIR 7695, 6.1 and 6.2); NULL
 * when it is none, or names no application.
 */
const char *names_cpe(struct import *im, const char *uri);
