#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make top-tcp.txt and top-udp.txt, the order of `--ports top:N`: data/registry/make-top.py (writes both, beside itself).

Made from facts of our own (the guide, the registry, and the lists below, written for this), from no scan of others. A port
stands where it comes up first:

1. EVERYDAY: what nearly every server, workstation or network device may run, in that order.
2. Ports of pages of the guide: by risk from the internet, then from the link; then advice (reconfigure, review, expected);
   then number. Of a range only the first 8.
3. Ports that the pages call usual too (also_ports), in the same order.
4. SYSTEM: other ports below 1024 that real servers use.
5. SERVERS: other ports of common server software, and where administrators move well-known services.
6. What is left of the ranges of the guide, 16 of each at most.
7. UDP: registered for UDP and not for TCP, so surely meant; by number.
   TCP: the ports of 1 and the first 100 of 2, moved as people move them (+8000, +1, +1000, +10000, +2000, +20000).
8. Ports above 1024 that are easy to remember: multiples of 1000, then four or five equal digits, then multiples of 100.
9. Registered ports by number, until there are LENGTH.

Run it again when the guide or the registry changes, look at the difference, and commit it.
"""
from pathlib import Path

import yaml

LENGTH = 2000
HERE = Path(__file__).resolve().parent
RISKS = ["critical", "high", "medium", "low", "info"]
ADVICE = ["reconfigure", "review", "expected"]

EVERYDAY = {
    "tcp": [
        443, 80, 22, 3389, 445, 23, 21, 25, 8080, 53, 139, 135, 3306, 5432, 8443, 5900, 111, 2049, 389, 636, 88,
        143, 993, 110, 995, 587, 465, 1433, 1521, 6379, 27017, 9200, 2375, 2376, 6443, 10250, 5985, 5986, 8000,
        8888, 9090, 9100, 631, 515, 554, 5060, 1723, 1883, 8883, 5672, 11211, 179, 161, 873, 2222, 8081, 3000,
    ],
    "udp": [
        53, 161, 123, 137, 67, 68, 69, 500, 4500, 1900, 5353, 111, 389, 88, 138, 514, 443, 1194, 51820, 623, 5060, 1812,
        1813, 3702, 5355, 2049, 546, 547, 162, 1701, 520, 3478, 5683, 11211, 6343, 2055, 4789, 47808, 19, 17, 7,
    ],
}

# Of what no page of the guide names: the port and whose it is. An entry without a known server has no place here.
SYSTEM = {
    "tcp": [
        (222, "SSH, moved"), (280, "HP Web JetAdmin"), (311, "macOS Server administration"), (366, "ODMR mail pickup"),
        (407, "Timbuktu"), (444, "HTTPS, moved"), (446, "IBM i DRDA"), (447, "IBM i DDM"), (448, "IBM i DDM over TLS"),
        (449, "IBM i server mapper"), (475, "Sentinel HASP licences"), (497, "Retrospect backup"),
        (523, "Db2 administration server"), (541, "FortiManager"), (625, "macOS Open Directory proxy"),
        (626, "macOS Server serial numbers"), (705, "SNMP AgentX"), (808, ".NET net.tcp sharing"),
        (843, "Flash policy files"), (901, "Samba SWAT"), (981, "Check Point Safe@Office"),
        (987, "Windows Small Business Server"),
    ],
    "udp": [
        (407, "Timbuktu"), (497, "Retrospect backup"), (523, "Db2 discovery"), (626, "macOS Server serial numbers"),
        (749, "Kerberos administration"),
    ],
}

SERVERS = {
    "tcp": [
        (8069, "Odoo"), (8180, "Tomcat of Debian"), (8834, "Nessus"), (8333, "Bitcoin"), (9081, "WebSphere, second"),
        (7777, "Oracle HTTP Server"), (8139, "Puppet agent"), (9981, "Tvheadend"), (4343, "Trend Micro Apex One"),
        (5443, "ejabberd"), (6543, "PgBouncer, moved"), (1526, "Oracle, second listener"), (2100, "Oracle XML DB FTP"),
        (1583, "Actian Zen"), (3351, "Actian Zen Btrieve"), (28017, "MongoDB status page"), (8050, "Splash"),
        (16080, "macOS Server web"), (4022, "SQL Server Service Broker"), (2052, "web behind Cloudflare"),
        (2053, "web behind Cloudflare, TLS"), (1022, "SSH during a release upgrade of Ubuntu"),
        *((port, "RPC of Windows, handed out first") for port in range(49664, 49672)),
        *((port, "RPC of Windows before Vista") for port in range(1025, 1031)),
        *((port, "SSH, moved") for port in (2200, 2201, 8022, 20022, 22022, 50022, 60022)),
        *((port, "RDP, moved") for port in (3388, 3390, 3391, 13389, 33389, 33890)),
        *((port, "FTP, moved") for port in (2021, 2221, 20021, 50021)),
        *((port, "web, moved") for port in (8800, 11080, 4430, 18443)),
        (2526, "SMTP, moved"),
    ],
    "udp": [
        (3799, "RADIUS change of authorization"), (3401, "Squid SNMP"), (17185, "VxWorks debugger"),
        (37020, "Hikvision discovery"), (4791, "RoCE v2"), (37008, "TZSP"), (24441, "Pyzor"), (6481, "Sun Service Tags"),
        (7410, "DDS discovery"), (7411, "DDS data"), (16384, "RTP of Cisco"), (16385, "RTCP of Cisco"),
        (8554, "RTSP, moved"), (8443, "HTTP/3, moved"), (4433, "DTLS and QUIC of test servers"), (6346, "Gnutella"),
        (6771, "BitTorrent local discovery"), (8767, "TeamSpeak 2"), (28960, "Call of Duty"), (30120, "FiveM"),
        (20595, "0 A.D."), (3479, "STUN, second"), (3480, "STUN, third"),
        *((port, "OpenVPN, further or moved") for port in (1195, 1196, 1197, 11194, 21194)),
        *((port, "WireGuard, further") for port in (51821, 51822, 51823, 51819)),
        *((port, "SIP, moved") for port in (5062, 5080)),
    ],
}


def pages():
    for path in sorted(HERE.parent.glob("knowledge/*.yaml")):
        yield from yaml.safe_load(path.read_text())


def ranges(page, field, transport):
    for text in page.get(field) or []:
        span, _, of = text.partition("/")
        if of == transport:
            first, _, last = span.partition("-")
            yield int(first), int(last or first)


def weight(page):
    risk = page["risk"]
    return RISKS.index(risk["internet"]), RISKS.index(risk["link"]), ADVICE.index(page["advice"])


def of_pages(field, transport, start, stop):
    """The start-th to stop-th port of each range, most worthwhile first."""
    found = []
    for page in pages():
        for first, last in ranges(page, field, transport):
            found += [(weight(page), port) for port in range(first + start, min(last + 1, first + stop))]
    return [port for _, port in sorted(found)]


def registered():
    found = {"tcp": [], "udp": []}
    for line in (HERE / "ports.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, span, transport, _ = line.split("\t", 3)
        first, _, last = span.partition("-")
        if name and transport in found and int(last or first) - int(first) < 16:
            found[transport] += range(int(first), int(last or first) + 1)
    return found


def memorable():
    yield from range(2000, 65536, 1000)
    yield from (int(str(digit) * count) for count in (4, 5) for digit in range(1, 10))
    yield from range(1100, 10000, 100)


def moved(ports):
    for by in (8000, 1, 1000, 10000, 2000, 20000):
        yield from (port + by for port in ports)


def candidates(transport):
    risky = of_pages("ports", transport, 0, 8)
    names = registered()
    yield from EVERYDAY[transport]
    yield from risky
    yield from of_pages("also_ports", transport, 0, 8)
    yield from (port for port, _ in SYSTEM[transport] + SERVERS[transport])
    yield from of_pages("ports", transport, 8, 16)
    yield from of_pages("also_ports", transport, 8, 16)
    if transport == "udp":
        yield from sorted(set(names["udp"]) - set(names["tcp"]))
    else:
        yield from moved(EVERYDAY["tcp"] + risky[:100])
    yield from memorable()
    yield from sorted(set(names[transport]))


def order(transport):
    found = {}
    for port in candidates(transport):
        if 0 < port < 65536:
            found[port] = None
    return list(found)[:LENGTH]


def main():
    for transport in ("tcp", "udp"):
        ports = order(transport)
        head = (
            f"# {transport.upper()} ports, most worthwhile first, for --ports top:N. Made by make-top.py, which says how; do not edit.\n"
            "# In short: everyday services, then the pages of the guide by risk and advice, then their other usual ports, then\n"
            "# ports of real servers below 1024 and of common server software, then the rest by rule.\n"
        )
        (HERE / f"top-{transport}.txt").write_text(head + "".join(f"{port}\n" for port in ports))
        print(f"top-{transport}.txt: {len(ports)} ports")


if __name__ == "__main__":
    main()
