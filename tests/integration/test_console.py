"""perpdesk-cli, as a person types it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.console import sessions
from engine.paper.paper_discovery import announce
from tests.helpers.paper import paper_server

CONFIG = """
paper: {quiet_market: true, symbols: [BTCUSDT], balance_usdt: 50000000}
"""


Cli = Callable[..., tuple[int, str, str]]


def typed_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    options = ["--config", str(folder / "config.yaml"), "--user-data", str(folder / "with ü")]

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@contextmanager
def open_exchange(folder: Path) -> Iterator[Path]:
    state = folder / "with ü" / "paper"
    with paper_server(state, symbols=("BTCUSDT",), balance="50000000") as process:
        announce(state, process.ready)
        yield folder


@pytest.fixture
def lone_cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Each command starts the exchange, and finds there what the one before it left."""
    return typed_in(tmp_path, capsys)


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Commands join an exchange that runs already, as beside an open window."""
    with open_exchange(tmp_path) as folder:
        yield typed_in(folder, capsys)


@pytest.fixture(scope="class")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of an exchange that the tests of a class share, since none of them trades.
    One minute's requests do for some ten starts.
    """
    with open_exchange(tmp_path_factory.mktemp("shared")) as folder:
        yield folder


def test_place_list_amend_cancel(lone_cli):
    code, out, _ = lone_cli("order", "btcusdt", "buy", "limit", "0.1", "62000")
    assert (code, out.split()[:4]) == (0, ["NEW", "BUY", "LIMIT", "BTCUSDT"])
    order_id = re.search(r" id=(\d+)", out)[1]
    assert order_id in lone_cli("orders")[1]
    code, out, _ = lone_cli("amend", "BTCUSDT", order_id, "--price", "61900")
    assert code == 0
    assert "at 61900" in out
    assert "No open orders." not in lone_cli("orders", "BTCUSDT")[1]
    code, out, _ = lone_cli("cancel", "BTCUSDT", order_id)
    assert (code, out.split()[0]) == (0, "CANCELED")
    assert "No open orders." in lone_cli("orders")[1]


def test_place_list_move_cancel_a_conditional_order(cli):
    code, out, _ = cli("algo", "btcusdt", "sell", "stop_market", "0.1", "--trigger", "50000")
    assert (code, out.split()[:4]) == (0, ["NEW", "SELL", "STOP_MARKET", "BTCUSDT"])
    first = re.search(r" id=(\d+)", out)[1]
    listed = cli("orders")[1]
    assert "No open orders." in listed
    assert first in listed
    code, out, _ = cli("algo-move", "BTCUSDT", first, "--trigger", "51000")
    assert (code, "when 51000" in out) == (0, True)
    second = re.search(r"client_id=(\S+)", out)[1]
    listed = cli("orders", "BTCUSDT")[1]
    assert second in listed
    assert first not in listed
    code, out, _ = cli("algo-cancel", "BTCUSDT", second)
    assert (code, out.split()[0]) == (0, "CANCELED")
    assert "No conditional orders." in cli("orders")[1]


def test_fill_position_balance(cli):
    code, out, _ = cli("order", "BTCUSDT", "BUY", "MARKET", "0.1")
    assert (code, out.split()[0]) == (0, "FILLED")
    assert re.search(r"0\.1/0\.1 at \d+", out)
    assert re.search(r"BTCUSDT +BOTH +0.1 ", cli("positions")[1])
    assert re.search(r"USDT +4999999\d\.", cli("balance")[1])


def test_cancel_bids_and_then_everything(cli):
    for side, price in (("BUY", "62000"), ("SELL", "67000")):
        cli("order", "BTCUSDT", side, "LIMIT", "0.1", price)
    cli("algo", "BTCUSDT", "SELL", "STOP_MARKET", "0.1", "--trigger", "50000")
    code, out, _ = cli("cancel-all", "btcusdt", "--side", "buy")
    assert (code, out) == (0, "Cancelling 1 order and 0 conditional orders.\n")
    listed = cli("orders")[1]
    assert ("67000" in listed, "62000" in listed, "50000" in listed) == (True, False, True)
    code, out, _ = cli("cancel-all")
    assert (code, out) == (0, "Cancelling 1 order and 1 conditional order.\n")
    assert "No open orders." in cli("orders")[1]
    code, _, err = cli("cancel-all", "NOSUCH")
    assert (code, "NOSUCH" in err) == (1, True)


def test_the_guard_tells_the_day_and_its_limits(cli, tmp_path):
    limits = "risk: {max_order_qty: {BTCUSDT: 0.5}, daily_loss_with_open: true}\n"
    (tmp_path / "config.yaml").write_text(CONFIG + limits, encoding="utf-8")
    code, out, _ = cli("guard")
    assert code == 0
    assert out.startswith("Today: 0 USDT, with fees and funding.")
    assert "risk.max_order_qty: BTCUSDT 0.5\n" in out
    assert "risk.price_band_pct: 5\n" in out
    assert "risk.daily_loss_with_open: true\n" in out
    assert "max_leverage" not in out  # off on paper
    code, _, err = cli("order", "BTCUSDT", "BUY", "LIMIT", "1", "60000")
    assert (code, "risk.max_order_qty" in err) == (1, True)


