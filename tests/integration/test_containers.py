# SPDX-License-Identifier: GPL-2.0-or-later
"""What runtimes leave behind, made by hand: control groups with their names, namespaces, roots with packages of their own."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import PYTHON, Records, need_root, run
from machine import Cgroups
from test_sockets import TCP4

pytestmark = need_root

ID = "4f5e6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f"
SHORT = ID[:12]
POD = "1f2e3d4c-5b6a-7980-1122-334455667788"
POD_ = POD.replace("-", "_")

# control group, as the runtime names it -> runtime, id, name, pod, role of its namespace
GROUPS = {
    "docker, cgroupfs": (f"docker/{ID}", ("docker", SHORT, None, None), f"docker:{SHORT}"),
    "docker, systemd": (f"system.slice/docker-{ID}.scope", ("docker", SHORT, None, None), f"docker:{SHORT}"),
    "podman": (f"machine.slice/libpod-{ID}.scope/container", ("podman", SHORT, None, None), f"podman:{SHORT}"),
    "containerd under kubernetes": (
        f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD_}.slice/cri-containerd-{ID}.scope",
        ("containerd", SHORT, None, POD), f"pod:{POD}"),
    "cri-o under kubernetes": (f"kubepods.slice/kubepods-pod{POD_}.slice/crio-{ID}.scope", ("cri-o", SHORT, None, POD), f"pod:{POD}"),
    "kubernetes, cgroupfs": (f"kubepods/besteffort/pod{POD}/{ID}", ("kubernetes", SHORT, None, POD), f"pod:{POD}"),
    "lxc": ("lxc.payload.web1", ("lxc", None, "web1", None), "lxc:web1"),
    "lxc, older": ("lxc/web1", ("lxc", None, "web1", None), "lxc:web1"),
    "nspawn": ("machine.slice/machine-web1.scope/payload/system.slice/ssh.service", ("nspawn", None, "web1", None), "nspawn:web1"),
}

ENTER = 'IFS=:; for group in $1; do echo $$ >"$group/cgroup.procs" || exit 1; done; unset IFS; shift; exec "$@"'


@pytest.fixture
def cgroup():
    """Make a control group below one of our own, in each hierarchy; gives the argv prefix that enters it."""
    made = []

    def make(name):
        made.append(Cgroups(f"qmt-{os.getpid()}-{len(made)}.slice"))
        paths = [top / name for top in made[-1].paths]
        for path in paths:
            path.mkdir(parents=True)
        return ["sh", "-c", ENTER, "sh", ":".join(map(str, paths))]

    yield make
    for groups in made:
        groups.remove()


# the order of fixtures matters: processes end with their namespace, before their control group is removed
@pytest.fixture
def place(cgroup, netns):
    return cgroup, netns()


@pytest.mark.parametrize("way", ["bpf", "proc"])
@pytest.mark.parametrize("case", GROUPS)
def test_container_by_its_control_group(place, qm, case, way):
    cgroup, ns = place
    name, (runtime, short, called, pod), role = GROUPS[case]
    child = ns.start("unshare", "--net", PYTHON, "-c", "import socket, sys\n" + TCP4 + "\nsys.stdout.flush()\nsys.stdin.read()", "0.0.0.0",
                     8901, prefix=cgroup(name))
    records = qm.records("host", *(["--no-bpf"] if way == "proc" else []))
    found = [r for r in records.of("listener", port=8901) if [p["pid"] for p in r["processes"]] == [child.pid]]
    assert len(found) == 1
    assert found[0]["container"] == {"runtime": runtime, "id": short, "name": called, "pod": pod}
    # another one of the same pod or name may be on this machine: then the role has a number
    assert re.sub(r"#\d+$", "", found[0]["netns"]) == role
    assert found[0]["exposure"]["scope"] == "private"
    assert found[0]["unit"] is None, "the scope of a container is no service of this host"
    again = qm.records("host", "--netns", found[0]["netns"]).of("listener")
    assert [r["port"] for r in again] == [8901]


def test_container_in_the_host_s_network(place, qm):
    """docker run --network host: the container is told, the namespace is not its own."""
    cgroup, ns = place
    child = ns.python(TCP4, "0.0.0.0", 8902, prefix=cgroup(f"docker/{ID}"))
    listener = qm.records("host", "--netns", ns.name).one("listener", port=8902)
    assert listener["container"]["runtime"] == "docker" and listener["netns"] == ns.name
    assert [p["pid"] for p in listener["processes"]] == [child.pid]


def test_pod_s_containers_share_a_namespace(place, qm):
    """The namespace is the pod's; the containers are told apart."""
    cgroup, ns = place
    code = "import socket, sys\n" + TCP4 + "\nsys.stdout.flush()\nsys.stdin.read()"
    other = ID[::-1]
    first = ns.start("unshare", "--net", PYTHON, "-c", code, "0.0.0.0", 8903, prefix=cgroup(f"kubepods/pod{POD}/{ID}"))
    second = ns.start("nsenter", "-t", first.pid, "--net", PYTHON, "-c", code, "0.0.0.0", 8904, prefix=cgroup(f"kubepods/pod{POD}/{other}"))
    records = qm.records("host")
    one, two = records.one("listener", port=8903), records.one("listener", port=8904)
    assert one["netns"] == two["netns"] and one["netns"].startswith(f"pod:{POD}")
    assert (one["container"]["id"], two["container"]["id"]) == (SHORT, other[:12])
    assert [p["pid"] for p in two["processes"]] == [second.pid]


