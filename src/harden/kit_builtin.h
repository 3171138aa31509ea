/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of scripts that are the same in each kit: data/kits/, compiled in. */
#pragma once

extern const char kit_builtin_shell[], kit_builtin_powershell[];
