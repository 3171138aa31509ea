# SPDX-License-Identifier: GPL-2.0-or-later
"""Hardening applied to a booted machine with real servers: closed as seen from another namespace, and undone to the byte.

quaymaster-harden is asked by action ids here, as the command line does it; test_harden_cli is about the way from a plan.
"""
import json
import os
import random
import re
import signal
import subprocess
import time

import pytest

from conftest import BUILD, need_root, run, wait_for
from machine import INSIDE, machine  # noqa: F401

pytestmark = need_root

HARDEN = f"{INSIDE}/quaymaster-harden"
STATE = "/var/lib/quaymaster/harden"
OUTSIDE, HERE, THERE = "qm-outside", "10.99.8.1", "10.99.8.2"

# servers of the machine: units in the order they are stopped, and the TCP port that closes
SERVERS = {
    "nginx": (["nginx.service"], 80),
    "redis": (["redis-server.service"], 6379),
    "vsftpd": (["vsftpd.service"], 21),
    "bind9": (["named.service"], 53),
    "rpcbind": (["rpcbind.socket", "rpcbind.service"], 111),
    "xinetd": (["xinetd.service"], 7),
    "cups": (["cups.socket", "cups.path", "cups.service"], None),
    "avahi": (["avahi-daemon.socket", "avahi-daemon.service"], None),
    "snmpd": (["snmpd.service"], None),
    "postgresql": (["postgresql.service"], None),
}


def action(kind, ident, *values):
    return json.dumps({"id": f"{kind}:{ident}", "kind": kind, "values": [list(v) for v in values]}) + "\n"


def stop(name):
    return action("unit-stop", name, *(("unit", u) for u in SERVERS[name][0]))


FIREWALL = action("firewall", "quaymaster", ("zone", "zone near 10.99.8.0/24"), ("allow", "allow tcp 22 from near"), ("log", "yes"))


class Host:
    """The machine, as hardening sees it."""

    def __init__(self, machine):
        self.machine = machine
        self.run = machine.run

    def ask(self, *argv, text="", check=True):
        done = subprocess.run(self.machine.argv(HARDEN, *argv), input=text, capture_output=True, text=True, timeout=120)
        assert "Sanitizer" not in done.stderr, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert lines, (done.returncode, done.stderr)
        assert lines[-1]["type"] == "result" and lines[-1]["ok"] == (done.returncode == 0), lines
        if check:
            assert lines[-1]["ok"], lines
        return lines

    def apply(self, text, within=300, check=True):
        return self.ask("apply", "--confirm-within", within, "--plan", "0123456789abcdef", text=text, check=check)[-1]

    def undo(self, which="last", check=True):
        return self.ask("undo", which, check=check)[-1]

    def status(self):
        return [r for r in self.ask("status") if r["type"] == "apply"]

    def pending(self):
        return self.run("cat", f"{STATE}/pending", check=False).stdout

    def open_ports(self, *ports):
        """Those that answer, as seen from the other namespace."""
        code = ("import socket, sys\nfor p in sys.argv[2:]:\n s = socket.socket(); s.settimeout(1.5)\n"
                " print(p) if s.connect_ex((sys.argv[1], int(p))) == 0 else None\n")
        out = self.run("ip", "netns", "exec", OUTSIDE, "python3", "-c", code, HERE, *ports, timeout=60).stdout
        return {int(p) for p in out.split()}

    def state(self):
        """All that hardening may change: configuration to the byte, states of units, the ruleset."""
        script = r"""
        cd /etc && find . \( -path ./machine-id -o -name 'ld.so.cache' \) -prune -o -printf '%p %y %m %U %G %l\n' | sort
        find /etc/systemd /etc/xinetd.d /etc/inetd.conf /etc/memcached.conf /etc/redis /etc/ssh /etc/rc?.d -type f -exec sha256sum {} + 2>/dev/null | sort
        nft -s list ruleset
        """
        units = self.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "--type=service,socket,path,timer").stdout
        states = sorted(" ".join(line.split()[:3]) for line in units.splitlines()
                        if not re.match(r"(quaymaster-|systemd-|apt-|dpkg-|logrotate|e2scrub|fstrim|man-db|phpsess|motd)", line.strip(" ●")))
        files = self.run("systemctl", "list-unit-files", "--plain", "--no-legend").stdout
        return self.run("sh", "-c", script).stdout.splitlines() + states + [" ".join(line.split()) for line in files.splitlines()]

    def settle(self):
        wait_for(lambda: not self.pending(), 60, "the end of what is pending")
        wait_for(lambda: not self.run("pgrep", "-f", "quaymaster-harden (rollback|apply|undo)", check=False).stdout, 30, "the end of the watchers")
        wait_for(lambda: not self.run("systemctl", "list-jobs", "--no-legend").stdout.strip(), 30, "the end of jobs")


