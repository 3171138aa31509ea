# SPDX-License-Identifier: GPL-2.0-or-later
"""audit --verify: own listeners are asked over own addresses what they speak; only in this namespace, and nobody else."""
import csv
import io
import json
import os
import signal
import subprocess
import time

import pytest

import lab_truth
from conftest import BUILD, PYTHON, Records, need_root, run, wait_for

pytestmark = [need_root, pytest.mark.alone]

# Servers that greet or answer, by kind, at (kind, family, address, port); each connection served once.
SERVERS = r"""
import json, socket, ssl, sys, threading
def ssh(c):
    c.sendall(b'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'); c.recv(4096)
def smtp(c):
    c.sendall(b'220 mail.example.test ESMTP Postfix\r\n')
    while line := c.recv(4096):
        word = line[:4].upper()
        c.sendall(b'250-mail.example.test\r\n250 SIZE 100\r\n' if word == b'EHLO' else b'221 bye\r\n' if word == b'QUIT' else b'502 what\r\n')
        if word == b'QUIT': return
def http(c):
    head = c.recv(4096)
    c.sendall(b'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok' if head[:4] in (b'GET ', b'HEAD', b'OPTI') else
              b'HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
def escapes(c):
    c.sendall(b'SSH-2.0-\x1b[31mred\x1b]0;owned\x07\r\n'); c.recv(4096)
def silent(c):
    while c.recv(4096): pass
context = None
def https(c):
    http(context.wrap_socket(c, server_side=True))
def serve(s, kind):
    while True:
        c, _ = s.accept()
        def one(c=c):
            try: globals()[kind](c)
            except (OSError, ssl.SSLError): pass
            finally: c.close()
        threading.Thread(target=one, daemon=True).start()
def dns(s):
    while True:
        q, a = s.recvfrom(4096)
        if len(q) > 12: s.sendto(q[:2] + b'\x81\x85' + q[4:6] + bytes(6) + q[12:], a)  # refused
for kind, family, address, port, *more in json.loads(sys.argv[1]):
    if kind == 'https' and not context:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[2])
    s = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM if kind == 'dns' else socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == 6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 'v6only' in more)
    if 'device' in more: s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'own0')
    s.bind((address, port))
    if kind != 'dns': s.listen(64)
    threading.Thread(target=dns if kind == 'dns' else serve, args=(s,) if kind == 'dns' else (s, kind), daemon=True).start()
print('ready', flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Expired long ago, and signed by itself."""
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "config").write_text("[ca]\ndefault_ca=x\n[x]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
                                   "[p]\ncommonName=supplied\n[req]\ndistinguished_name=d\n[d]\n")
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    run("openssl", "req", "-config", "config", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=expired.example.test", "-keyout", "key",
        "-out", "request", cwd=folder)
    run("openssl", "ca", "-config", "config", "-batch", "-selfsign", "-keyfile", "key", "-in", "request", "-out", "certificate", "-notext",
        "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", cwd=folder)
    (folder / "both").write_text((folder / "key").read_text() + (folder / "certificate").read_text())
    return folder / "both"


def start(ns, servers, certificate="-"):
    child = ns.start(PYTHON, "-c", SERVERS, json.dumps(servers), certificate)
    wait_for(lambda: len(run(*ns.argv("ss", "-Hltun")).stdout.splitlines()) >= len(servers), what="servers")
    return child


def verify(ns, *argv, status=0, config=None, **kwargs):
    result = ns.run(BUILD / "quaymaster", "audit", "--verify", "--netns", "self", "--json",
                    *(["--config", config] if config else []), *argv, check=False, timeout=120, **kwargs)
    assert result.returncode == status, (result.returncode, result.stderr)
    return Records(result.stdout)


@pytest.fixture
def host(netns):
    ns = netns()
    run("ip", "-n", ns.name, "link", "set", "lo", "up")
    run("ip", "-n", ns.name, "link", "add", "own0", "type", "veth", "peer", "name", "own1")
    run("ip", "-n", ns.name, "addr", "add", "10.79.0.1/24", "dev", "own0")
    run("ip", "-n", ns.name, "link", "set", "own0", "up")
    run("ip", "-n", ns.name, "link", "set", "own1", "up")
    return ns


