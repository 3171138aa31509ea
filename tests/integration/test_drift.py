# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots, diff, baseline and planned changes as one uses them, with real servers that come, go and move; and what may
go wrong with the file in which they are kept."""
import contextlib
import datetime
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import need_root, run, wait_for

SERVERS = """
def tcp(address, port):
    s = socket.socket(socket.AF_INET); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((address, port)); s.listen(); return s
def udp(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((address, port)); return s
kept = [(tcp if t == "tcp" else udp)(a, int(p)) for t, a, p in (word.split(",") for word in sys.argv[1:])]
print("ready", flush=True)
"""
PYTHON = os.path.realpath("/usr/bin/python3")
STATE = "/var/lib/quaymaster"


class Host:
    """A namespace with a state folder of its own."""

    def __init__(self, qm, ns, folder):
        self.qm, self.ns, self.state, self.db = qm, ns, folder / "state", folder / "state/quaymaster.db"
        self.folder = folder
        self.state.mkdir(mode=0o700)
        os.makedirs(STATE, mode=0o700, exist_ok=True)

    def argv(self, *argv, state=None):
        """In a mount namespace of its own, which `ip netns exec` makes."""
        mount = f'mount --bind {state or self.state} {STATE} && exec "$@"'
        return self.ns.argv("sh", "-c", mount, "sh", self.qm.program, *argv)

    def __call__(self, *argv, code=0, **kwargs):
        done = run(*self.argv(*argv), check=False, **kwargs)
        assert done.returncode == code, (argv, done.returncode, done.stdout + done.stderr)
        return done

    def look(self, *argv, **kwargs):
        """A command that looks at the host: only at our namespace."""
        return self(*argv, "--netns", "self", **kwargs)

    def save(self, name, **kwargs):
        return self.look("snapshot", "save", name, **kwargs)

    def records(self, *argv, **kwargs):
        return [json.loads(line) for line in self(*argv, "--json", **kwargs).stdout.splitlines()]

    def events(self, before, after, code=1, **kwargs):
        return [r for r in self.records("diff", before, after, code=code, **kwargs) if r["type"] == "event"]

    def serve(self, *places, executable=None, prefix=()):
        return self.ns.python(SERVERS, *places, executable=executable or "/usr/bin/python3", prefix=prefix)

    def names(self):
        return [r["name"] for r in self.records("snapshot", "list") if r["type"] == "snapshot"]


@pytest.fixture
def host(qm, netns, open_folder):
    return Host(qm, netns(), open_folder)


def short(events):
    """(kind, port before, port after) of each."""
    return sorted((e["kind"], *(side and side["port"] for side in (e["before"], e["after"]))) for e in events)


# --- what happened ----------------------------------------------------------------------------------


NFT = "table inet t { chain input { type filter hook input priority 0; policy %s; ct state established accept; }; }"


@need_root
def test_the_packet_filter(host):
    """What `host` says of it is what is kept and compared, and a rule that is loaded anew with the same meaning is no drift."""
    for argv in ("link add d0 type veth peer name d1", "addr add 10.99.0.1/24 dev d0", "link set d0 up", "link set d1 up"):
        run("ip", "-n", host.ns.name, *argv.split())
    host.serve("tcp,10.99.0.1,8080")
    host.ns.run("nft", NFT % "accept")
    host.save("open")
    for _ in range(2):
        host.ns.run("nft", "flush ruleset; " + NFT % "drop")
        host.save(f"shut{_}")
    assert host.events("shut0", "shut1", code=0) == []
    [event] = host.events("open", "shut0")
    assert (event["kind"], event["what"]) == ("exposure-changed", "exposure from anywhere: reachable -> blocked")
    [now] = [r for r in host.look("host", "--json").stdout.splitlines() if '"type":"listener"' in r]
    zones = json.loads(now)["exposure"]["zones"]
    [kept] = [r for r in host.records("snapshot", "show", "shut0") if r["type"] == "listener"]
    assert kept["exposure"]["zones"] == [{"zone": z["zone"], "state": z["state"]} for z in zones]
    assert zones[0]["state"] == "blocked"
    assert "private, not from: anywhere" in host("snapshot", "show", "shut1").stdout
    text = host("diff", "open", "now", "--netns", "self", code=1).stdout
    assert "exposure-changed" in text and "not from: anywhere" in text
    # records of `host` are read the same
    (host.folder / "now").write_text(host.look("host", "--json").stdout)
    assert host.events("shut1", host.folder / "now", code=0) == []


@need_root
def test_opened_closed_and_nothing(host):
    first = host.serve("tcp,0.0.0.0,8443")
    host.save("a")
    assert "Nothing changed." in host("diff", "a", "a").stdout
    host.serve("udp,127.0.0.1,5300")
    host.save("b")
    (event,) = host.events("a", "b")
    assert event["kind"] == "opened" and event["before"] is None and event["after"]["port"] == 5300
    assert event["subject"] == {**event["subject"], "transport": "udp", "address": "127.0.0.1", "port": 5300}
    assert event["id"] and event["seq"] and event["asset"] and event["time"]
    assert re.search(r"^opened +- +5300/udp on 127\.0\.0\.1", host("diff", "a", "b", code=1).stdout, re.MULTILINE)
    host.ns.end(first)
    host.save("c")
    assert short(host.events("b", "c")) == [("closed", 8443, None)]
    assert short(host.events("c", "b")) == [("opened", None, 8443)]
    assert short(host.events("a", "c")) in ([("closed", 8443, None), ("opened", None, 5300)], [("moved", 8443, 5300)])


@need_root
def test_a_restart_is_no_event(host):
    """Another pid, inode and cookie; the same service."""
    child = host.serve("tcp,0.0.0.0,8443", "udp,0.0.0.0,5300")
    host.save("a")
    for _ in range(3):
        host.ns.end(child)
        child = host.serve("tcp,0.0.0.0,8443", "udp,0.0.0.0,5300")
        assert host.events("a", "now", code=0) == []


@need_root
@pytest.mark.parametrize("before, after", [("tcp,0.0.0.0,8443", "tcp,0.0.0.0,9443"), ("tcp,127.0.0.1,8443", "tcp,0.0.0.0,8443")])
def test_moved(host, before, after):
    child = host.serve(before)
    host.save("a")
    host.ns.end(child)
    host.serve(after)
    host.save("b")
    events = host.events("a", "b")
    moved = [e for e in events if e["kind"] == "moved"]
    assert len(moved) == 1
    assert {e["kind"] for e in events} - {"moved"} == ({"exposure-changed"} if "127." in before else set())
    for side, place in (("before", before), ("after", after)):
        assert [moved[0][side][k] for k in ("address", "port")] == [place.split(",")[1], int(place.split(",")[2])]
    assert "moved" in host("diff", "a", "b", code=1).stdout


@need_root
def test_owner_changed(host):
    """Another program, the same one with other contents, another user."""
    places = "tcp,0.0.0.0,8443"
    programs = [host.folder / "one", host.folder / "two"]
    for program in programs:
        shutil.copy(PYTHON, program)
    child = host.serve(places, executable=programs[0])
    host.save("a")
    host.ns.end(child)
    child = host.serve(places, executable=programs[1])
    host.save("b")
    (event,) = host.events("a", "b")
    assert event["kind"] == "owner-changed" and event["what"] == f"executable {programs[0]} -> {programs[1]}"

    host.ns.end(child)
    with open(programs[1], "ab") as f:
        f.write(b"patched")
    child = host.serve(places, executable=programs[1])
    host.save("c")
    (event,) = host.events("b", "c")
    assert event["kind"] == "owner-changed" and f"the contents of {programs[1]}: SHA-256" in event["what"]

    host.ns.end(child)
    programs[1].chmod(0o755)
    host.ns.start("setpriv", "--reuid", "65534", "--clear-groups", programs[1], "-c",
                  "import socket, sys\n" + SERVERS + "\nsys.stdin.read()", places)
    (event,) = host.events("c", "now")
    assert event["kind"] == "owner-changed" and "user root -> nobody" in event["what"]


@need_root
def test_an_approval_that_expired(host):
    """The policy is of yesterday and of today; what listens is the same."""
    host.serve("tcp,0.0.0.0,8443")
    policy, files = host.folder / "policy.yaml", []
    for i, offset in enumerate((1, -1)):
        day = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=offset)
        policy.write_text(f"allow:\n  - {{port: 8443/tcp, need: shop, expires: {day}}}\n")
        files.append(host.folder / f"{i}.json")
        files[i].write_text(host.look("audit", "--json", "--config", host.folder).stdout)
    assert short(host.events(*files)) == [("approval-expired", 8443, 8443)]
    assert host.events(files[1], files[0], code=0) == []


def service(name, **kwargs):
    return json.dumps({"type": "service", "schema": 1, "asset": "machine:1", "name": name, "manager": "systemd", "state": "running",
                       "startup": "enabled", **kwargs})


def endpoint(port, **kwargs):
    return json.dumps({"type": "endpoint", "schema": 1, "address": "10.0.0.1", "transport": "tcp", "port": port, "state": "open", **kwargs})


def listener(port, **kwargs):
    return json.dumps({"type": "listener", "schema": 1, "asset": "machine:1", "transport": "tcp", "address": "0.0.0.0", "port": port,
                       "netns": "host", **kwargs})


INSIDE = json.dumps({"type": "summary", "asset": "machine:1", "complete": True, "incomplete": [], "listeners": 1, "services": 1})
OUTSIDE = json.dumps({"type": "summary", "complete": True, "incomplete": [], "hosts": {"up": 1}, "open": 1})
FILES = {
    "version-changed": ([listener(22, package={"name": "openssh", "version": "1"}), INSIDE],
                        [listener(22, package={"name": "openssh", "version": "2"}), INSIDE]),
    "exposure-changed": ([listener(22, exposure={"scope": "link"}), INSIDE], [listener(22, exposure={"scope": "internet"}), INSIDE]),
    "protocol-changed": ([endpoint(443, protocol="http", encryption="tls", confidence="confirmed"), OUTSIDE],
                         [endpoint(443, protocol="telnet", encryption="none", confidence="confirmed"), OUTSIDE]),
    "startup-changed": ([service("a.service"), INSIDE], [service("a.service", startup="disabled"), INSIDE]),
    "service-added": ([service("a.service"), INSIDE], [service("a.service"), service("b.service"), INSIDE]),
    "service-removed": ([service("a.service"), service("b.service"), INSIDE], [service("a.service"), INSIDE]),
    "owner-changed": ([endpoint(80, product="nginx", protocol="http", confidence="confirmed"), OUTSIDE],
                      [endpoint(80, product="Apache", protocol="http", confidence="confirmed"), OUTSIDE]),
}


@need_root
@pytest.mark.parametrize("kind", FILES)
def test_files_of_records(host, kind):
    """As `host` and `scan` write them: told once, and not at all of a file and itself."""
    paths = [host.folder / "before", host.folder / "after"]
    for path, lines in zip(paths, FILES[kind]):
        path.write_text("\n".join(lines) + "\n")
    assert [e["kind"] for e in host.events(*paths)] == [kind]
    assert host.events(paths[0], paths[0], code=0) == []
    host("snapshot", "save", "kept", "--from", paths[0])
    assert [e["kind"] for e in host.events("kept", paths[1])] == [kind]
    with open(paths[1]) as f:
        assert [e["kind"] for e in host.events("kept", "-", stdin=f)] == [kind]


XML = ('<?xml version="1.0"?><nmaprun scanner="nmap" start="1777629600" version="7.93" xmloutputversion="1.05">\n'
       '<scaninfo type="syn" protocol="tcp" numservices="2" services="22,80"/><host><status state="up" reason="echo"/>\n'
       '<address addr="10.0.0.1" addrtype="ipv4"/><ports>%s</ports></host><runstats><finished time="1777629700"'
       ' exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>\n')
PORT = ('<port protocol="tcp" portid="%d"><state state="%s" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="%s"'
        ' method="probed" conf="10"/></port>\n')


@need_root
def test_files_of_nmap(host):
    a, b = host.folder / "a.xml", host.folder / "b.xml"
    a.write_text(XML % (PORT % (22, "open", "9.2") + PORT % (80, "closed", "1")))
    b.write_text(XML % (PORT % (22, "open", "9.3") + PORT % (80, "open", "1")))
    assert short(host.events(a, b)) == [("opened", None, 80), ("version-changed", 22, 22)]
    assert host.events(b, b, code=0) == []
    host("snapshot", "save", "old", "--from", a)
    assert short(host.events("old", b)) == [("opened", None, 80), ("version-changed", 22, 22)]
    a.write_text(XML % (PORT % (22, "open", "9.2") + PORT % (80, "open", "1")))
    b.write_text((XML % (PORT % (22, "open", "9.2")))[:-120])  # cut: what it lacks is not told as closed
    assert host.events(a, b, code=3) == []


@need_root
def test_nothing_in_common(host):
    """A look from inside and one from outside: nothing was compared, which is not that nothing changed."""
    inside, outside = host.folder / "inside", host.folder / "outside"
    inside.write_text(listener(22) + "\n" + INSIDE + "\n")
    outside.write_text(endpoint(22) + "\n" + OUTSIDE + "\n")
    for sides in ((inside, outside), (outside, inside)):
        summary, = [r for r in host.records("diff", *sides, code=3) if r["type"] == "summary"]
        assert summary["complete"] is False and summary["incomplete"] == ["nothing of the two can be compared"]
        assert "Nothing of the two can be compared.\n" in host("diff", *sides, code=3).stdout


LISTING = "Netid State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\ntcp LISTEN 0 128 0.0.0.0:%d 0.0.0.0:*\n"


@need_root
def test_listings_of_one_host(host):
    """What ss printed does not say where: it is taken to be of the host of the other side."""
    host.serve("tcp,0.0.0.0,8443")
    monday, tuesday = host.folder / "monday.txt", host.folder / "tuesday.txt"
    monday.write_text(LISTING % 8443)
    tuesday.write_text(LISTING % 8443)
    assert host.events(monday, tuesday, code=0) == []
    tuesday.write_text(LISTING % 8444)
    assert {e["kind"] for e in host.events(monday, tuesday)} == {"opened", "closed"}
    records = host.folder / "records"
    records.write_text(listener(8443) + "\n" + INSIDE + "\n")
    assert host.events(monday, records, code=0) == host.events(records, monday, code=0) == []


@need_root
def test_looks_of_another_width(host, netns):
    """What only one side looked at is no drift; it is told how much that is."""
    host.serve("tcp,0.0.0.0,8443")
    other = netns()
    other.python(SERVERS, "tcp,0.0.0.0,7777")
    host.save("narrow")
    done = run(*host.argv("snapshot", "save", "wide"), check=False)
    assert done.returncode in (0, 3), done.stderr
    for before, after in (("narrow", "wide"), ("wide", "narrow")):
        records = host.records("diff", before, after, code=done.returncode)
        assert not [r for r in records if r["type"] == "event"]
        assert "only one side looked into" in " ".join(records[-1]["notes"])
    records = [json.loads(line) for line in host("snapshot", "export", "narrow").stdout.splitlines()]
    assert records[-1]["netns"] == host.ns.name
    host("diff", "wide", "now", "--netns", other.name, "--no-bpf", code=done.returncode)
    path = host.folder / "records"
    path.write_text(host.look("host", "--json").stdout)
    assert host.events(path, "now", code=0) == []  # as wide as the file, wherever else something listens


# --- commands and their options ---------------------------------------------------------------------

OPTIONS = {
    "snapshot": {"all", "from", "netns", "no-bpf", "json", "output", "config"}, "diff": {"json", "output", "netns", "no-bpf", "config"},
    "baseline": {"netns", "no-bpf", "config"}, "change": {"ticket", "expect", "until", "netns", "no-bpf", "config"},
}


@need_root
def test_every_option_is_tried(qm):
    """Those that the help names are those that are used in this file."""
    for command, options in OPTIONS.items():
        assert set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", qm("help", command).stdout, re.MULTILINE)) == options
        text = open(__file__).read()
        assert all(f'"--{option}"' in text for option in options)


@need_root
def test_snapshots(host):
    host.serve("tcp,0.0.0.0,8443")
    assert "No snapshots yet" in host("snapshot", "list").stdout and host.names() == []
    assert re.fullmatch(r"saved monday: \d+ items\n", host.save("monday").stdout)
    assert "there is a snapshot 'monday' already" in host.save("monday", code=2).stderr
    host.look("snapshot", "save", "--no-bpf", "--config", host.folder)
    unnamed = host.names()[1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", unnamed)
    text = host("snapshot", "list").stdout
    assert text.splitlines()[0].split()[:2] == ["NAME", "TIME"] and "monday" in text and len(text.splitlines()) == 3
    for name in ("monday", unnamed, "last"):
        assert "8443/tcp" in host("snapshot", "show", name).stdout
    out = host.folder / "out"
    host("snapshot", "export", "monday", "-o", out)
    assert out.stat().st_mode & 0o777 == 0o600
    exported = [json.loads(line) for line in out.read_text().splitlines()]
    assert exported == host.records("snapshot", "show", "monday") and exported[-1]["type"] == "summary"
    assert host.events("monday", out, code=0) == []
    host("diff", "monday", "last", "--json", "--output", out)
    assert json.loads(out.read_text())["drift"] == 0
    host("snapshot", "delete", "monday")
    assert host.names() == [unnamed]
    assert "8443/tcp" in host("snapshot", "show", unnamed).stdout


@need_root
@pytest.mark.parametrize("argv, says", [
    (["snapshot", "show"], "needs the NAME of a snapshot"), (["snapshot", "show", "x"], "there is no snapshot 'x'"),
    (["snapshot", "delete", "x"], "there is no snapshot 'x'"), (["snapshot", "list", "x"], "'snapshot list' takes none"),
    (["snapshot", "save", "a/b"], "no '/'"), (["snapshot", "save", "a\nb"], "no control characters"),
    (["snapshot", "save", "x" * 129], "1 to 128 bytes"), (["snapshot", "save", "now"], "a meaning of its own"),
    (["snapshot", "save", "baseline"], "a meaning of its own"), (["snapshot", "nonsense"], "is none of save, list"),
    (["snapshot", "list", "--netns", "self"], "it is for save"), (["snapshot", "save", "x", "--from", "/no/file"], "/no/file"),
    (["diff", "a"], "AFTER"), (["diff", "a", "b"], "'a' is neither a snapshot"), (["diff", "-", "-"], "can be only one of the two"),
    (["diff", "baseline", "now"], "there is no baseline yet"), (["baseline", "show"], "there is no baseline yet"),
    (["baseline", "accept"], "there is no baseline yet"), (["baseline", "nonsense"], "none of set, show, accept"),
    (["baseline", "set", "a", "b"], "takes [SNAPSHOT|FILE]"), (["baseline", "set", "a"], "'a' is neither a snapshot"),
    (["change", "open"], "needs --ticket"), (["change", "close", "CHG-9"], "no change of ticket 'CHG-9' is open"),
    (["change", "list", "x"], "'change list' takes none"), (["change", "close", "x", "--ticket", "y"], "given twice"),
    (["baseline", "show", "--netns", "self"], "it is for set, accept"), (["baseline", "set", "kept", "--netns", "self"], "'kept' is not looked at now"),
    (["snapshot", "save", "x", "--from", "/no/file", "--no-bpf"], "'/no/file' is not looked at now"),
    (["change", "open", "--ticket", "x"], "needs --expect"), (["change", "nonsense"], "none of open, list, close"),
    (["change", "open", "--ticket", "x", "--expect", "opened 1/tcp"], "needs --until"),
    (["change", "open", "--ticket", "x", "--expect", "opend 1/tcp", "--until", "1h"], "opend"),
    (["change", "open", "--ticket", "x", "--expect", "opened 70000/tcp", "--until", "1h"], "70000"),
    (["change", "open", "--ticket", "x", "--expect", "opened 1/tcp", "--until", "2027-02-30T00:00:00Z"], "is no time"),
    (["change", "open", "--ticket", "x", "--expect", "opened 1/tcp", "--until", "soon"], "is no time"),
    (["change", "open", "--ticket", "x", "--expect", "opened 1/tcp", "--until", "2020-01-01T00:00:00Z"], "is over already"),
], ids=lambda v: " ".join(v)[:60].replace("\n", " ") if isinstance(v, list) else "")
def test_mistakes(host, argv, says):
    """Told in one line, status 2, and nothing is kept."""
    host.save("kept")
    done = host(*argv, code=2, stdin=subprocess.DEVNULL)
    assert says in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""
    assert host.names() == ["kept"]


@need_root
def test_baseline(host):
    host.serve("tcp,0.0.0.0,8443")
    assert "The baseline is this host as it is now" in host.look("baseline", "set", "--no-bpf").stdout
    assert host.events("baseline", "now", code=0) == []
    assert re.match(r"Baseline of \S+, taken \d{4}-", host("baseline", "show").stdout)
    host.serve("tcp,0.0.0.0,8444", "tcp,0.0.0.0,8445")
    ports = [e["after"]["port"] for e in host.events("baseline", "now")]
    assert ports == [8444, 8445]
    assert "nothing changed at '1/tcp'" in host.look("baseline", "accept", "8444/tcp", "1/tcp", code=2).stderr
    assert [e["after"]["port"] for e in host.events("baseline", "now")] == ports
    assert host.look("baseline", "accept", "8444/tcp").stdout == "1 change accepted into the baseline\n"
    assert [e["after"]["port"] for e in host.events("baseline", "now")] == [8445]
    assert host.look("baseline", "accept", "--config", host.folder).stdout == "1 change accepted into the baseline\n"
    assert host.events("baseline", "now", code=0) == []
    assert host.look("baseline", "accept").stdout == "0 changes accepted into the baseline\n"
    host.save("x")
    host("baseline", "set", "x")
    assert host("baseline", "show").stdout.count("\n") == 2 and host.names().count("baseline") == 1


# --- planned changes --------------------------------------------------------------------------------


def open_change(host, ticket, expect, until="1h", **kwargs):
    return host.look("change", "open", "--ticket", ticket, "--expect", expect, "--until", until, **kwargs)


@need_root
def test_a_planned_change(host):
    """What it expected counts for nothing; what it did not does."""
    host.save("a")
    open_change(host, "CHG-1", "opened 8443/tcp; opened 8444/tcp")
    assert re.search(r"^CHG-1 +opened 8443/tcp .* open$", host("change", "list").stdout, re.MULTILINE)
    assert host.names() == ["a"]
    every = host.records("snapshot", "list", "--all")
    assert sorted(r["name"] for r in every if r["type"] == "snapshot") == ["a", "change:CHG-1"]
    assert "meaning of its own" in host.save("change:x", code=2).stderr
    host.serve("tcp,0.0.0.0,8443")
    host.save("b")
    (event,) = host.events("a", "b", code=0)
    assert event["planned"] == "CHG-1"
    text = host("diff", "a", "b").stdout
    assert "CHG-1" in text and "planned" in text
    host.serve("tcp,0.0.0.0,9999")
    host.save("c")
    events = host.events("a", "c", code=1)
    assert [(e["after"]["port"], e["planned"]) for e in events] == [(8443, "CHG-1"), (9999, None)]
    done = host.look("change", "close", "--ticket", "CHG-1", "--no-bpf", code=1)
    assert sorted(done.stdout.splitlines()) == ["did not happen: opened 8444/tcp", "happened:       opened 8443/tcp"]
    states = host("change", "list").stdout
    assert "closed; it happened" in states and "closed; it did not happen" in states
    assert "is open" in host("change", "close", "CHG-1", code=2).stderr
    host.save("d")
    host.serve("tcp,0.0.0.0,8444")  # too late
    host.save("e")
    assert [(e["after"]["port"], e["planned"]) for e in host.events("d", "e")] == [(8444, None)]


@need_root
def test_a_change_that_happened(host):
    open_change(host, "CHG-2", f"opened 8443/tcp on {host.ns.run('hostname').stdout.strip()}", "30m")
    host.serve("tcp,0.0.0.0,8443")
    assert host.look("change", "close", "CHG-2", "--config", host.folder).stdout.startswith("happened: ")


@need_root
def test_a_move_expected_at_both_ends(host):
    """One program leaves a port and takes another: a move, and no alarm where opening and closing were expected."""
    child = host.serve("tcp,0.0.0.0,8443")
    host.save("a")
    open_change(host, "CHG-5", "closed 8443/tcp")
    open_change(host, "CHG-6", "opened 9000/tcp")  # of another port
    host.ns.end(child)
    host.serve("tcp,0.0.0.0,8444")
    host.save("b")
    (event,) = host.events("a", "b", code=1)
    assert event["kind"] == "moved" and event["planned"] is None  # an end that nobody expects
    open_change(host, "CHG-7", "opened 8444/tcp")
    host.save("c")
    (event,) = host.events("a", "c", code=0)
    assert event["kind"] == "moved" and event["planned"] == "CHG-7"
    states = host("change", "list").stdout
    assert re.search(r"^CHG-5 .* it happened$", states, re.MULTILINE) and re.search(r"^CHG-6 .* open$", states, re.MULTILINE)


@need_root
def test_a_change_elsewhere(host):
    """The same port of another host is not what was expected."""
    host.save("a")
    open_change(host, "CHG-3", "opened 8443/tcp on another-host")
    host.serve("tcp,0.0.0.0,8443")
    host.save("b")
    (event,) = host.events("a", "b", code=1)
    assert event["planned"] is None
    assert "did not happen" in host.look("change", "close", "CHG-3", code=1).stdout


@need_root
def test_a_window_that_is_over(host):
    """What was expected and did not come is told by the next comparison."""
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    host.save("a")
    open_change(host, "CHG-4", "opened 8443/tcp", until.strftime("%Y-%m-%dT%H:%M:%SZ"))
    wait_for(lambda: datetime.datetime.now(datetime.timezone.utc) > until + datetime.timedelta(seconds=1), what="its end")
    assert "over; it did not happen" in host("change", "list").stdout
    host.save("b")
    records = host.records("diff", "a", "b", code=0)
    assert records[-1]["not_happened"] == ["CHG-4: opened 8443/tcp"]
    assert "CHG-4: opened 8443/tcp" in host("diff", "a", "b").stdout


# --- faults -----------------------------------------------------------------------------------------


def is_whole(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture
def small_disk(host):
    """The state folder is a file system of 256 KiB."""
    run("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", host.state)
    yield host
    run("umount", host.state)


@need_root
def test_a_full_disk(small_disk):
    host = small_disk
    host.serve("tcp,0.0.0.0,8443")
    host.save("a")
    room = os.statvfs(host.state)
    with open(host.state / "fill", "wb") as f:
        f.write(bytes(room.f_bavail * room.f_bsize))
    for argv in (["snapshot", "save", "b", "--netns", "self"], ["baseline", "set", "--netns", "self"],
                 ["change", "open", "--ticket", "C", "--expect", "opened 1/tcp", "--until", "1h", "--netns", "self"]):
        done = host(*argv, code=3)
        assert "the disk is full" in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""
    assert "the disk is full" in host("snapshot", "delete", "a", code=3).stderr
    assert host.names() == ["a"] and "8443/tcp" in host("snapshot", "show", "a").stdout, "reading needs no room"
    os.unlink(host.state / "fill")
    assert host.names() == ["a"] and "No change was ever planned" in host("change", "list").stdout
    host.save("b")
    assert host.events("a", "b", code=0) == [] and is_whole(host.db)


@need_root
def test_no_room_to_begin(small_disk):
    host = small_disk
    room = os.statvfs(host.state)
    (host.state / "fill").write_bytes(bytes(room.f_bavail * room.f_bsize))
    assert "the disk is full" in host.save("a", code=3).stderr
    (host.state / "fill").unlink()
    host.save("a")
    assert host.names() == ["a"]


@need_root
def test_a_locked_database(host):
    """It waits; then it says so, and has changed nothing. Reading goes on meanwhile."""
    host.save("a")
    with contextlib.closing(sqlite3.connect(host.db, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert host.names() == ["a"]
        began = time.monotonic()
        done = host.save("b", code=3)
        assert 4 < time.monotonic() - began < 20
        assert "another process is writing to it; try again" in done.stderr and done.stdout == ""
        waiting = subprocess.Popen([str(a) for a in host.argv("snapshot", "save", "c", "--netns", "self")],
                                   stdout=subprocess.PIPE, text=True)
        time.sleep(1.5)
        assert waiting.poll() is None
        db.execute("ROLLBACK")
        assert waiting.communicate(timeout=20)[0].startswith("saved c: ") and waiting.returncode == 0
    assert host.names() == ["a", "c"]


def damage(path, offset, data):
    with open(path, "r+b") as f:
        f.seek(offset)
        f.write(data)
    return path.read_bytes()


@need_root
@pytest.mark.parametrize("offset, data", [(0, b"no database, and none of ours"), (100, bytes(200)), (4096, b"\xff" * 40960)],
                         ids=["head", "schema", "pages"])
def test_a_damaged_file(host, offset, data):
    """Told; kept aside as it is, whatever was found first; and the next save begins anew."""
    host.serve(*[f"tcp,0.0.0.0,{port}" for port in range(8000, 8100)])
    host.save("a")
    bytes_then = damage(host.db, offset, data)
    done = host.save("b", code=2)
    assert "damaged" in done.stderr and done.stderr.count("\n") == 1
    (aside,) = [p for p in host.state.iterdir() if re.search(r"\.damaged-\d+$", p.name)]
    assert f"'{STATE}/{aside.name}'" in done.stderr and aside.read_bytes() == bytes_then
    assert not host.db.exists()
    host.save("b")
    assert host.names() == ["b"] and aside.read_bytes() == bytes_then


@need_root
def test_a_damaged_file_that_is_read(host):
    """Also where it is only found while a snapshot is read."""
    host.serve(*[f"tcp,0.0.0.0,{port}" for port in range(8000, 8200)])
    host.save("a")
    with contextlib.closing(sqlite3.connect(host.db)) as db:
        size, (root,) = db.execute("PRAGMA page_size").fetchone()[0], db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
    bytes_then = damage(host.db, (root - 1) * size, b"\xff" * size)
    assert host.names() == ["a"]  # the list is whole
    assert "damaged" in host("diff", "a", "a", code=2).stderr
    (aside,) = [p for p in host.state.iterdir() if re.search(r"\.damaged-\d+$", p.name)]
    assert aside.read_bytes() == bytes_then and not host.db.exists()


@need_root
def test_a_newer_file(host):
    host.save("a")
    with contextlib.closing(sqlite3.connect(host.db)) as db:
        db.execute("PRAGMA user_version = 99")
    before = host.db.read_bytes()
    for argv in (["snapshot", "save", "b", "--netns", "self"], ["snapshot", "list"], ["diff", "a", "a"], ["baseline", "show"]):
        done = host(*argv, code=2)
        assert "was written by a newer quaymaster" in done.stderr and "update this one" in done.stderr
    assert host.db.read_bytes() == before and [p.name for p in host.state.iterdir()] == ["quaymaster.db"]


@need_root
def test_of_another_program(host):
    with contextlib.closing(sqlite3.connect(host.db)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = host.db.read_bytes()
    assert "is a database of another program" in host.save("a", code=2).stderr
    assert host.db.read_bytes() == before


@need_root
def test_killed_while_it_saves(host):
    """20 times, at any point: what was said to be kept is there, and the file is whole."""
    host.serve(*[f"tcp,0.0.0.0,{port}" for port in range(8000, 8200)])
    host.save("first")
    began = time.monotonic()
    host.save("second")
    took = time.monotonic() - began
    kept, chance = {"first", "second"}, random.Random(5)
    for turn in range(20):
        child = subprocess.Popen([str(a) for a in host.argv("snapshot", "save", f"n{turn}", "--netns", "self")],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(took * chance.uniform(0.1, 1.1))
        child.send_signal(signal.SIGKILL)
        if child.communicate()[0].startswith("saved"):
            kept.add(f"n{turn}")
    names = set(host.names())
    assert kept <= names and is_whole(host.db)
    for name in names:
        assert host.events("first", name, code=0) == []
    host.save("end")


@need_root
def test_a_folder_that_is_read_only(host):
    """Nothing can be kept, and what was can be read."""
    host.save("a")
    mount = f'mount --bind {host.state} {STATE} && mount -o remount,bind,ro {STATE} && exec "$@"'
    def read_only(*argv):
        return host.ns.run("sh", "-c", mount, "sh", host.qm.program, *argv, check=False)
    done = read_only("snapshot", "save", "b", "--netns", "self")
    assert done.returncode == 2 and "Read-only file system" in done.stderr and done.stderr.count("\n") == 1
    assert "a" in read_only("snapshot", "list").stdout
    done = read_only("diff", "a", "a")
    assert done.returncode == 0 and "Nothing changed" in done.stdout, done.stderr


@need_root
def test_who_may_write_it(host):
    """Root takes no history that others could have written."""
    host.save("a")
    host.db.chmod(0o666)
    assert "refused" in host("snapshot", "list", code=2).stderr
    host.db.chmod(0o600)
    host.state.chmod(0o777)
    assert "refused" in host("snapshot", "list", code=2).stderr
