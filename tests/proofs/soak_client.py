"""The engine's side of a soak: every market stream, the user stream, and an ear for each."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.clock import Clock
from engine.errors import PerpdeskError
from engine.events import Event, OrderUpdate
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.stream_route import RouteHealth
from engine.exchange.websocket_manager import WebSocketManager
from engine.kpi.silence_meter import SilenceMeter
from engine.paper.paper_process import PaperAccountKeys
from engine.trading_types import StreamState
from engine.utils.threads import StoppableThread
from engine.wire.hosts import Hosts
from tests.benchmarks.payloads import stream_names

USER_STREAM = "user stream"
SYMBOL = "BTCUSDT"
_TICK_S = 0.25


class SoakClient:
    """Noting runs on the stream threads, reading on any. `close` ends every thread."""

    def __init__(
        self,
        market: Hosts,
        account: Hosts,
        keys: PaperAccountKeys,
        clock: Clock,
        streams: StreamSettings,
        rest: RestSettings,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards _meter
        self._meter = SilenceMeter([*stream_names(), USER_STREAM], clock.monotonic())
        self._manager = WebSocketManager(hosts=market, clock=clock, settings=streams)
        self._gateway = BinanceGateway(
            hosts=account,
            api_key=keys.api_key,
            api_secret=keys.api_secret,
            clock=clock,
            settings=GatewaySettings(streams=streams, rest=rest, orders_over="rest"),
        )
        self._keeper = StoppableThread("soak-upkeep", self._keep_up)

    def start(self) -> None:
        for name in stream_names():
            self._manager.subscribe([name], self._ear(name))
        note = self._ear(USER_STREAM)
        self._gateway.start_user_stream(lambda e: note(e) if isinstance(e, OrderUpdate) else None)
        self._keeper.start()

    def close(self) -> None:
        self._keeper.request_stop()
        self._manager.stop()
        self._gateway.close()
        self._keeper.join(5.0)

    def unheard_since(self, moment_s: float) -> list[str]:
        with self._lock:
            return self._meter.unheard_since(moment_s)

    def routes(self) -> tuple[RouteHealth, ...]:
        return (*self._manager.health(), *self._gateway.health().routes)

    def is_live(self) -> bool:
        return all(route.state is StreamState.LIVE for route in self.routes())

    @property
    def messages(self) -> int:
        return sum(route.messages for route in self._manager.health())

    @property
    def decode_errors(self) -> int:
        return self._manager.decode_errors + self._gateway.health().decode_errors

    @property
    def callback_errors(self) -> int:
        return self._manager.callback_errors + self._gateway.health().callback_errors

    def _ear(self, name: str) -> Callable[[Event], None]:
        def note(_event: Event) -> None:
            now_s = self._clock.monotonic()
            with self._lock:
                self._meter.heard(name, now_s)

        return note

    def _keep_up(self, stop: threading.Event) -> None:
        """What the engine's housekeeping does for its gateway."""
        while not self._clock.wait(stop, _TICK_S):
            self._gateway.tick()


class OrderTrickle:
    """Places and cancels far from the market, past every relay: the user stream must tell."""

    def __init__(self, direct: Hosts, keys: PaperAccountKeys, clock: Clock, pause_s: float) -> None:
        self._gateway = BinanceGateway(
            hosts=direct,
            api_key=keys.api_key,
            api_secret=keys.api_secret,
            settings=GatewaySettings(orders_over="rest"),
        )
        self._clock = clock
        self._pause_s = pause_s
        self._thread = StoppableThread("soak-orders", self._run)
        self.orders = 0
        self.wrong = ""

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._thread.request_stop()
        self._thread.join(5.0)
        self._gateway.close()

    def _run(self, stop: threading.Event) -> None:
        try:
            price = int(self._gateway.get_ohlc_data(SYMBOL, "1m", 1)[-1].close * 0.95)
            while not self._clock.wait(stop, self._pause_s):
                placed = self._gateway.submit_order(SYMBOL, "BUY", "LIMIT", "0.01", price)
                self._gateway.cancel_order(SYMBOL, order_id=placed.order_id)
                self.orders += 1
        except PerpdeskError as error:
            self.wrong = f"the orders ended: {error}"
