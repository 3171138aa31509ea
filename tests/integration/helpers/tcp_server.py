#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Listen on many (address, port) pairs: tcp_server.py accept|close|banner|echo JSON. Says "ready"; ends with its input."""
import json
import resource
import selectors
import socket
import sys
import time

mode, pairs = sys.argv[1], json.loads(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
selector = selectors.DefaultSelector()
for address, port in pairs:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)
    listener.bind((address, port))
    listener.listen(1024)
    selector.register(listener, selectors.EVENT_READ, port)
selector.register(sys.stdin, selectors.EVENT_READ, "stdin")
print("ready", flush=True)
kept = []  # connections of the last seconds: whoever stays silent keeps them open


def greet(connection, port):
    if mode == "close":
        connection.close()
        return
    if mode == "banner":
        connection.send(f"220 service {port} says hello\r\n".encode())
    connection.setblocking(False)
    selector.register(connection, selectors.EVENT_READ, "peer")
    kept.append((time.monotonic(), connection))


def drop(connection):
    try:
        selector.unregister(connection)
    except (KeyError, ValueError):
        pass
    connection.close()


while True:
    for key, _ in selector.select(timeout=5):
        if key.data == "stdin":
            sys.exit(0)
        if key.data == "peer":
            try:
                data = key.fileobj.recv(4096)
                if mode == "echo" and data:
                    key.fileobj.send(data)
            except OSError:
                data = b""
            if not data:
                drop(key.fileobj)
            continue
        try:
            greet(key.fileobj.accept()[0], key.data)
        except OSError:
            pass
    while kept and (time.monotonic() - kept[0][0] > 30 or len(kept) > 10000):
        drop(kept.pop(0)[1])
