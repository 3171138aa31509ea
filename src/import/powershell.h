/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the forms that PowerShell writes have in common: one record of Get-NetTCPConnection or
 * Get-NetUDPEndpoint.
 */
#pragma once

#include "import/listing.h"

enum powershell_field {
        FIELD_ADDRESS,
        FIELD_PORT,
        FIELD_REMOTE_PORT,
        FIELD_STATE,
        FIELD_PID,
        FIELD_NAME, /* added by Select-Object */
        FIELD_MAX,
};

/* FIELD_MAX for columns that say nothing to us. Case does not matter. */
enum powershell_field powershell_field(const char *text, size_t len);

/*
 * One record; fields that are not there have the length 0. Whether it is TCP is told by its columns:
 * only TCP has a state or a remote port.
 */
void powershell_take(struct import *im, const struct word fields[FIELD_MAX], bool tcp);
void powershell_end(struct import *im);
