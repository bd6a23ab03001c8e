"""The venue's enum texts as our words; what we do not know stays text.

PENDING_*, UNKNOWN and QUERY are words of our own: from the venue they are not known.
"""

from __future__ import annotations

from engine.trading_types import (
    ExecutionType,
    MarginType,
    OrderStatus,
    OrderType,
    TimeInForce,
    WorkingType,
)

_TYPES = {member.value: member for member in OrderType}
_WORKING = {member.value: member for member in WorkingType}
_TIFS = {member.value: member for member in TimeInForce}
_EXECUTIONS = {m.value: m for m in ExecutionType if m is not ExecutionType.QUERY}
_STATUSES = {m.value: m for m in OrderStatus if m.is_terminal or m.is_resting}


def order_type(text: str) -> OrderType | str:
    return _TYPES.get(text, text)


def time_in_force(text: str) -> TimeInForce | str:
    return _TIFS.get(text, text)


def execution_type(text: str) -> ExecutionType | str:
    return _EXECUTIONS.get(text, text)


def order_status(text: str) -> OrderStatus | str:
    return _STATUSES.get(text, text)


def working_type(text: str) -> WorkingType | str:
    return _WORKING.get(text, text)


def born_order_id(text: str | int | None) -> int:
    """The id of the order that a conditional one became; 0 while it has become none."""
    digits = str(text or "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0


def margin_type(text: str) -> MarginType:
    """ "cross", "CROSSED", "isolated", "ISOLATED": each call of the venue has its own."""
    return MarginType.ISOLATED if text.upper() == "ISOLATED" else MarginType.CROSSED
