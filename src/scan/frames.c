/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/frames.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/wire.h"
#include "scan/frames_filter.h"
#include "scan/source_ports.h"
#include "scan/xdp_send.h"

/*
 * Blocks are small: the kernel closes one each millisecond when anything came, so that their number is how
 * many milliseconds we may be away from the processor.
 */
#define BLOCK_SIZE     (64u * 1024)
#define FRAME_SIZE     2048u /* of no effect in version 3 but for being checked */
#define BLOCK_CLOSE_MS 1     /* the least there is */
#define SEND_BUFFER    (4 * 1024 * 1024)

#define ARPHRD_RAWIP_NUMBER 519 /* linux/if_arp.h has it since 4.16 */

/* A frame's ways out: one socket each. WAY_FAST is Ethernet, too, and goes by AF_XDP. */
enum way { WAY_ETHERNET, WAY_BARE, WAY_IP4, WAY_IP6, WAY_MAX, WAY_FAST = WAY_MAX };

static const struct {
        int domain, type, protocol;
} ways[WAY_MAX] = {
        /* Protocol 0: nothing is received on them. */
        [WAY_ETHERNET] = {AF_PACKET, SOCK_RAW, 0},
        [WAY_BARE] = {AF_PACKET, SOCK_DGRAM, 0},
        [WAY_IP4] = {AF_INET, SOCK_RAW, IPPROTO_RAW}, /* raw(7): with the header of ours */
        [WAY_IP6] = {AF_INET6, SOCK_RAW, IPPROTO_RAW},
};

union destination {
        struct sockaddr_ll link;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
};

struct frames {
        struct gate *gate;
        struct source_ports ports;
        int out[WAY_MAX];     /* -1: this kernel has none */
        uint32_t bound_to;    /* the interface that out[WAY_ETHERNET] sends to by itself; 0 = none yet */
        struct xdp_send *xdp; /* NULL = not wanted, or refused */
        void (*unsent)(uint16_t ethertype, const uint8_t *packet, size_t len, void *arg);
        void *unsent_arg;
        int in;
        uint8_t *ring;
        unsigned n_blocks, next_block;
        struct frames_statistics statistics;
        struct mmsghdr messages[FRAMES_BATCH];
        struct iovec parts[FRAMES_BATCH];
        union destination destinations[FRAMES_BATCH];
        struct address to[FRAMES_BATCH];
};

static_assert(offsetof(struct frame, packet) == offsetof(struct frame, link) + PACKET_LINK_MAX,
              "the Ethernet header stands right before the packet");
static_assert(FRAMES_BATCH <= XDP_SEND_BATCH, "a batch goes either way in one call");

static int open_way(struct frames *f, enum way way, struct err *err)
{
        int fd = socket(ways[way].domain, ways[way].type | SOCK_CLOEXEC | SOCK_NONBLOCK, ways[way].protocol);
        int size = SEND_BUFFER, yes = 1;

        if (fd < 0 && errno == EAFNOSUPPORT && way == WAY_IP6)
                return 0; /* IPv6 is off: no path leads there either */
        if (fd < 0)
                return err_errno(err, errno, "cannot open a raw socket");
        f->out[way] = fd;
        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        /* Without the queues of the traffic control a full link is told at once. Drivers may not have it. */
        if (ways[way].domain == AF_PACKET)
                (void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes));
        return 0;
}

static int open_ways(struct frames *f, struct err *err)
{
        int r = 0;

        for (enum way way = 0; r == 0 && way < WAY_MAX; way++)
                r = open_way(f, way, err);
        return r;
}

static int set_filter(int fd, uint16_t base_port, bool discovery, struct err *err)
{
        struct sock_filter code[FRAMES_FILTER_MAX];
        struct sock_fprog program = {
                .len = (uint16_t)frames_filter(code, base_port, SOURCE_PORTS, discovery),
                .filter = code,
        };

        if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
                return err_errno(err, errno, "cannot set a packet filter");
        return 0;
}

