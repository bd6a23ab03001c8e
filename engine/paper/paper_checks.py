"""May this order be taken in? What needs the account, the mark or the book to answer.

Pure looking: nothing is changed, a no is raised as the venue's VenueError.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_grid import ZERO
from engine.paper.paper_margin import Grids, Marks, account_margin, symbol_margin
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import OrderRequest
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_refusals import refusal
from engine.trading_types import Side


class VenuePrices(Protocol):
    """Where the marks of all symbols are, since one account's margin needs them all."""

    @property
    def grids(self) -> Grids: ...

    @property
    def marks(self) -> Marks: ...


def check_position_side(account: PaperAccount, request: OrderRequest) -> None:
    if account.books.dual_side:
        if request.position_side == "BOTH":
            raise refusal(-4061)
        if request.reduce_only:
            raise refusal(-1106, "Parameter 'reduceonly' sent when not required.")
    elif request.position_side != "BOTH":
        raise refusal(-4061)


def check_number(account: PaperAccount, market: PaperMarket) -> None:
    """MAX_NUM_ORDERS: open orders of the symbol, the waiting conditional ones included."""
    number = len(account.open_orders[market.symbol]) + account.waiting_algos[market.symbol]
    if number >= market.spec.max_num_orders:
        raise refusal(-2025)


def check_band(market: PaperMarket, side: str, price_ticks: int) -> None:
    """PERCENT_PRICE, for orders with a price."""
    if not price_ticks:
        return
    spec, price = market.spec, market.spec.ticks_to_price(price_ticks)
    if side == "BUY":
        highest = market.mark_price * spec.multiplier_up
        if price > highest:
            raise refusal(
                -4016,
                f"Limit price can't be higher than {_rounded(highest, spec.price_precision)}.",
            )
        return
    lowest = market.mark_price * spec.multiplier_down
    if price < lowest:
        raise refusal(
            -4024, f"Limit price can't be lower than {_rounded(lowest, spec.price_precision)}."
        )


def check_notional(market: PaperMarket, order: PaperOrder) -> None:
    """MIN_NOTIONAL; orders that can only reduce are exempt."""
    if order.only_reduces or order.close_position:
        return
    spec = market.spec
    price = spec.ticks_to_price(order.price_ticks) if order.price_ticks else market.mark_price
    if price * spec.steps_to_qty(order.qty_steps) < spec.min_notional:
        raise refusal(
            -4164,
            f"Order's notional must be no smaller than {spec.min_notional} "
            "(unless you choose reduce only).",
        )


def market_bound(market: PaperMarket, side: str) -> int:
    """The worst tick at which a MARKET order may trade."""
    spec = market.spec
    share = 1 + spec.market_take_bound if side == "BUY" else 1 - spec.market_take_bound
    return max(1, int(market.mark_price * share / spec.tick_size))


def matched_price(market: PaperMarket, side: str, price_match: str) -> int:
    """The book's price for OPPONENT/QUEUE [_n]. Raises -5041 when it is not deep enough."""
    kind, _, depth = price_match.partition("_")
    own = Side(side)
    levels = market.book.levels(own if kind == "QUEUE" else own.opposite, int(depth or 1))
    if len(levels) < int(depth or 1):
        raise refusal(-5041)
    return levels[-1].price


def reduce_priority(order: PaperOrder) -> tuple[int, int]:
    """Best price first, then the oldest."""
    price = order.price_ticks
    return (-price if order.is_buy else price, order.order_id)


def _rounded(price: Decimal, digits: int) -> str:
    return f"{price:.{digits}f}"


def check_fillable(order: PaperOrder, market: PaperMarket) -> None:
    """FOK and post-only are refused before they are recorded; MARKET outside its band too."""
    side = Side(order.side)
    if order.type != "LIMIT":
        _check_counterparty(order, market)
    elif order.time_in_force == "FOK":
        if not market.book.would_fill(side, order.price_ticks, order.qty_steps):
            raise refusal(-5021)
    elif order.time_in_force in ("GTX", "RPI") and market.book.would_take(side, order.price_ticks):
        raise refusal(-5022)


