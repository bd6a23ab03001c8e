"""Every way to the exchange goes through the proxy that the configuration names."""

from __future__ import annotations

import socket

import pytest

from engine.build_engine import Venue, build_gateway
from engine.clock import SystemClock
from engine.config import parse_config
from engine.errors import ConfigError, NotConnected, PerpdeskError
from engine.exchange.binance_gateway import BinanceGateway
from engine.exchange.tcp_connect import connect, is_reachable
from engine.secret import Credentials, Secret
from engine.wire.hosts import Hosts
from tests.helpers.toy_http import Reply, Request, toy_http_server
from tests.helpers.toy_proxy import toy_proxy
from tests.helpers.toy_streams import toy_stream_server

ELSEWHERE = Hosts(
    rest="http://fapi.example.com",
    streams="ws://fstream.example.com",
    ws_api="ws://ws-fapi.example.com/ws-fapi/v1",
)


def _gateway(config: str) -> BinanceGateway:
    venue = Venue(hosts=ELSEWHERE, credentials=Credentials("key", Secret("secret")))
    return build_gateway(
        parse_config(config), venue, SystemClock(), lambda _event: None, lambda *_: None
    )


def _venue(request: Request) -> Reply:
    if request.path == "/fapi/v1/time":
        return Reply({"serverTime": SystemClock().now_ms()})
    return Reply({"listenKey": "KEY"} if request.path == "/fapi/v1/listenKey" else [])


def test_calls_streams_and_the_order_socket_all_take_the_configured_proxy() -> None:
    with toy_http_server(_venue) as http, toy_stream_server() as streams:
        ports = {
            "fapi.example.com": http.port,
            "fstream.example.com": streams.port,
            "ws-fapi.example.com": streams.port,
        }
        with toy_proxy(ports) as proxy:
            gateway = _gateway(f"network: {{proxy: 'http://me:p%40ss@127.0.0.1:{proxy.port}'}}")
            try:
                assert gateway.get_account_balance() == []
                gateway.start_user_stream(lambda _event: None)
                gateway.subscribe(["btcusdt@aggTrade", "btcusdt@depth"], lambda _event: None)
                with pytest.raises(PerpdeskError):  # it has no order socket yet, and begins one
                    gateway.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", 60000)
                for route in ("public", "market", "private", "ws-fapi"):
                    streams.connection(route=route)
            finally:
                gateway.close()
    asked = {head.split(" ")[1] for head in proxy.heads}
    assert asked == {f"{host}:80" for host in ports}
    assert all("Proxy-Authorization: Basic bWU6cEBzcw==" in head for head in proxy.heads)


def test_with_none_the_systems_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_args: object, **_options: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with toy_proxy({}) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setattr(socket, "getaddrinfo", nobody)
        with pytest.raises(NotConnected, match="Name or service not known"):
            connect("http://fapi.example.com", 1.0, None, None, "none")
        assert not is_reachable("http://fapi.example.com", 1.0, "none")
    assert proxy.heads == []


@pytest.mark.parametrize(
    "text",
    ["socks5://me:secret@host:1", "http://me:secret@host:99999", "me:secret@host", "http://"],
)
def test_an_unusable_proxy_is_refused_without_showing_its_password(text: str) -> None:
    with pytest.raises(ConfigError, match="http://host:port") as refused:
        parse_config(f"network: {{proxy: '{text}'}}")
    assert refused.value.key == "network.proxy"
    assert "secret" not in str(refused.value)
