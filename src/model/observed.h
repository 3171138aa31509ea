/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint with all that is known of it from outside: its state, what speaks there, whose it is, and what the guide
 * says. What reports and rules take. Plain data: what it points to belongs to whoever made it and must outlive it.
 */
#pragma once

#include <string.h>

#include "model/advice.h"
#include "model/endpoint.h"
#include "model/estate.h"
#include "model/identity.h"
#include "model/policy.h"

struct observed {
        struct endpoint endpoint;
        const struct identity *identity; /* NULL: it was not asked what it is */
        const char *registered;          /* name that the registry gives the number, or NULL */
        const char *zone;                /* of the narrowest network of the estate, or NULL */
        const char *asset_name;          /* as the estate names it, or NULL */
        const char *asset;               /* stable id, or NULL */
        enum device_class class;
        const char *guide;    /* id of the guide page it is judged by, or NULL */
        bool by_number;       /* that page was chosen by the port number alone */
        struct judgement judgement; /* by the policy; verdict NONE: there is none, or it is not open */
        struct advice advice; /* why is NULL as long as it is not judged */
};

/* It spoke a protocol that is known, or something very like it. */
static inline bool observed_speaks(const struct observed *o)
{
        return o->identity && o->identity->confidence >= CONFIDENCE_LIKELY &&
               strcmp(o->identity->protocol, "unknown") != 0;
}
