#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small UDP services: udp_server.py ADDRESS JSON, {port: dns|ntp|stun|tftp|echo|silent}. Each answers its own protocol only."""
import json
import selectors
import socket
import struct
import sys

address, services = sys.argv[1], json.loads(sys.argv[2])


def dns(data):  # RFC 1035: the query back, as a response without answers
    if len(data) >= 17 and not data[2] & 0x80 and struct.unpack("!H", data[4:6])[0] == 1:
        return data[:2] + bytes([data[2] | 0x80, 0x80]) + data[4:6] + bytes(6) + data[12:]
    return None


def ntp(data):  # RFC 5905: a server's answer repeats the client's transmit time as origin
    if len(data) >= 48 and data[0] & 7 == 3:
        return bytes([data[0] & 0x38 | 4, 2, 6, 0xEC]) + bytes(8) + b"LOCL" + bytes(8) + data[40:48] + bytes(16)
    return None


def stun(data):  # RFC 8489: binding success without attributes
    if len(data) >= 20 and data[:2] == b"\x00\x01" and data[4:8] == b"\x21\x12\xa4\x42":
        return b"\x01\x01\x00\x00" + data[4:20]
    return None


def tftp(data):  # RFC 1350: no such file; the answer comes from a port of its own
    return b"\x00\x05\x00\x01no such file\x00" if data[:2] == b"\x00\x01" else None


ANSWERS = {"dns": dns, "ntp": ntp, "stun": stun, "tftp": tftp, "echo": lambda data: data, "silent": lambda data: None}
selector = selectors.DefaultSelector()
for port, kind in services.items():
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, int(port)))
    selector.register(s, selectors.EVENT_READ, kind)
selector.register(sys.stdin, selectors.EVENT_READ, "stdin")
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.data == "stdin":
            sys.exit(0)
        data, peer = key.fileobj.recvfrom(65535)
        answer = ANSWERS[key.data](data)
        if answer is None:
            continue
        if key.data == "tftp":
            with socket.socket(key.fileobj.family, socket.SOCK_DGRAM) as own:
                own.bind((key.fileobj.getsockname()[0], 0))
                own.sendto(answer, peer)
        else:
            key.fileobj.sendto(answer, peer)
