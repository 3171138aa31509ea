# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole Debian machine with the real systemd and real servers, thrown away after the tests.

Its root is made once by debootstrap below the build folder and kept there; every boot lies in an overlay in memory above
it. All mounts are made in a mount namespace of the booted machine's own, its network in one without a way out: when its
processes end, nothing of it is left but its control groups, which are removed.
"""
import fcntl
import hashlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from conftest import BUILD, Records, run, wait_for

# What a busy host runs: name service, mail, web, databases, printing, management. None is started while it is installed.
SERVERS = ["openssh-server", "nginx-light", "postgresql", "bind9", "redis-server", "cups-daemon", "snmpd", "rpcbind",
           "memcached", "xinetd", "inetutils-telnetd", "exim4-daemon-light", "avahi-daemon", "mosquitto", "vsftpd",
           "tftpd-hpa"]
BASE = ["systemd", "systemd-sysv", "dbus", "iproute2", "procps", "nftables", "python3-minimal", "libpython3-stdlib"]
TOOLS = ["debootstrap", "systemd-nspawn", "nsenter", "apt-get", "dpkg"]
INSIDE = "/opt/quaymaster"  # where the build folder lies in there
RELEASE = "/opt/quaymaster-release"

# What only the slow tests need: the other servers that recipes are for (postfix takes exim4 away), and what runs a playbook.
MORE = ["chrony", "cockpit-ws", "dnsmasq", "dovecot-imapd", "erlang-base", "mariadb-server", "postfix", "prometheus-node-exporter", "rsync",
        "sane-utils", "systemd-resolved", "openbsd-inetd", "ansible-core"]

# Run in the mount namespace of the machine: a script with $1 root, $2... what to run. apt and dpkg need /proc.
IN_ROOT = 'root=$1 archives=$2; shift 2; mount -t proc proc "$root/proc"; ' \
          'mount --bind "$archives" "$root/var/cache/apt/archives"; exec chroot "$root" "$@"'

# $1 root, $2 folder of the layer, $3 archives, $4... packages
IN_LAYER = r"""
root=$1 folder=$2 archives=$3; shift 3
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" "$folder/host" && cd "$folder/host" &&
mount -t proc proc proc && mount --bind "$archives" var/cache/apt/archives && cp /etc/resolv.conf /etc/hosts etc/ || exit 1
chroot . sh -ec 'export DEBIAN_FRONTEND=noninteractive; apt-get -q update
                 apt-get -q -y -o APT::Keep-Downloaded-Packages=true --no-install-recommends install "$@"' sh "$@" || exit 1
[ -L etc/resolv.conf ] || : >etc/resolv.conf
"""

CONFIGURE = r"""
set -e
# reachable from the network, as findings want it
sed -i 's/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf
sed -i 's/^-l .*/-l 0.0.0.0/' /etc/memcached.conf
sed -i 's/disable\s*=.*/disable = no/' /etc/xinetd.d/echo /etc/xinetd.d/daytime-udp
cat >/etc/xinetd.d/telnet <<END
service telnet
{
        socket_type = stream
        protocol = tcp
        wait = no
        user = root
        server = /usr/sbin/telnetd
        disable = no
}
END
systemctl disable -q memcached.service   # something that is off at start-up
systemctl mask -q mosquitto.service
"""


def libraries_of(*programs):
    """The packages of the libraries that these programs load, except those of every system."""
    out = run("ldd", *programs).stdout
    paths = {os.path.realpath(p) for p in re.findall(r"=> (/\S+)", out)}
    names = set()
    for path in paths:
        # dpkg knows a library by the path before /lib became a link to /usr/lib
        found = run("dpkg", "-S", path, check=False).stdout or run("dpkg", "-S", path.removeprefix("/usr"), check=False).stdout
        assert found, f"no package owns {path}"
        names.add(found.split(":")[0])
    return sorted(names)


def apt_sources():
    """What this machine's own apt is set to use of its distribution: lines of a sources.list, and where its base lies."""
    out = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
              "Origin: Debian").stdout
    lines = sorted({tuple(line.split()) for line in out.splitlines()})
    suite = next(line.split("=")[1] for line in pathlib.Path("/etc/os-release").read_text().splitlines()
                 if line.startswith("VERSION_CODENAME="))
    mirror = next((uri for uri, release, component in lines if (release, component) == (suite, "main")), None)
    if not mirror:
        pytest.skip("apt of this machine is not set up for Debian: no root can be made with it")
    return suite, mirror, "".join(f"deb {' '.join(line)}\n" for line in lines)


