/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits for the confirmation of an apply, and undoes it without. */
#pragma once

/* Until nothing of this id is pending any more. */
void watch_pending(const char *id);
