/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An alert as a line of syslog. Pure. */
#pragma once

#include "alert/alert.h"

struct syslog_from {
        const char *host, *version;
        int pid;
};

/* RFC 5424 with structured data under quaymaster@32473, the number for examples (RFC 5612), as we have none. */
void syslog_text_5424(struct str *to, const struct syslog_from *from, const struct alert *a);
/* ArcSight Common Event Format version 0, behind a header as of RFC 3164; its time is UTC. */
void syslog_text_cef(struct str *to, const struct syslog_from *from, const struct alert *a);
