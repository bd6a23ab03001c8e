"""Clients that are broken, slow, strange or many; and everybody else meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websocket

from engine.paper.contract_specs import CONTRACT_SPECS
from engine.paper.paper_process import PaperProcess
from engine.utils.paths import program_dir
from tests.helpers.paper import DEADLINE_S, PaperClient, Stream, paper_server
from tests.helpers.waiting import wait_until
from tests.proofs import kill_loop

PROMPT_S = 15.0  # far above what it takes, far below what a stuck server would


@pytest.fixture
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    """A living market with a fast clock, so that the streams have much to say."""
    folder = tmp_path_factory.mktemp("lively")
    options = {"quiet_market": False, "unlimited": True, "fresh": True, "seed": 1}
    with paper_server(folder, clock_speed=20.0, **options) as process:
        yield process


def dial(server: PaperProcess) -> socket.socket:
    port = urlsplit(server.hosts.rest).port
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)


def read_to_the_end(peer: socket.socket) -> bytes:
    """Whatever comes until the server hangs up."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := peer.recv(65536):
            parts.append(part)
    return b"".join(parts)


def assert_prompt(client: PaperClient) -> None:
    began = time.monotonic()
    assert client.public("/fapi/v1/ping").status == 200
    assert time.monotonic() - began < PROMPT_S


def test_garbage_instead_of_a_request_is_refused_and_hurts_nobody(client: PaperClient) -> None:
    chance = random.Random(1)
    for size in (1, 10, 1000, 100_000):
        with dial(client.server) as peer:
            with contextlib.suppress(ConnectionError):
                peer.sendall(chance.randbytes(size) + b"\r\n\r\n")
                peer.shutdown(socket.SHUT_WR)
            answer = read_to_the_end(peer)
        assert answer == b"" or b" 400 " in answer.splitlines()[0]
    assert_prompt(client)


@pytest.mark.parametrize(
    "text",
    [
        b"GET /fapi/v1/ti",
        b"GET /fapi/v1/time HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /fapi/v1/order HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nsymbol=",
    ],
)
def test_half_a_request_and_then_the_end_is_forgotten(client: PaperClient, text: bytes) -> None:
    with dial(client.server) as peer:
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in read_to_the_end(peer)
    assert_prompt(client)


def test_half_requests_that_never_end_keep_nobody_waiting(client: PaperClient) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(dial(client.server)) for _ in range(50)]
        for number in range(20):
            for peer in slow:
                peer.sendall(b"GET /fapi/v1/ti"[number : number + 1] or b"x")
            assert_prompt(client)
        assert client.order().status == 200


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a header", b"X-Long: " + b"x" * 20_000 + b"\r\n"),
        ("a target", b""),
    ],
)
def test_oversize_head_is_refused(client: PaperClient, name: str, lines: bytes) -> None:
    target = b"/fapi/v1/time?" + b"a" * (0 if lines else 20_000)
    with dial(client.server) as peer:
        peer.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lines + b"\r\n")
        assert b" 400 " in read_to_the_end(peer).splitlines()[0]
    assert_prompt(client)


def test_oversize_body_is_refused(client: PaperClient) -> None:
    head = b"POST /fapi/v1/order HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3000000\r\n\r\n"
    with dial(client.server) as peer:
        with contextlib.suppress(ConnectionError):
            peer.sendall(head + b"x" * 3_000_000)
        answer = peer.recv(65536)
    assert b" 413 " in answer.splitlines()[0]
    assert_prompt(client)


@pytest.mark.parametrize("path", ["/public/ws", "/ws-fapi/v1"])
def test_oversize_frame_ends_its_connection_alone(client: PaperClient, path: str) -> None:
    with Stream(client.server.hosts.streams + "/public/ws") as other:
        stream = websocket.create_connection(client.server.hosts.streams + path, timeout=DEADLINE_S)
        with contextlib.suppress(ConnectionError):
            stream.send("x" * 2_000_000)
        with contextlib.suppress(ConnectionError, websocket.WebSocketException):
            opcode, data = stream.recv_data()
            assert opcode == websocket.ABNF.OPCODE_CLOSE
            assert int.from_bytes(data[:2], "big") == 1009
        stream.shutdown()
        assert other.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == []


