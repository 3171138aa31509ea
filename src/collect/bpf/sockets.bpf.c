/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * One pass over every open file of every process, in all network namespaces: a record for each socket that
 * accepts traffic, with the process that holds it. Also a record for each io_uring, whose registered sockets
 * are in no file table.
 */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "record.h"

#define AF_INET         2
#define AF_INET6        10
#define SOCK_RAW        3
#define IPPROTO_TCP     6
#define IPPROTO_UDP     17
#define IPPROTO_SCTP    132
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP   262
#define STATE_CLOSE     7 /* include/net/tcp_states.h */
#define STATE_LISTEN    10
#define SOCK_BINDPORT_LOCK 8 /* include/net/sock.h: the port was asked for, not chosen by the kernel */

/* The GPL is what some helpers ask for (bpf_seq_write). */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The pid of the process as the pid namespace of the reader (us) numbers it, which is what our /proc shows. */
static __u32 find_pid(struct task_struct *task)
{
        /*
         * Not by plain `->`: for each pointer that is followed from a trusted one the verifier of Linux 6.x searches
         * all names of the kernel's types up to four times (verifier.c, type_is_trusted), 5 ms in all.
         */
        unsigned int level = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_pid, level);
        struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
        struct upid upid = {};

        if (!pid || level > 32) /* MAX_PID_NS_LEVEL */
                return 0;
        bpf_probe_read_kernel(&upid.nr, sizeof(upid.nr),
                              (char *)pid + bpf_core_field_offset(struct pid, numbers) +
                                      level * bpf_core_type_size(struct upid) +
                                      bpf_core_field_offset(struct upid, nr));
        return (__u32)upid.nr;
}

/*
 * The task whose files are being told. A number may be used again; together with the start time it is not. Not static:
 * clang would make a variable of each member, with a name that the kernel refuses.
 */
struct {
        __u64 start_time;
        __u32 tid, pid;
} now;

static __u32 pid_of(struct task_struct *task)
{
        if (now.tid != (__u32)task->pid || now.start_time != task->start_time) {
                now.tid = (__u32)task->pid;
                now.start_time = task->start_time;
                now.pid = find_pid(task);
        }
        return now.pid;
}

enum traffic { NEVER, IDLE, ACCEPTS };

/*
 * IDLE: a socket that may begin to accept any time. Its holders are told, too: when the kernel's tables, which are
 * read at another moment, have it as listening, it must not seem to have none.
 */
static enum traffic traffic_of(struct sock *sk)
{
        unsigned short family = sk->__sk_common.skc_family;
        unsigned char state = sk->__sk_common.skc_state;

        if (family != AF_INET && family != AF_INET6)
                return NEVER;
        if (sk->sk_type == SOCK_RAW)
                return state == STATE_CLOSE ? ACCEPTS : IDLE;
        switch (sk->sk_protocol) {
        case IPPROTO_TCP:
        case IPPROTO_MPTCP:
        case IPPROTO_SCTP:
                return state == STATE_LISTEN ? ACCEPTS : state == STATE_CLOSE ? IDLE : NEVER;
        case IPPROTO_UDP:
        case IPPROTO_UDPLITE:
                return state == STATE_CLOSE && sk->__sk_common.skc_num != 0 ? ACCEPTS : IDLE;
        }
        return NEVER;
}

/* How the port of a multipath socket was chosen is only noted in the first TCP socket below it. */
static unsigned int port_owner_locks(struct sock *sk, int multipath)
{
        struct sock *first;

        if (!multipath)
                return BPF_CORE_READ_BITFIELD(sk, sk_userlocks);
        if (!bpf_core_type_exists(struct mptcp_sock))
                return SOCK_BINDPORT_LOCK;
        first = BPF_CORE_READ((struct mptcp_sock *)sk, first);
        return first ? BPF_CORE_READ_BITFIELD_PROBED(first, sk_userlocks) : SOCK_BINDPORT_LOCK;
}

static void write_socket(struct bpf_iter__task_file *ctx, struct task_struct *task, struct file *file,
                         struct sock *sk)
{
        struct bpf_record r = {};
        int multipath = sk->sk_protocol == IPPROTO_MPTCP;
        enum traffic traffic = traffic_of(sk);

        if (traffic == NEVER)
                return;
        r.kind = RECORD_SOCKET;
        r.idle = traffic == IDLE;
        r.pid = pid_of(task);
        r.fd = ctx->fd;
        r.inode = file->f_inode->i_ino;
        r.netns = sk->__sk_common.skc_net.net->ns.inum;
        r.ifindex = (__u32)sk->__sk_common.skc_bound_dev_if;
        r.family = sk->__sk_common.skc_family == AF_INET ? 4 : 6;
        /* the file of a multipath socket; the kernel's tables list the TCP socket below it, by the same inode */
        r.protocol = multipath ? IPPROTO_TCP : (__u8)sk->sk_protocol;
        r.raw = sk->sk_type == SOCK_RAW;
        r.port = sk->__sk_common.skc_num;
        r.v6only = BPF_CORE_READ_BITFIELD(&sk->__sk_common, skc_ipv6only) != 0;
        r.autobound = !(port_owner_locks(sk, multipath) & SOCK_BINDPORT_LOCK);
        if (r.family == 4)
                __builtin_memcpy(r.address, &(__be32){sk->__sk_common.skc_rcv_saddr}, 4);
        else
                bpf_probe_read_kernel(r.address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
        bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
}

static void write_ring(struct bpf_iter__task_file *ctx, struct task_struct *task, struct file *file)
{
        static const char ring[] = "[io_uring]"; /* the name every ring's file has */
        struct dentry *dentry = file->f_path.dentry;
        struct bpf_record r = {};
        char name[sizeof(ring)] = {};

        if (!dentry || dentry->d_name.len != sizeof(ring) - 1)
                return;
        if (bpf_probe_read_kernel(name, sizeof(ring) - 1, dentry->d_name.name))
                return;
        for (unsigned int i = 0; i < sizeof(ring) - 1; i++)
                if (name[i] != ring[i])
                        return;
        r.kind = RECORD_RING;
        r.pid = pid_of(task);
        r.fd = ctx->fd;
        bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
}

SEC("iter/task_file")
int sockets(struct bpf_iter__task_file *ctx)
{
        struct task_struct *task = ctx->task; /* read once: the verifier forgets a check of the context */
        struct file *file = ctx->file;
        struct socket *socket;

        if (!file || !task)
                return 0;
        socket = bpf_sock_from_file(file);
        if (!socket)
                write_ring(ctx, task, file);
        else if (socket->sk)
                write_socket(ctx, task, file, socket->sk);
        return 0;
}
