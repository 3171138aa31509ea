# SPDX-License-Identifier: GPL-2.0-or-later
"""The connect method and the second looks, driven alone, in network namespaces: what a port is said to be, and why."""
import collections
import re
import time

import pytest

from conftest import BUILD, PYTHON, need_root, run, wait_for

pytestmark = [need_root, pytest.mark.alone]
DRIVER = BUILD / "tests" / "unit" / "scan-connect-driver"
SILENT = """
import selectors
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", int(sys.argv[1]))); s.listen(4096)
import threading
held = []
def accept():
    while True:
        held.append(s.accept()[0])
threading.Thread(target=accept, daemon=True).start()
print("ready", flush=True)
"""
# Each port of argv has its own manner.
SERVERS = """
import threading
def serve(port, manner):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port)); s.listen(64)
    def one(c):
        if manner == "banner":
            c.sendall(b"220 mail ready\\r\\n")
        if manner == "slow-banner":
            time.sleep(0.15); c.sendall(b"SSH-2.0-test\\r\\n")
        if manner == "quit":
            c.close(); return
        data = c.recv(100)
        if manner == "answer":
            c.sendall(b"HTTP/1.1 400 Bad Request\\r\\n\\r\\n"); c.close()
        elif manner == "close":
            c.close()
        elif manner == "reset":
            import struct
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()
        else:
            if data and manner == "told":
                open(sys.argv[-1], "ab").write(data)
            c.recv(100)
    def loop():
        while True:
            c, _ = s.accept()
            threading.Thread(target=one, args=(c,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
for word in sys.argv[1:]:
    if "=" in word:
        port, manner = word.split("=")
        serve(int(port), manner)
print("ready", flush=True)
"""


@pytest.fixture
def pair(netns):
    """Scanner and target on one link, IPv4 and IPv6."""
    ours, theirs = netns(), netns()
    run("ip", "link", "add", "v1", "netns", ours.name, "type", "veth", "peer", "name", "v2", "netns", theirs.name)
    for ns, dev, n in ((ours, "v1", 1), (theirs, "v2", 2)):
        run("ip", "-n", ns.name, "addr", "add", f"10.99.0.{n}/24", "dev", dev)
        run("ip", "-n", ns.name, "addr", "add", f"fd00:99::{n}/64", "dev", dev, "nodad")
        run("ip", "-n", ns.name, "addr", "add", f"fe80::{n}/64", "dev", dev, "nodad")
        run("ip", "-n", ns.name, "link", "set", dev, "up")
    return ours, theirs


def connect(ns, address, ports, timeout_ms=400, inflight=0, interval_us=None, prefix=()):
    extra = [] if interval_us is None else [interval_us]
    out = run(*ns.argv(*prefix, DRIVER, "connect", timeout_ms, inflight, address, ports, *extra)).stdout
    *lines, last = out.splitlines()
    verdicts = {}
    for line in lines:
        port, kind, reason, rtt, *more = line.split()
        assert not more, line
        assert int(port) not in verdicts, f"told twice: {line}"
        verdicts[int(port)] = (kind, reason, int(rtt))
    sent, refused, received, ms = map(int, re.fullmatch(r"sent (\d+) refused (\d+) received (\d+) ms (\d+)", last).groups())
    return verdicts, collections.namedtuple("Sums", "sent refused received ms")(sent, refused, received, ms)


def look(ns, address, ports, kind="data", device_class=0, prefix=()):
    out = run(*ns.argv(*prefix, DRIVER, "look", device_class, kind, address, ports)).stdout
    return {int(line.split()[0]): line.split()[1:] for line in out.splitlines()}


def judge(ns, address, baseline, candidates, device_class=0):
    first, *rest = run(*ns.argv(DRIVER, "judge", device_class, address, baseline, candidates)).stdout.splitlines()
    return first, {int(line.split()[0]): line.split()[1] for line in rest}


def incoming(ns, *rules, chain="type filter hook input priority 0"):
    lines = "\n".join(rules)
    ns.run("nft", "-f", "-", input=f"table inet t {{\nchain c {{\n{chain}\n{lines}\n}}\n}}\n")


def filtered(ns):
    incoming(ns, "tcp dport 7001 drop", "tcp dport 7002 reject with icmpx type admin-prohibited",
             "tcp dport 7003 reject with icmpx type port-unreachable",
             "tcp dport 7004 reject with icmpx type host-unreachable", "tcp dport 7005 reject with tcp reset")


