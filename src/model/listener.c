/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/listener.h"

const char *exposure_scope_name(enum exposure_scope scope)
{
        static const char *const names[EXPOSURE_MAX] = {"loopback", "private", "link", "internet"};

        return names[scope];
}

const char *reach_state_name(enum reach_state state)
{
        static const char *const names[] = {
                [REACH_UNKNOWN] = "unknown",
                [REACH_REACHABLE] = "reachable",
                [REACH_BLOCKED] = "blocked",
        };

        return names[state];
}
