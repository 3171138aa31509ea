# SPDX-License-Identifier: GPL-2.0-or-later
"""`audit TARGET`: what is seen from outside, judged, and joined with what the inside view of the target says."""
import json
import shutil
import subprocess

import pytest

from conftest import PYTHON, Records, need_root, run
from topology import OURS, TARGET, batch, nft, sysctl

pytestmark = need_root

SERVERS = r"""
import ssl, threading
six = "six" in sys.argv
def tcp(address, port, serve):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if address == "::":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port)); s.listen(64)
    def one(c):
        try:
            c.settimeout(5)
            serve(c)
            c.close()
        except OSError:
            pass
    def loop():
        while True:
            c, _ = s.accept()
            threading.Thread(target=one, args=(c,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
def ssh(c):
    c.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"); c.recv(4096)
def http(c):
    if c.recv(4096):
        c.sendall(b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nok")
def https(c):
    with context.wrap_socket(c, server_side=True) as t:
        http(t)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
for address, port, serve in (("0.0.0.0", 80, http), ("0.0.0.0", 443, ssh), ("0.0.0.0", 8443, https), ("127.0.0.1", 8001, http),
                             ("0.0.0.0", 8002, http), ("::", 8003, http), ("0.0.0.0", 8004, http)):
    tcp(address, port, serve)
print("ready", flush=True)
"""
PORTS = "80,443,8001,8002,8003,8005,8006,8443"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of yesterday: it has expired."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl, to make a certificate that has expired")
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=one\n[one]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=any\ndefault_md=sha256\n"
        "[any]\ncommonName=supplied\n")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-subj", "/CN=shop.example", "-out", "csr.pem", cwd=folder)
    run("openssl", "ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", "key.pem", "-in", "csr.pem", "-out", "cert.pem",
        "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext", cwd=folder)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


@pytest.fixture
def estate(open_folder):
    folder = open_folder / "config"
    folder.mkdir()
    (folder / "estate.yaml").write_text("networks:\n" + "".join(f"  - cidr: {n}\n    zone: lab\n" for n in OURS))
    return folder


@pytest.fixture
def lab(net, certificate, estate, qm, tmp_path):
    """A target with a server for each case, and what it says of itself."""
    made = net()
    made.target.python(SERVERS, certificate)
    # in another namespace, reached by a filter of the target: 8005 is passed on, 8006 too, but nothing says how
    inner = made.netns()
    made._veth(made.target, "in0", "10.77.99.1/24", inner, "t0", "10.77.99.2/24")
    batch(inner, "route add default via 10.77.99.1")
    sysctl(made.target, ipv4__ip_forward=1)
    inner.start(PYTHON, "-c", "import socket, sys\n"
                "kept = []\n"
                "for p in (8005, 8006):\n"
                " s = socket.socket(); s.bind(('0.0.0.0', p)); s.listen(64); kept.append(s)\n"
                "print('ready', flush=True); sys.stdin.read()")
    nft(made.target, "table inet f { chain input { type filter hook input priority 0; tcp dport 8002 drop; }; }")
    nft(made.target, "table ip n { chain pre { type nat hook prerouting priority dstnat; "
                     "tcp dport 8005 dnat to 10.77.99.2:8005; }; }")
    made.inside = tmp_path / "target.ndjson"
    made.inside.write_text(qm("host", "--json", "--netns", made.target.name, check=False).stdout)
    nft(made.target, "table ip hidden { chain pre { type nat hook prerouting priority dstnat; "
                     "tcp dport 8006 dnat to 10.77.99.2:8006; }; }")
    made.audit = lambda *argv, targets=(TARGET,): run(
        *made.scanner.argv(qm.program, "audit", *targets, "--config", estate, *argv), check=False)
    return made


def records_of(done, status=0):
    assert done.returncode == status, f"exit {done.returncode}, not {status}:\n{done.stdout[-3000:]}{done.stderr}"
    return Records(done.stdout)


def test_joined(lab):
    records = records_of(lab.audit("-p", PORTS, "--json", "--inside", lab.inside))
    kind = {(r["port"], r["kind"]): r["why"] for r in records.of("reconcile")}
    assert set(kind) == {
        (80, "agreed"), (443, "agreed"), (8443, "agreed"), (8001, "not-reachable"), (8002, "not-reachable"), (8003, "not-reachable"),
        (8004, "not-asked"), (8005, "forwarded"), (8006, "unexplained-open")}, kind
    assert "loopback" in kind[8001, "not-reachable"]
    assert "the packet filter blocks it: inet f input handle" in kind[8002, "not-reachable"]
    assert "IPv6 only" in kind[8003, "not-reachable"]
    assert "10.77.99.2" in kind[8005, "forwarded"]
    assert records.of("finding", rule="outside-unexplained")[0]["severity"] in ("medium", "high")
    # the records of one machine have one id, from outside as from inside
    inside = Records(lab.inside.read_text())
    assert {r["asset"] for r in records.of("endpoint")} == {inside.summary["asset"]}
    assert {"address": TARGET, "netns": lab.target.name} in inside.summary["own_addresses"]


