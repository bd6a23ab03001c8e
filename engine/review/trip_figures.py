"""Statistics over round trips: how often, how much, how long. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from engine.review_views import ReviewedTrip, RoundTrip, TripFigures, TripGroup
from engine.trading_types import Side
from engine.views import ZERO

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

KeysOf = Callable[[ReviewedTrip], Iterable[str]]


def figures_of(trips: Iterable[RoundTrip]) -> TripFigures:
    """In the order of the trips: runs of wins and losses depend on it."""
    all_trips = list(trips)
    nets = [trip.net for trip in all_trips]
    won = [net for net in nets if net > 0]
    lost = [net for net in nets if net < 0]
    profit, loss, count = sum(won, ZERO), sum(lost, ZERO), len(nets)
    return TripFigures(
        trips=count,
        wins=len(won),
        losses=len(lost),
        net=sum(nets, ZERO),
        fees=sum((trip.fees for trip in all_trips), ZERO),
        gross_profit=profit,
        gross_loss=loss,
        win_rate_pct=Decimal(100 * len(won)) / count if count else None,
        average_win=profit / len(won) if won else None,
        average_loss=loss / len(lost) if lost else None,
        expectancy=(profit + loss) / count if count else None,
        profit_factor=profit / -loss if lost else None,
        largest_win=max(won, default=None),
        largest_loss=min(lost, default=None),
        longest_wins=_longest(net > 0 for net in nets),
        longest_losses=_longest(net < 0 for net in nets),
        average_held_ms=_average_held_ms(all_trips),
    )


def groups_by(trips: Iterable[ReviewedTrip], keys_of: KeysOf) -> dict[str, list[RoundTrip]]:
    groups: dict[str, list[RoundTrip]] = {}
    for one in trips:
        for key in keys_of(one):
            groups.setdefault(key, []).append(one.trip)
    return groups


def by_symbol(
    trips: Iterable[ReviewedTrip], funding: Mapping[str, Decimal]
) -> tuple[TripGroup, ...]:
    """Also a symbol that only paid or got funding."""
    groups = groups_by(trips, lambda one: (one.trip.symbol,))
    return tuple(
        TripGroup(
            key=symbol, figures=figures_of(groups.get(symbol, ())), funding=funding.get(symbol)
        )
        for symbol in sorted(groups.keys() | funding.keys())
    )


def by_hour(trips: Iterable[ReviewedTrip], zone: tzinfo | None) -> tuple[TripGroup, ...]:
    """By the hour of opening, "00" to "23", in `zone`; None is the machine's own."""
    return _sorted_groups(trips, lambda one: (f"{_opened(one, zone).hour:02d}",))


def by_weekday(trips: Iterable[ReviewedTrip], zone: tzinfo | None) -> tuple[TripGroup, ...]:
    """By the day of opening, Monday first."""
    groups = groups_by(trips, lambda one: (WEEKDAYS[_opened(one, zone).weekday()],))
    return tuple(
        TripGroup(key=day, figures=figures_of(groups[day])) for day in WEEKDAYS if day in groups
    )


def by_side(trips: Iterable[ReviewedTrip]) -> tuple[TripGroup, ...]:
    return _sorted_groups(trips, lambda one: ("Long" if one.trip.side is Side.BUY else "Short",))


def by_tag(trips: Iterable[ReviewedTrip]) -> tuple[TripGroup, ...]:
    """A trip with several tags is in several groups; one without is in none."""
    return _sorted_groups(trips, lambda one: one.tags)


def _sorted_groups(trips: Iterable[ReviewedTrip], keys_of: KeysOf) -> tuple[TripGroup, ...]:
    groups = groups_by(trips, keys_of)
    return tuple(TripGroup(key=key, figures=figures_of(groups[key])) for key in sorted(groups))


def _opened(one: ReviewedTrip, zone: tzinfo | None) -> datetime:
    return local_time(one.trip.opened_ms, zone)


def local_time(at_ms: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def _longest(hits: Iterable[bool]) -> int:
    longest = run = 0
    for hit in hits:
        run = run + 1 if hit else 0
        longest = max(longest, run)
    return longest


def _average_held_ms(trips: list[RoundTrip]) -> int | None:
    if not trips:
        return None
    return sum(trip.closed_ms - trip.opened_ms for trip in trips) // len(trips)
