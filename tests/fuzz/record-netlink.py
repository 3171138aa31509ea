#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records what this kernel answers to the dumps we ask for, as seeds and as input of tests/unit/test_kernel_records.c and
test_routes.c.

usage: ip netns exec NAME record-netlink.py DIR, in a namespace of its own with lo and a link "qz0" (192.0.2.1/24) up;
routes and rules it adds itself.
"""
import pathlib
import socket
import struct
import subprocess
import sys

SOCK_DIAG, ROUTE = 4, 0
SEQ = 1


def ask(protocol, kind, body):
    """All bytes of the answer to one dump, up to its last message (NLMSG_DONE or NLMSG_ERROR)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as s:
        s.send(struct.pack("=IHHII", 16 + len(body), kind, 0x301, SEQ, 0) + body)
        answer = b""
        while True:
            part = s.recv(1 << 18)
            answer += part
            at = 0
            while at < len(part):
                length, kind = struct.unpack_from("=IH", part, at)
                if kind in (2, 3):
                    return answer
                at += (length + 3) & ~3


def sockets(family, protocol, states):
    return ask(SOCK_DIAG, 20, struct.pack("=BBBxI48x", family, protocol, 0, states))


def listener(family, kind, address, port, *options):
    s = socket.socket(family, kind)
    for option in options:
        s.setsockopt(*option)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen()
    return s


ROUTES = """
route add 198.51.100.0/24 via 192.0.2.9 metric 77
route add default nexthop via 192.0.2.8 dev qz0 nexthop via 192.0.2.9 dev qz0
route add blackhole 203.0.113.0/24
route add 203.0.113.128/25 via 192.0.2.9 tos 0x10
-6 route add 2001:db8:7::/48 dev qz0 table 1234
rule add fwmark 7 lookup 1234 priority 10
rule add from 198.51.100.7 prohibit priority 11
rule add lookup main suppress_prefixlength 0 priority 12
"""


def main():
    to = pathlib.Path(sys.argv[1])
    device = (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"qz0\0")
    v6only = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6, tcp, udp = socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
    kept = [  # closed again at the end
        listener(socket.AF_INET, tcp, "127.0.0.1", 2201),
        listener(socket.AF_INET, tcp, "0.0.0.0", 2202, device),
        listener(v6, tcp, "::", 2203),
        listener(v6, tcp, "::1", 2204, v6only),
        listener(socket.AF_INET, udp, "192.0.2.1", 5301),
    ]
    answers = {
        "tcp4": sockets(socket.AF_INET, socket.IPPROTO_TCP, 1 << 10),
        "tcp6": sockets(v6, socket.IPPROTO_TCP, 1 << 10),
        "udp4": sockets(socket.AF_INET, socket.IPPROTO_UDP, 1 << 7),
        "no-such-protocol": sockets(socket.AF_INET, 201, 1 << 10),
        "links": ask(ROUTE, 18, bytes(16)),
        "addresses": ask(ROUTE, 22, bytes(16)),
    }
    for line in ROUTES.strip().splitlines():
        subprocess.run(["ip", *line.split()], check=True)
    answers |= {"routes": ask(ROUTE, 26, bytes(12)), "rules": ask(ROUTE, 34, bytes(12))}
    for name, answer in answers.items():
        (to / name).write_bytes(answer)
    for s in kept:
        s.close()


main()
