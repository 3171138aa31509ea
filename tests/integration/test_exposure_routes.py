# SPDX-License-Identifier: GPL-2.0-or-later
"""What the packet filter lets in where routes decide, too: what is computed, against what packets do."""
import json
import subprocess

import pytest

from conftest import Quaymaster, Records, need_root, run

pytestmark = [
    need_root,
    pytest.mark.skipif(not (Quaymaster.program.parent / "quaymaster-nft").exists(), reason="built without quaymaster-nft"),
]

ESTATE = 'networks:\n  - {cidr: 10.97.1.0/24, zone: office}\n  - {cidr: "fd97:1::/64", zone: office}\n'

RULES = """
flush ruleset
table inet edge {
        chain pre {
                type nat hook prerouting priority dstnat;
                tcp dport 8080 dnat ip to 10.97.9.9:80
                tcp dport 8081 dnat ip6 to [fd97:9::9]:80
        }
        chain marks {
                type filter hook prerouting priority mangle;
                tcp dport 8080 ip saddr %s meta mark set 7
        }
        chain forward {
                type filter hook forward priority filter; policy drop;
                ct state established,related accept
                oifname "%s" accept
        }
}
"""

# 10.97.9.9 and fd97:9::9 are in both networks: which of the two answers says where packets went.
SERVER = """
import select
listeners = []
for family, address in zip((socket.AF_INET, socket.AF_INET6), sys.argv[2:]):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, 80))
    s.listen(50)
    listeners.append(s)
print('ready', flush=True)
while True:
    ready = select.select([*listeners, sys.stdin], [], [])[0]
    if sys.stdin in ready: sys.exit()
    for s in ready:
        c, _ = s.accept(); c.send(sys.argv[1].encode()); c.close()
"""

CLIENT = """
import json
print('ready', flush=True)
for line in sys.stdin:
    answers, (seconds, *asked) = {}, json.loads(line)
    for name, family, source, to, port in asked:
        s = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET)
        s.settimeout(seconds)
        try:
            s.bind((source, 0)); s.connect((to, port)); answers[name] = s.recv(9).decode()
        except OSError: answers[name] = ''
        s.close()
    print(json.dumps(answers), flush=True)
"""

WAYS = {  # how the host is told to route -> by which device it is said to send (4, 6); None: unknown
    "networks alone": ([], ("d1", "d1")),
    "a narrower route": (["route add 10.97.9.9/32 dev d2", "-6 route add fd97:9::9/128 dev d2"], ("d2", "d2")),
    "a better metric": (["route add 10.97.9.8/30 dev d1 metric 9", "route add 10.97.9.8/30 dev d2 metric 5"], ("d2", "d1")),
    "a table for marked packets": (["route add default dev d2 table 100", "rule add fwmark 7 lookup 100"], (None, "d1")),
    "a table for some sources": (["route add 10.97.9.0/24 dev d2 table 100", "rule add from 10.97.1.3 lookup 100"], (None, "d1")),
    "a table for one way in": (["-6 route add default dev d2 table 100", "-6 rule add iif dc lookup 100"], ("d1", None)),
    "a table for all": (["route add 10.97.9.0/24 dev d2 table 100", "rule add lookup 100"], ("d2", "d1")),
    "as a tunnel for all but networks has it": (
        ["route add default dev d2 table 100", "rule add not fwmark 9 lookup 100", "rule add lookup main suppress_prefixlength 0"],
        ("d1", "d1")),
    "several ways": (["route add 10.97.9.8/29 nexthop dev d1 nexthop dev d2"], (None, "d1")),
    "nowhere": (["route add blackhole 10.97.9.9/32"], (None, "d1")),
    "an elsewhere that says ask on": (["route add throw 10.97.9.0/24 table 100", "rule add lookup 100"], ("d1", "d1")),
}


PORTS = {"two": 8080, "three": 8080, "six": 8081}


ASKED = [("two", 4, "10.97.1.2", "10.97.1.1", 8080), ("three", 4, "10.97.1.3", "10.97.1.1", 8080),
         ("six", 6, "fd97:1::2", "fd97:1::1", 8081)]


