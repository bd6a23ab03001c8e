"""Which price stands in which row of the ladder, and what is there.

Rows are integers: row `bucket` holds the price `bucket * grouping * tick_size`,
exact. Bids are rounded down to their row and asks up, so that a grouped book
never looks better than it is. Pure, GUI thread; time comes from the clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

import msgspec

from desktop.models.chart_scale import nice_ceiling
from desktop.models.ladder_changes import LadderRows
from desktop.models.queue_guess import QueueGuess
from desktop.models.resting_orders import Resting, RestingOrders
from engine.clock import Clock
from engine.events import BookView
from engine.protection_views import AlgoView
from engine.trading_types import OrderType, Side
from engine.views import OrderView

GROUPINGS = (1, 5, 10, 50, 100)
LEVELS_WANTED = 10  # levels of the book on each side that automatic grouping shows
GUARD_MS = 150
_EDGE_ROWS = 3


class OutOfView(Enum):
    ABOVE = "price is above"
    BELOW = "price is below"


class LastTrade(msgspec.Struct, frozen=True):
    bucket: int
    is_buyer_maker: bool


class OwnOrders(msgspec.Struct, frozen=True):
    """Own orders of one side in one row."""

    side: Side
    orders: tuple[Resting, ...]
    quantity: Decimal

    @property
    def is_conditional(self) -> bool:
        """None of them is in the book."""
        return all(order.is_conditional for order in self.orders)


class LadderModel:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.tick_size = Decimal("0.01")
        self.grouping = 1
        self.is_automatic = True
        self.top = 0  # bucket of the topmost row
        self.row_count = 0
        self.bids: dict[int, float] = {}
        self.asks: dict[int, float] = {}
        self.best_bid: int | None = None  # buckets
        self.best_ask: int | None = None
        self.spread: float | None = None
        self.largest = 1.0  # the quantity of a full volume bar
        self.own: dict[tuple[Side, int], OwnOrders] = {}
        self.last_trade: LastTrade | None = None
        self._trade: tuple[float, bool] | None = None
        self._book: BookView | None = None
        self._resting = RestingOrders()
        self._orders: tuple[Resting, ...] = ()
        self._places: dict[str, tuple[Resting, int, int]] = {}  # order, grouping, bucket
        self._algos: tuple[Resting, ...] = ()
        self.queue = QueueGuess()
        self._rows_moved_s = -math.inf

    # --- what is known ------------------------------------------------------

    def set_tick(self, tick_size: Decimal) -> None:
        """Another contract: forget everything."""
        self.tick_size = tick_size
        self.grouping = 1
        self.is_automatic = True
        self.top = 0
        self._places = {}  # by another tick
        self._book = self._trade = self.last_trade = None
        self._orders = self._algos = ()
        self.queue.set_orders(())
        self._read_book()
        self._read_orders()
        self._note_rows_moved()

    def set_book(self, book: BookView, *, hold: bool) -> bool:
        """Take the newest levels; True if the rows moved.

        `hold`: a mouse is over the rows, so that they must not move by
        themselves, however far the price runs.
        """
        was_empty = self.middle() is None
        self._book = book
        self._read_book()
        if self.queue.has_orders and book.is_synced:
            self.queue.at_book(dict(book.bids), dict(book.asks))
        if was_empty and self.middle() is not None:
            self.recentre()
            return True
        return not hold and self._follow()

    def set_orders(self, orders: Sequence[OrderView]) -> None:
        """Only LIMIT orders rest in the book at their price; others are not rows."""
        self._orders = self._resting.of_orders([o for o in orders if o.type is OrderType.LIMIT])
        self.queue.set_orders(self._orders)
        if self._book is not None and self._book.is_synced:
            self.queue.join(dict(self._book.bids), dict(self._book.asks))
        self._read_orders()

    def set_algos(self, algos: Sequence[AlgoView]) -> None:
        """Conditional orders stand at their trigger, in no book."""
        self._algos = self._resting.of_algos(algos)
        self._read_orders()

    def set_last_trade(self, price: float, is_buyer_maker: bool, quantity: float = 0.0) -> None:
        self.queue.at_trade(price, quantity, is_buyer_maker)
        self._trade = (price, is_buyer_maker)
        self._read_trade()

    # --- rows ---------------------------------------------------------------

    def price_of(self, bucket: int) -> Decimal:
        return bucket * self.grouping * self.tick_size

    def bucket_of(self, side: Side, price: Decimal | float) -> int:
        if isinstance(price, Decimal):
            ticks = round(price / self.tick_size)
        else:
            ticks = round(price / self._tick())
        if side is Side.BUY:
            return ticks // self.grouping
        return -(-ticks // self.grouping)

    def bucket_at(self, row: int) -> int:
        return self.top - row

    def row_of(self, bucket: int) -> int:
        return self.top - bucket

    def is_in_view(self, bucket: int) -> bool:
        return 0 <= self.row_of(bucket) < self.row_count

    def middle(self) -> int | None:
        """The bucket between the best prices; of one side alone if the other is empty."""
        if self.best_bid is not None and self.best_ask is not None:
            return (self.best_bid + self.best_ask) // 2
        return self.best_bid if self.best_bid is not None else self.best_ask

    def out_of_view(self) -> OutOfView | None:
        middle = self.middle()
        if middle is None or self.is_in_view(middle):
            return None
        return OutOfView.ABOVE if middle > self.top else OutOfView.BELOW

    def rows(self) -> LadderRows:
        return LadderRows(self.bids, self.asks, self.best_bid, self.best_ask, self.largest)

    # --- moving rows --------------------------------------------------------

    def set_row_count(self, rows: int) -> bool:
        """The widget's height changed: the same price stays in the middle row."""
        if rows == self.row_count:
            return False
        middle = self.top - self.row_count // 2
        self.row_count = rows
        self._show(middle + rows // 2)
        if self.is_automatic and self._book is not None:
            self.recentre()
        return True

    def scroll(self, rows: int) -> None:
        """Positive: towards higher prices. Never below the first price above zero."""
        lowest_top = max(self.row_count, 1)
        self._show(max(self.top + rows, lowest_top))

    def recentre(self) -> None:
        """Put the market into the middle, with a grouping that shows enough levels."""
        if self.is_automatic:
            self._group_by(self.suggested_grouping())
        middle = self.middle()
        if middle is not None:
            self._show(middle + self.row_count // 2)

    def set_grouping(self, ticks: int | None) -> None:
        """Ticks in a row; None: automatic."""
        self.is_automatic = ticks is None
        if ticks is not None:
            self._group_by(ticks)
        self.recentre()

    def next_grouping(self, steps: int) -> int:
        """The next coarser (1) or finer (-1) grouping; the last one stays."""
        place = GROUPINGS.index(self.grouping) + steps
        return GROUPINGS[min(max(place, 0), len(GROUPINGS) - 1)]

    def follow(self) -> bool:
        """The mouse left: bring the price back from the edge. True if rows moved."""
        return self._follow()

    def suggested_grouping(self) -> int:
        """The finest that has the ten best levels of both sides in view."""
        book = self._book
        if book is None or not book.bids or not book.asks or self.row_count < 3:
            return self.grouping
        low = book.bids[:LEVELS_WANTED][-1][0]
        high = book.asks[:LEVELS_WANTED][-1][0]
        ticks = round((high - low) / self._tick())
        # a row more at each end: rounding into rows widens the range
        return next((g for g in GROUPINGS if ticks / g + 2 <= self.row_count - 1), GROUPINGS[-1])

    def just_moved(self) -> bool:
        """Another price has come under the mouse less than GUARD_MS ago."""
        return (self._clock.monotonic() - self._rows_moved_s) * 1000 < GUARD_MS

    def _follow(self) -> bool:
        middle = self.middle()
        if middle is None:
            return False
        edge = min(_EDGE_ROWS, max(self.row_count // 4, 0))
        row = self.row_of(middle)
        if edge <= row < self.row_count - edge:
            return False
        before = (self.top, self.grouping)
        self.recentre()
        return before != (self.top, self.grouping)

    def _show(self, top: int) -> None:
        if top != self.top:
            self.top = top
            self._read_largest()
            self._note_rows_moved()

    def _group_by(self, ticks: int) -> None:
        if ticks == self.grouping:
            return
        self.grouping = ticks
        self._read_book()
        self._read_orders()
        self._read_trade()
        self._note_rows_moved()

    def _note_rows_moved(self) -> None:
        self._rows_moved_s = self._clock.monotonic()

    # --- from what is known to rows -----------------------------------------

    def _tick(self) -> float:
        return float(self.tick_size)

    def _read_book(self) -> None:
        book = self._book
        bids = book.bids if book is not None else ()
        asks = book.asks if book is not None else ()
        self.bids = self._grouped(bids, Side.BUY)
        self.asks = self._grouped(asks, Side.SELL)
        self.best_bid = max(self.bids, default=None)
        self.best_ask = min(self.asks, default=None)
        self.spread = asks[0][0] - bids[0][0] if bids and asks else None
        self._read_largest()

    def _grouped(self, levels: tuple[tuple[float, float], ...], side: Side) -> dict[int, float]:
        tick, group = self._tick(), self.grouping
        up = 0 if side is Side.BUY else group - 1
        found: dict[int, float] = {}
        for price, quantity in levels:
            bucket = (round(price / tick) + up) // group
            found[bucket] = found.get(bucket, 0.0) + quantity
        return found

    def _read_largest(self) -> None:
        low, high = self.top - self.row_count, self.top
        shown = [q for side in (self.bids, self.asks) for b, q in side.items() if low < b <= high]
        # a round number: bars do not breathe with every message
        self.largest = nice_ceiling(max(shown, default=0.0))

    def _read_orders(self) -> None:
        found: dict[tuple[Side, int], list[Resting]] = {}
        before, self._places = self._places, {}
        for order in self._orders + self._algos:
            place = before.get(order.key)
            if place is None or place[0] is not order or place[1] != self.grouping:
                place = (order, self.grouping, self.bucket_of(order.side, order.price))
            self._places[order.key] = place
            found.setdefault((order.side, place[2]), []).append(order)
        self.own = {
            key: OwnOrders(
                side=key[0],
                orders=tuple(orders),
                quantity=orders[0].quantity
                if len(orders) == 1
                else sum((o.quantity for o in orders), Decimal(0)),
            )
            for key, orders in found.items()
        }

    def _read_trade(self) -> None:
        if self._trade is None:
            return
        price, is_buyer_maker = self._trade
        # a buyer who was the maker bought at a bid
        side = Side.BUY if is_buyer_maker else Side.SELL
        self.last_trade = LastTrade(self.bucket_of(side, price), is_buyer_maker)