static int map_ring(struct frames *f, int fd, uint32_t kib, struct err *err)
{
        unsigned n = (kib * 1024u + BLOCK_SIZE - 1) / BLOCK_SIZE;
        struct tpacket_req3 request = {
                .tp_block_size = BLOCK_SIZE,
                .tp_block_nr = n,
                .tp_frame_size = FRAME_SIZE,
                .tp_frame_nr = n * (BLOCK_SIZE / FRAME_SIZE),
                .tp_retire_blk_tov = BLOCK_CLOSE_MS,
        };
        int version = TPACKET_V3;
        void *ring;

        if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
            setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
                return err_errno(err, errno, "cannot make a receive ring of %u KiB", kib);
        ring = mmap(NULL, (size_t)n * BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (ring == MAP_FAILED)
                return err_errno(err, errno, "cannot map the receive ring");
        f->ring = ring;
        f->n_blocks = n;
        return 0;
}

/* Bound last: before that nothing arrives, so nothing gets past the filter. */
static int open_ring(struct frames *f, const struct frames_options *options, struct err *err)
{
        _cleanup_close_ int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* ETH_P_ALL, and not single protocols: these are asked only after a firewall's ingress hook. */
        struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
        int yes = 1, r;

        if (fd < 0)
                return err_errno(err, errno, "cannot open a packet socket");
        r = set_filter(fd, f->ports.base, options->discovery, err);
        if (r == 0)
                r = map_ring(f, fd, options->ring_kib, err);
        if (r < 0)
                return r;
        /* Since 4.20; the filter refuses outgoing packets, too. */
        (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
        if (bind(fd, (struct sockaddr *)&all, sizeof(all)) < 0)
                return err_errno(err, errno, "cannot listen on the interfaces");
        f->in = take_fd(fd);
        return 0;
}

int frames_open(struct frames **ret, const struct frames_options *options, struct err *err)
{
        struct frames *f = xcalloc(1, sizeof(*f));
        int r;

        f->gate = options->gate;
        f->unsent = options->unsent;
        f->unsent_arg = options->arg;
        f->in = -1;
        for (enum way way = 0; way < WAY_MAX; way++)
                f->out[way] = -1;
        r = source_ports_take(&f->ports, err);
        if (r == 0)
                r = open_ways(f, err);
        if (r == 0)
                r = open_ring(f, options, err);
        if (r < 0) {
                frames_close(f);
                return r == -EPERM ? err_set(err, r,
                                             "raw packets need CAP_NET_RAW: run as root, or use the "
                                             "connect method")
                                   : r;
        }
        if (options->fast) /* without it all goes as it does at lower rates */
                (void)xdp_send_open(&f->xdp, NULL);
        *ret = f;
        return 0;
}

struct frames *frames_close(struct frames *f)
{
        if (!f)
                return NULL;
        if (f->ring)
                (void)munmap(f->ring, (size_t)f->n_blocks * BLOCK_SIZE);
        fd_close(&f->in);
        for (enum way way = 0; way < WAY_MAX; way++)
                fd_close(&f->out[way]);
        xdp_send_close(f->xdp);
        source_ports_release(&f->ports);
        free(f);
        return NULL;
}

uint16_t frames_base_port(const struct frames *f)
{
        return f->ports.base;
}

static bool mac_known(const uint8_t mac[6])
{
        static const uint8_t none[6];

        return memcmp(mac, none, sizeof(none)) != 0;
}

/* Most scans leave by one interface: the first one used is the fast one. */
static bool is_fast(struct frames *f, uint32_t ifindex)
{
        if (!f->xdp)
                return false;
        if (!xdp_send_ifindex(f->xdp) && xdp_send_bind(f->xdp, ifindex) < 0)
                f->xdp = xdp_send_close(f->xdp);
        return f->xdp && xdp_send_ifindex(f->xdp) == ifindex;
}

static enum way way_of(struct frames *f, const struct frame *frame)
{
        const struct path *path = frame->path;
        enum way by_kernel = frame->to->family == 4 ? WAY_IP4 : WAY_IP6;

        if (path->loopback)
                return by_kernel;
        if (path->link_has_addresses && !mac_known(frame->mac))
                return by_kernel;
        if (path->link_has_addresses)
                return is_fast(f, path->ifindex) ? WAY_FAST : WAY_ETHERNET;
        if (path->link_type == ARPHRD_NONE || path->link_type == ARPHRD_PPP ||
            path->link_type == ARPHRD_RAWIP_NUMBER)
                return WAY_BARE;
        return by_kernel;
}

static socklen_t set_destination(union destination *to, enum way way, const struct frame *frame)
{
        switch (way) {
        case WAY_IP4:
                to->ip4 = (struct sockaddr_in){.sin_family = AF_INET};
                memcpy(&to->ip4.sin_addr, frame->to->bytes, 4);
                return sizeof(to->ip4);
        case WAY_IP6:
                to->ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_scope_id = frame->zone_index};
                memcpy(&to->ip6.sin6_addr, frame->to->bytes, 16);
                return sizeof(to->ip6);
        default:
                to->link = (struct sockaddr_ll){
                        .sll_family = AF_PACKET,
                        .sll_protocol = htons(frame->ethertype),
                        .sll_ifindex = (int)frame->path->ifindex,
                };
                return sizeof(to->link);
        }
}

/*
 * Most scans leave by one interface. The first one used is bound: the kernel then looks no name up for each
 * packet. Binding needs no privilege, but waits for the network, so it is done once.
 */
static bool is_bound(struct frames *f, uint32_t ifindex)
{
        struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};

        if (!f->bound_to && bind(f->out[WAY_ETHERNET], (struct sockaddr *)&name, sizeof(name)) == 0)
                f->bound_to = ifindex;
        return f->bound_to == ifindex;
}

