#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A slow cable: delay_wire.py DEVICE DEVICE MILLISECONDS. Frames of each come out of the other, that much later."""
import collections
import select
import socket
import sys
import time

devices, delay = sys.argv[1:3], float(sys.argv[3]) / 1000
ends = []
for device in devices:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((device, 0))
    s.setblocking(False)
    ends.append(s)
held = collections.deque()
print("ready", flush=True)
while True:
    left = max(0.0, held[0][0] - time.monotonic()) if held else 5.0
    readable, _, _ = select.select([*ends, sys.stdin], [], [], left)
    if sys.stdin in readable:
        break
    for i, s in enumerate(ends):
        if s not in readable:
            continue
        for _ in range(1024):
            try:
                frame, where = s.recvfrom(65535)
            except BlockingIOError:
                break
            if where[2] != socket.PACKET_OUTGOING:
                held.append((time.monotonic() + delay, ends[1 - i], frame))
    while held and held[0][0] <= time.monotonic():
        _, to, frame = held.popleft()
        try:
            to.send(frame)
        except OSError:
            pass
