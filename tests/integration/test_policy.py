# SPDX-License-Identifier: GPL-2.0-or-later
"""policy.yaml as one uses it: written from what listens, checked, approved entry by entry, explained, and a gate in CI."""
import csv
import datetime
import fcntl
import io
import json
import os
import re
import shlex
import shutil
import subprocess

import pytest

from conftest import need_root, run

SERVERS = """
def tcp(address, port):
    s = socket.socket(socket.AF_INET); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((address, port)); s.listen(); return s
def udp(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((address, port)); return s
kept = [(tcp if t == "tcp" else udp)(a, int(p)) for t, a, p in (word.split(",") for word in sys.argv[1:])]
print("ready", flush=True)
"""
EXE = os.path.realpath("/usr/bin/python3")
TODAY = datetime.datetime.now(datetime.timezone.utc).date()  # UTC, as expiry is
ONE = ["tcp,0.0.0.0,8443"]


def day(offset):
    return (TODAY + datetime.timedelta(days=offset)).isoformat()


class Site:
    """A namespace with listeners, and a configuration folder."""

    def __init__(self, qm, ns, folder):
        self.qm, self.ns, self.folder, self.path = qm, ns, folder, folder / "policy.yaml"

    def serve(self, *places):
        return self.ns.python(SERVERS, *places)

    def write(self, text):
        self.path.write_text(text)
        return self

    def policy(self, word, *argv, code=0, **kwargs):
        rest = ["--netns", "self"] if word in ("init", "explain") else []
        done = self.qm("policy", word, *argv, "--config", self.folder, *rest, ns=self.ns, check=False, **kwargs)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def approve(self, port, *argv, code=0):
        return self.policy("approve", port, "--need", "shop", "--owner", "web", "--approved-by", "joe", *argv, code=code)

    def audit(self, *argv, code=0, **kwargs):
        done = self.qm("audit", "--config", self.folder, "--netns", "self", *argv, ns=self.ns, check=False, **kwargs)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def verdicts(self, **kwargs):
        lines = map(json.loads, self.audit("--json", **kwargs).stdout.splitlines())
        return {(r["transport"], r["port"]): r["verdict"] for r in lines if r["type"] == "listener"}

    def verdict(self, **kwargs):
        (one,) = self.verdicts(**kwargs).values()
        return one


@pytest.fixture
def site(qm, netns, open_folder):
    return Site(qm, netns(), open_folder)


# --- init, approve, explain -------------------------------------------------------------------------


@need_root
def test_from_nothing_to_approved(site):
    """What one does on the first day; `need: TODO` never counts, and what is approved does."""
    site.serve("tcp,0.0.0.0,8443", "tcp,127.0.0.1,9001", "udp,0.0.0.0,5353")
    assert set(site.verdicts().values()) == {None}  # without a policy nothing is judged
    said = site.policy("init")
    assert said.stderr == f"{site.path}: 3 entries, each to be filled in; `quaymaster policy check` tells what is left\n" and said.stdout == ""
    text = site.path.read_text()
    assert text.count("need: TODO") == 3 and f"process: {EXE}" in text
    assert re.search(r"  # 0\.0\.0\.0:8443/tcp in netns \S+: process python3.* user root", text)
    assert re.search(r"# 127\.0\.0\.1:9001/tcp.*\n  - port: 9001/tcp\n.*\n    from: loopback\n", text)
    assert site.path.stat().st_mode & 0o777 == 0o644  # the watch, which is not root, goes by it, too
    assert set(site.verdicts().values()) == {"unapproved"}
    site.audit("--fail-on", "unapproved", code=1)

    before = site.path.read_text()
    assert "is there already" in site.policy("init", code=2).stderr and site.path.read_text() == before
    (step,) = [r["remediation"][0] for r in map(json.loads, site.audit("--json").stdout.splitlines())
               if r["type"] == "finding" and r["rule"] == "policy.unapproved" and r["subject"]["port"] == 8443]
    words = shlex.split(step.partition("quaymaster policy approve ")[2].partition(" --need")[0])
    assert step.startswith("Needed? Fill in line ") and words == ["8443/tcp", "--process", EXE]
    said = site.approve(*words, "--expires", day(30), "--ticket", "CHG-7")
    after = site.path.read_text()
    line = 1 + before.splitlines().index("  - port: 8443/tcp")
    assert f"{site.path}: filled in the entry of line {line} with the approval of 8443/tcp\n" in said.stderr
    assert re.sub(r"    need: shop\n(    (owner|approved_by|approved_on|expires|ticket): .*\n){5}", "    need: TODO\n", after) == before
    assert re.search(rf"    process: {EXE}\n    from: \w+\n    need: shop\n    owner: web\n    approved_by: joe\n", after)
    assert site.verdicts() == {("tcp", 8443): "approved", ("tcp", 9001): "unapproved", ("udp", 5353): "unapproved"}
    assert site.policy("check").stdout.count("has no need yet") == 2
    again = site.approve("8443/tcp", "--ticket", "CHG-8")  # none waits any more
    assert again.stderr.startswith(f"{site.path}: added the approval of 8443/tcp\n") and "waits" not in again.stderr
    assert "CHG-8" in site.path.read_text()
    site.write(after.replace("need: TODO", "need: seen to it"))
    assert set(site.verdicts().values()) == {"approved"}
    site.audit("--fail-on", "unapproved")


