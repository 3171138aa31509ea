/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A finding: something worth acting on, with evidence, remediation and the controls it touches. */
#pragma once

#include "model/advice.h"
#include "model/listener.h"
#include "model/policy.h"

struct observed; /* model/observed.h */

struct control {
        const char *framework; /* "cis-8.1" */
        const char *id;        /* "4.8" */
        const char *title;     /* in our own words, or NULL */
};

struct alternative {
        const char *protocol; /* NULL: there is none */
        const char *port;     /* "22/tcp" or NULL */
        const char *package;  /* Debian package that brings it, or NULL */
};

/* String and control lists are NULL-terminated arrays in the assessment's pool, never NULL themselves. */
struct finding {
        const char *rule; /* "advice.telnet", "executable-deleted" ... stable, lower case */
        enum severity severity;
        const char *title;
        const struct listener *listener; /* the subject; or NULL and then: */
        const struct service *service;   /* or NULL and then: */
        const struct observed *observed; /* an endpoint seen from outside; or NULL and then: */
        const struct policy_rule *approval; /* an entry of the policy */
        enum verdict verdict;            /* of the subject, or VERDICT_NONE */
        struct advice advice;
        const char *const *evidence;
        const char *const *remediation;
        struct alternative alternative;
        const struct control *controls; /* ends with framework NULL */
};
