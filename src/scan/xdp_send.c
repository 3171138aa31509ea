/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/xdp_send.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/mem.h"

#define SLOTS     1024u /* frames under way, also in the transmit ring of a card; a power of two */
#define SLOT_SIZE 2048u /* the least the kernel takes */
#define NO_FRAMES 1u    /* a ring for frames to receive must be there */

/* One call of sendto(2) sends so many frames (net/xdp/xsk.c, TX_BATCH_SIZE), unless it is told a number. */
#define KERNEL_BATCH 32u
#define KICKS_MOST   (2 * XDP_SEND_BATCH / KERNEL_BATCH)

#define XDP_MAX_TX_SKB_BUDGET_NUMBER 9 /* linux/if_xdp.h has it since 6.18 */

/*
 * Slots begin in different lines of the processor's cache: 2 KiB apart, they would all fall into the same
 * few.
 */
#define LINE_SIZE  64u
#define SLOT_LINES 16u

#define FRAME_MOST (SLOT_SIZE - SLOT_LINES * LINE_SIZE)

/* A ring of one writer and one reader. The numbers count on and wrap; entries are at their lowest bits. */
struct ring {
        void *map;
        size_t size;
        uint32_t *producer, *consumer;
        void *entries;
};

struct xdp_send {
        int fd;
        uint32_t ifindex;
        bool failed;
        uint8_t *memory;
        struct ring tx, done;
        uint32_t put, taken; /* of tx: what we filled in, and what the kernel has taken of that */
        uint32_t n_free;
        uint32_t free_slots[SLOTS]; /* the last one is the next: it is still in the cache */
        uint16_t again[SLOTS];      /* length of a frame to send once more when it is given back; 0 = none */
};

static int map_ring(struct ring *ring, int fd, const struct xdp_ring_offset *offset, size_t entry,
                    off_t which)
{
        size_t size = (size_t)offset->desc + SLOTS * entry;
        uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, which);

        if (map == MAP_FAILED)
                return -errno;
        *ring = (struct ring){
                .map = map,
                .size = size,
                .producer = (uint32_t *)(void *)(map + offset->producer),
                .consumer = (uint32_t *)(void *)(map + offset->consumer),
                .entries = map + offset->desc,
        };
        return 0;
}

static int map_rings(struct xdp_send *x)
{
        struct xdp_mmap_offsets offsets = {0};
        socklen_t size = sizeof(offsets);
        int r;

        if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size) < 0)
                return -errno;
        if (size < sizeof(offsets)) /* before 5.4 there were no flags in it */
                return -EOPNOTSUPP;
        r = map_ring(&x->tx, x->fd, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
        return r < 0 ? r
                     : map_ring(&x->done, x->fd, &offsets.cr, sizeof(uint64_t),
                                (off_t)XDP_UMEM_PGOFF_COMPLETION_RING);
}