@need_root
def test_init_writes_nothing_wider(site):
    """A program names itself as it likes: its entry is for it alone, or there is none, and no command approves it."""
    exact = ["plain", "a: b # c", 'q"o\\te', "br[a-z]", "caf\u00e9"]
    wide = ["st*r", "wh?t", "new\nline", "esc\x1b[1m", "\u202eoverride", "\ufffe", "blank "]
    (site.folder / "bin").mkdir()
    for i, name in enumerate(exact + wide):
        program = site.folder / "bin" / name
        shutil.copyfile(EXE, program)
        program.chmod(0o755)
        site.ns.python(SERVERS, f"tcp,0.0.0.0,{9000 + i}", executable=str(program))
    said = site.policy("init").stderr
    assert f"{len(exact)} entries, each to be filled in;" in said and f"{len(wide)} more got no entry; comments in it say why\n" in said
    text = site.path.read_text()
    assert text.count("# no entry, as it would be for other programs, too: the path of its program ") == len(wide)
    for i in range(len(exact + wide)):
        assert (f"  - port: {9000 + i}/tcp\n    process: " in text) == (i < len(exact)), text
    steps = [r["remediation"] for r in map(json.loads, site.audit("--json").stdout.splitlines())
             if r["type"] == "finding" and r["rule"] == "policy.unapproved" and r["subject"]["port"] >= 9000 + len(exact)]
    assert len(steps) == len(wide) and "policy approve" not in json.dumps(steps)
    site.write(text.replace("need: TODO", "need: seen to it"))
    assert {port for (_, port), verdict in site.verdicts().items() if verdict == "approved"} == set(range(9000, 9000 + len(exact)))
    for child in list(site.ns.children):
        site.ns.end(child)
    site.serve(*[f"tcp,0.0.0.0,{9000 + i}" for i in range(len(exact))])  # another program takes their ports
    assert set(site.verdicts().values()) == {"unapproved"}


@need_root
def test_init_opens_no_further(site):
    """Ports that follow each other are one entry only where all are reached from as far."""
    site.serve("tcp,127.0.0.1,9000", "tcp,0.0.0.0,9001", "tcp,127.0.0.1,9001", "tcp,0.0.0.0,9002", "tcp,127.0.0.1,9003", "tcp,127.0.0.1,9004")
    site.ns.run("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1")
    site.ns.run("ip", "addr", "add", "198.51.99.1/24", "dev", "d0")
    site.ns.run("ip", "link", "set", "d0", "up")
    site.policy("init")
    wide = re.findall(r"  - port: ([\d-]+)/tcp\n.*\n    from: (\w+)\n", site.path.read_text())
    assert wide == [("9000", "loopback"), ("9001-9002", "private"), ("9003-9004", "loopback")]
    site.path.unlink()
    site.ns.run("nft", "add table inet t; add chain inet t i { type filter hook input priority 0; policy drop; }; "
                "add rule inet t i iif lo accept")
    site.policy("init")
    assert re.findall(r"from: (\w+)", site.path.read_text()) == ["loopback"]


@need_root
def test_approve_asks_which(site):
    """Two programs on one port are two decisions."""
    head = "allow:\n  - {port: 53/udp, process: /usr/sbin/a, need: TODO}\n  - {port: 53/udp, process: /usr/sbin/b, need: TODO}\n"
    site.write(head)
    assert "the entries of line 2 and line 3 both wait for a need" in site.approve("53/udp", code=2).stderr
    assert site.path.read_text() == head
    assert "filled in the entry of line 3" in site.approve("53/udp", "--process", "b").stderr
    assert "filled in the entry of line 2" in site.approve("53/udp", "--from", "private").stderr
    text = site.path.read_text()
    assert len(text.splitlines()) == 3 and text.count("need: TODO") == 0
    assert text.splitlines()[1].count('from: "private"') == 1 and "from" not in text.splitlines()[2]


