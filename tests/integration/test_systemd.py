# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine booted with the real systemd and real servers (machine.py): what ss, systemctl and dpkg say there is the truth."""
import contextlib
import functools
import os
import re
import statistics
import time

import pytest

from conftest import PYTHON, Records, need_root, wait_for
from machine import INSIDE, RELEASE, machine  # noqa: F401: a fixture

pytestmark = need_root

ENTRY_MANAGERS = ("inetd", "xinetd")


# --- the truth ----------------------------------------------------------------------------------

def split_local(text):
    """ "[fe80::1]%net0:53" as ss prints it -> address, port, device."""
    address, _, port = text.rpartition(":")
    address, _, device = address.partition("%")
    address = address.strip("[]")
    return "::" if address == "*" else address, int(port), device


def sockets_of(machine, *filters):
    """(transport, address, port, device) -> pids, by ss."""
    found = {}
    for line in machine.lines("ss", "-H", "-tulpn", *filters):
        words = line.split()
        key = (words[0], *split_local(words[4]))
        found.setdefault(key, set()).update(int(p) for p in re.findall(r"pid=(\d+)", line))
    return found


class Truth:
    """Owner, unit, package and version of a process, each asked of the program that knows it."""

    def __init__(self, machine):
        self.machine = machine

    @functools.cache
    def unit_of(self, pid):
        path = next(line.split(":", 2)[2] for line in self.machine.lines("cat", f"/proc/{pid}/cgroup")
                    if line.startswith("0::") or ":name=systemd:" in line)
        # what is below a service's own group is its own matter: the first component that is no slice
        unit = next(part for part in path.split("/") if part and not part.endswith(".slice"))
        assert self.machine.run("systemctl", "show", "-P", "LoadState", unit).stdout.strip() == "loaded", unit
        return unit

    @functools.cache
    def exe_of(self, pid):
        return self.machine.run("readlink", f"/proc/{pid}/exe").stdout.strip()

    @functools.cache
    def package_of(self, path):
        """dpkg has the paths from before /lib and /bin became links."""
        for form in (path, path.removeprefix("/usr")):
            out = self.machine.run("dpkg", "-S", form, check=False).stdout
            if out:
                name = out.split(":")[0]
                return name, self.machine.run("dpkg-query", "-W", "-f", "${Version}", name).stdout
        return None

    @functools.cache
    def triggered_by(self, service):
        return self.machine.run("systemctl", "show", "-P", "TriggeredBy", service).stdout.split()


def ratio(found, truth):
    """Recall and precision of one set against the other."""
    hits = len(found & truth)
    return hits / len(truth), hits / len(found)


def check(what, found, truth):
    found, truth = set(found), set(truth)
    recall, precision = ratio(found, truth)
    print(f"{what}: {len(truth)} in truth, recall {recall:.3f}, precision {precision:.3f}")
    assert (recall, precision) == (1.0, 1.0), f"{what}: missed {truth - found}, invented {found - truth}"


def key_of(record):
    return record["transport"], record["address"], record["port"], record.get("device") or ""


def pids_of(record):
    return {p["pid"] for p in record["processes"]}


@pytest.fixture(params=["bpf", "proc"])
def seen(request, machine):
    return machine.records("host", *(["--no-bpf"] if request.param == "proc" else []))


def servers_that_run(listeners):
    return {r["unit"]["name"] for r in listeners if r["unit"]}


# --- listeners ----------------------------------------------------------------------------------

def test_every_listener_and_its_owner(machine, seen):
    truth, owner = sockets_of(machine), Truth(machine)
    # A UDP socket whose port the kernel chose is a client's; here avahi-daemon's alone, for answers to its own questions.
    chosen = {k for k in sockets_of(machine, "autobound") if k[0] == "udp"}
    assert {owner.unit_of(pid) for key in chosen for pid in truth[key]} == {"avahi-daemon.service"}
    check("clients", map(key_of, seen.of("client")), chosen)

    listeners = [r for r in seen.of("listener") if r["netns"] == "host"]
    services = {key: pids for key, pids in truth.items() if key not in chosen}
    check("listeners", map(key_of, listeners), services)
    assert len(listeners) == len(services), "one record for each"
    check("owners", {(key_of(r), pid) for r in listeners for pid in pids_of(r)},
          {(key, pid) for key, pids in services.items() for pid in pids})

    units, packages, sure = set(), set(), set()
    for record in listeners:
        key, unit = key_of(record), record["unit"]
        for pid in pids_of(record) - {1}:
            if unit["manager"] in ENTRY_MANAGERS:  # told apart by entry: test_inetd_entries
                assert owner.unit_of(pid) == "xinetd.service"
                continue
            units.add((key, owner.unit_of(pid)))
            packages.add((key, *owner.package_of(owner.exe_of(pid))))
        if unit["manager"] not in ENTRY_MANAGERS:
            sure.add((key, unit["name"], record["package"]["name"], record["package"]["version"]))
    check("units", {(key, unit) for key, unit, _, _ in sure}, units)
    check("packages and versions", {(key, name, version) for key, _, name, version in sure}, packages)
    assert len(servers_that_run(listeners)) >= 12
    assert seen.summary["complete"] is True and not seen.of("gap")