def test_judged(lab):
    records = records_of(lab.audit("-p", PORTS, "--json"))
    assert not records.of("reconcile")
    assert records.one("endpoint", port=443)["protocol"] == "ssh"
    assert records.one("endpoint", port=8443)["encryption"] == "tls"
    rules = {(f["subject"]["port"], f["rule"]) for f in records.of("finding")}
    assert (443, "outside-wrong-service") in rules, rules
    assert any(port == 8443 and "certificate" in rule for port, rule in rules), rules
    expired = [f for f in records.of("finding") if f["subject"]["port"] == 8443 and "expired" in f["title"]]
    assert expired, records.of("finding")


def test_exit_status(lab, tmp_path):
    assert lab.audit("-p", "443", "--fail-on", "critical").returncode == 0
    assert lab.audit("-p", "443", "--fail-on", "info").returncode == 1
    # without a target these mean nothing; with one those of the inside view alone do not
    assert lab.audit("-p", "443", targets=()).returncode == 2
    assert lab.audit("--netns", "self").returncode == 2
    assert lab.audit("--inside", "self").returncode == 2
    assert lab.audit("--inside", tmp_path / "missing").returncode == 2
    wrong = tmp_path / "wrong.ndjson"
    wrong.write_text(lab.inside.read_text() + '{"type":"listener","schema":1,"vantage":"inside","asset":"a"}\n')
    done = lab.audit("-p", "443", "--inside", wrong)
    assert done.returncode == 2 and "wrong.ndjson" in done.stderr and "'transport'" in done.stderr
    assert f"line {len(wrong.read_text().splitlines())}:" in done.stderr


def test_file_of_another_machine(lab, tmp_path):
    """It is told, and makes the audit incomplete; in a folder it is as it should be."""
    text = lab.inside.read_text().replace(TARGET, "10.77.0.77").replace('"hostname":"', '"hostname":"other-')
    folder = tmp_path / "views"
    folder.mkdir()
    (folder / "other.json").write_text(text)
    done = lab.audit("-p", "443", "--json", "--inside", folder / "other.json")
    summary = records_of(done, 3).summary
    assert not summary["complete"] and "none of the addresses" in summary["incomplete"][0]
    assert not records_of(lab.audit("-p", "443", "--json", "--inside", folder)).of("reconcile")
    shutil.copy(lab.inside, folder / "target.ndjson")
    assert records_of(lab.audit("-p", "443", "--json", "--inside", folder)).one("reconcile", port=443)["kind"] == "agreed"


def test_cut_file(lab, tmp_path):
    """Without its summary a view is not whole: what nobody explains may stand in what is missing."""
    cut = tmp_path / "cut.ndjson"
    lines = lab.inside.read_text().splitlines(True)
    cut.write_text("".join(l for l in lines if json.loads(l)["type"] != "summary"))
    (tmp_path / "none").write_text("")
    done = lab.audit("-p", PORTS, "--json", "--inside", cut)
    assert done.returncode == 3  # nothing tells that this address is of that machine
    assert lab.audit("-p", "443", "--inside", tmp_path / "none").returncode == 2


def test_of_itself(lab, qm, estate):
    """The machine that asks is joined with its own sockets, unless that is not wanted."""
    argv = (qm.program, "audit", TARGET, "-p", "80,443", "--json", "--config", estate)
    records = records_of(run(*lab.target.argv(*argv), check=False))
    assert {(r["port"], r["kind"]) for r in records.of("reconcile") if r["kind"] != "not-asked"} == {(80, "agreed"), (443, "agreed")}
    assert not records_of(run(*lab.target.argv(*argv, "--no-inside"), check=False)).of("reconcile")
    assert records_of(run(*lab.target.argv(*argv, "--inside", "self"), check=False)).of("reconcile", kind="agreed")


@pytest.mark.parametrize("format,sign", [("text", "quaymaster audit"), ("csv", "reconcile"), ("html", "<!DOCTYPE html>"), ("xml", "<nmaprun")])
def test_formats(lab, format, sign):
    done = lab.audit("-p", "80,443", "--format", format, "--inside", lab.inside)
    assert done.returncode == 0 and sign.lower() in done.stdout.lower(), done.stdout + done.stderr
    assert "OpenSSH" in done.stdout
