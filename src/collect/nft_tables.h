/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether there is any nftables table at all, so that quaymaster-nft is only started where it has something to
 * read: most namespaces have none. Asks the kernel for the tables' names alone (nfnetlink, NFT_MSG_GETTABLE)
 * and sets no_tables in the namespaces that certainly have none; where it cannot be told (no right to ask, an
 * error) it stays false. A kernel that has not loaded nf_tables is not asked, since asking would load it.
 */
#pragma once

#include <stdbool.h>

/* Whether the kernel may be asked for tables without making it load nf_tables; by /proc and / as folders. */
bool nft_tables_may_exist(int proc_fd, int root_fd);
/* Pure: whether a kernel with this /proc/modules and modules.builtin has nf_tables now. */
bool nft_tables_loaded(const char *modules, const char *builtin);
