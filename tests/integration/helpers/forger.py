#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answer probes wrongly, as a forger who sees them but cannot know what was meant to be asked, or as noise would:

    forger.py DEVICE KIND JSON      for each SYN (UDP datagram) that arrives, frames of that kind go back

syn-ack      SYN-ACKs with a wrong acknowledgement number for the port that was asked
other-port   a SYN-ACK with the right number from the port above
other-host   a SYN-ACK with the right number from the address JSON "host"
rst          RSTs with a wrong number, many: an open port must not become closed
icmp         ICMP port unreachable that quotes a wrong sequence number, and one that quotes other addresses
udp          for each datagram, answers from the port above and from the address JSON "host", and to the port below
malformed    truncated, oversized and fragmented answers, wrong checksums, odd options
flood        answers that look right to a filter, as fast as they go, for JSON "seconds" after the first probe
"""
import json
import random
import select
import socket
import struct
import sys
import time

device, kind, more = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
noise = random.Random(1)


def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def packet(proto, source, target, body, fragment=0, length=None):
    head = struct.pack("!BBHHHBBH", 0x45, 0, length or 20 + len(body), 7, fragment, 64, proto, 0) + source + target
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def segment(source, target, sport, dport, sequence, ack, flags, options=b"", payload=b"", wrong_sum=False):
    offset = 5 + len(options) // 4
    body = struct.pack("!HHIIBBHHH", sport, dport, sequence, ack, offset << 4, flags, 65535, 0, 0) + options + payload
    total = checksum(source + target + struct.pack("!HH", 6, len(body)) + body) ^ (0x5555 if wrong_sum else 0)
    return body[:16] + struct.pack("!H", total) + body[18:]


def datagram(source, target, sport, dport, payload):
    body = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    total = checksum(source + target + struct.pack("!HH", 17, len(body)) + body) or 0xFFFF
    return body[:6] + struct.pack("!H", total) + body[8:]


class Probe:
    def __init__(self, frame):
        ip = frame[14:]
        self.ip, self.proto, self.us, self.them = ip, ip[9], ip[16:20], ip[12:16]
        body = ip[(ip[0] & 15) * 4:]
        self.sport, self.dport = struct.unpack("!HH", body[:4])
        self.sequence = struct.unpack("!I", body[4:8])[0] if self.proto == 6 else 0
        self.syn = self.proto == 6 and len(body) >= 20 and body[13] & 0x17 == 2
        self.body = body

    def tcp(self, flags, ack, port=None, host=None, **others):
        us = host or self.us
        return packet(6, us, self.them, segment(us, self.them, port or self.dport, self.sport, 99, ack & 0xFFFFFFFF, flags, **others))


def syn_ack(p):
    wrong = (p.sequence, p.sequence + 2, 0, noise.getrandbits(32), p.sequence ^ 0x80000000)
    return [p.tcp(0x12, ack) for ack in wrong]


def other_port(p):
    return [p.tcp(0x12, p.sequence + 1, port=(p.dport + 1) & 0xFFFF or 1)]


def other_host(p):
    return [p.tcp(0x12, p.sequence + 1, host=socket.inet_aton(more["host"]))]


def rst(p):
    return [p.tcp(0x14, ack) for ack in (p.sequence, 0, p.sequence - 1, noise.getrandbits(32))]


def icmp(p):
    body, inner = p.body, p.ip[:20]
    wrong_sequence = inner + body[:4] + struct.pack("!I", p.sequence ^ 0x10000)
    wrong_target = inner[:16] + bytes([inner[16], inner[17], inner[18], inner[19] ^ 1]) + body[:8]
    wrong_port = inner + body[:2] + struct.pack("!H", p.dport ^ 1) + body[4:8]
    out = []
    for quoted in (wrong_sequence, wrong_target, wrong_port, wrong_sequence[:24]):
        for code in (1, 3, 13):
            error = struct.pack("!BBHI", 3, code, 0, 0) + quoted
            error = error[:2] + struct.pack("!H", checksum(error)) + error[4:]
            out.append(packet(1, p.us, p.them, error))
    return out


def udp(p):
    host = socket.inet_aton(more["host"])
    payload = p.body[8:] or b"x"
    return [packet(17, p.us, p.them, datagram(p.us, p.them, (p.dport + 1) & 0xFFFF or 1, p.sport, payload)),
            packet(17, host, p.them, datagram(host, p.them, p.dport, p.sport, payload)),
            packet(17, p.us, p.them, datagram(p.us, p.them, p.dport, (p.sport - 1) & 0xFFFF or 1, payload))]


def malformed(p):
    whole = p.tcp(0x12, p.sequence)  # the wrong number: were any of it taken, it would be a false answer
    return [whole[:20], whole[:27], whole[:33], b"\x45", whole[:2] + b"\xff\xff" + whole[4:], b"\x4f" + whole[1:], b"\x40" + whole[1:],
            packet(6, p.us, p.them, whole[20:28], fragment=0x2000), packet(6, p.us, p.them, whole[28:], fragment=0x0001),
            p.tcp(0x12, p.sequence, options=b"\x02\xff\x05\xb4"), p.tcp(0x12, p.sequence, options=b"\x08\x01\x00\x00" * 10),
            packet(1, p.us, p.them, b"\x03\x03"), packet(1, p.us, p.them, b"\x03\x03\0\0\0\0\0\0\x45"),
            packet(1, p.us, p.them, b"\x03\x03\0\0\0\0\0\0" + b"\x4f" + p.ip[1:24]), packet(1, p.us, p.them, noise.randbytes(64)),
            packet(6, p.us, p.them, noise.randbytes(20)), packet(6, p.us, p.them, noise.randbytes(1200))]


KINDS = {"syn-ack": syn_ack, "other-port": other_port, "other-host": other_host, "rst": rst, "icmp": icmp, "udp": udp,
         "malformed": malformed}
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
s.bind((device, 0))


def send(frame, packets):
    head = frame[6:12] + frame[:6] + b"\x08\x00"
    for one in packets:
        try:
            s.send(head + one[:1486])
        except OSError:
            pass


def flood(frame, p):
    out = frame[6:12] + frame[:6] + b"\x08\x00" + p.tcp(0x14, 0)
    end = time.monotonic() + more["seconds"]
    while time.monotonic() < end:
        for _ in range(256):
            try:
                s.send(out)
            except OSError:
                pass
    sys.exit(0)


print("ready", flush=True)
while True:
    readable, _, _ = select.select([s, sys.stdin], [], [])
    if sys.stdin in readable:
        break
    try:
        frame, where = s.recvfrom(2048)
    except OSError:  # the device is gone
        break
    if where[2] == socket.PACKET_OUTGOING or len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        continue
    probe = Probe(frame)
    if kind == "udp" and probe.proto == 17:
        send(frame, udp(probe))
    elif kind != "udp" and probe.syn:
        if kind == "flood":
            flood(frame, probe)
        send(frame, KINDS[kind](probe))
