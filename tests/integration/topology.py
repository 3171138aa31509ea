# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks to scan, all in namespaces of our own, with a truth known beforehand.

    sentinel 10.99.0.2 ---- scanner 10.77.0.1 ---- target 10.77.0.2                      Net(netns)
                                   |
                                   +------- router 10.76.0.254 ---- far 10.78.0.0/16     Net(netns, router=True)

The default route of the scanner leads to the sentinel, which is in nobody's estate: a frame there, whatever it is, is one
that left the scope. It is counted on the receiving link, since a filter in the scanner does not see what AF_PACKET sends.
test_scan_topology.py holds these networks to what they promise, without quaymaster.
"""
import ipaddress
import json
import pathlib
import subprocess

from conftest import PYTHON, Records, run

SCANNER, TARGET, SENTINEL = "10.77.0.1", "10.77.0.2", "10.99.0.2"
SCANNER6, TARGET6 = "fd77::1", "fd77::2"
FAR = "10.78.0.1"
HELPERS = pathlib.Path(__file__).parent / "helpers"


def quiet(ns, six):
    """No chatter of IPv6: without it nothing but what is asked for crosses a link."""
    settings = {"all/disable_ipv6": int(not six), "default/disable_ipv6": int(not six), "default/accept_dad": 0,
                "default/accept_ra": 0, "default/router_solicitations": 0, "default/addr_gen_mode": 1}
    code = "import sys, json\nfor k, v in json.loads(sys.argv[1]).items(): open('/proc/sys/net/ipv6/conf/' + k, 'w').write(str(v))"
    ns.run(PYTHON, "-c", code, json.dumps(settings))


def sysctl(ns, **settings):
    code = "import sys\nfor s in sys.argv[1:]:\n k, v = s.split('=')\n open('/proc/sys/net/' + k, 'w').write(v)"
    ns.run(PYTHON, "-c", code, *(f"{k.replace('__', '/')}={v}" for k, v in settings.items()))


def batch(ns, *lines):
    run("ip", "-n", ns.name, "-batch", "-", input="\n".join(lines) + "\n")


def nft(ns, text):
    ns.run("nft", "-f", "-", input=text.replace("; }", "\n}\n"))


class Net:
    def __init__(self, netns, router=False, six=False):
        self.netns = netns
        self.scanner, self.sentinel = netns(), netns()
        quiet(self.scanner, six)
        quiet(self.sentinel, False)
        self._veth(self.scanner, "out0", f"{SENTINEL[:-1]}1/24", self.sentinel, "in0", f"{SENTINEL}/24", v6=False)
        batch(self.scanner, f"route add default via {SENTINEL}")
        self.target = self.router = None
        if router:
            self.router, self.target = netns(), netns()
            quiet(self.router, False)
            quiet(self.target, False)
            self._veth(self.scanner, "near0", "10.76.0.1/24", self.router, "r0", "10.76.0.254/24")
            self._veth(self.router, "r1", "10.78.0.254/16", self.target, "t0", "10.78.0.1/16")
            batch(self.scanner, "route add 10.78.0.0/16 via 10.76.0.254")
            batch(self.target, "route add default via 10.78.0.254")
            sysctl(self.router, ipv4__ip_forward=1)
            self.address = FAR
        else:
            self.target = netns()
            quiet(self.target, six)
            self._veth(self.scanner, "near0", f"{SCANNER}/24", self.target, "t0", f"{TARGET}/24")
            self.address = TARGET
            if six:
                batch(self.scanner, f"addr add {SCANNER6}/64 dev near0 nodad")
                batch(self.target, f"addr add {TARGET6}/64 dev t0 nodad")
        # a host that limits what it says is a topology of its own: see limit_rst, limit_icmp
        sysctl(self.target, ipv4__icmp_ratelimit=0, ipv4__icmp_msgs_per_sec=1000000)
        if six:
            sysctl(self.target, ipv6__icmp__ratelimit=0)
        self._stray = self.stray_frames()

    @staticmethod
    def _veth(a, a_device, a_address, b, b_device, b_address, v6=True):
        run("ip", "link", "add", a_device, "netns", a.name, "type", "veth", "peer", "name", b_device, "netns", b.name)
        if not v6:
            sysctl(a, **{f"ipv6__conf__{a_device}__disable_ipv6": 1})
        for ns, device, address in ((a, a_device, a_address), (b, b_device, b_address)):
            batch(ns, *([f"addr add {address} dev {device}"] if address else []), f"link set {device} up")

    @staticmethod
    def frames(ns, device):
        """Frames received on a link, whatever they are."""
        return json.loads(run("ip", "-n", ns.name, "-j", "-s", "link", "show", device).stdout)[0]["stats64"]["rx"]["packets"]

    def stray_frames(self):
        return self.frames(self.sentinel, "in0")

    def assert_nothing_strayed(self):
        stray = self.stray_frames() - self._stray
        assert stray == 0, f"{stray} frames reached the sentinel, which is out of scope"

    # what the target is like

    def hosts(self, network):
        """The target answers for every address of the network, ARP included."""
        batch(self.target, f"route add local {network} dev lo")
        return [str(a) for a in ipaddress.ip_network(network)]

    def serve(self, ports, address="", mode="accept", six=False):
        """TCP listeners of the target: `ports` are numbers, or (address, number). Modes: accept, close, banner, echo."""
        pairs = [p if isinstance(p, tuple) else (address or ("::" if six else "0.0.0.0"), p) for p in ports]
        return self.target.start(PYTHON, HELPERS / "tcp_server.py", mode, json.dumps(pairs))

    def serve_udp(self, services, address="0.0.0.0"):
        """{port: kind}: dns, ntp, stun, tftp, echo, silent."""
        return self.target.start(PYTHON, HELPERS / "udp_server.py", address, json.dumps(services))

    def drop(self, ports_open=(), ports_dropped=None, proto="tcp"):
        """Silence but for some ports, or only for some ports."""
        if ports_dropped is not None:
            rule = f"{proto} dport {{ {', '.join(map(str, ports_dropped))} }} drop"
        elif ports_open:
            rule = f"meta l4proto {proto} {proto} dport != {{ {', '.join(map(str, ports_open))} }} drop"
        else:
            rule = f"meta l4proto {proto} drop"
        nft(self.target, f"table inet drops {{ chain input {{ type filter hook input priority 0; {rule}; }} }}")

    def reject(self, ports, how="icmpx type admin-prohibited", proto="tcp"):
        nft(self.target, f"table inet rejects {{ chain input {{ type filter hook input priority 0; "
                         f"{proto} dport {{ {', '.join(map(str, ports))} }} reject with {how}; }} }}")

    def limit_rst(self, per_second, burst=5):
        nft(self.target, "table inet rst { chain output { type filter hook output priority 0; "
                         f"tcp flags & rst == rst limit rate over {per_second}/second burst {burst} packets drop; }} }}")

    def limit_icmp(self):
        """As Linux does by default: about one error a second to one peer."""
        sysctl(self.target, ipv4__icmp_ratelimit=1000)

    def lose(self, percent, device_in=None):
        """Each way, at the router: not in the target, whose TCP would notice."""
        nft(self.router, "table inet loss { counter lost { packets 0 bytes 0; } chain forward { type filter hook forward priority 0; "
                         f"numgen random mod 1000 < {round(percent * 10)} counter name lost drop; }} }}")

    def lost(self):
        found = json.loads(self.router.run("nft", "-j", "list", "counter", "inet", "loss", "lost").stdout)
        return next(e["counter"]["packets"] for e in found["nftables"] if "counter" in e)

    def blackhole(self, addresses):
        """Hosts behind the router that are not there, and of which nobody says so."""
        nft(self.router, "table inet dead { chain forward { type filter hook forward priority -10; "
                         f"ip daddr {{ {', '.join(addresses)} }} drop; }} }}")

    def middlebox_redirect(self, real, accept_port=9999):
        """Every port accepts: all but the real ones end at one server that stays silent."""
        self.serve([accept_port], mode="accept")
        nft(self.target, "table ip everything { chain pre { type nat hook prerouting priority dstnat; "
                         f"tcp dport != {{ {', '.join(map(str, real))} }} redirect to :{accept_port}; }} }}")
        self.serve(real, mode="banner")

    def middlebox_raw(self, real):
        """Every SYN gets a SYN-ACK from something that holds no connection and acknowledges no data."""
        self.drop(ports_open=real)
        self.serve(real, mode="banner")
        return self.target.start(PYTHON, HELPERS / "syn_responder.py", "t0", json.dumps(list(real)))

    def slow_host(self, address, ports, milliseconds):
        """One more host behind the router, with that round trip: each way the frames are held for half of it."""
        wire, host = self.netns(), self.netns()
        quiet(wire, False)
        quiet(host, False)
        self._veth(self.router, "r2", None, wire, "w0", None)
        self._veth(wire, "w1", None, host, "t0", f"{address}/32")
        batch(self.router, f"route add {address} dev r2")
        batch(host, "route add 10.78.0.254 dev t0", "route add default via 10.78.0.254")
        for ns, device in ((self.router, "r2"), (host, "t0")):
            ns.run(PYTHON, HELPERS / "no_checksum_offload.py", device)
        # each knows the other's hardware address: the delay is that of the host alone, also the first time
        for ns, device, other, far, to in ((self.router, "r2", host, "t0", address), (host, "t0", self.router, "r2", "10.78.0.254")):
            mac = json.loads(run("ip", "-n", other.name, "-j", "link", "show", far).stdout)[0]["address"]
            batch(ns, f"neigh replace {to} lladdr {mac} dev {device} nud permanent")
        wire.start(PYTHON, HELPERS / "delay_wire.py", "w0", "w1", str(milliseconds / 2))
        host.start(PYTHON, HELPERS / "tcp_server.py", "accept", json.dumps([(address, p) for p in ports]))

    def record(self, ns=None, device="t0"):
        return Recorder(ns or self.target, device)

    def forge(self, what, **more):
        return self.target.start(PYTHON, HELPERS / "forger.py", "t0", what, json.dumps(more))


class Recorder:
    """What arrives on a link, frame by frame, until stop(). Times are seconds of CLOCK_MONOTONIC."""

    def __init__(self, ns, device):
        self.ns = ns
        self.child = ns.start(PYTHON, HELPERS / "recorder.py", device)

    def stop(self):
        return [Frame(*f) for f in json.loads(self.ns.end(self.child))]


class Frame:
    __slots__ = ("time", "proto", "source", "target", "sport", "dport", "flags", "length")

    def __init__(self, *fields):
        for name, value in zip(self.__slots__, fields):
            setattr(self, name, value)

    @property
    def is_syn(self):
        return self.proto == 6 and self.flags & 0x12 == 0x02

    def __repr__(self):
        return f"<{self.time:.4f} {self.proto} {self.source}:{self.sport} > {self.target}:{self.dport} {self.flags:x} {self.length}>"


OURS = ("10.77.0.0/16", "10.78.0.0/16", "fd77::/64")


class Scan:
    """One run of `quaymaster scan --json` from the scanner of a Net, with an estate that holds its networks."""

    def __init__(self, qm, folder, estate=None):
        self.qm, self.config = qm, folder
        if estate is None:
            estate = "networks:\n" + "".join(f"  - cidr: {n}\n    zone: lab\n" for n in OURS)
        folder.mkdir(exist_ok=True)
        (folder / "estate.yaml").write_text(estate)

    def argv(self, *argv, json=True):
        return [self.qm.program, "scan", *argv, "--config", self.config, *(["--json"] if json else [])]

    def __call__(self, net, *argv, status=0, prefix=(), json=True, **kwargs):
        done = run(*net.scanner.argv(*prefix, *self.argv(*argv, json=json)), check=False, **kwargs)
        assert done.returncode == status, f"exit {done.returncode}, not {status}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        if not json or status == 2:
            return done
        records = Records(done.stdout)
        records.stderr = done.stderr
        assert records.summary["complete"] is (status == 0), records.summary
        return records

    def start(self, net, *argv, output, prefix=()):
        """In the background, records into a file. ip-netns(8) execs, so the pid is that of the scan."""
        with open(output, "wb") as out:
            return subprocess.Popen([str(a) for a in net.scanner.argv(*prefix, *self.argv(*argv))], stdout=out,
                                    stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)


def opened(records, transport="tcp"):
    """The open endpoints, as (address, port)."""
    return [(r["address"], r["port"]) for r in records.of("endpoint", state="open", transport=transport)]


def recall_precision(found, truth):
    """Shares of the truth that was found, and of what was found that is true."""
    found, truth = set(found), set(truth)
    right = len(found & truth)
    return right / len(truth) if truth else 1.0, right / len(found) if found else 1.0


def assert_exactly(records, truth, transport="tcp"):
    found = opened(records, transport)
    assert len(found) == len(set(found)), "told twice"
    missed, invented = set(truth) - set(found), set(found) - set(truth)
    assert recall_precision(found, truth) == (1.0, 1.0), f"missed {sorted(missed)[:20]}, invented {sorted(invented)[:20]}"


def ports_of(texts, transport="tcp"):
    """The numbers in ["90-93/tcp", "99/tcp"] or "22,80-81"."""
    words = texts.split(",") if isinstance(texts, str) else [t.split("/")[0] for t in texts if t.endswith(transport)]
    out = set()
    for word in filter(None, words):
        first, _, last = word.partition("-")
        out.update(range(int(first), int(last or first) + 1))
    return out
