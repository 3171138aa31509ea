/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Tells of each TCP socket that begins or ends to listen, and of each UDP socket that is bound to a port somebody
 * asked for, or closed after that; in all network namespaces. The first runs at every change of a TCP state, so it
 * leaves at once unless listening is concerned.
 */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "watch_record.h"

#define AF_INET        2
#define AF_INET6       10
#define IPPROTO_TCP    6
#define IPPROTO_UDP    17
#define STATE_CLOSE    7 /* include/net/tcp_states.h */
#define STATE_LISTEN   10
#define MAP_RINGBUF    27 /* enum bpf_map_type, include/uapi/linux/bpf.h */
#define MAP_SK_STORAGE 24
#define NO_PREALLOC    1
#define STORAGE_CREATE 1
#define MAX_LEVEL      32 /* MAX_PID_NS_LEVEL */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
        __uint(type, MAP_RINGBUF);
        __uint(max_entries, 1 << 20);
} ring SEC(".maps");

struct mark { /* of a UDP socket */
        __u32 asked, told; /* a port was asked for by its number; its bind was told */
        struct watch_record record;
};

struct {
        __uint(type, MAP_SK_STORAGE);
        __uint(map_flags, NO_PREALLOC);
        __type(key, int);
        __type(value, struct mark);
} marks SEC(".maps");

__u64 dropped;   /* records that found the ring full */
__u32 pid_level; /* depth of the reader's pid namespace */

/* Run once by the reader: its own /proc/self/status would not say how deep it is, only an outer one does. */
SEC("syscall")
int watch_reader(void *ctx)
{
        pid_level = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_pid, level);
        return 0;
}

/* The pid of the current process as the pid namespace of the reader numbers it; 0: it has none there. */
static __u32 current_pid(void)
{
        struct task_struct *task = (struct task_struct *)bpf_get_current_task();
        struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
        __u32 level = pid_level;
        struct upid upid = {};

        if (!pid || level > MAX_LEVEL || BPF_CORE_READ(pid, level) < level)
                return 0;
        bpf_probe_read_kernel(&upid.nr, sizeof(upid.nr),
                              (char *)pid + bpf_core_field_offset(struct pid, numbers) +
                                      level * bpf_core_type_size(struct upid) +
                                      bpf_core_field_offset(struct upid, nr));
        return (__u32)upid.nr;
}

/* Who and when: the same for all records. */
static void add_moment(struct watch_record *r, __u32 kind)
{
        r->kind = kind;
        r->time_ns = bpf_ktime_get_ns();
        r->pid = current_pid();
        r->uid = (__u32)bpf_get_current_uid_gid();
        bpf_get_current_comm(r->comm, sizeof(r->comm));
}

static void add_place(struct watch_record *r, struct sock *sk, __u8 protocol)
{
        r->cookie = (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
        r->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
        r->ifindex = (__u32)BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
        r->port = BPF_CORE_READ(sk, __sk_common.skc_num);
        r->family = BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET ? 4 : 6;
        r->protocol = protocol;
        r->v6only = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only) != 0;
        if (r->family == 4)
                BPF_CORE_READ_INTO((__be32 *)r->address, sk, __sk_common.skc_rcv_saddr);
        else
                BPF_CORE_READ_INTO((struct in6_addr *)r->address, sk, __sk_common.skc_v6_rcv_saddr);
}

static void tell(struct watch_record *r)
{
        if (bpf_ringbuf_output(&ring, r, sizeof(*r), 0))
                __sync_fetch_and_add(&dropped, 1);
}

/* Not inlined: the compiler would empty the record before it is known that one is needed. */
static __attribute__((noinline)) int tell_tcp(struct sock *sk, __u32 kind)
{
        struct watch_record r = {};

        if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
                return 0;
        (void)bpf_get_socket_cookie(sk); /* makes one, where it has none yet */
        add_place(&r, sk, IPPROTO_TCP);
        add_moment(&r, kind);
        tell(&r);
        return 0;
}

SEC("tp_btf/inet_sock_set_state")
int watch_tcp(__u64 *ctx)
{
        int before = (int)ctx[1], after = (int)ctx[2];

        /* listening -> SYN_RECV is told for every accepted connection, of its own socket */
        if (after != STATE_LISTEN && (before != STATE_LISTEN || after != STATE_CLOSE))
                return 0;
        return tell_tcp((struct sock *)ctx[0], after == STATE_LISTEN ? WATCH_RECORD_OPENED : WATCH_RECORD_CLOSED);
}

static int about_to_bind(struct bpf_sock_addr *ctx)
{
        struct mark *mark;
        struct bpf_sock *sk = ctx->sk;

        if (ctx->protocol != IPPROTO_UDP || !sk)
                return 1;
        mark = bpf_sk_storage_get(&marks, sk, 0, STORAGE_CREATE);
        if (mark) {
                (void)bpf_get_socket_cookie(ctx);
                mark->asked = ctx->user_port != 0;
        }
        return 1;
}

SEC("cgroup/bind4")
int watch_bind4(struct bpf_sock_addr *ctx)
{
        return about_to_bind(ctx);
}

SEC("cgroup/bind6")
int watch_bind6(struct bpf_sock_addr *ctx)
{
        return about_to_bind(ctx);
}

static int bound(struct bpf_sock *ctx)
{
        struct mark *mark;

        if (ctx->protocol != IPPROTO_UDP)
                return 1;
        mark = bpf_sk_storage_get(&marks, ctx, 0, 0);
        if (!mark || !mark->asked)
                return 1; /* a port that the kernel chose is a client's as a rule: the reconcile tells */
        add_place(&mark->record, (struct sock *)ctx, IPPROTO_UDP);
        add_moment(&mark->record, WATCH_RECORD_OPENED);
        mark->told = 1;
        tell(&mark->record);
        return 1;
}

SEC("cgroup/post_bind4")
int watch_bound4(struct bpf_sock *ctx)
{
        return bound(ctx);
}

SEC("cgroup/post_bind6")
int watch_bound6(struct bpf_sock *ctx)
{
        return bound(ctx);
}

SEC("cgroup/sock_release")
int watch_released(struct bpf_sock *ctx)
{
        struct mark *mark;

        if (ctx->protocol != IPPROTO_UDP)
                return 1;
        mark = bpf_sk_storage_get(&marks, ctx, 0, 0);
        if (!mark || !mark->told)
                return 1;
        mark->told = 0;
        add_moment(&mark->record, WATCH_RECORD_CLOSED);
        tell(&mark->record);
        return 1;
}
