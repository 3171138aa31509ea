#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The schemas of the files people write, against what the unit tests give their parsers: what a parser takes its schema
takes, and what it refuses the schema refuses, as far as JSON Schema can say it.

    tests/check-yaml-schema.py SOURCE_ROOT UNIT_TEST...

Exit status: 0 right, 1 something wrong (each on a line), 77 skipped: a Python module is missing.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-jsonschema, python3-yaml)")
    sys.exit(77)

SCHEMAS = ("estate", "policy", "sinks")

# What the parsers say of that which JSON Schema has no words for: YAML itself, what two entries say of each other,
# arithmetic, the calendar, and the registry of services.
BEYOND = re.compile(
    r"not valid YAML|a second document|anchors \(|aliases \(|tags \('|is not text to YAML"
    r"|': is given twice$|the name '.*' is given twice|is already |no asset has these tags|entries before it match all"
    r"|begins and ends at the same time|there is no such day|'9-2'|'10-5'|'no-such-service'"
    r"|10\.20\.0\.0/16|'10\.0\.0\.9-10\.0\.0\.1'"
)

# Taken by a parser, which is easier on people than a schema should be.
QUOTED_NUMBER = re.compile(r"rate: '7'")


class Loader(yaml.SafeLoader):
    """Words, numbers and null as the parsers have them: a day is text, and so is `on`."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def gather(programs):
    """(schema, text, error) of each text a parser was given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases"
        for program in programs:
            done = subprocess.run([program], env=os.environ | {"QM_YAML_CASES": str(path)}, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{program}: {done.stdout}{done.stderr}")
        words = path.read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    return list(zip(words[::3], words[1::3], words[2::3]))


def is_valid(validator, text):
    try:
        value = yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError):
        return False
    return value is None or validator.is_valid(value)  # a file of comments is a file that says nothing


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: check-yaml-schema.py SOURCE_ROOT UNIT_TEST...")
    validators, wrong, seen = {}, [], collections.Counter()
    for name in SCHEMAS:
        schema = json.loads((Path(sys.argv[1]) / f"data/schema/{name}.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        validators[name] = jsonschema.Draft7Validator(schema)
    for name, text, error in gather(sys.argv[2:]):
        taken = is_valid(validators[name], text)
        seen[name, bool(error)] += 1
        if error and taken and not BEYOND.search(error):
            wrong.append(f"{name}: the parser says '{error}', the schema takes it:\n{text}")
        elif not error and not taken and not QUOTED_NUMBER.search(text):
            value = yaml.load(text, Loader=Loader)
            says = "; ".join(f"{list(e.absolute_path)}: {e.message[:200]}" for e in validators[name].iter_errors(value))
            wrong.append(f"{name}: the parser takes it, the schema says {says}:\n{text}")
    for name in SCHEMAS:
        for refused in (False, True):
            if not seen[name, refused]:
                wrong.append(f"{name}: the unit tests gave no text that is {'refused' if refused else 'taken'}")
    print("\n".join(wrong) or ", ".join(f"{n} {'refused' if r else 'taken'} {count}" for (n, r), count in sorted(seen.items())))
    sys.exit(1 if wrong else 0)


main()
