# SPDX-License-Identifier: GPL-2.0-or-later
"""`watch --denied`: what the packet filter refuses is told at once, and counted after that."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from conftest import need_root

pytestmark = need_root
BUILD = pathlib.Path(os.environ.get("QM_BUILD", "build-dev")).resolve()
RULES = """
table inet t {
    chain i {
        type filter hook input priority 10; policy drop;
        iif lo accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        log prefix "quaymaster denied: " group 7117
    }
}
"""


@pytest.fixture
def pair(netns):
    """Two namespaces with a link; the second refuses all."""
    a, b = netns(), netns()
    subprocess.run(["ip", "link", "add", "v0", "netns", a.name, "type", "veth", "peer", "name", "v0", "netns", b.name], check=True)
    for ns, last in ((a, 1), (b, 2)):
        for argv in (["addr", "add", f"10.99.7.{last}/24", "dev", "v0"],
                     ["addr", "add", f"fd99:7::{last}/64", "dev", "v0", "nodad"], ["link", "set", "v0", "up"]):
            subprocess.run(["ip", "-n", ns.name, *argv], check=True)
    subprocess.run(["ip", "netns", "exec", b.name, "nft", "-f", "-"], input=RULES, text=True, check=True)
    return a, b


class Denied:
    """One that follows; it has the group when it is made."""

    def __init__(self, ns, *argv, prefix=()):
        where = [] if prefix else ["--netns", ns.name]
        argv = [*prefix, BUILD / "quaymaster", "watch", "--denied", "--json", *where, *map(str, argv)]
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.first = None if "--output" in argv else json.loads(self.child.stdout.readline() or "null")

    def next(self):
        return json.loads(self.child.stdout.readline())

    def end(self):
        self.child.send_signal(signal.SIGINT)
        out, err = self.child.communicate(timeout=20)
        return [json.loads(line) for line in out.splitlines()], err


@pytest.fixture
def denied():
    made = []

    def make(*argv, **words):
        made.append(Denied(*argv, **words))
        return made[-1]

    yield make
    for w in made:
        if w.child.poll() is None:
            w.child.kill()
            w.child.communicate()


def knock(ns, family, kind, address, port):
    code = (f"import socket\ns = socket.socket({int(family)}, {int(kind)}); s.setblocking(False)\n"
            f"s.connect_ex(('{address}', {port}))\n" + ("s.send(b'x')\n" if kind == socket.SOCK_DGRAM else ""))
    subprocess.run(["ip", "netns", "exec", ns.name, "/usr/bin/python3", "-c", code], check=True)


@pytest.mark.alone
def test_told_within_a_second(pair, denied, tmp_path):
    a, b = pair
    (tmp_path / "estate.yaml").write_text("networks:\n  - cidr: 10.99.7.0/24\n    zone: office\n")
    for family, address in ((socket.AF_INET, "10.99.7.2"), (socket.AF_INET6, "fd99:7::2")):  # the neighbours get to know each other
        knock(a, family, socket.SOCK_DGRAM, address, 9)
    time.sleep(1.2)
    w = denied(b, "--config", tmp_path)
    assert w.first["type"] == "watch" and w.first["source"] == "nflog"
    for family, kind, address, port, zone in ((socket.AF_INET, socket.SOCK_STREAM, "10.99.7.2", 8443, "office"),
                                              (socket.AF_INET, socket.SOCK_DGRAM, "10.99.7.2", 53, "office"),
                                              (socket.AF_INET6, socket.SOCK_STREAM, "fd99:7::2", 22, None)):
        knock(a, family, kind, address, port)
        begun = time.monotonic()
        record = w.next()
        assert time.monotonic() - begun < 1, record
        transport = "tcp" if kind == socket.SOCK_STREAM else "udp"
        assert (record["type"], record["transport"], record["address"]) == ("denied", transport, address)
        assert record["port"] == port and record["device"] == "v0" and record["zone"] == zone
        assert record["approve"].startswith(f"quaymaster policy approve {port}/{transport}")
        assert ("--from office" in record["approve"]) == (zone == "office")
    rest, err = w.end()
    assert w.child.returncode == 0 and rest[-1]["type"] == "summary" and rest[-1]["complete"] and not err
    assert rest[-1]["packets"] >= 3


@pytest.mark.alone
def test_what_goes_on_is_counted(pair, denied):
    a, b = pair
    w = denied(b)
    for _ in range(20):
        knock(a, socket.AF_INET, socket.SOCK_DGRAM, "10.99.7.2", 161)
    first = w.next()
    assert first["count"] == 1
    time.sleep(1)
    rest, _ = w.end()
    counts = [r["count"] for r in rest if r["type"] == "denied"]
    assert counts[-1] == 20 and len(counts) <= 3


def records(path, n):
    """The first n, once they are there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= n:
            return [json.loads(line) for line in lines]
        time.sleep(0.05)
    raise AssertionError(f"{path}: {lines}")


