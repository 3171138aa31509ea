# SPDX-License-Identifier: GPL-2.0-or-later
"""Kits, run on a machine with the real systemd and real servers: without options nothing changes, and what --apply does
--undo takes back to the byte. The shells are those of Debian and of small systems."""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, SOURCE, need_root, run, wait_for
from machine import machine  # noqa: F401: a fixture

DRIVER = BUILD / "tests/unit/kit-driver"
KIT = "/root/kit"
SHELLS = {"dash": ["dash"], "busybox": ["/root/busybox", "sh"]}

ACTIONS = [
    ("unit-stop:rpcbind.socket", "unit-stop", [("unit", "rpcbind.socket"), ("unit", "rpcbind.service")]),
    ("unit-stop:avahi", "unit-stop", [("unit", "avahi-daemon.socket"), ("unit", "avahi-daemon.service")]),
    ("unit-stop:snmpd", "unit-stop", [("unit", "snmpd.service")]),
    ("unit-stop:none", "unit-stop", [("unit", "nobody-has-it.service"), ("unit", "nobody-has-it@.service")]),
    ("sysv-stop:tftpd-hpa", "sysv-stop", [("script", "tftpd-hpa")]),
    ("inetd-stop:telnet", "inetd-stop", [("server", "xinetd"), ("service", "telnet"), ("transport", "tcp")]),
    ("inetd-stop:finger", "inetd-stop", [("server", "inetd"), ("service", "finger"), ("transport", "tcp")]),
    ("bind-loopback:redis", "bind-loopback", [("recipe", "redis"), ("unit", "redis-server.service")]),
    ("bind-loopback:postgresql", "bind-loopback", [("recipe", "postgresql"), ("unit", "postgresql@15-main.service")]),
    ("unit-sandbox:memcached", "unit-sandbox", [("unit", "memcached.service"), ("property", "IPAddressDeny=any"),
                                                ("property", "IPAddressAllow=localhost")]),
    ("firewall", "firewall", [("zone", "zone office 10.99.0.0/16"), ("allow", "allow tcp 22 from office"), ("allow", "allow tcp 443")]),
    ("package-remove:vsftpd", "package-remove", [("package", "vsftpd")]),
    ("bind-loopback:memcached", "bind-loopback", [("recipe", "memcached"), ("unit", "memcached.service")]),
    ("bind-loopback:named", "bind-loopback", [("recipe", "named"), ("unit", "named.service")]),
]

# What is there to be changed: every file and link of /etc and the tables, the units that run, and the sockets.
STATE = r"""
cd / && find etc \( -type l -printf '%p -> %l\n' \) -o \( -type d -printf '%p/ %m %U %G\n' \) \
     -o \( -type f -printf '%p %m %U %G ' -exec md5sum {} \; \) 2>/dev/null | LC_ALL=C sort
nft -s list ruleset
systemctl list-units --plain --no-legend --state=active --type=service,socket | awk '{print $1, $3}' | grep -v -e logind -e user@ |
        LC_ALL=C sort
ss -Hltun | awk '{print $1, $5}' | grep -v -e 'udp .*:[3-6][0-9][0-9][0-9][0-9]$' -e fe80 | LC_ALL=C sort -u
ls -d /var/lib/quaymaster-kit/*/[0-9]* 2>/dev/null || true
"""


def requests(actions):
    return "".join(json.dumps({"id": i, "kind": k, "values": v}) + "\n" for i, k, v in actions)


def make(folder, fmt, actions=ACTIONS):
    run(DRIVER, fmt, folder, input=requests(actions))
    return folder


def state(machine):
    return machine.run("sh", "-c", STATE).stdout.splitlines()


def check_same(machine, before, seconds=10):
    """Daemons that were started again need a moment until they listen."""
    def same():
        nonlocal now
        now = state(machine)
        return sorted(now) == sorted(before)

    now = []
    try:
        wait_for(same, seconds, "the state of before")
    except AssertionError:
        pass
    assert sorted(set(now) - set(before)) == [] and sorted(set(before) - set(now)) == []
    assert now == before


