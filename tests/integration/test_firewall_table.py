# SPDX-License-Identifier: GPL-2.0-or-later
"""The table that a plan makes, loaded by the real nft between namespaces: what it lets in, and what it must not cut.

A host in the middle, reached from an office, and from elsewhere; each has IPv4 and IPv6.
"""
import shutil
import subprocess

import pytest

from conftest import BUILD, PYTHON, SOURCE, need_root, run, wait_for

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


def test_thousands_of_networks(net, open_folder):
    """`from: link` of a machine on very many networks: one line, which nft loads, and who is on none stays out."""
    many = [f"10.{100 + i // 128}.{2 * (i % 128)}" for i in range(5000)]
    run("ip", "-n", net.host, "-batch", "-", input="".join(f"addr add {n}.1/24 dev h0\n" for n in many))
    run("ip", "-n", net.office, "-batch", "-", input="".join(f"addr add {n}.2/24 dev p0\n" for n in (many[0], many[-1])))
    run("ip", "-n", net.other, "addr", "add", "10.99.0.2/24", "dev", "p0")
    run("ip", "-n", net.host, "route", "add", "10.99.0.0/24", "dev", "h1")
    run("ip", "-n", net.other, "route", "add", f"{many[0]}.1/32", "dev", "p0")
    (open_folder / "policy.yaml").write_text(
        "allow:\n" + "".join(f"  - {{port: {port}/tcp, from: [link], need: x, owner: a, approved_by: b}}\n" for port in (22, 80, 443)))
    plan = run("ip", "netns", "exec", net.host, QUAYMASTER, "harden", "plan", "--netns", "self", "--config", open_folder,
               "--show-firewall").stdout
    net.serve(ECHO, 443)
    net.nft(plan)
    for place in (many[0], many[-1]):
        assert net.ask(net.office, 443, address=f"{place}.1") == "open"
    ask = CONNECT.replace("s.connect", "s.bind(('10.99.0.2', 0)); s.connect")
    assert net.ask(net.other, 443, code=ask, address=f"{many[0]}.1") == "shut"
    net.nft("delete table inet quaymaster")
    assert net.ask(net.other, 443, code=ask, address=f"{many[0]}.1") == "open"


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


# --- beside others, and without IPv4 ------------------------------------------------------------------

