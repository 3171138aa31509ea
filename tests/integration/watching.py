# SPDX-License-Identifier: GPL-2.0-or-later
"""A `watch --json` that runs beside the test, and its records as they come."""
import json
import os
import pathlib
import select
import signal
import subprocess
import time

from conftest import PATIENCE


class Watch:
    def __init__(self, argv, **kwargs):
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)
        self.records, self.rest = [], b""
        self.until(lambda r: r["type"] == "watch", 30)

    def until(self, wanted, timeout=15):
        """The first record not taken yet that is wanted."""
        deadline = time.monotonic() + timeout * PATIENCE
        seen = 0
        while True:
            for record in self.records[seen:]:
                if wanted(record):
                    return record
            seen = len(self.records)
            ready, _, _ = select.select([self.child.stdout], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"not told in {timeout} s; told: {self.records}"
            chunk = os.read(self.child.stdout.fileno(), 1 << 16)
            assert chunk, f"ended: {self.child.stderr.read()}"
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            self.records += [json.loads(line) for line in lines]

    def event(self, kind, port, **kwargs):
        return self.until(lambda r: r["type"] == "event" and r["kind"] == kind and r["subject"].get("port") == port,
                          **kwargs)

    def service(self, kind, name, timeout=20):
        return self.until(lambda r: r.get("kind") == kind and r["subject"].get("service") == name, timeout)

    def pid(self):
        """nsenter(1) into a pid namespace waits for a child, which is the watch."""
        children = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        name = pathlib.Path(f"/proc/{self.child.pid}/comm").read_text().strip()
        return int(children[0]) if name == "nsenter" else self.child.pid

    def end(self):
        if self.child.poll() is None:
            os.kill(self.pid(), signal.SIGTERM)
        out, _ = self.child.communicate(timeout=60)
        self.records += [json.loads(line) for line in (self.rest + out).splitlines()]
        return self.records[-1]
