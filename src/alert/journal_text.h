/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An alert in systemd's native journal protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL). Pure. */
#pragma once

#include "alert/alert.h"

void journal_text(struct str *to, const struct alert *a, const struct str *record);
