# SPDX-License-Identifier: GPL-2.0-or-later
"""The alert sinks of `watch`: real receivers, down, slow and hostile ones, in namespaces of our own."""
import base64
import email
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BUILD, PATIENCE, PYTHON, SOURCE, need_root, run, wait_for

pytestmark = need_root
RECEIVERS = pathlib.Path(__file__).with_name("sink_receivers.py")
TCP = "s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); print('ready', flush=True)"
FLAP = """
for _ in range(int(sys.argv[2])):
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); s.close()
print('ready', flush=True)
"""
# /var/lib is ours in the mount namespace that `ip netns exec` makes
IN_OWN_STATE = 'mkdir -p "$0" && mount --bind "$0" /var/lib && exec "$@"'


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Sinks:
    """A namespace with receivers, a configuration, and watches that keep their state from run to run."""

    def __init__(self, ns, folder):
        self.ns, self.folder, self.watches, self.n = ns, folder, [], 0
        self.config = folder / "config"
        self.config.mkdir(mode=0o755)
        self.key = folder / "key"
        self.key.write_text("very secret\n")
        self.key.chmod(0o600)

    def write(self, *sinks):
        (self.config / "sinks.yaml").write_text(json.dumps({"sinks": [{"group": 0, **s} for s in sinks]}))

    def webhook(self, port, name="soc", scheme="https", **keys):
        keys = {"ca_file": str(self.folder / "ca.pem"), **keys} if scheme == "https" else keys
        return {"name": name, "type": "webhook", "url": f"{scheme}://127.0.0.1:{port}/in", "secret_file": str(self.key), **keys}

    def receiver(self, kind, *arguments, mode="ok"):
        """Its log. Its mode can be changed by mode()."""
        self.n += 1
        log = self.folder / f"log{self.n}"
        self.mode(log, mode)
        self.ns.start(PYTHON, RECEIVERS, kind, log, *arguments)
        return log

    @staticmethod
    def mode(log, mode):
        pathlib.Path(f"{log}.mode").write_text(mode)

    def certificate(self, name):
        """A CA and a certificate of it for 127.0.0.1: paths of the CA, and of the certificate with its key."""
        ca, key, cert, request = (self.folder / f"{name}{end}" for end in (".pem", ".key", "-server.pem", ".csr"))
        new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        run(*new, "-x509", "-days", "2", "-subj", f"/CN=test {name}", "-keyout", key, "-out", ca)
        run(*new, "-subj", "/CN=127.0.0.1", "-keyout", f"{key}2", "-out", request)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "2",
            "-extfile", extensions, "-out", cert)
        cert.write_text(cert.read_text() + pathlib.Path(f"{key}2").read_text())
        return ca, cert

    def argv(self, *argv):
        return self.ns.argv("sh", "-c", IN_OWN_STATE, self.folder / "state", BUILD / "quaymaster", "watch",
                            "--netns", self.ns.name, "--config", self.config, *argv)

    def start(self):
        self.n += 1
        out, said = self.folder / f"out{self.n}", self.folder / f"said{self.n}"
        with said.open("w") as stderr:
            child = subprocess.Popen(self.argv("--json", "--output", out), stderr=stderr)
        child.out, child.said = out, said
        self.watches.append(child)
        wait_for(lambda: out.exists() and '"type":"watch"' in out.read_text(), 30, "watch is ready")
        return child

    def events(self, watch, port):
        return [r for r in lines(watch.out) if r["type"] == "event" and r["subject"].get("port") == port]

    def open_port(self, port, watch=None):
        child = self.ns.python(TCP, port)
        if watch:
            wait_for(lambda: self.events(watch, port), 10, f"event of {port}")
        return child

    def end(self, watch, sig=signal.SIGTERM):
        self.watches.remove(watch)
        watch.send_signal(sig)
        return watch.wait(60)

    def close(self):
        for watch in list(self.watches):
            code = self.end(watch)
            assert code in (0, 3), watch.said.read_text()
        for said in self.folder.glob("said*"):
            assert "Sanitizer" not in said.read_text(), said.read_text()


@pytest.fixture
def sinks(netns, open_folder):
    made = Sinks(netns(), open_folder)
    yield made
    made.close()


def bodies(log):
    return [json.loads(r["body"]) for r in lines(log)]


def wait_alerts(log, n, seconds=20):
    wait_for(lambda: len(lines(log)) >= n, seconds, f"{n} alerts in {log}")
    return lines(log)


