"""The paper exchange as a process: the ready line, its end, and what it remembers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import websocket

from engine.config import default_config
from engine.errors import PaperExchangeError
from engine.paper.paper_discovery import announce
from engine.paper.paper_process import PaperOptions, PaperProcess
from engine.paper_start import paper_options, paper_state_dir, start_early
from engine.utils.paths import program_dir
from tests.helpers.paper import DEADLINE_S, PaperClient, Stream, paper_server


def launch(
    *words: str, stdin: int = subprocess.PIPE, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.paper.paper_server", *words],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=program_dir(),
        env=env,
        text=True,
    )


def test_ready_line_names_hosts_and_two_separate_accounts(tmp_path: Path) -> None:
    with launch("--quiet-market", "--fresh", "--state-dir", str(tmp_path)) as server:
        assert server.stdout is not None
        line = json.loads(server.stdout.readline())
        _, complaints = server.communicate(timeout=DEADLINE_S)
    assert server.returncode == 0, complaints
    assert line["ready"] is True
    port = line["rest"].rpartition(":")[2]
    assert line["rest"] == f"http://127.0.0.1:{port}"
    assert line["streams"] == f"ws://127.0.0.1:{port}"
    assert line["ws_api"] == f"ws://127.0.0.1:{port}/ws-fapi/v1"
    first, second = line["accounts"]
    assert (line["api_key"], line["api_secret"]) == (first["api_key"], first["api_secret"])
    assert first["api_key"] != second["api_key"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_server_cleanly(tmp_path: Path, number: int) -> None:
    with launch("--quiet-market", "--state-dir", str(tmp_path)) as server:
        assert server.stdout is not None
        server.stdout.readline()
        server.send_signal(number)
        server.wait(DEADLINE_S)
    assert server.returncode == 0


def test_taken_port_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with launch("--quiet-market", "--port", port, "--state-dir", str(tmp_path)) as server:
            _, complaints = server.communicate(timeout=DEADLINE_S)
    assert server.returncode == 2
    assert complaints.count("\n") == 1
    assert f"Port {port} is in use" in complaints


def test_folder_in_use_is_refused_in_words(tmp_path: Path) -> None:
    with (
        paper_server(tmp_path),
        pytest.raises(PaperExchangeError, match="in use by another paper exchange"),
    ):
        PaperProcess.start(PaperOptions(state_dir=tmp_path))


def test_unlisted_symbol_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(PaperExchangeError, match="NOPE is not listed"):
        PaperProcess.start(PaperOptions(state_dir=tmp_path, symbols=("NOPE",)))


def test_symbols_balance_and_port_are_as_asked(tmp_path: Path) -> None:
    with paper_server(tmp_path, symbols=("ETHUSDT", "BTCUSDT"), balance="123.45") as server:
        client = PaperClient(server)
        info = client.public("/fapi/v1/exchangeInfo").body
        assert [row["symbol"] for row in info["symbols"]] == ["ETHUSDT", "BTCUSDT"]
        assert client.signed("GET", "/fapi/v3/balance").body[0]["balance"] == "123.45000000"


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as first:
        client = PaperClient(first)
        resting = client.order(newClientOrderId="resting", price="60000").body
        client.market("BUY", "0.100")
        reduce = client.order("SELL", quantity="0.050", price="65000", reduceOnly="true").body
        client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=33)
        key = client.raw("POST", "/fapi/v1/listenKey").body["listenKey"]
        before = client.signed("GET", "/fapi/v3/account").body
        trades = client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").body
        first.kill()
    with paper_server(tmp_path) as second:
        client = PaperClient(second)
        assert second.api_key == first.api_key
        rows = client.signed("GET", "/fapi/v1/openOrders").body
        assert {row["orderId"] for row in rows} == {resting["orderId"], reduce["orderId"]}
        after = client.signed("GET", "/fapi/v3/account").body
        assert after["totalWalletBalance"] == before["totalWalletBalance"]
        assert after["positions"][0]["positionAmt"] == before["positions"][0]["positionAmt"]
        assert client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").body == trades
        shown = client.signed("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT").body
        assert shown[0]["leverage"] == 33
        with Stream(f"{second.hosts.streams}/private/ws/{key}") as stream:
            again = client.order(newClientOrderId="after", price="60001").body
            assert stream.receive()["o"]["i"] == again["orderId"] > reduce["orderId"]
        assert client.order(newClientOrderId="resting").code == -4116
        client.market("SELL", "0.010")
        newest = client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").body[-1]
        assert newest["id"] > trades[-1]["id"]


def test_torn_last_line_is_left_out(tmp_path: Path) -> None:
    with paper_server(tmp_path, fresh=True) as first:
        order = PaperClient(first).order().body
    with (tmp_path / "paper-exchange.jsonl").open("ab") as file:
        file.write(b'{"k":"order","account_id":"first","symb')
    with paper_server(tmp_path) as second:
        rows = PaperClient(second).signed("GET", "/fapi/v1/openOrders").body
        assert [row["orderId"] for row in rows] == [order["orderId"]]


def test_fresh_forgets_the_account_and_keeps_the_keys(tmp_path: Path) -> None:
    with paper_server(tmp_path) as first:
        PaperClient(first).order()
    with paper_server(tmp_path, fresh=True) as second:
        assert second.accounts == first.accounts
        assert PaperClient(second).signed("GET", "/fapi/v1/openOrders").body == []


def test_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    with launch("--quiet-market", "--state-dir", str(tmp_path)) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        server.stdout.readline()
        server.stdin.close()
        assert server.wait(DEADLINE_S) == 0


def test_stop_ends_a_server_with_open_streams_quickly(tmp_path: Path) -> None:
    process = PaperProcess.start(PaperOptions(state_dir=tmp_path, quiet_market=True))
    with Stream(f"{process.hosts.streams}/public/ws/btcusdt@bookTicker"):
        process.stop()
        assert not process.is_running
    process.stop()


def test_sockets_are_pinged_and_live_no_longer_than_their_life(tmp_path: Path) -> None:
    words = ("--ping-every", "0.05", "--connection-life", "0.5", "--state-dir", str(tmp_path))
    with launch("--quiet-market", *words) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["streams"]
        stream = websocket.create_connection(f"{url}/public/ws", timeout=DEADLINE_S)
        opcodes = set()
        while websocket.ABNF.OPCODE_CLOSE not in opcodes:
            opcodes.add(stream.recv_data(control_frame=True)[0])
        stream.shutdown()
        server.communicate(timeout=DEADLINE_S)
    assert opcodes == {websocket.ABNF.OPCODE_PING, websocket.ABNF.OPCODE_CLOSE}


@pytest.mark.skipif(sys.platform == "win32", reason="the null device and SIGTERM of POSIX")
def test_null_device_as_input_is_no_wish_to_end(tmp_path: Path) -> None:
    words = ("--quiet-market", "--state-dir", str(tmp_path))
    with launch(*words, stdin=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        line = json.loads(server.stdout.readline())
        with Stream(f"{line['streams']}/market/ws/btcusdt@markPrice@1s") as stream:
            assert stream.receive()["s"] == "BTCUSDT"  # up to a second later
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=DEADLINE_S)
    assert server.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the user's folder is moved by XDG_DATA_HOME")
def test_second_server_of_one_user_gets_an_account_of_its_own(tmp_path: Path) -> None:
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    with launch("--quiet-market", env=env) as first, launch("--quiet-market", env=env) as second:
        assert first.stdout is not None
        assert second.stdout is not None
        lines = [json.loads(server.stdout.readline()) for server in (first, second)]
        first.communicate(timeout=DEADLINE_S)
        second.communicate(timeout=DEADLINE_S)
    assert lines[0]["api_key"] != lines[1]["api_key"]
    folders = sorted(path.name for path in (tmp_path / "perpdesk").iterdir())
    assert folders == ["paper", "paper-2"]


def test_one_launched_early_is_what_the_next_start_gets(tmp_path: Path) -> None:
    options = PaperOptions(quiet_market=True, state_dir=tmp_path)
    PaperProcess.launch_early(options)
    process = PaperProcess.start(options)
    try:
        assert process.ready.ready
        PaperProcess.drop_early()
        assert process.is_running, "taken: no longer ours to drop"
    finally:
        process.stop()


def test_one_launched_early_that_nobody_takes_is_stopped(tmp_path: Path) -> None:
    options = PaperOptions(quiet_market=True, state_dir=tmp_path)
    PaperProcess.launch_early(options)
    (early,) = PaperProcess._early.values()
    PaperProcess.drop_early()
    assert not early.is_running


def test_only_the_embedded_exchange_is_started_early(tmp_path: Path) -> None:
    elsewhere = default_config().environment("testnet")
    start_early(default_config(), elsewhere, tmp_path)
    assert not PaperProcess._early
    embedded = default_config().environment("paper")
    start_early(default_config(), embedded, tmp_path)
    process = PaperProcess.start(paper_options(default_config(), tmp_path))
    announce(paper_state_dir(tmp_path), process.ready)
    try:
        assert not PaperProcess._early
        start_early(default_config(), embedded, tmp_path)
        assert not PaperProcess._early, "another one serves this account"
    finally:
        process.stop()
