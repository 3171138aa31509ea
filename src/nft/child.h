/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of the helper. */
#pragma once

#include <signal.h>
#include <sys/prctl.h>

/*
 * To be called first by the helper and by each process it forks: it ends when its parent does. Rulesets are
 * what the administrators of namespaces make them, and following one may take for ever; who started the
 * helper stops it then, but may itself be stopped.
 */
static inline void end_with_parent(void)
{
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}
