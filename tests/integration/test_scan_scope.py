# SPDX-License-Identifier: GPL-2.0-or-later
"""The scope fails closed: what is not ours is never sent anything, and what would be asked can be seen beforehand."""
import contextlib
import ipaddress
import pathlib
import shutil

import pytest

from conftest import need_root, run
from topology import SCANNER, TARGET, TARGET6, Scan, assert_exactly, batch, ports_of

pytestmark = need_root
FAST = ("--rate", 100000, "--host-rate", 100000)
ESTATE = """
networks:
  - cidr: 10.77.0.0/24
    zone: office
  - cidr: 10.77.4.0/24
    zone: lab
  - cidr: fd77::/64
exclude: [10.77.4.64/26, 10.77.0.50]
devices:
  - match: {cidr: 10.77.4.16/28}
    class: printer
assets:
  - name: web1
    addresses: [10.77.0.2]
    tags: [web, dmz]
  - name: web2
    addresses: [10.77.4.3, 10.77.4.4]
    tags: [web]
"""
EXCLUDED = {str(a) for a in ipaddress.ip_network("10.77.4.64/26")} | {"10.77.0.50"}


@pytest.fixture
def scoped(qm, open_folder):
    return Scan(qm, open_folder / "config", ESTATE)


@contextlib.contextmanager
def silence(n):
    """Nothing reaches the target meanwhile; but for what a kernel says, late, of an IPv6 address it got: multicast listener
    reports, behind a hop-by-hop header (0)."""
    recorder = n.record()
    yield
    heard = [f for f in recorder.stop() if f.proto != 0]
    assert not heard, [(f.proto, f.source, f.target, f.dport) for f in heard]


@pytest.mark.parametrize("target", ["192.0.2.1", "10.77.1.1", "10.99.0.2", "10.77.0.50", "10.77.4.64/26", "10.77.4.70-10.77.4.75",
                                    "2001:db8::1", "8.8.8.0/24", "255.255.255.255", "224.0.0.1", "0.0.0.1", "10.77.0.255",
                                    "ff02::1", "::ffff:192.0.2.1"])
@pytest.mark.parametrize("method", ["syn", "connect"])
def test_out_of_scope_is_refused_and_nothing_sent(net, scoped, target, method):
    n = net(six=True)
    recorder, stray = n.record(), n.stray_frames()
    done = scoped(n, target, "--ports", "1-10", "--method", method, *FAST, status=2)
    assert target.split("/")[0].split("-")[0].removeprefix("::ffff:") in done.stderr
    # one bad word among good ones: nothing of the good ones either
    scoped(n, TARGET, target, "--ports", "1-10", "--method", method, *FAST, status=2)
    # what a kernel says when it gets an IPv6 address comes late: multicast listener reports, behind a hop-by-hop header (0)
    assert not [f for f in recorder.stop() if f.proto != 0] and n.stray_frames() == stray


@pytest.mark.parametrize("rate", [100000, 400000], ids=["packet", "xdp"])
def test_exclusions_beat_inclusions(net, scoped, rate):
    n = net()
    hosts = n.hosts("10.77.4.0/24")
    batch(n.scanner, "route add 10.77.4.0/24 dev near0")
    n.serve([(h, 22) for h in hosts])
    recorder = n.record()
    records = scoped(n, "10.77.4.0/24", "--ports", "22", "--method", "syn", "--rate", rate, "--host-rate", rate)
    touched = {f.target for f in recorder.stop()}
    assert not touched & EXCLUDED
    left_out = {str(a) for a in ipaddress.ip_network("10.77.4.64/26")}
    assert_exactly(records, [(h, 22) for h in hosts if h not in left_out])
    refused = records.summary["refused"]
    assert [r["range"] for r in refused] == ["10.77.4.64/26"] and "exclude" in refused[0]["why"]


def test_a_range_that_is_partly_ours_is_narrowed(net, scoped):
    n = net()
    records = scoped(n, "10.77.0.0/23", "--ports", "22", "--dry-run")
    asked = {r["address"] for r in records.of("target")}
    want = {str(a) for a in ipaddress.ip_network("10.77.0.0/24")} - {"10.77.0.50", "10.77.0.255"}
    assert asked == want
    assert any("10.77.1.0" in r["range"] for r in records.of("refused"))


