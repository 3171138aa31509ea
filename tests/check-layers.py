#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may use whom in src/, and which functions nobody may use: check-layers.py SOURCE-ROOT

What a folder may include is what the `dependencies:` of its src/X/meson.build name, and what those depend on in turn. The
compiler cannot hold this: one include path serves all folders. LAYERS says what may stand in `dependencies:` at all.
"""
import re
import sys
from pathlib import Path

# From the lowest up. A folder may use those of lower layers only, so the engines (in one layer) do not know each other.
LAYERS = [
    {"base"},
    {"model"},
    {"firewall", "knowledge", "gate"},
    {"collect", "scan", "identify", "import", "policy", "assess", "drift", "nft"},
    {"harden"},  # plans are made of what assess judged
    {"report", "store", "bus", "alert", "enforce"},
    {"cli", "http"},
    {"main"},
]
LAYER = {folder: number for number, layer in enumerate(LAYERS) for folder in layer}
# Programs of their own: nft links libnftables (GPL-2 only, see docs/licence.md), enforce changes the host.
ONLY_MAIN = {"nft", "enforce"}

# The headers of libraries, and the dependency that a folder must name to include them.
LIBRARIES = {
    "cap-ng.h": "libcap_ng",
    "seccomp.h": "libseccomp",
    "jansson.h": "jansson",
    "libsmartcols.h": "smartcols",
    "libsmartcols/": "smartcols",
    "libnetfilter_log/": "libnetfilter_log",
    "libxml/": "libxml",
    "nftables/": "libnftables",
    "openssl/": "libssl",
    "pthread.h": "threads",
    "sqlite3.h": "libsqlite",
    "systemd/": "libsystemd",
    "yaml.h": "libyaml",
}
GENERATED = re.compile(r"config\.h|\w+\.skel\.h")  # made in the build folder

BANNED = {
    "strcpy": "str_add, or pool_intern",
    "strcat": "str_add",
    "sprintf": "snprintf, or str_addf",
    "vsprintf": "vsnprintf, or str_addf",
    "strtok": "memchr on (pointer, length), or the wire cursor",
    "atoi": "str_to_u64, which tells what is no number",
    "atol": "str_to_u64, which tells what is no number",
    "system": "posix_spawn with a fixed argv",
    "popen": "posix_spawn with a fixed argv",
    "gets": "fd_read_file, with a limit",
}
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def words(text):
    return set(re.findall(r"\w+", text))


def declared(build):
    """The names in the `dependencies:` lists of the folder's library. A string in them would be a dependency() call."""
    lists = re.findall(r"dependencies:\s*\[([^\]]*)\]", re.sub(r"#[^\n]*", "", build))
    return set().union(*map(words, lists))


class Check:
    def __init__(self, root):
        self.root, self.source, self.faults = root, root / "src", 0
        self.uses = {"main": self.of_programs()}
        for build in sorted(self.source.glob("*/meson.build")):
            self.uses[build.parent.name] = declared(build.read_text())

    def fault(self, path, line, text):
        print(f"{path.relative_to(self.root)}:{line}: {text}")
        self.faults += 1

    def of_programs(self):
        programs = re.findall(r"executable\((.*?)\n\s*\)|executable\(([^\n]*)\)", (self.root / "meson.build").read_text(), re.DOTALL)
        return set().union(*(declared(a or b) for a, b in programs if "src/main/" in (a or b)))

    def reach(self, folder):
        """The folders that one may use, with those it gets through others."""
        found, todo = set(), [folder]
        while todo:
            for name in self.uses.get(todo.pop(), set()) & set(self.uses):
                if name not in found:
                    found.add(name)
                    todo.append(name)
        return found

    def folders(self):
        for path in sorted(p for p in self.source.iterdir() if p.is_dir()):
            if path.name not in LAYER:
                self.fault(path, 1, "this folder has no place in LAYERS of tests/check-layers.py")
            elif path.name not in self.uses:
                self.fault(path, 1, "this folder has no meson.build")
        for folder in sorted(set(self.uses) & set(LAYER)):
            build = self.source / folder / "meson.build"
            for name in sorted(self.uses[folder] & set(LAYER)):
                if LAYER[name] >= LAYER[folder]:
                    self.fault(build, 1, f"'{folder}' may not depend on '{name}': it is not in a lower layer")
                elif name in ONLY_MAIN and folder != "main":
                    self.fault(build, 1, f"'{folder}' may not depend on '{name}': only the program made of it may")

    def include(self, path, line, kind, header):
        folder = path.relative_to(self.source).parts[0]
        library = next((name for start, name in LIBRARIES.items() if header.startswith(start)), None)
        if library and library not in self.uses.get(folder, set()):
            self.fault(path, line, f"<{header}>: src/{folder}/meson.build does not name '{library}'")
        if kind == "<" or GENERATED.fullmatch(header) or (path.parent / header).is_file():
            return
        other = header.split("/")[0]
        if not (self.source / header).is_file():
            self.fault(path, line, f'"{header}": there is no src/{header}')
        elif other != folder and other not in self.reach(folder):
            self.fault(path, line, f'"{header}": src/{folder}/meson.build does not name \'{other}\' or what depends on it')

    def file(self, path):
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            self.include(path, line_of(text, match.start(1)), match[1], match[2])
        code = NO_CODE.sub(lambda m: "\n" * m[0].count("\n"), text)
        for match in BANNED_CALL.finditer(code):
            self.fault(path, line_of(code, match.start()), f"{match[1]}() is not used here: take {BANNED[match[1]]}")


def main():
    check = Check(Path(sys.argv[1]).resolve())
    files = sorted(p for p in check.source.rglob("*.[ch]"))
    check.folders()
    for path in files:
        check.file(path)
    print(f"{len(files)} files in {len(check.uses)} folders, {check.faults} faults")
    return 1 if check.faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