@need_root
@pytest.mark.parametrize("line", ["need: TODO", "need: todo", 'need: "TODO: ask Joe"', "need: ", 'need: ""', "need: ~"])
def test_what_is_no_need(site, line):
    """However it is written: refused, or it approves nothing."""
    site.serve(*ONE)
    site.write(f"allow:\n  - port: 8443/tcp\n    {line}\n")
    done = site.qm("audit", "--json", "--netns", "self", "--config", site.folder, ns=site.ns, check=False)
    if done.returncode == 2:
        assert "policy.yaml:3: field 'allow[0].need'" in done.stderr
    else:
        assert site.verdict() == "unapproved"


@need_root
def test_approve_keeps_the_file(site):
    """Comments, order, line ends, mode; the new entry behind the last one."""
    head = "# ours\nallow:\n    # shop\n    - {port: 80/tcp, need: web}  # keep\n\ndeny:\n    - port: 23/tcp # never\n"
    site.write(head).path.chmod(0o640)
    site.approve("443/tcp", "--protocol", "https")
    text = site.path.read_text()
    assert [line for line in text.splitlines() if line in head.splitlines()] == head.splitlines()
    assert text.index("# keep") < text.index("port: 443/tcp") < text.index("deny:")
    assert site.path.stat().st_mode & 0o777 == 0o640
    assert list(site.folder.iterdir()) == [site.path]
    assert ": 2 approvals, 1 prohibition, " in site.policy("check").stdout


@need_root
def test_explain(site):
    site.serve("tcp,0.0.0.0,8443", "tcp,127.0.0.1,8443")
    site.write("allow:\n  - {port: 80/tcp, need: web}\n  - {port: 8443/tcp, process: /usr/sbin/nginx, need: shop}\n"
               "  - {port: 8443/tcp, from: loopback, need: local}\n")
    text = site.policy("explain", "127.0.0.1:8443/tcp").stdout
    assert "is approved: line 4 approves 8443/tcp: local" in text and "0.0.0.0" not in text
    assert "- line 3, allow 8443/tcp does not apply: it is for process /usr/sbin/nginx" in text and "line 2" not in text
    assert "- line 2, allow 80/tcp does not apply" in site.policy("explain", "127.0.0.1:8443/tcp", "--all").stdout
    assert site.policy("explain", "8443").stdout.count("can be reached from: ") == 2
    records = [json.loads(line) for line in site.policy("explain", "0.0.0.0:8443/tcp", "--json").stdout.splitlines()]
    assert [r["type"] for r in records] == ["policy-explanation", "summary"]
    assert records[0]["verdict"] == "unapproved" and [t["line"] for t in records[0]["tried"]] == [3, 4]
    assert not any(t["applies"] for t in records[0]["tried"]) and records[1]["listeners"] == 1
    assert site.policy("explain", "1/tcp").stdout == "nothing listens on 1/tcp\n"
    for wrong in ("443/x", "x/tcp", "70000/tcp", "1.2.3.4.5:1/tcp", ""):
        assert f"'{wrong}' is not a listener" in site.policy("explain", wrong, code=2).stderr
    assert "needs one port or listener" in site.policy("explain", code=2).stderr
    assert "'nonsense' is none of init, check" in site.qm("policy", "nonsense", check=False).stderr


# --- each option ------------------------------------------------------------------------------------

# of approve: what it writes, and a value with which the listener stays unapproved
CHOOSING = {
    "process": (EXE, "/usr/sbin/nginx"), "package": ("python3*", "nginx"), "user": ("root", "nobody"),
    "unit": (None, "nginx.service"), "container": (None, "web"), "from": ("link", "loopback"), "on": ("web1", "web2"),
    "protocol": ("https", None),
}
TELLING = {"approved-on": day(-1), "expires": day(9), "ticket": "CHG-1", "basis": "deemed-needed"}


@need_root
@pytest.mark.parametrize("option", sorted(CHOOSING))
def test_options_that_choose(site, option):
    site.serve(*ONE)
    right, wrong = CHOOSING[option]
    for value, verdict in ((right, "approved"), (wrong, "unapproved")):
        if not value:
            continue
        site.write("allow: []\n")
        if option == "on":
            name = site.ns.run("hostname").stdout.strip()
            value = {"web1": name, "web2": "web2"}[value]
        site.approve("8443/tcp", f"--{option}", value)
        assert f"    {option}: " in site.path.read_text()
        assert site.verdict() == verdict, (option, value, site.path.read_text())


