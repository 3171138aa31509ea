# SPDX-License-Identifier: GPL-2.0-or-later
"""What the packet filter is computed to let in, against what real connections from several addresses find."""
import dataclasses
import ipaddress
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from conftest import PYTHON, Quaymaster, Records, need_root, run
from exposure_rules import OWN, TCP, UDP, Maker

pytestmark = [
    need_root,
    pytest.mark.skipif(not (Quaymaster.program.parent / "quaymaster-nft").exists(), reason="built without quaymaster-nft"),
]

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "exposure"


@dataclasses.dataclass(frozen=True)
class Layout:
    """The host under test: side -> (device, addresses with prefix), and who asks it."""
    estate: str
    sides: dict
    routers: dict  # side -> by which neighbour sources that are not on its link are reached
    sources: list  # (side, address): of each zone some, on and off the link
    zones: dict
    listeners: list  # (transport, address, port)
    extra: list
    targets: list
    behind: list = dataclasses.field(default_factory=list)  # (side, transport, address, port): what is led on to answers


GENERATED = Layout(
    estate="""networks:
  - {cidr: 10.98.1.0/24, zone: near}
  - {cidr: 10.98.2.0/24, zone: guests}
  - {cidr: 172.20.0.0/16, zone: far}
  - {cidr: "fd98:1::/64", zone: six}
""",
    sides={"a": ("va", ["10.98.1.1/24", "fd98:1::1/64"]), "b": ("vb", ["10.98.2.1/24", "fd98:2::1/64"])},
    routers={"a": "10.98.1.2"},
    sources=[("a", "10.98.1.2"), ("a", "10.98.1.3"), ("a", "10.98.1.77"), ("a", "172.20.5.5"), ("a", "fd98:1::2"),
             ("b", "10.98.2.2"), ("b", "10.98.2.9")],
    zones={"near": ["10.98.1.2", "10.98.1.3", "10.98.1.77"], "guests": ["10.98.2.2", "10.98.2.9"], "far": ["172.20.5.5"],
           "six": ["fd98:1::2"]},
    listeners=[("tcp", "0.0.0.0", 7001), ("tcp", "0.0.0.0", 7002), ("tcp", "::", 7003), ("tcp", "10.98.1.1", 7004),
               ("tcp", "0.0.0.0", 7005), ("udp", "0.0.0.0", 7101), ("udp", "10.98.1.1", 7102)],
    extra=[("tcp", 7090), ("tcp", 7091)],
    targets=[*OWN, "fd98:1::1"])

# The host of the golden files: what ufw, firewalld and others wrote is for these devices, networks and ports.
REAL = Layout(
    estate="""networks:
  - {cidr: 10.1.0.0/16, zone: office}
  - {cidr: 192.168.0.0/16, zone: guests}
""",
    sides={"a": ("eth0", ["10.1.0.5/16"]), "b": ("docker0", ["172.17.0.1/16", "10.88.0.1/16"])},
    routers={"a": "10.1.0.2"},
    sources=[("a", "10.1.0.2"), ("a", "10.1.9.9"), ("a", "192.168.7.7"), ("a", "192.168.66.6"), ("a", "203.0.113.9"),
             ("b", "172.17.0.2"), ("b", "10.88.0.2")],
    zones={"office": ["10.1.0.2", "10.1.9.9"], "guests": ["192.168.7.7", "192.168.66.6"],
           "internet": ["203.0.113.9", "172.17.0.2", "10.88.0.2"]},
    listeners=[*(("tcp", "0.0.0.0", port) for port in (22, 80, 443, 5432, 8080, 9999)),
               *(("udp", "0.0.0.0", port) for port in (53, 5353))],
    extra=[("tcp", 8022)],
    targets=["10.1.0.5", "172.17.0.1"],
    behind=[("b", "tcp", "172.17.0.2", 80), ("b", "tcp", "10.88.0.2", 80), ("b", "udp", "10.88.0.2", 53)])

SERVER = """
import select
socks = {}
for word in sys.argv[1:]:
    kind, address, port = word.split(',')
    six = ':' in address
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    if six: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    if kind == 'tcp': s.listen(200)
    s.setblocking(False)
    socks[s] = (kind, port.encode())
print('ready', flush=True)
while True:
    ready = select.select([*socks, sys.stdin], [], [])[0]
    if sys.stdin in ready: sys.exit()
    for s in ready:
        try:
            if socks[s][0] == 'tcp':
                c, _ = s.accept(); c.send(socks[s][1]); c.close()
            else:
                _, who = s.recvfrom(99); s.sendto(socks[s][1], who)
        except OSError: pass
"""

