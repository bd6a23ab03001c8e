"""The gateway to Binance USDⓈ-M futures: the venue's calls in the words of the contract."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.clock import Clock, SystemClock
from engine.errors import (
    BadInput,
    NotConnected,
    PerpdeskError,
    ShuttingDown,
)
from engine.events import Alert, Event, RateBrake, StreamStateChanged
from engine.exchange.binance_account import BinanceAccount
from engine.exchange.binance_algos import BinanceAlgoOrders
from engine.exchange.binance_orders import BinanceOrders
from engine.exchange.binance_urgent import BinanceUrgentCalls
from engine.exchange.contract_book import ContractBook
from engine.exchange.gateway import DepthSnapshot, ExchangeGateway
from engine.exchange.gateway_health import GatewayHealth, gather
from engine.exchange.order_socket import OrderSocket, SocketAccess
from engine.exchange.rate_limiter import Limits, RateLimiter, limits_from
from engine.exchange.rest_client import RestClient, RestSettings
from engine.exchange.server_time import ServerClock
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.translate_rows import (
    candle_from_row,
)
from engine.exchange.user_stream import UserStream
from engine.exchange.venue_alerts import VenueAlerts
from engine.exchange.venue_calls import VenueCalls
from engine.exchange.websocket_manager import WebSocketManager
from engine.market.instruments import Instrument
from engine.trading_types import StreamState
from engine.utils.deadline import Deadline
from engine.utils.threads import CrashHandler
from engine.views import Candle
from engine.wire.hosts import MAINNET, TESTNET, Hosts
from engine.wire.rest_messages import (
    DepthReply,
    ExchangeInfo,
    KlineRow,
    ListenKeyReply,
    MarkPriceReply,
)

logger = logging.getLogger(__name__)

_LOST = (StreamState.STALE, StreamState.DISCONNECTED)
_UPKEEP_S = 5.0
"""How soon housekeeping asks again a venue that did not answer."""


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`orders_over`: the order socket or REST; "auto" is the socket, and REST while that is
    not connected.
    """

    orders_over: Literal["auto", "websocket", "rest"] = "auto"
    rest: RestSettings = RestSettings()
    streams: StreamSettings = StreamSettings()
    limits: Limits = Limits()
    weight_limit: int | None = None  # instead of what exchangeInfo says


