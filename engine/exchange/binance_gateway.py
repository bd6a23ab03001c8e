"""The gateway to Binance USDⓈ-M futures: the venue's calls in the words of the contract."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from engine.clock import Clock, SystemClock
from engine.errors import (
    BadInput,
    NotConnected,
    OrderRefused,
    PerpdeskError,
    ShuttingDown,
    UnknownSymbol,
)
from engine.events import Event, OrderUpdate, StreamStateChanged
from engine.exchange.contract_book import ContractBook
from engine.exchange.gateway import DepthSnapshot, ExchangeGateway
from engine.exchange.gateway_health import GatewayHealth, gather
from engine.exchange.order_requests import amend_params, order_key, place_params
from engine.exchange.rate_limiter import Limits, RateLimiter, limits_from
from engine.exchange.rest_client import RestClient, RestSettings
from engine.exchange.server_time import ServerClock
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.translate_rows import (
    balance_from_row,
    candle_from_row,
    fill_from_row,
    order_from_reply,
    position_from_row,
)
from engine.exchange.user_stream import UserStream
from engine.exchange.websocket_manager import WebSocketManager
from engine.market.instruments import Instrument
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from engine.utils.deadline import Deadline
from engine.utils.decimals import Number
from engine.utils.threads import CrashHandler
from engine.views import BalanceView, Candle, FillView, PositionView
from engine.wire.hosts import MAINNET, TESTNET, Hosts
from engine.wire.rest_messages import (
    AccountConfig,
    BalanceRow,
    DepthReply,
    ErrorReply,
    ExchangeInfo,
    KlineRow,
    LeverageReply,
    ListenKeyReply,
    OrderReply,
    PositionRow,
    SymbolConfig,
    UserTrade,
)

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_INVALID_SYMBOL = -1121
_AMEND_CHANGES_NOTHING = -5027
_UPKEEP_S = 5.0
"""How soon housekeeping asks again a venue that did not answer."""


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    rest: RestSettings = RestSettings()
    streams: StreamSettings = StreamSettings()
    limits: Limits = Limits()
    weight_limit: int | None = None  # instead of what exchangeInfo says


class BinanceGateway(ExchangeGateway):
    """See ExchangeGateway for what every method promises.

    Keys come from PERPDESK_API_KEY and PERPDESK_API_SECRET when not given; market
    data works without any. Call `tick` every second or so from a thread that may
    block: it keeps the user stream's key alive and the clock measured.
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
        on_crash: CrashHandler | None = None,
    ) -> None:
        self.hosts = hosts or (TESTNET if testnet else MAINNET)
        self._settings = settings or GatewaySettings()
        self._clock: Clock = clock or SystemClock()
        self._on_crash = on_crash
        self._server_clock = ServerClock(self._clock)
        self._limiter = RateLimiter(self._limits(self._settings.limits))
        self._rest = RestClient(
            self.hosts,
            clock=self._clock,
            api_key=_given_or_env(api_key, "PERPDESK_API_KEY"),
            api_secret=_given_or_env(api_secret, "PERPDESK_API_SECRET"),
            settings=self._settings.rest,
            limiter=self._limiter,
            server_clock=self._server_clock,
        )
        self._streams = WebSocketManager(
            hosts=self.hosts,
            clock=self._clock,
            settings=self._settings.streams,
            on_state=on_state or _nobody,
            on_crash=on_crash,
        )
        self._lock = threading.Lock()  # guards the first and the last below
        self._user_stream: UserStream | None = None
        self._contracts: ContractBook | None = None
        self._closed = False
        self._was_down = False
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
        rows = self._call("klines", list[KlineRow], params)
        now_ms = self._server_clock.now_ms()
        return [candle_from_row(row, now_ms) for row in rows]

    def get_depth(self, symbol: str, limit: int = 1000) -> DepthSnapshot:
        reply = self._call("depth", DepthReply, {"symbol": symbol, "limit": limit})
        return DepthSnapshot(symbol, reply.last_update_id, reply.bids, reply.asks)

    # --- account ----------------------------------------------------------------------

    def get_account_balance(self) -> list[BalanceView]:
        return [balance_from_row(row) for row in self._call("balance", list[BalanceRow])]

    def get_positions(self, symbol: str | None = None) -> list[PositionView]:
        rows = self._call("position_risk", list[PositionRow], {"symbol": symbol})
        held = [row for row in rows if row.position_amt]
        if not held:
            return []
        only = symbol or (held[0].symbol if len(held) == 1 else None)
        configs = self._call("symbol_config", list[SymbolConfig], {"symbol": only})
        by_symbol = {config.symbol: config for config in configs}
        return [position_from_row(row, by_symbol.get(row.symbol)) for row in held]

    def set_leverage(self, symbol: str, leverage: int) -> int:
        params = {"symbol": symbol, "leverage": leverage}
        return self._call("set_leverage", LeverageReply, params).leverage

    def get_leverage(self, symbol: str) -> int:
        configs = self._call("symbol_config", list[SymbolConfig], {"symbol": symbol})
        return next((row.leverage for row in configs if row.symbol == symbol), 0)

    def is_hedge_mode(self) -> bool:
        # accountConfig costs 5 where positionSide/dual costs 30
        return self._call("account_config", AccountConfig).dual_side_position

    # --- orders ---------------------------------------------------------------------

    def submit_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number,
        price: Number | None = None,
        *,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        params = place_params(
            symbol,
            side,
            order_type,
            quantity,
            price,
            time_in_force=time_in_force,
            reduce_only=reduce_only,
            position_side=position_side,
            client_order_id=client_order_id,
        )
        return order_from_reply(self._call("place_order", OrderReply, params, urgent=reduce_only))

    def modify_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: Number,
        price: Number,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        params = amend_params(
            symbol, side, quantity, price, order_id=order_id, client_order_id=client_order_id
        )
        try:
            return order_from_reply(self._call("amend_order", OrderReply, params))
        except OrderRefused as error:
            if error.code != _AMEND_CHANGES_NOTHING:
                raise
        # the order is as asked already; the refusal does not show it
        return self.query_order(symbol, order_id=order_id, client_order_id=client_order_id)

    def cancel_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        params = order_key(symbol, order_id, client_order_id)
        return order_from_reply(self._call("cancel_order", OrderReply, params, urgent=True))

    def cancel_all_orders(self, symbol: str) -> None:
        self._call("cancel_all", ErrorReply, {"symbol": symbol}, urgent=True)

    def query_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        params = order_key(symbol, order_id, client_order_id)
        return order_from_reply(self._call("query_order", OrderReply, params, urgent=True))

    def get_open_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        replies = self._call("open_orders", list[OrderReply], {"symbol": symbol})
        return [order_from_reply(reply) for reply in replies]

    def get_user_trades(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ms: int | None = None,
        limit: int = 1000,
    ) -> list[FillView]:
        params = {
            "symbol": symbol,
            "fromId": from_id,
            "orderId": order_id,
            "startTime": start_ms,
            "limit": limit,
        }
        rows = self._call("user_trades", list[UserTrade], params)
        return [fill_from_row(row) for row in sorted(rows, key=lambda row: row.id)]

    # --- streams ----------------------------------------------------------------------

    def start_user_stream(self, on_event: Callable[[Event], None]) -> None:
        """Once; raises ShuttingDown after `close`, BadInput on a second call."""
        stream = UserStream(
            self.hosts,
            _ListenKeyCalls(self._rest),
            on_event,
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

    def tick(self) -> None:
        """Housekeeping: the clock, a warm connection, the listen key.

        May block for a REST call or two. What fails is logged and tried again.
        """
        slept = self._server_clock.has_jumped()
        if slept:
            self._server_clock.accept_jump()
            self.recycle_streams("The computer slept, or its clock was set.")
            self._next_upkeep_s = 0.0
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
            self._was_down = self._was_down or isinstance(error, NotConnected)
            logger.warning("the venue was not reached: %s", error)
        else:
            self._note_answer()

    def hurry(self) -> None:
        """The network is seen to be back: reconnect the streams now."""
        self._streams.hurry()
        if self._user_stream is not None:
            self._user_stream.hurry()

    def recycle_streams(self, why: str) -> None:
        """Make every stream connection anew (after the computer has slept)."""
        self._streams.recycle(why)
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
        self._rest.close()
        ended = self._streams.stop(deadline.left_s())
        if user_stream is not None:
            ended = user_stream.stop(deadline.left_s()) and ended
        if not ended:
            logger.error("a stream thread did not end within %.1f s", timeout_s)

    # --- figures ------------------------------------------------------------------------

    def server_now_ms(self) -> int:
        """The venue's time, as well as it is known."""
        return self._server_clock.now_ms()

    def health(self) -> GatewayHealth:
        """Cheap; for a report once a second."""
        return gather(
            self._limiter.usage(self._server_clock.now_ms()),
            self._server_clock.estimate,
            self._rest.order_latencies_ms(),
            self._streams,
            self._user_stream,
        )

    # --- within -----------------------------------------------------------------------

    def _call(
        self,
        name: str,
        reply_type: type[_T],
        params: Mapping[str, object] | None = None,
        *,
        urgent: bool = False,
    ) -> _T:
        try:
            reply = self._rest.call(name, reply_type, params, urgent=urgent)
        except NotConnected:
            self._was_down = True
            raise
        except OrderRefused as error:
            symbol = params.get("symbol") if params else None
            if error.code == _INVALID_SYMBOL and isinstance(symbol, str):
                known = self._contracts.symbols if self._contracts is not None else ()
                raise UnknownSymbol(symbol, known) from error
            raise
        self._note_answer()
        return reply

    def _note_answer(self) -> None:
        """The venue answers; if it did not before, the streams need not wait any longer."""
        if self._was_down:
            self._was_down = False
            self.hurry()

    def _load_contracts(self) -> ContractBook:
        with self._loading:
            if self._contracts is None:
                info = self._call("exchange_info", ExchangeInfo)
                self._limiter.set_limits(
                    self._limits(limits_from(info.rate_limits, self._settings.limits))
                )
                self._contracts = ContractBook(info)
            return self._contracts

    def _limits(self, limits: Limits) -> Limits:
        own = self._settings.weight_limit
        return limits if own is None else msgspec.structs.replace(limits, weight_1m=own)


class _ListenKeyCalls:
    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def create(self) -> str:
        return self._rest.call("create_listen_key", ListenKeyReply).listen_key

    def keep_alive(self) -> None:
        self._rest.call("keep_listen_key", dict)


def _nobody(_event: StreamStateChanged) -> None:
    pass


def _given_or_env(given: str | None, variable: str) -> str:
    return given if given is not None else os.environ.get(variable, "")
