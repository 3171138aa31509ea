# SPDX-License-Identifier: GPL-2.0-or-later
"""`watch` in a machine booted with the real systemd: services that come, go and start up otherwise."""
import pytest

from conftest import PYTHON, need_root, wait_for
from machine import INSIDE, machine  # noqa: F401: a fixture
from watching import Watch

pytestmark = need_root
UNIT = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
SERVICE = "quaymaster-watch.service"
SERVICE_PATH = f"/etc/systemd/system/{SERVICE}"
UNIT_NAME = "qmt-a.service"
PATH = "/etc/systemd/system/qmt-a.service"


@pytest.fixture
def watch(machine):  # noqa: F811
    made = []

    def make(*argv):
        made.append(Watch(machine.argv(f"{INSIDE}/quaymaster", "watch", "--json", "--interval", "3600", *argv)))
        return made[-1]

    yield make
    for w in made:
        w.end()


def test_services_are_told_when_systemd_tells_them(machine, watch):  # noqa: F811
    """The next look is an hour away: whatever is told was told by signals."""
    w = watch()
    try:
        machine.write(PATH, UNIT)
        machine.run("systemctl", "daemon-reload")
        assert w.service("service-added", UNIT_NAME)["after"]["startup"] == "disabled"
        machine.run("systemctl", "enable", "qmt-a.service")
        assert w.service("startup-changed", UNIT_NAME)["what"] == "disabled -> enabled"
        machine.run("systemctl", "disable", "qmt-a.service")
        w.until(lambda r: r.get("what") == "enabled -> disabled", 20)
    finally:
        machine.run("rm", "-f", PATH)
        machine.run("systemctl", "daemon-reload")
    w.service("service-removed", UNIT_NAME)


def test_transient_services(machine, watch):  # noqa: F811
    w = watch()
    machine.run("systemd-run", "--unit=qmt-b", "sleep", "infinity")
    w.service("service-added", "qmt-b.service")
    machine.run("systemctl", "stop", "qmt-b.service")
    w.service("service-removed", "qmt-b.service")


@pytest.fixture
def installed(machine):  # noqa: F811
    # the search for leaks of a sanitized build traces the process, which its user may not
    machine.write(f"{SERVICE_PATH}.d/test.conf", "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n")
    yield machine.quaymaster("watch", "--install", "--now").stdout
    machine.quaymaster("watch", "--uninstall", "--now", check=False)


def test_install_says_what_it_does_and_starts_nothing(machine):  # noqa: F811
    said = machine.quaymaster("watch", "--install").stdout
    try:
        assert f"wrote {SERVICE_PATH}" in said and "not started" in said
        assert "wrote /etc/sysusers.d/quaymaster-watch.conf" in said and " systemd-sysusers /etc" in said
        assert " systemctl enable quaymaster-watch.service\n" in said
        assert machine.run("systemctl", "is-active", SERVICE, check=False).stdout.strip() == "inactive"
        assert machine.run("systemctl", "is-enabled", SERVICE, check=False).stdout.strip() == "disabled"
        assert machine.run("stat", "-c", "%a %U", SERVICE_PATH).stdout.strip() == "644 root"
        score = machine.run("systemd-analyze", "security", "--offline=true", SERVICE_PATH, check=False).stdout.splitlines()[-1]
        print(score)
        assert float(score.split(": ")[1].split()[0]) < 3.0, score
        assert machine.run("systemd-analyze", "verify", "--man=no", SERVICE_PATH, check=False).stderr.count("quaymaster-watch.service") == 0
    finally:
        said = machine.quaymaster("watch", "--uninstall").stdout
    assert f"removed {SERVICE_PATH}" in said and " systemctl stop quaymaster-watch.service\n" in said
    again = machine.quaymaster("watch", "--uninstall", check=False)
    assert again.returncode == 2 and "nothing to remove" in again.stderr


def test_install_leaves_what_is_not_ours(machine):  # noqa: F811
    machine.write(SERVICE_PATH, "[Service]\nExecStart=/bin/true\n")
    try:
        for option in ("--install", "--uninstall"):
            refused = machine.quaymaster("watch", option, check=False)
            assert refused.returncode == 2 and "move it away" in refused.stderr
        assert "/bin/true" in machine.run("cat", SERVICE_PATH).stdout
    finally:
        machine.run("rm", SERVICE_PATH)


def test_installed_service_tells_root_s_listeners(machine, installed):  # noqa: F811
    """With its three capabilities alone, as a user of its own: executable, user and unit of what root opened."""
    pid = machine.run("systemctl", "show", "-P", "MainPID", SERVICE).stdout.strip()
    wait_for(lambda: "watching" in journal(machine), 30, "the service is ready")
    status = machine.run("cat", f"/proc/{pid}/status").stdout
    capabilities = {line.split(":")[0]: int(line.split()[1], 16) for line in status.splitlines() if line.startswith("Cap")}
    three = 1 << 12 | 1 << 38 | 1 << 39
    assert capabilities["CapEff"] == capabilities["CapBnd"] == three and capabilities["CapAmb"] == 0
    assert machine.run("stat", "-c", "%U", f"/proc/{pid}").stdout.strip() in ("quaymaster-watch", "root")  # root: not dumpable
    assert status.split("Uid:")[1].split()[0] == machine.run("id", "-u", "quaymaster-watch").stdout.strip() != "0"
    assert machine.run("stat", "-c", "%U %a", "/var/lib/quaymaster-watch").stdout.strip() == "quaymaster-watch 700"
    machine.run("systemd-run", "--unit=qmt-listen", PYTHON, "-c",
                "import socket,time; s=socket.socket(); s.bind(('0.0.0.0',8231)); s.listen(); time.sleep(60)")
    try:
        line = wait_for(lambda: next((t for t in journal(machine).splitlines() if "opened 0.0.0.0:8231/tcp" in t), None), 20, "the event")
    finally:
        machine.run("systemctl", "stop", "qmt-listen")
    assert "user root" in line and "unit qmt-listen.service" in line, line
    machine.run("systemctl", "reload", SERVICE)
    wait_for(lambda: "configuration reloaded" in journal(machine), 20, "the reload")
    assert machine.run("systemctl", "is-active", SERVICE).stdout.strip() == "active"
    machine.run("systemctl", "stop", SERVICE)
    assert machine.run("systemctl", "is-failed", SERVICE, check=False).stdout.strip() == "inactive", journal(machine)


def journal(machine):  # noqa: F811
    return machine.run("journalctl", "-o", "cat", "-u", SERVICE, check=False).stdout
