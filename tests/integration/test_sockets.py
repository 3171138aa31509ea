# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of listener, in namespaces of our own, against truth known beforehand."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

from conftest import PYTHON, Records, need_root, run, wait_for

pytestmark = need_root

TCP4 = "s = socket.socket(); s.setsockopt(1, 2, 1); s.bind((sys.argv[1], int(sys.argv[2]))); s.listen(); print('ready')"
UDP4 = "s = socket.socket(type=socket.SOCK_DGRAM); s.bind((sys.argv[1], int(sys.argv[2]))); print('ready')"
SIX = """
kind = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}[sys.argv[1]]
s = socket.socket(socket.AF_INET6, kind)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(sys.argv[4]))
s.bind((sys.argv[2], int(sys.argv[3])))
if kind == socket.SOCK_STREAM:
    s.listen()
print('ready')
"""


@pytest.fixture(params=["bpf", "proc"])
def host(request, qm):
    """`quaymaster host` as records, by both ways of finding owners."""

    def look(ns, *argv):
        more = ["--no-bpf"] if request.param == "proc" else []
        return qm.records("host", "--netns", ns.name, *more, *argv)

    look.way = request.param
    return look


def pids(listener):
    return [p["pid"] for p in listener["processes"]]


def test_transports_and_families(netns, host):
    ns = netns()
    four = ns.python(TCP4, "0.0.0.0", 8101)
    local = ns.python(TCP4, "127.0.0.1", 8102)
    udp = ns.python(UDP4, "0.0.0.0", 8103)
    dual = ns.python(SIX, "tcp", "::", 8104, 0)
    only = ns.python(SIX, "tcp", "::", 8105, 1)
    udp6 = ns.python(SIX, "udp", "::1", 8106, 1)
    records = host(ns)
    truth = {
        ("tcp", "0.0.0.0", 8101): (four, "private"),
        ("tcp", "127.0.0.1", 8102): (local, "loopback"),
        ("udp", "0.0.0.0", 8103): (udp, "private"),
        ("tcp", "::", 8104): (dual, "private"),
        ("tcp", "::", 8105): (only, "private"),
        ("udp", "::1", 8106): (udp6, "loopback"),
    }
    found = {(r["transport"], r["address"], r["port"]): r for r in records.of("listener")}
    assert found.keys() == truth.keys()  # all of the truth, and nothing invented
    for key, (child, scope) in truth.items():
        assert pids(found[key]) == [child.pid], key
        assert found[key]["netns"] == ns.name
        assert found[key]["exposure"]["scope"] == scope, key
        process = found[key]["processes"][0]
        assert os.path.realpath(PYTHON) == process["exe"] and process["user"] == "root"
        assert str(key[2]) in process["cmdline"]
    assert found["tcp", "::", 8104]["dual_stack"] is True and found["tcp", "::", 8104]["v6only"] is False
    assert found["tcp", "::", 8105]["dual_stack"] is False and found["tcp", "::", 8105]["v6only"] is True
    assert records.summary["listeners"] == len(truth)


def test_mapped_addresses_are_those_of_ipv4(netns, host):
    """Java binds so: a socket of IPv6 that takes nothing but IPv4."""
    ns = netns()
    ns.python(SIX, "tcp", "::ffff:127.0.0.1", 8107, 0)
    ns.python(SIX, "udp", "::ffff:0.0.0.0", 8108, 0)
    records = host(ns)
    tcp, udp = records.one("listener", port=8107), records.one("listener", port=8108)
    assert tcp["address"] == "127.0.0.1" and tcp["exposure"]["scope"] == "loopback" and "dual_stack" not in tcp
    assert udp["address"] == "0.0.0.0" and udp["exposure"]["scope"] == "private"


def test_connected_sockets_are_no_listeners(netns, host):
    ns = netns()
    ns.python(TCP4, "127.0.0.1", 8110)
    ns.python("c = socket.create_connection(('127.0.0.1', 8110)); "
              "u = socket.socket(type=socket.SOCK_DGRAM); u.connect(('127.0.0.1', 9)); print('ready')")
    assert [r["port"] for r in host(ns).of("listener")] == [8110]


