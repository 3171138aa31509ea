# SPDX-License-Identifier: GPL-2.0-or-later
"""The table that a plan makes, loaded by the real nft between namespaces: what it lets in, and what it must not cut.

A host in the middle, reached from an office, and from elsewhere; each has IPv4 and IPv6.
"""
import subprocess

import pytest

from conftest import BUILD, PYTHON, SOURCE, need_root, run

pytestmark = need_root
QUAYMASTER = BUILD / "quaymaster"
POLICY = """allow:
  - {port: 22/tcp, from: [office], need: administration, owner: ops, approved_by: sec}
  - {port: 80/tcp, from: [internet], need: shop, owner: web, approved_by: sec}
  - {port: 53/udp, from: [internet], need: names, owner: net, approved_by: sec}
  - {port: 9999/tcp, need: TODO}
"""
ESTATE = "networks:\n  - {cidr: 10.20.0.0/24, zone: office}\n  - {cidr: 'fd00:20::/64', zone: office}\n"

ECHO = """
import socket, sys, threading
def serve(c):
    while True:
        d = c.recv(4096)
        if not d: return
        c.sendall(d)
s = socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('::', int(sys.argv[1]))); s.listen(50)
print('ready', flush=True)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""
UDP = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(('::', int(sys.argv[1])))
print('ready', flush=True)
while True:
    d, a = s.recvfrom(4096); s.sendto(d, a)
"""
CONNECT = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET); s.settimeout(1.5)
try: s.connect((sys.argv[1], int(sys.argv[2]))); s.sendall(b'x'); print('open' if s.recv(1) == b'x' else 'mute')
except OSError as e: print('shut', e)
"""
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1.5); s.sendto(b'x', (sys.argv[1], int(sys.argv[2])))
try: print('open' if s.recv(1) == b'x' else 'mute')
except OSError as e: print('shut', e)
"""
HOLD = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3); s.settimeout(3)
print(s.getsockname()[1], flush=True)
for line in sys.stdin:
    try: s.sendall(b'y'); print('alive' if s.recv(1) == b'y' else 'mute', flush=True)
    except OSError as e: print('cut', e, flush=True)
"""
DHCP = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 67)); s.sendto(b'offer', (sys.argv[1], 68))
"""
HEAR = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', int(sys.argv[1]))); s.settimeout(4); print('ready', flush=True)
try: print(s.recv(100).decode(), flush=True)
except OSError: print('nothing', flush=True)
"""
PING = """
import socket, struct, sys, time
six = ':' in sys.argv[1]
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else 1)
s.settimeout(2)
if six:
    s.sendto(struct.pack('>BBHHH', 128, 0, 0, 7, 1), (sys.argv[1], 0))
else:
    s.sendto(struct.pack('>BBHHH', 8, 0, 0xffff - (0x800 + 7 + 1), 7, 1), (sys.argv[1], 0))
end = time.time() + 2
while time.time() < end:
    data, peer = s.recvfrom(2000)
    if peer[0] == sys.argv[1] and data[0 if six else 20] == (129 if six else 0): sys.exit(0)
sys.exit(1)
"""


class Net:
    def __init__(self, netns):
        self.host, self.office, self.other = (netns().name for _ in range(3))
        self.processes = []
        for i, (peer, v4, v6) in enumerate(((self.office, "10.20.0", "fd00:20"), (self.other, "10.77.0", "fd00:77"))):
            run("ip", "link", "add", f"h{i}", "netns", self.host, "type", "veth", "peer", "name", "p0", "netns", peer)
            for ns, dev, n in ((self.host, f"h{i}", 1), (peer, "p0", 2)):
                run("ip", "-n", ns, "addr", "add", f"{v4}.{n}/24", "dev", dev)
                run("ip", "-n", ns, "addr", "add", f"{v6}::{n}/64", "dev", dev, "nodad")
                run("ip", "-n", ns, "link", "set", dev, "up")
        self.at = {self.office: "10.20.0.1", self.other: "10.77.0.1"}

    def start(self, ns, code, *args):
        p = subprocess.Popen(["ip", "netns", "exec", ns, PYTHON, "-c", code, *map(str, args)], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.processes.append(p)
        return p

    def serve(self, code, port):
        assert self.start(self.host, code, port).stdout.readline() == "ready\n"

    def ask(self, ns, port, code=CONNECT, address=None):
        return run("ip", "netns", "exec", ns, PYTHON, "-c", code, address or self.at[ns], port).stdout.split()[0]

    def nft(self, text):
        return run("ip", "netns", "exec", self.host, "nft", "-f", "-", input=text)

    def stop(self):
        for p in self.processes:
            p.kill()
            p.wait()


@pytest.fixture
def net(netns):
    n = Net(netns)
    yield n
    n.stop()


@pytest.fixture
def table(net, open_folder):
    """The text that `harden plan` would load, made in the host's namespace."""
    (open_folder / "policy.yaml").write_text(POLICY)
    (open_folder / "estate.yaml").write_text(ESTATE)

    def make(*options):
        return run("ip", "netns", "exec", net.host, QUAYMASTER, "harden", "plan", "--netns", "self", "--config", open_folder,
                   *options).stdout

    return make


