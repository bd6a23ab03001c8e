"""perpdesk-cli kpi, short, on a private paper exchange of its own."""

from __future__ import annotations

import functools
import json
import subprocess
import sys

import pytest

from engine import build_engine
from engine.__main__ import main
from engine.exchange.stream_liveness import StreamSettings
from engine.kpi import link_cut

pytestmark = pytest.mark.long

QUICK = ["--duration", "1", "--cut-seconds", "1"]


@pytest.fixture
def relay_only(monkeypatch):
    """As where no namespace is allowed; half-open silence is noticed in 2 s, not in 7."""
    monkeypatch.setattr(link_cut, "enter_command", lambda _: None)
    impatient = functools.partial(
        StreamSettings, silence_s=1.5, pong_timeout_s=1.0, connect_timeout_s=1.0
    )
    monkeypatch.setattr(build_engine, "StreamSettings", impatient)


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(
        "network: {connect_timeout_s: 1, read_timeout_s: 1}\nwebsocket: {ping_interval: 1}",
        encoding="utf-8",
    )
    return ["--config", str(file)]


def figures(document: dict, index: int) -> dict[str, object]:
    return {row["name"]: row["value"] for row in document["results"][index]["figures"]}


@pytest.mark.usefixtures("relay_only")
def test_every_kpi_passes_and_the_report_shows_it(config, tmp_path, capsys):
    file = tmp_path / "report.md"
    assert main(["kpi", *QUICK, *config, "--json", "--report", str(file)]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["passed"] is True
    assert [row["number"] for row in document["results"]] == ["1.1", "1.2", "1.3", "1.4", "1.4"]
    assert figures(document, 0)["messages"] > 10
    assert figures(document, 1)["filled"] == 5
    assert figures(document, 2)["ORDER_MODIFIED logged once for each"] == 2
    for cut in (3, 4):
        found = figures(document, cut)
        assert found["cut for"] > 0.99
        assert 0 < found["from the end of the cut to LIVE"] < 30
        assert found["the order placed elsewhere meanwhile"] == "NEW"
        assert found["an order placed after LIVE"] == "NEW"
    text = file.read_text(encoding="utf-8")
    for word in ("ORDER_PLACED", "ORDER_MODIFIED", "ORDER_CANCELED", "| Python | 3."):
        assert word in text
    assert str(tmp_path) not in text, "the report is shown to others"
    assert "--report report.md" in text
    assert "kpi: 1.4 passed" in said.err


_CUT_THE_LINK = """
import sys
from pathlib import Path
from engine.config import default_config
from engine.kpi.kpi_bench import open_bench
from engine.kpi.network_cut import network_cut

config = default_config()
with open_bench(config, config.environment("paper"), Path(sys.argv[1])) as bench:
    print(network_cut(bench, bench.breaks[0], 1.5, print).verdict)
"""


def test_the_link_of_a_private_namespace_is_really_taken_down(tmp_path):
    command = link_cut.enter_command([])
    if command is None:
        pytest.skip("this system allows no private network namespace")
    shell = command[: command.index(sys.executable)]
    ran = subprocess.run(
        [*shell, sys.executable, "-c", _CUT_THE_LINK, str(tmp_path)],
        env=link_cut.enter_environment(), capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert "ip link set lo down" in ran.stdout, ran.stderr
    assert ran.stdout.splitlines()[-1] == "passed", ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--report", "no/such/folder/report.md"], 1, "no folder"),
        (["--environment", "mars"], 1, "no environment 'mars'"),
    ],
)
def test_a_mistake_is_said_before_anything_is_measured(words, code, said, config, capsys):
    assert main(["kpi", *words, *config]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("duration", ["0", "-1", "soon"])
def test_a_duration_must_be_above_zero(duration):
    with pytest.raises(SystemExit) as caught:
        main(["kpi", "--duration", duration])
    assert caught.value.code == 2
