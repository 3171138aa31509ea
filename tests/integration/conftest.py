# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: the built programs, network namespaces of our own, processes that end with the test.

Nothing here touches the machine's own network: every socket is opened in a namespace made for the test
and named after this process, and every namespace is removed whatever happens.
"""
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

import lab_truth

BUILD = pathlib.Path(os.environ.get("QM_BUILD", "build-check")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
PATIENCE = 3 if "PYTEST_XDIST_WORKER" in os.environ else 1  # times the limits against waiting for ever: others run beside
_counter = itertools.count()
os.environ["PYTHONUNBUFFERED"] = "1"  # children say "ready" on a pipe
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1")  # of a sanitized build; another one does not look at it


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: takes long; `make soak` runs these, and nothing else does")
    config.addinivalue_line("markers", "lab: uses the lab that QM_LAB names; not asked for where that is unset")
    config.addinivalue_line("markers", "alone: looks at time or at the whole machine, so nothing else may run beside it")


def pytest_collection_modifyitems(config, items):
    """What is not asked for (QM_SOAK, QM_LAB) is left out, not skipped: a skip would mean that something is missing.

    Files with a machine, which take longest, come first, so that none is left when the others are done.
    """
    soak, lab = bool(os.environ.get("QM_SOAK")), bool(os.environ.get("QM_LAB"))
    left_out = [i for i in items if bool(i.get_closest_marker("soak")) != soak or (i.get_closest_marker("lab") and not lab)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [i for i in items if i not in left_out]
    longest = {f: n for n, f in enumerate(dict.fromkeys(i.path for i in items if "machine" in i.fixturenames))}
    items.sort(key=lambda i: longest.get(i.path, len(longest)))


need_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces")


def run(*argv, check=True, timeout=60, **kwargs):
    """Run a command by fixed argv and give its CompletedProcess, output as text."""
    result = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout, **kwargs)
    if check and result.returncode:
        raise AssertionError(f"{argv} gave {result.returncode}:\n{result.stdout}{result.stderr}")
    return result


class Records(list):
    """The records of one NDJSON output."""

    def __init__(self, text):
        super().__init__(json.loads(line) for line in text.splitlines())

    def of(self, kind, /, **fields):
        return [r for r in self if r["type"] == kind and all(r.get(k) == v for k, v in fields.items())]

    def one(self, kind, /, **fields):
        found = self.of(kind, **fields)
        assert len(found) == 1, f"{kind} {fields}: {len(found)} of {[self.short(r) for r in self.of(kind)]}"
        return found[0]

    @staticmethod
    def short(record):
        return {k: record.get(k) for k in ("transport", "address", "port", "netns", "rule", "name") if k in record}

    @property
    def summary(self):
        assert self[-1]["type"] == "summary"
        return self[-1]


class Namespace:
    def __init__(self):
        self.name = f"qmt-{os.getpid()}-{next(_counter)}"
        self.children = []
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "set", "lo", "up")

    def argv(self, *argv):
        return ["ip", "netns", "exec", self.name, *[str(a) for a in argv]]

    def run(self, *argv, **kwargs):
        return run(*self.argv(*argv), **kwargs)

    def start(self, *argv, prefix=(), **kwargs):
        """Start a process in the namespace; it says "ready" on a line when its sockets are open."""
        child = subprocess.Popen([*prefix, *self.argv(*argv)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True, **kwargs)
        self.children.append(child)
        line = child.stdout.readline()
        assert line.startswith("ready"), f"{argv}: said {line!r}"
        child.said = line.split()[1:]
        return child

    def python(self, code, *args, executable=PYTHON, **kwargs):
        return self.start(executable, "-c", "import socket, sys, os, time\n" + code + "\nsys.stdin.read()", *args,
                          **kwargs)

    def end(self, child):
        """End a process before the test ends; what it said after "ready"."""
        self.children.remove(child)
        if child.stdin.closed:
            child.stdin = None
        try:
            return child.communicate(timeout=5)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            return child.communicate()[0]

    def close(self):
        for child in list(self.children):
            self.end(child)
        run("ip", "netns", "del", self.name)


@pytest.fixture
def netns():
    made = []

    def make():
        made.append(Namespace())
        return made[-1]

    yield make
    for ns in made:
        ns.close()


@pytest.fixture
def net(netns):
    """Makes networks to scan (topology.Net). Whatever a test does with them, nothing may have reached the sentinel."""
    from topology import Net

    made = []

    def make(**kwargs):
        made.append(Net(netns, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.assert_nothing_strayed()


class Quaymaster:
    program = BUILD / "quaymaster"

    def __call__(self, *argv, ns=None, check=True, **kwargs):
        full = [self.program, *argv]
        return run(*(ns.argv(*full) if ns else full), check=check, **kwargs)

    def records(self, *argv, **kwargs):
        return Records(self(*argv, "--json", **kwargs).stdout)


@pytest.fixture(scope="session")
def qm():
    assert Quaymaster.program.exists(), f"{Quaymaster.program} is not built"
    return Quaymaster()


@pytest.fixture
def open_folder():
    """A folder that a plain user may look into too. Those of pytest are shut again by each pytest that starts beside."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="qmt-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def scan(qm, open_folder):
    """`quaymaster scan`, with the networks of topology.py as its estate."""
    from topology import Scan

    return Scan(qm, open_folder / "config")


def wait_for(condition, seconds=10, what="condition"):
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


@pytest.fixture(scope="module")
def lab():
    """The lab's daemons, installed where they are missing, and gone again when the tests of a file are done."""
    tool = lab_truth.LAB / "lab"
    assert tool.exists(), f"QM_LAB: there is no {tool}"
    needed = {p for row in lab_truth.rows("services.tsv") for p in row["package"].split(",")}
    if run("dpkg-query", "-W", *needed, check=False).returncode or not shutil.which("nft"):
        run(tool, "install", timeout=600)
    run(tool, "up", timeout=300)
    yield tool
    run(tool, "down", timeout=120)
