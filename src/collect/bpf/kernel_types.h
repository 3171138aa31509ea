/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The kernel types our BPF programs touch, cut down to the fields they read. CO-RE relocates every access
 * against the BTF of the kernel that runs them, so these need to match in names only: no kernel headers and
 * no BTF of the build machine.
 */
#pragma once

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum bpf_map_type; /* bpf_helper_defs.h only names it */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
        unsigned int inum;
};

struct net {
        struct ns_common ns;
};

typedef struct {
        struct net *net;
} possible_net_t;

struct in6_addr {
        union {
                __u8 u6_addr8[16];
                __be32 u6_addr32[4];
        } in6_u;
};

typedef struct {
        __s64 counter;
} atomic64_t;

struct sock_common {
        __be32 skc_rcv_saddr;
        __u16 skc_num;
        unsigned short skc_family;
        volatile unsigned char skc_state;
        unsigned char skc_ipv6only : 1;
        int skc_bound_dev_if;
        possible_net_t skc_net;
        struct in6_addr skc_v6_rcv_saddr;
        atomic64_t skc_cookie;
};

struct sock {
        struct sock_common __sk_common;
        __u16 sk_type;
        __u16 sk_protocol;
        __u8 sk_userlocks : 4;
};

struct mptcp_sock { /* begins with its struct sock */
        struct sock *first;
};

struct socket {
        struct sock *sk;
};

struct inode {
        unsigned long i_ino;
};

struct qstr {
        __u32 len;
        const unsigned char *name;
};

struct dentry {
        struct qstr d_name;
};

struct path {
        struct dentry *dentry;
};

struct file {
        struct inode *f_inode;
        struct path f_path;
};

struct upid {
        int nr;
        void *ns;
};

struct pid {
        unsigned int level;
        struct upid numbers[1];
};

struct mm_struct {
        struct file *exe_file;
};

struct fs_struct {
        struct path root;
};

struct task_struct {
        struct mm_struct *mm;
        struct fs_struct *fs;
        __s32 pid; /* of the thread, in the first pid namespace */
        __u64 start_time;
        struct task_struct *group_leader;
        struct pid *thread_pid;
};

struct seq_file;

struct bpf_iter_meta {
        struct seq_file *seq;
};

struct bpf_iter__task {
        struct bpf_iter_meta *meta;
        struct task_struct *task;
};

struct bpf_iter__task_file {
        struct bpf_iter_meta *meta;
        struct task_struct *task;
        __u32 fd;
        struct file *file;
};

#pragma clang attribute pop

/* Contexts of cgroup programs (include/uapi/linux/bpf.h): fixed, the verifier translates each access. */
struct bpf_sock {
        __u32 bound_dev_if, family, type, protocol;
};

struct bpf_sock_addr {
        __u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol, msg_src_ip4, msg_src_ip6[4];
        union {
                struct bpf_sock *sk;
                __u64 : 64;
        } __attribute__((aligned(8)));
};