@need_root
def test_options_that_tell(site):
    site.serve(*ONE)
    site.write("allow: []\n")
    site.approve("8443/tcp", *[word for option, value in TELLING.items() for word in (f"--{option}", value)])
    text = site.path.read_text()
    for key, value in {**TELLING, "need": "shop", "owner": "web", "approved-by": "joe"}.items():
        assert f"{key.replace('-', '_')}: {value}\n" in text
    assert site.verdict() == "approved"
    assert "shop (deemed-needed: the device cannot close it)" in site.policy("explain", "8443").stdout


@need_root
def test_every_option_is_tried(site, qm):
    """What the help names, and nothing else; those of init, check and explain have tests of their own here."""
    named = set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", qm("help", "policy").stdout, re.MULTILINE))
    tried = {*CHOOSING, *TELLING, "need", "owner", "approved-by", "output", "netns", "all", "json", "config", "no-bpf"}
    assert named == tried


@need_root
def test_options_of_looks(site, netns, tmp_path):
    """--netns, --no-bpf, --output."""
    site.serve(*ONE)
    other = netns()
    other.python(SERVERS, "tcp,0.0.0.0,7777")
    one, two = tmp_path / "one", tmp_path / "two"
    site.policy("init", "--no-bpf", "-o", one)
    assert EXE in one.read_text() and not site.path.exists() and one.stat().st_mode & 0o777 == 0o600
    site.qm("policy", "init", "--output", two, "--netns", other.name)
    assert "7777/tcp" in two.read_text() and "8443" not in two.read_text()
    site.write("allow:\n  - {port: 7777/tcp, need: x}\n")
    text = site.qm("policy", "explain", "7777", "--netns", other.name, "--config", site.folder, "--no-bpf").stdout
    assert "is approved" in text and EXE.rpartition("/")[2][:7] in text
    assert site.policy("explain", "7777").stdout == "nothing listens on 7777\n"


@need_root
@pytest.mark.parametrize("argv, says", [
    (["8443/tcp", "--need", "x"], "'--owner' is missing"), (["8443/tcp", "--owner", "x"], "'--need' is missing"),
    (["0/tcp"], "'0/tcp' is not a port"), (["70000/tcp"], "is not a port"), (["no-such-name"], "is not a port"),
    (["9-2/tcp"], "is not a port"), (["ip/300"], "is not an IP protocol"),
    (["1/tcp", "--expires", "2027-02-29"], "there is no such day"), (["1/tcp", "--expires", "1.2.2027"], "is not a day"),
    (["1/tcp", "--approved-on", "2027-13-01"], "there is no such day"), (["1/tcp", "--from", "10.0.0.1/8"], "is not loopback"),
    (["1/tcp", "--need", ""], "is empty"), (["1/tcp", "--ticket", "a\nb"], "control characters"),
    (["1/tcp", "--on", 'a"b'], "is not the name of a machine"), (["1/tcp", "--basis", "whim"], "is none of deemed-needed"),
    (["1/tcp", "--need", "TODO"], "'--need TODO' is no need"),
    ([], "one port or listener"), (["1", "2"], "one argument too many")], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_what_cannot_be_approved(site, argv, says):
    """Told, and the file stays as it was."""
    site.write("allow: [] # none\n")
    rest = [] if argv and ("--need" in argv or "--owner" in argv) and len(argv) == 3 and argv[0] == "8443/tcp" else [
        *(["--need", "x"] if "--need" not in argv else []), "--owner", "x"]
    assert says in site.policy("approve", *argv, *rest, code=2).stderr
    assert site.path.read_text() == "allow: [] # none\n"


# --- what is wrong in the file ----------------------------------------------------------------------

ENTRY = "allow:\n  - port: 22/tcp\n    need: x\n"
BAD = {
    "port 0": ("allow:\n  - port: 0\n", "2: field 'allow[0].port': '0' is not a port"),
    "port 70000": ("allow:\n  - port: 70000/udp\n", "2: field 'allow[0].port': '70000/udp' is not a port"),
    "range": ("allow:\n  - port: 9-2\n", "2: field 'allow[0].port': '9-2' is not a port"),
    "no such day": (ENTRY + "    expires: 2027-02-29\n", "4: field 'allow[0].expires': '2027-02-29': there is no such day"),
    "31st of April": (ENTRY + "    approved_on: 2027-04-31\n", "4: field 'allow[0].approved_on': '2027-04-31': there is no"),
    "no day": (ENTRY + "    expires: next year\n", "4: field 'allow[0].expires': 'next year' is not a day as 20"),
    "unknown key": (ENTRY + "    prot: ssh\n", "4: field 'allow[0].prot': unknown; known are port"),
    "unknown section": (ENTRY + "alow: []\n", "4: field 'alow': unknown"),
    "key twice": (ENTRY + "    port: 23/tcp\n", "4: field 'allow[0].port': is given twice"),
    "section twice": (ENTRY + "allow: []\n", "4: field 'allow': is given twice"),
    "tab": (ENTRY + "\towner: x\n", "4: not valid YAML: begins with a tab; indent with blanks"),
    "tab behind blanks": ("allow:\n  \t- port: 1\n", "2: not valid YAML: begins with a tab"),
    "anchor": ("allow: &a\n  - port: 22\n", "1: field 'allow': anchors ('&name') are not supported"),
    "alias": ("allow: *a\n", "1: field 'allow': aliases ('*name') are not supported"),
    "bomb": ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi")),
             "1: field 'a': anchors"),
    "tag": ("allow: !!python/object:os.system x\n", "1: field 'allow': tags ('!type') are not supported"),
    "directive": ("# x\n%TAG ! x\n---\nallow: []\n", "2: begins with '%'; directives are not supported"),
    "two documents": (ENTRY + "---\nallow: []\n", "4: a second document"),
    "no mapping": ("- x\n", "1: expected a mapping"),
    "no list": ("allow: {port: 1}\n", "1: field 'allow': expected a list"),
    "nested": ("allow:\n  - " + "[" * 500000 + "\n", "2: field 'allow[0]': expected a mapping"),
    "chooses nothing": ("allow:\n  - need: all of it\n", "2: field 'allow[0]': chooses nothing"),
    "host bits": (ENTRY + "    from: 10.0.0.1/8\n", "4: field 'allow[0].from': '10.0.0.1/8' is not loopback"),
    "no UTF-8": (b"allow:\n  - port: 22\n    need: \xff\n", "3: not valid YAML: invalid leading UTF-8"),
    "zero bytes": (b"\0" * 100, "1: not valid YAML"),
}