# Asks all at once: a line of JSON [[seconds], [source, kind, target, port]...] gives one of the answers, null where none came.
CLIENT = """
import json, select, errno
print('ready', flush=True)
for line in sys.stdin:
    (seconds,), *asked = json.loads(line)
    answers, waiting = [None] * len(asked), {}
    for i, (source, kind, target, port) in enumerate(asked):
        s = socket.socket(socket.AF_INET6 if ':' in target else socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
        s.setblocking(False)
        try:
            s.bind((source, 0))
            if kind == 'udp': s.sendto(b'?', (target, port)) # not connected: the answer may come from another address
            else: s.connect_ex((target, port))
        except OSError: s.close(); continue
        waiting[s] = i
    end = time.monotonic() + seconds
    while waiting and time.monotonic() < end:
        for s in select.select([*waiting], [], [], max(0, end - time.monotonic()))[0]:
            try: answers[waiting[s]] = int(s.recv(9) or 0) or None
            except BlockingIOError: continue
            except OSError: pass
            s.close(); del waiting[s]
    for s in waiting: s.close()
    print(json.dumps(answers), flush=True)
"""


class Network:
    """The host under test and two networks beside it."""

    def __init__(self, netns, folder, layout):
        self.host, self.sides, self.layout = netns(), {"a": netns(), "b": netns()}, layout
        (folder / "estate.yaml").write_text(layout.estate)
        (folder / "estate.yaml").chmod(0o644)
        self.config = folder
        for n, side in enumerate(layout.sides, 1):
            self.link(side, n)
        self.host.python(SERVER, *[",".join(map(str, one)) for one in layout.listeners])
        self.host.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        for side, kind, address, port in layout.behind:
            self.sides[side].python(SERVER, f"{kind},{address},{port}")
        self.clients = {side: ns.python(CLIENT) for side, ns in self.sides.items()}

    def link(self, side, n):
        ns, host, (device, own) = self.sides[side], self.host, self.layout.sides[side]
        run("ip", "link", "add", device, "netns", host.name, "address", f"02:00:00:00:0{n}:01", "type", "veth",
            "peer", "name", "out", "netns", ns.name, "address", f"02:00:00:00:0{n}:02")
        for a in own:
            run("ip", "-n", host.name, "addr", "add", a, "dev", device, *(["nodad"] if ":" in a else []))
        networks = [ipaddress.ip_interface(a).network for a in own]
        addresses = [ipaddress.ip_address(s) for where, s in self.layout.sources if where == side]
        run("ip", "-n", host.name, "link", "set", device, "up")
        run("ip", "-n", ns.name, "link", "set", "out", "up")
        for a in addresses:
            near = next((net for net in networks if a in net), None)
            run("ip", "-n", ns.name, "addr", "add", f"{a}/{near.prefixlen if near else 32}", "dev", "out",
                *(["nodad"] if a.version == 6 else []))
            if near:  # rulesets may drop what neighbours are found by
                run("ip", "-n", host.name, "neigh", "replace", a, "lladdr", f"02:00:00:00:0{n}:02", "dev", device)
            else:
                run("ip", "-n", host.name, "route", "add", a, "via", self.layout.routers[side])
        for a in map(ipaddress.ip_interface, own):
            if a.version == 6:
                run("ip", "-n", ns.name, "neigh", "replace", a.ip, "lladdr", f"02:00:00:00:0{n}:01", "dev", "out")
            else:
                run("ip", "-n", ns.name, "route", "replace", "default", "via", a.ip)

    def load(self, rules, tool):
        """Load what the tool takes: lines that it refuses (contradictions, mostly) are left out. None: it took nothing."""
        run(*self.host.argv("nft", "flush", "ruleset"))
        for _ in range(40):
            loaded = subprocess.run([*self.host.argv(*tool)], input=rules, capture_output=True, text=True)
            if not loaded.returncode:
                return rules
            where = re.search(r"(?:/dev/stdin:|line:? )(\d+)", loaded.stderr)
            if not where:
                return None
            lines = rules.split("\n")
            del lines[int(where[1]) - 1]
            rules = "\n".join(lines)
        return None

    def start_host(self):
        return subprocess.Popen([*self.host.argv(Quaymaster.program, "host", "--json", "--netns", "self", "--no-bpf",
                                                 "--config", self.config)], stdout=subprocess.PIPE, text=True)

    def ask(self, seconds, ports=None):
        """(zone, transport, port asked, source) -> ports that answered, over all own addresses."""
        layout = self.layout
        places = ports or [(kind, port) for kind, _, port in layout.listeners] + layout.extra
        wanted = {"a": [], "b": []}
        for side, source in layout.sources:
            for kind, port in places:
                wanted[side] += [(source, kind, t, port) for t in layout.targets if (":" in t) == (":" in source)]
        for side, client in self.clients.items():
            client.stdin.write(json.dumps([[seconds], *wanted[side]]) + "\n")
            client.stdin.flush()
        found = {}
        for side, client in self.clients.items():
            for (source, kind, _, port), answer in zip(wanted[side], json.loads(client.stdout.readline())):
                if answer:
                    found.setdefault((source, kind, port), set()).add(answer)
        return found


