/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet frames out by AF_XDP (Documentation/networking/af_xdp.rst of the kernel): from memory that it reads
 * by itself, many a system call. For high rates; a packet socket does the same with more work a frame. Only
 * sends, by queue 0 of one interface, and in copy mode, so it needs neither a driver that knows it nor an XDP
 * program. While it is open no other AF_XDP socket can have that queue. Not for two threads at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "gate/gate.h"

#define XDP_SEND_BATCH 64 /* frames a call; one bit each in a mask */

struct xdp_send;

/*
 * The socket and its rings, of no interface yet: before privilege is dropped. -EPERM without CAP_NET_RAW,
 * -EAFNOSUPPORT when the kernel has none, -ENOBUFS past RLIMIT_MEMLOCK (2 MiB).
 */
int xdp_send_open(struct xdp_send **ret, struct err *err);
struct xdp_send *
xdp_send_close(struct xdp_send *x); /* accepts NULL, returns NULL; what is pending is lost */
/*
 * Bind to an interface, once, which needs no privilege but waits for the network. -EBUSY: another has the
 * queue; other negative errno: close it.
 */
int xdp_send_bind(struct xdp_send *x, uint32_t ifindex);
uint32_t xdp_send_ifindex(const struct xdp_send *x); /* 0 = not bound */

/*
 * Put up to XDP_SEND_BATCH whole Ethernet frames in the ring, in order, and let the kernel take them. How many
 * were taken into the ring: 0 while some of an earlier call are left, fewer when it is full. Bit i of
 * *ret_refused is set for a frame that was taken and is out of scope: it is not sent.
 */
unsigned xdp_send_frames(struct xdp_send *x, struct gate *gate, const struct iovec *frames,
                         const struct address *to, unsigned n, uint64_t *ret_refused);
/* Let the kernel take what it had no room for: while anything is pending, about each millisecond. */
void xdp_send_flush(struct xdp_send *x);
/* Frames in the ring that the kernel has not taken. */
unsigned xdp_send_pending(const struct xdp_send *x);
/* The interface is down or gone: nothing will be sent any more, and what is pending never was. */
bool xdp_send_failed(const struct xdp_send *x);
/* Each pending frame, as it was handed in. */
void xdp_send_each_pending(const struct xdp_send *x,
                           void (*each)(const uint8_t *frame, size_t len, void *arg), void *arg);