@need_root
@pytest.mark.parametrize("what", BAD)
def test_bad_files(site, what):
    """File, line and field; every command that reads the policy ends with 2, and prints nothing but that."""
    text, says = BAD[what]
    site.path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for word, argv in (("policy", ["check"]), ("audit", ["--netns", "self"]), ("policy", ["explain", "22/tcp", "--netns", "self"]),
                       ("policy", ["approve", "1/tcp", "--need", "x", "--owner", "y"])):
        done = site.qm(word, *argv, "--config", site.folder, ns=site.ns, check=False)
        assert (done.returncode, done.stdout) == (2, ""), (word, argv)
        assert done.stderr.startswith(f"quaymaster {word}: {site.path}:{says}"), done.stderr
        assert done.stderr.count("\n") == 1 and len(done.stderr) < 600


@need_root
def test_garbage(site):
    """1 MiB of anything: refused with a line, soon; and what is larger is not read."""
    for seed in range(3):
        data = bytes((i * 2654435761 >> (11 + seed)) & 255 for i in range(1 << 20))
        site.path.write_bytes(data)
        assert re.match(rf"quaymaster policy: {site.path}:\d+: ", site.policy("check", code=2, timeout=30).stderr)
    site.path.write_bytes(b"#" * ((1 << 20) + 1))
    assert "larger than 1048576 bytes" in site.policy("check", code=2).stderr
    site.path.write_bytes(b"#" * (1 << 20))
    site.policy("check")