@pytest.mark.parametrize("address", ["10.99.0.2", "fd00:99::2", "fe80::2%v1"])
def test_what_a_port_is_and_why(pair, address):
    ours, theirs = pair
    wait_for(lambda: connect(ours, address, "1")[0][1][0] == "closed", what=address)  # IPv6 waits for its link
    theirs.python("s = socket.create_server(('', 7000), family=socket.AF_INET6, dualstack_ipv6=True); print('ready', flush=True)")
    filtered(theirs)
    verdicts, sums = connect(ours, address, "7000-7006")
    assert {p: v[:2] for p, v in verdicts.items()} == {
        7000: ("open", "connected"),
        7001: ("silence", "no-reply"),
        7002: ("prohibited", "prohibited"),
        7003: ("prohibited", "port-unreachable"),
        7004: ("unreachable", "host-unreachable"),
        7005: ("closed", "refused"),
        7006: ("closed", "refused"),
    }
    assert (sums.sent, sums.refused, sums.received) == (7, 0, 6)
    assert 400 <= sums.ms < 1500
    for port, (_, _, rtt) in verdicts.items():
        assert (rtt == 0) == (port == 7001) and rtt < 300_000


LATE_ICMP = """
import struct, threading
# ICMP destination unreachable for each SYN, its code the port's last two digits; half a round trip of 30 ms.
raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
raw.bind(("v2", 0x0800))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def loop():
    while True:
        p = raw.recv(2000)
        if p[9] != 6:
            continue
        time.sleep(0.03)
        code = struct.unpack("!H", p[22:24])[0] % 100
        body = struct.pack("!BBHI", 3, code, 0, 0) + p[:28]
        total = sum(struct.unpack("!18H", body))
        total = (total & 0xffff) + (total >> 16)
        out.sendto(body[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + body[4:], (socket.inet_ntoa(p[12:16]), 0))
threading.Thread(target=loop, daemon=True).start()
print("ready", flush=True)
"""


def test_icmp_that_comes_later(pair):
    """As from a router far away: the kernel ends the attempt with an errno that says less than the ICMP did."""
    ours, theirs = pair
    incoming(theirs, "meta l4proto tcp drop")
    theirs.python(LATE_ICMP)
    codes = {0: ("unreachable", "host-unreachable"), 1: ("unreachable", "host-unreachable"),
             3: ("prohibited", "port-unreachable"), 9: ("prohibited", "prohibited"),
             10: ("prohibited", "prohibited"), 13: ("prohibited", "prohibited")}
    for inflight in (0, 1):
        verdicts, sums = connect(ours, "10.99.0.2", ",".join(str(7000 + c) for c in codes), inflight=inflight, timeout_ms=800)
        assert {p: v[:2] for p, v in verdicts.items()} == {7000 + c: v for c, v in codes.items()}
        assert min(v[2] for v in verdicts.values()) >= 30_000


def test_a_socket_that_is_used_again_remembers_nothing(pair):
    """One descriptor for all: each verdict is that of its own port, whatever the one before met."""
    ours, theirs = pair
    theirs.python("s = socket.create_server(('', 7000)); print('ready', flush=True)")
    filtered(theirs)
    order = "7002,7006,7003,7005,7004,7000,7007,7001,7008"
    verdicts, _ = connect(ours, "10.99.0.2", order, inflight=1, timeout_ms=200)
    kinds = [verdicts[int(p)][0] for p in order.split(",")]
    assert kinds == ["prohibited", "closed", "prohibited", "closed", "unreachable", "open", "closed", "silence", "closed"]


@pytest.mark.parametrize("address", ["10.99.7.1", "fd00:77::1"])
def test_no_route(pair, address):
    verdicts, sums = connect(pair[0], address, "80")
    assert verdicts[80] == ("unreachable", "no-route", 0)
    assert (sums.sent, sums.received) == (0, 0) and sums.ms < 200


def test_nobody_on_the_link(pair):
    """Three seconds of ARP; a scan's patience ends earlier."""
    verdicts, sums = connect(pair[0], "10.99.0.77", "80", timeout_ms=300)
    assert verdicts[80][:2] == ("silence", "no-reply") and sums.ms < 1000
    verdicts, sums = connect(pair[0], "10.99.0.77", "80", timeout_ms=8000)
    assert verdicts[80][:2] == ("unreachable", "host-unreachable") and sums.ms < 7000


def test_few_descriptors(pair):
    """Hard limit of 64 of them: fewer at once, nothing lost, nothing called closed that is silent."""
    ours, theirs = pair
    theirs.python("s = socket.create_server(('', 7100)); print('ready', flush=True)")
    incoming(theirs, "tcp dport 7200-7299 drop")
    verdicts, sums = connect(ours, "10.99.0.2", "7100-7299", timeout_ms=200, prefix=["prlimit", "--nofile=64:64"])
    assert {p for p, v in verdicts.items() if v[0] == "open"} == {7100}
    assert {p for p, v in verdicts.items() if v[0] == "closed"} == set(range(7101, 7200))
    assert {p for p, v in verdicts.items() if v[0] == "silence"} == set(range(7200, 7300))
    assert (sums.sent, sums.refused) == (200, 0)


