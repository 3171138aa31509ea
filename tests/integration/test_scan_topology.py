# SPDX-License-Identifier: GPL-2.0-or-later
"""The networks of topology.py are what they promise: looked at with plain sockets, without quaymaster."""
import json
import time

import pytest

from conftest import PYTHON, need_root
from topology import FAR, SCANNER, TARGET, TARGET6

pytestmark = [need_root, pytest.mark.alone]

# What a connect to each (address, port) gives: 0, an errno, or "silence"; and seconds it took.
CONNECT = """
import errno, json, socket, sys, time
out = []
for address, port in json.loads(sys.argv[1]):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.settimeout(float(sys.argv[2]))
    began = time.monotonic()
    try:
        s.connect((address, port))
        result = 0
    except TimeoutError:
        result = "silence"
    except OSError as e:
        result = errno.errorcode[e.errno]
    out.append([result, time.monotonic() - began])
    s.close()
json.dump(out, sys.stdout)
"""


def connect(net, *pairs, timeout=0.3):
    text = net.scanner.run(PYTHON, "-c", CONNECT, json.dumps(pairs), timeout).stdout
    return json.loads(text)


def results(net, *pairs, **kwargs):
    return [r for r, _ in connect(net, *pairs, **kwargs)]


def test_states(net):
    n = net()
    n.serve([22, 80])
    n.drop(ports_dropped=[81])
    n.reject([82])
    a = n.address
    assert results(n, (a, 22), (a, 80), (a, 23), (a, 81), (a, 82)) == [0, 0, "ECONNREFUSED", "silence", "EHOSTUNREACH"]


def test_only_some_ports_open(net):
    n = net()
    n.serve([22])
    n.drop(ports_open=[22])
    assert results(n, (TARGET, 22), (TARGET, 23), (TARGET, 65535)) == [0, "silence", "silence"]


def test_the_sentinel_counts(netns):
    """Any frame that takes the default route is counted, the question for an address (ARP) included."""
    from topology import Net

    n = Net(netns)
    time.sleep(0.3)
    n.assert_nothing_strayed()  # nothing of itself
    code = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', (%r, 9))"
    n.scanner.run(PYTHON, "-c", code % "192.0.2.1")
    assert n.stray_frames() >= 1
    with pytest.raises(AssertionError, match="reached the sentinel"):
        n.assert_nothing_strayed()


def test_packet_sockets_are_counted_too(netns):
    from topology import Net

    n = Net(netns)
    code = "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('out0', 0)); s.send(b'\\xff' * 60)"
    n.scanner.run(PYTHON, "-c", code)
    assert n.stray_frames() == 1


def test_many_hosts(net):
    n = net()
    hosts = n.hosts("10.77.4.0/24")
    n.serve([(hosts[0], 22), (hosts[255], 80)])
    from topology import batch

    batch(n.scanner, "route add 10.77.4.0/24 dev near0")
    assert len(hosts) == 256
    assert results(n, (hosts[0], 22), (hosts[255], 80), (hosts[255], 22)) == [0, 0, "ECONNREFUSED"]


def test_router_and_loss(net):
    n = net(router=True)
    n.serve([22])
    assert results(n, (FAR, 22), (FAR, 23)) == [0, "ECONNREFUSED"]
    n.serve_udp({7: "echo"})
    n.lose(10)
    code = f"""
import socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.setblocking(False)
got = 0
def take():
    global got
    try:
        while True:
            got += len(s.recv(9))
    except BlockingIOError:
        pass
import time
for i in range(2000):
    s.sendto(b"x", ({FAR!r}, 7))
    take()
    if i % 100 == 99:
        time.sleep(0.01)  # no more than a buffer holds
time.sleep(0.2)
take()
print(got)
"""
    got = int(n.scanner.run(PYTHON, "-c", code).stdout)
    assert 1450 < got < 1790, got  # 81 % of 2,000 is 1,620
    assert n.lost() == 2000 - got