def test_udp_clients_are_told_apart(netns, host):
    ns = netns()
    client = ns.python("s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9)); "
                       "print('ready', s.getsockname()[1])")
    # a service may choose a port in the ephemeral range: what counts is who chose
    ns.python(UDP4, "0.0.0.0", 40123)
    # RPC daemons let the kernel choose, but for TCP as well
    rpc = ns.python("t = socket.socket(); t.bind(('', 0)); t.listen(); u = socket.socket(type=socket.SOCK_DGRAM); "
                    "u.bind(('', 0)); print('ready', u.getsockname()[1])")
    records = host(ns)
    udp = {r["port"] for r in records.of("listener", transport="udp")}
    assert udp == {40123, int(rpc.said[0])}
    told = records.one("client")
    assert told["port"] == int(client.said[0])
    assert "ephemeral" in told["reason"]
    assert records.summary["clients"] == 1


def test_bound_device(netns, host):
    ns = netns()
    ns.run("ip", "link", "add", "dum0", "type", "veth", "peer", "name", "dum1")
    for name, address in (("dum0", "10.99.1.1/24"), ("dum1", "10.99.2.1/24")):
        ns.run("ip", "addr", "add", address, "dev", name)
        ns.run("ip", "link", "set", name, "up")
    for device, port in (("dum0", 8120), ("lo", 8121)):
        ns.python("s = socket.socket(); s.setsockopt(1, 25, sys.argv[1].encode()); s.bind(('', int(sys.argv[2]))); "
                  "s.listen(); print('ready')", device, port)
    records = host(ns)
    assert records.one("listener", port=8120)["device"] == "dum0"
    assert records.one("listener", port=8120)["exposure"]["scope"] == "private"
    assert "dum0" in records.one("listener", port=8120)["exposure"]["why"]
    assert records.one("listener", port=8121)["exposure"]["scope"] == "loopback"


def test_raw_sockets(netns, host):
    ns = netns()
    child = ns.python("s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 89); "
                      "t = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 112); print('ready')")
    records = host(ns)
    assert {(r["address"], r["ip_protocol"]) for r in records.of("listener", transport="raw")} == {
        ("0.0.0.0", 89), ("::", 112)}
    assert all(pids(r) == [child.pid] for r in records.of("listener"))


def test_reuseport_group_is_one_listener(netns, host):
    ns = netns()
    code = ("s = socket.socket(); s.setsockopt(1, 15, 1); s.bind(('0.0.0.0', 8130)); s.listen(); print('ready')")
    children = [ns.python(code) for _ in range(3)]
    listener = host(ns).one("listener")
    assert listener["sockets"] == 3
    assert pids(listener) == sorted(c.pid for c in children)


def test_all_owners_of_a_shared_socket(netns, host):
    ns = netns()
    child = ns.python("s = socket.socket(); s.bind(('127.0.0.1', 8140)); s.listen(); pid = os.fork()\n"
                      "if pid: print('ready', pid, flush=True)")
    assert pids(host(ns).one("listener")) == sorted([child.pid, int(child.said[0])])


def test_descriptor_passed_to_another_process(netns, host, tmp_path):
    """The socket belongs to who holds it, not to who made it."""
    ns = netns()
    path = str(tmp_path / "pass")
    receiver = ns.python("u = socket.socket(socket.AF_UNIX); u.bind(sys.argv[1]); u.listen(); print('ready', flush=True); "
                         "c, _ = u.accept(); fds = socket.recv_fds(c, 1, 1)", path)
    sender = ns.python("s = socket.socket(); s.bind(('127.0.0.1', 8150)); s.listen(); u = socket.socket(socket.AF_UNIX); "
                       "u.connect(sys.argv[1]); socket.send_fds(u, [b'x'], [s.fileno()]); s.close(); print('ready')", path)
    listener = wait_for(lambda: next((r for r in host(ns).of("listener") if r["processes"]), None), what="the new owner")
    assert pids(listener) == [receiver.pid] and sender.pid != receiver.pid


def test_descriptor_in_flight_is_said_to_have_no_owner(netns, host, tmp_path):
    ns = netns()
    ns.python("a, b = socket.socketpair(); s = socket.socket(); s.bind(('127.0.0.1', 8160)); s.listen(); "
              "socket.send_fds(a, [b'x'], [s.fileno()]); s.close(); print('ready')")
    listener = host(ns).one("listener")
    assert listener["processes"] == [] and listener["owner_note"]


