# SPDX-License-Identifier: GPL-2.0-or-later
"""
The SYN method and discovery alone (scan-syn-driver), on links of namespaces made here: at a rate for packet sockets, and at
one for AF_XDP, which must make no difference.
"""
import collections
import itertools
import re
import subprocess
import time

import pytest

from conftest import BUILD, need_root, run, wait_for

pytestmark = [need_root, pytest.mark.alone]
DRIVER = BUILD / "tests" / "unit" / "scan-syn-driver"
SCOPE4, HERE4, THERE4 = "10.99.0.0/24", "10.99.0.1", "10.99.0.2"
SCOPE6, HERE6, THERE6 = "fd99::/64", "fd99::1", "fd99::2"
OPEN, CLOSED = 8022, 8023
REASON = {"syn-ack": "1", "reply": "3", "rst": "4", "port-unreachable": "6", "prohibited": "7", "host-unreachable": "8"}
Heard = collections.namedtuple("Heard", "kind reason address port attempt canary ttl rtt_us mac")
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
NET_RAW = [*NOBODY, "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]
SLOW, FAST = "300000", "300001"
_links = itertools.count()


@pytest.fixture(autouse=True, params=[SLOW, FAST], ids=["packet", "xdp"])
def rate(request, monkeypatch):
    """What the driver tells the method of the rate: only that chooses the way frames leave."""
    monkeypatch.setenv("RATE", request.param)
    return request.param


def quiet_namespace(netns, ipv6=True):
    """Without the chatter of IPv6 where frames are counted, and without waits for duplicate addresses."""
    ns = netns()
    for device in ("all", "default"):
        ns.run("sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6={0 if ipv6 else 1}",
               f"net.ipv6.conf.{device}.accept_dad=0", f"net.ipv6.conf.{device}.router_solicitations=0")
    return ns


def link(a, b, *networks):
    """A cable between two namespaces; networks: (address of a, address of b)."""
    name = f"w{next(_links)}"
    run("ip", "link", "add", f"{name}a", "netns", a.name, "type", "veth", "peer", "name", f"{name}b", "netns", b.name)
    for ns, device, side in ((a, f"{name}a", 0), (b, f"{name}b", 1)):
        for pair in networks:
            ns.run("ip", "addr", "add", pair[side], "dev", device, *(["nodad"] if ":" in pair[side] else []))
        ns.run("ip", "link", "set", device, "up")
    # An end that is not up has not joined the groups that neighbour solicitation asks.
    for ns, device in ((a, f"{name}a"), (b, f"{name}b")):
        wait_for(lambda: "state UP" in ns.run("ip", "link", "show", "dev", device).stdout, what="link")
    return f"{name}a", f"{name}b"


def listen(ns, *ports):
    ns.python("""
held = []
for family, port in ((f, int(p)) for f in (socket.AF_INET, socket.AF_INET6) for p in sys.argv[1:]):
    s = socket.socket(family)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", port))
    s.listen()
    held.append(s)
print("ready", flush=True)""", *ports)


@pytest.fixture
def pair(netns):
    a, b = quiet_namespace(netns), quiet_namespace(netns)
    a.device, b.device = link(a, b, (f"{HERE4}/24", f"{THERE4}/24"), (f"{HERE6}/64", f"{THERE6}/64"))
    return a, b


class Run:
    def __init__(self, text):
        *lines, last = text.splitlines()
        self.heard = [Heard(*line.split()) for line in lines if not line.startswith("speed")]
        self.count = {word: int(n) for word, n in re.findall(r"([a-z]+) (\d+)", last)}

    def ports(self, kind):
        return sorted({int(h.port) for h in self.heard if h.kind == kind})


def syn(ns, scope, target, first, last, attempts=1, linger_ms=150, prefix=()):
    return Run(ns.run(*prefix, DRIVER, "syn", scope, target, first, last, attempts, linger_ms).stdout)


def discover(ns, scope, *targets, attempts=1, linger_ms=150):
    return Run(ns.run(DRIVER, "discover", scope, attempts, linger_ms, *targets).stdout)


def nft(ns, rules):
    ns.run("nft", "-f", "-", input=rules + "\n")


def counter(ns, name):
    return int(float(ns.run("nstat", "-asz", name).stdout.split()[-2]))


@pytest.mark.parametrize("scope, target", [(SCOPE4, THERE4), (SCOPE6, THERE6)])
def test_open_and_closed(pair, scope, target):
    a, b = pair
    listen(b, OPEN)
    seen = syn(a, scope, target, OPEN - 2, OPEN + 2, attempts=16)
    assert len(seen.heard) == 5 * 16
    for h in seen.heard:
        is_open = int(h.port) == OPEN
        assert (h.kind, h.reason) == (("open", REASON["syn-ack"]) if is_open else ("closed", REASON["rst"]))
        assert h.address == target and h.ttl == "64" and int(is_open) <= int(h.rtt_us) < 1_000_000
        assert h.canary == ("1" if h.attempt == "2" else "0")
    assert {h.attempt for h in seen.heard} == {str(n) for n in range(16)}
    # A RST echoes no timestamp; the table of send times forgets one of two probes that share a line.
    assert sum(h.rtt_us == "0" for h in seen.heard) < 8
    assert seen.count["sent"] == 80 and seen.count["forged"] == 0 and seen.count["dropped"] == 0
    assert counter(b, "TcpInCsumErrors") == 0 and counter(b, "TcpOutRsts") >= 64
    # What was left half open is reset by the kernel of the asking side.
    assert "SYN-RECV" not in b.run("ss", "-Htan").stdout


def test_link_local(pair):
    a, b = pair
    text = b.run("ip", "-6", "addr", "show", "dev", b.device, "scope", "link").stdout
    address = re.search(r"inet6 (fe80::[0-9a-f:]+)", text)[1]
    listen(b, OPEN)
    seen = syn(a, "fe80::/64", f"{address}%{a.device}", OPEN, CLOSED)
    assert seen.ports("open") == [OPEN] and seen.ports("closed") == [CLOSED]


@pytest.mark.parametrize("target", ["127.0.0.1", "127.9.9.9", "::1", HERE4, HERE6])
def test_own_addresses(pair, target):
    a, _ = pair
    listen(a, OPEN)
    seen = syn(a, SCOPE4, target, OPEN, CLOSED, attempts=2)
    assert seen.ports("open") == [OPEN] and seen.ports("closed") == [CLOSED] and len(seen.heard) == 4
    assert [h.kind for h in discover(a, SCOPE4, target).heard] == ["alive"]


@pytest.mark.parametrize("scope, target, family, refusals", [
    (SCOPE4, THERE4, "icmp", {"admin-prohibited": ("prohibited", "prohibited"), "net-prohibited": ("prohibited", "prohibited"),
                              "host-prohibited": ("prohibited", "prohibited"), "port-unreachable": ("prohibited", "port-unreachable"),
                              "host-unreachable": ("unreachable", "host-unreachable"),
                              "net-unreachable": ("unreachable", "host-unreachable")}),
    (SCOPE6, THERE6, "icmpv6", {"admin-prohibited": ("prohibited", "prohibited"), "no-route": ("unreachable", "host-unreachable"),
                                "addr-unreachable": ("unreachable", "host-unreachable"),
                                "policy-fail": ("prohibited", "prohibited"), "reject-route": ("prohibited", "prohibited"),
                                "port-unreachable": ("prohibited", "port-unreachable")}),
])
def test_refusals(pair, scope, target, family, refusals):
    a, b = pair
    rules = "\n".join(f"tcp dport {OPEN + n} reject with {family} type {kind}" for n, kind in enumerate(refusals))
    nft(b, f"""table inet t {{
        chain c {{
            type filter hook input priority 0;
            {rules}
            tcp dport {OPEN + len(refusals)} drop
        }}
    }}""")
    b.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
    seen = syn(a, scope, target, OPEN, OPEN + len(refusals))
    assert {int(h.port): (h.kind, h.reason) for h in seen.heard} == {
        OPEN + n: (kind, REASON[reason]) for n, (kind, reason) in enumerate(refusals.values())}
    assert all(h.address == target for h in seen.heard)


def test_through_a_router(netns):
    a, router, b = (quiet_namespace(netns) for _ in range(3))
    link(a, router, ("10.99.1.1/24", "10.99.1.254/24"), ("fd99:1::1/64", "fd99:1::fe/64"))
    link(router, b, ("10.99.2.254/24", "10.99.2.2/24"), ("fd99:2::fe/64", "fd99:2::2/64"))
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0")
    router.run("ip", "route", "add", "unreachable", "10.99.3.0/24")
    for ns, gateway in ((a, "10.99.1.254"), (b, "10.99.2.254")):
        ns.run("ip", "route", "add", "default", "via", gateway)
    for ns, gateway in ((a, "fd99:1::fe"), (b, "fd99:2::fe")):
        ns.run("ip", "-6", "route", "add", "default", "via", gateway)
    listen(b, OPEN, 443)
    for scope, target in (("10.99.0.0/16", "10.99.2.2"), ("fd99::/16", "fd99:2::2")):
        # At first the router's hardware address is known to nobody, then the kernel has it.
        for _ in range(2):
            seen = syn(a, scope, target, OPEN, CLOSED)
            assert seen.ports("open") == [OPEN] and seen.ports("closed") == [CLOSED], (target, seen.heard, seen.count)
            assert {h.ttl for h in seen.heard} == {"63"}
    seen = syn(a, "10.99.0.0/16", "10.99.3.9", OPEN, OPEN)
    assert [(h.kind, h.address) for h in seen.heard] == [("unreachable", "10.99.3.9")]

    # Each question of discovery alone must find the host.
    for attempt, (rule, reason) in enumerate([("icmp type echo-request", "reply"), ("tcp dport 443", "syn-ack"),
                                              ("tcp flags & (syn | ack) == ack", "rst"), ("icmp type timestamp-request", "reply"),
                                              ("udp dport 40125", "port-unreachable"), ("tcp dport 22", "rst")]):
        nft(b, f"""table ip t {{
            chain c {{
                type filter hook input priority 0; policy drop;
                {rule} accept
            }}
        }}""")
        seen = discover(a, "10.99.0.0/16", "10.99.2.2", "10.99.2.3", attempts=3)
        assert {(h.kind, h.reason, h.address) for h in seen.heard} == {("alive", REASON[reason], "10.99.2.2")}, (attempt, rule)
        b.run("nft", "delete", "table", "ip", "t")
    seen = discover(a, "fd99::/16", "fd99:2::2", "fd99:2::3", attempts=3)
    assert {(h.kind, h.address) for h in seen.heard} == {("alive", "fd99:2::2")}
    assert {REASON["reply"], REASON["syn-ack"], REASON["rst"], REASON["port-unreachable"]} == {h.reason for h in seen.heard}


def test_neighbours(pair):
    a, b = pair
    mac = re.search(r"link/ether (\S+)", b.run("ip", "link", "show", "dev", b.device).stdout)[1]
    seen = discover(a, SCOPE4, THERE4, "10.99.0.3")
    assert [(h.kind, h.address, h.mac) for h in seen.heard] == [("neighbour", THERE4, mac)]
    assert seen.count["sent"] == 2 and int(seen.heard[0].rtt_us) > 0
    seen = discover(a, SCOPE6, THERE6, "fd99::3")
    assert [(h.kind, h.address, h.mac) for h in seen.heard] == [("neighbour", THERE6, mac)]


def test_nothing_leaves_the_scope(netns):
    a, b = quiet_namespace(netns, ipv6=False), quiet_namespace(netns, ipv6=False)
    a.device, b.device = link(a, b, (f"{HERE4}/16", f"{THERE4}/16"), ("192.0.2.1/24", "192.0.2.2/24"))

    def frames():
        return int(b.run("cat", f"/sys/class/net/{b.device}/statistics/rx_packets").stdout)

    # Behind a router whose hardware address is known nothing but the gate is in the way.
    mac = b.run("cat", f"/sys/class/net/{b.device}/address").stdout.strip()
    a.run("ip", "neigh", "replace", THERE4, "lladdr", mac, "dev", a.device)
    a.run("ip", "route", "add", "198.51.100.0/24", "via", THERE4)
    for target in ("10.99.1.2", "192.0.2.2", "10.99.255.255", "224.0.0.1", "198.51.100.1"):
        before = frames()
        seen = syn(a, SCOPE4, target, 80, 200, attempts=2, linger_ms=20)
        assert {h.kind for h in seen.heard} == {"not-sent"} and len(seen.heard) == 242, target
        assert discover(a, SCOPE4, target, attempts=2, linger_ms=20).count["sent"] == 0
        assert frames() == before and seen.count["sent"] == 0, target
    before = frames()
    assert syn(a, SCOPE4, THERE4, 80, 89).ports("closed") == list(range(80, 90))
    assert frames() >= before + 10  # so the counter counts


FORGER = """
import struct
device = sys.argv[1]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
s.bind((device, 0))
print("ready", flush=True)

def add(data):
    data += b"\\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def ip(protocol, payload, source, target, fragment=0):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0) + source + target
    return head[:10] + struct.pack(">H", add(head)) + head[12:] + payload

def tcp(source, target, from_port, to_port, seq, ack, flags):
    body = struct.pack(">HHIIBBHHH", from_port, to_port, seq, ack, 0x50, flags, 1000, 0, 0)
    return body[:16] + struct.pack(">H", add(source + target + struct.pack(">HH", 6, 20) + body)) + body[18:]

def icmp(kind, code, quote):
    body = struct.pack(">BBHI", kind, code, 0, 0) + quote
    return body[:2] + struct.pack(">H", add(body)) + body[4:]

while True:
    frame = s.recv(2000)
    if frame[23] != 6 or frame[47] != 2:
        continue
    link, head = frame[6:12] + frame[:6] + frame[12:14], frame[14:34]
    me, you = frame[30:34], frame[26:30]
    other = me[:3] + b"\\x09"
    mine, yours, seq = struct.unpack(">HHI", frame[36:38] + frame[34:36] + frame[38:42])
    quote = frame[14:]
    wrong = quote[:24] + struct.pack(">I", seq ^ 1) + quote[28:]
    stolen = quote[:12] + other + quote[16:]
    replies = {
        0: ip(6, tcp(me, you, mine, yours, 1, seq + 1, 0x12), me, you),  # right
        1: ip(6, tcp(me, you, mine, yours, 1, seq + 2, 0x12), me, you),
        2: ip(6, tcp(me, you, mine, yours, 1, seq, 0x14), me, you),
        3: ip(6, tcp(me, you, mine + 100, yours, 1, seq + 1, 0x12), me, you),
        4: ip(6, tcp(me, you, mine, yours ^ 1, 1, seq + 1, 0x12), me, you),
        5: ip(6, tcp(other, you, mine, yours, 1, seq + 1, 0x12), other, you),
        6: ip(1, icmp(3, 13, wrong), me, you),
        7: ip(1, icmp(3, 13, stolen), me, you),
        8: ip(6, tcp(me, you, mine, yours, 1, seq + 1, 0x12), me, you, 0x2000),  # a fragment
        9: ip(6, tcp(me, you, mine, yours, 1, seq + 1, 0x12), me, you)[:36],  # cut
        10: ip(1, icmp(3, 13, quote[:27]), me, you),  # quotes less than the number
        11: ip(1, icmp(3, 13, quote[:28]), other, you),  # right, from a router, as short as may be
    }
    s.send(link + replies[(mine - 8000) % 12])
"""


def test_forged_replies(pair):
    a, b = pair
    nft(b, """table ip t {
        chain c {
            type filter hook input priority 0;
            ip protocol tcp drop
        }
    }""")
    b.python(FORGER, b.device)
    seen = syn(a, SCOPE4, THERE4, 8000, 8011, linger_ms=300)
    assert sorted((h.kind, int(h.port)) for h in seen.heard) == [("open", 8000), ("prohibited", 8011)]
    assert seen.count["forged"] == 7  # 1 to 7; the others are no packets for us


def test_link_without_addresses(netns):
    """A tunnel's end in a process: what goes in has no link layer, nor has what comes out."""
    a = quiet_namespace(netns)
    a.python("""
import fcntl, struct, os
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", b"tun0", 0x1001))
os.system("ip addr add 10.99.0.1 peer 10.99.0.2/32 dev tun0; ip link set tun0 up")
print("ready", flush=True)
while True:
    p = os.read(tun, 2000)
    if p[0] >> 4 != 4 or p[9] != 6:
        continue
    ports, seq = p[22:24] + p[20:22], struct.unpack(">I", p[24:28])[0]
    flags = 0x12 if p[22:24] == struct.pack(">H", 8022) else 0x14
    os.write(tun, struct.pack(">BBHHHBBH", 0x45, 0, 40, 1, 0, 50, 6, 0) + p[16:20] + p[12:16] + ports
             + struct.pack(">IIBBHHH", 9, seq + 1, 0x50, flags, 100, 0, 0))
""")
    # Its checksums are wrong on purpose: the cookie decides, and the header's are not looked at.
    seen = syn(a, SCOPE4, THERE4, OPEN, CLOSED)
    assert seen.ports("open") == [OPEN] and seen.ports("closed") == [CLOSED]
    assert {h.ttl for h in seen.heard} == {"50"}


def test_privilege(pair):
    a, b = pair
    listen(b, OPEN)
    assert syn(a, SCOPE4, THERE4, OPEN, OPEN, prefix=NET_RAW).ports("open") == [OPEN]
    refused = a.run(*NOBODY, "--inh-caps=-all", "--bounding-set=-all", DRIVER, "syn", SCOPE4, THERE4, OPEN, OPEN, 1, 1, check=False)
    assert refused.returncode == 1 and "CAP_NET_RAW" in refused.stderr


def test_way(pair, rate):
    """AF_XDP for Ethernet at high rates only, with no more right than packet sockets need; and without it nothing is missed."""
    a, b = pair
    listen(b, OPEN)
    for scope, target in ((SCOPE4, THERE4), (SCOPE6, THERE6)):
        for prefix in ([], NET_RAW):
            seen = syn(a, scope, target, OPEN - 100, OPEN, prefix=prefix)
            assert seen.count["fast"] == (101 if rate == FAST else 0) and seen.count["sent"] == 101
            assert seen.ports("open") == [OPEN] and len(seen.ports("closed")) == 100
        # No memory may be locked, and nothing else is wrong: refused, and nobody is told.
        seen = syn(a, scope, target, OPEN - 100, OPEN, prefix=["prlimit", "--memlock=4096", *NET_RAW])
        assert seen.count["fast"] == 0 and seen.count["sent"] == 101
        assert seen.ports("open") == [OPEN] and len(seen.ports("closed")) == 100
    assert syn(a, SCOPE4, HERE4, CLOSED, CLOSED).count["fast"] == 0  # lo has no Ethernet
    assert counter(b, "TcpInCsumErrors") == 0


def test_other_end_away(pair, rate):
    """The device drops each frame meanwhile. All of them arrive once it is back."""
    a, b = pair

    def arrived():
        return int(b.run("cat", f"/sys/class/net/{b.device}/statistics/rx_packets").stdout)

    nft(b, f"""table netdev t {{
        chain c {{
            type filter hook ingress device "{b.device}" priority 0;
            drop
        }}
    }}""")
    a.run("ip", "neigh", "replace", THERE4, "lladdr", b.run("cat", f"/sys/class/net/{b.device}/address").stdout.strip(),
          "dev", a.device)
    a.run("ip", "route", "add", "10.98.0.0/24", "via", THERE4)
    before = arrived()
    child = subprocess.Popen([str(x) for x in a.argv(DRIVER, "speed", "10.98.0.0/24", "10.98.0.1", 60_000, 60_000)],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    b.run("ip", "link", "set", b.device, "down")
    time.sleep(0.2)
    b.run("ip", "link", "set", b.device, "up")
    seen = Run(child.communicate(timeout=60)[0])
    assert seen.count["sent"] >= 60_000 and seen.count["refused"] == 0
    assert (seen.count["fast"] > 0) == (rate == FAST)
    # IPv6 of the far end chatters when it comes up, but what arrives here is from the near one.
    assert 0 <= arrived() - before - seen.count["sent"] < 50


@pytest.mark.parametrize("fault", [["set", "down"], ["del"]])
def test_interface_gone(pair, rate, fault):
    """Each frame is told of: gone out, or not."""
    a, b = pair
    child = subprocess.Popen([str(x) for x in a.argv(DRIVER, "speed", SCOPE4, THERE4, 60_000, 60_000)],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(0.4)
    a.run("ip", "link", fault[0], a.device, *fault[1:])
    text = child.communicate(timeout=60)[0]
    assert child.returncode == 0
    seen = Run(text)
    assert seen.count["sent"] > 1000 and seen.count["refused"] > 1000
    assert 60_000 <= seen.count["sent"] + seen.count["refused"] < 60_256
    assert seen.count["fast"] == (seen.count["sent"] if rate == FAST else 0)
    # what is heard: a line for each that was not sent, and the answers
    assert int(re.search(r"(\d+) heard", text)[1]) == seen.count["refused"] + seen.count["received"]


def test_two_at_once(pair, rate):
    """Each has ports of its own: neither hears, nor doubts, what the other asked for."""
    a, b = pair
    listen(b, OPEN)
    argv = [str(x) for x in a.argv(DRIVER, "syn", SCOPE4, THERE4, 7000, 9000, 2, 500)]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    fast = []
    for one in both:
        seen = Run(one.communicate(timeout=60)[0])
        assert seen.ports("open") == [OPEN] and len(seen.ports("closed")) == 2000 and seen.count["forged"] == 0
        fast.append(seen.count["fast"])
    assert sorted(fast) == [0, 4002 if rate == FAST else 0]  # a queue has one AF_XDP socket: the other goes on without


def test_speed(pair, capsys):
    """Not a limit, since other work may run beside it: the figure is printed, the counts must be right."""
    a, b = pair
    count = 100_000
    text = a.run(DRIVER, "speed", SCOPE4, THERE4, count).stdout
    seen = Run(text)
    heard = int(re.search(r"(\d+) heard", text)[1])
    assert seen.count["sent"] >= count and heard + seen.count["dropped"] == seen.count["sent"]
    with capsys.disabled():
        print("\n" + text.splitlines()[0] + " with RSTs")
    nft(b, f"""table netdev t {{
        chain c {{
            type filter hook ingress device "{b.device}" priority 0;
            ip protocol tcp drop
        }}
    }}""")
    text = a.run(DRIVER, "speed", SCOPE4, THERE4, count).stdout
    assert Run(text).count["sent"] >= count and "0 heard" in text
    with capsys.disabled():
        print(text.splitlines()[0] + " dropped")
