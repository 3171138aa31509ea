/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network namespaces of this machine: that of PID 1, ours, those with a name or a mount (ip-netns(8),
 * Docker), and those of any process. Each gets a role that stays the same across restarts; see struct netns.
 */
#pragma once

#include "base/err.h"
#include "collect/collector.h"

struct netns_handles;

/*
 * Open view->netns.at[index]: a descriptor of the caller's, close-on-exec, that certainly is of that
 * namespace. -ENOENT when it is gone, other negative errno. They are opened when their turn comes, as there
 * may be more of them than descriptors. Any thread may ask while none is added.
 */
int netns_open(const struct collection *c, uint32_t index);

/*
 * Index of the namespace with that inode; a new one, held by `pid` alone, is added. NONE when it is not
 * among those asked for.
 */
uint32_t netns_by_inode(struct collection *c, uint64_t inode, pid_t pid);

/* Whether sockets of the namespace with that inode were asked for. */
bool netns_is_wanted(const struct collection *c, uint64_t inode);

/* Whether `role` is what the user means by `name`: the same, or the part after "docker:" and the like. */
bool netns_role_matches(const char *role, const char *name);

/*
 * Pure: a line of /proc/PID/mountinfo (proc(5)). True when it is the mount of a network namespace; *ret_path
 * (the mount point with its \ooo escapes undone, at most size bytes) and *ret_inode are then set.
 */
bool netns_parse_mount(const char *line, size_t len, uint64_t *ret_inode, char *ret_path, size_t size);