@pytest.mark.parametrize("word", [["check"], ["explain", "1/tcp"]])
def test_what_cannot_be_written_is_told(site, word):
    site.write("allow:\n  - {port: 80/tcp, need: web}\n")
    rest = ["--netns", "self"] if word[0] == "explain" else []
    with open("/dev/full", "w") as full:
        done = subprocess.run([site.qm.program, "policy", *word, "--config", site.folder, *rest], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 3 and "cannot write" in done.stderr


@need_root
def test_networks_with_host_bits(site):
    site.write(ENTRY)
    (site.folder / "estate.yaml").write_text("networks:\n  - zone: x\n    cidr: 10.0.0.1/8\n")
    assert "estate.yaml:3: field 'networks[0].cidr': '10.0.0.1/8' has bits set behind the prefix: did you mean 10.0.0.0/8?" in \
        site.policy("check", code=2).stderr


@need_root
def test_who_may_write_it(site):
    """Root takes no policy that others could have written."""
    site.write(ENTRY).path.chmod(0o666)
    assert "refused" in site.policy("check", code=2).stderr
    site.path.chmod(0o644)
    site.folder.chmod(0o777)
    assert "refused" in site.policy("check", code=2).stderr


# --- check ------------------------------------------------------------------------------------------

WARNED = f"""allow:
  - {{port: 80/tcp, need: web, owner: a, approved_by: b, process: nginx, expires: 2999-01-01}}
  - {{port: 25/tcp, need: mail, owner: a, approved_by: b, process: exim, expires: {day(-1)}}}
  - {{port: 81/tcp, need: web, owner: a, approved_by: A, process: nginx, expires: 2999-01-01}}
  - {{port: 1-60000/tcp, need: all, owner: a, approved_by: b, expires: 2999-01-01}}
  - {{port: 59000-61000/tcp, need: more, owner: a, approved_by: b, expires: 2999-01-01}}
  - {{port: 90/tcp, need: TODO}}
  - {{port: 23/tcp, need: old, owner: a, approved_by: b, process: telnetd, expires: 2999-01-01}}
deny:
  - {{port: 23/tcp, why: never}}
"""
WARNINGS = {3: "expired", 4: "owner", 5: "whoever listens there", 6: "overlaps", 7: "no need yet", 8: "shadowed: line 10 prohibits"}


@need_root
def test_check_warns(site):
    text = site.write(WARNED).policy("check").stdout
    for line, word in WARNINGS.items():
        assert re.search(rf"^{site.path}:{line}: .*{word}", text, re.MULTILINE), (line, text)
    assert text.splitlines()[-1].startswith(f"{site.path}: 7 approvals, 1 prohibition, ")
    records = [json.loads(line) for line in site.policy("check", "--json").stdout.splitlines()]
    assert records[-1]["warnings"] == len(records) - 1 == len(text.splitlines()) - 1 and records[-1]["allow"] == 7
    assert {r["line"] for r in records[:-1]} >= set(WARNINGS) and records[0]["file"] == str(site.path)
    assert site.write("allow:\n  - {port: 80/tcp, need: web, owner: a, approved_by: b, process: nginx, expires: 2999-01-01}\n"
                      ).policy("check").stdout == f"{site.path}: 1 approval, 0 prohibitions, 0 warnings\n"


@need_root
def test_approved_at_once(site):
    """Of many that write at the same moment none loses what another one wrote."""
    site.write("allow:\n  - port: 22/tcp\n    need: administration\n    owner: ops\n    approved_by: joe\n")
    children = [subprocess.Popen(site.ns.argv(site.qm.program, "policy", "approve", f"{port}/tcp", "--need", "shop", "--owner", "web",
                                              "--approved-by", "joe", "--config", site.folder), stderr=subprocess.PIPE, text=True)
                for port in range(8000, 8012)]
    assert [(child.communicate(timeout=60)[1].count("added"), child.returncode) for child in children] == [(1, 0)] * 12
    text = site.path.read_text()
    assert all(f"port: {port}/tcp" in text for port in range(8000, 8012)), text
    lock = os.open(site.folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    said = site.approve("8100/tcp", code=2).stderr
    os.close(lock)
    assert "another process holds the lock of its folder" in said and "8100" not in site.path.read_text()


@need_root
def test_approve_warns_of_what_it_added(site):
    site.write("allow:\n  - {port: 80/tcp, need: web, owner: web, approved_by: web}\n")
    done = site.policy("approve", "81/tcp", "--need", "x", "--owner", "web", "--approved-by", "web")
    assert f"warning: {site.path}:" in done.stderr and "owner" in done.stderr and f"{site.path}:2" not in done.stderr


# --- days -------------------------------------------------------------------------------------------


@need_root
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "AAA-14", "BBB12"])
def test_days_are_of_utc(site, zone):
    """The last day holds wherever the machine thinks it is; the day after does not."""
    site.serve(*ONE)
    env = {**os.environ, "TZ": zone}
    for offset, verdict in ((0, "approved"), (1, "approved"), (-1, "expired")):
        today = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=offset)
        site.write(f"allow:\n  - {{port: 8443/tcp, need: x, expires: {today}}}\n")
        assert site.verdict(env=env) == verdict, (zone, offset)
    site.write("allow: []\n")
    site.qm("policy", "approve", "8443/tcp", "--need", "x", "--owner", "y", "--config", site.folder, env=env)
    assert f"approved_on: {datetime.datetime.now(datetime.timezone.utc).date()}\n" in site.path.read_text()