@pytest.fixture(scope="module")
def host(machine, tmp_path_factory):
    """The machine with the kit and a busybox in it."""
    folder = make(tmp_path_factory.mktemp("kit"), "shell")
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("not installed: busybox")
    subprocess.run(machine.argv("sh", "-c", "cat >/root/busybox && chmod 755 /root/busybox"),
                   input=pathlib.Path(busybox).read_bytes(), check=True, timeout=30)
    machine.write(f"{KIT}/harden.sh", (folder / "harden.sh").read_text())
    machine.write("/etc/inetd.conf", "finger stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd\n"
                  "#<off># finger stream tcp6 nowait nobody /x x\nfinger\tstream\ttcp6\tnowait\tnobody\t/x x\n"
                  "time stream tcp nowait root internal\n")
    machine.run("systemctl", "start", "memcached")
    machine.run("sh", "-c", "for i in inetd openbsd-inetd; do systemctl try-restart $i.service; done; true")
    return machine


def kit(host, shell, *options, check=True):
    return host.run(*SHELLS[shell], f"{KIT}/harden.sh", *options, check=check, timeout=120)


def test_shellcheck(tmp_path):
    if not shutil.which("shellcheck"):
        pytest.skip("not installed: shellcheck")
    run("shellcheck", "--shell=sh", make(tmp_path, "shell") / "harden.sh")


# of files that recipes edit: what is replaced, what only looks so, and what goes on in the next line
LINES = ["Listen *:631", "port 631", " SSLListen\t[::]:443", "ListenBackLog 4", "Listen", "# Listen 1", "-l 0.0.0.0", "--listen=::", "-L", "-l a \\",
         "options {", "  options {  ", "options { };", "};", "\tlisten-on-v6 { any; };", "listen-on{ 192.0.2.1; };", "listen-on {",
         "dc_local_interfaces='::1'", "dc_local_interfaces='1.2.3.4 ;", "inet_interfaces = all", "inet_interfaces=", "  all", "", "x = y\\",
         "AgentAddress udp:161", "agentaddress  127.0.0.1,[::1]", "agentaddressing 1", "caf\u00e9", "100%s $HOME `id` \\n"]
AWKS = [awk for awk in ("mawk", "gawk", "busybox", "original-awk") if shutil.which(awk)]
EDITED = ["cups", "exim4", "memcached", "named", "postfix", "snmpd"]


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("name", EDITED)
def test_edits_as_apply_does(name, awk, tmp_path):
    """The kit's script and quaymaster-harden make the same of a file, or neither does."""
    (tmp_path / "awk").symlink_to(shutil.which(awk))
    env = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    driver = BUILD / "tests/unit/print-recipes"
    edit = json.loads(run(driver, name).stdout)
    words = [edit[k] for k in ("words", "mark", "after", "end", "form")]
    chance, path, made = random.Random(name + awk), tmp_path / "file", 0
    for _ in range(60):
        lines = chance.choices(LINES, k=chance.randrange(8))
        if edit["after"] and edit["after"] not in lines:
            lines.insert(chance.randrange(len(lines) + 1), edit["after"])
        for at in range(chance.randrange(3)):
            lines.insert(chance.randrange(len(lines) + 1), edit["content"].rstrip("\n"))
        path.write_text("\n".join(lines) + chance.choice(["\n", ""]))
        ours = run(driver, name, path, check=False)
        theirs = run("dash", "-c", f'. {SOURCE}/data/kits/shell.sh; edited "$@"', "sh", path, *words, input=edit["content"], check=False, env=env)
        assert ours.returncode == theirs.returncode, (path.read_text(), ours, theirs)
        if ours.returncode == 0:
            assert ours.stdout == theirs.stdout
            made += 1
    assert made > 10, made


@pytest.mark.parametrize("shell", SHELLS)
def test_shows_and_changes_nothing(host, shell):
    before = state(host)
    shown = kit(host, shell).stdout
    check_same(host, before)
    assert "Nothing was changed" in shown
    for words in ("would: systemctl stop -- rpcbind.socket", "would: systemctl mask --quiet -- snmpd.service",
                  "nobody-has-it.service is not on this machine", "would: write /etc/inetd.conf",
                  "would: write /etc/systemd/system/redis-server.service.d/90-quaymaster-loopback.conf", "would: load it with nft"):
        assert words in shown
    assert "was not applied here" in kit(host, shell, "--undo").stderr
    assert not host.run("sh", "-c", "ls /var/lib/quaymaster-kit 2>/dev/null", check=False).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_apply_and_undo(host, shell):
    before = state(host)
    kit(host, shell, "--apply")
    for unit in ("rpcbind.socket", "rpcbind.service", "avahi-daemon.service", "snmpd.service"):
        assert host.run("systemctl", "is-enabled", unit, check=False).stdout.strip() == "masked"
        assert host.run("systemctl", "is-active", unit, check=False).stdout.strip() in ("inactive", "failed")
    sockets = host.run("ss", "-Hltn").stdout
    assert not re.search(r" (0\.0\.0\.0|\*|10\.99\.9\.1|\[::\]):(6379|111|5432|11211|53) ", sockets) and re.search(r" 127\.0\.0\.1:6379 ", sockets)
    inetd = host.lines("cat", "/etc/inetd.conf")
    assert [line.startswith("#quaymaster# ") for line in inetd] == [True, False, True, False]
    assert "policy drop" in host.run("nft", "list", "table", "inet", "quaymaster").stdout
    assert host.run("systemctl", "is-enabled", "quaymaster-kit-quaymaster.service").stdout.strip() == "enabled"
    assert host.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "vsftpd").stdout == "installed"

    applied = state(host)
    again = kit(host, shell, "--apply").stdout
    assert "already stopped and masked" in again
    check_same(host, applied)

    kit(host, shell, "--undo")
    check_same(host, before)


