/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: what the two ways of watching have in common. */
#pragma once

#include "collect/watch.h"

struct watch {
        enum watch_reach reach;
        int fd;
        int (*read)(struct watch *watch, struct watch_note *notes, size_t max, struct err *err);
        uint64_t (*dropped)(const struct watch *watch);
        void (*free)(struct watch *watch); /* all but fd and the memory of this struct */
        uint64_t n_dropped;                /* of the way by notices */
        void *private;
};