def test_output_is_rotated(pair, denied, tmp_path):
    a, b = pair
    file, moved = tmp_path / "denied", tmp_path / "denied.1"
    file.write_text('{"type":"before"}\n')
    w = denied(b, "--output", file)
    assert [r["type"] for r in records(file, 2)] == ["before", "watch"]
    file.rename(moved)
    knock(a, socket.AF_INET, socket.SOCK_DGRAM, "10.99.7.2", 161)
    assert records(file, 1)[0]["port"] == 161
    assert file.stat().st_mode & 0o777 == 0o600 and len(records(moved, 2)) == 2
    out, err = w.end()
    assert not out and not err and records(file, 2)[-1]["type"] == "summary"


def test_a_second_follower_is_told(pair, denied):
    _, b = pair
    denied(b)
    argv = [BUILD / "quaymaster", "watch", "--denied", "--netns", b.name]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert second.returncode == 3 and "another program follows it already" in second.stderr and not second.stdout


def test_follower_is_killed(pair, denied):
    _, b = pair
    w = denied(b)
    children = pathlib.Path(f"/proc/{w.child.pid}/task/{w.child.pid}/children").read_text().split()
    assert len(children) == 1
    os.kill(int(children[0]), signal.SIGKILL)
    out, err = w.child.communicate(timeout=20)
    assert w.child.returncode == 3 and "follows no more: it was ended by signal 9 (Killed)" in err
    assert not json.loads(out.splitlines()[-1])["complete"]


def test_without_rights(pair):
    _, b = pair
    argv = ["ip", "netns", "exec", b.name, "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
            BUILD / "quaymaster", "watch", "--denied"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert done.returncode == 3 and "CAP_NET_ADMIN" in done.stderr and not done.stdout


def test_one_right_is_enough(pair, denied):
    """What a unit for it has; quaymaster-nft, which follows the log, gets it from us."""
    _, b = pair
    w = denied(b, prefix=["ip", "netns", "exec", b.name, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                          "--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin", "--bounding-set=-all,+net_admin"])
    assert w.first and w.first["type"] == "watch"


@pytest.mark.parametrize("netns, says", [("all", "one namespace"), ("no-such-place", "cannot be opened"),
                                         ("../x", "no network namespace")])
def test_mistakes(qm, netns, says):
    done = qm("watch", "--denied", "--netns", netns, check=False)
    assert done.returncode == 2 and says in done.stderr


@pytest.mark.parametrize("option", ["--interval=5", "--no-bpf", "--test-sinks", "--install", "--now"])
def test_what_does_not_go_with_it(qm, option):
    done = qm("watch", "--denied", option, check=False)
    assert done.returncode == 2 and f"'{option.partition('=')[0]}' does not go with '--denied'" in done.stderr


def test_no_such_folder(qm, tmp_path):
    done = qm("watch", "--denied", "--output", tmp_path / "no" / "file", check=False)
    assert done.returncode == 2 and "cannot open" in done.stderr
