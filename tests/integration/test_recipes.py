# SPDX-License-Identifier: GPL-2.0-or-later
"""Every recipe, done by quaymaster-harden to the packaged server on a machine with the real systemd: from the plan, to a server
that listens on loopback alone, and back to the byte. test_harden_plan.py has those that take no more packages."""
import json
import re
import subprocess

import pytest

from conftest import BUILD, Records, need_root, run, wait_for
from machine import INSIDE, fuller_machine  # noqa: F401: a fixture
from test_harden_plan import EDITS

pytestmark = [need_root, pytest.mark.soak]

CONFIG = "/root/quaymaster"
POLICY = "allow:\n  - {port: 9999/tcp, need: nothing here, owner: ops, approved_by: sec}\n"
FILES = r"""cd / && find etc \( -type l -printf '%p -> %l\n' \) -o \( -type d -printf '%p/ %m %U %G\n' \) \
     -o \( -type f -printf '%p %m %U %G ' -exec md5sum {} \; \) 2>/dev/null | LC_ALL=C sort"""

# The machine has no right to set the clock, and must not have it.
NO_CLOCK = r"""mkdir -p /etc/systemd/system/chrony.service.d; echo 'DAEMON_OPTS="-x"' >/etc/default/chrony
printf '[Unit]\nConditionCapability=\n' >/etc/systemd/system/chrony.service.d/50-no-clock.conf
"""

# recipe: unit, the port that leaves the network, how somebody opened it, and a port that must stay as it is
RECIPES = {
    "chrony": ("chrony.service", "udp:123", NO_CLOCK + "echo 'allow 10.0.0.0/8' >/etc/chrony/conf.d/50-open.conf", None),
    "cockpit": ("cockpit.socket", "tcp:9090", "", None),
    "dnsmasq": ("dnsmasq.service", "udp:53", "systemctl stop named systemd-resolved; systemctl reset-failed dnsmasq", None),
    "dovecot": ("dovecot.service", "tcp:143", "", None),
    "epmd": ("epmd.socket", "tcp:4369", "systemctl stop epmd.service", None),
    "mariadb": ("mariadb.service", "tcp:3306", "printf '[mysqld]\\nbind-address = 0.0.0.0\\n' >/etc/mysql/mariadb.conf.d/60-open.cnf", None),
    "postfix": ("postfix@-.service", "tcp:25", "", None),
    "postgresql": ("postgresql@15-main.service", "tcp:5432",
                   "echo \"listen_addresses = '*'\" >/etc/postgresql/15/main/conf.d/50-open.conf", None),
    "prometheus-node-exporter": ("prometheus-node-exporter.service", "tcp:9100", "", None),
    "redis": ("redis-server.service", "tcp:6379", "", None),
    "rpcbind": ("rpcbind.socket", "udp:111", "", None),
    "rsync": ("rsync.service", "tcp:873", "printf '[x]\\npath = /srv\\n' >/etc/rsyncd.conf", None),
    "saned": ("saned.socket", "tcp:6566", "", None),
    "ssh": ("ssh.service", "tcp:22", "", None),
    "systemd-resolved": ("systemd-resolved.service", "udp:5355", "systemctl stop dnsmasq", "udp:53"),
    "vsftpd": ("vsftpd.service", "tcp:21", "", None),
}


THEIRS = {
    "redis": "[Service]\nExecStart=\nExecStart=/usr/bin/redis-server /etc/redis/redis.conf --daemonize no\n",
    "cockpit": "[Socket]\nListenStream=9091\n",
    "rpcbind": "[Socket]\nListenStream=\nListenStream=192.0.2.1:111\n",
}


def harden(machine, *argv, text=""):
    done = subprocess.run(machine.argv(f"{INSIDE}/quaymaster-harden", *argv), input=text, capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()][-1]


def undo(machine):
    result = harden(machine, "undo", "last")
    assert result["ok"], result
    wait_for(lambda: not machine.run("pgrep", "-f", "quaymaster-harden", check=False).stdout, 30, "the end of the watchers")