@pytest.fixture(scope="module")
def host(machine):
    one = Host(machine)
    machine.run("sh", "-ec", f"ip netns add {OUTSIDE}; ip link add qm0 type veth peer name qm1 netns {OUTSIDE}; "
                f"ip addr add {HERE}/24 dev qm0; ip link set qm0 up; ip -n {OUTSIDE} addr add {THERE}/24 dev qm1; "
                f"ip -n {OUTSIDE} link set qm1 up; ip -n {OUTSIDE} link set lo up")
    # units may have been stopped by other tests
    for units, _ in SERVERS.values():
        machine.run("systemctl", "start", *units, check=False)
    wait_for(lambda: 53 in one.open_ports(53), 30, "named on the link")
    yield one
    machine.run("ip", "netns", "del", OUTSIDE)
    machine.run("ip", "link", "del", "qm0", check=False)


def differences(before, after):
    return sorted(set(before) ^ set(after))


def assert_old(host, before):
    """Exactly the old state; units that start may need a moment."""
    try:
        wait_for(lambda: not differences(before, host.state()), 20, "the old state")
    except AssertionError:
        assert differences(before, host.state()) == []


def test_ten_servers_closed_and_undone_to_the_byte(host):
    before = host.state()
    ports = {port for _, port in SERVERS.values() if port}
    assert host.open_ports(*ports, 22) == ports | {22}
    done = host.apply("".join(stop(name) for name in SERVERS) + FIREWALL)
    assert host.open_ports(*ports, 22) == {22}
    for units, _ in SERVERS.values():
        for unit in units:
            assert host.run("systemctl", "is-active", unit, check=False).stdout.strip() in ("inactive", "failed"), unit
            assert host.run("systemctl", "is-enabled", unit, check=False).stdout.strip() == "masked", unit
    assert host.status()[-1]["state"] == "waiting"
    assert host.undo(done["id"])["ok"]
    host.settle()
    assert_old(host, before)
    assert host.open_ports(*ports, 22) == ports | {22}


def test_not_confirmed_in_time(host):
    before = host.state()
    host.apply(stop("nginx") + FIREWALL, within=10)
    assert host.open_ports(80, 6379) == set()
    host.settle()
    assert_old(host, before)
    last = host.status()[-1]
    assert (last["state"], last["undo_why"]) == ("undone", "it was not confirmed in time") and "left" not in last
    told = host.machine.quaymaster("harden", "status").stdout.splitlines()[-1]
    assert told == f"{last['id']}  undone: it was not confirmed in time"


def test_confirmed_stays_and_is_undone_later(host):
    before = host.state()
    began = time.monotonic()
    done = host.apply(stop("nginx") + FIREWALL, within=20)
    refused = host.ask("confirm", check=False)[-1]
    assert not refused["ok"] and "--at-console" in refused["error"], "a process without a login proves nothing"
    host.ask("confirm", "--at-console")
    host.settle()
    time.sleep(max(0, began + 25 - time.monotonic()))  # the time to confirm is over
    assert host.open_ports(80, 6379) == set() and host.status()[-1]["state"] == "confirmed"
    assert not host.run("ls", "/etc/systemd/system/quaymaster-rollback.service", check=False).stdout
    # what a boot does: the table is loaded out of what is kept
    hash_before = json.loads(host.run(f"{INSIDE}/quaymaster-nft", "has", "quaymaster").stdout)["hash"]
    host.run("nft", "delete", "table", "inet", "quaymaster")
    host.ask("load")
    assert json.loads(host.run(f"{INSIDE}/quaymaster-nft", "has", "quaymaster").stdout)["hash"] == hash_before
    host.undo(done["id"])
    host.settle()
    assert_old(host, before)