def in_front_of(path, text):
    """argv prefix: run where a file of that path exists, in a mount namespace of its own."""
    script = 'mount -t tmpfs tmpfs "$1" && mkdir "$1/up" "$1/wk" && mkdir -p "$1/up/$(dirname "$2")" && printf %s "$3" >"$1/up/$2" && ' \
             'mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$1/up,workdir=$1/wk" /var/lib && shift 3 && exec "$@"'
    return lambda scratch: ["unshare", "--mount", "sh", "-c", script, "sh", str(scratch), path, text]


@pytest.mark.parametrize("group, path, text, runtime", [
    (f"system.slice/docker-{ID}.scope", f"docker/containers/{ID}/config.v2.json", json.dumps({"ID": ID, "Name": "/shop"}), "docker"),
    (f"machine.slice/libpod-{ID}.scope", "containers/storage/overlay-containers/containers.json",
     json.dumps([{"id": ID[::-1], "names": ["other"]}, {"id": ID, "names": ["shop"]}]), "podman"),
])
def test_container_by_the_name_its_user_gave(place, qm, tmp_path, group, path, text, runtime):
    cgroup, ns = place
    ns.start("unshare", "--net", PYTHON, "-c", "import socket, sys\n" + TCP4 + "\nsys.stdout.flush()\nsys.stdin.read()", "0.0.0.0", 8905,
             prefix=cgroup(group))
    prefix = in_front_of(path, text)(tmp_path)
    listener = Records(run(*prefix, qm.program, "host", "--json").stdout).one("listener", port=8905)
    assert listener["container"]["name"] == "shop" and listener["netns"] == f"{runtime}:shop"
    by_name = Records(run(*prefix, qm.program, "audit", "--netns", "shop", "--json").stdout)
    assert [r["port"] for r in by_name.of("listener")] == [8905]
    steps = [s for f in by_name.of("finding") for s in f["remediation"]]
    assert not steps or any(f"{runtime} stop shop" in s for s in steps)


# --- roots with packages of their own -----------------------------------------------------------

DPKG = {"var/lib/dpkg/status": "Package: served\nStatus: install ok installed\nArchitecture: all\nVersion: 7.7-1\n",
        "var/lib/dpkg/info/served.list": "/.\n/usr\n/usr/bin\n/usr/bin/served\n"}
APK = {"lib/apk/db/installed": "P:served\nV:7.7-r1\nA:x86_64\nF:usr\nF:usr/bin\nR:served\n\n"}
DATABASES = {"dpkg": (DPKG, "7.7-1"), "apk": (APK, "7.7-r1")}

