/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where state is kept: /var/lib/quaymaster for root, else quaymaster in $XDG_STATE_HOME or ~/.local/state. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Append its path, and make it (mode 0700) where it is missing. 0 or negative errno; -ENOENT: no home directory. */
int state_dir_make(struct str *path, struct err *err);
