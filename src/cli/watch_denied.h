/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `watch --denied`: what our packet filter table refuses, as it happens. */
#pragma once

#include "cli/command.h"

/* Runs until a signal. An enum exit_status. */
int watch_denied(const struct invocation *in, struct err *err);

struct denied;
/* Pure: one line of quaymaster-nft (nft/denied.h) but its time. False when it tells of no packet. */
bool denied_parse(const char *line, size_t len, struct denied *ret);