@pytest.mark.parametrize("nofile", [10, 8, 7])
def test_hardly_any_descriptor(pair, nofile):
    ours, theirs = pair
    theirs.python("s = socket.create_server(('', 7100)); print('ready', flush=True)")
    verdicts, _ = connect(ours, "10.99.0.2", "7100-7119", prefix=["prlimit", f"--nofile={nofile}:{nofile}"])
    assert {v[0] for p, v in verdicts.items() if p != 7100} == {"closed"} and verdicts[7100][0] == "open"


def test_descriptors_that_someone_else_took(pair):
    """Inherited ones fill the table: the limit alone does not tell, EMFILE does."""
    ours, theirs = pair
    theirs.python("s = socket.create_server(('', 7100)); print('ready', flush=True)")
    hold = ["bash", "-c", 'for i in $(seq 10 69); do eval "exec $i</dev/null"; done; exec "$@"', "-"]
    prefix = ["prlimit", "--nofile=74:74", *hold]
    incoming(theirs, "tcp dport 7110-7139 drop")
    verdicts, sums = connect(ours, "10.99.0.2", "7100-7139", timeout_ms=50, prefix=prefix)
    counts = collections.Counter(v[0] for v in verdicts.values())
    assert counts == {"open": 1, "closed": 9, "silence": 30} and sums.refused == 0
    # one is left, which the method itself needs: told, and not taken for an answer
    hold_all = """
import os, sys
held = []
try:
    while True:
        held.append(os.dup(0))
        os.set_inheritable(held[-1], True)
except OSError:
    os.close(held.pop())
os.execv(sys.argv[1], sys.argv[1:])"""
    prefix = ["prlimit", "--nofile=70:70", PYTHON, "-c", hold_all]
    verdicts, sums = connect(ours, "10.99.0.2", "7100-7104", prefix=prefix)
    assert {v[:2] for v in verdicts.values()} == {("not-sent", "local")} and sums.sent == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_nobody_connects_to_himself(netns, address):
    """A port range so narrow that the kernel chooses the port itself as source again and again."""
    ns = netns()
    ns.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40007")
    for _ in range(25):
        verdicts, sums = connect(ns, address, "40000-40007", inflight=1)
        assert {v[0] for v in verdicts.values()} <= {"closed"}, verdicts
        assert len(verdicts) == 8


def test_the_narrow_range_does_connect_to_itself(netns):
    """What the test before guards against really happens there."""
    ns = netns()
    ns.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40007")
    code = """
met = 0
for i in range(400):
    s = socket.socket()
    try:
        s.connect(("127.0.0.1", 40000 + i % 8)); met += s.getsockname() == s.getpeername()
        import struct
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    s.close()
print("ready", met, flush=True)"""
    assert int(ns.python(code).said[0]) > 0


def test_an_open_port_gets_a_handshake_and_no_data(pair):
    ours, theirs = pair
    child = theirs.python("""
s = socket.create_server(("", 7000)); print("ready", flush=True)
c, _ = s.accept(); c.settimeout(3)
print("got", repr(c.recv(100)), flush=True)""")
    connect(ours, "10.99.0.2", "7000")
    assert child.stdout.readline().strip() == "got b''"


def test_all_ports_of_loopback(netns):
    ns = netns()
    ns.python("s = [socket.create_server(('', p)) for p in (22, 8080, 60000)]; print('ready', flush=True)")
    start = time.monotonic()
    verdicts, sums = connect(ns, "127.0.0.1", "1-65535")
    assert {p for p, v in verdicts.items() if v[0] == "open"} == {22, 8080, 60000}
    assert {v[0] for v in verdicts.values()} == {"open", "closed"} and sums.sent == 65535
    print(f"{65535 / sums.ms:.0f} thousand connections a second; {time.monotonic() - start:.2f} s")


