/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a scan in a file: the live one, mapped into memory, so that a killed scan has lost only what
 * was on the wire. For the same program on the same machine; another version refuses it.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/*
 * The words the scan was begun with (scan_options.words), so that --resume needs no others. 0; -EBADMSG: no
 * such file, or of another version; other negative errno.
 */
int checkpoint_words(const char *path, struct str *ret, struct err *err);
