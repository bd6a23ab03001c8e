"""Ours against the exchange's books, row by row, to the last decimal. Pure.

A difference is a sentence under one of four heads: lost (an intent or an order
that is not known, or whose fate is not), duplicated (one intent live or filled
twice), wrong state (anything else that differs) and hung (not quiet in time).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.oms.order_transitions import OUR_PREFIX
from engine.protection_views import AlgoView
from engine.trading_types import OrderStatus
from engine.views import FillView, OrderView

Row = Mapping[str, Any]
OrderKey = tuple[str, str]  # symbol, client order id


class VenueBooks(msgspec.Struct, frozen=True, kw_only=True):
    """The account since the session began, as the exchange's JSON says."""

    orders: Sequence[Row]
    trades: Sequence[Row]
    positions: Sequence[Row]
    wallet: Decimal
    algos: Sequence[Row] = ()


class LocalBooks(msgspec.Struct, frozen=True, kw_only=True):
    """`fills`: as often as they were told. `positions`: quantity and entry price.

    `wallet` None: not known. `mistakes`: what our own threads complained of.
    """

    orders: Sequence[OrderView]
    fills: Sequence[FillView]
    positions: Mapping[str, tuple[Decimal, Decimal]]
    wallet: Decimal | None
    incomplete: int
    is_live: bool
    mistakes: Sequence[str] = ()
    algos: Sequence[AlgoView] = ()


class JournalBooks(msgspec.Struct, frozen=True, kw_only=True):
    placed: frozenset[OrderKey]
    orders: Sequence[OrderView]
    fills: Sequence[FillView]
    placed_algos: frozenset[str] = frozenset()
    algos: Sequence[AlgoView] = ()
    brackets: Sequence[str] = ()  # ids of those not ended


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    lost: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    wrong_state: tuple[str, ...] = ()
    hung: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong_state or self.hung)

    def with_more(self, other: Verdict) -> Verdict:
        return Verdict(
            lost=self.lost + other.lost,
            duplicated=self.duplicated + other.duplicated,
            wrong_state=self.wrong_state + other.wrong_state,
            hung=self.hung + other.hung,
        )

    def sentences(self) -> list[str]:
        heads = {
            "lost": self.lost,
            "duplicated": self.duplicated,
            "wrong state": self.wrong_state,
            "hung": self.hung,
        }
        return [f"{head}: {what}" for head, found in heads.items() for what in found]


def judge_memory(local: LocalBooks, venue: VenueBooks) -> Verdict:
    """What the person sees against the exchange, while the program runs."""
    wrong = list(local.mistakes)
    wrong += _compare_orders(local.orders, venue.orders, "shown")
    known = {trade["id"] for trade in venue.trades}
    wrong += [f"trade {f.trade_id} is not the exchange's" for f in local.fills
              if f.trade_id not in known]  # fmt: skip
    wrong += _compare_positions(local.positions, venue.positions)
    if local.wallet is not None and local.wallet != venue.wallet:
        wrong.append(f"wallet {local.wallet}, the exchange has {venue.wallet}")
    if local.incomplete:
        wrong.append(f"{local.incomplete} orders have traded more than was told")
    told = Counter((fill.symbol, fill.trade_id) for fill in local.fills)
    return Verdict(
        lost=tuple(_unfinished(local.orders)),
        duplicated=tuple(f"trade {key} was counted {n} times" for key, n in told.items() if n > 1),
        wrong_state=tuple(wrong),
        hung=() if local.is_live else ("not live again in time",),
    )


def judge_journal(journal: JournalBooks, venue: VenueBooks) -> Verdict:
    """What is on disk against the exchange: every intent, order and trade."""
    ours = Counter(
        (str(row["symbol"]), str(row["clientOrderId"]))
        for row in venue.orders
        if row["clientOrderId"].startswith(OUR_PREFIX)
    )
    lost = [
        f"order {key} was sent and is not in the journal" for key in ours.keys() - journal.placed
    ]
    known = {(view.symbol, view.client_order_id) for view in journal.orders}
    lost += [f"intent {key} has no order in the journal" for key in journal.placed - known]
    lost += _unfinished(journal.orders)
    wrong = _compare_orders(journal.orders, venue.orders, "journalled")
    theirs = {(t["symbol"], t["id"]): _amounts_of_row(t) for t in venue.trades}
    mine = {(f.symbol, f.trade_id): _amounts_of_fill(f) for f in journal.fills}
    wrong += [f"trade {key} is not in the journal" for key in theirs.keys() - mine.keys()]
    wrong += [f"trade {key} is in the journal alone" for key in mine.keys() - theirs.keys()]
    wrong += [
        f"trade {key} is journalled as {mine[key]}, the exchange has {theirs[key]}"
        for key in mine.keys() & theirs.keys()
        if mine[key] != theirs[key]
    ]
    return Verdict(
        lost=tuple(lost),
        duplicated=tuple(
            f"{key} is {n} orders at the exchange" for key, n in ours.items() if n > 1
        ),
        wrong_state=tuple(wrong),
    )