def listens(machine, place):
    """All addresses of a port, and those that others reach."""
    transport, port = place.split(":")
    found = {line.split()[3].rpartition(":")[0].strip("[]").partition("%")[0] for line in machine.lines("ss", "-Hln", f"--{transport}")
             if line.split()[3].endswith(f":{port}")}
    return found, {a for a in found if not re.fullmatch(r"127\..*|::1", a)}


@pytest.fixture(scope="module")
def opened(fuller_machine):  # noqa: F811
    fuller_machine.write(f"{CONFIG}/policy.yaml", POLICY)
    return fuller_machine


def test_all_are_here():
    source = (BUILD / "tests/unit/print-recipes").resolve()
    assert sorted(run(source).stdout.split()) == sorted(RECIPES | EDITS)


@pytest.mark.parametrize("name", RECIPES)
def test_recipe(opened, name):
    machine = opened
    unit, place, script, stays = RECIPES[name]
    machine.run("sh", "-c", f"{script}\nsystemctl daemon-reload; systemctl restart {unit}")
    wait_for(lambda: listens(machine, place)[1], 20, f"{name} on the network")
    kept = stays and listens(machine, stays)
    before, files = listens(machine, place), machine.lines("sh", "-c", FILES)
    request = json.dumps({"id": "x", "kind": "bind-loopback", "values": [["recipe", name], ["unit", unit]]}) + "\n"
    done = harden(machine, "apply", "--confirm-within", 300, "--plan", "0123456789abcdef", text=request)
    assert done["ok"], done
    try:
        wait_for(lambda: (stays or listens(machine, place)[0]) and not listens(machine, place)[1], 20, f"{name} on loopback alone")
        assert machine.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"
        assert not stays or listens(machine, stays) == kept
    finally:
        undo(machine)
    wait_for(lambda: listens(machine, place) == before, 20, f"{name} as it was")
    assert machine.lines("sh", "-c", FILES) == files


@pytest.mark.parametrize("name", ["redis", "cockpit", "rpcbind"])
def test_not_as_packaged(opened, name):
    """Somebody else's drop-in decides how it is started: left alone. One that says nothing of that is no matter."""
    machine, unit = opened, RECIPES[name][0]
    folder = f"/etc/systemd/system/{unit}.d"
    request = json.dumps({"id": "x", "kind": "bind-loopback", "values": [["recipe", name], ["unit", unit]]}) + "\n"
    machine.write(f"{folder}/10-theirs.conf", "[Unit]\nDescription=Theirs\n")
    machine.run("systemctl", "daemon-reload")
    done = harden(machine, "apply", "--confirm-within", 300, "--plan", "0123456789abcdef", text=request)
    assert done["ok"], done
    undo(machine)
    machine.write(f"{folder}/10-theirs.conf", THEIRS[name])
    machine.run("systemctl", "daemon-reload")
    before = machine.lines("sh", "-c", FILES)
    done = harden(machine, "apply", "--confirm-within", 300, "--plan", "0123456789abcdef", text=request)
    assert not done["ok"] and "systemctl cat" in done["error"], done
    assert machine.lines("sh", "-c", FILES) == before
    machine.run("sh", "-c", f"rm -r {folder}; systemctl daemon-reload")


def test_the_plan_knows_them(opened):
    """All that were opened above, by what runs there and by whose package it is."""
    for unit in (r[0] for name, r in RECIPES.items() if name != "dnsmasq"):
        opened.run("systemctl", "restart", unit)
    plan = Records(opened.quaymaster("harden", "plan", "--netns", "self", "--config", CONFIG, "--json", check=False).stdout)
    planned = {tuple(text for _, text in sorted(a["values"])) for a in plan.of("action", kind="bind-loopback")}
    assert planned >= {(name, r[0]) for name, r in RECIPES.items() if name != "dnsmasq"}
