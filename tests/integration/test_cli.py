# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: help, options of every command, what is said of mistakes, completion."""
import json
import re
import shutil
import time

import pytest

from conftest import need_root, run

INSIDE = ("audit", "host")
# Commands that need more than a call: test_scan*.py, test_import.py, test_policy.py, test_drift.py, test_watch.py
ELSEWHERE = ("scan", "harden", "import", "policy", "snapshot", "baseline", "change", "diff", "watch")
OPTION = re.compile(r"^  (?:-(\w), |    )--([\w-]+)(?: ([A-Z]+))?  +(.*)$", re.MULTILINE)


class Option:
    def __init__(self, letter, name, value, text):
        self.letter, self.name, self.value = letter, name, value
        words = text.rpartition(": ")[2].split(", ")
        self.choices = words if value and len(words) > 1 and all(re.fullmatch(r"[a-z]+", w) for w in words) else []


def options_of(qm, command):
    return [Option(*found) for found in OPTION.findall(qm("help", command).stdout)]


@pytest.fixture(scope="module")
def commands(qm):
    """Each command and its options, as the help has them."""
    overview = qm("help").stdout.split("\n  help COMMAND")[0]
    return {name: options_of(qm, name) for name in re.findall(r"^  (\w+) +\S", overview, re.MULTILINE)}


def test_the_help_is_understood(commands):
    """What the other tests here go by."""
    assert {"audit", "host", "explain", "completion"} <= set(commands)
    by_name = {o.name: o for o in commands["audit"]}
    assert by_name["format"].choices == ["text", "json", "csv", "html", "xml", "sarif"] and by_name["format"].letter == "f"
    assert by_name["fail-on"].value == "LEVEL" and by_name["netns"].value == "WHICH" and not by_name["all"].value


# --- help and version ---------------------------------------------------------------------------


def test_help_fits(qm, commands):
    for words in ([], *[[c] for c in commands]):
        text = qm("help", *words).stdout
        assert text.endswith("\n") and not text.endswith("\n\n")
        for line in text.splitlines():
            assert len(line) <= 110 and line == line.rstrip(), line
        assert max(map(len, text.splitlines())) >= 60


def test_help_in_all_ways(qm, commands):
    overview = qm("help").stdout
    assert qm("--help").stdout == qm("-h").stdout == qm("help", "help").stdout == overview
    nothing = qm(check=False)
    assert nothing.returncode == 2 and nothing.stderr == overview and nothing.stdout == ""
    for command in commands:
        text = qm("help", command).stdout
        assert qm(command, "--help").stdout == qm(command, "-h").stdout == text
        assert text.startswith(f"quaymaster {command} - ") and f"Usage: quaymaster {command}" in text


def test_version(qm):
    first, second = qm("--version").stdout.splitlines()
    assert re.fullmatch(r"quaymaster \d+\.\d+\.\d+", first) and "BPF" in second
    assert qm("version").stdout.splitlines()[0] == first


# --- mistakes -----------------------------------------------------------------------------------


def fails(qm, *argv, says):
    result = qm(*argv, check=False)
    assert result.returncode == 2, argv
    assert result.stdout == "" and says in result.stderr, (argv, result.stderr)
    assert re.fullmatch(r"quaymaster[^\n]*: [^\n]+\n", result.stderr), result.stderr


def test_mistakes_of_all_commands(qm, commands):
    for command, options in commands.items():
        fails(qm, command, "--nonsense", says=f"no option '--nonsense' (see: quaymaster help {command})")
        fails(qm, command, "-Z", says=f"no option '-Z' (see: quaymaster help {command})")
        fails(qm, command, *["word"] * 5000, says="one argument too many")
        for option in options:
            spelled = [f"--{option.name}"] + ([f"-{option.letter}"] if option.letter else [])
            for word in spelled if option.value else []:
                fails(qm, command, word, says=f"'--{option.name}' needs a value: --{option.name} {option.value}")
            if not option.value:
                fails(qm, command, f"--{option.name}=x", says=f"'--{option.name}' takes no value")
            for wrong in ("purple", "", option.choices[0].upper()) if option.choices else ():
                fails(qm, command, f"--{option.name}={wrong}", says="must be one of: " + ", ".join(option.choices))
            fails(qm, command, f"--{option.name}x", says="no option")


