# SPDX-License-Identifier: GPL-2.0-or-later
"""`watch`: every listener that comes and goes, in namespaces of our own."""
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from conftest import PYTHON, need_root, run, wait_for
from watching import Watch

pytestmark = [need_root, pytest.mark.alone]
BUILD = pathlib.Path(os.environ.get("QM_BUILD", "build-dev")).resolve()

TCP = "s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); print('ready')"
UDP = "s = socket.socket(type=2); s.bind(('127.0.0.1', int(sys.argv[1]))); print('ready')"
ANY = "s = socket.socket(); s.listen(); print('ready', s.getsockname()[1])"
MANY = """
kept = []
for i in range(int(sys.argv[2])):
    s = socket.socket()
    s.bind(('127.0.0.1', int(sys.argv[1]) + i))
    s.listen()
    kept.append(s)
print('ready')
"""


@pytest.fixture
def watch():
    made = []

    def make(*argv, prefix=(), **kwargs):
        made.append(Watch([*prefix, BUILD / "quaymaster", "watch", "--json", *argv], **kwargs))
        return made[-1]

    yield make
    for w in made:
        w.end()


@pytest.mark.parametrize("code,transport", [(TCP, "tcp"), (UDP, "udp")])
def test_opened_and_closed(netns, watch, code, transport):
    ns = netns()
    w = watch("--netns", ns.name)
    child = ns.python(code, 8201)
    opened = w.event("opened", 8201)
    assert opened["subject"] == {"transport": transport, "address": "127.0.0.1", "port": 8201, "netns": ns.name}
    assert opened["seen_by"] == "live" and opened["before"] is None
    process = opened["after"]["processes"][0]
    assert process["pid"] == child.pid and "8201" in process["cmdline"] and process["user"] == "root"
    assert opened["after"]["exposure"]["scope"] == "loopback"
    ns.end(child)
    closed = w.event("closed", 8201)
    assert closed["seen_by"] == "live" and closed["after"] is None
    assert closed["before"]["processes"][0]["exe"] == process["exe"]
    assert closed["seq"] == opened["seq"] + 1 and closed["id"] != opened["id"]
    assert w.end()["dropped"] == 0


def test_port_chosen_by_the_kernel(netns, watch):
    ns = netns()
    w = watch("--netns", ns.name)
    child = ns.python(ANY)
    opened = w.event("opened", int(child.said[0]))
    assert opened["after"]["processes"][0]["pid"] == child.pid


def test_namespace_made_later(netns, watch):
    w = watch()
    ns = netns()
    child = ns.python(TCP, 8202)
    opened = w.event("opened", 8202)
    assert opened["subject"]["netns"] == ns.name
    assert opened["after"]["processes"][0]["pid"] == child.pid


def test_other_namespaces_are_left_out(netns, watch):
    ours, other = netns(), netns()
    w = watch("--netns", ours.name)
    other.python(TCP, 8203)
    ours.python(TCP, 8204)
    w.event("opened", 8204)
    assert not [r for r in w.records if r["type"] == "event" and r["subject"]["port"] == 8203]


def test_process_that_is_gone(netns, watch):
    """The watch is stopped meanwhile, so that it reads the note when nobody is there any more."""
    ns = netns()
    w = watch("--netns", ns.name)
    w.child.send_signal(signal.SIGSTOP)
    child = ns.python(TCP, 8205)
    ns.end(child)
    w.child.send_signal(signal.SIGCONT)
    opened = w.event("opened", 8205)
    assert opened["after"]["processes"][0]["pid"] == child.pid
    assert opened["after"]["processes"][0]["name"].startswith("python3")
    assert "ended before" in opened["after"]["owner_note"]
    w.event("closed", 8205)


def test_reused_port_is_one_listener(netns, watch):
    ns = netns()
    w = watch("--netns", ns.name)
    code = "k = []\nfor _ in range(3):\n    s = socket.socket(); s.setsockopt(1, 15, 1); s.bind(('127.0.0.1', 8206)); s.listen(); k.append(s)\nprint('ready')"
    ns.end(ns.python(code))
    w.event("closed", 8206)
    summary = w.end()
    assert summary["events"] == 2 and summary["listeners"] == 0