# A general question for multicast listeners (RFC 3810, 5.1), which must have a router alert (RFC 2711); what is answered within 3 s.
MLD = r"""
import socket, struct, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6); s.settimeout(0.5)
link = socket.if_nametoindex('p0')
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, 'ff02::16') + struct.pack('@i', link))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, link)
def report(end):
    while time.time() < end:
        try: data, peer = s.recvfrom(2000)
        except OSError: continue
        if data[0] == 143 and peer[0].partition('%')[0] not in sys.argv[1:]: return True
end = time.time() + 10
while report(time.time() + 2) and time.time() < end: pass # those of links that just came up
query = struct.pack('>BBHHH', 130, 0, 0, 100, 0) + bytes(16) + b'\x02\x7d\0\0'
s.sendmsg([query], [(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, b'\x3a\0\x05\x02\0\0\x01\0')], 0, ('ff02::1', 0, 0, link))
print('report' if report(time.time() + 3) else 'nothing')
"""
HEAR6 = HEAR.replace("AF_INET,", "AF_INET6,")
DHCP6 = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind((sys.argv[3], 547, 0, socket.if_nametoindex('p0')))
s.sendto(b'offer', (sys.argv[1], int(sys.argv[2]), 0, socket.if_nametoindex('p0')))
"""


def link_local(ns, dev):
    out = run("ip", "-n", ns, "-6", "-o", "addr", "show", "dev", dev, "scope", "link").stdout
    return out.split()[3].split("/")[0]


@pytest.fixture
def six(net):
    """The host has no IPv4, and addresses of its links are ready."""
    for ns, dev in ((net.host, "h0"), (net.host, "h1"), (net.office, "p0"), (net.other, "p0")):
        run("ip", "-n", ns, "-4", "addr", "flush", "dev", dev)
    wait_for(lambda: "tentative" not in "".join(run("ip", "-n", ns, "-6", "addr").stdout for ns in (net.host, net.office, net.other)), 10,
             "addresses of the links")
    return net


def test_only_ipv6(six, table):
    for port in (22, 443):
        six.serve(ECHO, port)
    six.nft(table("--show-firewall"))
    for ns in (six.office, six.other, six.host):
        run("ip", "-n", ns, "neigh", "flush", "all")
    assert [six.ask(six.office, p, address="fd00:20::1") for p in (22, 443)] == ["open", "shut"]
    assert [six.ask(six.other, p, address="fd00:77::1") for p in (22, 443)] == ["shut", "shut"]
    six.start(six.other, ECHO, 7000).stdout.readline()
    assert six.ask(six.host, 7000, address="fd00:77::2") == "open"


def test_answers_of_dhcpv6_pass(six, table):
    six.nft(table("--show-firewall"))
    host, server = link_local(six.host, "h1"), link_local(six.other, "p0")
    for to, port, server_at, expected in ((host, 546, server, "offer"), (host, 545, server, "nothing"), ("fd00:77::1", 546, "fd00:77::2", "nothing")):
        hear = six.start(six.host, HEAR6, port)
        assert hear.stdout.readline() == "ready\n"
        run("ip", "netns", "exec", six.other, PYTHON, "-c", DHCP6, to, port, server_at)
        assert hear.stdout.readline().strip() == expected, (to, port)


def test_multicast_listeners_answer(six, table):
    """And do not, when the rule that lets the question in is taken out."""
    text = table("--show-firewall")
    rule = next(line for line in text.splitlines() if "multicast listeners" in line)
    for loaded, expected in ((text, "report"), (text.replace(rule, ""), "nothing")):
        six.nft(loaded)
        heard = run("ip", "netns", "exec", six.other, PYTHON, "-c", MLD, link_local(six.other, "p0")).stdout.strip()
        assert heard == expected


# What Docker and libvirt set up with iptables-nft: forwarding is refused but for their bridges.
GUESTS = """
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:LIBVIRT_PRT - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.30.0.0/24 ! -o g0 -j MASQUERADE
-A POSTROUTING -j LIBVIRT_PRT
-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE
-A DOCKER ! -i g0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.30.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
:DOCKER - [0:0]
:LIBVIRT_FWI - [0:0]
:LIBVIRT_FWO - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o g0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o g0 -j DOCKER
-A FORWARD -i g0 ! -o g0 -j ACCEPT
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A DOCKER -d 172.30.0.2/32 ! -i g0 -o g0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
-A LIBVIRT_FWI -d 192.168.122.0/24 -o g1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o g1 -j REJECT
-A LIBVIRT_FWO -s 192.168.122.0/24 -i g1 -j ACCEPT
COMMIT
"""


@pytest.mark.skipif(not shutil.which("iptables-nft"), reason="not installed: iptables-nft")
def test_guests_of_others_go_on(net, netns, table):
    """Containers and virtual machines: published ports, ways out, and rules as they were."""
    guests = []
    for dev, at in (("g0", "172.30.0"), ("g1", "192.168.122")):
        guest = netns().name
        guests.append(guest)
        run("ip", "link", "add", dev, "netns", net.host, "type", "veth", "peer", "name", "p0", "netns", guest)
        for ns, name, n in ((net.host, dev, 1), (guest, "p0", 2)):
            run("ip", "-n", ns, "addr", "add", f"{at}.{n}/24", "dev", name)
            run("ip", "-n", ns, "link", "set", name, "up")
        run("ip", "-n", guest, "route", "add", "default", "via", f"{at}.1")
    run("ip", "-n", net.other, "route", "add", "default", "via", "10.77.0.1")
    run("ip", "netns", "exec", net.host, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run("ip", "netns", "exec", net.host, "iptables-nft-restore", input=GUESTS)
    assert net.start(guests[0], ECHO, 80).stdout.readline() == "ready\n"
    assert net.start(guests[1], ECHO, 80).stdout.readline() == "ready\n"
    assert net.start(net.other, ECHO, 7000).stdout.readline() == "ready\n"
    net.serve(ECHO, 443)
    rules = ["ip", "netns", "exec", net.host, "nft", "-s", "list", "ruleset"]
    before = run(*rules).stdout

    def ways():
        return (net.ask(net.other, 8080), *[net.ask(guest, 7000, address="10.77.0.2") for guest in guests],
                net.ask(net.other, 80, address="192.168.122.2"), net.ask(net.other, 443))

    assert ways() == ("open", "open", "open", "shut", "open")
    net.nft(table("--show-firewall", "--only", "firewall"))
    assert ways() == ("open", "open", "open", "shut", "shut"), "only what is for the host itself is closed"
    assert before in run(*rules).stdout
    net.nft(table("--show-firewall"))  # with the table for published ports, of which none is approved
    assert ways() == ("shut", "open", "open", "shut", "shut")
    net.nft("delete table inet quaymaster; delete table inet quaymaster_published")
    assert run(*rules).stdout == before


@pytest.mark.parametrize("theirs", ["ufw.iptables", "firewalld.nft"])
def test_rules_of_others_stay(net, table, theirs):
    """Real rulesets of ufw and firewalld: ours lies beside them, and what they refuse stays refused."""
    text = (SOURCE / "tests/golden/exposure" / theirs).read_text()
    if theirs.endswith(".iptables"):
        if not shutil.which("iptables-nft"):
            pytest.skip("not installed: iptables-nft")
        run("ip", "netns", "exec", net.host, "iptables-nft-restore", input=text)
    else:
        net.nft(text)
    rules = ["ip", "netns", "exec", net.host, "nft", "-s", "list", "ruleset"]
    before = run(*rules).stdout
    for port in (443, 9999):
        net.serve(ECHO, port)
    refused = [p for p in (443, 9999) if net.ask(net.other, p) == "shut"]
    net.nft(table("--show-firewall"))
    assert before in run(*rules).stdout
    assert 9999 in refused and net.ask(net.other, 443) == net.ask(net.other, 9999) == "shut"
    net.nft("delete table inet quaymaster")
    assert run(*rules).stdout == before
    assert [p for p in (443, 9999) if net.ask(net.other, p) == "shut"] == refused