def _check_counterparty(order: PaperOrder, market: PaperMarket) -> None:
    best = market.book.best_ask() if order.is_buy else market.book.best_bid()
    bound = market_bound(market, order.side)
    if best is not None and (best > bound if order.is_buy else best < bound):
        raise refusal(-4131)


def check_reduces(account: PaperAccount, market: PaperMarket, order: PaperOrder) -> None:
    """A reduce-only order needs a position that orders of better price leave something of."""
    side = order.position_side
    amount = account.amount(market.symbol, side)
    if amount == 0 or order.is_buy == (amount > 0):
        raise refusal(-2022)
    if order.type != "LIMIT":
        return
    ahead = sum(
        other.remaining_steps
        for other in account.reduce_only[market.symbol].values()
        if other.position_side == side and reduce_priority(other) <= reduce_priority(order)
    )
    if ahead >= closable_steps(account, market, side):
        raise refusal(-2022)


def closable_steps(account: PaperAccount, market: PaperMarket, side: str) -> int:
    return market.spec.qty_to_steps(abs(account.amount(market.symbol, side)))


def check_margin(
    account: PaperAccount,
    market: PaperMarket,
    order: PaperOrder,
    venue: VenuePrices,
    replaced: PaperOrder | None = None,
) -> None:
    """Raises -2027 above the bracket's size, -2019 without the margin."""
    if order.only_reduces or order.close_position:
        return
    spec, mark = market.spec, venue.marks[order.symbol]
    extra = _assumed_price(market, order, mark) * spec.steps_to_qty(order.remaining_steps)
    if replaced is not None:
        extra -= market.grid.quote(replaced.price_ticks * replaced.remaining_steps)
    side = order.position_side
    before = symbol_margin(account, market.grid, side, mark)
    bid, ask = (extra, ZERO) if order.is_buy else (ZERO, extra)
    after = symbol_margin(account, market.grid, side, mark, bid, ask)
    more = after.initial - before.initial
    if more <= 0:
        return
    leverage = account.leverage(order.symbol)
    if after.initial * leverage > spec.max_notional(leverage):
        raise refusal(-2027)
    if more > account_margin(account, venue.grids, venue.marks).available:
        raise refusal(-2019)


def _assumed_price(market: PaperMarket, order: PaperOrder, mark: Decimal) -> Decimal:
    """A market order is taken to pay the touch or the mark, whichever is dearer."""
    if order.type == "LIMIT":
        return market.spec.ticks_to_price(order.price_ticks)
    best = market.book.best_ask() if order.is_buy else market.book.best_bid()
    return mark if best is None else max(market.spec.ticks_to_price(best), mark)


def check_amend(
    account: PaperAccount,
    market: PaperMarket,
    order: PaperOrder,
    price_ticks: int,
    qty_steps: int,
    prices: VenuePrices,
) -> None:
    """May this order have that price and total quantity?"""
    if order.type != "LIMIT":
        raise refusal(-5025)
    if (price_ticks, qty_steps) == (order.price_ticks, order.qty_steps):
        raise refusal(-5027)
    if order.amendments + 1 >= market.spec.max_move_order_limit:
        raise refusal(-5026)
    check_band(market, order.side, price_ticks)
    notional = market.grid.quote(price_ticks * qty_steps)
    if not order.only_reduces and notional < market.spec.min_notional:
        raise refusal(
            -5029,
            f"Order's notional must be no smaller than {market.spec.min_notional} "
            "(unless you choose reduce only).",
        )
    if not order.only_reduces:
        changed = replace(order, price_ticks=price_ticks, qty_steps=qty_steps)
        check_margin(account, market, changed, prices, replaced=order)
