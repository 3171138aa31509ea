/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the watching BPF programs write into their ring: in the byte order of the machine, without padding. */
#pragma once

enum { WATCH_RECORD_OPENED = 1, WATCH_RECORD_CLOSED = 2 };

struct watch_record {
        unsigned long long cookie;
        unsigned long long time_ns; /* CLOCK_MONOTONIC */
        unsigned int kind, pid, uid, netns, ifindex;
        unsigned char address[16]; /* network order */
        unsigned short port;       /* host order; 0: the kernel has not chosen it yet */
        unsigned char family;      /* 4 or 6 */
        unsigned char protocol;    /* IPPROTO_ */
        unsigned char v6only;
        unsigned char unused[7];
        char comm[16]; /* of the thread that did it; may lack a terminator */
};
_Static_assert(sizeof(struct watch_record) == 80, "no padding between kernel and user side");
