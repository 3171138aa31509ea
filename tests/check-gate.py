#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Only src/gate/gate.c lets anything out: check-gate.py SOURCE-ROOT

Nothing else in src/scan and src/identify may call, or take the address of, what sends or connects. Netlink goes through base/netlink.h, files
are written through base/fd.h. The one exception: sendto(fd, NULL, 0, ...) wakes the kernel for a ring filled in memory, in a
file that asks gate_frame_allowed() before it fills in a frame.
"""
import re
import sys
from pathlib import Path

FOLDERS = ["gate", "identify", "scan"]
SENDERS = "sendmmsg|sendmsg|sendto|send|connect|write|writev|pwritev|pwritev2|splice|sendfile|vmsplice|io_uring_\\w+"
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
CALL = re.compile(rf"(?<![\w.>])({SENDERS})\s*\(")
# the function itself handed on: "= sendto", "(&send", ", connect)"; not a member of that name, not a system call's number
TAKEN = re.compile(rf"(?<!SCMP_SYS)[=(,?:]\s*&?({SENDERS})\s*[;,):]")
NUMBER = re.compile(r"\b(?:SYS|__NR)_(?:sendmmsg|sendmsg|sendto|connect|write|writev|io_uring_\w+)\b")
WAKE = re.compile(r"(?<![\w.>])sendto\s*\(\s*[^,()]+,\s*NULL\s*,\s*0\s*,")

# What must be seen, and what must not: the check is worth nothing when its expressions are not.
BAD = [
    "rc = sendmmsg(fd, m, n, 0);",
    "(void)send (fd, p, 1, 0);",
    "if (connect(fd, &a, len) < 0)",
    "n = writev(fd, v, 2);",
    "write(fd, p, n)",
    "int (*f)(int) = sendto;",
    "go(&sendmsg, 1);",
    "x = raw ? sendmsg : other;",
    "syscall(SYS_sendto, fd)",
    "sendto(fd, NULL, 0, 0, NULL, 0);",  # in a file that does not ask the gate
    "sendto(fd, frame, len, 0, NULL, 0); gate_frame_allowed(gate, &to);",
]
GOOD = [
    "gate_sendmmsg(gate, fd, m, to, n);",
    "rc = gate_connect(gate, fd, &a, 0, 80);",
    "m->send(m, probes, n); method.connect(1);",
    "int (*send)(struct method_state *m);",
    ".send = syn_send, .connect = other,",
    "{SCMP_SYS(sendmsg), SCMP_SYS(write)}",
    "fd_write_all(fd, p, n); discovery_send(d, p, 1);",
    '/* send(2) */ warn("connect(%d)");',
    "gate_frame_allowed(gate, &to); sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0);",
]


def faults(text):
    """(line, what) for everything that goes past the gate."""
    code = NO_CODE.sub(lambda m: "\n" * m[0].count("\n"), text)
    if "gate_frame_allowed" in code:
        code = WAKE.sub("wake(", code)
    for expression in (CALL, TAKEN, NUMBER):
        for match in expression.finditer(code):
            yield code.count("\n", 0, match.start()) + 1, match[match.lastindex or 0]


def main():
    source = Path(sys.argv[1]).resolve()
    gate = source / "src/gate/gate.c"
    files = sorted(p for folder in FOLDERS for p in (source / "src" / folder).rglob("*.[ch]") if p != gate)
    wrong = 0
    for sample in BAD:
        if not list(faults(sample)):
            print(f"the check itself is broken: it does not see: {sample}")
            wrong += 1
    for sample in GOOD:
        if list(faults(sample)):
            print(f"the check itself is broken: it finds fault with: {sample}")
            wrong += 1
    for path in files:
        for line, what in sorted(faults(path.read_text())):
            print(f"{path.relative_to(source)}:{line}: {what} goes past the gate: take gate_*() of gate/gate.h "
                  "(netlink: base/netlink.h, files: base/fd.h)")
            wrong += 1
    if not any(faults(gate.read_text())):
        print("src/gate/gate.c sends nothing: is the gate elsewhere now?")
        wrong += 1
    print(f"{len(files)} files, {wrong} faults")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
