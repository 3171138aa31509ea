/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where configuration is read from, and the knowledge opened from there. */
#pragma once

#include "cli/command.h"
#include "knowledge/knowledge.h"

#define CONFIG_OPTION                                                                                        \
        {                                                                                                    \
                .name = "config", .kind = OPTION_WORD, .value = "DIR",                                       \
                .help = "read configuration (knowledge.d/*.yaml) from DIR"                                   \
        }

/*
 * Open the guide with the override pages of the configuration folder: that of --config, else the first that
 * exists of ./quaymaster, ~/.config/quaymaster and /etc/quaymaster. Root takes only --config and
 * /etc/quaymaster, so that a folder where someone else may write never decides what root believes. What is
 * wrong with a file goes to standard error. -ENOENT when --config names no folder.
 */
int config_open_knowledge(const struct invocation *in, struct knowledge **ret, struct err *err);
