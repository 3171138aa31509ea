/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our other files: a program that is started with our rights, or a library that is loaded into this process.
 * Whoever can lay one where it is looked for is us from then on.
 */
#pragma once

#include <limits.h>

#include "base/err.h"

/*
 * Open `name` beside the program (a build folder), else in `folder` (absolute, where it is installed).
 * Neither the working directory nor the environment is asked. It is taken only when it is as hard to replace
 * as the program itself: a regular file of root, or of the program's owner, that nobody may write who may
 * not write the program. In a folder that others may write to, as /tmp, anybody could have put it there.
 *
 * A descriptor (O_PATH, close-on-exec) of just the file that was looked at, its path in `path`; or negative
 * errno: -ENOENT when there is none, -EPERM when the one that is there is not taken.
 */
int companion_open(const char *name, const char *folder, char path[PATH_MAX], struct err *err);