class Router:
    """A host between a client and two networks that look alike."""

    def __init__(self, netns, folder):
        self.host, self.client, self.folder = netns(), netns(), folder
        (folder / "estate.yaml").write_text(ESTATE)
        self.link(self.client, "dc", 1, ["10.97.1.2/24", "10.97.1.3/24", "fd97:1::2/64"])
        for n, device in enumerate(("d1", "d2")):
            ns = netns()
            self.link(ns, device, 9 - n, [f"10.97.{9 - n}.2/24", f"fd97:{9 - n}::2/64", "10.97.9.9/32", "fd97:9::9/128"])
            ns.python(SERVER, device, "10.97.9.9", "fd97:9::9")
        self.host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                      "net.ipv4.conf.all.rp_filter=0", *[f"net.ipv4.conf.{d}.rp_filter=0" for d in ("dc", "d1", "d2")])
        self.asker = self.client.python(CLIENT)

    def ip(self, *argv, **kwargs):
        return run("ip", "-n", self.host.name, *argv, **kwargs)

    def link(self, ns, device, n, addresses):
        run("ip", "link", "add", device, "netns", self.host.name, "type", "veth", "peer", "name", "out", "netns", ns.name)
        for a in (f"10.97.{n}.1/24", f"fd97:{n}::1/64"):
            self.ip("addr", "add", a, "dev", device, *(["nodad"] if ":" in a else []))
        self.ip("link", "set", device, "up")
        run("ip", "-n", ns.name, "link", "set", "out", "up")
        for a in addresses:
            run("ip", "-n", ns.name, "addr", "add", a, "dev", "out", *(["nodad"] if ":" in a else []))
        run("ip", "-n", ns.name, "route", "add", "default", "via", f"10.97.{n}.1")
        run("ip", "-n", ns.name, "-6", "route", "add", "default", "via", f"fd97:{n}::1")

    def told(self):
        """(port, family) -> what is said of the office."""
        out = self.host.run(Quaymaster.program, "host", "--json", "--netns", "self", "--no-bpf", "--config", self.folder).stdout
        found = {}
        for r in Records(out).of("listener"):
            to = r.get("forward", {}).get("to_address") or r["address"]
            found[r["port"], 6 if ":" in to else 4] = {z["zone"]: z for z in r["exposure"]["zones"]}["office"]
        return found

    def answers(self, seconds, wanted=ASKED):
        self.asker.stdin.write(json.dumps([seconds, *wanted]) + "\n")
        self.asker.stdin.flush()
        return json.loads(self.asker.stdout.readline())


@pytest.mark.parametrize("name", WAYS)
def test_devices_that_forwards_leave_by(netns, tmp_path, name):
    lines, said = WAYS[name]
    router = Router(netns, tmp_path)
    for line in lines:
        router.ip(*line.split())
    went = set()
    for device in ("d1", "d2"):
        subprocess.run(router.host.argv("nft", "-f", "-"), input=RULES % ("10.97.1.3", device), text=True, check=True)
        told = router.told()
        for port, out in zip((8080, 8081), said):
            assert told[port, 4 if port == 8080 else 6]["state"] == ("unknown" if not out else "reachable" if out == device else "blocked"), (device, told)
        expected = {port: device if out == device else "" for port, out in zip((8080, 8081), said) if out}
        for seconds in (0.2, 1, 3):  # neighbours are found, and a machine that is busy answers, late
            got = router.answers(seconds)
            if all(got[name] == expected.get(port, got[name]) for name, port in PORTS.items()):
                break
        else:
            pytest.fail(f"{device}: {told}, and packets: {got}")
        went |= {(PORTS[name], a) for name, a in got.items() if a}
    # and where nothing is said, it is because nothing certain can be
    if name in ("a table for marked packets", "a table for some sources"):
        assert {device for port, device in went if port == 8080} == {"d1", "d2"}


FORWARD = """
table inet edge {
        chain pre {
                type nat hook prerouting priority dstnat;
                tcp dport 8080 dnat ip to 10.97.9.9:80
                tcp dport 8081 dnat ip6 to [fd97:9::9]:80
        }
        chain forward { type filter hook forward priority filter; policy %s; ct state established,related accept; }
}
"""
DROP_OWN = """
table inet t {
        chain in {
                type filter hook input priority 0
                ip daddr { 10.97.1.1, 10.97.8.1, 10.97.9.1 } tcp dport 80 drop
        }
}
"""
INPUT = "table inet t {\n chain in {\n type filter hook input priority 0; policy drop\n ct state established accept\n %s\n }\n}\n"
TWO = "10.97.1.2"

