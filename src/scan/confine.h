/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Give up everything that is not needed once the sockets are open: capabilities (all sets, libcap-ng), new
 * privileges (PR_SET_NO_NEW_PRIVS), the file system (Landlock where the kernel has it), other programs and
 * other system calls (seccomp).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct confinement {
        bool sockets; /* TCP and UDP sockets may still be made: for connect scans, confirmation, identification */
};

/*
 * What a kernel does not offer is left out and told in *ret_missing (one line, "" = nothing; lives in
 * static storage). Refused system calls give EPERM to the caller. 0, or negative errno when what the kernel
 * offers could not be put on: then do not go on.
 */
int confine(const struct confinement *what, const char **ret_missing, struct err *err);
