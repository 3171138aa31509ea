# SPDX-License-Identifier: GPL-2.0-or-later
"""`quaymaster explain`: words it knows and does not know, every row of the guide's table, pages of this site."""
import json
import os
import re
import stat

import pytest

from conftest import SOURCE, Records, need_root, run

TABLE = SOURCE / "tests/data/appendix-a.tsv"
CLASSES = {"expected", "reconfigure", "review"}

PAGE = """\
- id: telnet
  name: Telnet as this site has it
  ports: [23/tcp]
  what: What this site says of it.
  encrypted: none
  advice: review
  why: Because here a terminal server still needs it.
  risk: {loopback: low, link: high, internet: critical}
  remediation: ["Ask the network team"]
  references: [RFC 854]
"""


def explain(qm, word):
    records = qm.records("explain", word)
    assert records.summary["complete"] is True and records.summary["pages"] == len(records.of("page"))
    return records


def test_number(qm):
    page = explain(qm, "23").one("page")
    assert page["id"] == "telnet" and page["port"] == 23 and page["transport"] is None
    assert page["advice"]["class"] == "reconfigure" and page["advice"]["why"]
    assert page["alternative"] == {"protocol": "ssh", "port": "22/tcp", "package": "openssh-server"}
    assert page["registered"]["tcp"] == "telnet" and page["range"] == "system"
    assert page["risk"]["internet"] == "critical" and page["remediation"] and page["controls"] and page["references"]


@pytest.mark.parametrize("word, page", [
    ("telnet", "telnet"), ("TELNET", "telnet"), ("23/tcp", "telnet"), ("23/TCP", "telnet"), ("sshd", "ssh"),
    ("/usr/sbin/sshd", "ssh"), ("openssh-server", "ssh"), ("microsoft-ds", "smb"), ("in.telnetd", "telnet"),
    ("nginx", "http"), ("docker-proxy", "published-container")])
def test_words(qm, word, page):
    assert explain(qm, word).of("page")[0]["id"] == page
    assert qm("explain", word).stdout.strip()


def test_transport(qm):
    page = explain(qm, "23/tcp").one("page")
    assert page["transport"] == "tcp"
    assert not explain(qm, "23/udp").of("page", id="telnet")


@pytest.mark.parametrize("word, span", [("65535", "dynamic"), ("0", "system"), ("47111", "registered")])
def test_number_without_page(qm, word, span):
    record = explain(qm, word).one("port")
    assert record["port"] == int(word) and record["range"] == span
    assert record["advice"]["class"] == "review" and record["remediation"]
    assert "Not in the guide" in qm("explain", word).stdout


@pytest.mark.parametrize("word, says", [
    ("70000", "ports are 0 to 65535"), ("65536", "ports are 0 to 65535"), ("23/icmp", "tcp, udp or sctp"),
    ("8000-8080", "one port at a time"), ("tlenet", "near: telnet"), ("opensh-server", "openssh-server"),
    ("xyzzyxyzzy", "give a port"), ("", "give a port"), ("-1", "no option")])
def test_unknown(qm, word, says):
    result = qm("explain", word, check=False)
    assert result.returncode == 2 and result.stdout == ""
    assert says in result.stderr and result.stderr.startswith("quaymaster explain: ") and result.stderr.count("\n") == 1


def test_hostile_word_is_harmless(qm):
    result = qm("explain", "\033[31mx\007", check=False)
    assert result.returncode == 2 and "\033" not in result.stderr and "\007" not in result.stderr


def test_number_of_many_programs(qm):
    """Pages that may be meant are one line each; records have them all."""
    text, pages = qm("explain", "8080").stdout, explain(qm, "8080").of("page")
    full, named = [p for p in pages if p["match"] == "expected"], [p for p in pages if p["match"] == "also"]
    assert full and len(named) > 3
    lines = text.splitlines()
    assert sum(line.startswith("What it is") for line in lines) == len(full)
    assert [line for line in lines if line.startswith("Often met here: ")] == [
        f"Often met here: {p['name']} - quaymaster explain {p['id']}" for p in named]
    assert lines[-1].startswith("Often met here: ")  # below the full pages
    assert len(lines) < 100


def test_program_of_several_services(qm):
    """Which one dovecot is, the port tells."""
    pages = {p["id"]: p for p in explain(qm, "dovecot").of("page")}
    assert {"imap", "imaps", "pop3", "pop3s"} <= set(pages)
    assert all(p["match"] == "program" and "dovecot" in p["also_programs"] for p in pages.values())
    assert "On the ports of IMAP over TLS - quaymaster explain imaps" in qm("explain", "dovecot").stdout
    nginx = qm("explain", "nginx").stdout
    assert nginx.startswith("HTTP\n") and "On the ports of HTTPS - quaymaster explain https" in nginx


def table_rows():
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            ports, transports, _, what = line.split("\t")
            yield ports, transports, what


def test_every_row_of_the_table(qm):
    """Each number of the guide's Appendix A has a page, or with one of its transports, that says what to do."""
    asked = 0
    for ports, transports, what in table_rows():
        for port in {p for span in ports.split(",") for p in (span.split("-")[0], span.split("-")[-1])}:
            found = []
            for transport in transports.split(","):
                records = explain(qm, f"{port}/{transport}")
                for record in records[:-1]:
                    assert record["advice"]["class"] in CLASSES and record["advice"]["why"], (port, what)
                    assert record["remediation"] and all(record["remediation"]), (port, what)
                found += [r for r in records.of("page") if r["match"] == "expected"]
                asked += 1
            assert found, f"{port}/{transports} ({what}) has no page"
    assert asked > 190


