/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of where text goes to. */
#pragma once

#include <stdbool.h>

struct terminal {
        unsigned width; /* columns; 0: no terminal */
        bool colour;    /* a terminal, and NO_COLOR (no-color.org) is not set */
};

struct terminal terminal_of(int fd);
