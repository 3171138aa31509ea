/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside views built by hand: what the collectors would have found on a host that a test needs. Things are
 * named by index, as in the view itself, because arrays move when they grow.
 */
#pragma once

#include "model/inside.h"

enum { HOST_NETNS = 0 }; /* every sample's first namespace */

/*
 * An empty host: namespace "host" with the ephemeral range 32768-60999, loopback up, asset and time fixed.
 */
struct inside *sample_inside(void);

uint32_t sample_netns(struct inside *view, const char *role, enum netns_kind kind);
void sample_link(struct inside *view, uint32_t netns, const char *device);
/* "10.0.0.2/24" on a device that is up. */
void sample_interface(struct inside *view, uint32_t netns, const char *device, const char *address);

/* Packets that are led on to that address leave by that device. */
void sample_way_out(struct inside *view, uint32_t netns, const char *to, const char *device);

/* name NULL: the base name of exe. uid 0 unless changed. */
uint32_t sample_process(struct inside *view, pid_t pid, const char *exe, const char *name);
/* A unit of systemd, running and enabled; exec may be NULL. */
uint32_t sample_unit(struct inside *view, const char *name, const char *exec);
/*
 * A daemon as Debian has it: unit, process in it, package of both. package NULL: none owns it. Gives the
 * process.
 */
uint32_t sample_daemon(struct inside *view, pid_t pid, const char *exe, const char *unit, const char *package);
uint32_t sample_container(struct inside *view, const char *runtime, const char *id, const char *name);

/*
 * "0.0.0.0:22/tcp", "[::]:22/tcp", "0.0.0.0:1/raw"; dual-stack where it is "[::]". Owners by sample_own().
 * What is given is good until the next.
 */
struct socket_seen *sample_socket(struct inside *view, uint32_t netns, const char *place);
/* Another process that holds the socket made last. */
void sample_own(struct inside *view, uint32_t process);
/* Both at once. */
struct socket_seen *sample_listen(struct inside *view, const char *place, uint32_t process);
/* The .socket unit or inetd entry listens on that place. */
void sample_activation(struct inside *view, const char *place, uint32_t service);