def test_overflow_is_told_and_made_up(netns, watch):
    """More notes than the ring holds: what was dropped is counted, and a look at the whole finds it."""
    ns = netns()
    w = watch("--netns", ns.name)
    w.child.send_signal(signal.SIGSTOP)
    ns.python(MANY, 10000, 15000)
    w.child.send_signal(signal.SIGCONT)
    gap = w.until(lambda r: r["type"] == "gap" and r["source"] == "watch", timeout=60)
    assert gap["count"] > 0
    w.until(lambda r: r["type"] == "event" and r["seen_by"] == "reconcile", timeout=120)
    summary = w.end()
    ports = [r["subject"]["port"] for r in w.records if r["type"] == "event" and r["kind"] == "opened"]
    assert sorted(ports) == list(range(10000, 25000))
    assert summary["dropped"] == gap["count"] == summary["by_reconcile"]


def test_without_bpf(netns, watch):
    ns = netns()
    w = watch("--netns", "self", "--no-bpf", "--interval", "3", prefix=ns.argv())
    assert w.records[0]["by"] == "sock_diag"
    child = ns.python(TCP, 8207)
    assert w.event("opened", 8207)["seen_by"] == "reconcile"
    ns.end(child)
    assert w.event("closed", 8207)["seen_by"] == "live"


def test_output_is_rotated(netns, watch, tmp_path):
    ns = netns()
    file, old = tmp_path / "events", tmp_path / "events.1"
    child = subprocess.Popen([BUILD / "quaymaster", "watch", "--json", "--netns", ns.name, "--output", file])
    deadline = time.monotonic() + 30

    def wait_for(path, text):
        while not (path.exists() and text in path.read_text()):
            assert time.monotonic() < deadline, path
            time.sleep(0.05)

    wait_for(file, '"type":"watch"')
    file.rename(old)
    ns.python(TCP, 8208)
    wait_for(file, '"port":8208')
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["type"] for line in file.read_text().splitlines()] == ["event", "summary"]


def test_reload_keeps_the_old_when_the_new_is_broken(netns, watch, tmp_path):
    ns = netns()
    folder = tmp_path / "config"
    folder.mkdir(mode=0o755)
    w = watch("--netns", ns.name, "--config", folder)
    folder.rmdir()
    w.child.send_signal(signal.SIGHUP)
    assert b"the old stays" in w.child.stderr.readline()
    ns.python(TCP, 8209)
    assert w.event("opened", 8209)["after"]["advice"]


POLICY = """allow:
  - {{port: 8210/tcp, need: test, owner: a, approved_by: b, approved_on: 2020-01-01, expires: {expires}}}
deny:
  - {{port: 8211/tcp}}
"""


@pytest.fixture
def config(open_folder):
    def write(text=None, expires="2099-01-01"):
        (open_folder / "policy.yaml").write_text(POLICY.format(expires=expires) if text is None else text)
        return open_folder

    return write


def test_events_are_judged(netns, watch, config):
    ns = netns()
    w = watch("--netns", ns.name, "--config", config())
    child = ns.python(TCP, 8210)
    opened = w.event("opened", 8210)
    assert opened["verdict"] == opened["after"]["verdict"] == "approved"
    assert opened["policy"]["line"] == 2 and opened["policy"]["need"] == "test" and "line 2" in opened["policy"]["why"]
    ns.end(child)
    assert w.event("closed", 8210)["policy"]["why"] == opened["policy"]["why"]
    ns.python(TCP, 8211)
    assert w.event("opened", 8211)["verdict"] == "prohibited"
    ns.python(UDP, 8212)
    unapproved = w.event("opened", 8212)
    assert unapproved["verdict"] == "unapproved" and "line" not in unapproved["policy"]


def test_reload_judges_by_the_new_policy(netns, watch, config):
    ns = netns()
    w = watch("--netns", ns.name, "--config", config())
    config("allow: []\ndeny:\n  - {port: 8210/tpc}\n")
    w.child.send_signal(signal.SIGHUP)
    said = w.child.stderr.readline().decode()
    assert "the old stays" in said and "policy.yaml:3:" in said, said
    ns.python(TCP, 8210)
    assert w.event("opened", 8210)["verdict"] == "approved"
    config(expires="2020-01-02")
    w.child.send_signal(signal.SIGHUP)
    assert b"reloaded" in w.child.stderr.readline()
    expired = w.event("approval-expired", 8210)
    assert expired["verdict"] == expired["after"]["verdict"] == "expired" and expired["before"]["verdict"] == "approved"
    assert "2020-01-02" in expired["what"]


