#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether what reads nmap's XML reads ours: check-scan-xml.py SCAN.xml OTHER.xml. Uses ndiff where it is installed."""
import shutil
import subprocess
import sys
import xml.etree.ElementTree

# Children and attributes that nmap's published document type knows, as far as we use them.
KNOWN = {
    "nmaprun": ({"scaninfo", "host", "runstats"}, {"scanner", "args", "start", "startstr", "version", "xmloutputversion"}),
    "scaninfo": (set(), {"type", "protocol", "numservices", "services"}),
    "host": ({"status", "address", "hostnames", "ports", "hostscript"}, {"starttime", "endtime"}),
    "status": (set(), {"state", "reason", "reason_ttl"}),
    "address": (set(), {"addr", "addrtype"}),
    "hostnames": ({"hostname"}, set()),
    "hostname": (set(), {"name", "type"}),
    "ports": ({"extraports", "port"}, set()),
    "extraports": ({"extrareasons"}, {"state", "count"}),
    "extrareasons": (set(), {"reason", "count", "proto"}),
    "port": ({"state", "service"}, {"protocol", "portid"}),
    "state": (set(), {"state", "reason", "reason_ttl"}),
    "service": ({"cpe"}, {"name", "product", "version", "hostname", "tunnel", "method", "conf"}),
    "cpe": (set(), set()),
    "hostscript": ({"script"}, set()),
    "script": (set(), {"id", "output"}),
    "runstats": ({"finished", "hosts"}, set()),
    "finished": (set(), {"time", "timestr", "elapsed", "exit", "errormsg"}),
    "hosts": (set(), {"up", "down", "total"}),
}


def faults(element):
    children, attributes = KNOWN[element.tag]
    yield from (f"<{element.tag}> has an attribute '{a}'" for a in element.attrib if a not in attributes)
    for child in element:
        if child.tag not in children:
            yield f"<{element.tag}> has a child <{child.tag}>"
        else:
            yield from faults(child)


def main():
    found = []
    for path in sys.argv[1:]:
        root = xml.etree.ElementTree.parse(path).getroot()
        found += [f"{path}: {fault}" for fault in faults(root)]
        if not root.findall("host") or root.find("runstats/finished") is None:
            found.append(f"{path}: no hosts, or not closed")
    if shutil.which("ndiff"):
        same = subprocess.run(["ndiff", sys.argv[1], sys.argv[1]], capture_output=True, text=True)
        other = subprocess.run(["ndiff", *sys.argv[1:3]], capture_output=True, text=True)
        if (same.returncode, other.returncode) != (0, 1):
            found.append(f"ndiff gave {same.returncode} and {other.returncode}: {same.stderr}{other.stderr}")
        elif "91 closed" not in other.stdout:
            found.append(f"ndiff does not see what is listed in the second: {other.stdout}")
    print("\n".join(found) or "read by python" + (" and ndiff" if shutil.which("ndiff") else "; ndiff is not installed"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