def test_what_is_spoken(host):
    start(host, [["ssh", 4, "0.0.0.0", 443], ["smtp", 4, "10.79.0.1", 8025], ["http", 6, "::", 9999], ["http", 6, "::1", 7777, "v6only"],
                 ["ssh", 4, "127.0.0.53", 2200], ["dns", 4, "0.0.0.0", 5300]])
    records = verify(host)
    for port, protocol, encryption, product in ((443, "ssh", "native", "OpenSSH"), (8025, "smtp", "none", "Postfix"), (9999, "http", "none", "nginx"),
                                                (7777, "http", "none", "nginx"), (2200, "ssh", "native", "OpenSSH"), (5300, "dns", "none", None)):
        r = records.one("listener", port=port)
        assert (r["protocol"], r["confidence"], r["encryption"]) == (protocol, "confirmed", encryption), r
        assert product is None or r["product"].startswith(product), r
        assert "not_verified" not in r and r["behaviour"] == "talks", r
    assert records.one("listener", port=443)["guide"] == "ssh"
    wrong = [f["subject"]["port"] for f in records.of("finding", rule="wrong-service")]
    assert 443 in wrong and 2200 not in wrong, wrong
    assert records.summary["complete"] is True


def test_without_it_nothing_is_sent(host):
    start(host, [["ssh", 4, "0.0.0.0", 443]])
    result = host.run(BUILD / "quaymaster", "audit", "--netns", "self", "--json")
    r = Records(result.stdout).one("listener", port=443)
    assert r["confidence"] == "registered" and not {"encryption", "behaviour", "not_verified"} & set(r), r


def test_each_is_asked_itself(host):
    """One port, three sockets: what answers at loopback is only one of them."""
    start(host, [["ssh", 4, "127.0.0.1", 700], ["http", 4, "10.79.0.1", 700], ["smtp", 6, "::", 700]])
    told = {r["address"]: r["protocol"] for r in verify(host).of("listener", port=700)}
    assert told == {"127.0.0.1": "ssh", "10.79.0.1": "http", "::": "smtp"}


def test_tls(host, certificate):
    start(host, [["https", 4, "0.0.0.0", 8443]], certificate)
    records = verify(host)
    r = records.one("listener", port=8443)
    assert (r["protocol"], r["encryption"], r["tls"]["certificate"]["common_name"]) == ("http", "tls", "expired.example.test"), r
    assert records.one("finding", rule="certificate.expired")["subject"]["port"] == 8443
    assert verify(host, "--fail-on", "medium", status=1)


def test_who_is_not_asked(host, netns):
    other = netns()
    start(other, [["ssh", 4, "0.0.0.0", 22]])
    start(host, [["ssh", 4, "0.0.0.0", 2222, "device"], ["ssh", 4, "127.0.0.1", 22]])
    result = host.run(BUILD / "quaymaster", "audit", "--verify", "--json", timeout=120, check=False)
    records = Records(result.stdout)
    assert "own0" in records.one("listener", netns=host.name, port=2222)["not_verified"]
    told = records.one("listener", netns=other.name, port=22)
    assert "another network namespace" in told["not_verified"] and "encryption" not in told, told
    assert any(g["source"] == "verify" and not g["incomplete"] for g in records.of("gap"))
    mine = [r for r in records.of("listener", port=22) if r["netns"] == host.name]
    assert [r["confidence"] for r in mine] == ["confirmed"]


def test_device_class_and_exclusion_hold(host, tmp_path):
    (tmp_path / "estate.yaml").write_text("networks:\n  - cidr: 10.79.0.0/24\nexclude:\n  - 10.79.0.1\n")
    start(host, [["ssh", 4, "10.79.0.1", 22], ["http", 4, "127.0.0.1", 80]])
    records = verify(host, config=tmp_path)
    assert "excludes" in records.one("listener", port=22)["not_verified"]
    assert records.one("listener", port=80)["protocol"] == "http"
    (tmp_path / "estate.yaml").write_text(
        "networks:\n  - cidr: 10.79.0.0/24\ndevices:\n  - match: {cidr: 10.79.0.1}\n    class: server\n    forbid_ports: [80/tcp]\n")
    records = verify(host, config=tmp_path)
    assert "class" in records.one("listener", port=80)["not_verified"]
    assert records.one("listener", port=22)["protocol"] == "ssh"


