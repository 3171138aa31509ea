# SPDX-License-Identifier: GPL-2.0-or-later
"""Hardening when something goes wrong around it: stopped processes, a new systemd, a hard reboot, a caller with odd limits."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from conftest import need_root, run, wait_for
from machine import INSIDE, machine  # noqa: F401
from test_harden import (FIREWALL, HARDEN, HERE, OUTSIDE, SERVERS, STATE, THERE, Host, action, assert_old, host, stop)  # noqa: F401

pytestmark = need_root


def begin(host, *argv, text=""):
    child = subprocess.Popen(host.machine.argv(HARDEN, *argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child.stdin.write(text)
    child.stdin.close()
    return child


def inside(host, pattern):
    return host.run("pgrep", "-f", pattern, check=False).stdout.split()


@pytest.fixture(autouse=True)
def nothing_left(host):
    """A test that fails does not take those after it with it."""
    yield
    if host.pending():
        host.undo(check=False)
        host.settle()


def let_time_pass(host):
    """As if the time for confirming were over."""
    host.run("sed", "-i", 's/"deadline_boot_ns":[0-9]*/"deadline_boot_ns":1/', f"{STATE}/pending")


SLOW = """[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/sleep 15
"""


@pytest.fixture
def slow(host):
    """A unit that takes its time to stop: time to do something to whoever stops it."""
    path = "/etc/systemd/system/qm-slow.service"
    host.machine.write(path, SLOW)
    host.run("sh", "-c", "systemctl daemon-reload; systemctl start qm-slow")
    yield action("unit-stop", "slow", ("unit", "qm-slow.service"))
    host.run("sh", "-c", f"systemctl kill -s KILL qm-slow; rm -f {path}; systemctl daemon-reload; systemctl reset-failed", check=False)


def is_active(host, unit):
    return host.run("systemctl", "is-active", unit, check=False).stdout.strip()


def test_stopped_apply_is_rolled_back(host, slow):
    """It holds the lock and never goes on: past the deadline it is ended, and undone."""
    before = host.state()
    child = begin(host, "apply", "--confirm-within", "300", text=stop("nginx") + slow)
    try:
        wait_for(lambda: child.poll() is not None or is_active(host, "qm-slow") == "deactivating", 60, "the slow unit")
        assert child.poll() is None, child.stdout.read()
        host.run("pkill", "-o", "-STOP", "-f", "quaymaster-harden apply --confirm-within 300$")  # not the watcher, which it forked
        assert host.open_ports(80) == set()
        let_time_pass(host)
        host.settle()
        child.send_signal(signal.SIGCONT)  # nsenter stops with what it started
        assert child.wait(timeout=30) != 0
    finally:
        child.kill()
        host.run("pkill", "-CONT", "-f", "quaymaster-harden apply", check=False)
    assert_old(host, before)
    assert host.status()[-1]["state"] == "undone"


def test_status_tells_what_a_rollback_left(host):
    before = host.state()
    path = "/etc/systemd/system/nginx.service"
    done = host.apply(stop("nginx"))
    host.run("ln", "-sfn", "/lib/systemd/system/nginx.service", path)
    let_time_pass(host)
    host.settle()
    told = host.machine.quaymaster("harden", "status").stdout.splitlines()[-1]
    assert told == f"{done['id']}  undone but for 1: it was not confirmed in time"
    assert host.status()[-1]["left"] == 1
    host.run("sh", "-c", f"rm {path}; systemctl daemon-reload")
    assert_old(host, before)


def only_systemd(host):
    """Nobody but the service of systemd waits, and that was killed."""
    host.run("pkill", "-KILL", "-f", "quaymaster-harden (apply|rollback)")


def watcher(host, *properties):
    return host.run("systemctl", "show", *(f"-p{p}" for p in properties), "quaymaster-rollback-*.service").stdout


def restarts(host):
    return int(watcher(host, "NRestarts").split("=")[1])


def test_program_is_removed_while_it_waits(host):
    """Who watches was killed, too: it is tried at a pace that harms nobody, and comes when the program is back."""
    before = host.state()
    host.run("sh", "-ec", f"mkdir -p /opt/qm-gone; cp {INSIDE}/quaymaster-harden {INSIDE}/quaymaster-nft /opt/qm-gone")
    argv = host.machine.argv("/opt/qm-gone/quaymaster-harden", "apply", "--confirm-within", "300")
    done = subprocess.run(argv, input=stop("nginx"), capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1])["ok"], done
    set_to = watcher(host, "Restart", "RestartUSec", "StartLimitIntervalUSec", "ConditionPathExists")
    assert {"Restart=on-failure", "RestartUSec=2s", "StartLimitIntervalUSec=0"} <= set(set_to.split("\n")), set_to
    host.run("mv", "/opt/qm-gone/quaymaster-harden", "/opt/qm-gone/kept")
    began = time.monotonic()
    only_systemd(host)
    let_time_pass(host)
    wait_for(lambda: restarts(host) >= 2, 20, "it is tried again")
    assert restarts(host) <= (time.monotonic() - began) / 2 and host.pending()
    host.run("mv", "/opt/qm-gone/kept", "/opt/qm-gone/quaymaster-harden")
    host.settle()
    assert_old(host, before)
    assert not watcher(host, "NRestarts")
    # gone for good, and what is pending is ended by somebody else: nothing is left to try
    assert subprocess.run(argv, input=stop("nginx"), capture_output=True, text=True, timeout=60).returncode == 0
    host.run("rm", "-r", "/opt/qm-gone")
    only_systemd(host)
    host.undo()
    wait_for(lambda: not watcher(host, "NRestarts"), 10, "the end of the service")
    host.settle()
    assert_old(host, before)


def test_boot_tries_again(host):
    """What could not be undone at boot is not left for good."""
    before = host.state()
    host.apply(stop("nginx"))
    host.run("sh", "-c", "systemctl daemon-reload; systemctl stop 'quaymaster-rollback-*.service'; pkill -KILL -f 'quaymaster-harden apply'", check=False)
    held = subprocess.Popen(host.machine.argv("flock", f"{STATE}/lock", "sleep", "6"))
    wait_for(lambda: host.run("flock", "-n", f"{STATE}/lock", "true", check=False).returncode, 5, "the lock is held")
    assert host.run("systemctl", "start", "quaymaster-rollback.service", check=False).returncode != 0
    assert host.pending(), "the lock was held"
    held.wait()
    host.settle()
    assert_old(host, before)


def test_systemd_executes_itself_anew(host):
    """As an update of it does: the connection of whoever waits to roll back is gone then."""
    before = host.state()
    host.apply(stop("nginx") + FIREWALL)
    host.run("systemctl", "daemon-reexec")
    let_time_pass(host)
    host.settle()
    assert_old(host, before)
    assert "left" not in [line["event"] for line in host.status()[-1]["journal"]]


def test_table_is_not_loaded_after_it_was_undone(host):
    """Who loads it is stopped, and who asked for it killed: it must not come when all was undone."""
    before = host.state()
    host.run("sh", "-ec", f"mkdir -p /opt/qm-held; cd /opt/qm-held; cp {INSIDE}/quaymaster-harden .; "
             f"cp {INSIDE}/quaymaster-nft quaymaster-nft.real; cp {INSIDE}/tests/unit/stop-first quaymaster-nft")
    child = subprocess.Popen(host.machine.argv("/opt/qm-held/quaymaster-harden", "apply", "--confirm-within", "60"), stdin=subprocess.PIPE, text=True)
    child.stdin.write(FIREWALL)
    child.stdin.close()
    wait_for(lambda: host.run("pgrep", "-r", "T", "-f", "quaymaster-nft apply", check=False).stdout, 20, "the table is about to be loaded")
    host.run("pkill", "-KILL", "-f", "quaymaster-harden apply")
    child.wait(timeout=30)
    host.settle()
    host.run("pkill", "-CONT", "-f", "quaymaster-nft apply", check=False)
    time.sleep(0.5)
    assert_old(host, before)
    assert host.open_ports(80) == {80}


def test_table_that_cannot_be_undone_for_a_moment(host):
    """What shuts one out is not left for a fault that passes."""
    before = host.state()
    host.run("sh", "-ec", f"mkdir -p /opt/qm-late; cp {INSIDE}/quaymaster-harden {INSIDE}/quaymaster-nft /opt/qm-late")
    argv = host.machine.argv("/opt/qm-late/quaymaster-harden", "apply", "--confirm-within", "300")
    assert subprocess.run(argv, input=FIREWALL, capture_output=True, text=True, timeout=60).returncode == 0
    host.run("mv", "/opt/qm-late/quaymaster-nft", "/opt/qm-late/away")
    assert host.open_ports(80) == set()
    let_time_pass(host)
    time.sleep(1)
    assert host.pending(), "it is tried"
    host.run("mv", "/opt/qm-late/away", "/opt/qm-late/quaymaster-nft")
    host.settle()
    assert host.open_ports(80) == {80} and "left" not in host.status()[-1]
    assert_old(host, before)
    host.run("rm", "-r", "/opt/qm-late")


def test_killed_before_the_rollback_was_armed(host):
    """`pending` is there, and nobody who watches it: the next request that changes something sees to it."""
    before = host.state()
    done = host.apply(stop("nginx"))
    host.run("sh", "-c", "systemctl stop 'quaymaster-rollback-*.service'; pkill -KILL -f 'quaymaster-harden apply'", check=False)
    host.run("sed", "-i", 's/"waiting"/"running"/', f"{STATE}/pending")
    lines = host.ask("apply", "--confirm-within", "300", text=stop("vsftpd"))
    assert any(line["type"] == "note" and "interrupted" in line["text"] for line in lines)
    assert host.open_ports(80, 21) == {80}
    states = {s["id"]: s["state"] for s in host.status()}
    assert states[done["id"]] == "undone" and states[lines[-1]["id"]] == "waiting"
    # damaged on the disk, and its watchers gone, too
    host.run("sh", "-c", f"systemctl stop 'quaymaster-rollback-*.service'; pkill -KILL -f 'quaymaster-harden apply'", check=False)
    host.run("sh", "-c", f"echo x >{STATE}/pending")  # by itself: pkill ends its own shell, too
    told = host.machine.quaymaster("harden", "status", "--json", check=False)
    assert told.returncode == 3 and any("damaged" in json.loads(line).get("text", "") for line in told.stdout.splitlines())
    assert host.undo()["id"] == lines[-1]["id"]
    # of one whose folder somebody removed nothing can be undone, and nothing waits for it
    host.machine.write(f"{STATE}/pending", '{"state":"waiting","id":"20200101-000000-000000","deadline_boot_ns":1,"boot_id":"x"}\n')
    refused = host.undo(check=False)
    assert refused.get("id") == "20200101-000000-000000" or not refused["ok"]
    host.settle()
    assert_old(host, before)


def test_kept_steps_are_damaged(host):
    """It is named; an apply before it is not undone in its place."""
    before = host.state()
    kept = host.apply(stop("nginx"))
    host.ask("confirm", "--at-console")
    done = host.apply(stop("vsftpd"))
    steps = f"{STATE}/{done['id']}/steps"
    host.run("sh", "-c", f"cp {steps} /root/steps; echo damaged >>{steps}")
    told = host.machine.quaymaster("harden", "status", check=False)
    assert told.returncode == 3 and f"apply {done['id']}: line" in told.stdout
    refused = host.undo(check=False)
    assert not refused["ok"] and f"apply {done['id']}: line" in refused["error"], refused
    assert host.machine.run("sh", "-c", f"{INSIDE}/quaymaster harden status >/dev/full", check=False).returncode == 3
    host.run("cp", "/root/steps", steps)
    assert host.undo()["id"] == done["id"] and host.open_ports(21, 80) == {21}
    assert host.undo()["id"] == kept["id"]
    host.settle()
    assert_old(host, before)


def test_caller_with_odd_limits(host):
    """What sudo hands on of a user: limits that kill, signals ignored, nothing open."""
    before = host.state()
    script = f"ulimit -S -f 0; ulimit -S -t 60; trap '' CHLD; cd /tmp; exec env SSH_CONNECTION=x prlimit --nofile=6: {HARDEN} apply --confirm-within 300 2>&-"
    done = subprocess.run(host.machine.argv("sh", "-c", script), input=stop("nginx"), capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1])["ok"], done
    # what it opens is not taken for what is closed: its answer would go there
    for closed in ("<&-", ">&-", "<&- >&- 2>&-"):
        host.run("sh", "-c", f"{INSIDE}/quaymaster harden status {closed}")
    host.run("touch", "/etc/systemd/system/.quaymaster-new")  # as of a writer that was killed
    host.undo()
    host.settle()
    assert_old(host, before)
    notes = [line.get("note", "") for line in host.status()[-1]["journal"] if line["event"] == "undo"]
    assert notes and notes[-1].startswith("asked for, by uid 0")


# --- kinds of actions ----------------------------------------------------------------------------

SCRIPT = """#!/bin/sh
### BEGIN INIT INFO
# Provides: qm-old
# Required-Start: $network
# Required-Stop: $network
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
### END INIT INFO
case $1 in
start) pgrep -f '[q]m-old-daemon' >/dev/null || setsid /usr/bin/python3 -c '
import socket
s = socket.create_server(("0.0.0.0", 7070))
while True: s.accept()[0].close()' qm-old-daemon >/dev/null 2>&1 </dev/null & ;;
stop) pkill -f '[q]m-old-daemon'; true ;;
esac
"""


@pytest.mark.parametrize("systemd", [True, False])
def test_system_v_script(host, systemd):
    host.machine.write("/etc/init.d/qm-old", SCRIPT)
    links = "; ".join(f"ln -s ../init.d/qm-old /etc/rc{n}.d/S01qm-old" for n in "2345")
    host.run("sh", "-ec", f"chmod 755 /etc/init.d/qm-old; {links}; systemctl daemon-reload; systemctl start qm-old")
    wait_for(lambda: host.open_ports(7070) == {7070}, 10, "the old daemon")
    before = host.state()
    text = action("sysv-stop", "old", ("script", "qm-old"))
    try:
        if systemd:
            host.apply(text)
        else:
            argv = host.machine.argv("unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /run/systemd; exec {HARDEN} apply --confirm-within 300")
            done = json.loads(subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60).stdout.splitlines()[-1])
            assert done["ok"], done
        assert host.open_ports(7070) == set()
        assert host.run("sh", "-c", "cd /etc/rc3.d; echo *qm-old").stdout.strip() == "K01qm-old"
        if systemd:
            host.undo()
        else:
            argv = host.machine.argv("unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /run/systemd; exec {HARDEN} undo last")
            assert json.loads(run(*argv).stdout.splitlines()[-1])["ok"]
        wait_for(lambda: host.open_ports(7070) == {7070}, 10, "the old daemon again")
        host.settle()
        assert_old(host, before)
    finally:
        host.run("sh", "-c", "systemctl stop qm-old; pkill -f '[q]m-old-daemon'; rm -f /etc/rc?.d/*qm-old /etc/init.d/qm-old; systemctl daemon-reload", check=False)


# stands for inetd(8), which is not installed: listens on what its file says
INETD = """import re, selectors, socket
names = {"daytime": 13, "chargen": 19}
chosen = selectors.DefaultSelector()
for line in open("/etc/inetd.conf"):
    found = re.match(r"(\\w+)\\s+stream\\s+tcp", line)
    if found:
        chosen.register(socket.create_server(("0.0.0.0", names[found[1]])), selectors.EVENT_READ)
