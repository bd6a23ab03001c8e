"""The short form of `python -m tests.proofs desk`, and what it makes of its figures."""

from __future__ import annotations

import pytest

from tests.proofs import desk


@pytest.mark.long
@pytest.mark.timeout(180)
def test_what_was_opened_and_closed_at_the_window_leaves_nothing_behind() -> None:
    figures = desk.run(hours=2 * desk.MINUTES_A_ROUND / 60)
    assert figures["rounds"] == 2
    assert figures["passed"], figures


def lines(
    count: int, *, mb_a_round: float = 0.0, widgets_a_round: int = 0
) -> list[dict[str, float]]:
    return [
        {
            "round": number,
            "rss_mb": 200.0 + mb_a_round * number,
            "widgets": 1000 + widgets_a_round * number,
            "objects": 3000,
            "python_objects": 90_000,
        }
        for number in range(count)
    ]


def test_a_flat_day_passes_and_growth_is_counted_for_an_hour_of_it() -> None:
    assert desk.judged(lines(120))["passed"]
    growing = desk.judged(lines(120, mb_a_round=1.0))
    assert growing["growth_mb_per_h"] == pytest.approx(60 / desk.MINUTES_A_ROUND)
    assert not growing["passed"]


def test_widgets_that_stay_are_a_leak_however_short_the_day() -> None:
    figures = desk.judged(lines(4, widgets_a_round=10))
    assert figures["growth_mb_per_h"] is None
    assert not figures["passed"]