def memory(pid):
    """All that a process may write to, but a sanitizer's shadow."""
    taken = []
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end = (int(n, 16) for n in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and end - begin < 1 << 28:
                mem.seek(begin)
                taken.append(mem.read(end - begin) or b"")
    return b"".join(taken)


def test_webhook(sinks):
    ca, cert = sinks.certificate("ca")
    log = sinks.receiver("webhook", 9443, cert)
    sinks.write(sinks.webhook(9443))
    watch = sinks.start()
    sinks.open_port(8300, watch)
    request, = wait_alerts(log, 1)
    headers, body = request["headers"], json.loads(request["body"])
    assert abs(int(headers["X-Quaymaster-Timestamp"]) - time.time()) < 60
    signed = f"{headers['X-Quaymaster-Timestamp']}.{request['body']}".encode()
    assert headers["X-Quaymaster-Signature"] == "sha256=" + hmac.new(b"very secret", signed, hashlib.sha256).hexdigest()
    event, = sinks.events(watch, 8300)
    assert headers["Idempotency-Key"] == body["id"] == event["id"]
    assert body["subject"] == f"127.0.0.1:8300/tcp in netns {sinks.ns.name}" and body["kind"] == "opened"
    assert body["event"]["after"]["processes"] and body["count"] == 1 and not body["test"]
    time.sleep(0.5)
    assert len(lines(log)) == 1
    children = run("pgrep", "-P", watch.pid).stdout.split()
    assert len(children) == 1
    status = pathlib.Path(f"/proc/{children[0]}/status").read_text()
    assert "Uid:\t65534\t65534" in status and "Groups:\t \n" in status and "NoNewPrivs:\t1" in status
    for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
        assert f"Cap{kind}:\t0000000000000000" in status


def test_secrets_of_others(sinks):
    """The process of a sink has its own in memory, and that of no other one."""
    logs, secrets = [], {}
    for name, port in (("one", 9440), ("two", 9441)):
        key, secrets[name] = sinks.folder / f"key-{name}", f"secret of {name}, {'0123456789' * 3}".encode()
        key.write_bytes(secrets[name])
        key.chmod(0o600)
        logs.append(sinks.receiver("webhook", port))
    sinks.write(*(sinks.webhook(port, name=name, scheme="http", secret_file=str(sinks.folder / f"key-{name}"))
                  for name, port in (("one", 9440), ("two", 9441))))
    watch = sinks.start()
    sinks.open_port(8301, watch)
    for log in logs:
        wait_alerts(log, 1)
    found = sorted(tuple(name for name, secret in secrets.items() if secret in memory(pid))
                   for pid in run("pgrep", "-P", watch.pid).stdout.split())
    assert found == [("one",), ("two",)]
    assert all(secret in memory(watch.pid) for secret in secrets.values())  # what is looked for can be found


def test_certificate_is_checked(sinks):
    _, cert = sinks.certificate("other")
    sinks.certificate("ca")
    log = sinks.receiver("webhook", 9444, cert)
    sinks.write(sinks.webhook(9444))
    result = run(*sinks.argv("--test-sinks"), check=False)
    assert result.returncode == 3
    assert result.stdout.startswith("soc (webhook): failed: ") and "certificate" in result.stdout
    assert not lines(log)


def test_down_killed_and_up_again(sinks):
    """What happened while the receiver was down comes once it is up, in order, through a kill -9 of the watch."""
    sinks.write(sinks.webhook(9445, scheme="http"))
    watch = sinks.start()
    for port in (8311, 8312, 8313):
        sinks.open_port(port, watch)
    wait_for(lambda: "cannot deliver, will try again" in watch.said.read_text(), 10, "told that it fails")
    assert sinks.end(watch, signal.SIGKILL) == -signal.SIGKILL
    log = sinks.receiver("webhook", 9445)
    watch = sinks.start()
    assert "3 alerts wait from before" in watch.said.read_text()
    got = wait_alerts(log, 3)
    assert [json.loads(r["body"])["subject"].split("/")[0] for r in got] == [f"127.0.0.1:{p}" for p in (8311, 8312, 8313)]
    sinks.end(watch)
    watch = sinks.start()
    sinks.open_port(8314, watch)
    got = wait_alerts(log, 4)
    time.sleep(0.3)
    keys = [r["headers"]["Idempotency-Key"] for r in lines(log)]
    assert len(keys) == 4 == len(set(keys))


def test_errors_are_tried_again_and_refusals_are_not(sinks):
    log = sinks.receiver("webhook", 9446, mode="503")
    sinks.write(sinks.webhook(9446, scheme="http"))
    watch = sinks.start()
    sinks.open_port(8321, watch)
    wait_alerts(log, 2)
    sinks.mode(log, "ok")
    wait_for(lambda: lines(log)[-1]["mode"] == "ok", 15, "taken")
    assert len({r["headers"]["Idempotency-Key"] for r in lines(log)}) == 1
    wait_for(lambda: "delivers again" in watch.said.read_text(), 10, "told")
    n = len(lines(log))
    sinks.mode(log, "400")
    sinks.open_port(8322, watch)
    wait_for(lambda: "given up" in watch.said.read_text(), 10, "told")
    sinks.mode(log, "ok")
    sinks.open_port(8323, watch)
    wait_alerts(log, n + 2)
    assert "8323" in json.loads(lines(log)[-1]["body"])["subject"] and len(lines(log)) == n + 2


def test_one_that_is_always_refused_does_not_stop_the_others(sinks):
    """As by a filter in front of the receiver that dislikes the name of a program."""
    log = sinks.receiver("webhook", 9449, mode="403 0.0.1:8325")
    sinks.write(sinks.webhook(9449, scheme="http"))
    watch = sinks.start()
    sinks.open_port(8325, watch)
    sinks.open_port(8326, watch)
    wait_for(lambda: any("8326" in b["subject"] for b in bodies(log)), 20, "the one behind it")
    wait_for(lambda: "given up, as others were taken" in watch.said.read_text(), 20, "told")
    n = len(lines(log))
    sinks.open_port(8327, watch)
    wait_alerts(log, n + 1)
    assert "8327" in bodies(log)[-1]["subject"]


def test_hostile_receivers_do_not_hold_up_the_watch(sinks):
    """One answers without end, one never, one drops the connection: events come at once, and others get their alerts."""
    endless, hang, closing, good = (sinks.receiver("webhook", p, mode=m) for p, m in
                                    ((9450, "endless"), (9451, "hang"), (9452, "close"), (9453, "ok")))
    sinks.write(*(sinks.webhook(port, name=f"s{port}", scheme="http") for port in range(9450, 9454)))
    watch, began_all = sinks.start(), time.monotonic()
    for port in range(8331, 8336):
        began = time.monotonic()
        sinks.open_port(port, watch)
        assert time.monotonic() - began < 5 * PATIENCE
    assert len(wait_alerts(good, 5)) == 5
    assert len(wait_alerts(endless, 5)) == 5  # taken: it said 200
    time.sleep(0.5)
    assert len(lines(endless)) == 5 and len(lines(hang)) == 1
    assert 1 <= len(lines(closing))
    assert 2 ** (len(lines(closing)) - 1) - 1 <= time.monotonic() - began_all  # after 1 s, 2 s, 4 s ...
    began = time.monotonic()
    assert sinks.end(watch) == 0 and time.monotonic() - began < 20
    assert "wait in its queue for the next start" in watch.said.read_text()


def test_child_that_dies_costs_nothing(sinks):
    log = sinks.receiver("webhook", 9454, mode="hang")
    sinks.write(sinks.webhook(9454, scheme="http"))
    watch = sinks.start()
    sinks.open_port(8336, watch)
    wait_alerts(log, 1)
    sinks.mode(log, "ok")
    os.kill(int(run("pgrep", "-P", watch.pid).stdout), signal.SIGKILL)
    wait_alerts(log, 2)
    assert len({r["headers"]["Idempotency-Key"] for r in lines(log)}) == 1
    assert "the process that sends has ended" in watch.said.read_text()


def test_full_queue(sinks):
    """The oldest go, that is told, and the receiver learns how many."""
    sinks.write(sinks.webhook(9455, scheme="http", queue=3))
    watch = sinks.start()
    for port in range(8341, 8351):
        sinks.open_port(port, watch)
    wait_for(lambda: "its queue is full" in watch.said.read_text(), 10, "told")
    log = sinks.receiver("webhook", 9455)
    wait_for(lambda: any(b["kind"] == "alerts-dropped" for b in bodies(log)), 30, "the receiver is told")
    assert sum(b["count"] for b in bodies(log) if b["kind"] == "alerts-dropped") == 8  # the receiver's own port is an event, too
    assert [b["subject"].split("/")[0][-4:] for b in bodies(log) if b["kind"] == "opened"] == ["8349", "8350", "9455"]


def test_grouping(sinks):
    """The first of a loop is told at once and the rest is one alert, a restart none; watch --json reports every event."""
    log = sinks.receiver("webhook", 9456)
    sinks.write(sinks.webhook(9456, scheme="http", group=3))
    sinks.open_port(8352)
    watch = sinks.start()
    sinks.ns.python(FLAP, 8351, 40)
    wait_for(lambda: len(sinks.events(watch, 8351)) == 80, 20, "all events")
    sinks.ns.end(next(c for c in sinks.ns.children if "8352" in c.args))
    sinks.open_port(8352)
    wait_for(lambda: len(sinks.events(watch, 8352)) == 2, 20, "the restart")
    first, body = [json.loads(r["body"]) for r in wait_alerts(log, 2)]
    assert first["message"].startswith("opened 127.0.0.1:8351") and first["count"] == 1
    assert "opened and closed 40 times" in body["message"] and body["count"] == 79 and body["state"] == "flapping"
    time.sleep(6)
    assert len(lines(log)) == 2


@pytest.mark.parametrize("kind", ["unix", "udp", "tcp"])
def test_syslog(sinks, kind):
    place = str(sinks.folder / "log.sock") if kind == "unix" else f"{kind}://127.0.0.1:9514"
    log = sinks.receiver(kind, place if kind == "unix" else 9514)
    sinks.write({"name": "log", "type": "syslog", "to": place}, {"name": "cef", "type": "syslog", "to": place, "format": "cef"})
    watch = sinks.start()
    sinks.open_port(8361, watch)
    texts = sorted((r["text"] for r in wait_alerts(log, 2)), key=lambda t: "CEF:0" in t)
    event, = sinks.events(watch, 8361)
    if kind == "tcp":
        for i, text in enumerate(texts):
            length, texts[i] = text.split(" ", 1)
            assert int(length) == len(texts[i].encode())
    assert texts[0].startswith("<84>1 ") and f'id="{event["id"]}"' in texts[0] and "opened 127.0.0.1:8361/tcp" in texts[0]
    assert "CEF:0|Quaymaster|quaymaster|" in texts[1] and f"externalId={event['id']} " in texts[1]


def test_journal(sinks):
    place = sinks.folder / "journal.sock"
    log = sinks.receiver("unix", place)
    sinks.write({"name": "journal", "type": "journal", "to": str(place)})
    watch = sinks.start()
    sinks.open_port(8362, watch)
    fields = dict(line.split("=", 1) for line in wait_alerts(log, 1)[0]["text"].splitlines())
    event, = sinks.events(watch, 8362)
    assert fields["QUAYMASTER_ID"] == event["id"] and fields["PRIORITY"] == "4"
    assert json.loads(fields["QUAYMASTER_RECORD"])["event"]["seq"] == event["seq"]


def mail_sink(sinks, port, **keys):
    return {"name": "mail", "type": "mail", "server": f"smtp://127.0.0.1:{port}", "from": "q@example.org",
            "to": ["a@example.org", "b@example.org"], **keys}


def test_mail(sinks):
    ca, cert = sinks.certificate("ca")
    log = sinks.receiver("mail", 9525, cert, "starttls")
    sinks.write(mail_sink(sinks, 9525, ca_file=str(ca), user="quay", password_file=str(sinks.key)))
    watch = sinks.start()
    sinks.open_port(8363, watch)
    mail, = wait_alerts(log, 1)
    assert mail["secure"] and "|quay|very secret" in mail["seen"]
    assert [s for s in mail["seen"] if s.startswith("RCPT")] == ["RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>"]
    message = email.message_from_string(mail["message"])
    assert "127.0.0.1:8363/tcp" in str(email.header.make_header(email.header.decode_header(message["Subject"])))
    assert message["Auto-Submitted"] == "auto-generated" and message["To"].count("@") == 2
    assert json.loads(message.get_payload(decode=True).decode().split("As a record:\n")[1])["kind"] == "opened"


def test_mail_without_starttls_is_not_sent(sinks):
    log = sinks.receiver("mail", 9526, "-", "plain")
    sinks.write(mail_sink(sinks, 9526))
    result = run(*sinks.argv("--test-sinks"), check=False)
    assert result.returncode == 3 and "mail (mail): failed" in result.stdout
    assert not [r for r in lines(log) if r["message"] or any(s.startswith("MAIL") for s in r["seen"])]
    sinks.write(mail_sink(sinks, 9526, starttls="never"))
    assert run(*sinks.argv("--test-sinks")).stdout == "mail (mail): delivered\n"
    assert "This is a test" in base64.b64decode(lines(log)[-1]["message"].split("\r\n\r\n", 1)[1]).decode()


HOSTILE = 'x"]\\|=y\r\nBcc: eve@example.org\n.\n\x1b[31m\u202e<b>'
NAMED = f"import ctypes\nctypes.CDLL(None).prctl(15, {HOSTILE[:9] + chr(10)!r}.encode())\n"
RFC_5424 = r'<\d+>1 \S+ \S+ quaymaster \d+ [a-z-]+ \[quaymaster@32473( [a-z]+="([^"\\\]]|\\["\\\]])*")+\] [^\x00-\x1f\x7f]+'
CEF = r"<\d+>\w{3} [ \d]\d [\d:]{8} \S+ CEF:0\|Quaymaster\|quaymaster(\|([^|\\]|\\[|\\])*){3}\|\d\|(\w+=([^=\\]|\\[=\\])*( |$))+"


def test_names_that_others_chose(sinks):
    """Nothing in the name of a program ends a line, a field or a message, or reaches a terminal."""
    places = {name: str(sinks.folder / f"{name}.sock") for name in ("rfc5424", "cef", "journal")}
    logs = {name: sinks.receiver("unix", place) for name, place in places.items()}
    logs.update(mail=sinks.receiver("mail", 9527, "-", "plain"), webhook=sinks.receiver("webhook", 9528))
    sinks.write(*({"name": n, "type": "syslog", "to": places[n], "format": n} for n in ("rfc5424", "cef")),
                {"name": "journal", "type": "journal", "to": places["journal"]}, mail_sink(sinks, 9527, starttls="never"),
                sinks.webhook(9528, scheme="http"))
    watch = sinks.start()
    program = sinks.folder / HOSTILE
    shutil.copy(PYTHON, program)
    sinks.ns.python(NAMED + TCP, 8364, executable=program)
    said = {name: wait_alerts(log, 1)[0] for name, log in logs.items()}
    record = json.loads(said["webhook"]["body"])
    assert record["event"]["after"]["processes"][0]["exe"] == str(program)
    assert "\\x0d" in record["message"] and re.fullmatch(RFC_5424, said["rfc5424"]["text"]), said["rfc5424"]["text"]
    assert re.fullmatch(CEF, said["cef"]["text"]), said["cef"]["text"]
    assert all(re.match("(MESSAGE|PRIORITY|SYSLOG_IDENTIFIER|QUAYMASTER_[A-Z]+)=", line) for line in said["journal"]["text"].splitlines())
    mail = email.message_from_string(said["mail"]["message"])
    assert sorted(mail.keys()) == sorted(["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
                                          "Content-Transfer-Encoding"])
    text = mail.get_payload(decode=True).decode() + str(mail["Subject"])
    for shown in (text, said["rfc5424"]["text"], said["cef"]["text"], said["journal"]["text"], record["message"]):
        assert not set("\x1b\u202e\r") & set(shown), shown


PROGRAM = """#!/bin/sh
{ env; id -u; grep Cap /proc/self/status; echo "$@"; cat; } > %s/$$.new
mv %s/$$.new %s/got
"""


def test_exec(sinks):
    place = sinks.folder / "out"
    place.mkdir()
    place.chmod(0o777)
    program = sinks.folder / "page"
    program.write_text(PROGRAM.replace("%s", str(place)))
    program.chmod(0o755)
    sinks.write({"name": "page", "type": "exec", "argv": [str(program), "--now", "$HOME; x"]})
    watch = sinks.start()
    sinks.open_port(8364, watch)
    wait_for(lambda: (place / "got").exists(), 15, "the program ran")
    text = (place / "got").read_text()
    assert not [line for line in text.splitlines() if line.split("=")[0] in ("HOME", "USER", "XDG_STATE_HOME", "ASAN_OPTIONS")]
    assert "\n65534\n" in "\n" + text and "CapEff:\t0000000000000000" in text and "CapBnd:\t0000000000000000" in text
    assert "--now $HOME; x\n" in text
    assert json.loads(text.splitlines()[-1])["subject"].startswith("127.0.0.1:8364/tcp")


def test_test_sinks(sinks):
    place = sinks.folder / "log.sock"
    log = sinks.receiver("unix", place)
    sinks.write({"name": "log", "type": "syslog", "to": str(place)}, {"name": "gone", "type": "exec", "argv": "/nowhere/at-all"})
    result = run(*sinks.argv("--test-sinks"), check=False)
    assert result.returncode == 3
    assert result.stdout.splitlines() == ["log (syslog): delivered",
                                          "gone (exec): failed: '/nowhere/at-all' cannot be run: there is no such program"]
    assert 'test="true"' in wait_alerts(log, 1)[0]["text"]
    records = [json.loads(line) for line in run(*sinks.argv("--test-sinks", "--json"), check=False).stdout.splitlines()]
    assert [r.get("delivered") for r in records] == [True, False, None] and records[-1]["complete"] is False
    (sinks.config / "sinks.yaml").unlink()
    result = run(*sinks.argv("--test-sinks"), check=False)
    assert result.returncode == 2 and "no sink" in result.stderr


def test_bad_files(sinks):
    sinks.write({"name": "a", "type": "syslog"})
    result = run(*sinks.argv(), check=False)
    assert result.returncode == 2 and "sinks.yaml:1:" in result.stderr and "needs 'to'" in result.stderr
    sinks.write(sinks.webhook(1, scheme="http"))
    sinks.key.chmod(0o644)
    result = run(*sinks.argv(), check=False)
    assert result.returncode == 2 and "can be read or written by others" in result.stderr
    assert "very secret" not in result.stderr


def test_reload(sinks):
    first, second = sinks.receiver("webhook", 9460), sinks.receiver("webhook", 9461)
    sinks.write(sinks.webhook(9460, scheme="http"))
    watch = sinks.start()
    (sinks.config / "sinks.yaml").write_text("sinks: [{name: a}]\n")
    watch.send_signal(signal.SIGHUP)
    wait_for(lambda: "sinks not reloaded, the old stay" in watch.said.read_text(), 10, "told")
    sinks.open_port(8371, watch)
    wait_alerts(first, 1)
    sinks.write(sinks.webhook(9461, scheme="http"))
    watch.send_signal(signal.SIGHUP)
    wait_for(lambda: watch.said.read_text().count("configuration reloaded") == 2, 10, "told")
    sinks.open_port(8372, watch)
    wait_alerts(second, 1)
    assert len(lines(first)) == 1


def test_second_watch_leaves_the_sinks_to_the_first(sinks):
    log = sinks.receiver("webhook", 9462)
    sinks.write(sinks.webhook(9462, scheme="http"))
    sinks.start()
    second = sinks.start()
    assert "another watch has it" in second.said.read_text()
    sinks.open_port(8373, second)
    wait_alerts(log, 1)
    time.sleep(0.5)
    assert len(lines(log)) == 1


SCHEMA_CASES = [
    ("[{name: a, type: journal}]", True),
    ("[{name: a, type: journal, kinds: opened, verdicts: [unjudged, expired], group: 0, queue: 1}]", True),
    ("[{name: a, type: exec, argv: [/bin/true, x, x]}]", True),
    ("[{name: a, type: syslog, to: /dev/log, format: cef}]", True),
    ("[{name: a, type: mail, server: 'smtp://127.0.0.1', from: a@b, to: [a@b], starttls: never}]", True),
    ("[]", True),
    ("[{name: a}]", False),
    ("[{name: a/b, type: journal}]", False),
    ("[{name: a, type: journal, url: https://x}]", False),
    ("[{name: a, type: exec}]", False),
    ("[{name: a, type: exec, argv: []}]", False),
    ("[{name: a, type: journal, group: 3601}]", False),
    ("[{name: a, type: journal, queue: 0}]", False),
    ("[{name: a, type: journal, kinds: [open]}]", False),
    ("[{name: a, type: webhook, url: https://x, secret: y}]", False),
    ("[{name: a, type: webhook, url: https://x, secret_file: y}]", False),
]


def test_schema_says_what_the_program_takes(sinks):
    jsonschema, yaml = pytest.importorskip("jsonschema"), pytest.importorskip("yaml")
    schema = json.loads((SOURCE / "data/schema/sinks.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    checker = jsonschema.Draft7Validator(schema)
    for text, taken in SCHEMA_CASES:
        (sinks.config / "sinks.yaml").write_text(f"sinks: {text}\n")
        assert checker.is_valid(yaml.safe_load(f"sinks: {text}")) == taken, text
        said = run(*sinks.argv("--test-sinks"), check=False).stderr
        assert ("sinks.yaml:1:" in said) != taken, text