while True:
    for key, _ in chosen.select():
        key.fileobj.accept()[0].close()
"""


def test_entry_of_inetd_conf(host):
    host.machine.write("/etc/inetd.conf", "# old\ndaytime\tstream\ttcp\tnowait\troot\tinternal\nchargen stream tcp nowait root internal\n")
    host.machine.write("/usr/local/lib/qm-inetd.py", INETD)
    host.machine.write("/etc/systemd/system/inetd.service", "[Service]\nExecStart=/usr/bin/python3 /usr/local/lib/qm-inetd.py\n")
    host.run("sh", "-ec", "chmod 600 /etc/inetd.conf; systemctl daemon-reload; systemctl start inetd")
    wait_for(lambda: host.open_ports(13, 19) == {13, 19}, 10, "inetd")
    before = host.state()
    try:
        host.apply(action("inetd-stop", "daytime", ("server", "inetd"), ("service", "daytime"), ("transport", "tcp")))
        wait_for(lambda: host.open_ports(13, 19) == {19}, 10, "one entry only")
        assert host.run("stat", "-c", "%a", "/etc/inetd.conf").stdout.strip() == "600"
        host.undo()
        wait_for(lambda: host.open_ports(13, 19) == {13, 19}, 10, "both again")
        host.settle()
        assert_old(host, before)
    finally:
        host.run("sh", "-c", "systemctl stop inetd; rm -f /etc/systemd/system/inetd.service /etc/inetd.conf; systemctl daemon-reload", check=False)


DNAT = """table ip qm_nat {
        chain pre { type nat hook prerouting priority dstnat; iif qm0 tcp dport { 8080, 8081 } dnat to 172.30.9.2:80; }
}
"""


def test_published_port(host):
    """A guest behind DNAT, which an input chain does not see."""
    guest = "qm-guest"
    host.run("sh", "-ec", f"ip netns add {guest}; ip link add qmg0 type veth peer name qmg1 netns {guest}; ip addr add 172.30.9.1/24 dev qmg0; "
             f"ip link set qmg0 up; ip -n {guest} addr add 172.30.9.2/24 dev qmg1; ip -n {guest} link set qmg1 up; "
             f"ip -n {guest} route add default via 172.30.9.1; echo 1 >/proc/sys/net/ipv4/conf/all/forwarding")
    server = subprocess.Popen(host.machine.argv("ip", "netns", "exec", guest, "python3", "-c", "import socket\ns = socket.create_server(('', 80))\n"
                                                "while True: s.accept()[0].close()"))
    try:
        run(*host.machine.argv("nft", "-f", "-"), input=DNAT)
        wait_for(lambda: host.open_ports(8080, 8081) == {8080, 8081}, 10, "published ports")
        before = host.state()
        host.apply(action("published", "quaymaster", ("zone", "zone far 10.98.0.0/16"), ("allow", "allow tcp 8080 from far"),
                          ("deny", "deny tcp 8080"), ("log", "no")))
        assert host.open_ports(8080, 8081) == {8081}
        host.ask("confirm", "--at-console")
        host.run("nft", "delete", "table", "inet", "quaymaster_published")
        host.ask("load")  # as at boot
        assert host.open_ports(8080, 8081) == {8081}
        host.undo()
        assert host.open_ports(8080, 8081) == {8080, 8081}
        host.settle()
        assert_old(host, before)
    finally:
        server.kill()
        server.wait()
        host.run("sh", "-c", f"nft delete table ip qm_nat; ip netns pids {guest} | xargs -r kill; ip link del qmg0; ip netns del {guest}", check=False)


# --- a host that goes down hard ------------------------------------------------------------------

# The overlay outlives the machine in it: each line read boots it once more.
BOOTS = r"""
root=$1 work=$2 group=$3; shift 3
mount -t tmpfs -o mode=755 tmpfs "$work" && mkdir "$work/up" "$work/wk" "$work/host" &&
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/up,workdir=$work/wk" "$work/host" || exit 1
while read -r _; do
        systemd-nspawn -q --register=no --keep-unit --private-network --link-journal=no -D "$work/host" "$@" -b </dev/null >>"$work/log" 2>&1
