/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SMTP and LMTP (RFC 2033) have in common: all but the first word, EHLO or LHLO. */
#pragma once

#include "identify/probe.h"

/* protocol: "smtp" or "lmtp". */
enum talk_next mail_talk(struct talk *t, const char *protocol);
enum recognition mail_recognise(const struct heard *h, bool lmtp);
