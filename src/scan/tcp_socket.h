/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP sockets of the kernel, as the connect method and the second looks use them: what one connection that
 * was begun has come to, with all the kernel knows about it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "gate/gate.h"
#include "scan/method.h"

/* What became of one connection. */
struct tcp_outcome {
        int code; /* 0 = connected, -EINPROGRESS = not known yet, other negative errno = failed */
        enum heard_kind kind;
        enum endpoint_reason reason;
        bool reusable; /* the socket is as new: it may be connected again */
};

/*
 * A non-blocking socket that keeps ICMP errors (IP_RECVERR) for that address family: fd, or negative errno.
 */
int tcp_socket_open(uint8_t family);

/* Begin to connect, through the gate. -EPERM of the gate and of a local filter are told alike: LOCAL. */
struct tcp_outcome tcp_socket_connect(struct gate *gate, int fd, const struct address *to,
                                      uint32_t zone_index, uint16_t port);
/*
 * Ask what became of it: sends nothing, needs no event before it. connect(2) on a connection that is under
 * way tells its state, and after a failure makes the socket as new. A socket that met itself (simultaneous
 * open on one port of this machine; RFC 9293, 3.5) is told as refused. A refusal by ICMP is told as such
 * (method.h), also when the kernel itself would go on trying.
 */
struct tcp_outcome tcp_socket_check(struct gate *gate, int fd, const struct address *to, uint32_t zone_index,
                                    uint16_t port);

/* Whether what was lacking (descriptors, memory, ports) may be there later; `code` is a negative errno. */
bool tcp_socket_later(int code);

/* From TCP_INFO of a connected socket; 0 = not known. */
uint32_t tcp_socket_rtt_us(int fd);
/* Bytes of ours that the peer acknowledged, the handshake's own included. */
uint64_t tcp_socket_acknowledged(int fd);

/*
 * How many sockets may be open at once: `asked` (0 = `most`), bounded by RLIMIT_NOFILE less a margin for the
 * rest of the program. Raises the soft limit to the hard one first. At least 1.
 */
unsigned tcp_socket_limit(unsigned asked, unsigned most);
