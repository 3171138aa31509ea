/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built only with BPF; watch_bpf_absent.c takes its place otherwise. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wshadow"
#include "watch.skel.h"
#pragma GCC diagnostic pop

#include "base/fd.h"
#include "collect/bpf/watch_record.h"
#include "collect/mountinfo.h"
#include "collect/watch.h"
#include "collect/watch_engine.h"

#define RING_SIZE      (1u << 20) /* max_entries of the ring in watch.bpf.c */
#define MOUNTINFO_MAX  (8 * 1024 * 1024)
#define N_CGROUP_LINKS 5

struct bpf_watch {
        struct watch_bpf *skeleton;
        int links[N_CGROUP_LINKS];
        uint8_t *consumer, *producer; /* pages of the ring; the data follow the producer's page, mapped twice */
        size_t page;
};

bool watch_built(void)
{
        return true;
}

/* --- the ring: include/uapi/linux/bpf.h, Documentation/bpf/ringbuf.rst ------------------------------ */

/* The kernel shares these words with us: they are read and written as single accesses, in this order. */
static uint64_t load_position(const uint8_t *page)
{
        return atomic_load_explicit((const _Atomic uint64_t *)(const void *)page, memory_order_acquire);
}

static uint32_t load_header(const uint8_t *at)
{
        return atomic_load_explicit((const _Atomic uint32_t *)(const void *)at, memory_order_acquire);
}

static int read_ring(struct watch *watch, struct watch_note *notes, size_t max, struct err *err)
{
        struct bpf_watch *b = watch->private;
        uint64_t at = load_position(b->consumer), end = load_position(b->producer);
        size_t n = 0;
        bool sane = true;

        while (sane && n < max && at < end) {
                const uint8_t *header = b->producer + b->page + (at & (RING_SIZE - 1));
                uint32_t word = load_header(header), len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

                if (word & BPF_RINGBUF_BUSY_BIT)
                        break;
                if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
                        struct wire w = wire_over(header + BPF_RINGBUF_HDR_SZ, len);

                        sane = len == sizeof(struct watch_record) && watch_record_parse(&w, &notes[n]);
                        n += sane;
                }
                at += (BPF_RINGBUF_HDR_SZ + len + 7u) / 8u * 8u;
                atomic_store_explicit((_Atomic uint64_t *)(void *)b->consumer, at, memory_order_release);
        }
        return sane ? (int)n : err_set(err, -EBADMSG, "a BPF record makes no sense");
}

static int map_ring(struct bpf_watch *b, struct err *err)
{
        int fd = b->skeleton->maps.ring.map_fd;

        b->page = (size_t)sysconf(_SC_PAGESIZE);
        b->consumer = mmap(NULL, b->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (b->consumer == MAP_FAILED) {
                b->consumer = NULL;
                return err_errno(err, errno, "cannot map the BPF ring");
        }
        b->producer = mmap(NULL, b->page + 2 * RING_SIZE, PROT_READ, MAP_SHARED, fd, (off_t)b->page);
        if (b->producer == MAP_FAILED) {
                b->producer = NULL;
                return err_errno(err, errno, "cannot map the BPF ring");
        }
        return 0;
}

/* --- attaching ------------------------------------------------------------------------------------- */

/* The root of the version 2 hierarchy, wherever it is mounted. */
static int open_cgroup_root(struct err *err)
{
        _cleanup_str_ struct str text = {0};
        int r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text);
        const char *line, *end;

        if (r < 0)
                return err_errno(err, -r, "cannot read '/proc/self/mountinfo'");
        for (line = str_text(&text); *line; line = *end ? end + 1 : end) {
                struct mountinfo mount;
                char path[4096];
                int fd;

                end = strchrnul(line, '\n');
                if (!mountinfo_parse(line, (size_t)(end - line), &mount) || !mount_word_is(mount.type, "cgroup2") ||
                    !mountinfo_unescape(mount.point, path, sizeof(path)))
                        continue;
                fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd >= 0)
                        return fd;
        }
        return err_set(err, -ENOENT, "no cgroup2 hierarchy is mounted");
}

