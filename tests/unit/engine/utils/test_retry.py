from __future__ import annotations

import threading

import pytest

from engine.errors import OrderRefused, ShuttingDown, TemporarilyRefused
from engine.utils.retry import RetryPolicy, call_with_retry


class InstantClock:
    """Every wait is over at once and remembered."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now_ms(self) -> int:
        return 0

    def monotonic(self) -> float:
        return sum(self.waits)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.waits.append(timeout_s)
        return event.is_set()


class Flaky:
    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise TemporarilyRefused(-1008, "overloaded")
        return "done"


def _run(call: Flaky, clock: InstantClock, attempts: int = 4, stop: bool = False) -> str:
    event = threading.Event()
    if stop:
        event.set()
    return call_with_retry(
        call,
        retry_on=(TemporarilyRefused,),
        policy=RetryPolicy(attempts=attempts, base_s=1.0, max_pause_s=8.0),
        clock=clock,
        stop=event,
        what="test",
    )


def test_a_success_is_not_repeated() -> None:
    call, clock = Flaky(0), InstantClock()
    assert (_run(call, clock), call.calls, clock.waits) == ("done", 1, [])


def test_pauses_grow_1_2_4_until_it_works() -> None:
    call, clock = Flaky(3), InstantClock()
    assert _run(call, clock) == "done"
    assert clock.waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_the_last_error_comes_out_when_all_attempts_fail(attempts: int) -> None:
    call = Flaky(99)
    with pytest.raises(TemporarilyRefused):
        _run(call, InstantClock(), attempts=attempts)
    assert call.calls == attempts


def test_other_errors_are_not_retried() -> None:
    calls = []

    def refuse() -> None:
        calls.append(1)
        raise OrderRefused(-2019, "no margin")

    with pytest.raises(OrderRefused):
        call_with_retry(
            refuse,
            retry_on=(TemporarilyRefused,),
            policy=RetryPolicy(),
            clock=InstantClock(),
            stop=threading.Event(),
            what="test",
        )
    assert len(calls) == 1


def test_a_stop_during_the_pause_ends_it() -> None:
    call = Flaky(1)
    with pytest.raises(ShuttingDown):
        _run(call, InstantClock(), stop=True)
    assert call.calls == 1