def test_dead_hosts_behind_the_router_are_silent(net):
    n = net(router=True)
    n.hosts("10.78.1.0/24")
    n.blackhole(["10.78.1.7"])
    assert results(n, ("10.78.1.6", 22), ("10.78.1.7", 22)) == ["ECONNREFUSED", "silence"]


def test_slow_host(net):
    n = net(router=True)
    n.slow_host("10.78.3.9", [22], 400)
    found = connect(n, ("10.78.3.9", 22), ("10.78.3.9", 23), timeout=2)
    assert [r for r, _ in found] == [0, "ECONNREFUSED"]
    assert all(0.4 <= seconds < 0.6 for _, seconds in found), found


def test_rst_limit(net):
    n = net()
    n.limit_rst(20)
    refused = results(n, *[(TARGET, p) for p in range(1000, 1060)], timeout=0.02).count("ECONNREFUSED")
    assert 5 <= refused < 59, refused


def test_middlebox_by_redirect(net):
    n = net()
    n.middlebox_redirect([22, 80, 443])
    assert results(n, *[(TARGET, p) for p in (1, 22, 80, 443, 5000, 65535)]) == [0] * 6


def test_middlebox_of_raw_packets(net):
    n = net()
    n.middlebox_raw([22, 80, 443])
    assert results(n, *[(TARGET, p) for p in (1, 22, 80, 443, 5000, 65535)]) == [0] * 6


def test_udp_services(net):
    n = net()
    n.serve_udp({53: "dns", 123: "ntp", 3478: "stun", 69: "tftp", 7: "echo", 99: "silent"})
    code = """
import json, socket, struct
query = bytes.fromhex("1234010000010000000000000000020001")
asked = {53: query, 123: b"\\x23" + bytes(47), 3478: bytes.fromhex("000100002112a442") + bytes(12), 69: b"\\0\\1x\\0octet\\0", 7: b"hi", 99: b"hi",
         100: b"hi"}
out = {}
for port, data in asked.items():
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.settimeout(0.2)
    if port != 69:
        s.connect(("10.77.0.2", port))
        s.send(data)
    else:
        s.sendto(data, ("10.77.0.2", port))
    try:
        out[port] = len(s.recvfrom(999)[0])
    except TimeoutError:
        out[port] = "silence"
    except ConnectionRefusedError:
        out[port] = "refused"
print(json.dumps(out))
"""
    found = json.loads(n.scanner.run(PYTHON, "-c", code).stdout)
    assert found == {"53": 17, "123": 48, "3478": 20, "69": 17, "7": 2, "99": "silence", "100": "refused"}


def test_ipv6(net):
    n = net(six=True)
    n.serve([22], six=True)
    assert results(n, (TARGET6, 22), (TARGET6, 23), (TARGET, 22)) == [0, "ECONNREFUSED", 0]


def test_recorder(net):
    n = net()
    n.serve([22])
    recorder = n.record()
    connect(n, (TARGET, 22), (TARGET, 23))
    frames = recorder.stop()
    assert [f.dport for f in frames if f.is_syn] == [22, 23]
    assert {f.source for f in frames} == {SCANNER}
    assert time.monotonic() - 5 < frames[0].time < time.monotonic()


def test_forger_is_ignored_by_the_kernel(net):
    """Each kind of forged answer is sent, and none makes a connection: the truth stays the truth."""
    n = net()
    n.drop(ports_open=[22])
    n.serve([22])
    before = n.frames(n.scanner, "near0")
    assert results(n, (TARGET, 22), (TARGET, 23), timeout=0.1) == [0, "silence"]
    usual = n.frames(n.scanner, "near0") - before
    for kind in ("syn-ack", "other-port", "other-host", "rst", "icmp", "malformed"):
        forger = n.forge(kind, host="10.77.0.9")
        before = n.frames(n.scanner, "near0")
        assert results(n, (TARGET, 22), (TARGET, 23), timeout=0.1) == [0, "silence"], kind
        assert n.frames(n.scanner, "near0") - before > usual, kind
        n.target.end(forger)
