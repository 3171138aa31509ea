# SPDX-License-Identifier: GPL-2.0-or-later
"""What really speaks: the lab's daemons, on usual ports and on misleading ones, and ports that are hostile."""
import statistics

import pytest

import lab_truth
from conftest import Records, BUILD, need_root, run

pytestmark = [need_root, pytest.mark.lab, pytest.mark.alone]


@pytest.fixture(scope="module")
def identified(lab, tmp_path_factory):
    config = tmp_path_factory.mktemp("identify")
    (config / "estate.yaml").write_text(lab_truth.ESTATE)
    truth = lab_truth.places()
    tcp = sorted({port for _, transport, port in truth if transport == "tcp"})
    udp = sorted({port for _, transport, port in truth if transport == "udp"})
    ports = "T:" + ",".join(map(str, tcp)) + ",U:" + ",".join(map(str, udp))
    result = run("ip", "netns", "exec", lab_truth.SCANNER, BUILD / "quaymaster", "scan", *lab_truth.ADDRESSES.values(), "--identify",
                 "--ports", ports, "--json", "--config", config, check=False, timeout=240)
    assert result.returncode in (0, 3), result.stderr
    return truth, lab_truth.answers_of(Records(result.stdout))


@pytest.mark.parametrize("transport,family", [("tcp", 4), ("udp", 4), ("tcp", 6), ("udp", 6)])
def test_who_speaks(identified, transport, family):
    truth, answers = identified
    score = lab_truth.Score({k: v for k, v in truth.items() if k[1] == transport and (":" in k[0]) == (family == 6)}, answers)
    print(f"lab, {transport} over IPv{family}: {score.summary()}")
    assert not score.wrong, score.wrong
    assert len(score.right) >= 0.95 * score.known, score.missed


def test_few_connections(identified):
    truth, answers = identified
    counts = [answers[p].connections for p, row in truth.items() if p in answers and p[1] == "tcp" and not lab_truth.silent(row)]
    assert statistics.median(counts) <= 3, sorted(counts)


def test_hostile_ports_are_named_in_time(identified):
    _, answers = identified
    wanted = {7001: {"silent"}, 7002: {"closes"}, 7003: {"closes", "resets"}, 7005: {"floods"}, 7006: {"closes", "silent"}, 2223: {"silent", "tarpit"}}
    for port, behaviours in wanted.items():
        a = answers[lab_truth.ADDRESSES["odd4"], "tcp", port]
        assert a.protocol == "unknown" and a.behaviour in behaviours, (port, a)
        assert a.elapsed_ms <= 10500, (port, a)
    echo = answers[lab_truth.ADDRESSES["odd4"], "tcp", 7004]
    assert echo.protocol == "echo", echo
    mute = answers[lab_truth.ADDRESSES["odd4"], "tcp", 7008]
    assert (mute.protocol, mute.encryption) == ("unknown", "tls"), mute