def test_text_says_what_the_record_says(qm):
    for word in ("23", "445/tcp", "redis"):
        page = explain(qm, word).of("page")[0]
        text = re.sub(r"\s+", " ", qm("explain", word).stdout)
        for part in (page["name"], page["what"], page["advice"]["why"], *page["remediation"]):
            assert re.sub(r"\s+", " ", part).strip() in text, (word, part)


def test_width(qm):
    """Not on a terminal: 80 columns, but for configuration lines, which stand as they are typed."""
    page = explain(qm, "ssh").one("page")
    typed = {line for bind in page["bind"] for line in bind["set"].splitlines()}
    for line in qm("explain", "ssh").stdout.splitlines():
        assert len(line) <= 80 or line.strip() in typed, line


# --- pages of this site ---------------------------------------------------------------------------


def explain_with(qm, tmp_path, prepare, *words):
    """Run with an /etc/quaymaster of our own, which nobody outside a private mount namespace sees."""
    script = (
        "mount -t tmpfs tmpfs /mnt && mkdir -p /mnt/upper /mnt/work && "
        "mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc && "
        f"mkdir -p /etc/quaymaster/knowledge.d && cd /etc/quaymaster/knowledge.d && {prepare} && exec \"$@\"")
    files = tmp_path / "page.yaml"
    files.write_text(PAGE)
    return run("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", qm.program, "explain", *words,
               check=False, env={**os.environ, "PAGE": str(files)})


@need_root
def test_own_page_replaces(qm, tmp_path):
    result = explain_with(qm, tmp_path, "cp $PAGE 10-site.yaml", "23", "--json")
    page = Records(result.stdout).one("page")
    assert result.returncode == 0 and result.stderr == ""
    assert page["name"] == "Telnet as this site has it" and page["advice"]["class"] == "review"
    assert page["source"] == "/etc/quaymaster/knowledge.d/10-site.yaml"
    text = explain_with(qm, tmp_path, "cp $PAGE 10-site.yaml", "telnet").stdout
    assert "This page is from /etc/quaymaster/knowledge.d/10-site.yaml." in text


@need_root
@pytest.mark.parametrize("edit, line, field", [
    ("s/advice: review/advice: purple/", 6, "advice"), ("s/risk: .*/risk: {link: high}/", 8, "risk"),
    ("s/ports: .*/ports: [99999\\/tcp]/", 3, "ports"), ("s/  why:.*/  nonsense: 1/", 7, "nonsense")])
def test_broken_page(qm, tmp_path, edit, line, field):
    result = explain_with(qm, tmp_path, f"sed '{edit}' $PAGE >bad.yaml", "23", "--json")
    page = Records(result.stdout).one("page")
    assert result.returncode == 0 and page["source"] == "built-in" and page["advice"]["class"] == "reconfigure"
    found = re.search(r"/etc/quaymaster/knowledge\.d/bad\.yaml:(\d+): .*", result.stderr)
    assert found and field in found.group(0) and "the built-in pages stay in force" in result.stderr
    assert abs(int(found.group(1)) - line) <= 1, result.stderr


@need_root
def test_one_broken_page_does_not_spoil_the_other(qm, tmp_path):
    prepare = "cp $PAGE 10-good.yaml && echo '- id: [' >20-bad.yaml"
    result = explain_with(qm, tmp_path, prepare, "23", "--json")
    assert Records(result.stdout).one("page")["source"].endswith("10-good.yaml")
    assert "20-bad.yaml" in result.stderr


@need_root
@pytest.mark.parametrize("harm, says", [
    ("chmod 666 10-site.yaml", "others can write it"), ("chmod 664 10-site.yaml", "others can write it"),
    ("chown 65534 10-site.yaml", "not owned by root"), ("chmod 777 .", "others can write it"),
    ("chown 65534 .", "not owned by root")])
def test_what_others_can_write_is_refused(qm, tmp_path, harm, says):
    result = explain_with(qm, tmp_path, f"cp $PAGE 10-site.yaml && {harm}", "23", "--json")
    assert Records(result.stdout).one("page")["source"] == "built-in"
    assert says in result.stderr and "knowledge.d" in result.stderr


@need_root
def test_nothing_is_left_in_etc(qm, tmp_path):
    before = os.stat("/etc")
    explain_with(qm, tmp_path, "cp $PAGE 10-site.yaml", "23")
    assert os.stat("/etc").st_mtime_ns == before.st_mtime_ns and stat.S_ISDIR(before.st_mode)


def test_config_option(qm, tmp_path):
    pages = tmp_path / "knowledge.d"
    pages.mkdir(mode=0o755)
    (pages / "site.yaml").write_text(PAGE)
    (pages / "site.yaml").chmod(0o644)
    page = Records(qm("explain", "23", "--json", "--config", tmp_path).stdout).one("page")
    assert page["source"] == str(pages / "site.yaml")
    missing = qm("explain", "23", "--config", tmp_path / "none", check=False)
    assert missing.returncode == 2 and "no such folder" in missing.stderr and missing.stdout == ""


def test_records_are_whole(qm):
    """Each line stands alone: a type, a schema; the summary is last and there once."""
    for word in ("23", "8080", "65535", "dovecot"):
        lines = qm("explain", word, "--json").stdout.splitlines()
        records = [json.loads(line) for line in lines]
        assert all(r["schema"] == 1 for r in records)
        assert [r["type"] for r in records].count("summary") == 1 and records[-1]["type"] == "summary"
