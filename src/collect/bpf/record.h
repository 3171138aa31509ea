/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the BPF iterator writes: fixed records in the byte order of the machine, without padding. */
#pragma once

enum { RECORD_SOCKET = 1, RECORD_RING = 2 };

struct bpf_record {
        unsigned long long inode;
        unsigned int kind, pid, fd, netns, ifindex;
        unsigned char address[16]; /* network order */
        unsigned short port;       /* host order; raw: the protocol */
        unsigned char family;      /* 4 or 6 */
        unsigned char protocol;    /* IPPROTO_ */
        unsigned char raw, v6only, autobound;
        unsigned char idle; /* it accepts no traffic now, but may any time */
        unsigned char unused[4];
};
_Static_assert(sizeof(struct bpf_record) == 56, "no padding between kernel and user side");
