# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans for a machine with the real systemd and real servers (machine.py); and that recipes do there what they say."""
import json
import re
import subprocess

import pytest

from conftest import BUILD, need_root, run, wait_for
from machine import INSIDE, machine  # noqa: F401: a fixture

pytestmark = need_root
CONFIG = "/root/quaymaster"
POLICY = """allow:
  - {port: 22/tcp, from: [internet], need: administration, owner: ops, approved_by: sec}
  - {port: 80/tcp, from: [internet], need: shop, owner: web, approved_by: sec}
  - {port: 53/tcp, from: [internet], need: names, owner: net, approved_by: sec}
  - {port: 53/udp, from: [internet], need: names, owner: net, approved_by: sec}
  - {port: 6379/tcp, from: [loopback], need: cache, owner: web, approved_by: sec}
"""
STATES = ["sh", "-c", "systemctl list-unit-files --no-legend; systemctl list-units --no-legend --all -t service,socket | "
                      "awk '{print $1,$2,$3,$4}' | grep -v '@'; find /etc/systemd /etc/redis -ls; nft list ruleset"]


@pytest.fixture(scope="module")
def plan(machine):  # noqa: F811
    machine.run("systemctl", "start", "vsftpd", "redis-server", "rpcbind.socket", "xinetd")
    machine.write(f"{CONFIG}/policy.yaml", POLICY)
    before = machine.run(*STATES).stdout
    records = machine.records("harden", "plan", "--config", CONFIG)
    assert machine.run(*STATES).stdout == before  # nothing was changed
    return records


def values(action, name):
    return [text for kind, text in action["values"] if kind == name]


def test_what_is_stopped(plan):
    vsftpd = plan.one("action", id="unit-stop:vsftpd.service")
    assert vsftpd["suggested"] and values(vsftpd, "unit") == ["vsftpd.service"] and vsftpd["closes"]
    rpcbind = next(a for a in plan.of("action", kind="unit-stop") if "rpcbind.socket" in values(a, "unit"))
    assert values(rpcbind, "unit") == ["rpcbind.socket", "rpcbind.service"]
    assert plan.one("action", id="inetd-stop:xinetd:telnet/tcp")["suggested"]
    stopped = {unit for a in plan.of("action", kind="unit-stop") for unit in values(a, "unit")}
    assert not stopped & {"ssh.service", "nginx.service", "named.service", "redis-server.service", "dbus.service", "xinetd.service"}


def test_what_is_bound_and_filtered(plan):
    redis = plan.one("action", id="bind-loopback:redis-server.service")
    assert redis["suggested"] and ["recipe", "redis"] in redis["values"]
    firewall = plan.one("action", id="firewall")
    assert {line.split(" # ")[0] for line in values(firewall, "allow")} == {
        "allow tcp 22", "allow tcp 80", "allow tcp 53", "allow udp 53"}
    removed = plan.one("action", id="package-remove:vsftpd")
    assert removed["not_applied"] and not removed["suggested"]
    summary = plan.one("summary")
    assert summary["policy"] and summary["closed"] >= summary["closed_by_suggested"] > 0


def listens(machine, port):  # noqa: F811
    """Addresses on which somebody listens there, and that are not of this machine alone."""
    found = {line.split()[4].rpartition(":")[0].strip("[]").partition("%")[0] for line in machine.lines("ss", "-Hltun")
             if line.split()[4].endswith(f":{port}")}
    return found, {a for a in found if not re.fullmatch(r"127\..*|::1", a)}


@pytest.mark.parametrize("name, unit, port", [
    ("redis", "redis-server.service", 6379),
    ("vsftpd", "vsftpd.service", 21),
    ("ssh", "ssh.service", 22),
    ("postgresql", "postgresql@15-main.service", 5432),
    ("rpcbind", "rpcbind.socket", 111),
])
def test_recipe_binds(plan, machine, name, unit, port):  # noqa: F811
    recipe = json.loads(run(BUILD / "tests/unit/print-recipes", name, unit).stdout)
    if name == "postgresql":  # as somebody opened it
        machine.run("sh", "-c", "echo \"listen_addresses = '*'\" >/etc/postgresql/15/main/conf.d/50-open.conf")
        machine.run("systemctl", "restart", unit)
    wait_for(lambda: listens(machine, port)[1], 20, f"{name} on the network")
    if recipe["include"]:
        lines = machine.run("cat", recipe["include"]).stdout.splitlines()
        assert any(line.strip().startswith(recipe["line"]) for line in lines)
    machine.write(recipe["path"], recipe["content"])
    machine.run("chmod", "644", recipe["path"])
    try:
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart" if recipe["restart"] else "reload", unit)
        wait_for(lambda: listens(machine, port)[0] and not listens(machine, port)[1], 20, f"{name} on loopback alone")
    finally:
        machine.run("rm", recipe["path"])
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", unit)
    wait_for(lambda: listens(machine, port)[1], 20, f"{name} as it was")


