/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets of one network namespace from the kernel's own tables, whoever holds them: sock_diag(7)
 * for TCP, UDP, UDP-Lite and SCTP; /proc/net/raw{,6} for raw sockets. Needs no privilege.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "base/wire.h"
#include "model/inside.h"

struct socket_list {
        struct socket_seen *at;
        size_t n, room;
};

enum sock_diag_which {
        SOCK_DIAG_ALL,       /* autobound is false in each: the tables tell it only by asking for those alone */
        SOCK_DIAG_AUTOBOUND, /* only those whose port the kernel chose; no raw sockets */
};

/*
 * Append the sockets of the calling thread's namespace; `netns` is stored in each. Owner fields are empty,
 * device names unset. 0, or negative errno when a transport that the kernel has could not be read; what was
 * read stays in the list.
 */
int sock_diag_read(uint32_t netns, enum sock_diag_which which, struct socket_list *list, struct err *err);

/* --- pure halves, for tests and fuzzing --- */

/* One inet_diag_msg with its attributes. False when malformed. */
bool sock_diag_parse(struct wire message, enum transport transport, struct socket_seen *ret);

/* The text of /proc/net/raw (family 4) or raw6 (family 6); lines that make no sense are passed over. */
void raw_table_parse(const char *text, size_t len, int family, uint32_t netns, struct socket_list *list);