CLOCK = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long ahead(void)
{
        FILE *f = fopen(getenv("AHEAD"), "r");
        long s = 0;
        if (f) {
                if (fscanf(f, "%ld", &s) != 1)
                        s = 0;
                fclose(f);
        }
        return s;
}
int clock_gettime(clockid_t id, struct timespec *t)
{
        long r = syscall(SYS_clock_gettime, id, t);
        if (id == CLOCK_REALTIME)
                t->tv_sec += ahead();
        return (int)r;
}
time_t time(time_t *t)
{
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (t)
                *t = now.tv_sec;
        return now.tv_sec;
}
"""


def test_clock_jumps(netns, watch, config, tmp_path):
    """An approval runs out when the clock is set forwards, holds again when it is set back, and events are judged so."""
    source, shim, ahead = tmp_path / "clock.c", tmp_path / "clock.so", tmp_path / "ahead"
    source.write_text(CLOCK)
    run("cc", "-shared", "-fPIC", "-o", shim, source)
    ahead.write_text("0")
    day = 86400
    env = {**os.environ, "LD_PRELOAD": str(shim), "AHEAD": str(ahead),
           "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=1"}
    ns = netns()
    last = time.strftime("%Y-%m-%d", time.gmtime(time.time() + day))
    w = watch("--netns", ns.name, "--config", config(expires=last), "--interval", "1", env=env)
    child = ns.python(TCP, 8210)
    assert w.event("opened", 8210)["verdict"] == "approved"
    ahead.write_text(str(2 * day))
    expired = w.event("approval-expired", 8210)
    assert expired["verdict"] == "expired" and last in expired["policy"]["why"]
    ahead.write_text(str(-2 * day))
    ns.end(child)
    w.event("closed", 8210)
    seen = len(w.records)
    ns.python(TCP, 8210)
    again = w.until(lambda r: r in w.records[seen:] and r["type"] == "event" and r["kind"] == "opened")
    assert again["verdict"] == "approved"
    assert len([r for r in w.records if r.get("kind") == "approval-expired"]) == 1


def test_planned_changes(netns, watch, config, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    prefix = ["unshare", "-m", "sh", "-c", 'mkdir -p /var/lib/quaymaster && mount --bind "$0" /var/lib/quaymaster && exec "$@"', state]
    ns = netns()
    w = watch("--netns", ns.name, "--config", config(), prefix=prefix)
    run(*prefix, BUILD / "quaymaster", "change", "open", "--ticket", "CHG-7", "--expect", "opened 8213/tcp", "--until", "1h")
    ns.python(TCP, 8213)
    opened = w.event("opened", 8213)
    assert opened["planned"] == "CHG-7" and opened["verdict"] == "unapproved"
    ns.python(TCP, 8214)
    assert "planned" not in w.event("opened", 8214)
    run(*prefix, BUILD / "quaymaster", "change", "open", "--ticket", "CHG-8", "--expect", "opened 8216/tcp", "--until", "1h")
    with open(state / "quaymaster.db", "r+b") as locked:  # as by another process that has the store to itself
        fcntl.lockf(locked, fcntl.LOCK_EX, 512, 0x40000000)
        began = time.monotonic()
        ns.python(TCP, 8215)
        w.event("opened", 8215)
        assert time.monotonic() - began < 4
    ns.python(TCP, 8216)
    assert w.event("opened", 8216)["planned"] == "CHG-8"
    w.end()
    listed = run(*prefix, BUILD / "quaymaster", "change", "list").stdout
    assert "CHG-7" in listed and "happened" in listed, listed


THREE = "+bpf,+perfmon,+net_admin"
CONFINED = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps=-all,{THREE}", f"--ambient-caps=-all,{THREE}",
            f"--bounding-set=-all,{THREE}"]


def test_three_capabilities_tell_root_s_listeners(netns, watch, open_folder):
    """/proc/PID/exe and setns are refused: executable and owner are told all the same, live and when the whole is looked at."""
    ns, late = netns(), netns()
    program = open_folder / "quaymaster"
    shutil.copy(BUILD / "quaymaster", program)
    before = ns.python(TCP, 8221)
    w = Watch([*CONFINED, program, "watch", "--json"])
    try:
        said_once = [r for r in w.records if r["type"] == "gap"]
        ns.end(before)
        closed = w.event("closed", 8221)
        assert closed["before"]["processes"][0]["exe"] == os.path.realpath(PYTHON)
        for namespace, code in ((ns, TCP), (ns, UDP), (late, TCP)):
            child = namespace.python(code, 8222)
            opened = w.event("opened", 8222)
            process = opened["after"]["processes"][0]
            assert process["exe"] == os.path.realpath(PYTHON) and process["user"] == "root" and process["pid"] == child.pid
            assert opened["seen_by"] == "live" and opened["subject"]["netns"] == namespace.name
            namespace.end(child)
            w.event("closed", 8222)
            w.records.clear()
        assert not [r for r in w.records if r["type"] == "gap" and r in said_once]
    finally:
        w.end()


def test_children_get_no_more_capabilities_than_they_need(netns, open_folder):
    """quaymaster-nft must read the ruleset; CAP_BPF and CAP_PERFMON are none of its business."""
    ns = netns()
    ns.run("nft", "add table inet t; add chain inet t c { type filter hook input priority 0; }")  # else there is nothing to read
    program, child, said = open_folder / "quaymaster", open_folder / "quaymaster-nft", open_folder / "said"
    shutil.copy(BUILD / "quaymaster", program)
    child.write_text(f"#!/bin/sh\ngrep ^Cap /proc/self/status >{said}\n")
    child.chmod(0o755)
    said.touch()
    said.chmod(0o666)
    w = Watch(ns.argv(*CONFINED, program, "watch", "--json"))
    try:
        wait_for(said.read_text, what="the child's capabilities")  # it runs beside the watch, which may be ready first
    finally:
        w.end()
    capabilities = dict(line.split(":\t") for line in said.read_text().splitlines())
    assert int(capabilities["CapEff"], 16) == int(capabilities["CapAmb"], 16) == 1 << 12, capabilities


def test_short_lived_listeners_are_not_missed(netns, watch):
    """Each of 1,000 that open and close at once is told twice, or counted as dropped."""
    ns = netns()
    w = watch("--netns", ns.name)
    ns.end(ns.python("""
