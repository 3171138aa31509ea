/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/str.h"
#include "model/finding.h"

/*
 * Append the section of findings. `flush` may write out `to` after each group; what it says that is negative
 * ends it.
 */
int findings_html_add(struct str *to, const struct finding *findings, size_t n, int (*flush)(void *arg),
                      void *arg);