def test_what_the_processes_are(machine, seen):
    for record in seen.of("listener", netns="host"):
        for process in record["processes"]:
            pid = process["pid"]
            exe, user, comm = machine.lines("sh", "-c", f"readlink /proc/{pid}/exe; ps -o user:32= -p {pid}; cat /proc/{pid}/comm")
            assert (process["exe"], process["user"], process["name"]) == (exe, user.strip(), comm), record


# --- socket activation --------------------------------------------------------------------------

SOCKETS = {
    # name: what it listens on, "@" for a template, the sockets it makes
    "qn-tcp4": (["ListenStream=127.0.0.1:7101"], "", {("tcp", "127.0.0.1", 7101, "")}),
    "qn-tcp6": (["ListenStream=[::1]:7102"], "", {("tcp", "::1", 7102, "")}),
    "qn-any": (["ListenStream=7103"], "", {("tcp", "::", 7103, "")}),
    "qn-only6": (["ListenStream=[::]:7104", "BindIPv6Only=ipv6-only"], "", {("tcp", "::", 7104, "")}),
    "qn-udp": (["ListenDatagram=127.0.0.1:7105", "ListenDatagram=[::1]:7105"], "",
               {("udp", "127.0.0.1", 7105, ""), ("udp", "::1", 7105, "")}),
    "qn-accept": (["ListenStream=127.0.0.1:7106", "Accept=yes"], "@", {("tcp", "127.0.0.1", 7106, "")}),
}
HOLD = "/usr/bin/python3 -c 'import time; time.sleep(600)'"


@contextlib.contextmanager
def units(machine, files):
    """Unit files that are there for a test alone."""
    try:
        for name, text in files.items():
            machine.write(f"/etc/systemd/system/{name}", text)
        machine.run("systemctl", "daemon-reload")
        yield
    finally:
        names = [n for n in files if "@" not in n]
        machine.run("systemctl", "stop", *names, check=False)
        machine.run("systemctl", "stop", *[n.replace("@.", "@*.") for n in files if "@" in n], check=False)
        machine.run("rm", "-f", *[f"/etc/systemd/system/{n}" for n in files])
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "reset-failed")


def test_socket_activation(machine):
    files = {}
    for name, (lines, at, _) in SOCKETS.items():
        files[f"{name}.socket"] = "[Socket]\n" + "\n".join(lines) + "\n[Install]\nWantedBy=sockets.target\n"
        files[f"{name}{at}.service"] = f"[Unit]\nDescription=Started by {name}\n[Service]\nExecStart={HOLD}\n"
    with units(machine, files):
        machine.run("systemctl", "start", *[f"{n}.socket" for n in SOCKETS])
        before = machine.records("host", "--netns", "host")
        services = {r["name"]: r for r in machine.records("host", "--services").of("service")}
        for name, (_, at, keys) in SOCKETS.items():
            ours = [r for r in before.of("listener") if key_of(r) in keys]
            assert {key_of(r) for r in ours} == keys
            for record in ours:
                assert pids_of(record) == {1}, "held by systemd"
                assert record["activation"]["name"] == f"{name}.socket", record
                assert record["activation"]["state"] == "listening" and record["activation"]["startup"] == "disabled"
                assert record["unit"]["name"] == f"{name}{at}.service", record
            assert services[f"{name}.socket"]["state"] == "listening"
            assert {key_of(k) for k in services[f"{name}.socket"]["listeners"]} == keys
        assert before.one("listener", port=7103)["dual_stack"] and before.one("listener", port=7104)["v6only"]

        started = [f"{n}.service" for n, (_, at, _) in SOCKETS.items() if not at]
        machine.run("systemctl", "start", *started)
        main = {n: int(machine.run("systemctl", "show", "-P", "MainPID", n).stdout) for n in started}
        machine.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7106")  # one connection: an instance of the template
        # between fork and exec systemd's children, "(name)", have its sockets, too
        wait_for(lambda: not machine.run("pgrep", r"^\(", check=False).stdout, 10, "programs run")
        after = machine.records("host", "--netns", "host")
        for name, (_, at, keys) in SOCKETS.items():
            for record in [r for r in after.of("listener") if key_of(r) in keys]:
                unit = f"{name}{at}.service"
                assert record["activation"]["name"] == f"{name}.socket"
                assert record["unit"]["name"] == unit
                # an instance has only its own connection, the port stays with systemd
                assert pids_of(record) == ({1} if at else {1, main[unit]}), record
                if not at:
                    assert record["unit"]["state"] == "running" and record["package"]["name"].startswith("python3")
        assert {key_of(r) for r in before.of("listener")} == {key_of(r) for r in after.of("listener")}


