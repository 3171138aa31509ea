#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write down what arrives on a device until the input ends, then print it as JSON: recorder.py DEVICE

One list a frame: time, IP protocol (ARP: -1), source, target, ports (ARP: 0), TCP flags or ICMP type, bytes of payload.
"""
import json
import select
import socket
import struct
import sys
import time

SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35


def frame_fields(frame):
    kind, ip = frame[12:14], frame[14:]
    if kind == b"\x08\x06" and len(ip) >= 28:
        return [-1, socket.inet_ntoa(ip[14:18]), socket.inet_ntoa(ip[24:28]), 0, 0, ip[7], 0]
    if kind == b"\x08\x00" and len(ip) >= 20:
        proto, size = ip[9], (ip[0] & 15) * 4
        ends = [socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])]
        body = ip[size:struct.unpack("!H", ip[2:4])[0]]
    elif kind == b"\x86\xdd" and len(ip) >= 40:
        proto, body = ip[6], ip[40:40 + struct.unpack("!H", ip[4:6])[0]]
        ends = [socket.inet_ntop(socket.AF_INET6, ip[8:24]), socket.inet_ntop(socket.AF_INET6, ip[24:40])]
    else:
        return None
    if proto == 6 and len(body) >= 20:
        return [proto, *ends, *struct.unpack("!HH", body[:4]), body[13], len(body) - (body[12] >> 4) * 4]
    if proto == 17 and len(body) >= 8:
        return [proto, *ends, *struct.unpack("!HH", body[:4]), 0, len(body) - 8]
    return [proto, *ends, 0, 0, body[0] if body else 0, len(body)]


s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
s.bind((sys.argv[1], 0))
s.setblocking(False)
offset = time.time() - time.monotonic()
raw = []
print("ready", flush=True)
ended = False
while not ended:
    readable, _, _ = select.select([s, sys.stdin], [], [])
    ended = sys.stdin in readable
    while True:
        try:
            frame, more, _, where = s.recvmsg(96, 64)
        except (BlockingIOError, OSError):
            break
        if where[2] != socket.PACKET_OUTGOING:
            raw.append((frame, more[0][2] if more else None))
out = []
for frame, stamp in raw:
    fields = frame_fields(frame)
    if fields:
        seconds, nanoseconds = struct.unpack("qq", stamp[:16]) if stamp else (0, 0)
        out.append([seconds + nanoseconds / 1e9 - offset, *fields])
json.dump(out, sys.stdout)
