"""One request to the venue and the three answers it can have.

Only a refusal that the venue itself calls temporary is tried again, with the
same client id: it has said that nothing was executed. After "unknown" nothing
is ever sent again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import msgspec
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from engine.clock import Clock
from engine.errors import (
    BadInput,
    NotConnected,
    OutcomeUnknown,
    PerpdeskError,
    ShuttingDown,
    TemporarilyRefused,
    UnknownSymbol,
    VenueError,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")
DUPLICATE_CLIENT_ID = -4116


class Accepted(msgspec.Struct, Generic[T], frozen=True):
    reply: T


class Refused(msgspec.Struct, frozen=True):
    """Definitely not executed."""

    error: PerpdeskError


class Lost(msgspec.Struct, frozen=True):
    """Sent; nobody knows."""

    sentence: str


class Overtaken(msgspec.Struct, frozen=True):
    """No longer wanted when its turn to be tried again came: nothing more was sent."""


Answer = Accepted[T] | Refused | Lost | Overtaken


class _NoLongerWanted(PerpdeskError):
    pass


class OrderSender:
    """Requests of one symbol go out one after the other, so that a cancel never
    overtakes the order it is meant for.
    """

    def __init__(self, clock: Clock, *, retry_attempts: int, retry_backoff_base: float) -> None:
        self._clock = clock
        self._attempts = retry_attempts
        self._base_s = retry_backoff_base
        self._guard = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._pauses: set[threading.Event] = set()
        self._is_closing = False

    @contextmanager
    def turn(self, symbol: str) -> Iterator[None]:
        """Hold while checking and sending for `symbol`. Raises ShuttingDown."""
        with self._guard:
            lock = self._turns.setdefault(symbol, threading.Lock())
        with lock:
            self._check_open()
            yield

    def send(
        self, symbol: str, request: Callable[[], T], is_wanted: Callable[[], bool]
    ) -> Answer[T]:
        """Call `request` inside the symbol's turn; blocks for its retries too.

        The turn is given up during a pause: cancels must not wait behind it.
        `is_wanted` decides after each pause whether to try again.
        """
        return self._judged(lambda: self._send_with_retries(symbol, request, is_wanted))

    def send_once(self, request: Callable[[], T]) -> Answer[T]:
        """A single try, in nobody's turn: for what must not wait and is looked after anyway."""
        return self._judged(request)

    def _judged(self, request: Callable[[], T]) -> Answer[T]:
        try:
            return Accepted(request())
        except _NoLongerWanted:
            return Overtaken()
        except OutcomeUnknown as error:
            return Lost(str(error))
        except VenueError as error:
            if error.code == DUPLICATE_CLIENT_ID:
                return Lost("The exchange already has an order with this id; asking which.")
            return Refused(error)
        except (NotConnected, ShuttingDown, BadInput, UnknownSymbol) as error:
            return Refused(error)

    def _send_with_retries(
        self, symbol: str, request: Callable[[], T], is_wanted: Callable[[], bool]
    ) -> T:
        first: list[TemporarilyRefused] = []
        try:
            return request()  # tenacity costs some 30 us, which an accepted order never pays
        except TemporarilyRefused as error:
            first.append(error)

        def attempt() -> T:
            if first:
                raise first.pop()  # so that tenacity counts it
            if not is_wanted():
                raise _NoLongerWanted
            return request()

        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait_exponential(multiplier=self._base_s),
            retry=retry_if_exception_type(TemporarilyRefused),
            sleep=lambda seconds: self._pause(symbol, seconds),
            reraise=True,
        )
        return retrying(attempt)

    def wake_paused(self) -> None:
        """Make every request that waits to be tried again look whether it is still wanted."""
        with self._guard:
            for pause in self._pauses:
                pause.set()

    def close(self) -> None:
        """Refuse what comes and end every pause. What is on the wire is not touched."""
        self._is_closing = True
        self.wake_paused()

    def _pause(self, symbol: str, seconds: float) -> None:
        woken = threading.Event()
        with self._guard:
            self._pauses.add(woken)
        self._check_open()
        logger.info("trying again symbol=%s in_s=%s", symbol, seconds)
        turn = self._turns[symbol]
        turn.release()
        try:
            self._clock.wait(woken, seconds)
        finally:
            turn.acquire()
            with self._guard:
                self._pauses.discard(woken)
        self._check_open()

    def _check_open(self) -> None:
        if self._is_closing:
            raise ShuttingDown("Perpdesk is closing; nothing was sent.")
