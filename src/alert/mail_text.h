/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An alert as a mail (RFC 5322). Pure. */
#pragma once

#include "alert/alert.h"

/*
 * The whole message, lines ended by CR LF. Text of the alert gets into a header only as ASCII without controls, or as
 * an encoded word (RFC 2047), and into the body in base64: it can neither add a header nor end the message. now_s: for
 * Date.
 */
void mail_text(struct str *to, const char *from, const char *const *recipients, size_t n_recipients,
               const struct alert *a, const struct str *record, int64_t now_s);
/* One plain address, as ops@example.org: without a name, blanks or quotes. */
bool mail_is_address(const char *s);
