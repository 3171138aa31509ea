/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/bpf_sockets.h"

#include <netinet/in.h>

#include "collect/bpf/record.h"

void held_release(struct held *held)
{
        vec_clear(&held->sockets);
        vec_clear(&held->more);
        vec_clear(&held->rings);
        map_release(&held->by_inode);
        held->more.cut = false;
}

static enum transport transport_of(uint8_t protocol, bool raw)
{
        if (raw)
                return TRANSPORT_RAW;
        switch (protocol) {
        case IPPROTO_TCP:
                return TRANSPORT_TCP;
        case IPPROTO_UDP:
                return TRANSPORT_UDP;
        case IPPROTO_UDPLITE:
                return TRANSPORT_UDPLITE;
        case IPPROTO_SCTP:
                return TRANSPORT_SCTP;
        }
        return TRANSPORT_MAX;
}

static void add(struct held *held, const struct socket_seen *s, uint32_t netns_inode, bool idle, pid_t pid)
{
        struct held_socket *known;
        uint64_t index;

        if (!map_get(&held->by_inode, s->inode, &index)) {
                map_put(&held->by_inode, s->inode, held->sockets.n);
                *vec_push(&held->sockets) = (struct held_socket){
                        .socket = *s, .netns_inode = netns_inode, .idle = idle, .pid = pid, .last = pid};
                return;
        }
        known = &held->sockets.at[index];
        known->idle = known->idle && idle;
        if (known->last == pid)
                return;
        known->last = pid;
        if (held->more.n < MAX_OWNERSHIPS)
                *vec_push(&held->more) = (struct ownership){.inode = s->inode, .pid = pid};
        else
                held->more.cut = true;
}

/* Field by field in the order of struct bpf_record. */
bool bpf_record_parse(struct wire *w, struct held *held)
{
        struct socket_seen s = {.unit = NONE};
        uint32_t kind, pid, fd, netns_inode;
        uint8_t address[16], family, protocol;
        bool raw, idle;

        s.inode = wire_u64(w);
        kind = wire_u32(w);
        pid = wire_u32(w);
        fd = wire_u32(w);
        netns_inode = wire_u32(w);
        s.ifindex = wire_u32(w);
        wire_bytes(w, address, sizeof(address));
        s.port = wire_u16(w);
        family = wire_u8(w);
        protocol = wire_u8(w);
        raw = wire_u8(w) != 0;
        s.v6only = wire_u8(w) != 0;
        s.autobound = wire_u8(w) != 0;
        idle = wire_u8(w) != 0;
        wire_skip(w, 4);
        if (w->bad)
                return false;
        if (kind == RECORD_RING) {
                *vec_push(&held->rings) = (struct held_ring){.pid = (pid_t)pid, .fd = (int)fd};
                return true;
        }
        s.transport = transport_of(protocol, raw);
        if (kind != RECORD_SOCKET || s.transport == TRANSPORT_MAX || (family != 4 && family != 6))
                return false;
        s.address = family == 4 ? address_v4(address) : address_v6(address);
        if (raw) { /* a raw socket's number is its protocol: no port was chosen for it */
                s.port = protocol;
                s.autobound = false;
        }
        if (pid) /* 0: its process ends this moment, or has no number here */
                add(held, &s, netns_inode, idle, (pid_t)pid);
        return true;
}
