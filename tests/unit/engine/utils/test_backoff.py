from __future__ import annotations

from engine.utils.backoff import Backoff


def test_pauses_double_up_to_the_maximum() -> None:
    backoff = Backoff(1.0, 120.0, random_share=lambda: 0.0)
    assert [backoff.next_s() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 64, 120, 120]


def test_reset_starts_over() -> None:
    backoff = Backoff(1.0, 120.0, random_share=lambda: 0.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert (backoff.attempts, backoff.next_s()) == (0, 1.0)


def test_jitter_only_shortens_and_is_bounded() -> None:
    backoff = Backoff(10.0, 120.0, jitter=0.2, random_share=lambda: 1.0)
    assert backoff.next_s() == 8.0


def test_thousands_of_attempts_do_not_overflow() -> None:
    backoff = Backoff(1.0, 120.0, random_share=lambda: 0.0)
    assert {backoff.next_s() for _ in range(3000)} <= {1, 2, 4, 8, 16, 32, 64, 120}
