# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's manifests as truth, and what was identified held against them. Used by the tests of the lab and bench/identify."""
import collections
import os
import pathlib
import re

LAB = pathlib.Path(os.environ.get("QM_LAB", "/nowhere"))
ADDRESSES = {"host4": "10.123.0.2", "odd4": "10.123.0.3", "host6": "fd10:123::2"}  # those the scanner reaches
SCANNER, HOST = "qm-scan", "qm-host"  # network namespaces
ESTATE = "networks:\n  - cidr: 10.123.0.0/24\n  - cidr: fd10:123::/64\n"

Answer = collections.namedtuple("Answer", "protocol encryption confidence product version behaviour connections elapsed_ms")
NOTHING = Answer("-", "-", "-", None, None, "-", 0, 0)


def rows(name):
    lines = [line for line in (LAB / name).read_text().splitlines() if line and not line.startswith("#")]
    head = lines[0].split("\t")
    return [dict(zip(head, line.split("\t"))) for line in lines[1:]]


def bases():
    """name -> base name, of aliases.tsv"""
    names = {}
    for line in (LAB / "aliases.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            base, others = line.split("\t")
            names.update(dict.fromkeys([base, *others.split()], base))
    return names


def places(transport=None, family=None):
    """(address, transport, port) -> row, for all that the scanner can reach."""
    truth = {}
    for row in rows("services.tsv"):
        for addr in row["addr"].split(","):
            address = ADDRESSES.get(addr)
            if address and transport in (None, row["transport"]) and family in (None, 6 if ":" in address else 4):
                truth[address, row["transport"], int(row["port"])] = row
    return truth


def silent(row):
    return row["note"].startswith("silent:")


class Score:
    """What was found, row by row: right, wrong (told with confidence, and something else), missed."""

    def __init__(self, truth, answers):
        names = bases()
        self.right, self.missed, self.wrong, self.lines = [], [], [], []
        self.products, self.named, self.versions, self.versioned, self.unknown_wrong = 0, 0, 0, 0, []
        for place, row in sorted(truth.items()):
            a = answers.get(place, NOTHING)
            base = names.get(a.protocol, a.protocol)
            wanted = names.get(row["protocol"], row["protocol"])
            tls = (a.encryption == "tls") == (row["tls"] == "tls")
            confident = a.confidence in ("likely", "confirmed") and base != "unknown"
            if wanted == "unknown" or silent(row):
                if confident and base != wanted:
                    self.wrong.append((place, row["protocol"], a))
                kind = "silent" if silent(row) else "unknown"
            elif base == wanted and tls and a.confidence in ("likely", "confirmed"):
                self.right.append(place)
                kind = "right"
            elif confident and base != wanted:
                self.wrong.append((place, row["protocol"], a))
                kind = "WRONG"
            else:
                self.missed.append((place, row["protocol"], a))
                kind = "missed"
            self.lines.append((place, row, a, kind))
            self.count_product(row, a, kind)

    def count_product(self, row, a, kind):
        product = row["product"]
        if product.startswith("(") or product == "-" or kind in ("silent", "unknown"):
            return
        self.products += 1
        squeezed = re.sub(r"[^a-z0-9]", "", product.lower())
        self.named += bool(a.product) and squeezed in re.sub(r"[^a-z0-9]", "", a.product.lower())
        if row["version-regex"] != "-":
            self.versions += 1
            self.versioned += bool(a.version) and bool(re.search(row["version-regex"], a.version))

    @property
    def known(self):
        return sum(1 for *_, kind in self.lines if kind in ("right", "WRONG", "missed"))

    def summary(self):
        return (f"{len(self.right)} of {self.known} right, {len(self.wrong)} wrong; {self.named} of {self.products} products, "
                f"{self.versioned} of {self.versions} versions")


def answers_of(records):
    """From the endpoint records of `scan --identify --json`."""
    return {
        (r["address"], r["transport"], r["port"]): Answer(
            r.get("protocol", "-"), r.get("encryption", "-"), r.get("confidence", "-"), r.get("product"), r.get("version"),
            r.get("behaviour", "-"), r.get("connections", 0), r.get("identify_ms", 0))
        for r in records
        if r["type"] == "endpoint" and r["state"] == "open"
    }