def test_who_gets_in(net, table):
    for port in (22, 80, 443, 9999):
        net.serve(ECHO, port)
    net.serve(UDP, 53)
    net.serve(UDP, 5000)
    assert [net.ask(net.other, p) for p in (22, 80, 443)] == ["open"] * 3
    net.nft(table("--show-firewall"))
    assert {p: net.ask(net.office, p) for p in (22, 80, 443, 9999)} == {22: "open", 80: "open", 443: "shut", 9999: "shut"}
    assert {p: net.ask(net.other, p) for p in (22, 80, 443, 9999)} == {22: "shut", 80: "open", 443: "shut", 9999: "shut"}
    assert net.ask(net.office, 22, address="fd00:20::1") == "open"
    assert net.ask(net.other, 22, address="fd00:77::1") == "shut"
    assert net.ask(net.other, 80, address="fd00:77::1") == "open"
    assert (net.ask(net.other, 53, ASK), net.ask(net.other, 5000, ASK)) == ("open", "shut")
    assert net.ask(net.host, 443, address="127.0.0.1") == "open"
    assert net.ask(net.host, 443, address="10.77.0.1") == "open"  # itself, by its own address
    # the host reaches out as before
    net.start(net.other, ECHO, 7000).stdout.readline()
    assert net.ask(net.host, 7000, address="10.77.0.2") == "open"
    net.nft("delete table inet quaymaster")
    assert net.ask(net.other, 443) == "open"
    assert "quaymaster" not in run("ip", "netns", "exec", net.host, "nft", "list", "ruleset").stdout


def test_loading_twice_is_the_same(net, table):
    text = table("--show-firewall")
    listed = []
    for _ in range(2):
        net.nft(text)
        listed.append(run("ip", "netns", "exec", net.host, "nft", "-s", "list", "ruleset").stdout)
    assert listed[0] == listed[1] and "hook input" in listed[0]


def test_other_tables_stay(net, table):
    net.nft("table inet theirs { set s { type ipv4_addr; elements = { 192.0.2.1 } }\n chain c { type filter hook input priority 0; accept\n }\n}\n")
    before = run("ip", "netns", "exec", net.host, "nft", "list", "ruleset").stdout
    net.nft(table("--show-firewall"))
    net.serve(ECHO, 443)
    assert net.ask(net.other, 443) == "shut"  # though their table accepts
    net.nft("delete table inet quaymaster")
    assert run("ip", "netns", "exec", net.host, "nft", "list", "ruleset").stdout == before


def test_echo_and_neighbours_work(net, table):
    net.nft(table("--show-firewall"))
    for ns, v4, v6 in ((net.office, "10.20.0.1", "fd00:20::1"), (net.other, "10.77.0.1", "fd00:77::1")):
        run("ip", "-n", ns, "neigh", "flush", "all")
        run("ip", "-n", net.host, "neigh", "flush", "all")
        for target in (v4, v6):
            run("ip", "netns", "exec", ns, PYTHON, "-c", PING, target)
        run("ip", "netns", "exec", net.host, PYTHON, "-c", PING, v6[:-1] + "2")


def test_answers_of_dhcp_pass(net, table):
    net.nft(table("--show-firewall"))
    for port, expected in ((68, "offer"), (69, "nothing")):
        hear = net.start(net.host, HEAR, port)
        assert hear.stdout.readline() == "ready\n"
        run("ip", "netns", "exec", net.other, PYTHON, "-c", DHCP.replace("68", str(port)), "10.77.0.1")
        assert hear.stdout.readline().strip() == expected


def test_a_living_connection_lives_on(net, table):
    """Older than the first rule that knows connections, to a port that closes: kept by its tuple, and only it."""
    net.serve(ECHO, 443)
    held, lost = (net.start(net.other, HOLD, "10.77.0.1", 443) for _ in range(2))
    port = held.stdout.readline().strip()
    lost.stdout.readline()
    text = table("--show-firewall")
    empty = "\tset living_4 {\n\t\ttype ipv4_addr . inet_proto . inet_service . ipv4_addr . inet_service;\n\t\ttimeout 86400s;\n"
    assert empty in text
    net.nft(text.replace(empty, empty + f"\t\telements = {{ 10.77.0.2 . tcp . {port} . 10.77.0.1 . 443 }}\n"))

    def beat(p):
        p.stdin.write("\n")
        p.stdin.flush()
        return p.stdout.readline().split()[0]

    assert [beat(held) for _ in range(3)] == ["alive"] * 3
    assert beat(lost) == "cut"
    assert net.ask(net.other, 443) == "shut"