class BinanceGateway(
    BinanceAccount, BinanceOrders, BinanceAlgoOrders, BinanceUrgentCalls, ExchangeGateway
):
    """See ExchangeGateway for what every method promises.

    Keys come from PERPDESK_API_KEY and PERPDESK_API_SECRET when not given; market
    data works without any. Call `tick` every second or so from a thread that may
    block: it keeps the user stream's key alive and the clock measured.

    `on_alert` gets what a person must know and a rule may act on (see
    venue_alerts), `on_brake` the countdown of a pause that the venue asked for. Both
    run on the thread that met it, must be quick and not raise.
    """

    def __init__(
        self,
        testnet: bool = True,
        hosts: Hosts | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        clock: Clock | None = None,
        settings: GatewaySettings | None = None,
        on_state: Callable[[StreamStateChanged], None] | None = None,
        on_alert: Callable[[Alert], None] | None = None,
        on_brake: Callable[[RateBrake], None] | None = None,
        on_crash: CrashHandler | None = None,
    ) -> None:
        self.hosts = hosts or (TESTNET if testnet else MAINNET)
        self._settings = settings or GatewaySettings()
        self._clock: Clock = clock or SystemClock()
        self._on_crash = on_crash
        self._server_clock = ServerClock(self._clock)
        key = _given_or_env(api_key, "PERPDESK_API_KEY")
        self._limiter = RateLimiter(self._limits(self._settings.limits))
        secret = _given_or_env(api_secret, "PERPDESK_API_SECRET")
        self._rest = self._make_rest(key, secret, on_brake or _nobody)
        self._streams = WebSocketManager(
            hosts=self.hosts,
            clock=self._clock,
            settings=self._settings.streams,
            on_state=self._noting_doubt(on_state or _nobody),
            on_crash=on_crash,
        )
        alerts = VenueAlerts(on_alert or _nobody, self._clock)
        self._order_socket = self._make_order_socket(key, alerts)
        self._calls = VenueCalls(
            self._rest,
            alerts,
            lambda: self._contracts.symbols if self._contracts is not None else (),
            self.hurry,
            self._probe,
            self._expect_news,
        )
        self._lock = threading.Lock()  # guards the first and the third below
        self._user_stream: UserStream | None = None
        self._contracts: ContractBook | None = None
        self._closed = False
        self._next_upkeep_s = 0.0
        self._loading = threading.Lock()  # one thread loads exchangeInfo

    # --- market ---------------------------------------------------------------------

    def get_exchange_info(self, symbol: str) -> dict[str, Any]:
        return self._load_contracts().description(symbol)

    def get_exchange_instruments(self) -> Mapping[str, Instrument]:
        return self._load_contracts().instruments

    def get_ohlc_data(
        self,
        symbol: str,
        interval: str,
        limit: int = 500,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[Candle]:
        if not 1 <= limit <= 1500:
            raise BadInput("limit", f"limit must be from 1 to 1500, not {limit}.", "500")
        params = {
            "symbol": symbol,
            "interval": interval,
            "limit": limit,
            "startTime": start_ms,
            "endTime": end_ms,
        }
        rows = self._calls.call("klines", list[KlineRow], params)
        now_ms = self._server_clock.now_ms()
        return [candle_from_row(row, now_ms) for row in rows]

    def get_depth(self, symbol: str, limit: int = 1000) -> DepthSnapshot:
        reply = self._calls.call("depth", DepthReply, {"symbol": symbol, "limit": limit})
        return DepthSnapshot(symbol, reply.last_update_id, reply.bids, reply.asks)

    def get_mark_price(self, symbol: str) -> Decimal:
        return self._calls.call("premium_index", MarkPriceReply, {"symbol": symbol}).mark_price

    # --- streams ----------------------------------------------------------------------

    def start_user_stream(self, on_event: Callable[[Event], None]) -> None:
        """Once; raises ShuttingDown after `close`, BadInput on a second call."""
        stream = UserStream(
            self.hosts,
            _ListenKeyCalls(self._calls),
            self._noting_doubt(on_event),
            clock=self._clock,
            settings=self._settings.streams,
            on_crash=self._on_crash,
        )
        with self._lock:
            if self._closed:
                raise ShuttingDown("The gateway is closed.")
            if self._user_stream is not None:
                raise BadInput("on_event", "The user stream runs already.")
            self._user_stream = stream
            stream.start()

    def renew_user_stream(self, why: str) -> None:
        if self._user_stream is not None:
            self._user_stream.recycle(why)

    def subscribe(self, streams: Sequence[str], callback: Callable[[Event], None]) -> None:
        self._streams.subscribe(streams, callback)

    def unsubscribe(self, streams: Sequence[str]) -> None:
        self._streams.unsubscribe(streams)

    @property
    def streams(self) -> WebSocketManager:
        return self._streams

    # --- life -------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Measure the clock and load the contracts, so that the first order is quick."""
        self._rest.sync_clock()
        self._load_contracts()
        if self._order_socket is not None:
            self._order_socket.start()

    def tick(self) -> None:
        """Housekeeping: the clock, a warm connection, the listen key.

        May block for a REST call or two. What fails is logged and tried again.
        """
        slept = self._server_clock.has_jumped()
        if slept:
            self._server_clock.accept_jump()
            self.recycle_streams("The computer slept, or its clock was set.")
            self._next_upkeep_s = 0.0
        self._rest.governor.tell_brake()
        if self._rest.governor.brake_left_s() > 0:
            return  # every request would wait here, and the countdown with it
        self._keep_up(slept or self._server_clock.is_stale())
        if self._user_stream is not None:
            self._user_stream.tick()

    def _keep_up(self, clock_is_doubtful: bool) -> None:
        now_s = self._clock.monotonic()
        if now_s < self._next_upkeep_s or not (clock_is_doubtful or self._rest.is_cold()):
            return
        self._next_upkeep_s = now_s + _UPKEEP_S
        try:
            if clock_is_doubtful:
                self._rest.sync_clock()
            else:
                self._rest.keep_warm()
        except PerpdeskError as error:
            if isinstance(error, NotConnected):
                self._calls.note_down()
            logger.warning("the venue was not reached: %s", error)
        else:
            self._calls.note_answer()

    def hurry(self) -> None:
        """The network is seen to be back: reconnect the streams now."""
        self._streams.hurry()
        if self._order_socket is not None:
            self._order_socket.hurry()
        if self._user_stream is not None:
            self._user_stream.hurry()

    def recycle_streams(self, why: str) -> None:
        """Make every stream connection anew (after the computer has slept)."""
        self._streams.recycle(why)
        if self._order_socket is not None:
            self._order_socket.recycle(why)
        if self._user_stream is not None:
            self._user_stream.recycle(why)

    def close(self, timeout_s: float = 3.0) -> None:
        with self._lock:
            self._closed = True
            user_stream = self._user_stream
        deadline = Deadline(SystemClock(), timeout_s)
        # sockets first: a thread that waits on the network sees its end at once
        if user_stream is not None:
            user_stream.request_stop()
        if self._order_socket is not None:
            self._order_socket.request_stop()
        self._rest.close()
        ended = self._streams.stop(deadline.left_s())
        if user_stream is not None:
            ended = user_stream.stop(deadline.left_s()) and ended
        if self._order_socket is not None:
            ended = self._order_socket.stop(deadline.left_s()) and ended
        if not ended:
            logger.error("a stream thread did not end within %.1f s", timeout_s)

    # --- figures ------------------------------------------------------------------------

    def server_now_ms(self) -> int:
        return self._server_clock.now_ms()

    def health(self) -> GatewayHealth:
        """Cheap; for a report once a second."""
        return gather(
            self._limiter.usage(self._server_clock.now_ms()),
            self._server_clock.estimate,
            self._rest.order_latencies_ms(),
            self._streams,
            self._user_stream,
            order_socket_is_connected=self._order_socket is not None
            and self._order_socket.is_connected,
        )

    # --- within -----------------------------------------------------------------------

    def _noting_doubt(self, listener: Callable[[Any], None]) -> Callable[[Any], None]:
        """One silent connection is a reason to ask on all the others."""

        def note(event: Event) -> None:
            if type(event) is StreamStateChanged and (event.is_doubted or event.state in _LOST):
                self._probe()
            listener(event)

        return note

    def _probe(self) -> None:
        self._streams.probe()
        if self._order_socket is not None:
            self._order_socket.probe()
        if self._user_stream is not None:
            self._user_stream.probe()

    def _expect_news(self) -> None:
        if self._user_stream is not None:
            self._user_stream.expect_news()

    def _make_rest(
        self, api_key: str, api_secret: str, on_brake: Callable[[RateBrake], None]
    ) -> RestClient:
        return RestClient(
            self.hosts,
            clock=self._clock,
            api_key=api_key,
            api_secret=api_secret,
            settings=self._settings.rest,
            limiter=self._limiter,
            server_clock=self._server_clock,
            on_brake=on_brake,
        )

    def _make_order_socket(self, api_key: str, alerts: VenueAlerts) -> OrderSocket | None:
        settings = self._settings
        if settings.orders_over == "rest" or not api_key:
            return None
        only_socket = settings.orders_over == "websocket"
        made = OrderSocket(
            SocketAccess(
                url=self.hosts.ws_api,
                api_key=api_key,
                signer=self._rest.signer,
                recv_window_ms=settings.rest.recv_window_ms,
                timeout_s=settings.rest.write_timeout_s,
                patience_s=settings.rest.connect_timeout_s if only_socket else 0.0,
            ),
            clock=self._clock,
            server_clock=self._server_clock,
            sync_clock=self._rest.sync_clock,
            governor=self._rest.governor,
            settings=settings.streams,
            on_refused=alerts.on_error,
            on_crash=self._on_crash,
        )
        self._rest.carry_orders_over(made, falls_back=not only_socket)
        return made

    def _load_contracts(self) -> ContractBook:
        with self._loading:
            if self._contracts is None:
                info = self._calls.call("exchange_info", ExchangeInfo)
                self._limiter.set_limits(
                    self._limits(limits_from(info.rate_limits, self._settings.limits))
                )
                self._contracts = ContractBook(info)
            return self._contracts

    def _limits(self, limits: Limits) -> Limits:
        own = self._settings.weight_limit
        return limits if own is None else msgspec.structs.replace(limits, weight_1m=own)


class _ListenKeyCalls:
    def __init__(self, calls: VenueCalls) -> None:
        self._calls = calls

    def create(self) -> str:
        return self._calls.call("create_listen_key", ListenKeyReply).listen_key

    def keep_alive(self) -> str:
        # some hosts answer with an empty object, or with a code and a word
        return str(self._calls.call("keep_listen_key", dict).get("listenKey", ""))


def _nobody(_event: Event) -> None:
    pass


def _given_or_env(given: str | None, variable: str) -> str:
    return given if given is not None else os.environ.get(variable, "")
