/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the inside view of a machine says of one of its own UDP or TCP ports, for endpoints that stayed silent when
 * they were asked from outside. Pure.
 */
#pragma once

#include "model/inside.h"

enum inside_answer {
        INSIDE_UNKNOWN,  /* not certain: sockets were not all seen, a forward or a device-bound socket is in the way */
        INSIDE_LISTENS,  /* a socket of the view's own namespace takes what is sent to that address and port */
        INSIDE_NOTHING,  /* none does */
};

/* `address` is one of the machine's own, in the namespace that the view calls its own. */
enum inside_answer inside_answer(const struct inside *view, enum transport transport,
                                 const struct address *address, uint16_t port);
