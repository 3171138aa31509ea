/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/listener.h"

const char *exposure_scope_name(enum exposure_scope scope)
{
        static const char *const names[EXPOSURE_MAX] = {"loopback", "private", "link", "internet"};

        return names[scope];
}