class Root:
    """The root directory, made when it is not there or was made by another recipe."""

    def __init__(self):
        self.folder = BUILD / "machine"
        self.path = self.folder / "root"
        self.suite, self.mirror, self.sources = apt_sources()
        self.packages = SERVERS + BASE + libraries_of(BUILD / "quaymaster", BUILD / "quaymaster-tls.so", *BUILD.glob("quaymaster-nft"))
        recipe = repr((self.suite, sorted(self.packages), CONFIGURE))
        self.recipe = hashlib.sha256(recipe.encode()).hexdigest()
        self.stamp = self.folder / "complete"

    @property
    def archives(self):
        cache = os.environ.get("XDG_CACHE_HOME")
        return pathlib.Path(cache, "quaymaster-tests", "packages") if cache else self.folder / "packages"

    def ready(self):
        return self.stamp.exists() and self.stamp.read_text() == self.recipe

    def make(self):
        if self.ready():
            return
        self.stamp.unlink(missing_ok=True)
        if self.path.exists():
            shutil.rmtree(self.path)
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        self.put("etc/dpkg/dpkg.cfg.d/throw-away", "force-unsafe-io\n")  # it need not survive a power cut
        self.put("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)  # nothing starts while it is installed
        run("debootstrap", "--variant=minbase", f"--cache-dir={self.archives}", f"--include={','.join(BASE)}", self.suite,
            self.path, self.mirror, timeout=600)
        self.put("etc/apt/sources.list", self.sources)
        for name in ("etc/resolv.conf", "etc/hosts"):
            self.put(name, pathlib.Path("/", name).read_text())
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        self.inside(*apt, "update")
        self.inside(*apt, "-o", "APT::Keep-Downloaded-Packages=true", "--no-install-recommends", "install", *self.packages)
        self.inside("sh", "-c", CONFIGURE)
        self.put("etc/resolv.conf", "")
        self.put("etc/machine-id", "")
        self.stamp.write_text(self.recipe)

    def put(self, name, text, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        path.write_text(text)
        path.chmod(mode)

    def inside(self, *argv):
        """In a mount namespace of its own, so that no mount can be left behind."""
        run("unshare", "--mount", "sh", "-c", IN_ROOT, "sh", self.path, self.archives, *argv, timeout=600)


class Layer:
    """More packages in a folder of their own above the root, made once like it."""

    def __init__(self, root, name, packages):
        self.root, self.packages, self.folder = root, packages, root.folder / name
        self.upper = self.folder / "upper"
        self.path = f"{self.upper}:{root.path}"  # what overlayfs takes as its lower folders
        self.stamp = self.folder / "complete"
        self.recipe = hashlib.sha256(repr((root.recipe, sorted(packages))).encode()).hexdigest()

    def make(self):
        if self.stamp.exists() and self.stamp.read_text() == self.recipe:
            return
        for path in (self.upper, self.folder / "work", self.folder / "host"):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        self.stamp.unlink(missing_ok=True)
        run("unshare", "--mount", "sh", "-c", IN_LAYER, "sh", self.root.path, self.folder, self.root.archives, *self.packages, timeout=900)
        shutil.rmtree(self.folder / "work")
        self.stamp.write_text(self.recipe)


NUMBERS = itertools.count()


class Cgroups:
    """A control group of our own in every hierarchy that systemd looks at."""

    def __init__(self, name):
        mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        tops = [m[1] for m in mounts if m[2] == "cgroup2" or (m[2] == "cgroup" and "name=systemd" in m[3].split(","))]
        self.paths = [pathlib.Path(top, name) for top in tops]
        for path in self.paths:
            path.mkdir()

    def remove(self):
        for top in self.paths:
            wait_for(lambda: self._try(top), 10, f"removal of {top}")

    @staticmethod
    def _try(top):
        """Processes that were killed hold their group a moment longer."""
        try:
            for path in [*sorted((p for p in top.rglob("*") if p.is_dir()), reverse=True), top]:
                path.rmdir()
            return True
        except OSError:
            return False


# Runs in a mount namespace of its own: the overlay in memory, then the machine.
BOOT = """
root=$1 work=$2; shift 2
mount -t tmpfs -o mode=755 tmpfs "$work" && mkdir "$work/up" "$work/wk" "$work/host" &&
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/up,workdir=$work/wk" "$work/host" || exit 1
for group; do
        [ "$group" != -- ] || break
        echo $$ >"$group/cgroup.procs" || exit 1
        shift
done
shift
exec systemd-nspawn -q --register=no --keep-unit --private-network --link-journal=no -D "$work/host" "$@" -b
"""


class Machine:
    def __init__(self, root):
        self.name = f"qmt-{root.folder.name}-{os.getpid()}-{next(NUMBERS)}"  # several may live at once
        self.work = root.folder / "run"
        self.work.mkdir(exist_ok=True)
        self.cgroups = Cgroups(self.name)
        release = os.environ.get("QM_RELEASE")
        binds = [f"--bind-ro={BUILD}:{INSIDE}:norbind"] + ([f"--bind-ro={pathlib.Path(release).resolve()}:{RELEASE}:norbind"] if release else [])
        self.log = tempfile.NamedTemporaryFile("w+", prefix="boot-", suffix=".log", dir=root.folder)
        self.nspawn = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", BOOT, "sh", root.path, self.work, *self.cgroups.paths, "--",
             f"--machine={self.name}", "--capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN", "--system-call-filter=bpf", *binds],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self._wait_booted()
        except BaseException:
            self.stop()
            raise

    def _wait_booted(self):
        def leader():
            assert self.nspawn.poll() is None, pathlib.Path(self.log.name).read_text()
            children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
            return next((p for p in children if pathlib.Path(f"/proc/{p}/root/run/systemd/private").is_socket()), None)

        self.leader = wait_for(leader, 20, "systemd in the machine")

        def booted():
            state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
            return state in ("running", "degraded")

        wait_for(booted, 60, "boot of the machine")
        # a network without a way out: a link both of whose ends are in the machine
        self.run("sh", "-ec", "ip link add net0 type veth peer name net1; ip addr add 10.99.9.1/24 dev net0; "
                 "ip link set net0 up; ip link set net1 up")
        # the name server binds to every address, to the link-local ones once they are known to be no one else's
        wait_for(lambda: {"net0", "net1"} <= set(re.findall(r"%(net\d):53 ", self.run("ss", "-Hltn").stdout)), 30, "named on the link")

    def argv(self, *argv):
        return ["nsenter", "-t", self.leader, "-a", *[str(a) for a in argv]]

    def run(self, *argv, **kwargs):
        return run(*self.argv(*argv), **kwargs)

    def lines(self, *argv, **kwargs):
        return self.run(*argv, **kwargs).stdout.splitlines()

    def quaymaster(self, *argv, check=True, prefix=(), **kwargs):
        return self.run(*prefix, f"{INSIDE}/quaymaster", *argv, check=check, **kwargs)

    def records(self, *argv, **kwargs):
        return Records(self.quaymaster(*argv, "--json", **kwargs).stdout)

    def write(self, path, text):
        run(*self.argv("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path), input=text)

    def stop(self):
        if self.nspawn.poll() is None:
            os.kill(self.nspawn.pid, signal.SIGTERM)  # an orderly shutdown
            try:
                self.nspawn.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.log.close()
        self.cgroups.remove()


def need_machine():
    if os.geteuid() != 0:
        pytest.skip("needs root: it boots a machine")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def make(*roots):
    """What is not there yet; files of tests may run side by side."""
    roots[0].folder.mkdir(parents=True, exist_ok=True)
    with open(roots[0].folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for root in roots:
            root.make()


def boot(*roots):
    """Make what is not there yet, and boot the last of them."""
    start = time.monotonic()
    make(*roots)
    made = time.monotonic()
    booted = Machine(roots[-1])
    print(f"machine: root {made - start:.1f} s, boot {time.monotonic() - made:.1f} s")
    return booted


@pytest.fixture(scope="module")
def machine(qm):
    """Booted for each file of tests: the next file begins with a clean one."""
    need_machine()
    booted = boot(Root())
    yield booted
    booted.stop()


@pytest.fixture(scope="module")
def fuller_machine(qm):
    """One with more servers."""
    need_machine()
    root = Root()
    booted = boot(root, Layer(root, "more", MORE))
    yield booted
    booted.stop()


if __name__ == "__main__":  # tests/run: beside tests that need it not yet
    make(Root())
