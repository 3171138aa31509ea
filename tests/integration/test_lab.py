# SPDX-License-Identifier: GPL-2.0-or-later
"""Some fifty real daemons in a network of their own: its manifests are the truth. QM_LAB is the folder of that lab."""
import collections
import functools
import pathlib
import re

import pytest

import lab_truth
from conftest import need_root, run

pytestmark = [need_root, pytest.mark.lab, pytest.mark.alone]

ADDRESSES = {**lab_truth.ADDRESSES, "lo4": "127.0.0.1"}

# Sockets that the manifests do not list, each with its reason. (transport, address, port): program
MORE = {
    ("udp", "10.123.0.255", 137): "nmbd",  # for broadcasts of the subnet, beside the one that the manifest has
    ("udp", "10.123.0.255", 138): "nmbd",
    ("udp", "127.0.0.1", 111): "rpcbind",  # it always binds loopback too, whatever -h says (rpcbind(8))
    ("udp", "::1", 111): "rpcbind",
    ("udp", "127.0.0.1", 123): "ntpd",  # always listens on loopback for ntpq (ntp.conf(5), interface)
    ("udp", "::1", 123): "ntpd",
    ("tcp", "fd10:123::2", 3306): "mariadbd",  # the manifest has it for IPv4; firewall.tsv drops it for IPv6
    ("raw", "0.0.0.0", 1): "danted",  # takes ICMP errors for its UDP associations
}
# A row's package is what is configured; another program may hold the port for it.
OTHER_PROGRAM = {"openssh.slow": "socat"}  # waits 5 s and then runs sshd


@functools.cache
def holders(package):
    """The package itself and those it depends on: nginx-light brings no program, nginx does."""
    depends = run("dpkg-query", "-W", "-f", "${Depends}", package).stdout
    return {package, *(re.split(r"[ (:]", part.strip())[0] for part in re.split(r"[,|]", depends))}


def behind_the_filter():
    """Live servers that only the packet filter's manifest has: rows that say what stands behind."""
    for row in lab_truth.rows("firewall.tsv"):
        if row["behind"] != "-" and row["transport"] in ("tcp", "udp"):
            places = ["host6"] if row["addr"] in ("any6", "host6") else ["host4"] if row["addr"] == "any4" else [row["addr"]]
            yield from (((row["transport"], ADDRESSES[a], int(row["port"])), row["id"]) for a in places)


def takes(record, transport, address, port):
    """Whether that listener answers there, by its address or for all addresses."""
    if (record["transport"], record["port"]) != (transport, port):
        return False
    six = ":" in address
    return record["address"] == address or record["address"] == ("::" if six else "0.0.0.0") or \
        (record["address"] == "::" and not six and record["dual_stack"])


def fits(record, row):
    programs = {pathlib.Path(p["exe"]).name for p in record["processes"]}
    if row["id"] in OTHER_PROGRAM:
        return programs == {OTHER_PROGRAM[row["id"]]}
    packages = row["package"].split(",")
    name = record["package"]["name"]
    if any(name in holders(package) for package in packages):
        return True
    # run by an interpreter or virtual machine: the command line names the program
    return any(package in process["cmdline"] for package in packages for process in record["processes"])


@pytest.mark.parametrize("way", ["bpf", "proc"])
def test_every_service_of_the_lab(lab, qm, way):
    records = qm.records("host", "--netns", lab_truth.HOST, *(["--no-bpf"] if way == "proc" else []))
    listeners = records.of("listener")
    truth = [((row["transport"], ADDRESSES[a], int(row["port"])), row) for row in lab_truth.rows("services.tsv")
             for a in row["addr"].split(",")]
    found, explained, wrong = 0, set(), []
    for place, row in truth:
        there = [i for i, r in enumerate(listeners) if takes(r, *place)]
        explained.update(there)
        if any(fits(listeners[i], row) for i in there):
            found += 1
        else:
            wrong.append((row["id"], place, [(listeners[i]["package"], listeners[i]["processes"]) for i in there]))
    for place, _ in behind_the_filter():
        there = [i for i, r in enumerate(listeners) if takes(r, *place)]
        assert there, f"behind the packet filter: {place}"
        explained.update(there)
    more = {}
    for i, r in enumerate(listeners):
        if i not in explained:
            more[r["transport"], r["address"], r["port"]] = pathlib.Path(r["processes"][0]["exe"]).name
    invented = {k: v for k, v in more.items() if MORE.get(k) != v}
    recall, precision = found / len(truth), 1 - len(invented) / len(listeners)
    print(f"lab, {way}: {len(truth)} in the manifest, {len(listeners)} listeners, recall {recall:.3f}, precision {precision:.3f}")
    assert (recall, precision) == (1.0, 1.0), f"missed {wrong}, invented {invented}"
    # the sockets of clients are told as such: squid's resolver, with a port that the kernel chose, and kamailio's raw
    # sockets of protocol 255, which only send
    clients = collections.Counter(p["name"] for r in records.of("client") for p in r["processes"])
    assert set(clients) <= {"squid", "kamailio"} and "squid" in clients, clients
    assert records.summary["complete"] is True
    # every owner is named, with the package it came from
    assert all(r["processes"] and r["package"] for r in listeners if r["transport"] != "raw")


def test_the_number_alone_does_not_tell(lab, qm):
    """The lab's odd ports: what the program is decides, not what the port number is known for."""
    records = qm.records("audit", "--netns", lab_truth.HOST)
    told = {(r["address"], r["port"]): r for r in records.of("listener", transport="tcp")}
    for address, port, protocol, registered in (("10.123.0.3", 443, "ssh", "https"), ("10.123.0.3", 23, "postgresql", "telnet"),
                                                ("10.123.0.3", 3389, "vnc", "ms-wbt-server"),
                                                ("10.123.0.3", 80, "redis", "http")):
        record = told[address, port]
        assert (record["protocol"], record["registered"]) == (protocol, registered) and record["confidence"] == "likely"
