# SPDX-License-Identifier: GPL-2.0-or-later
"""The UDP method alone, by the driver of tests/unit, against servers of these tests and the real ones of a lab."""
import collections
import time

import pytest

import lab_truth
from conftest import BUILD, PYTHON, need_root, run, wait_for

pytestmark = [need_root, pytest.mark.alone]
DRIVER = BUILD / "tests/unit/scan-udp-driver"
# enum endpoint_reason
REPLY, PORT_UNREACHABLE, PROHIBITED, HOST_UNREACHABLE, NOT_ASKED, LOCAL = 3, 6, 7, 8, 14, 15

# Succeeds when a closed TCP port refuses.
KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 1), timeout=0.1)
except ConnectionRefusedError:
    sys.exit(0)
except OSError:
    pass
sys.exit(1)
"""

Heard = collections.namedtuple("Heard", "kind reason address port attempt canary ttl rtt_us")
Statistics = collections.namedtuple("Statistics", "sent refused received dropped forged gate")


class Outcome:
    def __init__(self, text):
        lines = [line.split() for line in text.splitlines()]
        self.heard = [Heard(l[1], int(l[2]), l[3], *map(int, l[4:])) for l in lines if l[0] == "heard"]
        self.statistics = Statistics(*map(int, lines[-1][1:]))

    def kinds(self):
        """What is said of each port: once, whatever else is heard of it."""
        found = {}
        for h in self.heard:
            found.setdefault(h.port, set()).add((h.kind, h.reason))
        return found


def drive(ns, *argv, **kwargs):
    return Outcome(ns.run(DRIVER, *argv, **kwargs).stdout)


def settle(scanner, address):
    """Wait until the two have found each other: IPv6 may take a second after a link comes up."""
    wait_for(lambda: scanner.run(PYTHON, "-c", KNOCK, address, check=False).returncode == 0, what=address)


@pytest.fixture
def pair(netns):
    """A scanner and a target on one link."""
    scanner, target = netns(), netns()
    scanner.run("ip", "link", "add", "s0", "type", "veth", "peer", "name", "t0", "netns", target.name)
    for ns, dev, last in ((scanner, "s0", 1), (target, "t0", 2)):
        ns.run("sysctl", "-qw", f"net.ipv6.conf.{dev}.accept_dad=0")
        ns.run("ip", "addr", "add", f"10.99.0.{last}/24", "dev", dev)
        ns.run("ip", "-6", "addr", "add", f"fd99::{last}/64", "dev", dev, "nodad")
        ns.run("ip", "link", "set", dev, "up")
    # ICMP as fast as it is asked for; tests that want a limit set one
    target.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000",
               "net.ipv4.icmp_msgs_burst=100000", "net.ipv6.icmp.ratelimit=0")
    settle(scanner, "10.99.0.2")
    return scanner, target


ANSWER = """
import select
def open_udp(address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    return s
def serve(socks, answer):
    print("ready", flush=True)
    while True:
        for s in select.select([*socks, sys.stdin], [], [])[0]:
            if s is sys.stdin:
                sys.exit()
            answer(s, *s.recvfrom(4096))
"""


def server(ns, code):
    return ns.python(ANSWER + code)


def test_open_and_closed(pair):
    scanner, target = pair
    server(target, "socks = [open_udp(a, p) for a in ('10.99.0.2', 'fd99::2') for p in (40000, 40001)]\n"
                   "serve(socks, lambda s, data, peer: s.sendto(b'hello', peer))")
    settle(scanner, "fd99::2")
    for address in ("10.99.0.2", "fd99::2"):
        out = drive(scanner, address, "39990-40010")
        expect = {p: {("closed", PORT_UNREACHABLE)} for p in range(39990, 40011)}
        expect.update({p: {("open", REPLY)} for p in (40000, 40001)})
        assert out.kinds() == expect
        late = [h for h in out.heard if h.attempt or h.address != address]
        assert not late
        assert all(0 < h.rtt_us < 200000 for h in out.heard)
        assert all(h.ttl == 64 for h in out.heard if h.kind == "open")
        assert out.statistics == (21, 0, 21, 0, 0, 0)


def test_link_local(pair):
    scanner, target = pair
    server(target, "serve([open_udp('::', 40000)], lambda s, data, peer: s.sendto(b'hello', peer))")
    text = target.run("ip", "-6", "-o", "addr", "show", "dev", "t0", "scope", "link").stdout
    address = text.split()[3].split("/")[0]
    settle(scanner, "fd99::2")
    assert drive(scanner, f"{address}%s0", "40000").kinds() == {40000: {("open", REPLY)}}


def test_loopback_has_an_error_a_probe(netns):
    """Each datagram to a closed port brings its ICMP message before the next one leaves."""
    ns = netns()
    server(ns, "serve([open_udp('127.0.0.1', 3000)], lambda s, data, peer: s.sendto(data, peer))")
    out = drive(ns, "127.0.0.1", "1-9099,9108-20000")
    wrong = {p: k for p, k in out.kinds().items() if k != {("closed", PORT_UNREACHABLE)}}
    assert wrong == {3000: {("open", REPLY)}}
    assert len(out.kinds()) == 20000 - 8
    assert out.statistics.forged == 0


def test_own_sockets_are_no_services(netns):
    """A scan of this machine meets the sockets that it asks from: they are told as closed."""
    ns = netns()
    ns.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=50000 50063")
    for address in ("127.0.0.1", "127.0.0.2"):
        out = drive(ns, "--attempts", "3", address, "50000-50063")
        assert {h.kind for h in out.heard} == {"closed"}
        assert set(out.kinds()) == set(range(50000, 50064))


@pytest.mark.parametrize("what,kind", [
    ("icmp type port-unreachable", ("closed", PORT_UNREACHABLE)),
    ("icmp type admin-prohibited", ("prohibited", PROHIBITED)),
    ("icmp type net-prohibited", ("prohibited", PROHIBITED)),
    ("icmp type host-prohibited", ("prohibited", PROHIBITED)),
    ("icmp type host-unreachable", ("unreachable", HOST_UNREACHABLE)),
    ("icmp type net-unreachable", ("unreachable", HOST_UNREACHABLE)),
    ("icmpv6 type port-unreachable", ("closed", PORT_UNREACHABLE)),
    ("icmpv6 type admin-prohibited", ("prohibited", PROHIBITED)),
    ("icmpv6 type no-route", ("unreachable", HOST_UNREACHABLE)),
    ("icmpv6 type addr-unreachable", ("unreachable", HOST_UNREACHABLE)),
])
def test_rejected(pair, what, kind):
    scanner, target = pair
    target.run("nft", f"table inet t {{ chain c {{ type filter hook input priority 0; udp dport 7000 reject with {what}; }}; }}")
    address = "fd99::2" if "v6" in what else "10.99.0.2"
    settle(scanner, address)
    assert drive(scanner, address, "7000").kinds() == {7000: {kind}}


def test_a_filter_on_the_way_is_not_the_host(netns):
    scanner, router, target = netns(), netns(), netns()
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    for ns, near, far in ((scanner, "10.98.1.1", "10.98.1.2"), (target, "10.98.2.1", "10.98.2.2")):
        dev = f"r{near[6]}"
        router.run("ip", "link", "add", dev, "type", "veth", "peer", "name", "e0", "netns", ns.name)
        router.run("ip", "addr", "add", f"{near}/24", "dev", dev)
        router.run("ip", "link", "set", dev, "up")
        ns.run("ip", "addr", "add", f"{far}/24", "dev", "e0")
        ns.run("ip", "link", "set", "e0", "up")
        ns.run("ip", "route", "add", "default", "via", near)
    router.run("nft", "table inet t { chain c { type filter hook forward priority 0; udp dport 7000 reject with icmp type port-unreachable; }; }")
    out = drive(scanner, "10.98.2.2", "7000,7001")
    assert out.kinds() == {7000: {("prohibited", PROHIBITED)}, 7001: {("closed", PORT_UNREACHABLE)}}


def test_no_route_and_a_local_filter(pair):
    scanner, _ = pair
    scanner.run("nft", "table inet t { chain c { type filter hook output priority 0; udp dport 7000 drop; }; }")
    out = drive(scanner, "--attempts", "1", "10.99.0.2", "6999-7001")
    assert out.kinds() == {6999: {("closed", PORT_UNREACHABLE)}, 7000: {("not-sent", LOCAL)},
                           7001: {("closed", PORT_UNREACHABLE)}}
    assert out.statistics.refused == 1
    out = drive(scanner, "--attempts", "1", "10.97.0.1", "53,54")
    assert {kind for port in out.kinds().values() for kind, _ in port} == {"not-sent"}


def test_forged(pair):
    """Answers from another port, another address, with another cookie: none is a verdict."""
    scanner, target = pair
    target.run("ip", "addr", "add", "10.99.0.3/24", "dev", "t0")
    server(target, """
wrong_port, wrong_host = open_udp('10.99.0.2', 54), open_udp('10.99.0.3', 53)
asked = [open_udp('10.99.0.2', p) for p in (53, 161, 123, 5060, 111)]
def answer(s, data, peer):
    port = s.getsockname()[1]
    reply = bytearray(data)
    if port == 53:
        reply[2] = 0x80
        for other in wrong_port, wrong_host:
            other.sendto(reply, peer)
        reply[0] ^= 1
    elif port == 161:
        if len(data) != 64: return
        reply[12] ^= 1
    elif port == 123:
        if len(data) != 48: return
        reply = bytes([0x24]) + bytes(23) + bytes([data[40] ^ 1]) + data[41:48] + bytes(16)
    elif port == 5060:
        if not data.startswith(b'OPTIONS'): return
        reply = b'SIP/2.0 200 OK\\r\\nVia: SIP/2.0/UDP x;branch=z9hG4bK00000000\\r\\n\\r\\n'
    else:
        if len(data) != 40 or data[4:12] != bytes(7) + b'\\2': return
        reply = bytes([data[0] ^ 1]) + data[1:4] + bytes([0, 0, 0, 1]) + bytes(16)
    s.sendto(reply, peer)
serve(asked, answer)
""")
    out = drive(scanner, "--attempts", "1", "10.99.0.2", "53,111,123,161,5060")
    assert [h for h in out.heard if h.address == "10.99.0.2" and h.port != 54] == []
    assert out.statistics.forged >= 5


def test_forged_icmp(pair):
    """An ICMP message that quotes other bytes than were sent, and the true one."""
    scanner, target = pair
    code = """
import struct
def checksum(b):
    b += b'\\0' * (len(b) % 2)
    total = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def answer(s, data, peer):
    port = s.getsockname()[1]
    body = bytearray(data)
    if port == 7001: body[0] ^= 1
    if port == 7002: body = b''
    quote = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28 + len(data), 1, 0, 64, 17, 0, socket.inet_aton(peer[0]), socket.inet_aton('10.99.0.2'))
    quote += struct.pack('!HHHH', peer[1], port, 8 + len(data), 0) + body
    head = struct.pack('!BBHI', 3, 13, 0, 0)
    head = struct.pack('!BBHI', 3, 13, checksum(head + quote), 0)
    raw.sendto(head + quote, (peer[0], 0))
