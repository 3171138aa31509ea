/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of HTTP and its kin (RFC 9112, 4; RFC 3261, 7.2; RFC 2326, 7.1; RFC 3507, 4.3.3): a status line,
 * header
 * fields, an empty line, a body. Nothing is copied.
 */
#pragma once

#include "identify/line.h"

enum message_state {
        MESSAGE_NONE /* it is no such answer */,
        MESSAGE_PART /* the fields are not whole yet */,
        MESSAGE_WHOLE
};

struct message {
        struct line version; /* "HTTP/1.1" */
        unsigned code;       /* 100..999 */
        struct line reason;  /* may be empty */
        struct line fields;  /* all of them, line ends included */
        struct line body;    /* what came of it */
};

/*
 * An answer that starts with `protocol` ("HTTP/1."). With `ended` what came is all: fields that are not
 * whole are taken as
 * they are.
 */
enum message_state message_read(const uint8_t *data, size_t len, const char *protocol, bool ended,
                                struct message *ret);
/*
 * The value of the first field of that name, whatever its case. False, and *ret empty, when there is
 * none.
 */
bool message_field(const struct message *m, const char *name, struct line *ret);
/* Whether the body came whole: by its length, by its last chunk, or because there is none. */
bool message_body_whole(const struct message *m);