@pytest.mark.parametrize("argv, says", [
    (["nonsense"], "no command 'nonsense' (see: quaymaster help)"), (["--nonsense"], "no command"),
    (["help", "nonsense"], "no command 'nonsense'"), (["help", "audit", "host"], "one argument too many"),
    (["explain"], "needs PORT"), (["host", "--json", "--format", "csv"], "contradict each other"),
    (["audit", "-j", "-f", "html"], "contradict each other"), (["host", "--netns", "no-such-place"], "no-such-place"),
    (["host", "--netns", ""], "no network namespace"), (["audit", "--config", "/no/such/folder"], "no such folder")])
def test_mistakes(qm, argv, says):
    fails(qm, *argv, says=says)


def test_two_ways_to_say_json(qm):
    assert qm("host", "--json", "--format", "json", "--netns", "self", check=False).returncode in (0, 3)


def test_words_after_two_dashes(qm):
    """What begins with a dash can be asked for."""
    fails(qm, "explain", "--", "--json", says="nothing is known as '--json'")


# --- each option does something that can be told ------------------------------------------------


def values_of(option, ns, tmp_path):
    """A word that is right."""
    known = {"NAME": ns.name, "WHICH": ns.name, "FILE": tmp_path / f"out-{option.name}", "DIR": tmp_path, "LEVEL": "critical"}
    return option.choices or [known[option.value]]


@need_root
def test_every_option_works(netns, qm, commands, tmp_path):
    """Alone, in each spelling, with each choice: the command ends well and says something."""
    ns = netns()
    tried = set()
    here = {command: options for command, options in commands.items() if command not in ELSEWHERE}
    outside = {o.name for o in commands["scan"]} - {o.name for o in commands["host"]} | {"inside"}  # test_audit_outside.py
    here["audit"] = [o for o in here["audit"] if o.name not in outside]
    for command, options in here.items():
        base = {"explain": ["23"]}.get(command, ["--netns", "self"] if command in INSIDE else [])
        for option in options:
            for value in values_of(option, ns, tmp_path) if option.value else [None]:
                if (command, value) == ("audit", "xml"):  # with targets
                    continue
                spelled = [[f"--{option.name}"], *([[f"-{option.letter}"]] if option.letter else [])]
                ways = [s + ([str(value)] if option.value else []) for s in spelled]
                if option.value:
                    ways.append([f"--{option.name}={value}"])
                for way in ways:
                    rest = [] if option.name == "netns" else base
                    result = qm(command, *rest, *way, ns=ns, check=False)
                    assert result.returncode in (0, 1), (command, way, result.stderr)
                    said = (tmp_path / f"out-{option.name}").read_text() if option.value == "FILE" else result.stdout
                    assert said.strip() and not result.stderr, (command, way)
                    tried.add((command, option.name))
    assert len(tried) == sum(map(len, here.values())) >= 18


SCAN_WORDS = {"exclude": "127.0.0.9", "ports": "22,U:53", "rate": "1000", "host-rate": "50", "until": "2999-01-01T00:00:00Z"}


@need_root
def test_every_option_of_scan_works(netns, qm, commands, tmp_path):
    """As above, on this machine; the checkpoint that one scan leaves is what --resume takes."""
    ns = netns()
    targets = tmp_path / "targets"
    targets.write_text("127.0.0.1 # here\n")
    unfinished = tmp_path / "state"
    qm("scan", "127.0.0.1", "--ports", "1-100", "--rate", "10", "--checkpoint", unfinished, "--until",
       time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2)), ns=ns, check=False)
    words = SCAN_WORDS | {"input": targets, "resume": unfinished, "checkpoint": tmp_path / "other", "output": tmp_path / "out",
                          "config": tmp_path}
    for option in commands["scan"]:
        for value in option.choices or ([words[option.name]] if option.value else [None]):
            way = [f"--{option.name}"] + ([str(value)] if option.value else [])
            rest = ["127.0.0.1"] + (["--ports", "1-100"] if option.name != "ports" else [])
            if option.name == "resume":  # its words are those of the scan it goes on with, but for these
                rest = ["--until", "2999-01-01T00:00:00Z", "--rate", "1000"]
            result = qm("scan", *rest, *way, ns=ns, check=False)
            assert result.returncode == 0, (way, result.stderr)
            said = (tmp_path / "out").read_text() if option.name == "output" else result.stdout
            assert "127.0.0.1" in said, (way, said)


