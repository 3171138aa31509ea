/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets and certificates that sinks.yaml names, read while files can still be read. */
#pragma once

#include "alert/sinks_parse.h"

#define SECRET_MAX 4096u

/*
 * Fill in what the sinks need, in the pool. A file with a secret must be root's or the user's own, and readable by
 * nobody else (-EPERM); a credential stands in $CREDENTIALS_DIRECTORY (systemd.exec(5)). 0 or negative errno.
 */
int secrets_read(struct sinks *sinks, struct pool *pool, struct err *err);
