"""What happened. Frozen; published through the event hub.

Market events carry the venue's field letters as decoding metadata (`rename`),
so the JSON decoder makes the event itself and nothing is copied on the hot
path. Market prices are float (for looking); everything that is money is Decimal.

Two lanes: an event whose `latest_key()` is None is never dropped and keeps its
order; one with a key is replaced by a newer one with the same key.
"""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal

import msgspec

from engine.commands import Command
from engine.trading_types import (
    AlertLevel,
    EngineState,
    ExecutionType,
    MarginType,
    OrderStatus,
    OrderType,
    PositionSide,
    Route,
    Side,
    StreamState,
    TimeInForce,
    WorkingType,
)
from engine.views import (
    ZERO,
    BalanceView,
    Candle,
    FillView,
    LeverageBracket,
    OrderView,
    PositionView,
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    def latest_key(self) -> Hashable | None:
        return None


# --- market: decoded straight from the stream ------------------------------


class AggTrade(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="aggTrade",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "trade_ms": "T",
        "trade_id": "a",
        "price": "p",
        "quantity": "q",
        "is_buyer_maker": "m",
    },
):
    symbol: str
    event_ms: int
    trade_ms: int
    trade_id: int
    price: float
    quantity: float
    is_buyer_maker: bool  # True: the aggressor sold

    def latest_key(self) -> Hashable | None:
        return ("trade", self.symbol)


class Trade(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="trade",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "trade_ms": "T",
        "trade_id": "t",
        "price": "p",
        "quantity": "q",
        "is_buyer_maker": "m",
    },
):
    symbol: str
    event_ms: int
    trade_ms: int
    trade_id: int
    price: float
    quantity: float
    is_buyer_maker: bool

    def latest_key(self) -> Hashable | None:
        return ("trade", self.symbol)


class BookTicker(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="bookTicker",
    rename={
        "symbol": "s",
        "update_id": "u",
        "event_ms": "E",
        "bid_price": "b",
        "bid_quantity": "B",
        "ask_price": "a",
        "ask_quantity": "A",
    },
):
    symbol: str
    update_id: int
    bid_price: float
    bid_quantity: float
    ask_price: float
    ask_quantity: float
    event_ms: int = 0

    def latest_key(self) -> Hashable | None:
        return ("bookTicker", self.symbol)


class DepthDiff(
    Event,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="depthUpdate",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "first_update_id": "U",
        "final_update_id": "u",
        "previous_final_update_id": "pu",
        "bids": "b",
        "asks": "a",
    },
):
    """Changed levels as raw JSON arrays of [price, quantity] texts."""

    symbol: str
    event_ms: int
    first_update_id: int
    final_update_id: int
    previous_final_update_id: int
    bids: msgspec.Raw
    asks: msgspec.Raw


class KlineUpdate(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="kline",
    rename={"symbol": "s", "event_ms": "E", "kline": "k"},
):
    symbol: str
    event_ms: int
    kline: IntervalCandle

    def latest_key(self) -> Hashable | None:
        # keyed by opening time: the last word of a closed candle is not lost
        return ("kline", self.symbol, self.kline.interval, self.kline.open_ms)


class IntervalCandle(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
        "interval": "i",
        "open_ms": "t",
        "close_ms": "T",
        "open": "o",
        "high": "h",
        "low": "l",
        "close": "c",
        "volume": "v",
        "quote_volume": "q",
        "trades": "n",
        "is_closed": "x",
    },
):
    interval: str
    open_ms: int
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    trades: int
    is_closed: bool

    def candle(self) -> Candle:
        return Candle(
            open_ms=self.open_ms,
            close_ms=self.close_ms,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=self.quote_volume,
            trades=self.trades,
            is_closed=self.is_closed,
        )


class MarkPrice(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="markPriceUpdate",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "mark_price": "p",
        "index_price": "i",
        "funding_rate": "r",
        "next_funding_ms": "T",
    },
):
    symbol: str
    event_ms: int
    mark_price: float
    index_price: float = 0.0
    funding_rate: float | str = 0.0  # as it came: text, "" for contracts without funding
    next_funding_ms: int = 0

    @property
    def funding(self) -> float | None:
        """The rate as a number; None for a contract without funding."""
        return float(self.funding_rate) if self.funding_rate != "" else None

    def latest_key(self) -> Hashable | None:
        return ("markPrice", self.symbol)


