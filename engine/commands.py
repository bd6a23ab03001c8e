"""What a person or a script asks for. Frozen; carried out on the engine's threads.

`TradingEngine.submit(command)` returns at once; the answer comes back as an
event (OrderChanged, CommandRefused, CandlesLoaded ...). Money is Decimal.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.trading_types import OrderType, PositionSide, Side, TimeInForce

MAIN_PANEL = "main"  # the panels that the ticket belongs to
MOST_PANELS = 8  # each book costs a stream of ten messages a second, and a frame's work


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Base. `request_id` comes back in the answer, so a widget knows its own."""

    request_id: str = ""


class PlaceOrder(Command, frozen=True, kw_only=True):
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None = None  # LIMIT only
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    client_order_id: str = ""  # made by the order manager when empty


class AmendOrder(Command, frozen=True, kw_only=True):
    """New price and new TOTAL quantity; None keeps what the order has."""

    symbol: str
    client_order_id: str
    price: Decimal | None = None
    quantity: Decimal | None = None


class CancelOrder(Command, frozen=True, kw_only=True):
    symbol: str
    client_order_id: str


class CancelAllOrders(Command, frozen=True, kw_only=True):
    """Regular orders alone, as at the venue: a stop that protects a position stays.
    CancelOrders takes both kinds.
    """

    symbol: str


class ClosePosition(Command, frozen=True, kw_only=True):
    """Reduce-only order over `share_pct` of the position: at market, or LIMIT at `price`."""

    symbol: str
    position_side: PositionSide = PositionSide.BOTH
    share_pct: Decimal = Decimal(100)  # above 0, at most 100
    price: Decimal | None = None


class SetLeverage(Command, frozen=True, kw_only=True):
    symbol: str
    leverage: int


class WatchSymbol(Command, frozen=True, kw_only=True):
    """Stream this symbol's book, tape, mark price and candles of `interval` for `panel`.

    A panel watches one symbol: asked again, the new one takes the place of the old.
    Streams that several panels want are opened once. `interval` may be empty where
    no candles are shown, and `with_book` False where no depth is.
    """

    symbol: str
    interval: str = "1m"
    panel: str = MAIN_PANEL
    with_book: bool = True


class UnwatchSymbol(Command, frozen=True, kw_only=True):
    """`panel` is gone: what nobody else watches is no longer streamed."""

    panel: str


class LoadCandles(Command, frozen=True, kw_only=True):
    """Candles that opened before `end_ms` (the newest when None); newest last."""

    symbol: str
    interval: str
    limit: int = 500
    end_ms: int | None = None


class AskAgain(Command, frozen=True, kw_only=True):
    """Query an order whose fate is unknown now, instead of at the next pause.

    A conditional order is named by its client algo id.
    """

    symbol: str
    client_order_id: str