def test_looks(pair, tmp_path):
    ours, theirs = pair
    told = tmp_path / "told"
    manners = {7000: "silent", 7001: "banner", 7002: "slow-banner", 7003: "answer", 7004: "close", 7005: "reset",
               7006: "quit", 9100: "told"}
    theirs.python(SERVERS, *(f"{p}={m}" for p, m in manners.items()), str(told))
    incoming(theirs, "tcp dport 7009 drop")
    start = time.monotonic()
    looks = look(ours, "10.99.0.2", "7000-7006,7008,7009,9100")
    assert 2.9 < time.monotonic() - start < 4
    assert looks == {
        7000: ["OK", "sent", "acknowledged"],
        7001: ["OK", "sent", "acknowledged", "banner"],
        7002: ["OK", "sent", "acknowledged", "banner"],
        7003: ["OK", "sent", "acknowledged", "answer"],
        7004: ["OK", "sent", "acknowledged", "closed"],
        7005: ["OK", "sent", "acknowledged", "reset"],
        7006: ["OK", "closed"],
        7008: ["ECONNREFUSED"],
        7009: ["ETIMEDOUT"],
        9100: ["OK"],
    }
    assert not told.exists()
    shake = look(ours, "10.99.0.2", "7000-7006,7008,9100", kind="handshake")
    assert shake == {p: ["ECONNREFUSED" if p == 7008 else "OK"] for p in shake} and len(shake) == 9
    # a server may be asked on 9100, a PLC nowhere
    assert look(ours, "10.99.0.2", "9100", device_class=1) == {9100: ["OK", "sent", "acknowledged"]}
    assert told.read_bytes() == b"\r\n\r\n"
    assert look(ours, "10.99.0.2", "7000,7001", device_class=5) == {7000: ["OK"], 7001: ["OK", "banner"]}


def test_looks_with_few_descriptors(pair):
    ours, theirs = pair
    theirs.python(SERVERS, *(f"{p}=answer" for p in range(7000, 7050)), "x")
    for nofile, n in ((40, 50), (8, 5)):
        looks = look(ours, "10.99.0.2", f"7000-{6999 + n}", prefix=["prlimit", f"--nofile={nofile}:{nofile}"])
        assert list(looks.values()) == [["OK", "sent", "acknowledged", "answer"]] * n


def test_redirect_of_all_ports(pair):
    """nft sends every port but three to a server that accepts and stays silent."""
    ours, theirs = pair
    theirs.python(SILENT, 9999)
    theirs.python(SERVERS, "22=banner", "80=answer", "443=banner", "x")
    incoming(theirs, "tcp dport != { 22, 80, 443 } redirect to :9999", chain="type nat hook prerouting priority dstnat")
    first, ports = judge(ours, "10.99.0.2", "50123,33007,61234", "22,23,80,443,1024-1100,9100-9107")
    assert first == "recognised ports chosen at random take connections and data, and say nothing"
    assert {p for p, what in ports.items() if what == "real"} == {22, 80, 443}
    assert {what for p, what in ports.items() if p not in (22, 80, 443)} == {"answered-for"}


RAW = """
import struct, threading
# What a SYN proxy shows: SYN-ACK for every SYN but to ports given, and nothing for what follows.
raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
raw.bind(("v2", 0x0800))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
real = {int(p) for p in sys.argv[1:]}
def checksum(data):
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    s = (s & 0xffff) + (s >> 16)
    return ~(s + (s >> 16)) & 0xffff
def loop():
    while True:
        p = raw.recv(2000)
        at = (p[0] & 15) * 4
        source, dest, seq, _, _, flags = struct.unpack("!HHIIBB", p[at:at + 14])
        if p[9] != 6 or flags & 0x3f != 2 or dest in real:
            continue
        head = struct.pack("!HHIIBBHHH", dest, source, 12345, seq + 1 & 0xffffffff, 0x50, 0x12, 64240, 0, 0)
        pseudo = p[16:20] + p[12:16] + struct.pack("!BBH", 0, 6, 20)
        head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
        out.sendto(head, (socket.inet_ntoa(p[12:16]), 0))
threading.Thread(target=loop, daemon=True).start()
print("ready", flush=True)
"""


def test_syn_proxy(pair):
    """SYN-ACK for everything, data ignored; three ports are served for real, one of them silently."""
    ours, theirs = pair
    real = {22: "banner", 80: "answer", 3000: "silent"}
    theirs.python(SERVERS, *(f"{p}={m}" for p, m in real.items()), "x")
    theirs.python(RAW, *real)
    incoming(theirs, "tcp dport != { 22, 80, 3000 } drop")
    first, ports = judge(ours, "10.99.0.2", "50123,33007,61234", "22,23,80,1000-1050,3000,9100")
    assert first == "recognised ports chosen at random take connections, but acknowledge no data"
    assert {p for p, what in ports.items() if what == "real"} == set(real)
    # 9100 gets no data, so that nothing can be told apart there: not claimed
    assert {what for p, what in ports.items() if p not in real} <= {"answered-for", "unknown"}


def test_usual_host_is_no_middlebox(pair):
    ours, theirs = pair
    theirs.python(SERVERS, "22=banner", "7000=silent", "x")
    first, ports = judge(ours, "10.99.0.2", "50123,33007,61234", "22,7000,7001")
    assert first == "not recognised" and ports == {22: "real", 7000: "real", 7001: "unknown"}
