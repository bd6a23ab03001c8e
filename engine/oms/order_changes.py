"""What may be applied to an order, and what comes of it. Frozen, like every message.

The venue's words are `OrderUpdate` and `FillView`; the ones below are our own
side of a conversation: what was sent, and what became of it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum, unique

import msgspec

from engine.events import OrderUpdate
from engine.trading_types import OrderOrigin, OrderStatus
from engine.views import FillView, OrderView


@unique
class Write(StrEnum):
    """The request whose answer was lost."""

    PLACE = "place"
    AMEND = "amend"
    CANCEL = "cancel"


class CancelSent(msgspec.Struct, frozen=True):
    at_ms: int


class CancelFailed(msgspec.Struct, frozen=True):
    """The venue has said that the order still stands."""

    at_ms: int


class AmendSent(msgspec.Struct, frozen=True):
    price: Decimal
    quantity: Decimal
    at_ms: int


class AmendEnded(msgspec.Struct, frozen=True):
    """Answered, either way; what the order became is in the venue's own update."""

    at_ms: int


class OutcomeLost(msgspec.Struct, frozen=True):
    """Sent, and nobody knows. A lost place makes the order UNKNOWN."""

    write: Write
    reason: str
    at_ms: int


class Doubted(msgspec.Struct, frozen=True):
    """The venue did not list an order that we held for open: UNKNOWN until asked."""

    reason: str
    at_ms: int


class Concluded(msgspec.Struct, frozen=True):
    """Our own conclusion about the end of an order. The venue may still overrule it."""

    status: OrderStatus
    reason: str
    at_ms: int


class ParentKnown(msgspec.Struct, frozen=True):
    """The conditional order that became this one, which the venue tells in its own event."""

    client_algo_id: str
    origin: OrderOrigin


LocalChange = (
    CancelSent
    | CancelFailed
    | AmendSent
    | AmendEnded
    | OutcomeLost
    | Doubted
    | Concluded
    | ParentKnown
)
Change = OrderUpdate | FillView | LocalChange


class Applied(msgspec.Struct, frozen=True, gc=False):
    """`view` is new. `fill` is a trade seen for the first time. `notice`: tell the person."""

    view: OrderView
    fill: FillView | None = None
    notice: str = ""


class Stale(msgspec.Struct, frozen=True):
    """Older than what is known, or the same again: nothing changed."""


class Impossible(msgspec.Struct, frozen=True):
    """Contradicts what the venue said before: nothing changed, and somebody must know."""

    sentence: str


STALE = Stale()
Outcome = Applied | Stale | Impossible