static void prepare(struct frames *f, unsigned i, enum way way, struct frame *frame)
{
        struct msghdr *message = &f->messages[i].msg_hdr;

        f->to[i] = *frame->to;
        f->parts[i] = (struct iovec){frame->packet, frame->len};
        *message = (struct msghdr){.msg_iov = &f->parts[i], .msg_iovlen = 1};
        if (way == WAY_ETHERNET || way == WAY_FAST) {
                packet_build_ethernet(frame->link, frame->mac, frame->path->own_mac, frame->ethertype);
                f->parts[i] = (struct iovec){frame->link, (size_t)frame->len + PACKET_LINK_MAX};
        }
        if (way == WAY_FAST || (way == WAY_ETHERNET && is_bound(f, frame->path->ifindex)))
                return;
        message->msg_name = &f->destinations[i];
        message->msg_namelen = set_destination(&f->destinations[i], way, frame);
}

static bool is_later(int r)
{
        return r == -EAGAIN || r == -ENOBUFS || r == -EINTR;
}

/* Frames first..end-1 go one way. The index of the first that was not taken. */
static unsigned send_run(struct frames *f, enum way way, unsigned first, unsigned end, uint64_t *failed)
{
        unsigned at_once = end - first;

        while (first < end) {
                unsigned n = end - first < at_once ? end - first : at_once;
                int r = f->out[way] < 0
                                ? -EAFNOSUPPORT
                                : gate_sendmmsg(f->gate, f->out[way], f->messages + first, f->to + first, n);

                if (r > 0) {
                        f->statistics.sent += (unsigned)r;
                        first += (unsigned)r;
                } else if (r == 0 || is_later(r)) {
                        break;
                } else if (r == -EPERM && n > 1) {
                        at_once = 1; /* one of them is refused: find out which */
                } else {
                        f->statistics.refused_by_kernel++;
                        *failed |= (uint64_t)1 << first++;
                }
        }
        return first;
}

static void tell_unsent(const uint8_t *frame, size_t len, void *arg)
{
        struct frames *f = arg;
        uint16_t ethertype = (uint16_t)(frame[12] << 8 | frame[13]);

        f->statistics.sent--;
        f->statistics.fast--;
        f->statistics.refused_by_kernel++;
        if (f->unsent)
                f->unsent(ethertype, frame + PACKET_LINK_MAX, len - PACKET_LINK_MAX, f->unsent_arg);
}

/* The interface is down or gone. Should it come back, packet sockets will do. */
static void leave_fast(struct frames *f)
{
        xdp_send_each_pending(f->xdp, tell_unsent, f);
        f->xdp = xdp_send_close(f->xdp);
}

/* As send_run. */
static unsigned send_fast(struct frames *f, unsigned first, unsigned end, uint64_t *failed)
{
        uint64_t refused;
        unsigned n =
                xdp_send_frames(f->xdp, f->gate, f->parts + first, f->to + first, end - first, &refused);
        unsigned none = (unsigned)__builtin_popcountll(refused);

        f->statistics.sent += n - none;
        f->statistics.fast += n - none;
        f->statistics.refused_by_kernel += none;
        *failed |= refused << first;
        if (xdp_send_failed(f->xdp))
                leave_fast(f);
        return first + n;
}

unsigned frames_send(struct frames *f, struct frame *frames, unsigned n, uint64_t *ret_failed)
{
        unsigned first = 0;

        *ret_failed = 0;
        while (first < n) {
                enum way way = way_of(f, &frames[first]);
                unsigned end = first, taken;

                do
                        prepare(f, end, way, &frames[end]);
                while (++end < n && way_of(f, &frames[end]) == way);
                taken = way == WAY_FAST ? send_fast(f, first, end, ret_failed)
                                        : send_run(f, way, first, end, ret_failed);
                if (taken < end)
                        return taken;
                first = end;
        }
        return first;
}