def test_deleted_and_replaced_executables(netns, host, tmp_path):
    ns = netns()
    program = tmp_path / "served"
    shutil.copy(os.path.realpath(PYTHON), program)
    gone = ns.python(TCP4, "127.0.0.1", 8170, executable=program)
    program.unlink()
    shutil.copy(os.path.realpath(PYTHON), program)  # replaced, as an update does
    records = host(ns)
    process = records.one("listener")["processes"][0]
    assert process["pid"] == gone.pid
    assert process["exe"] == str(program) and process["exe_deleted"] is True


def test_file_that_is_really_called_deleted(netns, host, tmp_path):
    ns = netns()
    program = tmp_path / "tool (deleted)"
    shutil.copy(os.path.realpath(PYTHON), program)
    ns.python(TCP4, "127.0.0.1", 8171, executable=program)
    process = host(ns).one("listener")["processes"][0]
    assert process["exe"] == str(program) and not process.get("exe_deleted")


def test_io_uring_direct_descriptor(netns, host, qm):
    """A socket registered with a ring and closed is in no /proc/PID/fd, yet it listens."""
    ns = netns()
    child = ns.start(qm.program.parent / "tests" / "uring-listener", 8180)
    assert pids(host(ns).one("listener", port=8180)) == [child.pid]


def test_hostile_names_are_escaped(netns, qm, tmp_path):
    ns = netns()
    program = tmp_path / "\x1b[31mred\x07<script>\u202e"
    shutil.copy(os.path.realpath(PYTHON), program)
    ns.python(TCP4, "0.0.0.0", 8190, b"\x1b]0;owned\x07\xff\xfe", executable=program)
    for form in ("text", "json", "csv", "html"):
        out = qm("audit", "--netns", ns.name, "--format", form, "--all").stdout
        assert "\x1b]0" not in out and "\x07" not in out and "\u202e" not in out
        if form == "html":
            assert "<script>\u202e" not in out and "red\\x07<script" not in out
    exe = qm.records("host", "--netns", ns.name).one("listener")["processes"][0]["exe"]
    assert exe == str(program)  # JSON carries the truth, escaped in transport only


def test_secrets_in_command_lines_are_masked(netns, qm):
    ns = netns()
    ns.python(TCP4, "0.0.0.0", 8195, "--password=hunter2secret", "--token", "tok-9f8e7d6c5b4a")
    for form in ("text", "json", "csv", "html"):
        out = qm("audit", "--netns", ns.name, "--format", form).stdout
        assert "hunter2secret" not in out and "tok-9f8e7d6c5b4a" not in out
    assert "--password=" in qm("host", "--netns", ns.name, "--json").stdout


def test_processes_that_vanish_while_being_read(netns, qm):
    ns = netns()
    ns.python("pids = []\nprint('ready', flush=True)\nend = time.time() + 4\n"
              "while time.time() < end:\n"
              "    pid = os.fork()\n"
              "    if pid == 0:\n"
              "        s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); os._exit(0)\n"
              "    os.waitpid(pid, 0)\n")
    for way in ([], ["--no-bpf"]) * 8:
        records = qm.records("host", "--netns", ns.name, *way)
        assert records.summary["complete"] is True


def strip_volatile(record):
    return {k: v for k, v in record.items() if k not in ("time", "elapsed_ms", "sockets_by")}


def test_both_ways_give_the_same_records(netns, qm, tmp_path):
    """BPF iterators against sock_diag and /proc: not one field may differ."""
    ns = netns()
    for i in range(20):
        ns.python(TCP4, "127.0.0.1", 8200 + i)
        ns.python(UDP4, "0.0.0.0", 8300 + i)
    ns.python(SIX, "tcp", "::", 8400, 0)
    ns.python(SIX, "udp", "::", 8401, 1)
    ns.python("s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 89); print('ready')")
    ns.python("s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9)); print('ready')")
    ns.python("t = socket.socket(); t.bind(('', 0)); t.listen(); print('ready')")
    ns.start(qm.program.parent / "tests" / "uring-listener", 8500)
    bpf = qm.records("host", "--netns", ns.name)
    proc = qm.records("host", "--netns", ns.name, "--no-bpf")
    if "without BPF" in qm("--version").stdout:
        pytest.fail("this build has no BPF programs: install clang, bpftool and libbpf-dev")
    assert bpf.summary["sockets_by"] == "bpf" and proc.summary["sockets_by"] == "sock_diag"
    assert [strip_volatile(r) for r in bpf] == [strip_volatile(r) for r in proc]
    assert len(bpf.of("listener")) == 45


