"""The life of an order as data: which word of the venue leads where.

`TRANSITIONS[current][said]` is the status an order takes when the venue's newest
word is `said`. A pair that is missing cannot happen: it is reported, and the
order keeps its status. The rows are what the real venue does, not what one
would wish for: events overtake the answer to the request that caused them, fills
arrive while a cancel is on its way, and a cancel can be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.trading_types import OrderOrigin, OrderStatus

_PENDING_NEW = OrderStatus.PENDING_NEW
_NEW = OrderStatus.NEW
_PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED
_FILLED = OrderStatus.FILLED
_PENDING_CANCEL = OrderStatus.PENDING_CANCEL
_CANCELED = OrderStatus.CANCELED
_REJECTED = OrderStatus.REJECTED
_EXPIRED = OrderStatus.EXPIRED
_EXPIRED_IN_MATCH = OrderStatus.EXPIRED_IN_MATCH
_UNKNOWN = OrderStatus.UNKNOWN

Row = Mapping[OrderStatus, OrderStatus]


def _to(*said: OrderStatus) -> dict[OrderStatus, OrderStatus]:
    return {status: status for status in said}


_ENDS = (_FILLED, _CANCELED, _REJECTED, _EXPIRED, _EXPIRED_IN_MATCH)
_ANY = (_NEW, _PARTIALLY_FILLED, *_ENDS, _UNKNOWN)

TRANSITIONS: Mapping[OrderStatus, Row] = {
    # the first event may overtake the answer to the request: any word is possible
    _PENDING_NEW: _to(*_ANY),
    _NEW: _to(*_ANY),
    # NEW is missing: an order with a fill is never read as NEW (see `settled`)
    _PARTIALLY_FILLED: _to(_PARTIALLY_FILLED, *_ENDS, _UNKNOWN),
    # NEW here is an amend or a late copy: the cancel is still on its way. A fill
    # shows, and the cancel's own answer will follow it
    _PENDING_CANCEL: {**_to(_PARTIALLY_FILLED, *_ENDS), _NEW: _PENDING_CANCEL, _UNKNOWN: _UNKNOWN},
    _UNKNOWN: _to(*_ANY),
    # the last word: nothing reopens. A late fill is kept without a change of status
    **{end: _to(end) for end in _ENDS},
}

# Between two words of the same millisecond and the same executed quantity the one
# further along in an order's life is the newer.
RANK: Mapping[OrderStatus, int] = {
    _UNKNOWN: 0,
    _PENDING_NEW: 0,
    _NEW: 1,
    _PENDING_CANCEL: 1,
    _PARTIALLY_FILLED: 2,
    _FILLED: 3,
    _CANCELED: 3,
    _REJECTED: 3,
    _EXPIRED: 3,
    _EXPIRED_IN_MATCH: 3,
}

_VENUE_WORDS: Mapping[str, OrderStatus] = {
    **{status.value: status for status in (_NEW, _PARTIALLY_FILLED, *_ENDS)},
    # historic spellings of an accepted liquidation or ADL order
    "NEW_INSURANCE": _NEW,
    "NEW_ADL": _NEW,
}

OUR_PREFIX = "pd-"


def settled(word: str, executed: Decimal, quantity: Decimal) -> OrderStatus | None:
    """The venue's status word read together with its quantities; None: not known to us.

    Forced orders report NEW while they trade, and an amend of a partly filled
    order may do so too: what has executed decides.
    """
    status = _VENUE_WORDS.get(word)
    if executed and (status is _NEW or status is _PARTIALLY_FILLED):
        return _FILLED if executed >= quantity > 0 else _PARTIALLY_FILLED
    return status


def origin_of(client_order_id: str) -> OrderOrigin:
    """Who placed an order that we did not know, by the venue's rules for client ids."""
    if client_order_id.startswith(OUR_PREFIX):
        return OrderOrigin.OURS
    if client_order_id.startswith("autoclose-"):
        return OrderOrigin.LIQUIDATION
    if client_order_id == "adl_autoclose":
        return OrderOrigin.ADL
    if client_order_id.startswith("settlement_autoclose-"):
        return OrderOrigin.SETTLEMENT
    return OrderOrigin.ELSEWHERE
