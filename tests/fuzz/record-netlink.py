#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records what this kernel answers to the dumps we ask for, as seeds and as input of tests/unit/test_netlink.c.

usage: ip netns exec NAME record-netlink.py DIR, in a namespace of its own with lo and a link "qz0" (192.0.2.1/24) up.
"""
import pathlib
import socket
import struct
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
    for name, answer in answers.items():
        (to / name).write_bytes(answer)
    for s in kept:
        s.close()


main()