# a sanitized build complains at its end that there is no /proc in these roots (and reads its options from there)
QUIET = subprocess.DEVNULL

CHROOT = ["chroot"]
# as container runtimes do: a mount namespace whose root is the jail
PIVOT = ["unshare", "--mount", "sh", "-ec",
         'mount --bind "$1" "$1"; cd "$1"; mkdir -p old; pivot_root . old; shift; exec "$@"', "sh"]
CHROOT_UNSHARED = ["unshare", "--mount", "sh", "-ec", 'mount --bind "$1" "$1"; exec chroot "$@"', "sh"]


@pytest.fixture
def jail(qm, tmp_path):
    """A root directory with one program, its libraries and nothing else."""
    program = qm.program.parent / "tests" / "uring-listener"
    shell = os.path.realpath("/bin/sh")
    jail = tmp_path / "jail"
    for source, target in ((program, "usr/bin/served"), (shell, "bin/sh")):
        libraries = re.findall(r"(/\S+) \(0x", run("ldd", source).stdout)
        for path, to in [(source, target), *((lib, lib.lstrip("/")) for lib in libraries)]:
            (jail / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, jail / to)
    return jail


@pytest.mark.parametrize("enter", [CHROOT, CHROOT_UNSHARED, PIVOT], ids=["chroot", "chroot and mounts", "pivot_root"])
@pytest.mark.parametrize("database", DATABASES)
def test_package_of_another_root(netns, qm, jail, database, enter):
    files, version = DATABASES[database]
    for name, text in files.items():
        (jail / name).parent.mkdir(parents=True, exist_ok=True)
        (jail / name).write_text(text)
    ns = netns()
    child = ns.start(*enter, jail, "/usr/bin/served", 8910, stderr=QUIET)
    listener = qm.records("host", "--netns", ns.name).one("listener", port=8910)
    process = listener["processes"][0]
    assert process["pid"] == child.pid
    # in a plain chroot the file has a path here too, and that is the one an administrator needs
    assert process["exe"] == ("/usr/bin/served" if enter is PIVOT else f"{jail}/usr/bin/served")
    assert listener["package"] == {"name": "served", "version": version, "manager": database}


def test_another_root_without_packages(netns, qm, jail):
    """No database there: nothing of ours is said about it, and nothing is missing."""
    ns = netns()
    ns.start(*PIVOT, jail, "/usr/bin/served", 8911, stderr=QUIET)
    records = qm.records("host", "--netns", ns.name)
    assert records.one("listener", port=8911)["package"] is None and records.summary["complete"] is True


def test_same_path_in_another_root_is_another_program(netns, qm, jail):
    """A program at the path of one of ours is not of our package."""
    (jail / "usr/sbin").mkdir(parents=True, exist_ok=True)
    target = pathlib.Path(os.path.realpath("/usr/bin/dpkg")).relative_to("/")
    (jail / target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(jail / "usr/bin/served", jail / target)
    ns = netns()
    ns.start(*PIVOT, jail, f"/{target}", 8912, stderr=QUIET)
    listener = qm.records("host", "--netns", ns.name).one("listener", port=8912)
    assert listener["processes"][0]["exe"] == f"/{target}" and listener["package"] is None


def test_daemon_that_locked_itself_up_is_ours(netns, qm, tmp_path):
    """chroot(2) after the start, as many daemons do: package and user are those of this host."""
    ns = netns()
    ns.python("import pwd\ns = socket.socket(); s.bind(('127.0.0.1', 8913)); s.listen(); uid = pwd.getpwnam('daemon').pw_uid\n"
              "os.chroot(sys.argv[1]); os.chdir('/'); os.setuid(uid); print('ready')", tmp_path)
    listener = qm.records("host", "--netns", ns.name).one("listener", port=8913)
    process = listener["processes"][0]
    assert process["exe"] == os.path.realpath(PYTHON) and process["user"] == "daemon"
    owner = run("dpkg", "-S", process["exe"]).stdout.split(":")[0]
    assert listener["package"]["name"] == owner