@pytest.mark.parametrize("target", [TARGET, "10.99.0.2", "192.0.2.1", "10.50.0.0/16"])
def test_without_an_estate_only_this_machine(net, qm, tmp_path, target):
    n = net()
    (tmp_path / "empty").mkdir()
    with silence(n):
        argv = [qm.program, "scan", target, "--ports", "1-10", "--config", tmp_path / "empty", "--yes-huge"]
        done = run(*n.scanner.argv(*argv), check=False)
        assert done.returncode == 2 and "estate" in done.stderr, done.stderr
    for ours in ("127.0.0.1", SCANNER):
        assert run(*n.scanner.argv(qm.program, "scan", ours, "--ports", "1-10", "--config", tmp_path / "empty")).returncode == 0


def test_assets_and_tags(net, scoped):
    n = net()
    for words, want in ((["@web1"], {TARGET}), (["@web"], {TARGET, "10.77.4.3", "10.77.4.4"}), (["@dmz", "@web2"], {TARGET, "10.77.4.3", "10.77.4.4"})):
        assert {r["address"] for r in scoped(n, *words, "--ports", "22", "--dry-run").of("target")} == want
    done = scoped(n, "@wbe1", "--ports", "22", status=2)
    assert "web1" in done.stderr  # what was meant


@pytest.fixture
def names(net):
    """Names of a namespace's own: /etc/netns/NAME/hosts is bound over /etc/hosts by ip-netns(8)."""
    made = []

    def give(n, **hosts):
        folder = pathlib.Path("/etc/netns") / n.scanner.name
        folder.mkdir(parents=True)
        made.append(folder)
        (folder / "hosts").write_text("".join(f"{a} {name}\n" for name, many in hosts.items() for a in many))
        (folder / "nsswitch.conf").write_text("hosts: files\n")

    yield give
    for folder in made:
        shutil.rmtree(folder)


def test_names_are_checked_after_they_are_resolved(net, scoped, names):
    n = net(six=True)
    names(n, inside=[TARGET, TARGET6], mixed=[TARGET, "192.0.2.7"], outside=["192.0.2.8"], excluded=["10.77.0.50"])
    n.serve([22], six=True)
    assert_exactly(scoped(n, "inside", "--ports", "22", *FAST), [(TARGET, 22), (TARGET6, 22)])
    with silence(n):
        for name, address in (("mixed", "192.0.2.7"), ("outside", "192.0.2.8"), ("excluded", "10.77.0.50")):
            done = scoped(n, name, "--ports", "22", *FAST, status=2)
            assert name in done.stderr and address in done.stderr
        assert "nowhere" in scoped(n, "nowhere", "--ports", "22", status=2).stderr


DRY = [
    (["10.77.4.0/28"], "22,80", {f"10.77.4.{i}" for i in range(16)}, {22, 80}),
    (["10.77.4.0/26", "10.77.4.10-10.77.4.99", "10.77.4.1"], "1-3,2-4,3", {f"10.77.4.{i}" for i in range(64)}, {1, 2, 3, 4}),
    (["10.77.4.60-10.77.4.70"], "all", {f"10.77.4.{i}" for i in range(60, 64)}, set(range(1, 65536))),
    (["10.77.4.5-9", "10.77.4.255", "10.77.4.0"], "-3,65534-", {f"10.77.4.{i}" for i in (0, 5, 6, 7, 8, 9, 255)}, {1, 2, 3, 65534, 65535}),
    (["fd77::/126"], "ssh,https", {"fd77::", "fd77::1", "fd77::2", "fd77::3"}, {22, 443}),
]


@pytest.mark.parametrize("words, ports, addresses, numbers", DRY, ids=[d[0][0] for d in DRY])
@pytest.mark.parametrize("who", ["root", "nobody"])
def test_dry_run_says_exactly_what_would_be_probed(net, scoped, words, ports, addresses, numbers, who):
    n = net(six=True)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    with silence(n):
        records = scoped(n, *words, "--ports", ports, "--dry-run", prefix=nobody if who == "nobody" else ())
    asked = [r["address"] for r in records.of("target")]
    assert set(asked) == addresses and len(asked) == len(addresses)
    for r in records.of("target"):
        printer = r["address"].startswith("10.77.4.") and 16 <= int(r["address"].split(".")[3]) < 32
        assert ports_of(r["tcp"]) == (numbers - set(range(9100, 9108)) if printer else numbers) or printer
        assert r["class"] == ("printer" if printer else None)
    assert records.summary["dry_run"] is True


