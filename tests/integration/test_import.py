# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of other programs: real listings and scans of a namespace whose sockets are known, and broken files."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import Records, SOURCE, need_root

SAMPLES = SOURCE / "tests/golden/import"
SERVERS = """
def tcp(address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if address == "::":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port)); s.listen(); return s
def udp(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((address, port)); return s
kept = [tcp("0.0.0.0", 23), tcp("127.0.0.1", 6379), tcp("::", 8080), udp("0.0.0.0", 161)]
print("ready", flush=True)
"""
EXPECTED = {("tcp", "0.0.0.0", 23), ("tcp", "127.0.0.1", 6379), ("tcp", "::", 8080), ("udp", "0.0.0.0", 161)}


def listeners(records):
    return {(r["transport"], r["address"], r["port"]) for r in records.of("listener")}


@pytest.fixture
def served(netns):
    ns = netns()
    ns.child = ns.python(SERVERS)
    return ns


def imported(qm, path, *argv, code=0):
    done = qm("import", path, *argv, "--json", check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return Records(done.stdout)


@need_root
@pytest.mark.parametrize("argv", [("ss", "-tulpn"), ("ss", "-H", "-tulnp"), ("ss", "-tulpnOe"), ("ss", "-tuanp")],
                         ids=" ".join)
def test_real_ss(served, qm, tmp_path, argv):
    listing = tmp_path / "listing"
    listing.write_text(served.run(*argv).stdout)
    records = imported(qm, listing, "--asset", "web1")
    assert listeners(records) == EXPECTED
    telnet = records.one("listener", port=23)
    assert telnet["asset"] == "import:web1" and len(telnet["processes"]) == 1
    assert telnet["processes"][0]["name"].startswith("python3")
    assert records.one("listener", port=8080)["v6only"] is True
    assert any(f["subject"]["port"] == 23 for f in records.of("finding"))
    assert records.summary["complete"] is True
    assert [g for g in records.of("gap") if "service units" in g["reason"]]


@need_root
def test_netstat(served, qm, tmp_path):
    """Real where net-tools is installed; the stored sample always."""
    records = imported(qm, SAMPLES / "web1.netstat", code=3)  # it has an address that netstat may have cut
    assert {r["port"] for r in records.of("listener")} == {22, 53, 58, 80, 161, 5353, 5432}
    if shutil.which("netstat"):
        listing = tmp_path / "listing"
        for options in ("-tulpn", "-an"):
            listing.write_text(served.run("netstat", options).stdout)
            assert listeners(imported(qm, listing)) == EXPECTED


@need_root
def test_same_as_audit(served, qm, tmp_path):
    """The same sockets are judged alike, whether seen or read."""
    listing = tmp_path / "listing"
    listing.write_text(served.run("ss", "-tulpn").stdout)
    own = {(r["transport"], r["port"]): r["advice"]["class"] for r in qm.records("audit", "--netns", "self", ns=served).of("listener")}
    read = {(r["transport"], r["port"]): r["advice"]["class"] for r in imported(qm, listing).of("listener")}
    assert read and read == own


@need_root
@pytest.mark.skipif(not shutil.which("nmap"), reason="nmap is not installed")
def test_real_nmap(served, qm, tmp_path):
    xml = tmp_path / "scan.xml"
    served.run("nmap", "-sT", "-sV", "--version-light", "-n", "-Pn", "-p", "20-30,6379,8080", "-oX", xml, "127.0.0.1", timeout=120)
    records = imported(qm, xml, "--all-states")
    found = {r["port"]: r["state"] for r in records.of("endpoint")}
    coverage = records.one("coverage", address="127.0.0.1")
    assert {p for p, state in found.items() if state == "open"} == {23, 6379}
    assert coverage["asked"] == {"tcp": 13, "udp": 0} and coverage["states"]["tcp"]["closed"] == 11
    assert coverage["complete"] is True and records.summary["complete"] is True
    assert all(r["vantage"] == "imported" and r["imported_from"].startswith("nmap ") for r in records)
    cut = tmp_path / "cut.xml"
    cut.write_bytes(xml.read_bytes()[:-200])
    records = imported(qm, cut, code=3)
    assert records.summary["complete"] is False and "ends before" in records.summary["incomplete"][0]


@need_root
def test_own_xml(served, qm, tmp_path):
    """What `scan` writes as XML tells the same as what it writes as JSON."""
    xml = tmp_path / "scan.xml"
    argv = ("scan", "--method", "connect", "--ports", "20-30,6379", "127.0.0.1")
    qm(*argv, "--format", "xml", "--output", xml, ns=served)
    keys = ("address", "port", "transport", "state", "reason")
    own = [[r[k] for k in keys] for r in qm.records(*argv, ns=served).of("endpoint")]
    read = [[r[k] for k in keys] for r in imported(qm, xml).of("endpoint")]
    assert sorted(own) == sorted(read) and len(own) == 2


@pytest.mark.parametrize("file, kind, n", [("desk.csv", "listener", 4), ("desk.json", "listener", 2), ("desk.table", "listener", 5),
                                           ("desk.netstat-windows", "listener", 6), ("net.masscan", "endpoint", 3),
                                           ("net.masscan-list", "endpoint", 3)])
def test_stored(qm, file, kind, n):
    assert len(imported(qm, SAMPLES / file).of(kind)) == n
    with (SAMPLES / file).open("rb") as piped:
        done = subprocess.run([qm.program, "import", "-", "--json"], stdin=piped, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and len(Records(done.stdout).of(kind)) == n


@pytest.mark.parametrize("report", [(), ("--csv",), ("--html",)], ids=["text", "csv", "html"])
def test_reports_of_listings(qm, report):
    done = qm("import", SAMPLES / "web1.ss", *report)
    assert "6379" in done.stdout and "redis-server" in done.stdout


@pytest.mark.parametrize("report", [(), ("--csv",), ("--xml",)], ids=["text", "csv", "xml"])
def test_reports_of_scans(qm, report):
    done = qm("import", SAMPLES / "net.masscan", *report)
    assert "2001:db8::5" in done.stdout and "443" in done.stdout


def test_fail_on(qm):
    assert qm("import", SAMPLES / "web1.ss", "--fail-on", "medium", check=False).returncode == 1
    assert qm("import", SAMPLES / "web1.ss", "--fail-on", "critical", check=False).returncode == 0


def test_unknown(qm, tmp_path):
    other = tmp_path / "other"
    for content in (b"", b"hello world\n", os.urandom(4096)):
        other.write_bytes(content)
        done = qm("import", other, check=False)
        assert done.returncode == 2 and not done.stdout
        assert all(name in done.stderr for name in ("nmap", "masscan", "netstat-windows", "powershell-json"))
    assert qm("import", tmp_path, check=False).returncode == 2
    assert qm("import", tmp_path / "none", check=False).returncode == 2
    assert qm("import", SAMPLES / "web1.ss", "--xml", check=False).returncode == 2


def test_terminal_escapes(qm, tmp_path):
    listing = tmp_path / "list\x1b[31ming"
    listing.write_bytes(b'tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:* users:(("a\x1b]0;x\x07\xff\xfe",pid=3,fd=3))\n')
    for report in ((), ("--json",), ("--csv",), ("--html",)):
        done = subprocess.run([qm.program, "import", listing, *report], capture_output=True, timeout=60)
        assert done.returncode == 0
        assert b"\x1b" not in done.stdout and b"\x07" not in done.stdout
        done.stdout.decode()


def test_endless_line(qm, tmp_path):
    """1 GiB without an end of line, in 256 MiB of memory (a sanitized build needs its shadow: there without that limit)."""
    sparse = tmp_path / "sparse"
    for start in (b"tcp LISTEN 0 1 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN ", b'[{"ip": "1.2.3.4", "ports": [], "x": "', b'<nmaprun a="'):
        sparse.write_bytes(start)
        with sparse.open("r+b") as f:
            f.truncate(1 << 30)
        with (tmp_path / "records").open("w+") as records:
            child = subprocess.Popen([qm.program, "import", sparse, "--json"], stdout=records)
            _, status, usage = os.wait4(child.pid, 0)  # of this child alone
            child.returncode = os.waitstatus_to_exitcode(status)
            assert child.returncode == 3
            records.seek(0)
            assert json.loads(records.read().splitlines()[-1])["complete"] is False
        assert usage.ru_maxrss < 512 * 1024, f"{usage.ru_maxrss} KiB"
