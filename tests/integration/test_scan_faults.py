# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong in the middle of a scan: it is said, what is known is kept, and nothing is asked twice."""
import csv
import io
import json
import mmap
import random
import shutil
import signal
import stat
import subprocess
import time
import xml.etree.ElementTree

import pytest

from conftest import Records, need_root, run, wait_for
from topology import FAR, TARGET, assert_exactly, opened, ports_of

pytestmark = [need_root, pytest.mark.alone]
FAST = ("--rate", 100000, "--host-rate", 100000)
some = random.Random(11)
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
RAW_ONLY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all,+net_raw",
            "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]


def whole_lines(path):
    """Every line that is there, each one a record: whatever ended the writer.

    Lines are written whole, but the kernel cuts a write between two pages of a file when the writer is killed in it.
    """
    text = path.read_text()
    if text and not text.endswith("\n"):
        assert len(text.encode()) % mmap.PAGESIZE == 0, text[-200:]
        text = text[:text.rindex("\n") + 1]
    return [json.loads(line) for line in text.splitlines()]


def limited(files):
    return ["prlimit", f"--nofile={files}:{files}"]


def slow_target(net):
    """2,000 ports, 50 of them open, at 1,000 packets a second: two seconds or more to be interrupted in."""
    n = net()
    truth = sorted(some.sample(range(1, 2001), 50))
    n.serve(truth)
    return n, truth, (TARGET, "--ports", "1-2000", "--rate", 1000, "--host-rate", 1000)


def known(records):
    """Ports whose state has been told. Those that were not asked to the end are told as such with --all-states."""
    return {r["port"] for r in records if r["type"] == "endpoint" and r["state"] != "undecided"}


def asked(recorder):
    return [f.dport for f in recorder.stop() if f.is_syn]


def test_interrupt_and_resume(net, scan, tmp_path):
    n, truth, argv = slow_target(net)
    state, out = tmp_path / "state", tmp_path / "out"
    first = n.record()
    child = scan.start(n, *argv, "--all-states", "--checkpoint", state, output=out)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=10)[1].decode()
    assert child.returncode == 3 and "--resume" in said, said
    half = Records(out.read_text())
    assert half.summary["complete"] is False and half.summary["resume"] == str(state)
    coverage = half.one("coverage")
    undecided = ports_of(coverage["undecided"])
    assert 0 < len(known(half)) < 2000 and undecided.isdisjoint(known(half))
    assert undecided | known(half) == set(range(1, 2001))
    assert "stop" in coverage["why"]
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    first = asked(first)
    second = n.record()
    rest = scan(n, *argv, "--all-states", "--resume", state)
    second = asked(second)
    assert not set(second) & known(half), "what was known was asked again"
    assert set(second) >= undecided
    together = set(opened(half)) | set(opened(rest))
    assert together == {(TARGET, p) for p in truth}
    assert len(first) + len(second) < 2000 * 1.15


def test_kill_and_resume(net, scan, tmp_path):
    """At most the last second is lost; every line that was written is whole."""
    n, truth, argv = slow_target(net)
    state, out = tmp_path / "state", tmp_path / "out"
    first = n.record()
    child = scan.start(n, *argv, "--all-states", "--checkpoint", state, output=out)
    time.sleep(1.6)
    child.kill()
    child.wait()
    killed = time.monotonic()
    half = whole_lines(out)
    frames = [f for f in first.stop() if f.is_syn]
    early = {f.dport for f in frames if f.time < killed - 1.1}
    assert early
    second = n.record()
    rest = scan(n, *argv, "--all-states", "--resume", state)
    again = set(asked(second)) & early
    assert not again, f"asked again though known for a second: {sorted(again)[:10]}"
    found = {(r["address"], r["port"]) for r in half if r["type"] == "endpoint" and r["state"] == "open"} | set(opened(rest))
    assert found == {(TARGET, p) for p in truth}


