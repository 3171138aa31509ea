# SPDX-License-Identifier: GPL-2.0-or-later
"""Ports that the packet filter passes on: open, and no socket shows them. Rules are made by the tools that make real ones."""
import shutil

import pytest

from conftest import PYTHON, Quaymaster, Records, need_root, run
from test_sockets import TCP4

pytestmark = [
    need_root,
    pytest.mark.skipif(not (Quaymaster.program.parent / "quaymaster-nft").exists(), reason="built without quaymaster-nft"),
]

TABLES = """
table inet edge {
        chain pre {
                type nat hook prerouting priority dstnat; policy accept;
                tcp dport 8080 dnat ip to 172.30.0.2:80
                ip daddr 10.99.8.1 udp dport 53 dnat ip to 172.30.0.3
                tcp dport 2222 redirect to :22
                meta nfproto ipv6 tcp dport 8443 dnat ip6 to [fd30::2]:443
                udp dport 5000-5009 dnat ip to 172.30.0.4
        }
        chain input {
                type filter hook input priority filter; policy accept;
                tcp dport 9999 drop
        }
}
"""

# What dockerd writes for -p 8080:80, -p 127.0.0.1:5432:5432 and -p 9000-9001:9000-9001/udp
DOCKER = """
*nat
:PREROUTING ACCEPT
:OUTPUT ACCEPT
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.17.0.3:5432
-A DOCKER ! -i docker0 -p udp -m udp --dport 9000 -j DNAT --to-destination 172.17.0.4:9000
-A DOCKER ! -i docker0 -p udp -m udp --dport 9001 -j DNAT --to-destination 172.17.0.4:9001
COMMIT
"""
DOCKER6 = """
*nat
:PREROUTING ACCEPT
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd17::2]:80
COMMIT
"""


def load(ns, tool, rules):
    run(*ns.argv(*tool), input=rules)


def handles(ns, *chain):
    """Text of a rule -> its handle, as nft lists it: "ip nat DOCKER handle 12" without the chain."""
    out = ns.run("nft", "-a", "list", "chain", *chain).stdout
    return {line.split(" # handle ")[0].strip(): int(line.split(" # handle ")[1])
            for line in out.splitlines() if " # handle " in line and "chain" not in line}


def forwards(records):
    """(transport, address, first port, last port) -> (target, its port, rule)"""
    found = {}
    for r in records.of("listener", kind="forward"):
        key = r["transport"], r["address"], r["port"], r.get("port_last", r["port"])
        assert key not in found
        found[key] = r["forward"]["to_address"], r["forward"]["to_port"], r["forward"]["rule"]
        assert r["processes"] == [] and r["unit"] is None
    return found


def handle_of(rules, word):
    """The handle of the one rule whose text has that word."""
    found = [handle for text, handle in rules.items() if word in text]
    assert len(found) == 1, (word, rules)
    return found[0]


def test_nft(netns, qm):
    ns = netns()
    load(ns, ["nft", "-f", "-"], TABLES)
    rules = handles(ns, "inet", "edge", "pre")

    def rule(word):
        return f"inet edge pre handle {handle_of(rules, word)}"

    records = qm.records("host", "--netns", ns.name)
    assert forwards(records) == {
        ("tcp", "0.0.0.0", 8080, 8080): ("172.30.0.2", 80, rule("172.30.0.2:80")),
        ("udp", "10.99.8.1", 53, 53): ("172.30.0.3", 53, rule("172.30.0.3")),
        ("tcp", "0.0.0.0", 2222, 2222): (None, 22, rule("redirect")),
        ("tcp", "::", 8443, 8443): ("fd30::2", 443, rule("fd30::2")),
        ("udp", "0.0.0.0", 5000, 5009): ("172.30.0.4", 5000, rule("172.30.0.4")),
    }
    assert records.summary["complete"] is True and all(r["netns"] == ns.name for r in records.of("listener"))


def restore(ns, tool, rules):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    load(ns, [tool], rules)