def named_parts(why):
    """The ranges of "from A, B and 3 more only", and whether they are all."""
    words, _, more = why[len("from "):].split(";")[0].removesuffix(" only").partition(" and ")
    return [part.strip() for part in words.split(",")], not more


def part_has(part, address):
    address = ipaddress.ip_address(address)
    if "-" in part:
        first, last = map(ipaddress.ip_address, part.split("-"))
        return first.version == address.version and first <= address <= last
    net = ipaddress.ip_network(part)
    return net.version == address.version and address in net


def wrong(listener, zone, found, layout):
    """What is computed of a listener and a zone, and not so; or None."""
    kind, port = listener["transport"], listener["port"]
    sources = layout.zones[zone["zone"]]
    wanted = port
    if listener.get("kind") == "forward":
        wanted = listener["forward"]["to_port"] or port
        got = {s for s in sources if wanted in found.get((s, kind, port), ())}
    else:
        got = {s for (s, k, _), answers in found.items() if s in sources and k == kind and port in answers}
    if zone["state"] == "blocked":
        return f"said blocked, and got in from {sorted(got)}" if got else None
    if zone["state"] != "reachable":
        return None
    claimed = sources
    if (zone["why"] or "").startswith("from "):
        claimed = [s for s in sources if any(part_has(p, s) for p in named_parts(zone["why"])[0])]
    if listener["address"] == "0.0.0.0" or listener["address"] == "10.98.1.1":
        claimed = [s for s in claimed if ":" not in s]
    if listener.get("kind") == "forward" and listener["forward"]["to_address"]:  # one's own packets are not taken back
        home = [side for side, _, address, _ in layout.behind if address == listener["forward"]["to_address"]]
        claimed = [s for s in claimed if not any((side, s) in layout.sources for side in home)]
    if wanted != port:  # a forward passes the filter, whether or not somebody listens there
        claimed = [s for s in claimed if wanted != 7004 and (":" not in s or wanted == 7003)]
    missing = [s for s in claimed if s not in got]
    return f"said reachable, and nothing got in from {missing}" if missing else None


def check(net, seed, tally):
    maker = Maker(seed)
    if seed % 4 == 3:
        rules, tool = maker.iptables(), ["iptables-nft-restore"]
    else:
        rules, tool = maker.nft(), ["nft", "-f", "-"]
    rules = net.load(rules, tool)
    if not rules:
        tally["refused"] = tally.get("refused", 0) + 1
        return
    compare(net, f"seed {seed}", rules, tally)


def is_told_apart(forward, port, layout):
    """Led on to somebody who answers, and by an answer that nobody else gives."""
    behind = not forward["to_address"] or forward["to_address"] in [address for _, _, address, _ in layout.behind]
    return behind and forward["to_port"] not in (0, port)