@need_root
def test_leap_days(site):
    site.serve(*ONE)
    for text, verdict in (("2048-02-29", "approved"), ("2024-02-29", "expired"), ("9999-12-31", "approved")):
        site.write(f"allow:\n  - {{port: 8443/tcp, need: x, expires: {text}}}\n")
        assert site.verdict() == verdict
    assert "no such day" in site.write("allow:\n  - {port: 1, need: x, expires: 2100-02-29}\n").policy("check", code=2).stderr


# --- audit ------------------------------------------------------------------------------------------

MIXED = f"""allow:
  - {{port: 8443/tcp, need: shop}}
  - {{port: 9001/tcp, need: old, expires: {day(-3)}}}
  - {{port: 23/tcp, need: old}}
deny:
  - {{port: 23/tcp, why: nobody uses telnet}}
"""
VERDICTS = {8443: "approved", 9001: "expired", 23: "prohibited", 7000: "unapproved"}


@need_root
def test_verdicts_in_every_format(site):
    site.serve(*[f"tcp,0.0.0.0,{port}" for port in VERDICTS])
    site.write(MIXED)
    assert site.verdicts() == {("tcp", port): verdict for port, verdict in VERDICTS.items()}

    rows = list(csv.DictReader(io.StringIO(site.audit("--format", "csv").stdout)))
    assert {int(r["port"]): r["verdict"] for r in rows if r["port"]} == VERDICTS
    assert all(r["verdict_why"] for r in rows if r["port"])

    text = site.audit("--all").stdout
    for port, verdict in VERDICTS.items():
        assert re.search(rf"^{port}/tcp .* {verdict}$", text, re.MULTILINE), (port, text)
    for words in ("23/tcp (python3) is open and prohibited", "9001/tcp", "nobody uses telnet"):
        assert words in text or words.replace("python3", EXE.rpartition("/")[2]) in text, words

    page = site.audit("--format", "html").stdout
    for verdict in VERDICTS.values():
        assert re.search(rf">\s*{verdict}\b", page), verdict

    log = json.loads(site.audit("--format", "sarif").stdout)
    results = log["runs"][0]["results"]
    rules = {r["ruleId"] for r in results}
    assert {"policy.unapproved", "policy.expired", "policy.prohibited"} <= rules
    assert "23/tcp" in json.dumps([r for r in results if r["ruleId"] == "policy.prohibited"])


@need_root
def test_unused_approvals_are_found(site):
    """Told where the whole was seen, and not by a look at a part of it."""
    site.write("allow:\n  - {port: 1/tcp, process: /no/such/program, need: nothing}\n  - {port: 2/tcp, process: /no/such/other, need: TODO}\n"
               "  - {port: 3/tcp, need: elsewhere, on: {name: another-host}}\n")
    done = site.qm("audit", "--json", "--config", site.folder, check=False)
    found = [r for r in map(json.loads, done.stdout.splitlines()) if r["type"] == "finding" and r["rule"] == "policy.unused"]
    if done.returncode == 3:
        assert not found
    else:
        assert [(r["subject"]["line"], r["verdict"]) for r in found] == [(2, "unused"), (3, "unused")]
        assert [r["title"].split()[0] for r in found] == ["Nothing", "The"] and "filled in" in found[1]["title"]
        assert "line 2" in site.qm("audit", "--config", site.folder).stdout
    assert "policy.unused" not in site.audit("--json").stdout


@need_root
def test_findings_of_several_ports(site):
    """One program's are one thing to do, and the title has all of its ports; another one of the same interpreter is another."""
    site.serve("tcp,127.0.0.1,9701", "tcp,127.0.0.1,9702", "tcp,127.0.0.2,9702")
    site.serve("tcp,127.0.0.1,9703")
    site.write("allow:\n  - {port: 8443/tcp, need: shop}\n")
    titles = [line for line in site.audit().stdout.splitlines() if "not approved" in line and "970" in line]
    assert len(titles) == 2 and len([t for t in titles if t.endswith(" (also 9702/tcp)")]) == 1, titles
    assert [t for t in titles if "9703/tcp" in t and "also" not in t], titles