@need_root
def test_formats_are_what_they_say(netns, qm):
    ns = netns()
    begins = {"json": '{"type":', "html": "<!DOCTYPE html>", "csv": "asset,host,time,", "text": ""}
    for name, begin in begins.items():
        for command in INSIDE:
            text = qm(command, "--netns", "self", "--format", name, ns=ns).stdout
            assert text.lower().startswith(begin.lower()), (command, name, text[:60])
    assert all(json.loads(line) for line in qm("host", "--netns", "self", "-j", ns=ns).stdout.splitlines())


# --- completion ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script(qm, tmp_path_factory):
    path = tmp_path_factory.mktemp("completion") / "quaymaster.bash"
    path.write_text(qm("completion").stdout)
    return path


def complete(script, *words, cwd=None):
    """What the shell would offer for the last of these words."""
    code = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _quaymaster; printf "%s\\n" "${COMPREPLY[@]}"'
    result = run("bash", "--norc", "-c", code, "bash", script, "quaymaster", *words, cwd=cwd)
    assert result.stderr == ""
    return [line for line in result.stdout.split("\n") if line]


def test_completion_is_good_shell(script):
    run("bash", "-n", script)
    if shutil.which("shellcheck"):
        assert run("shellcheck", "--shell=bash", script, check=False).stdout == ""
    assert run("bash", "--norc", "-c", f"source {script} && complete -p quaymaster").stdout.split()[-3:] == [
        "-F", "_quaymaster", "quaymaster"]


def test_completion_of_commands(script, commands):
    assert set(complete(script, "")) == {*commands, "help", "--version"}
    assert complete(script, "au") == ["audit"]
    assert complete(script, "nonsense") == []
    assert set(complete(script, "help", "")) == set(commands)


def test_completion_of_words(qm, script, commands, tmp_path):
    """What a command must begin with; each is one it knows, and `help COMMAND WORD` is the help of the command."""
    known = {command: [w for w in complete(script, command, "") if not w.startswith("--")] for command in commands}
    assert {c for c, words in known.items() if words} >= {"policy", "snapshot", "baseline", "change", "harden"}
    for command in ("policy", "snapshot", "baseline", "change", "harden"):
        usage = qm("help", command).stdout.split("\n")[2]
        assert all(re.search(rf"[ |]{word}\b", usage) for word in known[command]), usage
        assert len(known[command]) == len(re.findall(r"[ |][a-z]+", usage.split("[OPTIONS]")[1]))
        for word in known[command]:
            assert qm("help", command, word).stdout == qm("help", command).stdout
        assert not set(known[command]) & set(complete(script, command, known[command][0], ""))
        fails(qm, "help", command, known[command][0], "more", says=f"'more' is one argument too many (see: quaymaster help {command})")
    (tmp_path / "a file").write_text("")
    for command in ("import", "diff"):
        assert complete(script, command, "a", cwd=tmp_path) == ["a file"]


def test_completion_of_options(script, commands):
    for command, options in commands.items():
        assert set(complete(script, command, "--")) == {"--help", *[f"--{o.name}" for o in options]}
        for option in options:
            spelled = [f"--{option.name}"] + ([f"-{option.letter}"] if option.letter else [])
            for word in spelled if option.choices else []:
                assert complete(script, command, word, "") == option.choices
                assert complete(script, command, word, option.choices[1][:3]) == [option.choices[1]]
            if option.choices:  # bash takes --format=csv apart
                assert complete(script, command, f"--{option.name}", "=") == option.choices
                assert complete(script, command, f"--{option.name}", "=", option.choices[2][:2]) == [option.choices[2]]


def test_completion_of_paths(script, tmp_path):
    (tmp_path / "a file").write_text("")
    (tmp_path / "a dir").mkdir()
    assert sorted(complete(script, "host", "--output", "a", cwd=tmp_path)) == ["a dir", "a file"]
    assert complete(script, "host", "--config", "a", cwd=tmp_path) == ["a dir"]
    assert complete(script, "host", "--netns", "", cwd=tmp_path) == []

