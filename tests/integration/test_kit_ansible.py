# SPDX-License-Identifier: GPL-2.0-or-later
"""The playbook of a kit, run by ansible itself on a machine with the real systemd: check mode changes nothing, a second run
nothing more, and undo.yml goes back to the byte."""
import re

import pytest

from conftest import need_root
from machine import fuller_machine  # noqa: F401: a fixture
from test_kit import ESCAPED, NEAR, check_same, make, state

pytestmark = [need_root, pytest.mark.soak]

KIT = "/root/ansible"
INSTANCE = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
ACTIONS = [
    ("unit-stop:rpcbind.socket", "unit-stop", [("unit", "rpcbind.socket"), ("unit", "rpcbind.service")]),
    ("unit-stop:snmpd", "unit-stop", [("unit", "snmpd.service")]),
    ("unit-stop:template", "unit-stop", [("unit", "qm-many@.service")]),
    ("unit-stop:own", "unit-stop", [("unit", "qm-own.service")]),
    ("unit-stop:escaped", "unit-stop", [("unit", r"qm-a\x2db.service"), ("unit", r"qm-t\x2db@.service")]),
    ("unit-stop:none", "unit-stop", [("unit", "nobody-has-it.service"), ("unit", "nobody-has-it@.service")]),
    ("sysv-stop:tftpd-hpa", "sysv-stop", [("script", "tftpd-hpa")]),
    ("inetd-stop:finger", "inetd-stop", [("server", "inetd"), ("service", "finger"), ("transport", "tcp")]),
    ("bind-loopback:redis", "bind-loopback", [("recipe", "redis"), ("unit", "redis-server.service")]),
    ("bind-loopback:cockpit", "bind-loopback", [("recipe", "cockpit"), ("unit", "cockpit.socket")]),
    ("bind-loopback:postgresql", "bind-loopback", [("recipe", "postgresql"), ("unit", "postgresql@15-main.service")]),
    ("bind-loopback:cups", "bind-loopback", [("recipe", "cups"), ("unit", "cups.service")]),
    ("bind-loopback:memcached", "bind-loopback", [("recipe", "memcached"), ("unit", "memcached.service")]),
    ("bind-loopback:named", "bind-loopback", [("recipe", "named"), ("unit", "named.service")]),
    ("bind-loopback:postfix", "bind-loopback", [("recipe", "postfix"), ("unit", "postfix@-.service")]),
    ("unit-sandbox:redis", "unit-sandbox", [("unit", "redis-server.service"), ("property", "IPAddressDeny=any"),
                                            ("property", "IPAddressAllow=localhost")]),
    ("firewall", "firewall", [("zone", "zone office 10.99.0.0/16"), ("allow", "allow tcp 22 from office"), ("allow", "allow tcp 443")]),
    ("package-remove:vsftpd", "package-remove", [("package", "vsftpd")]),
]


@pytest.fixture(scope="module")
def host(fuller_machine, tmp_path_factory):  # noqa: F811
    machine = fuller_machine
    folder = make(tmp_path_factory.mktemp("kit"), "ansible", ACTIONS)
    for path in folder.iterdir():
        machine.write(f"{KIT}/{path.name}", path.read_text())
    machine.write("/lib/systemd/system/qm-many@.service", INSTANCE)
    machine.write("/etc/systemd/system/qm-own.service", INSTANCE)
    for name in (*ESCAPED, *NEAR):
        machine.write(f"/lib/systemd/system/{name}", INSTANCE)
    machine.write("/etc/inetd.conf", "finger stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd\ntime stream tcp nowait root internal\n")
    machine.run("sh", "-ec", "systemctl daemon-reload; systemctl enable -q --now qm-many@a qm-own; systemctl start qm-many@b; systemctl restart inetd; "
                r"systemctl start 'qm-a\x2db' 'qm-t\x2db@1' qm-ax2db qm-a-b qm-tx2db@1; "
                "rm -f /etc/systemd/system/*.d/*")
    return machine


def play(machine, book, *options, check=True):
    """What ansible says of its tasks: ok, changed, failed ... as numbers."""
    done = machine.run("env", "-C", KIT, "HOME=/root", "LC_ALL=C.UTF-8", "ANSIBLE_LOCALHOST_WARNING=False", "ansible-playbook", "-i", "localhost,",
                       "-c", "local", *options, book, timeout=400, check=False)
    assert not check or done.returncode == 0, done.stdout[-4000:] + done.stderr
    recap = {k: int(n) for k, n in re.findall(r"(\w+)=(\d+)", done.stdout.rpartition("PLAY RECAP")[2])}
    return recap, done.stdout


def active(machine, unit):
    return machine.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"


def test_check_apply_again_undo(host):
    before = state(host)
    play(host, "playbook.yml", "--check", "--diff")
    check_same(host, before)

    play(host, "playbook.yml")
    for unit in ("rpcbind.socket", "rpcbind.service", "snmpd.service", "qm-many@.service", *ESCAPED):
        assert host.run("systemctl", "is-enabled", unit, check=False).stdout.strip() == "masked", unit
    for unit in ("rpcbind.socket", "rpcbind.service", "snmpd.service", "qm-many@a.service", "qm-many@b.service", "qm-own.service",
                 "tftpd-hpa.service", r"qm-a\x2db.service", r"qm-t\x2db@1.service"):
        assert not active(host, unit), unit
    for unit in NEAR:
        assert active(host, unit.replace("@", "@1")), unit
    assert host.run("systemctl", "is-enabled", "qm-own.service", check=False).stdout.strip() == "disabled", "a unit of /etc itself cannot be masked"
    sockets = host.run("ss", "-Hltn").stdout
    assert not re.search(r" (0\.0\.0\.0|\*|10\.99\.9\.1|\[::\]):(6379|111|5432|9090|631|11211|53|25) ", sockets) and re.search(r" 127\.0\.0\.1:6379 ", sockets)
    shown = host.run("systemctl", "show", "-p", "IPAddressDeny", "redis-server").stdout
    assert "0.0.0.0/0" in shown, "the sandbox lies beside the recipe"
    assert host.lines("cat", "/etc/inetd.conf")[0].startswith("#quaymaster# finger")
    assert "policy drop" in host.run("nft", "list", "table", "inet", "quaymaster").stdout
    assert host.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "vsftpd").stdout == "installed"

    applied = state(host)
    recap, said = play(host, "playbook.yml")
    assert recap["changed"] == 0, [line for line in said.splitlines() if "changed:" in line]
    check_same(host, applied)

    play(host, "undo.yml")
    check_same(host, before)
    for unit in ("qm-many@a.service", "qm-many@b.service", "qm-own.service", r"qm-a\x2db.service", r"qm-t\x2db@1.service"):
        assert active(host, unit), unit
    play(host, "undo.yml")
    check_same(host, before)


def test_somebody_changed_how_it_starts(host):
    """Then the playbook stops there, and undo.yml takes back what came before."""
    host.write("/etc/systemd/system/redis-server.service.d/10-theirs.conf",
               "[Service]\nExecStart=\nExecStart=/usr/bin/redis-server /etc/redis/redis.conf\n")
    host.run("systemctl", "daemon-reload")
    before = state(host)
    recap, said = play(host, "playbook.yml", check=False)
    assert recap["failed"] == 1 and "Nobody changed how redis-server.service is started" in said
    play(host, "undo.yml")
    check_same(host, before)
    host.run("sh", "-c", "rm -r /etc/systemd/system/redis-server.service.d; systemctl daemon-reload")
