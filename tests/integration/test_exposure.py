# SPDX-License-Identifier: GPL-2.0-or-later
"""What the packet filter is computed to let in, against what real connections from several addresses find."""
import ipaddress
import json
import os
import re
import subprocess
import time

import pytest

from conftest import PYTHON, Quaymaster, Records, need_root, run
from exposure_rules import OWN, TCP, UDP, Maker

pytestmark = [
    need_root,
    pytest.mark.skipif(not (Quaymaster.program.parent / "quaymaster-nft").exists(), reason="built without quaymaster-nft"),
]

ESTATE = """networks:
  - {cidr: 10.98.1.0/24, zone: near}
  - {cidr: 10.98.2.0/24, zone: guests}
  - {cidr: 172.20.0.0/16, zone: far}
  - {cidr: "fd98:1::/64", zone: six}
"""
# (namespace, source address): of each zone some, on and off the link
SOURCES = [("a", "10.98.1.2"), ("a", "10.98.1.3"), ("a", "10.98.1.77"), ("a", "172.20.5.5"), ("a", "fd98:1::2"),
           ("b", "10.98.2.2"), ("b", "10.98.2.9")]
ZONES = {"near": ["10.98.1.2", "10.98.1.3", "10.98.1.77"], "guests": ["10.98.2.2", "10.98.2.9"], "far": ["172.20.5.5"],
         "six": ["fd98:1::2"]}
# (transport, address, port)
LISTENERS = [("tcp", "0.0.0.0", 7001), ("tcp", "0.0.0.0", 7002), ("tcp", "::", 7003), ("tcp", "10.98.1.1", 7004),
             ("tcp", "0.0.0.0", 7005), ("udp", "0.0.0.0", 7101), ("udp", "10.98.1.1", 7102)]
EXTRA = [("tcp", 7090), ("tcp", 7091)]

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

    def __init__(self, netns, folder):
        self.host, self.sides = netns(), {"a": netns(), "b": netns()}
        (folder / "estate.yaml").write_text(ESTATE)
        (folder / "estate.yaml").chmod(0o644)
        self.config = folder
        for side, n in (("a", 1), ("b", 2)):
            self.link(side, n)
        self.host.python(SERVER, *[",".join(map(str, one)) for one in LISTENERS])
        self.clients = {side: ns.python(CLIENT) for side, ns in self.sides.items()}

    def link(self, side, n):
        ns, host, device = self.sides[side], self.host, "v" + side
        run("ip", "link", "add", device, "netns", host.name, "address", f"02:00:00:00:0{n}:01", "type", "veth",
            "peer", "name", "out", "netns", ns.name, "address", f"02:00:00:00:0{n}:02")
        addresses = [s for where, s in SOURCES if where == side]
        run("ip", "-n", host.name, "addr", "add", f"10.98.{n}.1/24", "dev", device)
        run("ip", "-n", host.name, "addr", "add", f"fd98:{n}::1/64", "dev", device, "nodad")
        for a in addresses:
            prefix = 64 if ":" in a else 32 if a.startswith("172") else 24
            run("ip", "-n", ns.name, "addr", "add", f"{a}/{prefix}", "dev", "out", *(["nodad"] if ":" in a else []))
        run("ip", "-n", host.name, "link", "set", device, "up")
        run("ip", "-n", ns.name, "link", "set", "out", "up")
        run("ip", "-n", ns.name, "route", "add", "default", "via", f"10.98.{n}.1")
        for a in addresses:  # rulesets may drop what neighbours are found by
            if not a.startswith("172"):
                run("ip", "-n", host.name, "neigh", "replace", a, "lladdr", f"02:00:00:00:0{n}:02", "dev", device)
        if side == "a":
            run("ip", "-n", host.name, "route", "add", "172.20.0.0/16", "via", "10.98.1.2")
            run("ip", "-n", ns.name, "neigh", "replace", "fd98:1::1", "lladdr", "02:00:00:00:01:01", "dev", "out")

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
        targets = [*OWN, "fd98:1::1"]
        places = ports or [(kind, port) for kind, _, port in LISTENERS] + EXTRA
        wanted = {"a": [], "b": []}
        for side, source in SOURCES:
            for kind, port in places:
                wanted[side] += [(source, kind, t, port) for t in targets if (":" in t) == (":" in source)]
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


def wrong(listener, zone, found):
    """What is computed of a listener and a zone, and not so; or None."""
    kind, port = listener["transport"], listener["port"]
    sources = ZONES[zone["zone"]]
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
    host = net.start_host()
    found = net.ask(0.12)
    records = Records(host.communicate(timeout=60)[0])
    listeners = [r for r in records.of("listener") if r["exposure"].get("zones")]
    assert len([r for r in listeners if r.get("kind") != "forward"]) == len(LISTENERS), rules
    for r in listeners:
        if r.get("kind") == "forward" and (r["forward"]["to_address"] or r["forward"]["to_port"] in (0, r["port"])):
            continue  # to another host; to where it would get anyway
        for zone in r["exposure"]["zones"]:
            if zone["zone"] not in ZONES:
                continue
            tally[zone["state"]] = tally.get(zone["state"], 0) + 1
            if zone["state"] == "unknown":
                tally["why"][zone["why"].split(" (")[0]] = tally["why"].get(zone["why"].split(" (")[0], 0) + 1
            for seconds in (0.6, 2.0):  # a machine that is busy answers late
                problem = wrong(r, zone, found)
                if not problem:
                    break
                found = net.ask(seconds)
            assert not problem, (f"seed {seed}: {r['transport']} {r['address']} {r['port']} {r.get('kind')} from "
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
    return Network(netns, tmp_path)


def test_generated(network):
    first = int(os.environ.get("QM_SEED", "0"))
    run_seeds(network, range(first, first + int(os.environ.get("QM_RULESETS", "100"))))


@pytest.mark.soak
def test_generated_many(network):
    run_seeds(network, range(100000, 102000))
