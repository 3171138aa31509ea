/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private enterprise numbers (IANA) that devices name their maker by, in SNMP engine ids and IPMI. */
#pragma once

#include <stdint.h>

/* NULL when it is not known here. */
const char *enterprise_name(uint32_t number);
