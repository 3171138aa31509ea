/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two ways of watching share, and the pure reading of their records. */
#include "collect/watch.h"

#include <netinet/in.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "collect/bpf/watch_record.h"
#include "collect/watch_engine.h"

struct watch *watch_free(struct watch *watch)
{
        if (!watch)
                return NULL;
        if (watch->free)
                watch->free(watch);
        fd_close(&watch->fd);
        free(watch);
        return NULL;
}

enum watch_reach watch_reach(const struct watch *watch)
{
        return watch->reach;
}

int watch_fd(const struct watch *watch)
{
        return watch->fd;
}

int watch_read(struct watch *watch, struct watch_note *notes, size_t max, struct err *err)
{
        return watch->read(watch, notes, max, err);
}

uint64_t watch_dropped(const struct watch *watch)
{
        return watch->dropped(watch);
}

/* Field by field in the order of struct watch_record. */
bool watch_record_parse(struct wire *w, struct watch_note *ret)
{
        struct watch_note note = {.place = true};
        uint8_t address[16], family, protocol;
        uint32_t kind;

        note.cookie = wire_u64(w);
        note.time_ns = wire_u64(w);
        kind = wire_u32(w);
        note.pid = (pid_t)wire_u32(w);
        note.uid = wire_u32(w);
        note.netns_inode = wire_u32(w);
        note.ifindex = wire_u32(w);
        wire_bytes(w, address, sizeof(address));
        note.port = wire_u16(w);
        family = wire_u8(w);
        protocol = wire_u8(w);
        note.v6only = wire_u8(w) != 0;
        wire_skip(w, sizeof(((struct watch_record *)NULL)->unused));
        wire_bytes(w, note.comm, sizeof(((struct watch_record *)NULL)->comm));
        if (w->bad || !note.cookie || note.pid < 0 || (kind != WATCH_RECORD_OPENED && kind != WATCH_RECORD_CLOSED) ||
            (family != 4 && family != 6) || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
                return false;
        note.closed = kind == WATCH_RECORD_CLOSED;
        note.address = family == 4 ? address_v4(address) : address_v6(address);
        note.transport = protocol == IPPROTO_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
        *ret = note;
        return true;
}

/* A notice has no inode, and of a listener not even its state: the cookie says which socket it was. */
bool watch_notice_parse(struct wire w, struct watch_note *ret)
{
        uint32_t low, high;

        wire_skip(&w, 4 + 2 + 2 + 16 + 16 + 4); /* family and state; ports, addresses and device of inet_diag_sockid */
        low = wire_u32(&w);
        high = wire_u32(&w);
        if (w.bad)
                return false;
        *ret = (struct watch_note){
                .closed = true,
                .cookie = (uint64_t)high << 32 | low,
                .time_ns = clock_monotonic_ns(),
        };
        return ret->cookie != 0;
}