def test_remediation_of_an_activated_service_names_both_units(machine):
    files = {"qn-vnc.socket": "[Socket]\nListenStream=0.0.0.0:5900\n",
             "qn-vnc.service": f"[Service]\nExecStart={HOLD}\n"}
    with units(machine, files):
        machine.run("systemctl", "start", "qn-vnc.socket")
        records = machine.records("audit")
        finding = next(f for f in records.of("finding") if f["subject"].get("port") == 5900)
        commands = [c for step in finding["remediation"] for c in re.findall(r"systemctl .*", step)]
        # static, and its file is where a mask would have to be: it can only be stopped, and then the port is closed
        assert "systemctl stop qn-vnc.socket qn-vnc.service" in commands, finding["remediation"]
        machine.run(*"systemctl stop qn-vnc.socket qn-vnc.service".split())
        assert not machine.records("host").of("listener", port=5900)


def test_private_network_is_named_by_its_unit(machine):
    code = "import socket, time; s = socket.socket(); s.bind((\"0.0.0.0\", 7110)); s.listen(); time.sleep(600)"
    with units(machine, {"qn-private.service": f"[Service]\nPrivateNetwork=yes\nExecStart=/usr/bin/python3 -c '{code}'\n"}):
        machine.run("systemctl", "start", "qn-private.service")
        for way in ([], ["--no-bpf"]):
            record = wait_for(lambda: next(iter(machine.records("host", *way).of("listener", port=7110)), None), what="listener")
            assert record["netns"] == "unit:qn-private.service" and record["unit"]["name"] == "qn-private.service"
            assert record["exposure"]["scope"] == "private"
        named = machine.records("host", "--netns", "unit:qn-private.service").of("listener")
        assert [r["port"] for r in named] == [7110]


# --- inetd --------------------------------------------------------------------------------------

@pytest.fixture
def inetd_conf(machine):
    """An entry in the old file, which Debian's xinetd reads too."""
    before = machine.run("cat", "/etc/inetd.conf", check=False)
    machine.write("/etc/inetd.conf", "finger\tstream\ttcp\tnowait\tnobody\t/usr/bin/cat\tcat\n")
    machine.run("systemctl", "restart", "xinetd")
    wait_for(lambda: ("tcp", "::", 79, "") in sockets_of(machine), what="the entry of inetd.conf")
    yield
    if before.returncode:
        machine.run("rm", "/etc/inetd.conf")
    else:
        machine.write("/etc/inetd.conf", before.stdout)
    machine.run("systemctl", "restart", "xinetd")