def test_resume_at_any_moment(net, scan, tmp_path):
    """Killed again and again, it still comes to its end, with nothing missed."""
    n, truth, argv = slow_target(net)
    state, found = tmp_path / "state", set()
    for turn in range(8):
        out = tmp_path / f"out{turn}"
        how = ["--resume" if state.exists() and turn else "--checkpoint", state]
        child = scan.start(n, *argv, "--all-states", *how, output=out)
        try:
            child.wait(timeout=some.uniform(1.2, 1.8))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        found |= {(r["address"], r["port"]) for r in whole_lines(out) if r["type"] == "endpoint" and r["state"] == "open"}
        if child.returncode == 0:
            break
        assert child.returncode == -9, child.stderr.read()
    assert child.returncode == 0, "it never came to its end"
    assert found == {(TARGET, p) for p in truth}


def test_lines_are_whole_whenever_it_is_killed(net, scan, tmp_path):
    n = net()
    n.serve(range(1000, 3000))
    for turn in range(10):
        out = tmp_path / f"out{turn}"
        child = scan.start(n, TARGET, "--ports", "1-5000", "--all-states", *FAST, output=out)
        time.sleep(0.05 + 0.03 * turn)
        child.kill()
        child.wait()
        whole_lines(out)


def test_resume_of_another_scan_is_refused(net, scan, tmp_path):
    n, _, argv = slow_target(net)
    state = tmp_path / "state"
    scan(n, *argv[:1], "--ports", "1-50", *FAST, "--checkpoint", state)
    assert "its scan was completed" in scan(n, TARGET, "--ports", "1-50", *FAST, "--resume", state, status=2).stderr
    before = n.frames(n.target, "t0")
    for other in ("1-60", "2-51"):
        assert str(state) in scan(n, TARGET, "--ports", other, *FAST, "--resume", state, status=2).stderr
    data = bytearray(state.read_bytes()) if state.exists() else bytearray(b"x" * 100)
    for broken in (b"", bytes(data[:20]), b"\xff" * 4096, bytes(data[:-1]), bytes(b ^ 0x55 for b in data[:64]) + bytes(data[64:])):
        state.write_bytes(broken)
        state.chmod(0o600)
        done = scan(n, TARGET, "--ports", "1-50", *FAST, "--resume", state, status=2)
        assert str(state) in done.stderr and "Sanitizer" not in done.stderr
    assert n.frames(n.target, "t0") == before


def test_resume_obeys_new_exclusions(net, scan, tmp_path):
    """What was excluded meanwhile is not asked any more."""
    n, _, argv = slow_target(net)
    state = tmp_path / "state"
    child = scan.start(n, *argv, "--checkpoint", state, output=tmp_path / "out")
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    child.wait(timeout=10)
    estate = scan.config / "estate.yaml"
    estate.write_text(estate.read_text() + f"exclude: [{TARGET}]\n")
    before = n.frames(n.target, "t0")
    scan(n, *argv, "--resume", state, status=2)
    assert n.frames(n.target, "t0") == before


@pytest.mark.parametrize("fault", ["removed", "down", "address", "route"])
def test_the_interface_goes_away(net, scan, tmp_path, fault):
    n = net(router=True)
    run("ip", "-n", n.scanner.name, "route", "del", "default")  # else it would be a way round
    n.drop()
    out = tmp_path / "out"
    child = scan.start(n, FAR, "--ports", "1-1500", "--rate", 1000, "--host-rate", 1000, output=out)
    time.sleep(0.7)
    what = {"removed": ["link", "del", "near0"], "down": ["link", "set", "near0", "down"],
            "address": ["addr", "flush", "dev", "near0"], "route": ["route", "del", "10.78.0.0/16"]}[fault]
    run("ip", "-n", n.scanner.name, *what)
    child.wait(timeout=30)
    said = child.stderr.read().decode()
    assert "Sanitizer" not in said, said
    records = Records(out.read_text())
    coverage = records.one("coverage")
    assert child.returncode == 3 and coverage["complete"] is False and coverage["why"], coverage
    assert ports_of(coverage["undecided"]), "ports nobody asked are called decided"