static int attach_link(int program_fd, int cgroup_fd, enum bpf_attach_type type)
{
        union bpf_attr attr = {
                .link_create = {.prog_fd = (uint32_t)program_fd,
                                .target_fd = (uint32_t)cgroup_fd,
                                .attach_type = type},
        };
        long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

        return fd < 0 ? -errno : (int)fd;
}

static int attach_udp(struct bpf_watch *b, struct err *err)
{
        const struct {
                int program_fd;
                enum bpf_attach_type type;
        } programs[N_CGROUP_LINKS] = {
                {b->skeleton->progs.watch_released.prog_fd, BPF_CGROUP_INET_SOCK_RELEASE}, /* first: none is missed */
                {b->skeleton->progs.watch_bound4.prog_fd, BPF_CGROUP_INET4_POST_BIND},
                {b->skeleton->progs.watch_bound6.prog_fd, BPF_CGROUP_INET6_POST_BIND},
                {b->skeleton->progs.watch_bind4.prog_fd, BPF_CGROUP_INET4_BIND},
                {b->skeleton->progs.watch_bind6.prog_fd, BPF_CGROUP_INET6_BIND},
        };
        _cleanup_close_ int cgroup_fd = open_cgroup_root(err);

        if (cgroup_fd < 0)
                return cgroup_fd;
        for (size_t i = 0; i < array_len(programs); i++) {
                b->links[i] = attach_link(programs[i].program_fd, cgroup_fd, programs[i].type);
                if (b->links[i] < 0)
                        return err_errno(err, -b->links[i], "cannot attach a BPF program to the control groups");
        }
        return 0;
}

static int run_once(int program_fd)
{
        union bpf_attr attr = {.test = {.prog_fd = (uint32_t)program_fd}};

        return syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

static int load(struct bpf_watch *b, struct err *err)
{
        int r;

        b->skeleton = watch_bpf__open();
        if (!b->skeleton)
                return err_set(err, -ENOMEM, "cannot open the BPF programs");
        r = watch_bpf__load(b->skeleton);
        if (r == 0)
                r = run_once(b->skeleton->progs.watch_reader.prog_fd);
        if (r < 0)
                return err_errno(err, -r, "cannot load the BPF programs");
        return map_ring(b, err);
}

static int attach(struct watch *watch, struct err *err)
{
        struct bpf_watch *b = watch->private;
        struct err why = {0};
        int r = watch_bpf__watch_tcp__attach(b->skeleton);

        if (r < 0)
                return err_errno(err, -r, "cannot attach a BPF program to inet_sock_set_state");
        watch->reach = attach_udp(b, &why) < 0 ? WATCH_TCP : WATCH_TCP_UDP;
        watch->fd = fcntl(b->skeleton->maps.ring.map_fd, F_DUPFD_CLOEXEC, 3);
        return watch->fd < 0 ? err_errno(err, errno, "cannot keep the BPF ring open") : 0;
}

static uint64_t count_dropped(const struct watch *watch)
{
        const struct bpf_watch *b = watch->private;

        return __atomic_load_n(&b->skeleton->bss->dropped, __ATOMIC_RELAXED);
}

static void free_bpf(struct watch *watch)
{
        struct bpf_watch *b = watch->private;

        for (size_t i = 0; i < array_len(b->links); i++)
                fd_close(&b->links[i]);
        if (b->consumer)
                (void)munmap(b->consumer, b->page);
        if (b->producer)
                (void)munmap(b->producer, b->page + 2 * RING_SIZE);
        if (b->skeleton)
                watch_bpf__destroy(b->skeleton);
        free(b);
}

int watch_open_bpf(struct watch **ret, struct err *err)
{
        _cleanup_(watch_freep) struct watch *watch = xcalloc(1, sizeof(*watch));
        struct bpf_watch *b = xcalloc(1, sizeof(*b));
        int r;

        *watch = (struct watch){.fd = -1, .read = read_ring, .dropped = count_dropped, .free = free_bpf, .private = b};
        for (size_t i = 0; i < array_len(b->links); i++)
                b->links[i] = -1;
        r = load(b, err);
        if (r == 0)
                r = attach(watch, err);
        if (r < 0)
                return r;
        *ret = take_ptr(watch);
        return 0;
}