static int set_option(const struct xdp_send *x, int option, uint32_t value)
{
        return setsockopt(x->fd, SOL_XDP, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_memory(struct xdp_send *x)
{
        struct xdp_umem_reg memory = {.len = (uint64_t)SLOTS * SLOT_SIZE, .chunk_size = SLOT_SIZE};
        void *map = mmap(NULL, memory.len, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

        if (map == MAP_FAILED)
                return -errno;
        x->memory = map;
        memory.addr = (uintptr_t)map;
        return setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory)) < 0 ? -errno : 0;
}

static int set_up(struct xdp_send *x)
{
        int r = set_memory(x);

        if (r == 0)
                r = set_option(x, XDP_UMEM_FILL_RING, NO_FRAMES);
        if (r == 0)
                r = set_option(x, XDP_UMEM_COMPLETION_RING, SLOTS);
        if (r == 0)
                r = set_option(x, XDP_TX_RING, SLOTS);
        if (r == 0)
                r = map_rings(x);
        (void)set_option(x, XDP_MAX_TX_SKB_BUDGET_NUMBER, XDP_SEND_BATCH);
        return r;
}

int xdp_send_open(struct xdp_send **ret, struct err *err)
{
        struct xdp_send *x = xcalloc(1, sizeof(*x));
        int size = (int)(SLOTS * SLOT_SIZE), r;

        x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
        r = x->fd < 0 ? -errno : set_up(x);
        if (r < 0) {
                xdp_send_close(x);
                return err_errno(err, -r, "cannot open an AF_XDP socket");
        }
        /* the kernel's copies, until a card has sent them */
        if (setsockopt(x->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(x->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        for (uint32_t i = 0; i < SLOTS; i++)
                x->free_slots[x->n_free++] = SLOTS - 1 - i;
        *ret = x;
        return 0;
}

static void unmap_ring(struct ring *ring)
{
        if (ring->map)
                (void)munmap(ring->map, ring->size);
}

struct xdp_send *xdp_send_close(struct xdp_send *x)
{
        if (!x)
                return NULL;
        unmap_ring(&x->tx);
        unmap_ring(&x->done);
        fd_close(&x->fd);
        if (x->memory)
                (void)munmap(x->memory, (size_t)SLOTS * SLOT_SIZE);
        free(x);
        return NULL;
}

int xdp_send_bind(struct xdp_send *x, uint32_t ifindex)
{
        struct sockaddr_xdp name = {
                .sxdp_family = AF_XDP,
                .sxdp_flags = XDP_COPY,
                .sxdp_ifindex = ifindex,
        };

        if (bind(x->fd, (struct sockaddr *)&name, sizeof(name)) < 0)
                return -errno;
        x->ifindex = ifindex;
        return 0;
}

uint32_t xdp_send_ifindex(const struct xdp_send *x)
{
        return x->ifindex;
}

unsigned xdp_send_pending(const struct xdp_send *x)
{
        return x->put - x->taken;
}

bool xdp_send_failed(const struct xdp_send *x)
{
        return x->failed;
}

static struct xdp_desc *entry_of(const struct xdp_send *x, uint32_t number)
{
        return (struct xdp_desc *)x->tx.entries + number % SLOTS;
}

void xdp_send_each_pending(const struct xdp_send *x,
                           void (*each)(const uint8_t *frame, size_t len, void *arg), void *arg)
{
        for (uint32_t i = x->taken; i != x->put; i++)
                each(x->memory + entry_of(x, i)->addr, entry_of(x, i)->len, arg);
}

/* The ring is as long as there are slots, so it has room. */
static void put(struct xdp_send *x, uint32_t slot, uint32_t len)
{
        *entry_of(x, x->put++) = (struct xdp_desc){
                .addr = (uint64_t)slot * SLOT_SIZE + slot % SLOT_LINES * LINE_SIZE,
                .len = len,
        };
}

static void fill_in(struct xdp_send *x, const struct iovec *frame)
{
        uint32_t slot = x->free_slots[--x->n_free];

        x->again[slot] = 0;
        put(x, slot, (uint32_t)frame->iov_len);
        memcpy(x->memory + entry_of(x, x->put - 1)->addr, frame->iov_base, frame->iov_len);
}

/* Slots that the kernel is done with; what is put in the ring is shown to it. */
static void exchange(struct xdp_send *x)
{
        uint32_t end = __atomic_load_n(x->done.producer, __ATOMIC_ACQUIRE), i = *x->done.consumer;

        for (; i != end; i++) {
                uint64_t slot = ((const uint64_t *)x->done.entries)[i % SLOTS] / SLOT_SIZE;

                if (slot >= SLOTS)
                        continue;
                if (x->again[slot])
                        put(x, (uint32_t)slot, x->again[slot]);
                else if (x->n_free < SLOTS)
                        x->free_slots[x->n_free++] = (uint32_t)slot;
                x->again[slot] = 0;
        }
        __atomic_store_n(x->done.consumer, end, __ATOMIC_RELEASE);
        __atomic_store_n(x->tx.producer, x->put, __ATOMIC_RELEASE);
}

/*
 * The kernel stops at a frame that the device dropped, and has taken it. Where it has got to is in the ring,
 * but for a call that sent nothing at all. Before Linux 6.17 that was written only once the ring was empty:
 * another frame is then sent twice, and this one is lost like any on its way.
 */
static void note_drop(struct xdp_send *x)
{
        const struct xdp_desc *dropped = entry_of(x, x->taken - 1);

        x->again[dropped->addr / SLOT_SIZE] = (uint16_t)dropped->len;
}

/* 0: go on; -EAGAIN: not now; other: it is over. */
static int kick(struct xdp_send *x)
{
        int r = sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? -errno : 0;
        uint32_t seen = __atomic_load_n(x->tx.consumer, __ATOMIC_ACQUIRE);

        if ((int32_t)(seen - x->taken) > 0)
                x->taken = seen;
        else if (r == -EBUSY)
                x->taken++;
        if (r == -EBUSY)
                note_drop(x);
        return r == -EAGAIN ? 0 : r == -EBUSY || r == -ENOBUFS || r == -ENOMEM || r == -EINTR ? -EAGAIN : r;
}

void xdp_send_flush(struct xdp_send *x)
{
        int r = 0;

        exchange(x);
        for (unsigned i = 0; r == 0 && i < KICKS_MOST && xdp_send_pending(x); i++) {
                r = kick(x); /* -EAGAIN of the kernel may only mean that one call sends no more */
                exchange(x);
        }
        x->failed |= r < 0 && r != -EAGAIN;
}

unsigned xdp_send_frames(struct xdp_send *x, struct gate *gate, const struct iovec *frames,
                         const struct address *to, unsigned n, uint64_t *ret_refused)
{
        unsigned i = 0;

        *ret_refused = 0;
        xdp_send_flush(x);
        if (xdp_send_pending(x) || x->failed)
                return 0;
        for (; i < n && x->n_free; i++) {
                if (gate_frame_allowed(gate, &to[i]) && frames[i].iov_len <= FRAME_MOST)
                        fill_in(x, &frames[i]);
                else
                        *ret_refused |= (uint64_t)1 << i;
        }
        xdp_send_flush(x);
        return i;
}