@need_root
def test_a_gate(site):
    """As a step of CI: sarif on standard output, and the exit status says whether anything else is open."""
    gate = ["--fail-on", "unapproved", "--format", "sarif"]
    assert "needs a policy.yaml" in site.audit(*gate, code=2).stderr
    site.serve(*ONE)
    site.write("allow:\n  - {port: 8443/tcp, need: shop}\n")
    json.loads(site.audit(*gate).stdout)
    more = site.serve("tcp,127.0.0.1,9999")
    log = json.loads(site.audit(*gate, code=1).stdout)
    (result,) = [r for r in log["runs"][0]["results"] if r["ruleId"] == "policy.unapproved"]
    assert "9999/tcp" in json.dumps(result)
    site.audit("--fail-on", "prohibited")
    site.audit("--fail-on", "expired", code=1)  # as bad as unapproved
    site.ns.end(more)
    site.audit(*gate)
    site.write(f"allow:\n  - {{port: 8443/tcp, need: shop, expires: {day(-1)}}}\n").audit(*gate, code=1)
    site.write("allow:\n  - {port: 8443/tcp, need: shop}\ndeny:\n  - {port: 8443/tcp}\n").audit("--fail-on", "prohibited", code=1)
    assert "must be a severity" in site.audit("--fail-on", "approved", code=2).stderr


@need_root
def test_the_first_policy_makes_its_folder(site):
    site.serve(*ONE)
    home = site.folder / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    argv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "-u", "XDG_CONFIG_HOME", f"HOME={home}",
            str(site.qm.program), "policy"]
    check = site.ns.run(*argv, "check", cwd=home, check=False)
    assert check.returncode == 2 and f"{home}/.config/quaymaster/policy.yaml: there is none" in check.stderr
    assert site.ns.run(*argv, "init", "--netns", "self", cwd=home, check=False).returncode in (0, 3)
    assert "port: 8443/tcp" in (home / ".config/quaymaster/policy.yaml").read_text()
    assert site.ns.run(*argv, "check", cwd=home).stdout.endswith("1 approval, 0 prohibitions, 1 warning\n")


@need_root
def test_as_a_plain_user(site):
    """In ./quaymaster of where one stands."""
    (site.folder / "quaymaster").mkdir()
    os.chown(site.folder / "quaymaster", 65534, 65534)
    argv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(site.qm.program)]
    site.serve(*ONE)
    done = site.ns.run(*argv, "policy", "init", "--netns", "self", cwd=site.folder, check=False)
    assert done.returncode in (0, 3), done.stderr
    assert "port: 8443/tcp" in (site.folder / "quaymaster/policy.yaml").read_text()
    site.ns.run(*argv, "policy", "approve", "8443/tcp", "--need", "x", "--owner", "y", cwd=site.folder)
    assert "is approved" in site.ns.run(*argv, "policy", "explain", "8443/tcp", "--netns", "self", cwd=site.folder, check=False).stdout


# --- from outside -----------------------------------------------------------------------------------

TALKERS = """
import threading
def serve(s):
    while True:
        with s.accept()[0] as c:
            try:
                c.sendall(b"SSH-2.0-OpenSSH_9.2\\r\\n"); c.recv(100)
            except OSError:  # it had enough
                pass
for port in sys.argv[1:]:
    s = socket.socket(); s.bind(("127.0.0.1", int(port))); s.listen(50)
    threading.Thread(target=serve, args=[s], daemon=True).start()
print("ready", flush=True)
"""


@need_root
def test_audit_of_targets(site):
    """Each open port has its verdict in text, CSV, HTML and JSON; and no such column where there is no policy."""
    site.ns.python(TALKERS, *VERDICTS)

    def audit(*more, code=0):
        done = site.qm("audit", "127.0.0.1", "--ports", ",".join(map(str, VERDICTS)), "--config", site.folder, *more,
                       ns=site.ns, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    assert "VERDICT" not in audit()
    site.write(MIXED)
    text, page = audit("--fail-on", "prohibited", code=1), audit("--format", "html")
    assert re.search(r"^PORT +STATE .*VERDICT", text, re.MULTILINE) and ">Verdict<" in page
    table = list(csv.DictReader(io.StringIO(audit("--format", "csv"))))
    assert {int(r["port"]): r["verdict"] for r in table if r["record"] == "endpoint"} == VERDICTS, table
    lines = list(map(json.loads, audit("--json").splitlines()))
    assert {r["port"]: r["verdict"] for r in lines if r["type"] == "endpoint"} == VERDICTS, lines
    for port, verdict in VERDICTS.items():
        assert re.search(rf"^{port}/tcp +open .*\b{verdict}\b", text, re.MULTILINE), text
        assert re.search(rf">{port}/tcp</th>(?:(?!</tr>).)*{verdict}", page, re.DOTALL), port
