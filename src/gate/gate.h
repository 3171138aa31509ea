/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scope guard. Every frame, datagram and connection of the outside view leaves through a function of
 * this file, and it fails closed: what the scope does not have is not sent. Nothing else in scan and
 * identify may call send*, connect or fill a transmit ring (tests/check-gate.py holds that).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "model/estate.h"
#include "model/range.h"

struct scope {
        struct range_set include; /* normalized: networks of the estate, loopback and this machine's own addresses */
        struct range_set exclude; /* normalized; beats include */
};

/*
 * The scope of an estate (NULL: loopback and own addresses only). `own` are this machine's addresses.
 * Broadcast addresses of on-link interfaces belong in `never`. 0.0.0.0/8, multicast and 255.255.255.255 are
 * never in scope, whatever the estate says. An IPv4-mapped IPv6 address is looked up as the IPv4 address.
 * `own` and `never` may be NULL.
 */
void scope_make(struct scope *scope, const struct estate *estate, const struct range_set *own,
                const struct range_set *never);
void scope_release(struct scope *scope);
bool scope_has(const struct scope *scope, const struct address *address);

struct gate {
        const struct scope *scope;
        /*
         * Frames, connects and payloads that were to go where they may not (not their neighbours in a batch):
         * always a defect of ours, so told.
         */
        uint64_t refused;
};

/*
 * Ports that are never sent a payload byte unless the device class is `server` (9100-9107: raw printing
 * prints what it gets). TCP handshakes without data are allowed; datagrams are not.
 */
bool gate_payload_allowed(uint16_t port, enum device_class class);

/*
 * As sendmmsg(2) on a packet, raw or datagram socket. to[i] is the address the i-th message is for (for ARP
 * and neighbour solicitation: the address asked about; the caller built both). When one is out of scope, or
 * has an IP address in msg_name that is another than to[i], nothing of the batch is sent, and the result is
 * -EPERM. Never blocks. Number sent, or negative errno (-EAGAIN and -ENOBUFS: later).
 */
int gate_sendmmsg(struct gate *gate, int fd, struct mmsghdr *messages, const struct address *to, unsigned n);
/* As connect(2), of a non-blocking socket: 0, -EINPROGRESS, other negative errno; -EPERM = out of scope. */
int gate_connect(struct gate *gate, int fd, const struct address *to, uint32_t zone_index, uint16_t port);
/*
 * As send(2) on a socket that is connected to that peer: bytes of a payload. Never blocks. Number sent, or
 * negative errno; -EPERM = out of scope, or a port that gets no payload.
 */
int gate_send(struct gate *gate, int fd, const struct address *to, uint16_t port, enum device_class class,
              const void *data, size_t len);
/* For rings that are filled in memory (AF_XDP): ask before each frame. */
bool gate_frame_allowed(struct gate *gate, const struct address *to);