def test_docker_by_iptables(netns, qm):
    ns = netns()
    restore(ns, "iptables-nft-restore", DOCKER)
    restore(ns, "ip6tables-nft-restore", DOCKER6)
    four, six = handles(ns, "ip", "nat", "DOCKER"), handles(ns, "ip6", "nat", "DOCKER")

    def rule(word, rules=four, family="ip"):
        return f"{family} nat DOCKER handle {handle_of(rules, word)}"

    assert forwards(qm.records("host", "--netns", ns.name)) == {
        ("tcp", "0.0.0.0", 8080, 8080): ("172.17.0.2", 80, rule("dport 8080")),
        ("tcp", "127.0.0.1", 5432, 5432): ("172.17.0.3", 5432, rule("dport 5432")),
        ("udp", "0.0.0.0", 9000, 9000): ("172.17.0.4", 9000, rule("dport 9000")),
        ("udp", "0.0.0.0", 9001, 9001): ("172.17.0.4", 9001, rule("dport 9001")),
        ("tcp", "::", 8080, 8080): ("fd17::2", 80, rule("dport 8080", six, "ip6")),
    }


def test_forward_beside_a_socket(netns, qm):
    """docker-proxy listens on the same port: two ways in, two listeners."""
    ns = netns()
    load(ns, ["nft", "-f", "-"], TABLES)
    child = ns.python(TCP4, "0.0.0.0", 8080)
    both = qm.records("host", "--netns", ns.name).of("listener", transport="tcp", port=8080)
    assert sorted(r["kind"] for r in both) == ["forward", "socket"]
    assert [p["pid"] for r in both for p in r["processes"]] == [child.pid]


PRE = "type nat hook prerouting priority -100"
OUT = "type nat hook output priority -100"


def table(*chains, flags=""):
    """A table of the family ip from (name, rule, rule ...) of each chain."""
    body = "".join(f"chain {name} {{\n{chr(10).join(rules)}\n}}\n" for name, *rules in chains)
    return f"table ip a {{\n{flags}\n{body}}}\n"


@pytest.mark.parametrize("rules", [
    # only what this host itself sends is redirected: nobody outside reaches anything by it
    pytest.param(table(("o", OUT, "tcp dport 25 redirect to :2525")), id="output"),
    pytest.param(table(("d", "tcp dport 80 dnat to 172.30.0.2"), ("o", OUT, "jump d")), id="chain of output"),
    pytest.param(table(("d", "tcp dport 80 dnat to 172.30.0.2:80")), id="chain that nothing leads to"),
    pytest.param(table(("p", PRE, "tcp dport 80 accept", "tcp dport 80 dnat to 172.30.0.2")), id="accepted before"),
    pytest.param(table(("p", "type nat hook postrouting priority 100", 'oifname "x" masquerade')), id="source addresses"),
    pytest.param(table(("p", PRE, "tcp dport 80 dnat to 172.30.0.2"), flags="flags dormant"), id="dormant"),
])
def test_rules_that_forward_nothing(netns, qm, rules):
    ns = netns()
    load(ns, ["nft", "-f", "-"], rules)
    records = qm.records("host", "--netns", ns.name)
    assert forwards(records) == {} and records.summary["complete"] is True


def test_table_with_an_owner(netns, qm):
    """firewalld's way: the table goes with the program that made it. Its one flag must not cost the listing."""
    ns = netns()
    code = "import subprocess, sys\np = subprocess.Popen(['nft', '-i'], stdin=-1, text=True, bufsize=1)\n" \
           "p.stdin.write('add table ip a { flags owner; }\\nadd chain ip a p { " + PRE + "; }\\n" \
           "add rule ip a p tcp dport 80 dnat to 172.30.0.2:8080\\n')\nimport time; time.sleep(1)\n" \
           "print('ready', flush=True); sys.stdin.read(); p.kill()"
    ns.start(PYTHON, "-c", code)
    assert "flags owner" in ns.run("nft", "list", "ruleset").stdout
    found = forwards(qm.records("host", "--netns", ns.name))
    assert {key: value[:2] for key, value in found.items()} == {("tcp", "0.0.0.0", 80, 80): ("172.30.0.2", 8080)}


