"""Try again, on tenacity: bounded, with growing pauses, and ended at once by a stop event."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential

from engine.clock import Clock
from engine.errors import PerpdeskError, ShuttingDown

logger = logging.getLogger(__name__)

T = TypeVar("T")


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`attempts` calls in all; pauses of base, 2 x base, 4 x base ... `max_pause_s`."""

    attempts: int = 3
    base_s: float = 1.0
    max_pause_s: float = 8.0


def call_with_retry(
    call: Callable[[], T],
    *,
    retry_on: tuple[type[PerpdeskError], ...],
    policy: RetryPolicy,
    clock: Clock,
    stop: threading.Event,
    what: str,
) -> T:
    """The first result of `call`; its last error when every attempt failed.

    Only errors of `retry_on` lead to another attempt. Raises ShuttingDown when
    `stop` is set during a pause.
    """

    try:
        return call()  # tenacity costs some 30 us, which a call that succeeds never pays
    except retry_on as error:
        if policy.attempts < 2:
            raise
        logger.warning("trying again %s attempt=1 error=%s", what, error)
    _pause(clock, stop, policy.base_s, what)
    retrying = Retrying(
        stop=stop_after_attempt(policy.attempts - 1),
        wait=wait_exponential(multiplier=policy.base_s * 2, max=policy.max_pause_s),
        retry=retry_if_exception_type(retry_on),
        sleep=lambda seconds: _pause(clock, stop, seconds, what),
        before_sleep=lambda state: _tell(state, what),
        reraise=True,
    )
    return retrying(call)


def _pause(clock: Clock, stop: threading.Event, seconds: float, what: str) -> None:
    if clock.wait(stop, seconds):
        raise ShuttingDown(f"Closing: {what} is not tried again.")


def _tell(state: RetryCallState, what: str) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    logger.warning("trying again %s attempt=%d error=%s", what, state.attempt_number + 1, error)