def test_out_of_descriptors(net, scan):
    n = net()
    truth = sorted(some.sample(range(1, 2001), 40))
    n.serve(truth)
    records = scan(n, TARGET, "--ports", "1-2000", "--method", "connect", *FAST, prefix=limited(40))
    assert_exactly(records, [(TARGET, p) for p in truth])
    assert records.one("coverage")["states"]["tcp"]["closed"] == 1960


def test_far_too_few_descriptors_is_said(net, scan):
    n = net()
    done = run(*n.scanner.argv(*limited(6), *scan.argv(TARGET, "--ports", "1-20", "--method", "connect", *FAST)), check=False)
    assert done.returncode in (0, 2, 3, 127) and "Sanitizer" not in done.stderr
    if done.returncode == 0:
        assert Records(done.stdout).one("coverage")["states"]["tcp"]["closed"] == 20


def test_without_privilege(net, scan):
    """A plain user gets connect scans, is told so, and cannot have what needs privilege."""
    n = net()
    n.serve([22])
    n.drop(ports_dropped=[25])
    records = scan(n, TARGET, "--ports", "20-30", *FAST, prefix=NOBODY)
    assert_exactly(records, [(TARGET, 22)])
    assert records.summary["method"] == "connect" and records.one("coverage")["states"]["tcp"]["filtered"] == 1
    assert "CAP_NET_RAW" in records.stderr and records.stderr.count("\n") == 1  # a warning, and not also an error
    done = run(*n.scanner.argv(*NOBODY, *scan.argv(TARGET, "--ports", "20-30", "--method", "syn", *FAST)), check=False)
    assert done.returncode == 3 and "CAP_NET_RAW" in done.stderr
    n.serve_udp({53: "dns"})
    udp = scan(n, TARGET, "--ports", "U:53,54", *FAST, prefix=NOBODY)
    assert_exactly(udp, [(TARGET, 53)], "udp")


def test_raw_sockets_alone_are_enough(net, scan):
    n = net()
    n.serve([22])
    records = scan(n, TARGET, "--ports", "20-30", "--method", "syn", *FAST, prefix=RAW_ONLY)
    assert_exactly(records, [(TARGET, 22)])
    assert records.summary["method"] == "syn"


@pytest.mark.parametrize("method", ["syn", "connect"])
def test_privilege_is_gone_before_answers_are_read(net, scan, tmp_path, method):
    n = net()
    n.drop()
    child = scan.start(n, TARGET, "--ports", "1-500", "--method", method, "--rate", 200, "--host-rate", 200, output=tmp_path / "out")
    wait_for(lambda: n.frames(n.target, "t0") > 20, what="first probes")
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{child.pid}/status").read().splitlines() if ":\t" in line)
    child.send_signal(signal.SIGINT)
    child.wait(timeout=10)
    assert status["Name"] == "quaymaster", "it is not the scan that was looked at"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_lost_answers_are_counted(net, scan, tmp_path):
    """The scanner is held while answers flood in: what its socket could not keep is said."""
    n = net()
    n.serve(range(1, 101))
    n.forge("flood", seconds=3)
    child = scan.start(n, TARGET, "--ports", "1-1000", "--rate", 500, "--host-rate", 500, output=tmp_path / "out")
    wait_for(lambda: n.frames(n.target, "t0") > 10, what="first probes")
    child.send_signal(signal.SIGSTOP)
    time.sleep(2.5)
    child.send_signal(signal.SIGCONT)
    child.wait(timeout=30)
    records = Records((tmp_path / "out").read_text())
    assert records.summary["local_drops"] > 0
    found = set(opened(records))
    assert found <= {(TARGET, p) for p in range(1, 101)}
    if child.returncode == 0:  # asked again, and so nothing is missing
        assert found == {(TARGET, p) for p in range(1, 101)}
    else:
        assert child.returncode == 3 and "lost" in str(records.summary["incomplete"])


def test_until(net, scan):
    n = net()
    n.drop()
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    began = time.monotonic()
    records = scan(n, TARGET, "--ports", "1-5000", "--rate", 500, "--host-rate", 500, "--until", end, status=3)
    assert time.monotonic() - began < 6
    coverage = records.one("coverage")
    assert ports_of(coverage["undecided"]) and coverage["why"]