def compare(net, name, rules, tally):
    """What is computed for the rules that are loaded, with what packets do."""
    layout = net.layout
    host = net.start_host()
    found = net.ask(0.12)
    records = Records(host.communicate(timeout=60)[0])
    listeners = [r for r in records.of("listener") if r["exposure"].get("zones")]
    assert len([r for r in listeners if r.get("kind") != "forward"]) == len(layout.listeners), rules
    for r in listeners:
        if r.get("kind") == "forward" and not is_told_apart(r["forward"], r["port"], layout):
            continue
        for zone in r["exposure"]["zones"]:
            if zone["zone"] not in layout.zones:
                continue
            tally[zone["state"]] = tally.get(zone["state"], 0) + 1
            if zone["state"] == "unknown":
                tally["why"][zone["why"].split(" (")[0]] = tally["why"].get(zone["why"].split(" (")[0], 0) + 1
            for seconds in (0.6, 2.0):  # a machine that is busy answers late
                problem = wrong(r, zone, found, layout)
                if not problem:
                    break
                found = net.ask(seconds)
            assert not problem, (f"{name}: {r['transport']} {r['address']} {r['port']} {r.get('kind')} from "
                                 f"{zone}: {problem}\n{rules}")


def run_seeds(net, seeds):
    tally, begun = {"why": {}}, time.monotonic()
    for seed in seeds:
        check(net, seed, tally)
    answers = sum(tally.get(s, 0) for s in ("blocked", "reachable", "unknown"))
    assert tally.get("refused", 0) <= len(seeds) // 10
    assert tally["blocked"] > answers // 10 and tally["reachable"] > answers // 10
    assert tally.get("unknown", 0) < answers // 2
    print(f"\n{len(seeds)} rulesets ({tally.get('refused', 0)} refused by the tools), {answers} answers in "
          f"{time.monotonic() - begun:.0f} s: {tally['blocked']} blocked, {tally['reachable']} reachable, "
          f"{tally.get('unknown', 0)} unknown {sorted(tally['why'].items(), key=lambda x: -x[1])[:12]}")


@pytest.fixture
def network(netns, tmp_path):
    return Network(netns, tmp_path, GENERATED)


def test_generated(network):
    first = int(os.environ.get("QM_SEED", "0"))
    run_seeds(network, range(first, first + int(os.environ.get("QM_RULESETS", "100"))))


@pytest.mark.soak
def test_generated_many(network):
    run_seeds(network, range(100000, 102000))


# File of tests/golden/exposure, and what loads it
TOOLS = {".nft": ["nft", "-f", "-"], ".iptables": ["iptables-nft-restore"], ".ip6tables": ["ip6tables-nft-restore"]}


# `hand` is left to the unit test: its limits let in less than is asked here at once
@pytest.mark.parametrize("name", ["ufw", "firewalld", "docker", "netavark", "netavark-nft"])
def test_real(netns, tmp_path, name):
    """The golden rulesets, of which tests/unit/test_reach.c has the answers: packets agree."""
    net = Network(netns, tmp_path, REAL)
    for file in sorted(GOLDEN.glob(f"{name}.*tables")) + sorted(GOLDEN.glob(f"{name}.nft")):
        subprocess.run(net.host.argv(*TOOLS[file.suffix]), input=file.read_text(), text=True, check=True)
    tally = {"why": {}}
    compare(net, name, "", tally)
    print(f"\n{name}: {tally}")
    assert tally["blocked"] and tally["reachable"]


@pytest.mark.skipif(not shutil.which("clang"), reason="no clang to make an XDP program with")
def test_xdp_is_told(netns, tmp_path):
    """Its program cannot be seen into: a gap, which is no incompleteness."""
    ns = netns()
    (tmp_path / "pass.c").write_text('__attribute__((section("xdp"), used)) int pass_all(void *ctx) { return 2; }\n'
                                     'char words[] __attribute__((section("license"), used)) = "GPL";\n')
    run("clang", "-O2", "-g", "-target", "bpf", "-c", tmp_path / "pass.c", "-o", tmp_path / "pass.o")
    run("ip", "link", "add", "vx", "netns", ns.name, "type", "veth", "peer", "name", "vy", "netns", ns.name)

    def gaps():
        out = ns.run(Quaymaster.program, "host", "--json", "--netns", "self", "--no-bpf", check=False).stdout
        return [g for g in Records(out).of("gap") if "XDP" in g["reason"]]
    assert not gaps()
    run("ip", "-n", ns.name, "link", "set", "vx", "xdpgeneric", "obj", tmp_path / "pass.o", "sec", "xdp")
    told, = gaps()
    assert "on vx in" in told["reason"] and told["incomplete"] is False