MPTCP = """
s = socket.socket(proto=262)
s.setsockopt(1, 2, 1)
s.bind(('127.0.0.1', 8310))
s.listen()
print('ready', flush=True)
"""


def has_mptcp():
    path = pathlib.Path("/proc/sys/net/mptcp/enabled")
    return path.exists() and path.read_text().strip() == "1"


@pytest.mark.skipif(not has_mptcp(), reason="this kernel has no MPTCP, or it is switched off")
def test_owner_of_a_multipath_listener(netns, host):
    ns = netns()
    child = ns.python(MPTCP)
    assert pids(host(ns).one("listener", port=8310, transport="tcp")) == [child.pid]


STORM = """
print('ready', flush=True)
import select
while not select.select([sys.stdin], [], [], 0)[0]:
    held = []
    for port in range(int(sys.argv[1]), int(sys.argv[1]) + 40):
        s = socket.socket()
        s.setsockopt(1, 2, 1)
        s.bind(('127.0.0.1', port))
        s.listen()
        u = socket.socket(type=socket.SOCK_DGRAM)
        u.bind(('127.0.0.1', port))
        held += [s, u]
    for s in held:
        s.close()
"""


def test_sockets_that_come_and_go_are_never_without_an_owner(netns, host):
    ns = netns()
    for first in (9000, 9100, 9200):
        ns.python(STORM, first)
    seen = 0
    for _ in range(25):
        for listener in host(ns).of("listener"):
            seen += 1
            assert listener["processes"], Records.short(listener)
    assert seen


def test_long_command_line_and_many_groups_hide_nothing(netns, host):
    """Both make a file of /proc longer than anybody wants to read; their beginning still counts."""
    ns = netns()
    groups = "os.setgroups(range(100000, 104000)); os.setgid(65534); os.setuid(65534)\n"
    child = ns.python(groups + TCP4, "127.0.0.1", 8320, *["x" * 100000] * 3)
    process = host(ns).one("listener", port=8320)["processes"][0]
    assert process["pid"] == child.pid
    assert process["user"] == "nobody"
    assert "127.0.0.1 8320 xxxx" in process["cmdline"]


# The thread that a process begins with ends; another, which may have descriptors of its own, goes on.
THREADED = """
import ctypes, threading
libc = ctypes.CDLL(None)
def listen():
    if sys.argv[2] == 'own':
        libc.unshare(0x400)  # CLONE_FILES
    s = socket.socket()
    s.bind(('127.0.0.1', int(sys.argv[1])))
    s.listen()
    print('ready', flush=True)
    if sys.argv[3] == 'gone':
        time.sleep(60)
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=listen).start()
if sys.argv[3] == 'gone':
    libc.pthread_exit(None)
"""


@pytest.mark.parametrize("files", ["shared", "own"])
@pytest.mark.parametrize("leader", ["there", "gone"])
def test_sockets_of_a_thread(netns, host, files, leader):
    ns = netns()
    child = ns.python(THREADED, 8330, files, leader)
    process, = host(ns).one("listener", port=8330)["processes"]
    assert process["pid"] == child.pid
    assert process["exe"] == os.path.realpath(PYTHON) and process["cmdline"] and process["user"] == "root"
    if leader == "gone":
        child.kill()


# The same sockets all the time: they only begin and cease to listen.
TOGGLE = """
print('ready', flush=True)
import select
held = []
for port in range(int(sys.argv[1]), int(sys.argv[1]) + 300):
    s = socket.socket()
    s.setsockopt(1, 2, 1)
    s.bind(('127.0.0.1', port))
    held.append(s)
while not select.select([sys.stdin], [], [], 0)[0]:
    for s in held:
        s.listen()
    for s in held:
        s.shutdown(2)
"""


def test_old_sockets_that_begin_to_listen_are_never_without_an_owner(netns, host):
    ns = netns()
    for first in (9000, 9400, 9800):
        ns.python(TOGGLE, first)
    for _ in range(30000):  # younger sockets, which tell that those are old
        socket.socket().close()
    seen = 0
    for _ in range(25):
        for listener in host(ns).of("listener"):
            seen += 1
            assert listener["processes"], Records.short(listener)
    assert seen