def test_close_a_share_reverse_flatten_kill(cli):
    cli("order", "BTCUSDT", "BUY", "MARKET", "0.1")
    code, out, _ = cli("close", "btcusdt", "--share-pct", "40")
    assert (code, out.split()[:5]) == (0, ["FILLED", "SELL", "MARKET", "BTCUSDT", "0.04/0.04"])
    code, out, _ = cli("reverse", "BTCUSDT")
    assert (code, out.split()[:5]) == (0, ["FILLED", "SELL", "MARKET", "BTCUSDT", "0.06/0.06"])
    code, out, _ = cli("flatten", "BTCUSDT")
    flat = "Flat: no order and no position of BTCUSDT is left at the exchange."
    assert (code, out.splitlines()[-1]) == (0, flat)
    code, out, _ = cli("kill", "--seconds", "20")
    assert (code, out.splitlines()[-1][:5]) == (0, "Flat:")


def test_dead_man_is_switched_off_by_ctrl_c(cli, monkeypatch):
    from engine.console import protection

    waits = iter([False, True])

    class Impatient(protection.Mailbox):
        def wait(self, timeout_s=None):
            if next(waits):
                raise KeyboardInterrupt
            return super().wait(30.0)

    monkeypatch.setattr(protection, "Mailbox", Impatient)
    code, out, _ = cli("dead-man", "BTCUSDT", "5")
    assert code == 0
    assert "Unless it hears from Perpdesk for 5 s" in out
    assert "BTCUSDT renewed for 5 s." in out
    assert out.splitlines()[-1] == "The dead-man switch of BTCUSDT is off."
    assert "is off" in cli("dead-man", "BTCUSDT", "0")[1]


def test_what_was_traded_is_exported(cli, tmp_path):
    code, _, err = cli("export", "fills", str(tmp_path / "none.csv"))
    assert (code, "no journal" in err) == (1, True)
    cli("order", "BTCUSDT", "BUY", "MARKET", "0.1")
    cli("order", "BTCUSDT", "SELL", "MARKET", "0.1")
    cli("algo", "BTCUSDT", "SELL", "STOP_MARKET", "0.1", "--trigger", "50000")
    for what, least in (("fills", 2), ("orders", 2), ("trips", 1), ("algos", 1)):
        file = tmp_path / f"{what}.csv"
        code, out, _ = cli("export", what, str(file))
        assert (code, f"{what} written to" in out) == (0, True)
        assert len(file.read_text(encoding="utf-8").splitlines()) > least


def test_watch_prints_prices(cli, monkeypatch):
    """Until Ctrl+C, after the first one."""
    really_print = sessions._best

    def print_once(*given):
        really_print(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(sessions, "_best", print_once)
    code, out, _ = cli("watch", "BTCUSDT")
    assert code == 0
    assert re.search(r"BTCUSDT bid [\d.]+ ask [\d.]+", out)


def assert_one_sentence(result: tuple[int, str, str], said: str) -> None:
    code, out, err = result
    assert code == 1
    assert said in err
    assert "Traceback" not in err
    assert out == ""


class TestMistakeInAnOrder:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("order", "BTCUSDT", "BUY", "LIMIT", "0.1", "62000.03"), "multiple of 0.1"),
            (("order", "BTCUSDT", "BUY", "LIMIT", "zero", "62000"), "quantity must be a number"),
            (("order", "BTCUSDT", "BUY", "LIMIT", "0", "62000"), "above zero"),
            (("order", "BTCUSDT", "BUY", "LIMIT", "0.1"), "needs a price"),
            (("order", "NOSUCH", "BUY", "LIMIT", "0.1", "62000"), "no symbol 'NOSUCH'"),
        ],
    )
    def test_is_one_sentence(self, paper, capsys, words, said):
        assert_one_sentence(typed_in(paper, capsys)(*words), said)


class TestMistakeElsewhere:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("cancel", "BTCUSDT", "777"), "no open order 777"),
            (("amend", "BTCUSDT", "777"), "no open order 777"),
            (("watch", "NOSUCH"), "no symbol 'NOSUCH'"),
            (("algo", "BTCUSDT", "SELL", "STOP_MARKET", "0.1"), "needs trigger_price"),
            (("algo", "BTCUSDT", "SELL", "STOP", "0.1", "--trigger", "9000000"), "needs price"),
            (("algo-move", "BTCUSDT", "777"), "--trigger, --price, --quantity"),
            (("algo-cancel", "BTCUSDT", "777"), "no conditional order 777"),
            (("close", "BTCUSDT"), "no open position"),
            (("dead-man", "BTCUSDT", "3"), "from 5 to 86400 s"),
        ],
    )
    def test_is_one_sentence(self, paper, capsys, words, said):
        assert_one_sentence(typed_in(paper, capsys)(*words), said)