def test_inetd_entries(machine, inetd_conf):
    entries = {  # entry, the file it is in, package of the program that answers
        ("tcp", 23): ("telnet/tcp", "/etc/xinetd.d/telnet", "inetutils-telnetd"),
        ("tcp", 7): ("echo/tcp", "/etc/xinetd.d/echo", "xinetd"),
        ("udp", 7): ("echo/udp", "/etc/xinetd.d/echo", "xinetd"),
        ("udp", 13): ("daytime-dgram/udp", "/etc/xinetd.d/daytime-udp", "xinetd"),
        ("tcp", 79): ("finger/tcp", "/etc/inetd.conf", "coreutils"),
    }
    records = machine.records("audit")
    xinetd = int(machine.run("systemctl", "show", "-P", "MainPID", "xinetd").stdout) or \
        int(machine.run("cat", "/run/xinetd.pid").stdout)
    for (transport, port), (name, file, package) in entries.items():
        record = records.one("listener", transport=transport, port=port)
        assert pids_of(record) == {xinetd}
        assert record["activation"] == {"name": name, "state": "listening", "startup": "enabled"}
        assert record["unit"]["name"] == name and record["package"]["name"] == package
        finding = next(f for f in records.of("finding") if (f["subject"].get("transport"), f["subject"].get("port")) == (transport, port))
        assert any(name in step and file in step for step in finding["remediation"]), finding
        assert not any("purge xinetd" in step for step in finding["remediation"]) or package == "xinetd"
    telnet = records.one("listener", transport="tcp", port=23)
    assert telnet["protocol"] == "telnet" and telnet["confidence"] == "likely", "the program that would be started tells"
    services = {r["name"]: r for r in machine.records("host", "--services").of("service")}
    assert services["discard/tcp"]["state"] == "inactive" and services["discard/tcp"]["startup"] == "disabled"
    assert services["telnet/tcp"]["exec"] == "/usr/sbin/telnetd"


# --- services -----------------------------------------------------------------------------------

def service_table(machine):
    return {r["name"]: r for r in machine.records("host", "--services").of("service") if r["manager"] == "systemd"}


def test_startup_states(machine):
    """Against `systemctl list-unit-files`, name by name."""
    listed = {line.split()[0]: line.split()[1]
              for line in machine.lines("systemctl", "list-unit-files", "--no-legend", "--type=service,socket")}
    table = service_table(machine)
    assert len(listed) > 100 and {"enabled", "disabled", "static", "masked", "generated", "alias"} <= set(listed.values())
    left_out = {name: state for name, state in listed.items() if name not in table}
    for name, state in left_out.items():
        # an alias is a second name of a unit that has its record; a template is no unit before it has an instance
        if state == "alias":
            target = machine.run("systemctl", "show", "-P", "Id", name, check=False).stdout.strip()
            assert target in table or "@." in name, name
        else:
            assert "@." in name, f"{name} ({state}) is missing"
    check("start-up states", {(n, table[n]["startup"]) for n in listed if n in table},
          {(n, s) for n, s in listed.items() if n not in left_out})


def test_running_states(machine):
    """Against `systemctl list-units --all`, name by name."""
    loaded = {}
    for line in machine.lines("systemctl", "list-units", "--all", "--plain", "--no-legend", "--type=service,socket"):
        name, load, active, sub = line.split()[:4]
        loaded[name] = (load, active, sub)
    table = service_table(machine)
    # "not-found" and inactive: a name that other units mention (After=, Wants=), and no service of this machine
    named_only = {n for n, (load, active, _) in loaded.items() if load == "not-found" and active == "inactive"}
    assert named_only and not sorted(named_only & set(table))
    check("running states", {(n, r["state"]) for n, r in table.items() if n in loaded},
          {(n, "inactive" if sub == "dead" else sub) for n, (_, _, sub) in loaded.items() if n not in named_only})
    # what has a file and was never loaded does not run; init.scope is systemd itself, which holds activated sockets
    rest = {n: r["state"] for n, r in table.items() if n not in loaded}
    assert rest.pop("init.scope") == "running"
    assert set(rest.values()) == {"inactive"}


def test_services_and_their_listeners(machine):
    """Also those without a port are listed; those with one name it."""
    table = service_table(machine)
    places = {key_of(p) for r in table.values() for p in r["listeners"]}
    assert {key for key in sockets_of(machine) if key[2] in (22, 80, 6379)} <= places
    assert table["dbus.service"]["listeners"] == [] and table["dbus.service"]["package"]["name"] == "dbus"
    assert table["memcached.service"]["startup"] == "disabled" and table["mosquitto.service"]["startup"] == "masked"


# --- audit --------------------------------------------------------------------------------------

SNAPSHOT = "find /etc /usr/lib/systemd /lib/systemd -xdev -type f -print0 | sort -z | xargs -0 sha256sum; " \
           "find /etc /var/lib/systemd /run/systemd/system /run/systemd/transient -xdev -printf '%p %m %U %G %T@ %l\\n' | sort"