for i in range(1000):
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', 10000 + i)); s.listen(); s.close()
print('ready')
"""))
    w.event("closed", 10999, timeout=60)
    dropped = w.end()["dropped"]
    told = [(r["kind"], r["subject"]["port"]) for r in w.records if r["type"] == "event"]
    assert len(told) == len(set(told)) and len(told) + dropped >= 2000
    if not dropped:
        assert sorted(told) == sorted((k, 10000 + i) for i in range(1000) for k in ("opened", "closed"))


def test_short_lived_listeners_of_an_overflow_are_accounted(netns, watch):
    """What opened and closed while the ring was full can never be found again: it must at least be counted."""
    ns = netns()
    w = watch("--netns", ns.name)
    w.child.send_signal(signal.SIGSTOP)
    ns.end(ns.python("""
for i in range(10000):
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', 10000 + i)); s.listen(); s.close()
print('ready')
"""))
    w.child.send_signal(signal.SIGCONT)
    w.until(lambda r: r["type"] == "gap" and r["source"] == "watch", timeout=60)
    time.sleep(1)
    summary = w.end()
    live = [r for r in w.records if r["type"] == "event" and r["seen_by"] == "live"]
    # notes of other namespaces, which are not asked for, may be lost with them
    assert summary["dropped"] > 0 and len(live) + summary["dropped"] >= 20000
    assert summary["listeners"] == 0 or not summary["complete"]  # a look may still be due on a busy machine


RULES = """
table inet t {
    chain input {
        type filter hook input priority 0; policy accept;
        tcp dport 8241-8243 %s
    }
}
"""


def shut(ns, verdict="drop"):
    ns.run("nft", "-f", "-", input="flush ruleset" + RULES % verdict)


def zone_states(item):
    return {z["zone"]: z["state"] for z in item["exposure"].get("zones", [])}


@pytest.fixture
def lan(netns):
    """A namespace with a way out, in which packet filters are asked."""
    ns = netns()
    for argv in ("link add d0 type veth peer name d1", "addr add 10.99.0.1/24 dev d0", "link set d0 up", "link set d1 up"):
        run("ip", "-n", ns.name, *argv.split())
    return ns


AT = "s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('', int(sys.argv[1]))); s.listen(); print('ready')"


def test_firewall_changes_are_told(lan, watch, config):
    """Live events say what the packet filter lets in, and that it was changed is told though nothing opened or closed."""
    shut(lan, "accept")
    (config("allow: []\n") / "estate.yaml").write_text(
        "networks:\n  - {cidr: 10.99.0.0/24, zone: office}\n  - {cidr: 10.98.0.0/24, zone: guests}\n")
    lan.python(AT, 8241)
    w = watch("--netns", "self", "--config", config("allow: []\n"), prefix=lan.argv())
    lan.python(AT, 8242)
    opened = w.event("opened", 8242)
    assert opened["seen_by"] == "live"
    assert zone_states(opened["after"]) == {"office": "reachable", "guests": "reachable", "internet": "reachable"}
    shut(lan)
    for port in 8241, 8242:
        changed = w.event("exposure-changed", port, timeout=30)
        assert changed["seen_by"] == "reconcile"
        assert changed["what"] == ("from office: reachable -> blocked; from guests: reachable -> blocked; "
                                   "from internet: reachable -> blocked")
        assert set(zone_states(changed["before"]).values()) == {"reachable"}
        assert set(zone_states(changed["after"]).values()) == {"blocked"}
    lan.python(AT.replace("s.bind((''", "s.bind(('10.99.0.1'"), 8243)
    opened = w.until(lambda r: r.get("kind") == "opened" and r["subject"]["address"] == "10.99.0.1")
    assert opened["seen_by"] == "live" and opened["after"]["exposure"]["blocked_by"].startswith("inet t input handle")
    assert w.end()["complete"]


CHURN = """
for i in range(150):
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', 10000 + i)); s.listen()
    time.sleep(0.01); s.close(); time.sleep(0.01)
