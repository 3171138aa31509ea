#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The PowerShell of kits without a PowerShell: check-powershell.py SCRIPT...

Strings end on their line and brackets close in order; and what is generated (behind the line of $KitId) has none but the calls
that we write, with single-quoted words. It does not know the language: it says that nothing broke out of its quotes.
"""
import re
import sys
from pathlib import Path

TOKEN = re.compile(r"""(?P<comment>\#.*) | (?P<single>'(?:[^']|'')*') | (?P<double>"(?:[^"`]|`.)*") | (?P<open>[({\[]) | (?P<close>[)}\]])
                       | (?P<bad>['"`](?!\Z)) | (?P<rest>.)""", re.VERBOSE)
WORD = r"'[A-Za-z0-9 .,:/_@+=%()-]*'"
GENERATED = re.compile(rf"""( \$Kit(Id|Host)\ =\ {WORD} | function\ Invoke-Actions\ {{ | }} | Invoke-Kit | exit\ \$script:Failed
                             | [ ]+\#\ [A-Za-z0-9 .,:/_@+=%()-]* | [ ]+Write-Output\ {WORD} | [ ]+Stop-KitService\ '[A-Za-z0-9_.+-]+'
                             | [ ]+Add-KitRule\ '(Allow|Block)'\ '(TCP|UDP)'\ '\d+(-\d+)?'\ @\('[A-Za-z0-9.:-]+'(,\ '[A-Za-z0-9.:-]+')*\)
                             | )""", re.VERBOSE)
PAIRS = {")": "(", "}": "{", "]": "["}


def faults_of(path):
    generated, depth = False, []
    for number, line in enumerate(Path(path).read_text(encoding="ascii").splitlines(), 1):
        generated = generated or line.startswith("$KitId")
        if generated and not GENERATED.fullmatch(line):
            yield f"{path}:{number}: not one of our calls: {line}"
        for token in TOKEN.finditer(line):
            if token["bad"]:
                yield f"{path}:{number}: a string does not end: {line}"
            elif token["open"]:
                depth.append(token["open"])
            elif token["close"] and (not depth or depth.pop() != PAIRS[token["close"]]):
                yield f"{path}:{number}: a bracket closes nothing: {line}"
    if depth or not generated:
        yield f"{path}: brackets stay open ({depth}), or there is no generated part"


faults = [fault for path in sys.argv[1:] for fault in faults_of(path)]
print("\n".join(faults) or f"{len(sys.argv) - 1} files")
sys.exit(1 if faults else 0)
