# SPDX-License-Identifier: GPL-2.0-or-later
"""The inside view under valgrind: what the sanitizers of the other build do not see is memory that was never written.

The build without sanitizers is used (QM_RELEASE). valgrind 3.19 knows neither openat2 (a plain open takes its place where we ask
for our own root) nor BPF iterators (hence --no-bpf). quaymaster-nft is looked at by itself: quaymaster kills it once it
has written all, before valgrind could say its last word.
"""
import json
import os
import pathlib
import re

import pytest

from conftest import need_root, run

RELEASE = pathlib.Path(os.environ.get("QM_RELEASE", "build")).resolve()
RULES = """table ip nat {
    chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        tcp dport 8080 dnat to 10.0.0.2:80
    }
}"""
LISTENERS = """
sockets = []
for family, kind, address, port in (
        (socket.AF_INET, socket.SOCK_STREAM, "0.0.0.0", 23), (socket.AF_INET6, socket.SOCK_STREAM, "::", 443),
        (socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1", 161), (socket.AF_INET6, socket.SOCK_DGRAM, "::1", 53)):
    s = socket.socket(family, kind)
    s.bind((address, port))
    if kind == socket.SOCK_STREAM:
        s.listen()
    sockets.append(s)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 89)
print("ready", flush=True)
"""
PORTS = {("tcp", 23), ("tcp", 443), ("udp", 161), ("udp", 53), ("raw", 89), ("tcp", 8080)}

NFT = "quaymaster-nft"
COMMANDS = {
    "host": ["host", "--json", "--no-bpf", "--netns", "self"],
    "services": ["host", "--services", "--json", "--no-bpf", "--netns", "self"],
    "audit": ["audit", "--no-bpf"],  # every namespace there is: threads, setns
    "audit-json": ["audit", "--json", "--all", "--no-bpf", "--netns", "self"],
    "audit-csv": ["audit", "--format", "csv", "--no-bpf", "--netns", "self"],
    "audit-html": ["audit", "--format", "html", "--no-bpf", "--netns", "self"],
    "explain": ["explain", "23"],
    "explain-json": ["explain", "telnet", "--json"],
    NFT: ["list"],
}


def check_log(text):
    """No error, and no descriptor left open but those it was born with. False when it went on as another program."""
    errors = re.search(r"ERROR SUMMARY: (\d+) errors", text)
    assert not re.search(r"== +at 0x", text) and (not errors or errors[1] == "0"), text[-6000:]
    opened = re.findall(r"Open (?:file descriptor|AF_\S+ socket) \d+:.*\n(?!.*inherited).*", text)
    assert not opened, text[-6000:]
    return errors is not None


@need_root
@pytest.mark.parametrize("name", COMMANDS)
def test_clean(name, netns, tmp_path):
    ns = netns()
    ns.python(LISTENERS)
    ns.run("nft", "-f", "-", input=RULES)
    result = run(*ns.argv("valgrind", "--leak-check=full", "--errors-for-leak-kinds=all", "--show-leak-kinds=all",
                          "--track-origins=yes", "--track-fds=yes",
                          f"--log-file={tmp_path}/%p.log", RELEASE / (NFT if name == NFT else "quaymaster"), *COMMANDS[name]),
                 check=False, timeout=300)
    assert result.returncode in (0, 3), result.stderr  # 3: what others run here may not all be readable
    ended = [check_log(log.read_text(errors="replace")) for log in tmp_path.glob("*.log")]
    assert sum(ended) >= (2 if name == NFT else 1)  # it lists each namespace in a process of its own
    if name in ("host", "audit-json"):
        records = [json.loads(line) for line in result.stdout.splitlines()]
        seen = {(r["transport"], r["port"]) for r in records if r["type"] == "listener"}
        assert seen == PORTS
    else:
        assert {NFT: '"dnat"', "services": '"type":"service"'}.get(name, "23") in result.stdout