serve([open_udp('10.99.0.2', p) for p in (7000, 7001, 7002)], answer)
"""
    server(target, code)
    out = drive(scanner, "--attempts", "2", "10.99.0.2", "7000-7002")
    assert out.kinds() == {7000: {("prohibited", PROHIBITED)}, 7002: {("prohibited", PROHIBITED)}}
    assert out.statistics.forged == 2


def test_canary_is_told(pair):
    scanner, target = pair
    server(target, """
def answer(s, data, peer):
    s.sendto(data[:2] + b'\\x80' + data[3:], peer)
serve([open_udp('10.99.0.2', 53)], answer)
""")
    assert [h.canary for h in drive(scanner, "--canary", "10.99.0.2", "53").heard] == [1]
    assert [h.canary for h in drive(scanner, "10.99.0.2", "53").heard] == [0]


def test_tftp_answers_from_another_port(pair):
    scanner, target = pair
    server(target, """
def answer(s, data, peer):
    if data[:2] == b'\\0\\1':  # a STUN request looks so, too
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'\\0\\5\\0\\1none\\0', peer)
serve([open_udp('10.99.0.2', p) for p in (69, 7000)], answer)
""")
    out = drive(scanner, "10.99.0.2", "69,7000")
    assert out.kinds() == {69: {("open", REPLY)}, 7000: {("open", REPLY)}}
    assert out.heard[0].attempt == 0


def test_each_payload_of_a_port_is_sent_once(pair):
    """A silent port gets the list: distinct payloads, each from a port of its own; printers get nothing."""
    scanner, target = pair
    log = server(target, """
