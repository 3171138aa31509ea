/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One way to tell an alert: one file and one `const struct sink` each, in the registry of sinks.c. */
#pragma once

#include "alert/alert.h"
#include "base/err.h"
#include "knowledge/yaml_read.h"
#include "model/estate.h"

#define SINK_TIMEOUT_S 30u /* of one delivery */

struct sink_config {
        const char *name;
        const struct sink *sink;
        unsigned line;     /* of the file, where it begins */
        uint32_t kinds;    /* bits of enum event_kind; 0: all */
        uint32_t verdicts; /* bits of enum verdict; 0: all but approved */
        uint64_t group_s, queue;
        /* of some types; NULL or 0 where not given */
        const char *url, *secret_file, *password_file, *credential, *ca_file, *format, *starttls, *from,
                *user;
        struct texts to, argv;
        /* read before the first delivery (secret.h), NULL where there is none */
        const char *secret, *ca;
        size_t secret_len, ca_len;
};

struct sink {
        const char *name;        /* its `type` */
        const char *const *keys; /* beside those of all; NULL-terminated; a required one has a ! before it */
        /* What the keys do not say by themselves. 0, or yaml_read_fail_at(). May be NULL. */
        int (*check)(struct yaml_read *r, struct sink_config *c);
        /*
         * Tell it: in a child without rights, which may wait for SINK_TIMEOUT_S. 0: it was taken. -EBADMSG: it will
         * never be taken, others may be. -EREMOTEIO: the receiver answered, and did not take it, perhaps for what it
         * says. Other errno: try again later.
         */
        int (*deliver)(const struct sink_config *c, const struct alert *a, const struct str *record,
                       struct err *err);
};

const struct sink *sink_find(const char *name); /* NULL: unknown */
extern const char *const sink_names[];          /* NULL-terminated */

extern const struct sink sink_exec, sink_journal, sink_mail, sink_syslog, sink_webhook;