print('ready')
"""


def test_looks_beside_events(netns, watch):
    """What comes and goes while the whole is looked at is told once, at once, and in order."""
    ns = netns()
    w = watch("--netns", ns.name, "--interval", "1")
    ns.python(CHURN)
    w.event("closed", 10149)
    assert w.end()["dropped"] == 0
    events = [(r["subject"]["port"], r["kind"]) for r in w.records if r["type"] == "event"]
    assert events == [(10000 + i, kind) for i in range(150) for kind in ("opened", "closed")]
    assert {r["seen_by"] for r in w.records if r["type"] == "event"} == {"live"}


def test_full_disk_does_not_end_the_watch(netns, tmp_path):
    """What happened meanwhile is written when there is room again."""
    disk, ns = tmp_path / "disk", netns()
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk)
    try:
        child = subprocess.Popen([BUILD / "quaymaster", "watch", "--json", "--netns", ns.name, "--output", disk / "out"], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: (disk / "out").exists() and (disk / "out").read_text().endswith("\n"), what="it is ready")
        (disk / "filler").write_bytes(b"x" * (15 * 4096))
        for port in range(8230, 8250):
            ns.end(ns.python(TCP, port))
        assert child.poll() is None and "No space left on device; will try again" in child.stderr.readline()
        (disk / "filler").unlink()
        ns.end(ns.python(TCP, 8250))
        wait_for(lambda: '"port":8250' in (disk / "out").read_text(), what="the event after it")
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=20)[1]
        assert "events are written again; 0 were lost" in said
        records = [json.loads(line) for line in (disk / "out").read_text().splitlines()]
        opened = [r["subject"]["port"] for r in records if r["type"] == "event" and r["kind"] == "opened"]
        assert opened == list(range(8230, 8251)), opened
        assert records[-1]["type"] == "summary"
    finally:
        child.kill()
        child.wait()
        run("umount", disk)


@pytest.mark.parametrize("words, says", [("--now", "is for --install and --uninstall"), ("--install --uninstall", "does not go with '--install'"),
                                         ("--install --config /etc", "does not go with"), ("--test-sinks --now", "does not go with")])
def test_options_that_contradict(words, says):
    done = subprocess.run([BUILD / "quaymaster", "watch", *words.split()], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and says in done.stderr and not done.stdout


def test_wrong_interval():
    for word in ("0", "-1", "x", "86401"):
        result = run(BUILD / "quaymaster", "watch", "--interval", word, check=False)
        assert result.returncode == 2 and "--interval" in result.stderr, word