@pytest.mark.parametrize("frame", [b"\xff" * 64, b"\x83\x80abcd", b"\x81\x84abcd\xff\xfe\xff\xfe"])
def test_broken_frame_ends_its_connection_alone(client: PaperClient, frame: bytes) -> None:
    url = client.server.hosts.streams + "/public/ws"
    with Stream(url) as other:
        stream = websocket.create_connection(url, timeout=DEADLINE_S)
        stream.sock.sendall(frame)
        stream.sock.settimeout(DEADLINE_S)
        read_to_the_end(stream.sock)
        stream.shutdown()
        assert other.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})["result"] == []


def test_client_that_no_longer_answers_pings_is_hung_up_on(tmp_path: Path) -> None:
    words = ["--quiet-market", "--state-dir", str(tmp_path)]
    words += ["--ping-every", "0.05", "--pong-within", "0.3"]
    with subprocess.Popen(
        [sys.executable, "-m", "engine.paper.paper_server", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=program_dir(),
    ) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["streams"]
        stream = websocket.create_connection(f"{url}/public/ws", timeout=DEADLINE_S)
        stream.sock.settimeout(DEADLINE_S)
        assert b"Pong timeout" in read_to_the_end(stream.sock)  # pings in between stay unanswered
        stream.shutdown()
        server.communicate(timeout=DEADLINE_S)


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["/public/ws/btcusdt@bookTicker", "/private/ws", "/ws-fapi/v1"])
def test_web_page_of_a_stranger_gets_no_socket(
    client: PaperClient, headers: dict[str, str], path: str
) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(client.server.hosts.streams + path, **headers)
    assert refused.value.status_code == 403


def test_fifty_listeners_all_hear_the_same(lively: PaperProcess) -> None:
    url = f"{lively.hosts.streams}/market/ws/btcusdt@aggTrade"
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(Stream(url)) for _ in range(50)]
        latest = max(stream.receive()["a"] for stream in streams)
        heard = {stream.until(lambda m: m["a"] == latest + 5)["p"] for stream in streams}
        assert len(heard) == 1
        assert_prompt(PaperClient(lively))


def all_streams() -> str:
    names = [f"depth{n}@{ms}ms" for n in ("", 5, 10, 20) for ms in (100, 250, 500)]
    return "/".join(f"{symbol.lower()}@{name}" for symbol in CONTRACT_SPECS for name in names)


def test_reader_too_slow_is_disconnected_and_nobody_else_is_delayed(lively: PaperProcess) -> None:
    client = PaperClient(lively)
    quick = Stream(f"{lively.hosts.streams}/public/stream?streams=btcusdt@depth@100ms")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.settimeout(DEADLINE_S)
    slow.connect(("127.0.0.1", urlsplit(lively.hosts.rest).port or 0))
    with quick, slow:
        slow.sendall(
            f"GET /public/stream?streams={all_streams()} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        assert slow.recv(12) == b"HTTP/1.1 101"
        previous = quick.receive()["data"]["u"]

        def gone() -> bool:
            nonlocal previous
            assert_prompt(client)
            update = quick.receive()["data"]
            assert update["pu"] == previous
            previous = update["u"]
            return slow.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

        wait_until(gone, timeout_s=60, what="the slow reader's end")


@pytest.mark.long
def test_kills_at_random_lose_nothing_acknowledged() -> None:
    figures = kill_loop.run(kills=3, seed=5)
    assert figures["passed"], figures
    assert figures["acknowledged"] > 10


@pytest.mark.skipif(sys.platform != "linux", reason="counts the files of /proc")
def test_connections_that_come_and_go_leave_nothing_open(client: PaperClient) -> None:
    folder = Path(f"/proc/{client.server.pid}/fd")
    before = len(os.listdir(folder))  # noqa: PTH208
    for _ in range(100):
        with dial(client.server) as peer:
            peer.sendall(b"GET /fapi/v1/time HT")
    wait_until(lambda: len(os.listdir(folder)) <= before + 2, what="closed connections")  # noqa: PTH208


def test_requests_at_once_from_many_threads_are_all_answered(client: PaperClient) -> None:
    answers: list[int] = []

    def ask() -> None:
        own = PaperClient(client.server)
        answers.extend(own.public("/fapi/v1/time").status for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 300
