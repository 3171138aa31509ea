#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answer every SYN with a SYN-ACK, hold nothing, acknowledge nothing: syn_responder.py DEVICE JSON-PORTS-LEFT-ALONE"""
import json
import select
import socket
import struct
import sys

device, real = sys.argv[1], set(json.loads(sys.argv[2]))
SO_RCVBUFFORCE = 33


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def answer(frame):
    ip = frame[14:]
    if frame[12:14] != b"\x08\x00" or ip[9] != 6:
        return None
    tcp = ip[(ip[0] & 15) * 4:]
    sport, dport, sequence = struct.unpack("!HHI", tcp[:8])
    if tcp[13] & 0x17 != 0x02 or dport in real:  # a plain SYN only
        return None
    head = struct.pack("!BBHHHBBH", 0x45, 0, 44, 0, 0x4000, 64, 6, 0) + ip[16:20] + ip[12:16]
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    body = struct.pack("!HHIIBBHHHBBH", dport, sport, 0x1234ABCD, sequence + 1 & 0xFFFFFFFF, 0x60, 0x12, 65535, 0, 0, 2, 4, 1460)
    pseudo = ip[16:20] + ip[12:16] + struct.pack("!HH", 6, len(body))
    body = body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]
    return frame[6:12] + frame[:6] + b"\x08\x00" + head + body


s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
s.bind((device, 0))
print("ready", flush=True)
while True:
    readable, _, _ = select.select([s, sys.stdin], [], [])
    if sys.stdin in readable:
        break
    for _ in range(256):
        try:
            frame, where = s.recvfrom(2048, socket.MSG_DONTWAIT)
        except BlockingIOError:
            break
        reply = answer(frame) if where[2] != socket.PACKET_OUTGOING and len(frame) >= 54 else None
        if reply:
            try:
                s.send(reply)
            except OSError:
                pass