def test_dry_run_and_scan_agree(net, scoped):
    """What is probed is what --dry-run said: every (address, port) of it, and no other."""
    n = net()
    n.hosts("10.77.4.0/24")
    batch(n.scanner, "route add 10.77.4.0/24 dev near0")
    words = ("10.77.4.32-10.77.4.80", TARGET, "--ports", "20-25,80,9100")
    said = {(r["address"], p) for r in scoped(n, *words, "--dry-run").of("target") for p in ports_of(r["tcp"])}
    recorder = n.record()
    scoped(n, *words, "--no-discovery", *FAST)
    probed = {(f.target, f.dport) for f in recorder.stop() if f.is_syn}
    assert probed == said


@pytest.mark.parametrize("argv, says", [
    (["10.77.0.2", "--ports", "0"], "0"), (["10.77.0.2", "--ports", "65536"], "65536"), (["10.77.0.2", "--ports", "10-5"], "10-5"),
    (["10.77.0.2", "--ports", ""], ""), (["10.77.0.2", "--ports", "22,,80"], ""), (["10.77.0.2", "--ports", "nosuchname"], "nosuchname"),
    (["10.77.0.2", "--ports", "top:99999"], "top"), (["10.77.0.2", "--ports", "1-70000"], "70000"), (["10.77.0.256"], "10.77.0.256"),
    (["10.77.0.0/33"], "33"), (["10.77.0.9-10.77.0.2"], "10.77.0.9"), (["10.77.0.2", "--rate", "0"], "rate"), (["10.77.0.2", "--rate", "x"], "rate"),
    (["10.77.0.2", "--method", "magic"], "magic"), (["10.77.0.2", "--profile", "rude"], "rude"), ([], "TARGET"), (["@"], "@"),
    (["-i", "/dev/null"], "/dev/null"), (["-i", "/nonexistent"], "/nonexistent"), (["10.77.0.2", "--resume", "/nonexistent"], "/nonexistent"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_wrong_usage(net, scoped, argv, says):
    n = net()
    with silence(n):
        done = scoped(n, *argv, status=2)
        assert says.lower() in done.stderr.lower() and "Sanitizer" not in done.stderr, done.stderr


def test_target_files(net, scoped, tmp_path):
    n = net()
    file = tmp_path / "targets"
    file.write_text("# the web servers\n10.77.0.2 10.77.4.3\n\n  10.77.4.4  # the other\n")
    want = {TARGET, "10.77.4.3", "10.77.4.4"}
    assert {r["address"] for r in scoped(n, "-i", file, "--ports", "22", "--dry-run").of("target")} == want
    given = scoped(n, "-i", "-", "--ports", "22", "--dry-run", input=file.read_text())
    assert {r["address"] for r in given.of("target")} == want
    file.write_text("10.77.0.2\n# fine\n192.0.2.1\n")
    done = scoped(n, "-i", file, "--ports", "22", status=2)
    assert f"{file}:3" in done.stderr
    file.write_text("# nothing\n\n")
    assert str(file) in scoped(n, "-i", file, "--ports", "22", status=2).stderr


def test_huge_ones_are_refused_with_the_time_they_take(net, qm, tmp_path):
    n = net()
    scan = Scan(qm, tmp_path / "config", "networks:\n  - cidr: 10.0.0.0/8\n")
    done = scan(n, "10.0.0.0/8", "--ports", "all", status=2, timeout=20)
    assert "--yes-huge" in done.stderr
    assert any(unit in done.stderr for unit in ("year", "day", "hour")), done.stderr


@pytest.mark.parametrize("text, where", [
    ("networks:\n  - cidr: 10.77.0.1/24\n", ":2"), ("networks:\n\t- cidr: 10.77.0.0/24\n", ":2"), ("netwroks: []\n", ":1"),
    ("networks:\n  - cidr: 10.77.0.0/24\ndevices:\n  - match: {cidr: 10.77.0.2}\n    class: toaster\n", ":5"), ("[", ":"), ("\x00", ":"),
])
def test_a_broken_estate_stops_everything(net, qm, tmp_path, text, where):
    n = net()
    with silence(n):
        done = Scan(qm, tmp_path / "config", text)(n, TARGET, "--ports", "22", status=2)
        assert "estate.yaml" + where in done.stderr, done.stderr


def test_an_estate_that_others_can_write_is_not_believed(net, scoped):
    n = net()
    (scoped.config / "estate.yaml").chmod(0o666)
    scoped(n, TARGET, "--ports", "22", status=2)


def test_exclude_on_the_command_line(net, scoped):
    n = net()
    asked = scoped(n, "10.77.4.0/29", "--exclude", "10.77.4.2-10.77.4.3", "--ports", "22", "--dry-run").of("target")
    assert {r["address"] for r in asked} == {f"10.77.4.{i}" for i in (0, 1, 4, 5, 6, 7)}
