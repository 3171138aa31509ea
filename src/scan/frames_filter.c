/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/frames_filter.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stddef.h>

/* Where a jump goes; resolved to distances when all is written. NEXT is the following instruction. */
enum label { NEXT, DROP, KEEP, ARP, IP4, IP4_TCP, IP4_ICMP, IP6, IP6_TCP, IP6_ICMP, LABEL_MAX };

struct program {
        struct sock_filter *code;
        unsigned n;
        unsigned place[LABEL_MAX];
};

static void label(struct program *p, enum label name)
{
        p->place[name] = p->n;
}

static void add(struct program *p, uint16_t code, uint32_t value)
{
        p->code[p->n++] = (struct sock_filter)BPF_STMT(code, value);
}

static void jump(struct program *p, uint16_t condition, uint32_t value, enum label yes, enum label no)
{
        p->code[p->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | condition | BPF_K, value, yes, no);
}

static void load_byte(struct program *p, uint32_t at)
{
        add(p, BPF_LD | BPF_B | BPF_ABS, at);
}

static void load_half(struct program *p, uint32_t at)
{
        add(p, BPF_LD | BPF_H | BPF_ABS, at);
}

static void resolve(struct program *p)
{
        for (unsigned i = 0; i < p->n; i++) {
                struct sock_filter *one = &p->code[i];

                if (BPF_CLASS(one->code) != BPF_JMP)
                        continue;
                one->jt = one->jt == NEXT ? 0 : (uint8_t)(p->place[one->jt] - i - 1);
                one->jf = one->jf == NEXT ? 0 : (uint8_t)(p->place[one->jf] - i - 1);
        }
}

/* The destination port is loaded. */
static void our_port(struct program *p, uint16_t base, uint16_t ports)
{
        add(p, BPF_ALU | BPF_AND | BPF_K, 0xffffu & ~(ports - 1u));
        jump(p, BPF_JEQ, base, KEEP, DROP);
}

static void link_part(struct program *p, bool discovery)
{
        load_byte(p, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
        jump(p, BPF_JEQ, PACKET_HOST, NEXT, DROP);
        /* a tag the kernel took off: the packet comes again on the VLAN's own interface */
        load_byte(p, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
        jump(p, BPF_JEQ, 0, NEXT, DROP);
        load_half(p, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
        jump(p, BPF_JEQ, 0x0800, IP4, NEXT);
        jump(p, BPF_JEQ, 0x86dd, IP6, NEXT);
        jump(p, BPF_JEQ, 0x0806, discovery ? ARP : DROP, DROP);
        label(p, ARP);
        load_half(p, 6);
        jump(p, BPF_JEQ, 2, KEEP, DROP); /* a reply */
}

static void ip4_part(struct program *p, uint16_t base, uint16_t ports, bool discovery)
{
        label(p, IP4);
        load_half(p, 6);
        jump(p, BPF_JSET, 0x3fff, DROP, NEXT); /* fragments */
        add(p, BPF_LDX | BPF_B | BPF_MSH, 0); /* X = header length */
        load_byte(p, 9);
        jump(p, BPF_JEQ, IPPROTO_TCP, IP4_TCP, NEXT);
        jump(p, BPF_JEQ, IPPROTO_ICMP, IP4_ICMP, DROP);
        label(p, IP4_TCP);
        add(p, BPF_LD | BPF_H | BPF_IND, 2);
        our_port(p, base, ports);
        label(p, IP4_ICMP);
        add(p, BPF_LD | BPF_B | BPF_IND, 0);
        jump(p, BPF_JEQ, 3, KEEP, NEXT);  /* destination unreachable */
        jump(p, BPF_JEQ, 11, KEEP, NEXT); /* time exceeded */
        jump(p, BPF_JEQ, 0, discovery ? KEEP : DROP, NEXT);
        jump(p, BPF_JEQ, 14, discovery ? KEEP : DROP, DROP); /* timestamp reply */
}

static void ip6_part(struct program *p, uint16_t base, uint16_t ports, bool discovery)
{
        label(p, IP6);
        load_byte(p, 6);
        jump(p, BPF_JEQ, IPPROTO_TCP, IP6_TCP, NEXT);
        jump(p, BPF_JEQ, IPPROTO_ICMPV6, IP6_ICMP, NEXT);
        /* extension headers are rare, and not for a filter without loops */
        jump(p, BPF_JEQ, IPPROTO_HOPOPTS, KEEP, NEXT);
        jump(p, BPF_JEQ, IPPROTO_ROUTING, KEEP, NEXT);
        jump(p, BPF_JEQ, IPPROTO_DSTOPTS, KEEP, DROP);
        label(p, IP6_TCP);
        load_half(p, 42);
        our_port(p, base, ports);
        label(p, IP6_ICMP);
        load_byte(p, 40);
        jump(p, BPF_JEQ, 1, KEEP, NEXT); /* destination unreachable */
        jump(p, BPF_JEQ, 3, KEEP, NEXT); /* time exceeded */
        jump(p, BPF_JEQ, 129, discovery ? KEEP : DROP, NEXT);
        jump(p, BPF_JEQ, 136, discovery ? KEEP : DROP, DROP); /* neighbour advertisement */
}

unsigned frames_filter(struct sock_filter to[FRAMES_FILTER_MAX], uint16_t base_port, uint16_t ports, bool discovery)
{
        struct program p = {.code = to};

        link_part(&p, discovery);
        ip4_part(&p, base_port, ports, discovery);
        ip6_part(&p, base_port, ports, discovery);
        label(&p, DROP);
        add(&p, BPF_RET | BPF_K, 0);
        label(&p, KEEP);
        add(&p, BPF_RET | BPF_K, FRAMES_SNAP);
        resolve(&p);
        return p.n;
}
