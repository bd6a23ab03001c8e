from decimal import Decimal

import pytest

from engine.oms.order_transitions import RANK, TRANSITIONS, settled
from engine.trading_types import TERMINAL_STATUSES, OrderStatus

D = Decimal


def test_every_status_has_a_row_and_a_rank() -> None:
    assert set(TRANSITIONS) == set(RANK) == set(OrderStatus)


@pytest.mark.parametrize("end", sorted(TERMINAL_STATUSES))
def test_an_end_leads_nowhere_else(end: OrderStatus) -> None:
    assert set(TRANSITIONS[end].values()) == {end}


@pytest.mark.parametrize("end", sorted(TERMINAL_STATUSES))
def test_every_open_status_can_end_in_every_way(end: OrderStatus) -> None:
    for status, row in TRANSITIONS.items():
        if status not in TERMINAL_STATUSES:
            assert row[end] is end


def test_what_is_ours_is_never_a_word_of_the_venue() -> None:
    for ours in ("PENDING_NEW", "PENDING_CANCEL", "UNKNOWN"):
        assert settled(ours, D(0), D(1)) is None


@pytest.mark.parametrize(
    ("word", "executed", "quantity", "expected"),
    [
        ("NEW", "0", "1", OrderStatus.NEW),
        ("NEW", "0.5", "1", OrderStatus.PARTIALLY_FILLED),
        ("PARTIALLY_FILLED", "1", "1", OrderStatus.FILLED),
        ("NEW", "1", "0", OrderStatus.PARTIALLY_FILLED),
        ("CANCELED", "1", "1", OrderStatus.CANCELED),
        ("NEW_ADL", "0", "1", OrderStatus.NEW),
        ("TRADING_HALT", "0", "1", None),
    ],
)
def test_words_are_read_together_with_their_quantities(
    word: str, executed: str, quantity: str, expected: OrderStatus | None
) -> None:
    assert settled(word, D(executed), D(quantity)) is expected
