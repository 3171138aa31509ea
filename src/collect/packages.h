/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which package a file belongs to. One question for every package manager: the collector gathers the paths
 * it wants to know of a root directory, and asks its databases for all of them at once.
 */
#pragma once

#include "model/inside.h"

struct package_query {
        const char *path; /* absolute, as that root has it */
        struct package
                owner; /* name NULL: no owner is known. Strings are in the pool the answer was asked into */
};
