/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ambient.h"

#include <sys/prctl.h>

void ambient_clear(void)
{
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

bool ambient_raise(unsigned capability)
{
        return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 0 &&
               prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0;
}

void ambient_lower(unsigned capability)
{
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, capability, 0, 0);
}
