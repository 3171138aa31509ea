#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual: its form, and that it has every command and option of the program: check-man.py PROGRAM PAGE...

The first page is that of the program. A page quaymaster-NAME.5 has the sections and keys of data/schema/NAME.schema.json.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

PROGRAM, *PAGES = sys.argv[1:]
OF_THIS_MACHINE = re.compile(r"mandoc\.db|referenced manual not found")  # which manuals it has


def output(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def in_help():
    """Each command and its long options, as the help has them."""
    for command in re.findall(r"^  (\w+) +\S", output(PROGRAM, "help").split("\n  help COMMAND")[0], re.MULTILINE):
        yield command, re.findall(r"^  (?:-\w, |    )--([\w-]+)", output(PROGRAM, "help", command), re.MULTILINE)


def in_manual(page):
    """The subsections of the rendered page, and the options that have an entry there."""
    text = re.sub(r".\x08", "", output("mandoc", "-Tascii", page))
    parts = re.split(r"^   (\S.*)$", text, flags=re.MULTILINE)
    return {title: set(re.findall(r"^ +(?:-\w, )?--([\w-]+)", part, re.MULTILINE)) for title, part in zip(parts[1::2], parts[2::2])}


def resolve(schema, value):
    """What a key may hold, where it is a mapping: through references and alternatives."""
    while "$ref" in value:
        value = schema["definitions"][value["$ref"].rpartition("/")[2]]
    for way in value.get("anyOf", []) + value.get("allOf", []):
        if found := resolve(schema, way):
            return found
    return value.get("items", value).get("properties", {}) if "$ref" not in value.get("items", {}) else resolve(schema, value["items"])


def entries_of(part):
    """Each entry of a subsection, and its text."""
    parts = re.split(r"^\.It Cm (\w+)$", part, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def faults_of_file_page(page):
    """Sections of the page are keys of the file; the entries of each are the keys of its items, each once, with those inside."""
    name = re.fullmatch(r"quaymaster-(\w+)\.5", page.name)[1]
    schema = json.loads((page.parents[1] / f"data/schema/{name}.schema.json").read_text())
    description = re.search(r"^\.Sh DESCRIPTION$(.*?)^\.Sh ", page.read_text(), re.MULTILINE | re.DOTALL)[1]
    parts = re.split(r"^\.Ss (.*)$", description, flags=re.MULTILINE)
    manual = dict(zip(parts[1::2], map(entries_of, parts[2::2])))
    file = {key: resolve(schema, value) for key, value in schema["properties"].items()}
    for section in sorted(set(file) ^ set(manual)):
        yield f"{page}: section '{section}' is not both here and in the schema"
    for section in sorted(set(file) & set(manual)):
        keys = [key for key, _ in manual[section]]
        for key in sorted(set(file[section]) ^ set(keys)) + [k for k in set(keys) if keys.count(k) > 1]:
            yield f"{page}: '{section}' and its key '{key}' are not both here and in the schema, once"
        for key, text in manual[section]:
            for inner in resolve(schema, file[section].get(key, {})):
                if not re.search(rf"^\.Cm {inner}\b", text, re.MULTILINE):
                    yield f"{page}: '{section}': '{key}' does not tell of '{inner}'"


def main():
    faults = [line for page in PAGES for line in output("mandoc", "-Tlint", page).splitlines()
              if not OF_THIS_MACHINE.search(line)]
    manual = in_manual(PAGES[0])
    commands = dict(in_help())
    if not {"audit", "host"} <= set(commands):
        faults.append(f"the help of '{PROGRAM}' names no commands: {sorted(commands)}")
    for command, options in commands.items():
        if command not in manual:
            faults.append(f"{PAGES[0]}: no subsection '{command}'")
        shared = manual["View options"] if command in ("audit", "host") else set()
        if command == "audit":  # has those of scan, but what makes no sense for it
            shared = shared | manual["scan"] - {"identify", "checkpoint", "resume"}
        faults += [f"{PAGES[0]}: '{command}' has an option --{o}" for o in options if o not in manual.get(command, set()) | shared]
        faults += [f"{PAGES[0]}: '{command}' has no option --{o}" for o in manual.get(command, set()) | shared if o not in options]
    for page in PAGES:
        if page.endswith(".5"):
            faults += faults_of_file_page(Path(page))
    print("\n".join(faults) or f"{len(commands)} commands, {sum(map(len, commands.values()))} options")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
