/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where configuration is read from, and what is opened from there: the guide, the estate, the policy. */
#pragma once

#include "alert/sinks_parse.h"
#include "cli/command.h"
#include "knowledge/knowledge.h"
#include "model/estate.h"
#include "model/policy.h"

#define CONFIG_OPTION                                                                                        \
        {                                                                                                    \
                .name = "config", .kind = OPTION_WORD, .value = "DIR",                                       \
                .help = "read policy.yaml, estate.yaml, sinks.yaml and knowledge.d from DIR"                      \
        }

/*
 * Open the guide with the override pages of the configuration folder: that of --config, else the first that
 * exists of ./quaymaster, ~/.config/quaymaster and /etc/quaymaster. Root takes only --config and
 * /etc/quaymaster, so that a folder where someone else may write never decides what root believes. What is
 * wrong with a file goes to standard error. -ENOENT when --config names no folder.
 */
int config_open_knowledge(const struct invocation *in, struct knowledge **ret, struct err *err);

/*
 * Read estate.yaml of the same folder into the pool. *ret_found is false, and *ret empty, when there is no
 * folder or no such file: then only this machine is in scope. -ENOENT when --config names no folder, -EINVAL
 * and -EFBIG for what is wrong in it, -EPERM for a file or folder that root may not trust, other errno when
 * it cannot be read: all of them bad files (QM_EXIT_USAGE). Also reads the rules of the local time zone, which
 * scan windows need, while files can still be opened.
 */
int config_open_estate(const struct invocation *in, struct pool *pool, struct estate *ret, bool *ret_found,
                       struct err *err);

/* The same for policy.yaml. */
int config_open_policy(const struct invocation *in, struct pool *pool, struct policy *ret, bool *ret_found,
                       struct err *err);
/* The same for sinks.yaml; secrets are not read yet. */
int config_open_sinks(const struct invocation *in, struct pool *pool, struct sinks *ret, bool *ret_found,
                      struct err *err);
/*
 * Where policy.yaml is or would be; its folder need not be there. -ENOENT when --config names no folder, or no home is
 * known. The caller frees *ret.
 */
int config_policy_path(const struct invocation *in, char **ret, struct err *err);
/* The folders above `file`, made with mode 0755 where they are not there. 0 or negative errno. */
int config_make_folder(const char *file, struct err *err);