def test_found_unconfirmed_at_boot(host):
    """The unit that runs before the network is up, on what another boot left behind."""
    before = host.state()
    host.apply(stop("nginx") + stop("rpcbind") + FIREWALL)
    host.run("systemctl", "daemon-reload")
    unit = host.run("systemctl", "show", "-p", "Before,WantedBy,ConditionPathExists", "quaymaster-rollback.service").stdout
    assert "network-pre.target" in unit and "WantedBy=sysinit.target" in unit
    # nobody else is left to do it, as after a power cut
    host.run("sh", "-c", "systemctl stop 'quaymaster-rollback-*.service'; pkill -KILL -f 'quaymaster-harden apply'", check=False)
    host.run("sed", "-i", 's/"boot_id":"[^"]*"/"boot_id":"00000000-0000-0000-0000-000000000000"/', f"{STATE}/pending")
    time.sleep(1)
    assert host.pending() and host.open_ports(80) == set(), "nobody did"
    host.run("systemctl", "start", "quaymaster-rollback.service")
    assert not host.pending()
    host.settle()
    assert_old(host, before)
    last = host.status()[-1]
    assert last["journal"][-1]["event"] == "undone" and last["undo_why"] == "this machine was started anew before it was confirmed"


def test_old_connection_lives_on(host):
    """A connection from before the table, and idle while it was loaded, is not cut; a new one is refused."""
    before = host.state()
    code = (f"import socket\ns = socket.create_connection(('{HERE}', 6379)); s.settimeout(5)\nprint('ready', flush=True)\ninput()\n"
            "s.sendall(b'PING\\r\\n'); print(s.recv(20)); ")
    child = subprocess.Popen(host.machine.argv("ip", "netns", "exec", OUTSIDE, "python3", "-c", code), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    host.apply(FIREWALL)
    assert host.open_ports(6379) == set()
    assert "PONG" in child.communicate("\n", timeout=30)[0]
    host.undo()
    host.settle()
    assert_old(host, before)


def test_bind_sandbox_and_xinetd(host):
    before = host.state()
    host.apply(action("bind-loopback", "redis", ("recipe", "redis"), ("unit", "redis-server.service")) +
               action("unit-sandbox", "nginx", ("unit", "nginx.service"), ("property", "IPAddressDeny=any"),
                      ("property", "IPAddressAllow=localhost")) +
               action("inetd-stop", "echo", ("server", "xinetd"), ("service", "echo"), ("transport", "tcp")))
    assert host.open_ports(6379, 7) == set()
    assert host.run("systemctl", "is-active", "redis-server", "nginx", "xinetd").stdout.split() == ["active"] * 3
    host.undo()
    host.settle()
    assert_old(host, before)


def test_somebody_changed_it_since(host):
    before = host.state()
    done = host.apply(stop("nginx"))
    host.ask("confirm", "--at-console")
    path = "/etc/systemd/system/nginx.service"
    host.run("ln", "-sfn", "/lib/systemd/system/redis-server.service", path)
    refused = host.undo(check=False)
    assert not refused["ok"] and path in refused["error"]
    assert host.run("readlink", path).stdout.strip().endswith("redis-server.service"), "nothing was touched"
    host.run("ln", "-sfn", "/dev/null", path)
    host.undo(done["id"])
    host.settle()
    assert_old(host, before)


def test_second_apply_is_refused(host):
    before = host.state()
    done = host.apply(stop("nginx"))
    refused = host.apply(stop("redis"), check=False)
    assert not refused["ok"] and done["id"] in refused["error"]
    host.undo()
    host.settle()
    assert_old(host, before)


def test_two_applies_at_once(host):
    """Of many that begin in the same moment exactly one is done."""
    before = host.state()
    argv = host.machine.argv(HARDEN, "apply", "--confirm-within", 300)
    children = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for child in children:
        child.stdin.write(stop("nginx"))
        child.stdin.close()
    results = [json.loads(child.stdout.read().splitlines()[-1]) for child in children]
    assert sorted(child.wait() for child in children) == [0, 1, 1, 1], results
    host.undo()
    host.settle()
    assert_old(host, before)


UNSTOPPABLE = """[Service]
ExecStart=/bin/sh -c 'trap "" TERM; while :; do sleep 1; done'
TimeoutStopSec=40
"""


def test_unit_that_does_not_stop(host):
    path = "/etc/systemd/system/qm-stubborn.service"
    host.machine.write(path, UNSTOPPABLE)
    host.run("sh", "-c", "systemctl daemon-reload; systemctl start qm-stubborn")
    before = host.state()
    failed = host.apply(stop("nginx") + action("unit-stop", "stubborn", ("unit", "qm-stubborn.service")), check=False)
    assert not failed["ok"] and "qm-stubborn" in failed["error"] and "undone" in failed["error"]
    assert host.open_ports(80) == {80}
    host.settle()
    assert host.run("systemctl", "is-active", "qm-stubborn").stdout.strip() == "active", "it was started again"
    host.run("systemctl", "kill", "-s", "KILL", "qm-stubborn")
    wait_for(lambda: host.run("systemctl", "is-active", "qm-stubborn", check=False).stdout.strip() == "failed", 5, "its end")
    host.run("sh", "-c", f"systemctl reset-failed qm-stubborn; rm {path}; systemctl daemon-reload")
    assert [d for d in differences(before, host.state()) if "stubborn" not in d and not d.startswith("./systemd/system d")] == []


@pytest.mark.parametrize("where", ["/etc", "/var/lib/quaymaster"])
@pytest.mark.parametrize("fault", ["read-only", "full"])
def test_disk_that_cannot_be_written(host, where, fault):
    """Refused before anything is done."""
    before = host.state()
    host.run("mkdir", "-p", "/var/lib/quaymaster")
    mount = {"read-only": f"mount --bind {where} {where} && mount -o remount,ro,bind {where}",
             "full": f"mount -t tmpfs -o size=4k,nr_inodes=3 none /mnt && touch /mnt/1 /mnt/2; "
                     f"mount -t overlay -o lowerdir={where},upperdir=/mnt,workdir=/mnt none {where}"}[fault]
    if fault == "full":
        # a file system with room for nothing, in the place of it; /etc must still be read
        mount = (f"mount -t tmpfs -o size=64k tmpfs /mnt && mkdir /mnt/up /mnt/wk && "
                 f"mount -t overlay overlay -o lowerdir={where},upperdir=/mnt/up,workdir=/mnt/wk {where} && "
                 f"{{ dd if=/dev/zero of={where}/qm-filler bs=1k count=999 2>/dev/null; true; }}")
    script = f"{mount}; exec {HARDEN} apply --confirm-within 60"
    done = subprocess.run(host.machine.argv("unshare", "--mount", "sh", "-c", script), input=stop("nginx"), capture_output=True, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    assert not result["ok"] and ("Read-only" in result["error"] or "No space" in result["error"]), done
    host.settle()
    assert_old(host, before)


def test_not_root_and_bad_requests(host):
    done = host.run("setpriv", "--reuid", "65534", "--clear-groups", HARDEN, "status", check=False)
    assert "only root" in done.stdout
    for text in ('{"id":"x","kind":"unit-stop","values":[["unit","../x.service"]]}\n', "nonsense\n", "",
                 action("unit-stop", "vital", ("unit", "dbus.service")),
                 action("unit-stop", "alias", ("unit", "dbus-org.freedesktop.login1.service")),
                 action("unit-sandbox", "alias", ("unit", "redis.service"), ("property", "IPAddressDeny=any")),
                 action("package-remove", "x", ("package", "nginx")),
                 action("bind-loopback", "x", ("recipe", "nothing"), ("unit", "nginx.service")),
                 stop("nginx") + action("unit-sandbox", "nginx", ("unit", "nginx.service"), ("property", "IPAddressDeny=any")),
                 FIREWALL + FIREWALL):
        assert not host.apply(text, check=False)["ok"], text
    assert host.run(HARDEN, "apply", check=False).returncode == 2
    assert host.run(HARDEN, "undo", "../x", check=False).returncode == 2
    assert not host.pending()


def watchers(host):
    return host.run("pgrep", "-f", "quaymaster-harden", check=False).stdout.split()


def kill_somewhere(host, argv, text, longest):
    """Start it, kill it after a random time, and every other watcher but systemd's with it now and then."""
    child = subprocess.Popen(host.machine.argv(*argv), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    child.stdin.write(text)
    child.stdin.close()
    time.sleep(random.uniform(0, longest))
    for pid in watchers(host):
        host.run("kill", "-KILL", pid, check=False)
    child.kill()
    child.wait()


def kills(n):
    seed = int(os.environ.get("QM_SEED", random.randrange(1 << 30)))
    print(f"QM_SEED={seed}")
    random.seed(seed)
    return range(n)


EDIT = action("bind-loopback", "memcached", ("recipe", "memcached"), ("unit", "memcached.service"))
MANY = stop("nginx") + stop("rpcbind") + stop("redis") + EDIT + FIREWALL


def check_killed(host, n):
    """Whatever is killed when: the old state, the new one, or one whose rollback is pending and comes; never without."""
    before = host.state()
    start = time.monotonic()
    host.apply(MANY)
    took = time.monotonic() - start
    new = host.state()
    host.undo()
    host.settle()
    counts = {"old": 0, "new": 0, "rolled back": 0}
    for _ in kills(n // 2):
        kill_somewhere(host, [HARDEN, "apply", "--confirm-within", "10"], MANY, took * 1.1)
        was_pending = bool(host.pending())
        if not was_pending:
            assert_old(host, before)
        host.settle()
        assert_old(host, before)
        counts["rolled back" if was_pending else "old"] += 1
    for _ in kills(n - n // 2):
        host.apply(MANY)
        host.ask("confirm", "--at-console")
        kill_somewhere(host, [HARDEN, "undo", "last"], "", took * 1.1)
        was_pending = bool(host.pending())
        host.settle()
        if host.status()[-1]["state"] == "confirmed":
            assert not was_pending and not [d for d in differences(new, host.state()) if "rollback" not in d]
            counts["new"] += 1
            host.undo()
            host.settle()
        else:
            counts["rolled back" if was_pending else "old"] += 1
        assert_old(host, before)
    print(counts)
    assert sum(counts.values()) == n


def test_killed_anywhere(host):
    check_killed(host, int(os.environ.get("QM_KILLS", "20")))


@pytest.mark.soak
def test_killed_anywhere_often(host):
    check_killed(host, int(os.environ.get("QM_KILLS", "180")))


# --- hosts that are otherwise ---------------------------------------------------------------------

def test_ipv6(host):
    """A host that is reached over IPv6 alone."""
    host.run("sh", "-ec", f"ip addr del {HERE}/24 dev qm0; ip addr add fd00:99::1/64 dev qm0 nodad; "
             f"ip -n {OUTSIDE} addr add fd00:99::2/64 dev qm1 nodad")
    code = ("import socket, sys\nfor p in sys.argv[1:]:\n s = socket.socket(socket.AF_INET6); s.settimeout(1.5)\n"
            " print(p) if s.connect_ex(('fd00:99::1', int(p))) == 0 else None\n")

    def answers():
        return host.run("ip", "netns", "exec", OUTSIDE, "python3", "-c", code, "22", "80").stdout.split()

    try:
        assert answers() == ["22", "80"]
        host.apply(action("firewall", "quaymaster", ("zone", "zone near fd00:99::/64"), ("allow", "allow tcp 22 from near")))
        assert answers() == ["22"]
        host.undo()
        host.settle()
        assert answers() == ["22", "80"]
    finally:
        host.run("sh", "-c", f"ip addr del fd00:99::1/64 dev qm0; ip addr add {HERE}/24 dev qm0")


def test_without_systemd(host):
    """The process alone rolls back; what needs systemd is refused."""
    def apply(text):
        argv = host.machine.argv("unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /run/systemd; exec {HARDEN} apply --confirm-within 10")
        return json.loads(subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60).stdout.splitlines()[-1])

    before = host.state()
    refused = apply(stop("nginx"))
    assert not refused["ok"] and "does not run here" in refused["error"]
    assert apply(FIREWALL)["ok"]
    assert host.open_ports(80, 6379) == set()
    host.settle()
    assert_old(host, before)


def test_confirmed_by_a_new_login(host):
    """By ssh from elsewhere, begun after the apply; one that was there before proves nothing, nor one from here to here."""
    before = host.state()
    host.run("sh", "-ec", "mkdir -p -m 700 /root/.ssh; [ -f /root/.ssh/qm ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/qm; "
             "cp /root/.ssh/qm.pub /root/.ssh/authorized_keys")

    def ssh(where, command, *prefix):
        return host.machine.argv(*prefix, "ssh", "-i", "/root/.ssh/qm", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                                 f"root@{where}", command)

    outside = ["ip", "netns", "exec", OUTSIDE]
    old = subprocess.Popen(ssh(HERE, f"echo ready; read x; {HARDEN} confirm", *outside), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert old.stdout.readline() == "ready\n"
    done = host.apply(stop("nginx") + FIREWALL)
    refused = json.loads(old.communicate("\n", timeout=30)[0])
    assert not refused["ok"] and "older than the apply" in refused["error"]
    refused = json.loads(run(*ssh(HERE, f"{HARDEN} confirm"), check=False).stdout)
    assert not refused["ok"] and "this machine itself" in refused["error"]
    taken = json.loads(run(*ssh(HERE, f"{HARDEN} confirm", *outside)).stdout)
    assert taken["ok"] and taken["id"] == done["id"]
    host.undo()
    host.settle()
    assert_old(host, before)


# --- the way from a plan ------------------------------------------------------------------------

POLICY = """allow:
  - port: 22/tcp
    protocol: ssh
    need: administration
    owner: ops
    approved_by: j.doe
    approved_on: 2026-05-01
    expires: 2036-05-01
"""


@pytest.fixture
def policy(host):
    host.machine.write("/etc/quaymaster/policy.yaml", POLICY)
    yield
    host.run("rm", "-r", "/etc/quaymaster")


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_from_the_plan_to_the_proof(host, policy):
    before = host.state()
    plan = host.machine.records("harden", "plan", "--netns", "self")
    ids = [a["id"] for a in plan.of("action")]
    wanted = [i for i in ids if i == "firewall" or (i.startswith("unit-stop") and re.search("nginx|vsftpd|redis", i))]
    assert len(wanted) == 4, ids
    refused = host.machine.quaymaster("harden", "apply", "--yes", "--only", next(i for i in ids if i.startswith("package-remove")), check=False)
    assert refused.returncode == 2 and "not applied" in refused.stderr
    assert host.machine.quaymaster("harden", "apply", "--only", ",".join(wanted), check=False).returncode == 2, "nobody said yes"
    assert not host.pending()
    done = records(host.machine.quaymaster("harden", "apply", "--only", ",".join(wanted), "--yes", "--json", "--netns", "self", "--verify-from",
                                           OUTSIDE).stdout)
    proofs = [r for r in done if r["type"] == "proof"]
    assert proofs and all(r["outside"] for r in proofs), proofs
    assert {r["result"] for r in proofs if "/tcp" in r["title"]} == {"closed"}, proofs
    assert "still open" not in {r["result"] for r in proofs}, proofs
    assert host.open_ports(80, 21, 6379, 22) == {22}
    status = records(host.machine.quaymaster("harden", "status", "--json").stdout)
    assert [r["state"] for r in status if r["type"] == "apply"][-1] == "waiting"
    proved = [line["note"] for line in host.status()[-1]["journal"] if line["event"] == "proved"]
    assert proved and "the way in open" in proved[0], proved
    assert "stays" in host.machine.quaymaster("harden", "confirm").stdout, "it was proved from outside"
    confirmed = [line["note"] for line in host.status()[-1]["journal"] if line["event"] == "confirmed"]
    assert confirmed[0].startswith("after a probe from outside, by uid 0"), confirmed
    host.settle()
    assert "all is as it was" in host.machine.quaymaster("harden", "undo").stdout
    host.settle()
    assert_old(host, before)


def test_rolled_back_unless_verified(host, policy):
    """A probe that cannot reach the host verifies nothing."""
    before = host.state()
    host.run("ip", "netns", "add", "qm-nowhere")
    done = host.machine.quaymaster("harden", "apply", "--only", "firewall", "--yes", "--netns", "self", "--verify-from", "qm-nowhere",
                                   "--rollback-unless-verified", check=False)
    host.run("ip", "netns", "del", "qm-nowhere")
    assert done.returncode == 3 and "undone" in done.stderr, done
    host.settle()
    assert_old(host, before)


def test_cli_refuses(host, policy):
    plain = ["setpriv", "--reuid", "65534", "--clear-groups"]
    for words in (["apply", "--yes"], ["confirm"], ["undo"], ["status"]):
        done = host.machine.quaymaster("harden", *words, prefix=plain, check=False)
        assert done.returncode == 2 and "root" in done.stderr, done
    for words in (["apply", "--yes", "--confirm-within", "1s"], ["apply", "--yes", "--only", "nothing"],
                  ["apply", "--yes", "--rollback-unless-verified"], ["undo", "20200101-000000-000000"], ["confirm"]):
        done = host.machine.quaymaster("harden", *words, check=False)
        assert done.returncode == 2 and done.stderr, done
    done = host.machine.quaymaster("harden", "undo", "nosuch", check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "'nosuch' is no apply" in done.stderr
    said = [json.loads(line) for line in host.machine.quaymaster("harden", "status", "--json").stdout.splitlines()]
    assert all({"type", "schema", "asset", "vantage", "time"} <= set(r) for r in said) and said[-1]["type"] == "summary"
    assert not host.pending()