class Ticker24h(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="24hrTicker",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "change": "p",
        "change_pct": "P",
        "last_price": "c",
        "open": "o",
        "high": "h",
        "low": "l",
        "volume": "v",
        "quote_volume": "q",
    },
):
    symbol: str
    event_ms: int
    change: float
    change_pct: float
    last_price: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float

    def latest_key(self) -> Hashable | None:
        return ("ticker", self.symbol)


class MiniTicker(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="24hrMiniTicker",
    rename={
        "symbol": "s",
        "event_ms": "E",
        "last_price": "c",
        "open": "o",
        "high": "h",
        "low": "l",
        "volume": "v",
        "quote_volume": "q",
    },
):
    symbol: str
    event_ms: int
    last_price: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float

    def latest_key(self) -> Hashable | None:
        return ("miniTicker", self.symbol)


class ForcedOrder(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    rename={
        "symbol": "s",
        "side": "S",
        "quantity": "q",
        "price": "p",
        "avg_price": "ap",
        "status": "X",
        "filled_quantity": "z",
        "trade_ms": "T",
    },
):
    symbol: str
    side: str
    quantity: float
    price: float
    avg_price: float
    status: str
    filled_quantity: float
    trade_ms: int


class Liquidation(
    Event,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="e",
    tag="forceOrder",
    rename={"event_ms": "E", "order": "o"},
):
    """Somebody's position was closed by the venue; the largest of each second and symbol."""

    event_ms: int
    order: ForcedOrder

    @property
    def symbol(self) -> str:
        return self.order.symbol


# --- market: made by us -----------------------------------------------------


class BookView(Event, frozen=True, kw_only=True, gc=False):
    """The local book's best levels, best first: ((price, quantity), ...).

    `is_synced` is False while the book is being rebuilt: show it grey.
    """

    symbol: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    event_ms: int
    is_synced: bool

    def latest_key(self) -> Hashable | None:
        return ("book", self.symbol)


class CandlesLoaded(Event, frozen=True, kw_only=True):
    """Answer to LoadCandles, oldest first."""

    request_id: str
    symbol: str
    interval: str
    candles: tuple[Candle, ...]
    end_ms: int | None = None


# --- private: the venue's reports, translated --------------------------------


class OrderUpdate(Event, frozen=True, kw_only=True, gc=False):
    """The venue's word about one order, from the stream or read by REST.

    `status` is a plain str where the venue used one we do not know. Last-fill
    fields are set when `execution` is TRADE or CALCULATED (trade_id > 0).
    """

    symbol: str
    client_order_id: str
    order_id: int
    side: Side
    type: OrderType | str
    status: OrderStatus | str
    execution: ExecutionType | str
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal
    update_ms: int
    avg_price: Decimal = ZERO  # 0 when the venue did not say
    cum_quote: Decimal | None = None
    time_in_force: TimeInForce | str = TimeInForce.GTC
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    created_ms: int = 0
    event_ms: int = 0
    trade_id: int = 0
    last_qty: Decimal = ZERO
    last_price: Decimal = ZERO
    commission: Decimal = ZERO
    commission_asset: str = ""
    realized_pnl: Decimal = ZERO
    is_maker: bool = False
    expiry_reason: str = ""

    @property
    def is_whole_trade(self) -> bool:
        """A frame that was damaged on its way may still be JSON, with a field less."""
        return self.last_price > ZERO and self.last_qty > ZERO


class PositionReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position inside an AccountUpdate. `realized_pnl` is accumulated."""

    symbol: str
    position_side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    margin_type: MarginType
    isolated_wallet: Decimal


class BalanceReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    asset: str
    wallet_balance: Decimal
    cross_wallet_balance: Decimal
    change: Decimal  # without PnL and commission


class AccountUpdate(Event, frozen=True, kw_only=True):
    reason: str
    event_ms: int
    transaction_ms: int
    balances: tuple[BalanceReport, ...]
    positions: tuple[PositionReport, ...]


class LeverageChanged(Event, frozen=True, kw_only=True):
    symbol: str
    leverage: int
    event_ms: int


class SymbolTerms(Event, frozen=True, kw_only=True):
    """What holds for positions of one symbol; answer to WatchSymbol. Empty: not known."""

    symbol: str
    margin_type: MarginType | None = None
    brackets: tuple[LeverageBracket, ...] = ()
    taker_fee: Decimal | None = None  # share of a trade's worth


class AlgoUpdate(Event, frozen=True, kw_only=True):
    """The venue's word about a conditional order, from the stream or read by REST.

    `order_id` is 0 until it became an order; `quantity` is 0 when it closes the
    whole position. `activate_price` and `callback_pct` are a trailing stop's.
    """

    algo_id: int
    client_algo_id: str
    symbol: str
    side: Side
    type: OrderType | str
    status: str
    quantity: Decimal
    trigger_price: Decimal
    price: Decimal
    event_ms: int
    order_id: int = 0
    reject_reason: str = ""
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    close_position: bool = False
    working_type: WorkingType | str = WorkingType.CONTRACT_PRICE
    activate_price: Decimal = ZERO
    callback_pct: Decimal = ZERO
    time_in_force: TimeInForce | str = TimeInForce.GTC
    price_protect: bool = False
    created_ms: int = 0  # 0 when the venue did not say


class MarginCall(Event, frozen=True, kw_only=True):
    symbols: tuple[str, ...]
    event_ms: int


class ListenKeyExpired(Event, frozen=True, kw_only=True):
    event_ms: int


class UnknownMessage(Event, frozen=True, kw_only=True):
    """A frame that could not be read or is not known: kept raw, counted."""

    raw: bytes
    reason: str


# --- order management: what the window and scripts follow --------------------


class OrderChanged(Event, frozen=True, kw_only=True, gc=False):
    """A partial fill is one, and has it all: `executed_qty`, `remaining_qty`, `avg_price`,
    and `realized_pnl` and `commission` of what is filled. Its trade follows as FillRecorded.
    """

    order: OrderView


class OrderReplaced(Event, frozen=True, kw_only=True):
    """An order that could not be amended was cancelled, and its rest placed anew."""

    symbol: str
    old_client_order_id: str
    new_client_order_id: str
    at_ms: int


class FillRecorded(Event, frozen=True, kw_only=True, gc=False):
    fill: FillView


class PositionChanged(Event, frozen=True, kw_only=True, gc=False):
    position: PositionView


class BalanceChanged(Event, frozen=True, kw_only=True, gc=False):
    balance: BalanceView


class HistoryLoaded(Event, frozen=True, kw_only=True):
    """What the journal knows of earlier days, oldest first; told once at the start."""

    orders: tuple[OrderView, ...]
    fills: tuple[FillView, ...]


class CommandRefused(Event, frozen=True, kw_only=True):
    """Nothing was done. `field` and `fix` help the person; `fix` is a value as text."""

    command: Command
    sentence: str
    field: str = ""
    fix: str | None = None
    code: int = 0


class CommandDone(Event, frozen=True, kw_only=True):
    """A command without an event of its own succeeded (leverage, cancel all)."""

    command: Command
    sentence: str


class Alert(Event, frozen=True, kw_only=True):
    """Something a person must know, in words. `code` is stable for rules."""

    level: AlertLevel
    code: str
    sentence: str
    at_ms: int


# --- health -------------------------------------------------------------------


class StreamStateChanged(Event, frozen=True, kw_only=True):
    """`is_doubted`: the state has not changed, but the exchange is late with an answer.

    Nothing is lost yet; the connection is dropped when the answer does not come at all.
    """

    route: Route
    state: StreamState
    sentence: str
    reconnects: int = 0
    is_doubted: bool = False
    at_ms: int = 0


class EngineStateChanged(Event, frozen=True, kw_only=True):
    """`gap_s`: how long closing the gap took, set when the state becomes LIVE."""

    state: EngineState
    sentence: str
    gap_s: float | None = None


class RateBrake(Event, frozen=True, kw_only=True):
    """The venue asked for a pause: nothing is sent for so long. Every second; 0 at its end."""

    seconds_left: int
    sentence: str

    def latest_key(self) -> Hashable | None:
        return "brake"


class HealthReport(Event, frozen=True, kw_only=True):
    """Once a second. None means: not measured yet."""

    order_rtt_p50_ms: float | None
    order_rtt_p99_ms: float | None
    clock_offset_ms: float | None
    clock_error_ms: float | None
    weight_used: int
    weight_limit: int
    orders_used: int
    orders_limit: int
    messages_per_s: float
    last_data_age_s: dict[str, float]  # by route
    decode_errors: int
    route_states: dict[str, StreamState] = {}
    reconnects: dict[str, int] = {}  # by route, since the start
    last_gap_s: float | None = None  # how long closing the last gap took

    def latest_key(self) -> Hashable | None:
        return "health"


class ThreadCrashed(Event, frozen=True, kw_only=True):
    thread: str
    sentence: str