def test_reports_and_output_file(host, tmp_path):
    start(host, [["escapes", 4, "0.0.0.0", 22], ["http", 4, "127.0.0.1", 80], ["ssh", 4, "0.0.0.0", 2222, "device"]])
    argv = [BUILD / "quaymaster", "audit", "--verify", "--netns", "self", "--format"]
    text = host.run(*argv, "text", timeout=120).stdout
    assert "SPEAKS" in text and "nginx 1.22.1" in text and "\x1b" not in text and "bound to the device own0" in text, text
    page = host.run(*argv, "html", timeout=120).stdout
    assert "Says it is" in page and "bound to the device own0" in page and "\x1b" not in page
    target = tmp_path / "report.csv"
    target.write_text("old")
    host.run(*argv, "csv", "--output", target, timeout=120)
    table = {r["port"]: r for r in csv.DictReader(io.StringIO(target.read_text()))}
    assert (table["80"]["product"], table["80"]["product_version"], table["80"]["encryption"]) == ("nginx", "1.22.1", "none")
    assert "own0" in table["2222"]["not_verified"] and target.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["report.csv"], "temporary files are left"


def test_as_a_user(host):
    """Without root: own listeners are asked all the same."""
    start(host, [["ssh", 4, "127.0.0.1", 2200]])
    result = host.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BUILD / "quaymaster", "audit", "--verify",
                      "--netns", "self", "--json", check=False, timeout=120)
    r = Records(result.stdout).one("listener", port=2200)
    assert (r["protocol"], r["confidence"]) == ("ssh", "confirmed"), result.stderr


def test_stopped(host):
    """A signal ends the questions in order: what is known is reported, and that some was not asked."""
    start(host, [["silent", 4, "127.0.0.1", 1000 + i] for i in range(40)])
    child = subprocess.Popen([str(a) for a in host.argv(BUILD / "quaymaster", "audit", "--verify", "--netns", "self", "--json")],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: run(*host.argv("ss", "-Htn", "state", "established"), check=False).stdout, what="questions")
    child.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    out, err = child.communicate(timeout=30)
    assert child.returncode == 3 and time.monotonic() - begin < 8, err
    records = Records(out)
    assert records.summary["complete"] is False and len(records.of("listener")) == 40
    assert any("stopped" in r.get("not_verified", "") for r in records.of("listener"))


@pytest.mark.lab
def test_the_lab_from_inside(lab):
    result = run("ip", "netns", "exec", lab_truth.HOST, BUILD / "quaymaster", "audit", "--verify", "--netns", "self", "--json", check=False, timeout=240)
    assert result.returncode in (0, 3), result.stderr
    told = {(r["transport"], r["address"], r["port"]): r for r in Records(result.stdout).of("listener")}
    names, right, wrong, missed = lab_truth.bases(), 0, [], []
    for (address, transport, port), row in lab_truth.places().items():
        r = told.get((transport, address, port)) or told.get((transport, "::" if ":" in address else "0.0.0.0", port)) or told.get((transport, "::", port))
        if not r or lab_truth.silent(row) or row["protocol"] == "unknown" or "not_verified" in r:
            continue
        protocol = names.get(r["protocol"], r["protocol"])
        if r["confidence"] == "confirmed" and protocol != names.get(row["protocol"], row["protocol"]):
            wrong.append(((address, transport, port), row["protocol"], r["protocol"]))
        elif r["confidence"] == "confirmed":
            right += 1
        else:
            missed.append(((address, transport, port), row["protocol"], r["behaviour"]))
    print(f"lab from inside: {right} confirmed, {len(missed)} not: {missed}")
    assert not wrong, wrong
    assert right >= 0.9 * (right + len(missed))
