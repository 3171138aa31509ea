/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets as bytes, both ways and nothing else: no sockets, no clock, no state. Built are the probes of the
 * outside view, from the network layer up (ARP: the whole ARP packet); parsed is what may answer them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"

#define PACKET_MAX           96 /* bytes of the longest packet built here */
#define PACKET_LINK_MAX      14 /* an Ethernet header */
#define PACKET_UDP_MAX       16 /* bytes of payload that packet_build_udp takes */
#define PACKET_ETHERTYPE(to) ((to)->family == 4 ? 0x0800 : 0x86dd)
#define PACKET_ETHERTYPE_ARP 0x0806

enum packet_tcp_flag {
        PACKET_TCP_FIN = 0x01,
        PACKET_TCP_SYN = 0x02,
        PACKET_TCP_RST = 0x04,
        PACKET_TCP_ACK = 0x10,
};

/* From here to there: of one family. Ports are 0 where the protocol has none. */
struct packet_ends {
        const struct address *from, *to;
        uint16_t from_port, to_port;
};

/*
 * Each builder writes at most PACKET_MAX bytes with all checksums and gives the length.
 *
 * A SYN has the options of a Linux client (MSS, SACK permitted, timestamp, window scale); mss is of the
 * TCP layer. An ACK has none.
 */
size_t packet_build_syn(uint8_t *to, const struct packet_ends *ends, uint32_t seq, uint16_t mss,
                        uint32_t timestamp);
size_t packet_build_ack(uint8_t *to, const struct packet_ends *ends, uint32_t seq, uint32_t ack);
size_t packet_build_udp(uint8_t *to, const struct packet_ends *ends, const void *payload, size_t len);
/* Echo request (ICMP or ICMPv6, by family) without data. */
size_t packet_build_echo(uint8_t *to, const struct packet_ends *ends, uint16_t id, uint16_t seq);
/* ICMP timestamp request (RFC 792); IPv4 only. */
size_t packet_build_timestamp(uint8_t *to, const struct packet_ends *ends, uint16_t id, uint16_t seq);
/* Who has ends->to? Tell ends->from at own_mac. */
size_t packet_build_arp(uint8_t *to, const struct packet_ends *ends, const uint8_t own_mac[6]);
/* The same for IPv6 (RFC 4861): goes to the solicited-node group of ends->to, at its own Ethernet address. */
size_t packet_build_solicitation(uint8_t *to, const struct packet_ends *ends, const uint8_t own_mac[6]);
void packet_solicited_mac(const struct address *asked, uint8_t ret_mac[6]);
size_t packet_build_ethernet(uint8_t *to, const uint8_t destination[6], const uint8_t source[6],
                             uint16_t ethertype);
/* The checksum field of a UDP datagram built as above: for comparison with one that is quoted. */
uint16_t packet_udp_checksum(const struct packet_ends *ends, const void *payload, size_t len);

enum packet_kind {
        PACKET_TCP,
        PACKET_ECHO_REPLY, /* also the ICMP timestamp reply */
        PACKET_ICMP_ERROR, /* destination unreachable, time exceeded; quote is set */
        PACKET_NEIGHBOUR,  /* ARP reply or neighbour advertisement: `from` is at `mac` */
};

/* What an ICMP error quotes of the packet that caused it. */
struct packet_quote {
        struct address from, to;
        uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6 */
        uint16_t from_port, to_port;
        uint32_t seq;          /* TCP */
        uint16_t checksum;     /* UDP */
        bool has_payload;      /* UDP: the first four bytes of the payload are quoted, too */
        uint32_t payload;
        uint16_t echo_id, echo_seq;
};

struct packet {
        enum packet_kind kind;
        struct address from, to;
        uint8_t ttl;
        uint8_t tcp_flags;
        bool has_timestamp;
        bool has_mac;
        uint16_t from_port, to_port;
        uint32_t seq, ack;
        uint32_t timestamp_echo; /* TSecr (RFC 7323) when has_timestamp */
        uint16_t echo_id, echo_seq;
        uint8_t icmp_type, icmp_code;
        uint8_t mac[6];
        struct packet_quote quote;
};

/*
 * A received packet from its network layer on. `data` may be the beginning of it only, as long as headers
 * and options are whole. False: malformed, a fragment, or nothing that answers a probe; *ret is then
 * undefined. Checksums are not looked at: the kernel leaves them open on virtual links, and cookies say more.
 */
bool packet_parse(uint16_t ethertype, const void *data, size_t len, struct packet *ret);
