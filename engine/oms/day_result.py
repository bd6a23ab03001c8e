"""What a trading day has brought, and when it is over for today. Pure.

The result is the exchange's own statement: realized profit and loss, fees and
funding. A lock-out is read off it, so it is found again after any restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.oms.risk_rules import RiskLimits
from engine.protection_views import LockOut
from engine.views import ZERO

DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_HUNDRED = Decimal(100)

# venue's income types that trading brings; the others move money in and out
RESULTS = frozenset(
    {
        "REALIZED_PNL",
        "COMMISSION",
        "FUNDING_FEE",
        "SPECIAL_FUNDING_FEE",
        "INSURANCE_CLEAR",
        "COMMISSION_REBATE",
        "API_REBATE",
        "REFERRAL_KICKBACK",
        "FEE_RETURN",
        "DELIVERED_SETTELMENT",
    }
)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One change of the wallet in USDT. `is_result`: by trading, not a transfer."""

    at_ms: int
    amount: Decimal
    is_result: bool = True


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """`capital`: the wallet that the day began with, and what was moved in or out since."""

    began_ms: int
    result: Decimal = ZERO
    capital: Decimal = ZERO


def day_start_ms(now_ms: int, begins_at_h: int) -> int:
    """When the day that `now_ms` belongs to began."""
    shift_ms = begins_at_h * _HOUR_MS
    return (now_ms - shift_ms) // DAY_MS * DAY_MS + shift_ms


def read_from_ms(now_ms: int, limits: RiskLimits) -> int:
    """How far back the statement must be known: a cool-down may reach into today."""
    cool_down_ms = limits.cool_down_min * _MINUTE_MS
    return day_start_ms(now_ms - cool_down_ms, limits.day_begins_at_h)


def day_of(began_ms: int, entries: Iterable[Entry], wallet: Decimal) -> Day:
    """`wallet` is what is there now; `entries` all that is known since the day began."""
    result = later = ZERO
    for entry in entries:
        if entry.at_ms >= began_ms + DAY_MS:
            later += entry.amount
        elif entry.at_ms >= began_ms and entry.is_result:
            result += entry.amount
    return Day(began_ms=began_ms, result=result, capital=wallet - later - result)


def largest_loss(capital: Decimal, limits: RiskLimits) -> Decimal | None:
    """The smaller of the two limits, in USDT; None: no limit."""
    bounds = []
    if limits.max_daily_loss_usdt:
        bounds.append(limits.max_daily_loss_usdt)
    if limits.max_daily_loss_equity_pct:
        share = max(ZERO, capital) * limits.max_daily_loss_equity_pct / _HUNDRED
        bounds.append(share)
    return min(bounds) if bounds else None


def lock_outs(
    entries: Iterable[Entry], wallet: Decimal, now_ms: int, limits: RiskLimits
) -> LockOut | None:
    """The lock-out in force that the statement proves, of today or of the days before.

    A loss that was won back later does not lift it: the day was over when it was reached.
    """
    ordered = sorted(entries, key=lambda entry: entry.at_ms)
    found: LockOut | None = None
    began_ms = read_from_ms(now_ms, limits)
    while began_ms <= now_ms:
        day = day_of(began_ms, ordered, wallet)
        lock = _crossing(day, ordered, limits)
        if lock is not None and lock.until_ms > now_ms:
            found = lock
        began_ms += DAY_MS
    return found


def lock_at(at_ms: int, result: Decimal, bound: Decimal, limits: RiskLimits) -> LockOut:
    end_ms = day_start_ms(at_ms, limits.day_begins_at_h) + DAY_MS
    until_ms = max(end_ms, at_ms + limits.cool_down_min * _MINUTE_MS)
    return LockOut(
        at_ms=at_ms,
        until_ms=until_ms,
        sentence=(
            f"The day's loss has reached {-result:,.2f} USDT; your limit is {bound:,.2f} USDT."
            " Until the lock-out ends you can only reduce and cancel."
        ),
    )


def _crossing(day: Day, ordered: list[Entry], limits: RiskLimits) -> LockOut | None:
    """Judged by the capital of each moment: a later deposit does not undo it."""
    todays = [entry for entry in ordered if day.began_ms <= entry.at_ms < day.began_ms + DAY_MS]
    capital = day.capital - sum((e.amount for e in todays if not e.is_result), ZERO)
    result = ZERO
    for entry in todays:
        if not entry.is_result:
            capital += entry.amount
            continue
        result += entry.amount
        bound = largest_loss(capital, limits)
        if bound is not None and result < 0 and result <= -bound:
            return lock_at(entry.at_ms, result, bound, limits)
    return None