def state_of(machine):
    units = machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "--type=service,socket,target,mount").stdout
    files = machine.run("systemctl", "list-unit-files", "--no-legend").stdout
    return units, files, machine.run("sh", "-c", SNAPSHOT).stdout


def test_audit_names_what_is_here_and_changes_nothing(machine):
    before = state_of(machine)
    for form in ("text", "json", "csv", "html"):
        machine.quaymaster("audit", "--format", form)
    machine.quaymaster("host", "--services")
    machine.quaymaster("host", "--all")
    assert state_of(machine) == before

    records = machine.records("audit")
    findings = {f["subject"].get("port"): f for f in records.of("finding") if f["rule"].startswith("advice.")}
    for port, unit, package in ((6379, "redis-server.service", "redis-server"), (21, "vsftpd.service", "vsftpd"),
                                (69, "tftpd-hpa.service", "tftpd-hpa"), (80, "nginx.service", "nginx")):
        steps = "\n".join(findings[port]["remediation"])
        assert f"systemctl disable --now {unit}" in steps and f"apt purge {package}" in steps, steps
        assert findings[port]["subject"]["unit"] == unit
    assert findings[6379]["severity"] in ("high", "critical")
    assert "systemctl disable --now rpcbind.service rpcbind.socket" in "\n".join(findings[111]["remediation"])
    # those that only the machine itself reaches are no findings of weight
    quiet = [f for f in records.of("finding") if f["subject"].get("port") in (25, 631, 953, 5432)]
    assert all(f["severity"] in ("info", "low") for f in quiet), quiet
    assert records.summary["complete"] is True
    assert machine.quaymaster("audit", "--fail-on", "high", check=False).returncode == 1
    assert machine.quaymaster("audit", "--fail-on", "critical", check=False).returncode in (0, 1)


def test_without_the_bus(machine):
    """Neither systemd's own socket nor the bus answers: states are missing, and that is said; the rest is there."""
    full = machine.records("host")
    hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run/dbus && mount --bind /dev/null /run/systemd/private '
              '&& exec "$@"', "sh")
    result = machine.quaymaster("host", "--json", prefix=hidden, check=False)
    records = Records(result.stdout)
    assert result.returncode == 3 and records.summary["complete"] is False
    gap = records.one("gap", source="units")
    assert gap["incomplete"] is True and "running states" in gap["reason"] and gap["reason"] in records.summary["incomplete"]
    assert [(key_of(r), pids_of(r), r["package"]) for r in records.of("listener")] == \
        [(key_of(r), pids_of(r), r["package"]) for r in full.of("listener")]
    for record, whole in zip(records.of("listener"), full.of("listener")):
        assert record["unit"]["name"] == whole["unit"]["name"] and record["unit"]["startup"] == whole["unit"]["startup"]
        if record["unit"]["manager"] == "systemd":
            assert record["unit"]["state"] == "unknown"
    text = machine.quaymaster("host", prefix=hidden, check=False).stdout
    assert gap["reason"] in " ".join(text.split())
    # a bus that was named and is not there
    result = machine.quaymaster("host", "--json", prefix=("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere"), check=False)
    assert result.returncode == 3 and Records(result.stdout).one("gap", source="units")
    # the bus daemon alone is no loss: systemd is asked by its own socket
    result = machine.quaymaster("host", "--json", prefix=("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run/dbus && exec "$@"', "sh"))
    assert Records(result.stdout).summary["complete"] is True


# --- speed --------------------------------------------------------------------------------------

def median_ms(machine, *argv):
    """Process start included; what nsenter takes is not, it is timed apart."""
    def once(*command):
        start = time.monotonic()
        machine.run(*command)
        return (time.monotonic() - start) * 1000

    runs = [(once(f"{RELEASE}/quaymaster", *argv), once("/bin/true")) for _ in range(10)]
    return statistics.median(a for a, _ in runs) - statistics.median(b for _, b in runs)


@pytest.mark.alone
@pytest.mark.skipif(not os.environ.get("QM_RELEASE"), reason="QM_RELEASE names no folder with a release build")
def test_speed_on_a_usual_host(machine):
    host, audit = median_ms(machine, "host", "--json"), median_ms(machine, "audit", "--json")
    services = median_ms(machine, "host", "--services", "--json")
    print(f"host {host:.1f} ms, host --services {services:.1f} ms, audit {audit:.1f} ms")
    assert host < 50 and audit < 400 and services < 400