# recipes that edit the daemon's own file: unit, port, file, and how somebody opened it
EDITS = {
    "cups": ("cups.service", 631, "/etc/cups/cupsd.conf", "s/^Listen localhost:631/Port 631/"),
    "exim4": ("exim4.service", 25, "/etc/exim4/update-exim4.conf.conf", "s/^dc_local_interfaces=.*/dc_local_interfaces=''/"),
    "memcached": ("memcached.service", 11211, "/etc/memcached.conf", ""),
    "named": ("named.service", 53, "/etc/bind/named.conf.options", ""),
    "snmpd": ("snmpd.service", 161, "/etc/snmp/snmpd.conf", "s/^agentaddress.*/agentAddress udp:161,udp6:161/"),
}


def harden(machine, *argv, text=""):  # noqa: F811
    done = subprocess.run(machine.argv(f"{INSIDE}/quaymaster-harden", *argv), input=text, capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", EDITS)
def test_recipe_edits(machine, name):  # noqa: F811
    """Done by quaymaster-harden, and back to the byte."""
    unit, port, path, script = EDITS[name]
    machine.run("sed", "-i", script, path)
    machine.run("systemctl", "restart", unit)
    wait_for(lambda: listens(machine, port)[1], 20, f"{name} on the network")
    before, file = listens(machine, port), machine.run("sh", "-c", f"stat -c '%a %u %g' {path}; cat {path}").stdout
    request = json.dumps({"id": "x", "kind": "bind-loopback", "values": [["recipe", name], ["unit", unit]]}) + "\n"
    done = harden(machine, "apply", "--confirm-within", 300, "--plan", "0123456789abcdef", text=request)
    assert done["ok"], done
    try:
        wait_for(lambda: listens(machine, port)[0] and not listens(machine, port)[1], 20, f"{name} on loopback alone")
        assert machine.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"
        assert "quaymaster: " in machine.run("cat", path).stdout
    finally:
        undone = harden(machine, "undo", "last")
    assert undone["ok"], undone
    wait_for(lambda: listens(machine, port) == before, 20, f"{name} as it was")
    assert machine.run("sh", "-c", f"stat -c '%a %u %g' {path}; cat {path}").stdout == file
    wait_for(lambda: not machine.run("pgrep", "-f", "quaymaster-harden", check=False).stdout, 30, "the end of the watchers")


def test_edited_since(machine):  # noqa: F811
    """Undo leaves alone what somebody wrote there meanwhile, and says so."""
    unit, _, path, _ = EDITS["memcached"]
    text = machine.run("cat", path).stdout
    request = json.dumps({"id": "x", "kind": "bind-loopback", "values": [["recipe", "memcached"], ["unit", unit]]}) + "\n"
    assert harden(machine, "apply", "--confirm-within", 300, "--plan", "0123456789abcdef", text=request)["ok"]
    assert harden(machine, "confirm", "--at-console")["ok"]
    edited = machine.run("cat", path).stdout
    machine.write(path, edited + "-c 512\n")
    refused = harden(machine, "undo", "last")
    assert not refused["ok"] and path in refused["error"], refused
    assert machine.run("cat", path).stdout == edited + "-c 512\n"
    machine.write(path, edited)
    assert harden(machine, "undo", "last")["ok"] and machine.run("cat", path).stdout == text
    wait_for(lambda: not machine.run("pgrep", "-f", "quaymaster-harden", check=False).stdout, 30, "the end of the watchers")


def test_the_plan_knows_edits(machine):  # noqa: F811
    """By what runs there and by whose package it is."""
    for unit, _, path, script in EDITS.values():
        machine.run("sed", "-i", script, path)
        machine.run("systemctl", "restart", unit)
    for name, (_, port, *_) in EDITS.items():
        wait_for(lambda: listens(machine, port)[1], 20, f"{name} on the network")
    machine.write(f"{CONFIG}/policy.yaml", POLICY.replace("53/", "9953/"))
    actions = machine.records("harden", "plan", "--config", CONFIG, "--netns", "self").of("action", kind="bind-loopback")
    planned = {values(a, "recipe")[0]: (values(a, "unit")[0], a["steps"][0]) for a in actions}
    why = next(a["why"] for a in actions if values(a, "recipe") == ["named"])
    assert "53/tcp" in why and "953/tcp" not in why, why  # that is for this machine alone already
    for name, (unit, _, path, _) in EDITS.items():
        assert planned[name][0] == unit and planned[name][1].startswith(f"edit {path}: comment out lines of '"), planned
    assert planned["snmpd"][1] == "edit /etc/snmp/snmpd.conf: comment out lines of 'agentaddress'; add: agentaddress 127.0.0.1,[::1]"


def test_not_edited(machine):  # noqa: F811
    """What is not understood is refused before anything is done, and the file stays."""
    text = machine.run("cat", "/etc/bind/named.conf.options").stdout
    machine.write("/etc/bind/named.conf.options", text.replace("{ any; }", "{\nany; }"))
    request = json.dumps({"id": "x", "kind": "bind-loopback", "values": [["recipe", "named"], ["unit", "named.service"]]}) + "\n"
    done = harden(machine, "apply", "--confirm-within", 300, "--plan", "0123456789abcdef", text=request)
    assert not done["ok"] and "'/etc/bind/named.conf.options': line 23 may go on in the next one" in done["error"], done
    assert machine.run("cat", "/etc/bind/named.conf.options").stdout == text.replace("{ any; }", "{\nany; }")
    machine.write("/etc/bind/named.conf.options", text)