seen = []
print("ready", flush=True)
socks = [open_udp('10.99.0.2', p) for p in (7000, 514, 9100, 47808)]
import select
while True:
    ready = select.select([*socks, sys.stdin], [], [])[0]
    if sys.stdin in ready:
        break
    for s in ready:
        data, peer = s.recvfrom(4096)
        seen.append((s.getsockname()[1], peer[1], data.hex()))
print(seen, flush=True)
""")
    out = drive(scanner, "--wait", "50", "10.99.0.2", "7000,514,9100,47808")
    log.stdin.close()
    seen = eval(log.stdout.readline())
    at = collections.defaultdict(list)
    for port, source, data in seen:
        at[port].append((source, data))
    assert len(at[7000]) >= 10 and len({d for _, d in at[7000]}) == len({s for s, _ in at[7000]}) == len(at[7000])
    assert [d for _, d in at[514]] == [""] and [d for _, d in at[47808]] == [""]
    assert 9100 not in at and out.kinds() == {9100: {("not-sent", NOT_ASKED)}}
    server(target, "serve([open_udp('10.99.0.2', 9101)], lambda s, data, peer: s.sendto(data + b'x', peer))")
    assert drive(scanner, "--server", "10.99.0.2", "9101").kinds() == {9101: {("open", REPLY)}}


def test_a_flood_holds_nobody(pair):
    """One port answers without end; another still gets its verdict, and what was lost is counted."""
    scanner, target = pair
    server(target, """