def test_an_unknown_environment_and_a_broken_config_name_the_key(tmp_path, capsys):
    assert main(["orders", "--environment", "mars", "--user-data", str(tmp_path)]) == 1
    assert "exchange.environment: there is no environment 'mars'" in capsys.readouterr().err
    (tmp_path / "bad.yaml").write_text("oms: {retry_attempts: many}", encoding="utf-8")
    broken = ["--config", str(tmp_path / "bad.yaml"), "--user-data", str(tmp_path)]
    assert main(["orders", *broken]) == 1
    assert "oms.retry_attempts: must be a whole number" in capsys.readouterr().err


def test_a_wrong_key_is_said_and_shown_nowhere(tmp_path, capsys, monkeypatch, engine):
    hosts = engine.gateway.hosts
    (tmp_path / "own.yaml").write_text(
        f"environments: {{desk2: {{rest: '{hosts.rest}', streams: '{hosts.streams}',"
        f" ws_api: '{hosts.ws_api}'}}}}",
        encoding="utf-8",
    )
    monkeypatch.setenv("PERPDESK_API_KEY", "W" * 64)
    monkeypatch.setenv("PERPDESK_API_SECRET", "hunter2hunter2")
    words = ["orders", "--environment", "desk2", "--config", str(tmp_path / "own.yaml")]
    assert main([*words, "--user-data", str(tmp_path / "other")]) == 1
    err = capsys.readouterr().err
    assert "key" in err.lower()
    log = (tmp_path / "other" / "logs" / "perpdesk.log").read_text(encoding="utf-8")
    assert "hunter2" not in err + log
    assert "W" * 64 not in err + log


def test_wrong_usage_exits_with_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["order", "BTCUSDT", "HOLD", "LIMIT", "1"])
    assert caught.value.code == 2


def test_the_paper_server_alone_and_a_taken_port(tmp_path):
    words = [sys.executable, "-m", "engine", "paper-server", "--quiet-market", "--fresh"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        [*words, "--state-dir", str(tmp_path / "a")], **pipes, env={**os.environ}
    ) as server:
        ready = json.loads(server.stdout.readline())
        assert ready["ready"] is True
        assert len(ready["accounts"]) >= 2
        port = ready["rest"].rsplit(":", 1)[1]
        taken = subprocess.run(
            [*words, "--state-dir", str(tmp_path / "b"), "--port", port],
            capture_output=True, text=True, encoding="utf-8", check=False, input="", timeout=20,
        )  # fmt: skip
        assert taken.returncode != 0
        assert port in taken.stderr
        assert "Traceback" not in taken.stderr
        server.stdin.close()
        assert server.wait(30) == 0


def test_plans_from_the_console(cli):
    code, out, _ = cli("scaled", "BTCUSDT", "BUY", "0.03", "62000", "61000", "3")
    assert (code, out.split()[:4]) == (0, ["running", "BUY", "scaled", "BTCUSDT"])
    plan_id = re.search(r"plan=(\S+)", out)[1]
    assert re.search(rf"{plan_id} +scaled +BTCUSDT +BUY +running +0/0.03", cli("plans")[1])
    code, out, err = cli("plan-stop", plan_id)
    assert (code, out.split()[0], err) == (1, "stopped", "Stopped by hand.\n")


def test_a_twap_and_a_chase_run_as_long_as_their_command(cli):
    code, out, _ = cli("twap", "BTCUSDT", "BUY", "0.02", "2", "2")
    assert code == 0
    assert re.search(r"^done BUY twap BTCUSDT 0.02/0.02 at 64250.1 ", out, re.MULTILINE)
    code, out, err = cli("chase", "BTCUSDT", "SELL", "0.02", "--longest", "1", "--reduce-only")
    assert (code, err) == (1, "Its 1 s are over.\n")
    assert re.search(r"^stopped SELL chase BTCUSDT 0/0.02 plan=", out, re.MULTILINE)


def test_a_strategy_runs_until_its_time_is_over(cli, tmp_path):
    file = tmp_path / "hello.py"
    file.write_text(
        "class Hello:\n"
        "    def on_start(self, desk):\n"
        "        desk.say(f'hello {desk.symbols}')\n"
        "    def on_event(self, event):\n"
        "        raise ValueError('enough')\n",
        encoding="utf-8",
    )
    code, out, _ = cli("run", str(file), "--symbol", "btcusdt", "--seconds", "20")
    assert code == 1
    assert "hello: hello ('BTCUSDT',)\n" in out
    assert "hello: crashed and was ended. hello.py, line 5: ValueError: enough.\n" in out


def test_a_bracket_is_placed_followed_listed_and_cancelled(cli):
    exits = ("--stop", "50000", "--target", "90000")
    entry = ("bracket", "BTCUSDT", "BUY", "0.1", "--price", "62000", *exits)
    code, out, _ = cli(*entry, "--seconds", "0.3")
    assert code == 0
    assert "entering BUY BTCUSDT 0/0.1 stop 50000 target 90000" in out
    assert "Nobody follows this bracket now" in out
    bracket_id = re.search(r"id=(b\w+)", out)[1]
    code, out, _ = cli("bracket-cancel", bracket_id)
    assert (code, out.split()[0]) == (0, "closed")
    assert "No open brackets." in cli("brackets")[1]
