"""What the paper exchange's book answers: prints, outcomes, levels. Ticks and steps."""

from __future__ import annotations

from enum import Enum, unique
from typing import NamedTuple

import msgspec

from engine.paper.book_side import RestingOrder


@unique
class KillReason(Enum):
    """Why what was left of an order neither traded nor rests."""

    FOK_NOT_FILLABLE = "fok"
    GTX_WOULD_TAKE = "gtx"
    IOC_REST = "ioc"
    MARKET_REST = "market"  # nothing left inside the bound
    SELF_TRADE = "stp"
    AMEND_BELOW_EXECUTED = "amend"


class Match(msgspec.Struct, frozen=True):
    """One print. `maker_remaining` is what the maker had left right after it."""

    maker_order: RestingOrder
    price: int
    qty: int
    match_seq: int
    maker_remaining: int


class PlaceResult(msgspec.Struct, frozen=True):
    """What became of a placed or amended order.

    `remaining` is in steps. `reason` is None when the order filled or rests.
    `expired_makers` were removed by self-trade prevention and keep what they
    had left in their own `remaining`.
    """

    order: RestingOrder
    matches: list[Match]
    rested: bool
    remaining: int
    reason: KillReason | None
    expired_makers: list[RestingOrder]


class BookLevel(NamedTuple):
    price: int
    qty: int
    order_count: int


class DepthChanges(msgspec.Struct, frozen=True):
    """Levels touched since the last call, with absolute quantities; 0 = level gone.

    A diff-depth event's U, u and pu are `first_update_id`, `last_update_id` and
    `previous_update_id`. Empty lists mean that nothing changed.
    """

    first_update_id: int
    last_update_id: int
    previous_update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
