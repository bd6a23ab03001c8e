from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import NotConnected
from engine.events import Event, StreamStateChanged
from engine.exchange.http_session import HttpSession
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.tcp_connect import close_quietly, connect, is_reachable
from engine.exchange.websocket_manager import WebSocketManager
from engine.trading_types import StreamState
from engine.wire.hosts import Hosts
from tests.helpers.toy_http import Reply, toy_http_server
from tests.helpers.toy_streams import toy_stream_server
from tests.helpers.toy_tls import server_context, write_pem
from tests.helpers.waiting import wait_until

TRADE = {
    "e": "aggTrade", "E": 11, "s": "BTCUSDT", "a": 1, "p": "1.5", "q": "2", "T": 10, "m": True,
}  # fmt: skip


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return write_pem(tmp_path)


@pytest.fixture
def tls(pem: Path) -> ssl.SSLContext:
    return server_context(pem)


@pytest.fixture
def trusted(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


def test_https_works_with_a_trusted_certificate(tls: ssl.SSLContext, trusted: None) -> None:
    with toy_http_server(lambda _request: Reply(b"x" * 100_000), tls) as server:
        session = HttpSession(server.url, {}, 30.0)
        for _ in range(3):
            assert len(session.send("GET", "/", 30.0).body) == 100_000
        assert server.connections == 1
        session.close()


def test_an_untrusted_certificate_sends_nothing(tls: ssl.SSLContext) -> None:
    with toy_http_server(lambda _request: Reply(), tls) as server:
        session = HttpSession(server.url, {}, 30.0)
        with pytest.raises(NotConnected, match="certificate is not trusted"):
            session.send("POST", "/order", 30.0)
        assert server.requests == []
        session.close()


def test_a_certificate_for_another_name_sends_nothing(
    tls: ssl.SSLContext, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def pretend(host: str, port: int, **options: int) -> object:
        return real("127.0.0.1", port, **options)

    with toy_http_server(lambda _request: Reply(), tls) as server:
        monkeypatch.setattr(socket, "getaddrinfo", pretend)
        monkeypatch.setenv("no_proxy", "*")
        session = HttpSession(f"https://fapi.example.com:{server.port}", {}, 30.0)
        with pytest.raises(NotConnected, match="certificate is not trusted"):
            session.send("POST", "/order", 30.0)
        session.close()


def test_streams_over_tls_deliver_and_stop(tls: ssl.SSLContext, trusted: None) -> None:
    events: list[Event] = []
    with toy_stream_server(tls=tls) as server:
        hosts = Hosts(rest="", streams=server.url, ws_api="")
        manager = WebSocketManager(hosts=hosts, settings=StreamSettings(tick_s=0.01))
        manager.subscribe_agg_trade("BTCUSDT", events.append)
        connection = server.connection()
        for _ in range(500):
            connection.send_stream("btcusdt@aggTrade", TRADE)
        wait_until(lambda: len(events) == 500)
        assert manager.stop(30.0)


def test_a_stream_with_an_untrusted_certificate_is_never_opened(tls: ssl.SSLContext) -> None:
    states: list[StreamStateChanged] = []
    with toy_stream_server(tls=tls) as server:
        hosts = Hosts(rest="", streams=server.url, ws_api="")
        manager = WebSocketManager(hosts=hosts, on_state=states.append)
        manager.subscribe_agg_trade("BTCUSDT", lambda _event: None)
        wait_until(lambda: [s for s in states if s.state is StreamState.DISCONNECTED])
        assert manager.stop(30.0)
        assert server.targets == []
    assert "certificate is not trusted" in states[1].sentence


def test_tls_to_a_server_that_says_nothing_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        started = time.monotonic()
        with pytest.raises(NotConnected, match="no answer in time"):
            connect(f"https://127.0.0.1:{deaf.getsockname()[1]}", 0.3, None)
        assert time.monotonic() - started < 5.0


def test_an_unknown_host_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_args: object, **_options: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(NotConnected, match="Name or service not known"):
        connect("https://nowhere.invalid", 1.0, None)
    assert not is_reachable("wss://nowhere.invalid/market", 1.0)


def test_reachable_is_asked_without_a_word() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/market"
        assert is_reachable(url, 30.0)
        accepted, _ = listener.accept()
        accepted.settimeout(30.0)
        assert accepted.recv(10) == b""
        accepted.close()
    assert not is_reachable(url, 30.0)


@pytest.fixture
def proxy() -> Iterator[tuple[int, list[bytes]]]:
    """Answers one CONNECT and then says hello in the tunnel."""
    heads: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1024)
        heads.append(head)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\nhello")
        client.recv(10)
        client.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], heads
    thread.join(30)
    listener.close()


def test_a_system_proxy_is_used_for_hosts_elsewhere(
    proxy: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, heads = proxy
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{port}")
    monkeypatch.delenv("no_proxy", raising=False)
    sock = connect("http://fapi.example.com:81", 30.0, None)
    assert sock.recv(5) == b"hello"
    close_quietly(sock)
    assert heads[0].startswith(b"CONNECT fapi.example.com:81 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in heads[0]


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with toy_http_server(lambda _request: Reply(status=407)) as server:
        monkeypatch.setenv("https_proxy", server.url)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(NotConnected, match="proxy refused with status 407"):
            connect("https://fapi.example.com", 30.0, None)


def test_a_socks_proxy_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(NotConnected, match="only http works"):
        connect("https://fapi.example.com", 30.0, None)
