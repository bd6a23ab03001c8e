"""What a caller waits for of an order of either service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar


class Waitable(Protocol):
    @property
    def status(self) -> str: ...

    @property
    def is_terminal(self) -> bool: ...


W = TypeVar("W", bound=Waitable)


def condition_of(
    order: W, until: str | Iterable[str] | Callable[[W], bool] | None
) -> Callable[[], bool]:
    """One of the statuses, a condition that is fulfilled, or (None) the end."""
    if callable(until):
        condition = until
        return lambda: condition(order)
    if until is None:
        return lambda: order.is_terminal
    wanted = frozenset((until,) if isinstance(until, str) else until)
    return lambda: order.status in wanted