def test_a_closed_window_sends_nothing(net, scan):
    n = net()
    n.serve([22])
    now = time.localtime()
    begins, ends = (now.tm_hour + 3) % 24, (now.tm_hour + 4) % 24
    estate = scan.config / "estate.yaml"
    estate.write_text(estate.read_text() + "windows:\n  - days: [mon, tue, wed, thu, fri, sat, sun]\n"
                      f"    from: \"{begins:02}:00\"\n    to: \"{ends:02}:00\"\n")
    before = n.frames(n.target, "t0")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    records = scan(n, TARGET, "--ports", "22", *FAST, "--until", soon, status=3)
    assert n.frames(n.target, "t0") == before
    assert not opened(records) and records.summary["complete"] is False


# outputs

def nmap_open(text):
    """Open ports as a reader of nmap's XML finds them."""
    root = xml.etree.ElementTree.fromstring(text)
    assert root.tag == "nmaprun" and root.find("runstats/finished") is not None
    return {(host.find("address").get("addr"), int(port.get("portid"))) for host in root.iter("host")
            for port in host.iter("port") if port.find("state").get("state") == "open"}


def test_formats_agree(net, scan, tmp_path):
    n = net()
    truth = {(TARGET, p) for p in (22, 80, 443)}
    n.serve([p for _, p in truth])
    argv = (TARGET, "--ports", "1-500", *FAST)
    files = {}
    for name in ("xml", "csv", "json", "text"):
        files[name] = tmp_path / name
        scan(n, *argv, "--format", name, "--output", files[name], json=False)
        assert stat.S_IMODE(files[name].stat().st_mode) == 0o600
    assert nmap_open(files["xml"].read_text()) == truth
    rows = csv.DictReader(io.StringIO(files["csv"].read_text()))
    assert {(r["address"], int(r["port"])) for r in rows if r["record"] == "endpoint" and r["state"] == "open"} == truth
    assert set(opened(Records(files["json"].read_text()))) == truth
    text = files["text"].read_text()
    assert TARGET in text and all(str(p) in text for _, p in truth)


def test_ndiff_reads_it(net, scan, tmp_path):
    if not shutil.which("ndiff"):
        pytest.skip("ndiff is not installed")
    n = net()
    n.serve([22, 80])
    argv = (TARGET, "--ports", "1-100", *FAST, "--format", "xml", "--output")
    scan(n, *argv, tmp_path / "a.xml", json=False)
    n.serve([25])
    scan(n, *argv, tmp_path / "b.xml", json=False)
    done = run("ndiff", tmp_path / "a.xml", tmp_path / "b.xml", check=False)
    assert done.returncode == 1 and "+25/tcp" in done.stdout, done.stdout + done.stderr
    assert run("ndiff", tmp_path / "a.xml", tmp_path / "a.xml", check=False).returncode == 0


def test_xml_is_closed_after_an_interrupt(net, scan, tmp_path):
    n, truth, argv = slow_target(net)
    out = tmp_path / "out.xml"
    full = [*n.scanner.argv(*scan.argv(*argv, "--format", "xml", "--output", out, json=False))]
    child = subprocess.Popen([str(a) for a in full], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=10) == 3
    assert nmap_open(out.read_text()) <= {(TARGET, p) for p in truth}


def test_a_full_disk_is_no_silent_success(net, scan):
    n = net()
    n.serve([22])
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(a) for a in n.scanner.argv(*scan.argv(TARGET, "--ports", "22", *FAST))], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode not in (0, 1) and "Sanitizer" not in done.stderr


def test_a_reader_that_leaves(net, scan):
    """`quaymaster scan ... | head -1` ends, without a crash."""
    n = net()
    n.serve(range(1, 500))
    child = subprocess.Popen([str(a) for a in n.scanner.argv(*scan.argv(TARGET, "--ports", "1-1000", *FAST))], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    child.stdout.readline()
    child.stdout.close()
    said = child.stderr.read().decode()
    child.wait(timeout=20)
    assert "Sanitizer" not in said