def _unfinished(views: Iterable[OrderView]) -> list[str]:
    doubtful = (OrderStatus.UNKNOWN, OrderStatus.PENDING_NEW, OrderStatus.PENDING_CANCEL)
    return [
        f"order {view.client_order_id} is still {view.status}"
        for view in views
        if view.status in doubtful
    ]


def _compare_orders(views: Sequence[OrderView], rows: Sequence[Row], what: str) -> list[str]:
    by_id = {(row["symbol"], row["orderId"]): row for row in rows}
    found = []
    for view in views:
        if view.order_id is None:
            found += _compare_unsent(view, rows)
            continue
        row = by_id.pop((view.symbol, view.order_id), None)
        if row is None:
            found.append(f"order {view.client_order_id} is {what} and not at the exchange")
            continue
        mine, theirs = _state_of_view(view), _state_of_row(row)
        if mine != theirs:
            found.append(
                f"order {view.client_order_id} is {what} as {mine}, the exchange has {theirs}"
            )
    if what == "journalled":
        missing = [row for row in by_id.values() if not _left_no_trace(row)]
        return found + [f"order {row['clientOrderId']} is not in the journal" for row in missing]
    # shown: what had ended before a restart is in the journal only
    return found + [
        f"order {row['clientOrderId']} is open and not shown"
        for row in by_id.values()
        if row["status"] in ("NEW", "PARTIALLY_FILLED")
    ]


def _left_no_trace(row: Row) -> bool:
    """Another program's order that came and went in a gap, without a trade."""
    is_open = row["status"] in ("NEW", "PARTIALLY_FILLED")
    is_ours = row["clientOrderId"].startswith(OUR_PREFIX)
    return not (is_ours or is_open or Decimal(row["executedQty"]))


def _compare_unsent(view: OrderView, rows: Sequence[Row]) -> list[str]:
    key = (view.symbol, view.client_order_id)
    if any((row["symbol"], row["clientOrderId"]) == key for row in rows):
        return [f"order {view.client_order_id} is {view.status} here and lives at the exchange"]
    return []


def _state_of_view(view: OrderView) -> dict[str, object]:
    return {
        "status": view.status.value,
        "price": view.price,
        "quantity": view.orig_qty,
        "executed": view.executed_qty,
        "quote": view.cummulative_quote_qty,
    }


def _state_of_row(row: Row) -> dict[str, object]:
    return {
        "status": row["status"],
        "price": Decimal(row["price"]),
        "quantity": Decimal(row["origQty"]),
        "executed": Decimal(row["executedQty"]),
        "quote": Decimal(row["cumQuote"]),
    }


def _amounts_of_row(row: Row) -> tuple[object, ...]:
    amounts = tuple(Decimal(row[name]) for name in ("price", "qty", "commission", "realizedPnl"))
    return (row["orderId"], row["side"], *amounts)


def _amounts_of_fill(fill: FillView) -> tuple[object, ...]:
    amounts = (fill.price, fill.quantity, fill.commission, fill.realized_pnl)
    return (fill.order_id, fill.side.value, *amounts)


def _compare_positions(
    mine: Mapping[str, tuple[Decimal, Decimal]], rows: Sequence[Row]
) -> list[str]:
    theirs = {
        str(row["symbol"]): (Decimal(row["positionAmt"]), Decimal(row["entryPrice"]))
        for row in rows
        if Decimal(row["positionAmt"])
    }
    return [
        f"position {symbol} {mine.get(symbol)}, the exchange has {theirs.get(symbol)}"
        for symbol in sorted(mine.keys() | theirs.keys())
        if mine.get(symbol) != theirs.get(symbol)
    ]