struct receiving {
        void (*each)(const struct packet *packet, const uint8_t *link, uint64_t when_ns, void *arg);
        void *arg;
        uint64_t now_ns, real_ns; /* the same moment on the clock of ours and that of the ring */
};

/* The ring has the time of day, which may jump: then it is about now. */
static uint64_t when(const struct receiving *r, const struct tpacket3_hdr *header)
{
        uint64_t real = header->tp_sec * 1000000000ull + header->tp_nsec;
        uint64_t age = r->real_ns - real;

        return real > r->real_ns || age > 1000000000ull || age > r->now_ns ? r->now_ns : r->now_ns - age;
}

static void receive_one(struct frames *f, const struct receiving *r, const uint8_t *at, size_t room,
                        const struct tpacket3_hdr *header)
{
        struct wire address = wire_over(at, room), data = wire_over(at, room);
        struct sockaddr_ll link;
        struct packet packet;

        wire_skip(&address, TPACKET_ALIGN(sizeof(*header)));
        wire_bytes(&address, &link, sizeof(link));
        wire_skip(&data, header->tp_net);
        data = wire_sub(&data, header->tp_snaplen);
        if (address.bad || data.bad ||
            !packet_parse(ntohs(link.sll_protocol), data.at, wire_left(&data), &packet))
                return;
        f->statistics.received++;
        r->each(&packet, link.sll_halen == 6 ? link.sll_addr : NULL, when(r, header), r->arg);
}

static void receive_block(struct frames *f, const struct receiving *r, const uint8_t *block)
{
        struct tpacket_block_desc description;
        size_t offset;

        memcpy(&description, block, sizeof(description));
        offset = description.hdr.bh1.offset_to_first_pkt;
        for (uint32_t i = 0; i < description.hdr.bh1.num_pkts && offset < BLOCK_SIZE; i++) {
                struct wire w = wire_over(block + offset, BLOCK_SIZE - offset);
                struct tpacket3_hdr header;

                wire_bytes(&w, &header, sizeof(header));
                if (w.bad)
                        return;
                receive_one(f, r, block + offset, BLOCK_SIZE - offset, &header);
                offset += header.tp_next_offset;
        }
}

void frames_receive(struct frames *f,
                    void (*each)(const struct packet *packet, const uint8_t *link, uint64_t when_ns,
                                 void *arg),
                    void *arg)
{
        struct receiving r = {.each = each, .arg = arg};
        struct timespec real;

        if (frames_waiting(f))
                xdp_send_flush(f->xdp);
        if (f->xdp && xdp_send_failed(f->xdp))
                leave_fast(f);
        for (unsigned n = 0; n < f->n_blocks; n++) {
                uint8_t *block = f->ring + (size_t)f->next_block * BLOCK_SIZE;
                uint32_t *status = &((struct tpacket_block_desc *)(void *)block)->hdr.bh1.block_status;

                if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
                        return;
                (void)clock_gettime(CLOCK_REALTIME, &real);
                r.real_ns = (uint64_t)real.tv_sec * 1000000000ull + (uint64_t)real.tv_nsec;
                r.now_ns = clock_monotonic_ns();
                receive_block(f, &r, block);
                __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
                f->next_block = (f->next_block + 1) % f->n_blocks;
        }
}

bool frames_waiting(const struct frames *f)
{
        return f->xdp && xdp_send_pending(f->xdp);
}

unsigned frames_poll(struct frames *f, struct pollfd *fds, unsigned max)
{
        if (!max)
                return 0;
        fds[0] = (struct pollfd){.fd = f->in, .events = POLLIN};
        return 1;
}

void frames_get_statistics(struct frames *f, struct frames_statistics *ret)
{
        struct tpacket_stats_v3 seen = {0};
        socklen_t size = sizeof(seen);

        /* Reading sets them back to zero. */
        if (getsockopt(f->in, SOL_PACKET, PACKET_STATISTICS, &seen, &size) == 0)
                f->statistics.dropped += seen.tp_drops;
        *ret = f->statistics;
        if (frames_waiting(f)) {
                unsigned waiting = xdp_send_pending(f->xdp);

                ret->sent -= waiting;
                ret->fast -= waiting;
                ret->refused_by_kernel += waiting;
        }
}
