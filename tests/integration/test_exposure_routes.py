# SPDX-License-Identifier: GPL-2.0-or-later
"""Forwards whose filter asks for the device that packets leave by: what is computed, against what packets do."""
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
for family, address in ((socket.AF_INET, '10.97.9.9'), (socket.AF_INET6, 'fd97:9::9')):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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


class Router:
    """A host between a client and two networks that look alike."""

    def __init__(self, netns, folder):
        self.host, self.client, self.folder = netns(), netns(), folder
        (folder / "estate.yaml").write_text(ESTATE)
        self.link(self.client, "dc", 1, ["10.97.1.2/24", "10.97.1.3/24", "fd97:1::2/64"])
        for n, device in enumerate(("d1", "d2")):
            ns = netns()
            self.link(ns, device, 9 - n, [f"10.97.{9 - n}.2/24", f"fd97:{9 - n}::2/64", "10.97.9.9/32", "fd97:9::9/128"])
            ns.python(SERVER, device)
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
        out = self.host.run(Quaymaster.program, "host", "--json", "--netns", "self", "--no-bpf", "--config", self.folder).stdout
        return {r["port"]: {z["zone"]: z for z in r["exposure"]["zones"]}["office"]
                for r in Records(out).of("listener", kind="forward")}

    def answers(self, seconds):
        wanted = [("two", 4, "10.97.1.2", "10.97.1.1", 8080), ("three", 4, "10.97.1.3", "10.97.1.1", 8080),
                  ("six", 6, "fd97:1::2", "fd97:1::1", 8081)]
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
            assert told[port]["state"] == ("unknown" if not out else "reachable" if out == device else "blocked"), (device, told)
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