done
"""


def test_rolled_back_at_the_next_boot(host):
    """Applied, power gone, on again: what nobody confirmed is undone before the network is up."""
    machine = BootedTwice(host.machine)
    try:
        first = machine.boot()
        host2 = Host(first)
        assert first.run("systemctl", "is-active", "nginx").stdout.strip() == "active"
        kept = host2.apply(stop("vsftpd"))
        host2.ask("confirm", "--at-console")
        before = first.run("sh", "-c", "find /etc/systemd -printf '%p %y %l\n' | sort").stdout
        lost = host2.apply(stop("nginx") + FIREWALL)
        machine.power_cut()
        second = machine.boot()
        host2 = Host(second)
        states = {s["id"]: s for s in host2.status()}
        assert states[lost["id"]]["state"] == "undone" and states[kept["id"]]["state"] == "confirmed"
        assert "started anew" in states[lost["id"]]["undo_why"] and "undo_why" not in states[kept["id"]]
        assert second.run("systemctl", "is-active", "nginx").stdout.strip() == "active"
        assert second.run("systemctl", "is-active", "vsftpd", check=False).stdout.strip() == "inactive", "what was confirmed stays"
        assert second.run("sh", "-c", "find /etc/systemd -printf '%p %y %l\n' | sort").stdout == before
        assert "quaymaster" not in second.run("nft", "list", "ruleset").stdout and not host2.pending()
        # In the order systemd told them: times do not do, as the journal stamps a message when it takes it.
        ours, network = "quaymaster-rollback.service", "network-pre.target"
        told = second.run("journalctl", "-b", "-o", "json", f"UNIT={ours}", "+", f"UNIT={network}").stdout.splitlines()
        done = [line["UNIT"] for line in map(json.loads, told) if line.get("JOB_RESULT") == "done"]
        assert done[:2] == [ours, network], done
    finally:
        machine.end()


class BootedTwice:
    def __init__(self, like):
        from machine import Cgroups, INSIDE, Machine
        from conftest import BUILD
        self.Machine, self.like = Machine, like
        self.name = f"qmt-boots-{os.getpid()}"
        self.work = pathlib.Path(f"/run/{self.name}")
        self.work.mkdir()
        self.cgroups = Cgroups(self.name)
        enter = "".join(f"echo $$ >{p}/cgroup.procs; " for p in self.cgroups.paths)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", enter + BOOTS, "sh", BUILD / "machine" / "root", self.work, "-", f"--machine={self.name}",
             "--capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN", "--system-call-filter=bpf", f"--bind-ro={BUILD}:{INSIDE}:norbind"],
            stdin=subprocess.PIPE, text=True)

    def boot(self):
        self.holder.stdin.write("\n")
        self.holder.stdin.flush()
        one = object.__new__(self.Machine)

        def children(pid):
            return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

        def leader():
            return next((p for n in children(self.holder.pid) for p in children(n)
                         if pathlib.Path(f"/proc/{p}/root/run/systemd/private").is_socket()), None)

        one.leader = wait_for(leader, 30, "systemd in the machine")
        wait_for(lambda: one.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"), 60, "its boot")
        self.leader = one.leader
        return one

    def power_cut(self):
        os.kill(int(self.leader), signal.SIGKILL)
        wait_for(lambda: not pathlib.Path(f"/proc/{self.leader}").exists(), 20, "its end")

    def end(self):
        if getattr(self, "leader", None) and pathlib.Path(f"/proc/{self.leader}").exists():
            self.power_cut()
        self.holder.stdin.close()
        self.holder.wait(timeout=30)
        self.cgroups.remove()
        self.work.rmdir()