def nflog(ns, group, seconds, act):
    """Prefixes of what NFLOG gives out in a namespace (netfilter, nfnetlink_log) while `act` runs."""
    code = """
import socket, struct, sys, time
s = socket.socket(16, socket.SOCK_RAW, 12); s.bind((0, 0)); s.settimeout(0.3)
def config(kind, data, group):
    a = struct.pack('=HH', 4 + len(data), kind) + data; a += bytes(-len(a) % 4)
    s.send(struct.pack('=IHHII', 20 + len(a), 4 << 8 | 1, 5, 1, 0) + struct.pack('>BBH', 0, 0, group) + a); s.recv(4096)
g = int(sys.argv[1])
config(1, struct.pack('B', 1), g)
config(2, struct.pack('>IBB', 128, 2, 0), g)
config(6, struct.pack('>I', 1), g)
print('ready', flush=True)
end, n = time.time() + float(sys.argv[2]), 0
while time.time() < end:
    try: n += s.recv(65536).count(b'quaymaster denied: ')
    except OSError: pass
print(n, flush=True)
"""
    with subprocess.Popen(["ip", "netns", "exec", ns, PYTHON, "-c", code, str(group), str(seconds)], text=True,
                          stdout=subprocess.PIPE) as p:
        assert p.stdout.readline() == "ready\n"
        act()
        return int(p.stdout.readline())


def test_what_is_refused_is_logged(net, table):
    net.nft(table("--show-firewall"))
    assert nflog(net.host, 7117, 2, lambda: net.ask(net.other, 443)) >= 1
    assert nflog(net.host, 7117, 1, lambda: net.ask(net.other, 53, ASK)) == 0  # let in


def test_published_ports(net, netns):
    """A container behind DNAT: only the port that is denied closes, and what lives goes on."""
    guest = netns().name
    run("ip", "link", "add", "g0", "netns", net.host, "type", "veth", "peer", "name", "p0", "netns", guest)
    for ns, dev, a in ((net.host, "g0", "172.30.0.1/24"), (guest, "p0", "172.30.0.2/24")):
        run("ip", "-n", ns, "addr", "add", a, "dev", dev)
        run("ip", "-n", ns, "link", "set", dev, "up")
    for ns, via in ((guest, "172.30.0.1"), (net.other, "10.77.0.1"), (net.office, "10.20.0.1")):
        run("ip", "-n", ns, "route", "add", "default", "via", via)
    run("ip", "netns", "exec", net.host, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    net.nft("table ip nat { chain p { type nat hook prerouting priority dstnat; tcp dport { 8080, 8081 } dnat to 172.30.0.2:80\n }\n}\n")
    assert net.start(guest, ECHO, 80).stdout.readline() == "ready\n"
    held = net.start(net.other, HOLD, "10.77.0.1", 8080)
    held.stdout.readline()
    assert net.ask(net.other, 8080) == net.ask(net.other, 8081) == "open"
    text = (SOURCE / "tests/golden/firewall/published.nft").read_text().replace("10.20.0.0/16", "10.20.0.0/24")
    net.nft(text)
    assert (net.ask(net.other, 8080), net.ask(net.other, 8081)) == ("shut", "open")
    assert net.ask(net.office, 8080) == "open"  # the zone that is allowed
    assert net.ask(net.other, 80, address="172.30.0.2") == "open"  # not published: not ours
    held.stdin.write("\n")
    held.stdin.flush()
    assert held.stdout.readline().split()[0] == "alive"


def test_the_session_is_kept(net, table, open_folder):
    """By SSH_CONNECTION, also of a process that we come from: sudo takes it away."""
    base = ["ip", "netns", "exec", net.host]
    ask = [QUAYMASTER, "harden", "plan", "--netns", "self", "--config", open_folder, "--show-firewall"]
    told = "SSH_CONNECTION=10.77.0.2 50000 10.77.0.1 22"
    for way in (["env", told], ["env", told, "sh", "-c", 'env -u SSH_CONNECTION "$@"; true', "sh"]):
        assert "ip saddr { 10.77.0.2 } tcp dport 22 accept" in run(*base, *way, *ask).stdout
    assert "10.77.0.2" not in run(*base, "env", told, *ask, "--lock-me-out").stdout


def test_without_a_policy_there_is_no_firewall(net, open_folder):
    net.serve(ECHO, 8000)
    argv = ["ip", "netns", "exec", net.host, QUAYMASTER, "harden", "plan", "--netns", "self", "--config", open_folder]
    text = run(*argv).stdout
    assert "quaymaster policy init" in text and " 0 suggested" in text
    refused = run(*argv, "--show-firewall", check=False)
    assert refused.returncode == 2 and "policy.yaml" in refused.stderr
    assert run(*argv, "--only", "no-such", check=False).returncode == 2


def test_an_ordinary_user_gets_a_plan(net, open_folder):
    net.serve(ECHO, 8000)
    result = run("ip", "netns", "exec", net.host, "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", QUAYMASTER,
                 "harden", "plan", "--netns", "self", "--config", open_folder, check=False)
    assert result.returncode in (0, 3) and result.stdout.startswith("Plan "), result.stderr
