/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is there: asks hosts by the means that fit their path. On link: ARP (RFC 826) or neighbour
 * solicitation (RFC 4861), which is decisive. Behind a router: ICMP echo, TCP SYN to 443, 80, 22 and ACK to
 * 80, UDP to a port that is likely closed. Without raw sockets: connect() to a few likely ports (engine's
 * connect method).
 */
#pragma once

#include "scan/method.h"

struct discovery;

/* Opens what needs privilege. Same setup as a method. */
int discovery_open(struct discovery **ret, const struct method_setup *setup, struct err *err);
/*
 * Ask about up to n hosts, `attempt` counting from 0 (probe.port is not used). Neighbours: one ARP or NS a
 * host; routed: attempt 0 is echo + SYN 443, attempt 1 echo + SYN 80 + ACK 80, attempt 2 timestamp or echo
 * + SYN 22 + UDP 40125; with probe.echo_only each is one echo. For hosts whose path is loopback nothing is
 * sent, and HEARD_ALIVE is told at once. How many were taken, or negative errno.
 */
int discovery_send(struct discovery *d, const struct probe *hosts, unsigned n, unsigned attempt);
/* Packets that discovery_send will send for one host: for the pace. */
unsigned discovery_cost(const struct probe *host, unsigned attempt);
unsigned discovery_poll(struct discovery *d, struct pollfd *fds, unsigned max);
void discovery_receive(struct discovery *d, uint64_t now_ns);
void discovery_statistics(struct discovery *d, struct method_statistics *ret);
struct discovery *discovery_close(struct discovery *d); /* accepts NULL, returns NULL */
