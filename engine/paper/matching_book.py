"""The paper exchange's order book: price-time priority, pure and integer only.

Prices are ticks and quantities are steps (`contract_specs` converts). The book
knows orders, not accounts: margin, reduce-only and filters are decided by its
caller before it is asked. Nothing here reads a clock, sleeps or locks; one
thread at a time may use a book.

Venue rules kept here: a match happens at the maker's price; every amendment
loses its place in the queue; a post-only order that would take is not recorded;
an amended post-only order that would take, and one amended to no more than it
has executed, is cancelled.
"""

from __future__ import annotations

from engine.errors import BugError
from engine.paper.book_messages import BookLevel, DepthChanges, KillReason, Match, PlaceResult
from engine.paper.book_side import BookSide, PriceLevel, RestingOrder, StpMode
from engine.trading_types import Side, TimeInForce

__all__ = [
    "BookLevel",
    "DepthChanges",
    "KillReason",
    "Match",
    "MatchingBook",
    "PlaceResult",
    "RestingOrder",
    "StpMode",
]

_POST_ONLY = frozenset({TimeInForce.GTX, TimeInForce.RPI})


class MatchingBook:
    """One symbol's book. Not thread-safe; never blocks; BugError on misuse."""

    def __init__(self, *, match_seq: int = 0, update_id: int = 0) -> None:
        """Both counters continue after the given values."""
        self.match_seq = match_seq
        self.update_id = update_id
        self._reported_update_id = update_id
        self._orders: dict[int, RestingOrder] = {}
        self._bids = BookSide(Side.BUY)
        self._asks = BookSide(Side.SELL)

    def __len__(self) -> int:
        return len(self._orders)

    def place(
        self,
        order_id: int,
        owner: str,
        side: Side,
        price: int | None,
        qty: int,
        *,
        tif: TimeInForce = TimeInForce.GTC,
        stp: StpMode = StpMode.NONE,
        price_bound: int | None = None,
        now_ms: int = 0,
        reduce_only: bool = False,
        tag: object = None,
    ) -> PlaceResult:
        """Match a new order and rest what is left, as its time in force says.

        `price` None is a market order: it trades no worse than `price_bound`
        and the rest of it expires. STP does not apply to FOK (venue rule).
        """
        if order_id in self._orders or qty <= 0 or (price is not None and price <= 0):
            raise BugError(f"The paper book cannot take order {order_id}: {qty} at {price}.")
        order = RestingOrder(
            order_id=order_id,
            owner=owner,
            side=side,
            price=price or 0,
            remaining=qty,
            original=qty,
            time_ms=now_ms,
            tif=tif,
            stp=stp,
            reduce_only=reduce_only,
            tag=tag,
        )
        if price is None:
            return self._execute(order, price_bound, KillReason.MARKET_REST)
        if tif is TimeInForce.FOK:
            if not self.would_fill(side, price, qty):
                return _killed(order, KillReason.FOK_NOT_FILLABLE)
            order.stp = StpMode.NONE
        elif tif in _POST_ONLY and self.would_take(side, price):
            return _killed(order, KillReason.GTX_WOULD_TAKE)
        return self._execute(order, price, KillReason.IOC_REST if tif is TimeInForce.IOC else None)

    def amend(self, order_id: int, price: int, qty: int, *, now_ms: int) -> PlaceResult | None:
        """Give a resting order a new price and a new total quantity, at the back of the queue.

        `qty` is the total, executed part included, as the venue counts it. The
        order trades at once when its new price crosses. None if it is not resting.
        """
        if qty <= 0 or price <= 0:
            raise BugError(f"The paper book cannot amend order {order_id} to {qty} at {price}.")
        order = self.cancel(order_id)
        if order is None:
            return None
        if qty <= order.executed:
            return _killed(order, KillReason.AMEND_BELOW_EXECUTED)
        if order.tif in _POST_ONLY and self.would_take(order.side, price):
            return _killed(order, KillReason.GTX_WOULD_TAKE)
        order.remaining = qty - order.executed
        order.original = qty
        order.price = price
        order.time_ms = now_ms
        return self._execute(order, price, None)

    def cancel(self, order_id: int) -> RestingOrder | None:
        """Take an order out; its `remaining` is what it had left. None if not resting."""
        order = self._orders.pop(order_id, None)
        if order is not None:
            self._side(order.side).remove(order)
            self.update_id += 1
        return order

    def get(self, order_id: int) -> RestingOrder | None:
        return self._orders.get(order_id)

    def best_bid(self) -> int | None:
        level = self._bids.best()
        return None if level is None else level.price

    def best_ask(self) -> int | None:
        level = self._asks.best()
        return None if level is None else level.price

    def levels(self, side: Side, n: int) -> list[BookLevel]:
        """Up to `n` levels, best first."""
        walk = self._side(side).walk()
        return [
            BookLevel(level.price, level.qty, len(level.orders))
            for _, level in zip(range(n), walk, strict=False)
        ]

    def level_qty(self, side: Side, price: int) -> int:
        book_side = self._side(side)
        level = book_side.levels.get(book_side.sign * price)
        return 0 if level is None else level.qty

    def owner_qty(self, side: Side, price: int, owner: str) -> int:
        """What one owner's orders at a price add up to; walks the queue of that level."""
        book_side = self._side(side)
        level = book_side.levels.get(book_side.sign * price)
        if level is None:
            return 0
        return sum(order.remaining for order in level.orders.values() if order.owner == owner)

    def queue_ahead(self, order_id: int) -> int | None:
        """Steps that must trade or leave before this order does, at its own price.

        Walks the queue of that one level. None if the order is not resting.
        """
        order = self._orders.get(order_id)
        if order is None:
            return None
        book_side = self._side(order.side)
        ahead = 0
        for other in book_side.levels[book_side.sign * order.price].orders.values():
            if other is order:
                break
            ahead += other.remaining
        return ahead

    def would_take(self, side: Side, price: int) -> bool:
        """An order at `price` would trade at once."""
        opposite = self._asks if side is Side.BUY else self._bids
        level = opposite.best()
        return level is not None and opposite.sign * level.price <= opposite.sign * price

    def would_fill(self, side: Side, price: int | None, qty: int) -> bool:
        """The whole of `qty` can trade at once at `price` or better (None = any price)."""
        opposite = self._asks if side is Side.BUY else self._bids
        for level in opposite.walk():
            if price is not None and opposite.sign * level.price > opposite.sign * price:
                return False
            qty -= level.qty
            if qty <= 0:
                return True
        return False

    def depth_changes(self) -> DepthChanges:
        """The levels touched since the last call, best first; clears them.

        One caller only: a second stream speed must be merged from these.
        """
        previous, self._reported_update_id = self._reported_update_id, self.update_id
        return DepthChanges(
            first_update_id=min(previous + 1, self.update_id),
            last_update_id=self.update_id,
            previous_update_id=previous,
            bids=_take_touched(self._bids),
            asks=_take_touched(self._asks),
        )

    def check(self) -> None:
        """Raise BugError unless the book is whole; walks everything, for tests."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is not None and ask is not None and bid >= ask:
            raise BugError(f"The paper book is crossed: {bid} >= {ask}.")
        seen = 0
        for side in (Side.BUY, Side.SELL):
            prices = [level.price for level in self._side(side).walk()]
            if prices != sorted(prices, reverse=side is Side.BUY):
                raise BugError(f"The {side} levels of the paper book are out of order.")
            if len(prices) != len(self._side(side).levels):
                raise BugError(f"The {side} heap of the paper book has lost a level.")
            for level in self._side(side).levels.values():
                seen += _check_level(level, side)
        if seen != len(self._orders):
            raise BugError(f"The paper book counts {len(self._orders)} orders but holds {seen}.")

    def _side(self, side: Side) -> BookSide:
        return self._bids if side is Side.BUY else self._asks

    def _execute(
        self, taker: RestingOrder, limit: int | None, rest_reason: KillReason | None
    ) -> PlaceResult:
        """Trade down to `limit`; rest what is left unless `rest_reason` kills it."""
        matches: list[Match] = []
        expired: list[RestingOrder] = []
        makers = self._asks if taker.side is Side.BUY else self._bids
        reason: KillReason | None = None
        while taker.remaining and reason is None:
            level = makers.best()
            if level is None or (limit is not None and makers.sign * (level.price - limit) > 0):
                break
            before = level.qty
            if self._take_level(taker, level, matches, expired):
                reason = KillReason.SELF_TRADE
            if level.qty != before:
                makers.touched.add(level.price)
                self.update_id += 1
            if not level.orders:
                makers.drop(level)
        rested = False
        if taker.remaining and reason is None:
            reason = rest_reason
            rested = reason is None
        if rested:
            self._rest(taker)
        return PlaceResult(taker, matches, rested, taker.remaining, reason, expired)

    def _take_level(
        self,
        taker: RestingOrder,
        level: PriceLevel,
        matches: list[Match],
        expired: list[RestingOrder],
    ) -> bool:
        """Trade against one level, oldest order first; True if STP ends the taker."""
        orders = level.orders
        prevents_self_trade = taker.stp is not StpMode.NONE
        while orders and taker.remaining:
            maker = next(iter(orders.values()))
            if prevents_self_trade and maker.owner == taker.owner:
                if taker.stp is not StpMode.EXPIRE_TAKER:
                    self._forget(maker, level)
                    expired.append(maker)
                if taker.stp is not StpMode.EXPIRE_MAKER:
                    return True
                continue
            qty = min(taker.remaining, maker.remaining)
            if qty == maker.remaining:
                self._forget(maker, level)
            else:
                level.qty -= qty
            maker.remaining -= qty
            taker.remaining -= qty
            self.match_seq += 1
            matches.append(Match(maker, level.price, qty, self.match_seq, maker.remaining))
        return False

    def _forget(self, maker: RestingOrder, level: PriceLevel) -> None:
        del level.orders[maker.order_id]
        del self._orders[maker.order_id]
        level.qty -= maker.remaining

    def _rest(self, order: RestingOrder) -> None:
        self._orders[order.order_id] = order
        self._side(order.side).add(order)
        self.update_id += 1


def _killed(order: RestingOrder, reason: KillReason) -> PlaceResult:
    return PlaceResult(
        order, [], rested=False, remaining=order.remaining, reason=reason, expired_makers=[]
    )


def _take_touched(side: BookSide) -> list[tuple[int, int]]:
    sign, levels = side.sign, side.levels
    touched, side.touched = side.touched, set()
    prices = sorted(touched, key=lambda price: sign * price)
    return [(price, levels[sign * price].qty if sign * price in levels else 0) for price in prices]


def _check_level(level: PriceLevel, side: Side) -> int:
    orders = level.orders.values()
    if not orders or any(order.remaining <= 0 for order in orders):
        raise BugError(f"The paper book keeps nothing at {side} {level.price}.")
    if sum(order.remaining for order in orders) != level.qty:
        raise BugError(f"The paper book adds {side} {level.price} up wrongly.")
    if any(order.price != level.price or order.side is not side for order in orders):
        raise BugError(f"The paper book put an order in the wrong place at {side} {level.price}.")
    return len(orders)
