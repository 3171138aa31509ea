#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The data files against their schemas and against each other, and the guide against the ports it must cover.

    tests/check-knowledge.py SOURCE_ROOT schema|coverage

schema: data/knowledge/*.yaml, the pages of the tests, data/frameworks and data/probes; controls that pages name exist; rows of the
registry; the example of estate.yaml, and that its schema takes no less care than it says.
coverage: every port of Appendix A of the source guide (tests/data/appendix-a.tsv) and of the risky-ports list has a page with
that port in `ports`. A row may name a transport that the protocol does not use: one of the row's transports is enough.
"""
import json
import re
import sys
from pathlib import Path

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-jsonschema, python3-yaml)")
    sys.exit(77)

RISKY = [20, 21, 22, 23, 25, 53, 110, 135, 137, 138, 139, 389, 445, 636, 1433, 1434, 3306, 3389]
TRANSPORTS = ["tcp", "udp", "sctp"]


def load(path):
    """The items of a file, each with its line."""
    text = path.read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    items = yaml.safe_load(text) or []
    lines = [n.start_mark.line + 1 for n in node.value] if node and items else []
    return list(zip(items, lines))


def ranges(text):
    """'20-21' and '2546,2548' as numbers."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def check_file(path, schema, wrong):
    validator = jsonschema.Draft7Validator(schema)
    items = load(path)
    for item, line in items:
        for error in validator.iter_errors([item]):
            field = ".".join(str(p) for p in list(error.absolute_path)[1:])
            wrong.append(f"{path}:{line}: field '{field}': {error.message}")
    return items


def check_schema(root, wrong):
    schema = {n: json.loads((root / f"data/schema/{n}.schema.json").read_text()) for n in ("knowledge", "frameworks", "udp-probes")}
    for s in schema.values():
        jsonschema.Draft7Validator.check_schema(s)
    controls = check_file(root / "data/frameworks/controls.yaml", schema["frameworks"], wrong)
    known = {f"{c['framework']}:{c['id']}" for c, _ in controls}
    for framework in schema["frameworks"]["items"]["properties"]["framework"]["enum"]:
        if not any(c["baseline"] for c, _ in controls if c["framework"] == framework):
            wrong.append(f"data/frameworks/controls.yaml: {framework} has no baseline control")
    for path in sorted((root / "data/knowledge").glob("*.yaml")):
        for page, line in check_file(path, schema["knowledge"], wrong):
            for control in page.get("controls", []):
                if control not in known:
                    wrong.append(f"{path}:{line}: field 'controls': data/frameworks/controls.yaml has no '{control}'")
    for path in sorted((root / "tests/golden/knowledge").glob("*.yaml")):
        check_file(path, schema["knowledge"], wrong)
    check_file(root / "data/probes/udp.yaml", schema["udp-probes"], wrong)
    check_registry(root / "data/registry/ports.tsv", wrong)
    check_estate(root, wrong)
    check_profiles(root, wrong)


def check_profiles(root, wrong):
    schema = json.loads((root / "data/schema/profile.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    for path in sorted((root / "data/profiles").glob("*.yaml")):
        profile = yaml.safe_load(path.read_text(encoding="utf-8"))
        for error in jsonschema.Draft7Validator(schema).iter_errors(profile):
            wrong.append(f"{path}: field '{'.'.join(map(str, error.absolute_path))}': {error.message}")
        if profile.get("name") != path.stem:
            wrong.append(f"{path}: field 'name': '{profile.get('name')}' is not the name of the file")


def check_estate(root, wrong):
    """What the program takes the schema takes, too; what it refuses, as far as a schema can say it, is refused."""
    schema = json.loads((root / "data/schema/estate.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for path in [root / "docs/estate.example.yaml", *sorted((root / "tests/fuzz/corpus/estate").glob("*.yaml"))]:
        for error in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8"))):
            wrong.append(f"{path}: field '{'.'.join(map(str, error.absolute_path))}': {error.message}")
    device = {"match": {"cidr": "10.0.0.0/8"}, "class": "plc"}
    window = {"from": "22:00", "to": "05:00"}
    for bad in ({"network": []}, {"networks": [{}]}, {"networks": [{"cidr": "10.0.0.1-9"}]},
                {"networks": [{"cidr": "10.0.0.0/8", "zone": "internet"}]}, {"exclude": ["web1"]},
                {"devices": [device | {"class": "toaster"}]}, {"devices": [device | {"match": {}}]},
                {"devices": [device | {"rate": 0}]}, {"devices": [device | {"forbid_ports": 0}]},
                {"devices": [device | {"forbid_ports": 65536}]}, {"devices": [device | {"forbid": []}]},
                {"assets": [{"addresses": "10.0.0.1"}]}, {"assets": [{"name": "a", "tags": ["x", "x"]}]},
                {"windows": [window | {"from": "25:00"}]}, {"windows": [window | {"from": "24:00"}]},
                {"windows": [window | {"days": "monday"}]}, {"windows": [window | {"for": []}]}):
        if validator.is_valid(bad):
            wrong.append(f"data/schema/estate.schema.json: takes {bad}")


def check_registry(path, wrong):
    seen, before = set(), (0, "")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        if not re.fullmatch(r"[^\t]*\t\d+(-\d+)?\t(tcp|udp|sctp|dccp)\t[^\t]*", line):
            wrong.append(f"{path}:{number}: not name, port, transport, description")
            continue
        name, ports, transport, _ = line.split("\t")
        place = (int(ports.split("-")[0]), transport)
        if place < before:
            wrong.append(f"{path}:{number}: not in order")
        if (name, ports, transport) in seen:
            wrong.append(f"{path}:{number}: given twice")
        seen.add((name, ports, transport))
        before = place
    if len(seen) < 11000:
        wrong.append(f"{path}: only {len(seen)} facts")


def check_coverage(root, wrong):
    covered = set()
    for path in sorted((root / "data/knowledge").glob("*.yaml")):
        for page, _ in load(path):
            for entry in page["ports"]:
                ports, _, transport = entry.partition("/")
                covered.update((port, transport) for port in ranges(ports))
    for line in (root / "tests/data/appendix-a.tsv").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        ports, transports, _, what = line.split("\t")
        for port in ranges(ports):
            if not any((port, t) in covered for t in transports.split(",")):
                wrong.append(f"no page has {port}/{transports} in its ports (Appendix A: {what})")
    for port in RISKY:
        if not any((port, t) in covered for t in TRANSPORTS):
            wrong.append(f"no page has {port} in its ports (list of risky ports)")


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("schema", "coverage"):
        sys.exit("usage: check-knowledge.py SOURCE_ROOT schema|coverage")
    wrong = []
    (check_schema if sys.argv[2] == "schema" else check_coverage)(Path(sys.argv[1]), wrong)
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


main()
