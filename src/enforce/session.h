/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, and by which login: from the kernel's process table, since an environment says what one likes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

struct session {
        uint32_t uid, login_uid; /* login_uid: of the audit system, survives sudo; UINT32_MAX: none */
        bool ssh;                /* a process of sshd is above us */
        uint64_t begun_ns;       /* of that one, on the boot clock */
        char connection[160];    /* SSH_CONNECTION: "CLIENT PORT SERVER PORT"; "" when not known */
};

void session_read(struct session *ret);
void session_write(struct json *j, const char *key, const struct session *session);

/* For the journal: "by uid 0, logged in as uid 1000, from 192.0.2.1". */
void session_words(const struct session *session, struct str *to);

/*
 * Pure. Whether a login proves that one still gets in: it came over the network, by another connection than the apply
 * was made from, and began when the apply was over. 0, or -EPERM with what is wrong and what to do.
 */
int session_proves(const struct session *session, const char *apply_connection, uint64_t applied_ns,
                   struct err *err);