def answer(s, data, peer):
    if s.getsockname()[1] == 7001:
        time.sleep(0.3)
        return s.sendto(b'late', peer)
    if not os.fork():
        end = time.monotonic() + 2
        while time.monotonic() < end:
            s.sendto(b'x' * 1400, peer)
        os._exit(0)
serve([open_udp('10.99.0.2', p) for p in (7000, 7001)], answer)
""")
    begin = time.monotonic()
    out = drive(scanner, "--attempts", "1", "--wait", "1000", "10.99.0.2", "7000-7002")
    assert time.monotonic() - begin < 10
    assert out.kinds() == {7000: {("open", REPLY)}, 7001: {("open", REPLY)}, 7002: {("closed", PORT_UNREACHABLE)}}
    assert out.statistics.received + out.statistics.dropped > 1000


def test_out_of_scope_does_not_leave(pair):
    """The gate refuses the batch; what was in scope goes out alone, the other is told as not sent."""
    scanner, target = pair
    target.run("ip", "addr", "add", "10.99.0.9/24", "dev", "t0")
    target.run("nft", "table ip t { chain c { type filter hook input priority 0; ip daddr 10.99.0.9 counter; }; }")
    out = drive(scanner, "--attempts", "1", "--outside", "10.99.0.9", "10.99.0.2", "53")
    assert ("not-sent", LOCAL) in {(h.kind, h.reason) for h in out.heard if h.address == "10.99.0.9"}
    assert out.statistics.gate >= 1
    assert "packets 0 " in target.run("nft", "list", "ruleset").stdout


def test_out_of_descriptors(netns):
    ns = netns()
    done = ns.run("prlimit", "--nofile=32", DRIVER, "127.0.0.1", "53", check=False)
    assert done.returncode == 1 and "UDP socket" in done.stderr


@pytest.mark.lab
def test_real_servers(lab):
    """Each of the lab's UDP services that answers, and no other of those ports."""
    mute = {"unknown", "radius"}  # freeradius does not answer the payload of a scan, which knows no shared secret
    truth = {place for place, row in lab_truth.places("udp").items() if not lab_truth.silent(row) and row["protocol"] not in mute}
    assert len(truth) > 12
    for address in sorted({a for a, *_ in truth}):
        ports = {p for a, _, p in truth if a == address}
        result = run("ip", "netns", "exec", lab_truth.SCANNER, DRIVER, "--wait", "500", address, ",".join(map(str, sorted(ports))))
        found = {p for p, k in Outcome(result.stdout).kinds().items() if k == {("open", REPLY)}}
        assert found == ports, f"{address}: not found {sorted(ports - found)}\n{result.stdout}"