CASES = {  # how the host is set up, its rules; what is asked: source, target, port; what is said; who answers, if anybody
    "a device asked for before packets leave": (
        [], FORWARD % "accept" + 'table inet g {\n chain late {\n type filter hook prerouting priority 10\n oifname "d1" drop\n }\n}\n',
        (TWO, "10.97.1.1", 8080), "unknown", "d1"),
    "addresses made own by a route": (["ip route add local 10.97.9.0/24 dev lo"], FORWARD % "drop", (TWO, "10.97.1.1", 8080), "unknown", "host"),
    "all of a network on lo": (["ip addr add 10.97.20.1/24 dev lo"], DROP_OWN.replace("10.97.9.1 }", "10.97.9.1, 10.97.20.1 }"), (TWO, "10.97.20.77", 80), "unknown", "host"),
    "an address of a device that is down": (
        ["ip link add spare type veth peer name spare2", "ip addr add 10.97.40.1/24 dev spare"], DROP_OWN, (TWO, "10.97.40.1", 80),
        "reachable", "host"),
    "an address kept while its device is down": (
        ["ip link add spare type veth peer name spare2", "sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1 net.ipv6.conf.spare.keep_addr_on_down=1",
         "ip addr add fd97:9::9/128 dev spare nodad", "ip link set spare up", "ip link set spare down"],
        FORWARD % "accept" + INPUT % "meta l4proto ipv6-icmp accept", ("fd97:1::2", "fd97:1::1", 8081), "unknown", "d1"),
    "packets to others led here": (
        [], 'table ip t {\n chain raw {\n type filter hook prerouting priority -300\n fib daddr type local tcp dport 8080 drop\n }\n'
        ' chain pre {\n type nat hook prerouting priority dstnat\n tcp dport 8080 redirect to :80\n }\n}\n',
        (TWO, "10.97.77.77", 8080), "unknown", "host"),
    "the other end of a point-to-point link": (
        ["ip addr add 10.97.1.201 peer 10.97.30.2/24 dev d2"], INPUT % 'iifname "dc" accept', (TWO, "10.97.1.1", 80), "reachable", "host"),
    "a narrower way to a part of a network": (
        ["ip link add cali type veth peer name cali2", "ip link set cali up", "ip route add 10.97.1.55/32 dev cali"],
        INPUT % 'iifname "cali" accept', (TWO, "10.97.1.1", 80), "unknown", ""),
    "untracked at conntrack's own place": (
        [], 'table inet r {\n chain pre {\n type filter hook prerouting priority -200\n tcp dport 80 notrack\n }\n}\n'
        + "table inet t {\n chain in {\n type filter hook input priority 0; policy drop\n ct state new,established tcp dport 80 accept\n }\n}\n",
        (TWO, "10.97.1.1", 80), "unknown", None),
    "a NAT chain on the way in": (
        [], "table inet t {\n chain pre {\n type nat hook prerouting priority dstnat\n tcp dport 8080 redirect to :80\n }\n"
        " chain in {\n type nat hook input priority 100\n tcp dport 80 drop\n }\n}\n", (TWO, "10.97.1.1", 8080), "blocked", ""),
    "a translation to where it goes anyway": (
        [], "table inet t {\n chain pre {\n type nat hook prerouting priority dstnat\n tcp dport 80 dnat ip to 10.97.8.1\n }\n"
        " chain in {\n type filter hook input priority 0\n ct status dnat drop\n }\n}\n", (TWO, "10.97.8.1", 80), "unknown", "host"),
    "flags that a fragment may lack": (
        [], "table ip t {\n chain pre {\n type filter hook prerouting priority 0\n"
        " tcp flags & (fin | syn | rst | ack) == syn drop\n }\n}\n", (TWO, "10.97.1.1", 80), "unknown", ""),
    "a network in table local": (["ip route add 10.97.9.8/29 dev d2 table local"], RULES % ("10.97.1.3", "d1"), (TWO, "10.97.1.1", 8080), "unknown", None),
    "packets put into others": (
        ["ip route add 10.97.9.9/32 encap ip id 7 dst 10.97.8.2 dev d1"], RULES % ("10.97.1.3", "d2"), (TWO, "10.97.1.1", 8080), "unknown", None),
}


@need_root
@pytest.mark.parametrize("name", CASES)
def test_what_else_decides(netns, tmp_path, name):
    lines, rules, (source, target, port), said, answer = CASES[name]
    router = Router(netns, tmp_path)
    router.host.python(SERVER, "host", "0.0.0.0", "::")
    for line in lines:
        router.host.run(*line.split())
    subprocess.run(router.host.argv("nft", "-f", "-"), input=rules, text=True, check=True)
    family = 6 if ":" in source else 4
    told = router.told()
    told = next(told[key] for key in ((port, family), (port, 4), (port, 6)) if key in told)
    assert told["state"] == said, told
    for seconds in (0.3, 1, 3):
        got = router.answers(seconds, [("it", family, source, target, port)])["it"]
        if answer is None or got == answer:
            break
    else:
        pytest.fail(f"{told}, and who answered: '{got}'")
