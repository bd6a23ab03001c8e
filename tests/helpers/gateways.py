"""Gateways made by hand; whatever a test made is closed, also when it fails half-way.

A gateway that a failed test leaves open runs on in the tests that follow, and they fail
for its threads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from engine.exchange.binance_gateway import BinanceGateway
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.websocket_manager import WebSocketManager
from engine.wire.hosts import Hosts

_MONTH_S = 30 * 24 * 3600.0
PATIENT = StreamSettings(
    tick_s=0.01,
    ping_interval_s=_MONTH_S,
    pong_timeout_s=_MONTH_S,
    first_data_s=_MONTH_S,
    silence_s=_MONTH_S,
    patience_max_s=_MONTH_S,
    lifetime_s=_MONTH_S,
    key_check_s=1800.0,
)
"""A fake clock outruns the threads of a busy machine: an answer that is only late in its time
must not look like silence. A test gives back the patience that it is about.
"""


class Gateways:
    """`given` as in BinanceGateway and WebSocketManager."""

    def __init__(self) -> None:
        self._made = contextlib.ExitStack()

    def open(self, hosts: Hosts, **given: Any) -> BinanceGateway:
        gateway = BinanceGateway(hosts=hosts, **given)
        self._made.callback(gateway.close)
        return gateway

    def open_streams(self, hosts: Hosts, **given: Any) -> WebSocketManager:
        manager = WebSocketManager(hosts=hosts, **given)
        self._made.callback(manager.stop, 3.0)
        return manager

    def close(self) -> None:
        """Each of them, the newest first, though another cannot be closed."""
        self._made.close()


@contextlib.contextmanager
def gateways_closed_at_the_end() -> Iterator[Gateways]:
    made = Gateways()
    try:
        yield made
    finally:
        made.close()
