"""Where requests wait for the venue's limits: the most urgent first, and one brake for all.

The thin shell around RateLimiter. A waiting request holds back only those behind
it that need the same pool: an order that waits for the order pool does not stop
a query, and a cancel overtakes both.
"""

from __future__ import annotations

import bisect
import itertools
import math
import threading
from collections.abc import Callable, Mapping

from engine.clock import Clock
from engine.errors import RateLimited, ShuttingDown
from engine.events import RateBrake
from engine.exchange.rate_limiter import (
    Admit,
    Cost,
    Decision,
    Priority,
    RateLimiter,
    Refuse,
    Wait,
)
from engine.utils.deadline import Deadline
from engine.wire.endpoints import Endpoint, Security

# the clock's measurement goes first, too: without it nothing can be signed
_FIRST = frozenset(
    {
        "cancel_order",
        "cancel_all",
        "cancel_batch",
        "cancel_algo",
        "cancel_all_algo",
        "countdown_cancel_all",
        "time",
    }
)


def priority_of(endpoint: Endpoint) -> Priority:
    """What a call is, unless the caller knows better (an order that only reduces)."""
    if endpoint.name in _FIRST:
        return Priority.CANCEL
    if endpoint.is_write:
        return Priority.PLACE
    return Priority.MARKET if endpoint.security is Security.NONE else Priority.QUERY


class _Ticket:
    __slots__ = ("cost", "rank", "woken")
    woken: threading.Event  # of one that waits: nearly none does

    def __init__(self, cost: Cost, priority: Priority, number: int) -> None:
        self.cost = cost
        self.rank = (priority, number)

    @property
    def priority(self) -> Priority:
        return self.rank[0]

    def competes_with(self, other: _Ticket) -> bool:
        mine, theirs = self.cost, other.cost
        return bool(
            (mine.weight and theirs.weight)
            or (mine.orders_10s and theirs.orders_10s)
            or (mine.orders_1m and theirs.orders_1m)
        )


class RateGovernor:
    """Thread-safe. `now_ms` is the venue's time; `on_brake` runs on the thread that met it."""

    def __init__(
        self,
        limiter: RateLimiter,
        clock: Clock,
        now_ms: Callable[[], int],
        on_brake: Callable[[RateBrake], None],
    ) -> None:
        self._limiter = limiter
        self._clock = clock
        self._now_ms = now_ms
        self._on_brake = on_brake
        self._lock = threading.Lock()
        self._waiting: list[_Ticket] = []  # the next one first
        self._numbers = itertools.count()
        self._closed = False
        self._told_s = 0

    def acquire(self, cost: Cost, priority: Priority, longest_s: float) -> None:
        """Block until `cost` fits the limits; book it until `settle`.

        Raises RateLimited when that cannot be within `longest_s`, ShuttingDown
        after `close`. Nothing has been sent then.
        """
        with self._lock:
            ticket = _Ticket(cost, priority, next(self._numbers))
            decision = self._decide(ticket)
            if isinstance(decision, Admit):
                return
            ticket.woken = threading.Event()
            bisect.insort(self._waiting, ticket, key=lambda one: one.rank)
        try:
            self._wait(ticket, decision, Deadline(self._clock, longest_s))
        finally:
            with self._lock:
                self._waiting.remove(ticket)
            self._wake_all()

    def settle(self, cost: Cost, headers: Mapping[str, str]) -> None:
        """The call has ended; what its headers say may let others go."""
        self._limiter.settle(cost, headers, self._now_ms())
        if self._waiting:
            self._wake_all()

    def brake(self, seconds: float, why: str) -> None:
        """Send nothing at all for `seconds`: the venue said 429, 418 or 403."""
        self._limiter.brake(seconds, why, self._now_ms())
        self.tell_brake()

    def orders_are_full(self) -> None:
        """No orders until the 10 s window ends; everything else still goes."""
        self._limiter.orders_are_full(self._now_ms())

    def brake_left_s(self) -> float:
        return self._limiter.usage(self._now_ms()).brake_s

    def tell_brake(self) -> None:
        """Publish the countdown when its second has changed; call a few times a second."""
        usage = self._limiter.usage(self._now_ms())
        left_s = math.ceil(usage.brake_s)
        with self._lock:
            if left_s == self._told_s:
                return
            self._told_s = left_s
        sentence = f"{usage.brake_why} Nothing is sent for {left_s} s."
        if not left_s:
            sentence = "The pause has ended; requests are sent again."
        self._on_brake(RateBrake(seconds_left=left_s, sentence=sentence))

    def close(self) -> None:
        """End every wait."""
        self._closed = True
        self._wake_all()

    # --- within -----------------------------------------------------------------------

    def _decide(self, ticket: _Ticket) -> Decision | None:
        """None: somebody more urgent waits for the same pool. Under the lock."""
        if self._closed:
            raise ShuttingDown("The connection to the exchange is closing; nothing was sent.")
        for other in self._waiting:
            if other is ticket:
                break
            if other.rank < ticket.rank and other.competes_with(ticket):
                return None
        return self._limiter.admit(ticket.cost, self._now_ms(), ticket.priority)

    def _wait(self, ticket: _Ticket, decision: Decision | None, deadline: Deadline) -> None:
        while not isinstance(decision, Admit):
            pause_s = _pause_s(decision, deadline.left_s())
            self._clock.wait(ticket.woken, pause_s)
            with self._lock:
                ticket.woken.clear()
                decision = self._decide(ticket)

    def _wake_all(self) -> None:
        with self._lock:
            for ticket in self._waiting:
                ticket.woken.set()


def _pause_s(decision: Wait | Refuse | None, left_s: float) -> float:
    """How long to wait before deciding again. Raises RateLimited when it would be too long."""
    if isinstance(decision, Refuse):
        raise RateLimited(0, decision.why, 0)
    if decision is None:
        if left_s <= 0:
            raise RateLimited(0, "More urgent requests wait for the limit. Nothing was sent.", 0)
        return left_s
    if decision.seconds > left_s:
        raise RateLimited(0, f"{decision.why} Nothing was sent.", 0, decision.seconds)
    return decision.seconds