def test_dormant_table_beside_others(netns, qm):
    ns = netns()
    load(ns, ["nft", "-f", "-"], TABLES + table(("p", PRE, "tcp dport 80 dnat to 172.30.0.2"), flags="flags dormant"))
    assert len(forwards(qm.records("host", "--netns", ns.name))) == 5


def test_a_forward_ends_with_its_rule(netns, qm):
    ns = netns()
    load(ns, ["nft", "-f", "-"], TABLES)
    assert len(forwards(qm.records("host", "--netns", ns.name))) == 5
    ns.run("nft", "flush", "ruleset")
    assert forwards(qm.records("host", "--netns", ns.name)) == {}


def test_every_namespace_has_its_own(netns, qm):
    one, two = netns(), netns()
    load(one, ["nft", "-f", "-"], TABLES)
    load(two, ["nft", "-f", "-"], table(("p", PRE, "tcp dport 81 dnat to 172.30.0.9:82")))
    seen = {(r["netns"], r["port"]) for r in qm.records("host").of("listener", kind="forward")}
    assert {(one.name, 8080), (two.name, 81)} <= seen
    assert (one.name, 81) not in seen and (two.name, 8080) not in seen


def test_audit_of_a_published_port(netns, qm):
    ns = netns()
    ns.run("ip", "link", "add", "ve0", "type", "veth", "peer", "name", "ve1")
    for words in (["addr", "add", "10.99.8.1/24", "dev", "ve0"], ["link", "set", "ve0", "up"], ["link", "set", "ve1", "up"]):
        ns.run("ip", *words)
    load(ns, ["nft", "-f", "-"], table(("p", PRE, "tcp dport 6379 dnat to 172.30.0.9:6379")))
    records = qm.records("audit", "--netns", ns.name)
    finding = next(f for f in records.of("finding") if f["subject"]["port"] == 6379)
    assert any("127.0.0.1:6379:6379" in step for step in finding["remediation"])
    assert any("ip a p handle" in step for step in finding["remediation"])
    before = ns.run("nft", "-a", "list", "ruleset").stdout
    qm("audit", "--netns", ns.name)
    assert ns.run("nft", "-a", "list", "ruleset").stdout == before


def test_without_quaymaster_nft(netns, qm, tmp_path):
    """Not installed: forwards are missing, and that is told; everything else is as before."""
    ns = netns()
    load(ns, ["nft", "-f", "-"], TABLES)
    child = ns.python(TCP4, "127.0.0.1", 8801)
    alone = tmp_path / "quaymaster"
    shutil.copy(qm.program, alone)
    result = run(alone, "host", "--netns", ns.name, "--json")
    records = Records(result.stdout)
    assert [[p["pid"] for p in r["processes"]] for r in records.of("listener")] == [[child.pid]]
    gap = records.one("gap", source="firewall")
    assert "quaymaster-nft" in gap["reason"] and gap["incomplete"] is False
    assert "quaymaster-nft" in run(alone, "host", "--netns", ns.name).stdout


def test_helper_that_fails(netns, qm, tmp_path):
    """One that is there and cannot tell: something asked for is missing, and the status says so."""
    ns = netns()
    load(ns, ["nft", "-f", "-"], TABLES)
    alone = tmp_path / "quaymaster"
    shutil.copy(qm.program, alone)
    for broken in ("#!/bin/sh\nexit 1\n", "#!/bin/sh\necho nonsense\n"):
        helper = tmp_path / "quaymaster-nft"
        helper.write_text(broken)
        helper.chmod(0o755)
        result = run(alone, "host", "--netns", ns.name, "--json", check=False)
        records = Records(result.stdout)
        assert result.returncode == 3 and records.one("gap", source="firewall")["incomplete"] is True