XINETD = """service qm-c++
{
\tdisable\t= no
\tid = a
\tsocket_type\t= stream
\tprotocol = tcp
\twait = no
\tuser = root
\tserver = /bin/true
}
service qm-c++
{
\tid = b
\tsocket_type=dgram
\tprotocol = udp
\twait = yes
\tuser = root
\tserver = /bin/true
}
service qm-ccc
{
\tsocket_type = stream
\twait = no
\tuser = root
\tserver = /bin/true
}
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_one_entry_of_xinetd(host, tmp_path, shell):
    """A file may have several entries, and a name may look like a pattern: only what is named is switched off."""
    def off(transport):
        values = [("server", "xinetd"), ("service", "qm-c++"), ("transport", transport)]
        return make(tmp_path, "shell", [("inetd-stop:qm", "inetd-stop", values)]) / "harden.sh"

    host.write("/etc/xinetd.d/qm", XINETD)
    host.write("/etc/xinetd.d/qm.old", XINETD)
    try:
        before = state(host)
        for transport, wanted in (("tcp", XINETD.replace("\tdisable\t= no\n", "\tdisable = yes\n")),
                                  ("udp", XINETD.replace("\tid = b\n", "\tdisable = yes\n\tid = b\n"))):
            host.write(f"{KIT}/xinetd.sh", off(transport).read_text())
            host.run(*SHELLS[shell], f"{KIT}/xinetd.sh", "--apply")
            assert host.run("cat", "/etc/xinetd.d/qm").stdout == wanted
            assert "already so" in host.run(*SHELLS[shell], f"{KIT}/xinetd.sh", "--apply").stdout
            assert host.run("cat", "/etc/xinetd.d/qm.old").stdout == XINETD
            host.run(*SHELLS[shell], f"{KIT}/xinetd.sh", "--undo")
            check_same(host, before)
    finally:
        host.run("rm", "-f", "/etc/xinetd.d/qm", "/etc/xinetd.d/qm.old")


ESCAPED = [r"qm-a\x2db.service", r"qm-t\x2db@.service"]
NEAR = ["qm-ax2db.service", "qm-a-b.service", "qm-tx2db@.service"]  # what a backslash that is read would make of them


@pytest.mark.parametrize("shell", SHELLS)
def test_units_with_escapes(host, tmp_path, shell):
    """Names as systemd-escape writes them: these are stopped and come back, and their like stay."""
    def runs(unit):
        return host.run("systemctl", "is-active", "--", unit.replace("@", "@1"), check=False).stdout.strip() == "active"

    names = ESCAPED + NEAR
    for name in names:
        host.write(f"/usr/lib/systemd/system/{name}", "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "enable", "-q", "--now", "--", *[name.replace("@", "@1") for name in names])
    host.run("touch", *[f"/root/{name}" for name in NEAR])
    try:
        assert all(runs(name) for name in names)
        before = state(host)
        actions = [("unit-stop:a", "unit-stop", [("unit", name) for name in ESCAPED]),
                   ("unit-sandbox:a", "unit-sandbox", [("unit", ESCAPED[0]), ("property", "IPAddressDeny=any")])]
        host.write(f"{KIT}/escaped.sh", (make(tmp_path, "shell", actions) / "harden.sh").read_text())
        words = ["env", "-C", "/root", *SHELLS[shell], f"{KIT}/escaped.sh"]
        host.run(*words, "--apply")
        assert not any(runs(name) for name in ESCAPED) and all(runs(name) for name in NEAR)
        for name in ESCAPED:
            assert host.run("readlink", f"/etc/systemd/system/{name}").stdout == "/dev/null\n"
        assert host.run("ls", f"/etc/systemd/system/{ESCAPED[0]}.d").stdout == "90-quaymaster.conf\n"
        assert host.run(*words, "--apply").stdout.count("is already stopped and masked") == 2
        host.run(*words, "--undo")
        check_same(host, before)
        assert all(runs(name) for name in names)
    finally:
        host.run("systemctl", "disable", "-q", "--now", "--", *[name.replace("@", "@1") for name in names], check=False)
        host.run("rm", "-f", *[f"{folder}/{name}" for folder in ("/usr/lib/systemd/system", "/root") for name in names])
        host.run("systemctl", "daemon-reload")


@pytest.mark.parametrize("shell", SHELLS)
def test_what_cannot_be_written_is_a_failure(host, shell):
    """Also where the text comes by a pipe, whose end a shell runs apart."""
    before = state(host)
    host.run("sh", "-c", "mv /etc/inetd.conf /etc/inetd.real && ln -s inetd.real /etc/inetd.conf")
    try:
        done = kit(host, shell, "--apply", "--only", "7", check=False)
        assert done.returncode == 1 and "/etc/inetd.conf is a link, and is left alone" in done.stderr
        assert kit(host, shell, "--apply", "--only", "3", check=False).returncode == 0
        kit(host, shell, "--undo")
    finally:
        host.run("mv", "/etc/inetd.real", "/etc/inetd.conf")
    check_same(host, before)


def test_undo_leaves_what_others_changed(host):
    before = state(host)
    kit(host, "dash", "--apply", "--only", "7")
    host.run("sh", "-c", "echo '# mine' >>/etc/inetd.conf")
    undone = kit(host, "dash", "--undo", check=False)
    assert undone.returncode == 1
    assert "/etc/inetd.conf was changed since, and is left as it is" in undone.stderr
    assert host.lines("tail", "-n", "1", "/etc/inetd.conf") == ["# mine"]
    host.run("sed", "-i", "$d", "/etc/inetd.conf")
    kit(host, "dash", "--undo")
    check_same(host, before)


@pytest.mark.parametrize("shell", SHELLS)
def test_killed_in_the_middle(host, shell):
    """Wherever it is killed, what was there before is kept, and --undo goes back."""
    before = state(host)
    for tenths in (1, 3, 5, 9, 15):
        host.run("timeout", "-s", "KILL", f"{tenths / 10}", *SHELLS[shell], f"{KIT}/harden.sh", "--apply", check=False)
        kit(host, shell, "--undo")
        check_same(host, before)


def test_a_session_is_not_locked_out(host):
    before = state(host)
    kept = host.run("env", "SSH_CONNECTION=10.99.9.2 40000 10.99.9.1 2222", "dash", f"{KIT}/harden.sh", "--apply", "--only", "11",
                    check=False)
    assert kept.returncode == 1 and "port 2222" in kept.stderr
    check_same(host, before)


HOLD = """
import socket
s = socket.create_connection(('10.98.7.1', 6379), 5); s.settimeout(5)
print('ready', flush=True)
input()
s.sendall(b'PING\\r\\n'); print(s.recv(20), flush=True)
"""
NEW = """
import socket
s = socket.socket(); s.settimeout(2)
print(s.connect_ex(('10.98.7.1', 6379)) == 0)
"""


@pytest.fixture
def outside(host):
    """A namespace with a link to the machine."""
    name = "qm-kit"
    host.run("sh", "-ec", f"ip netns add {name}; ip link add qk0 type veth peer name qk1 netns {name}; ip addr add 10.98.7.1/24 dev qk0; "
             f"ip link set qk0 up; ip -n {name} addr add 10.98.7.2/24 dev qk1; ip -n {name} link set qk1 up")
    host.run("systemctl", "start", "redis-server")
    yield ["ip", "netns", "exec", name, "python3", "-c"]
    host.run("sh", "-c", f"ip netns del {name}; ip link del qk0", check=False)


def test_firewall_keeps_what_lives_and_comes_back_at_boot(host, outside):
    """A connection from before the table goes on, a new one is refused; the unit of the boot loads the same table."""
    before = state(host)
    child = subprocess.Popen(host.argv(*outside, HOLD), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    kit(host, "dash", "--apply", "--only", "11")
    assert host.run(*outside, NEW).stdout == "False\n"
    assert "PONG" in child.communicate("\n", timeout=20)[0]
    unit = "quaymaster-kit-quaymaster.service"
    listed = host.run("nft", "-s", "list", "chain", "inet", "quaymaster", "input").stdout
    host.run("nft", "delete", "table", "inet", "quaymaster")
    assert host.run(*outside, NEW).stdout == "True\n"
    host.run("systemctl", "restart", unit)
    assert host.run("nft", "-s", "list", "chain", "inet", "quaymaster", "input").stdout == listed
    assert host.run(*outside, NEW).stdout == "False\n"
    shown = host.run("systemctl", "show", "-p", "Before,WantedBy", unit).stdout
    assert "network-pre.target" in shown and "WantedBy=sysinit.target" in shown
    kit(host, "dash", "--undo")
    check_same(host, before)


@pytest.mark.parametrize("shell", SHELLS)
def test_remove_packages(host, shell, tmp_path):
    """Only when it is asked for by name."""
    make(tmp_path, "shell", [("package-remove:qm-fake", "package-remove", [("package", "qm-fake"), ("package", "qm-none")])])
    host.write(f"{KIT}/remove.sh", (tmp_path / "harden.sh").read_text())
    host.write("/root/fake/DEBIAN/control", "Package: qm-fake\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n")
    host.run("sh", "-ec", "dpkg-deb -b /root/fake /root/fake.deb; dpkg -i /root/fake.deb")
    script = [*SHELLS[shell], f"{KIT}/remove.sh"]

    def status():
        return host.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "qm-fake", check=False).stdout

    for options, expected in (([], "installed"), (["--apply"], "installed"), (["--apply", "--remove-packages"], "")):
        done = host.run(*script, *options, timeout=120)
        assert status() == expected, (options, done.stdout)
        assert "qm-none is not installed" in done.stdout
    assert "qm-fake is not installed" in host.run(*script, "--apply", "--remove-packages").stdout


def test_hostile_words(host):
    for words in (["--only", "1;id"], ["--only"], ["--aply"], ["x"]):
        assert kit(host, "dash", *words, check=False).returncode == 2


# --- the command --------------------------------------------------------------------------------------

WINDOWS = """
  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:23             0.0.0.0:0              LISTENING       1200
 [tlntsvr.exe]
  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING       4
  TCP    0.0.0.0:3389           0.0.0.0:0              LISTENING       1100
 [svchost.exe]
  TCP    0.0.0.0:21             0.0.0.0:0              LISTENING       2100
 [x'; Remove-Item C:.exe]
"""


@pytest.fixture
def harden(qm, tmp_path):
    (tmp_path / "empty").mkdir()

    def call(*argv, check=True):
        return run(BUILD / "quaymaster", "harden", *argv, "--config", tmp_path / "empty", check=check)

    return call


def test_a_kit_of_a_windows_listing(harden, tmp_path):
    listing = tmp_path / "WIN1"
    listing.write_text(WINDOWS)
    script = harden("kit", "--from", listing, "--format", "powershell").stdout
    assert "Stop-KitService 'TlntSvr'" in script and "Add-KitRule 'Block' 'TCP' '445' @('Any')" in script
    assert "Remove-Item C:" not in script and "'3389'" not in script
    (tmp_path / "x.ps1").write_text(script)
    run("/usr/bin/python3", pathlib.Path(__file__).parents[1] / "check-powershell.py", tmp_path / "x.ps1")
    shell = harden("kit", "--from", listing, "--format", "shell", check=False)
    assert shell.returncode == 2 and "it is for Windows" in shell.stderr and not shell.stdout


def test_a_kit_of_records(harden, tmp_path, host):
    records = tmp_path / "machine.json"
    records.write_text(host.quaymaster("host", "--json").stdout)
    shell = harden("kit", "--from", records, "--format", "shell", "--only", "unit-stop:rpcbind.service,unit-stop:vsftpd.service")
    assert re.search(r"stop_units 'rpcbind.socket' 'rpcbind.service'", shell.stdout), shell.stdout
    assert "stop_units 'vsftpd.service'" in shell.stdout
    assert "ssh.service" not in shell.stdout
    everything = harden("kit", "--from", records, "--format", "shell", "--only", "unit-stop")
    assert "stop_units 'ssh" not in everything.stdout, "nobody knows by which way that machine is managed"


def test_a_folder_is_a_kit_or_empty(harden, tmp_path):
    listing, folder = tmp_path / "WIN1", tmp_path / "kit"
    listing.write_text(WINDOWS)
    for _ in range(2):  # an older kit is written over
        harden("kit", "--from", listing, "--format", "powershell", "--output", folder)
        assert sorted(p.name for p in folder.iterdir()) == [".quaymaster-kit", "harden.ps1"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "harden.ps1").write_text("mine")
    refused = harden("kit", "--from", listing, "--format", "powershell", "--output", mine, check=False)
    assert refused.returncode == 2 and "no kit of quaymaster" in refused.stderr
    assert (mine / "harden.ps1").read_text() == "mine"


def test_profile(host):
    plan = [json.loads(line) for line in host.quaymaster("harden", "plan", "--profile", "database", "--json").stdout.splitlines()]
    by_id = {r["id"]: r for r in plan if r["type"] == "action"}
    assert "profile database" in by_id["unit-stop:nginx.service"]["why"] or "guide" in by_id["unit-stop:nginx.service"]["why"]
    profiled = [i for i, r in by_id.items() if "profile database" in r["why"]]
    assert profiled and not any(by_id[i]["suggested"] for i in profiled)
    assert not any(name in i for i in profiled for name in ("postgresql", "redis", "ssh.", "dbus", "cron", "systemd-"))
    assert host.quaymaster("harden", "plan", "--profile", "toaster", check=False).returncode == 2


# --- names that others choose ---------------------------------------------------------------------------

STRANGE = ['a"b;x', "$(qmevil)", "`qmevil`", "it's", "cni-\";drop", 'virbr0"', "\u00fc\u20ac\u202e", "{{x}}", "a\\b"]
LISTEN = """
kept = []
for port, device in enumerate(sys.argv[1:], 9000):
    for type in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(socket.AF_INET, type); s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\\0")
        s.bind(("0.0.0.0", port if "virbr" not in device and "cni" not in device else 53))
        if type == socket.SOCK_STREAM: s.listen()
        kept.append(s)
print("ready", flush=True)
"""
STRANGE_ESTATE = """networks:
  - {cidr: 10.1.0.0/16, zone: a.b}
  - {cidr: 10.2.0.0/16, zone: zone1}
  - {cidr: 10.3.0.0/16, zone: to}
"""
STRANGE_POLICY = r"""allow:
  - {port: 9000/tcp, need: "\" ; drop } \n# $(touch EVIL) `touch EVIL` ' \\ \u2019", from: [a.b, zone1, to]}
  - {port: 9001-9008, need: "'; touch EVIL #", process: "*"}
"""


@need_root
def test_names_chosen_by_others(qm, netns, tmp_path):
    """Of devices, zones, programs, folders and needs: the table loads, and no kit has a word of them that a language reads."""
    ns, config, program = netns(), tmp_path / "config", tmp_path / "py'$(touch EVIL)\n`id`;x\""
    for i, device in enumerate(STRANGE):
        ns.run("ip", "link", "add", device, "type", "veth", "peer", "name", f"p{i}")
        ns.run("ip", "link", "set", device, "up")
        ns.run("ip", "addr", "add", f"10.9.{i}.1/24", "dev", device)
    config.mkdir()
    (config / "estate.yaml").write_text(STRANGE_ESTATE)
    (config / "policy.yaml").write_text(STRANGE_POLICY)
    shutil.copy(pathlib.Path("/usr/bin/python3").resolve(), program)
    child = subprocess.Popen(ns.argv(program, "-c", "import socket, sys, time\n" + LISTEN + "time.sleep(60)", *STRANGE),
                             stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        table = qm("harden", "plan", "--show-firewall", "--config", config, ns=ns).stdout
        assert "tcp dport 9000 accept" in table and "-9008" in table
        ns.run("nft", "-f", "-", input=table)
        ns.run("nft", "delete", "table", "inet", "quaymaster")
        plan = qm("harden", "plan", "--config", config, ns=ns).stdout
        assert "\u202e" not in plan and "Guests on" not in plan
        assert "9000/tcp listens on one interface, whose name the firewall cannot have" in plan
        for fmt in ("shell", "ansible", "image"):
            qm("harden", "kit", "--format", fmt, "--config", config, "--output", tmp_path / fmt, ns=ns)
            for file in (tmp_path / fmt).iterdir():
                text = file.read_text()
                assert re.fullmatch(r"[\t\n -~]*", text) and not re.search(r"[$`']\(?(touch|qmevil)|\"; ?drop|\{\{x", text), file
            if fmt == "shell":
                shown = ns.run("dash", tmp_path / fmt / "harden.sh").stdout
                assert "would: load it with nft" in shown
    finally:
        child.kill()
        child.wait()
