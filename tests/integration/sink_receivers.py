# SPDX-License-Identifier: GPL-2.0-or-later
"""What alert sinks send to, for test_sinks.py: sink_receivers.py KIND LOG ARGUMENT...; it says "ready" when it listens.

Each thing that came is a JSON line of LOG. What an HTTP receiver answers stands in the file LOG.mode, read for each request: ok, 503, hang, or
403 and a word that it dislikes.
"""
import base64
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import sys
import time

KIND, LOG, *ARGUMENTS = sys.argv[1:]


def note(**fields):
    with open(LOG, "a") as log:
        log.write(json.dumps(fields) + "\n")


def tls(cert):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert)
    return context


class Webhook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mode = pathlib.Path(LOG + ".mode").read_text().strip()
        note(headers=dict(self.headers), body=body.decode(), mode=mode, path=self.path)
        if mode == "hang":
            time.sleep(600)
        if mode == "close":
            return
        if " " in mode:  # a code, and what it is for
            code, text = mode.split()
            mode = code if text in body.decode() else "ok"
        self.send_response(200 if mode in ("ok", "endless") else int(mode))
        self.end_headers()
        while mode == "endless":
            self.wfile.write(b"x" * 65536)

    def log_message(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def start_tls(self):
        self.say("220 go on")
        self.request = tls(ARGUMENTS[1]).wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")

    def take_message(self):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.decode())
        return "".join(lines)

    def handle(self):
        secure, seen = False, []
        offers = ARGUMENTS[2] == "starttls"
        self.say("220 mail.test")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            seen.append(line)
            if word == "EHLO":
                self.say("250-mail.test\r\n" + ("250-STARTTLS\r\n" if offers and not secure else "") + "250 AUTH PLAIN")
            elif word == "STARTTLS" and offers:
                self.start_tls()
                secure = True
            elif word == "AUTH":
                token = line.split()[2] if len(line.split()) > 2 else None
                if not token:
                    self.say("334 ")
                    token = self.rfile.readline().decode().strip()
                seen.append(base64.b64decode(token).decode().replace("\0", "|"))
                self.say("235 yes")
            elif word == "DATA":
                note(secure=secure, seen=seen, message=self.take_message())
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 yes")
        note(secure=secure, seen=seen, message=None)


def datagrams(server):
    while True:
        note(text=server.recv(1 << 18).decode("utf-8", "replace"))


def main():
    if KIND == "webhook":
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(ARGUMENTS[0])), Webhook)
        if len(ARGUMENTS) > 1:
            server.socket = tls(ARGUMENTS[1]).wrap_socket(server.socket, server_side=True)
    elif KIND == "mail":
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        server = socketserver.ThreadingTCPServer(("127.0.0.1", int(ARGUMENTS[0])), Mail)
    elif KIND == "unix":
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(ARGUMENTS[0])
        os.chmod(ARGUMENTS[0], 0o666)
    elif KIND == "udp":
        server = socket.socket(type=socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", int(ARGUMENTS[0])))
    elif KIND == "tcp":
        server = socket.create_server(("127.0.0.1", int(ARGUMENTS[0])))
    print("ready", flush=True)
    if KIND in ("webhook", "mail"):
        server.serve_forever()
    elif KIND == "tcp":
        while True:
            with server.accept()[0] as one, one.makefile() as text:
                note(text=text.read())
    else:
        datagrams(server)


main()
