from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.drill.drill_algo_judge import judge_algos_in_journal, judge_algos_in_memory
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, OrderType, Side
from engine.views import OrderView

D = Decimal
ALGO = AlgoView(
    client_algo_id="pd-1",
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.STOP_MARKET,
    status=AlgoStatus.FINISHED,
    quantity=D("0.1"),
    trigger_price=D(59000),
    algo_id=70,
    order_id=7,
)
ORDER = OrderView(
    client_order_id="aTmadeUpByTheVenue",
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.MARKET,
    status=OrderStatus.FILLED,
    price=D(0),
    orig_qty=D("0.1"),
    order_id=7,
    client_algo_id="pd-1",
)
ROW = {
    "symbol": "BTCUSDT", "algoId": 70, "clientAlgoId": "pd-1", "algoStatus": "FINISHED",
    "quantity": "0.100", "triggerPrice": "59000.0", "price": "0", "actualOrderId": "7",
}  # fmt: skip
OPEN_ROW = {**ROW, "algoStatus": "NEW", "actualOrderId": ""}
PLACED = frozenset({"pd-1"})


def test_equal_books_are_clean() -> None:
    assert judge_algos_in_memory([ALGO], [ORDER], [ROW]).is_clean
    assert judge_algos_in_journal(PLACED, [ALGO], [ROW]).is_clean


def test_one_that_was_cancelled_before_its_id_was_told_needs_none() -> None:
    """Its answer was lost, its cancel by name accepted, and then the program was killed."""
    nameless = replace(ALGO, status=AlgoStatus.CANCELED, algo_id=None, order_id=None)
    cancelled = {**OPEN_ROW, "algoStatus": "CANCELED"}
    assert judge_algos_in_journal(PLACED, [nameless], [cancelled]).is_clean
    assert judge_algos_in_journal(PLACED, [nameless], [OPEN_ROW]).wrong_state
    assert judge_algos_in_journal(PLACED, [nameless], []).is_clean


def test_what_ended_before_a_restart_is_asked_of_the_journal_alone() -> None:
    assert judge_algos_in_memory([], [], [ROW]).is_clean
    assert judge_algos_in_journal(PLACED, [], [ROW]).lost


def test_an_open_one_that_is_not_shown_is_wrong() -> None:
    assert "open and not shown" in judge_algos_in_memory([], [], [OPEN_ROW]).wrong_state[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": AlgoStatus.CANCELED},
        {"quantity": D(1)},
        {"trigger_price": D(1)},
        {"price": D(1)},
        {"order_id": None},
        {"algo_id": 71},
        {"algo_id": None},
    ],
)
def test_every_difference_is_told(changes: dict[str, object]) -> None:
    view = replace(ALGO, **changes)
    assert judge_algos_in_memory([view], [], [ROW]).wrong_state
    assert judge_algos_in_journal(PLACED, [view], [ROW]).wrong_state


@pytest.mark.parametrize("status", ["UNKNOWN", "PENDING_NEW", "PENDING_CANCEL"])
def test_a_fate_that_is_not_known_is_lost(status: str) -> None:
    view = replace(ALGO, status=AlgoStatus(status))
    assert judge_algos_in_memory([view], [], [ROW]).lost
    assert judge_algos_in_journal(PLACED, [view], [ROW]).lost


def test_an_order_that_does_not_know_its_parent_is_wrong() -> None:
    orphan = replace(ORDER, client_algo_id="")
    assert "does not know" in judge_algos_in_memory([ALGO], [orphan], [ROW]).wrong_state[0]


def test_a_move_that_left_both_standing_is_doubled() -> None:
    old = replace(ALGO, status=AlgoStatus.NEW, order_id=None)
    new = replace(old, client_algo_id="pd-2", algo_id=71, replaces="pd-1")
    rows = [OPEN_ROW, {**OPEN_ROW, "algoId": 71, "clientAlgoId": "pd-2"}]
    assert judge_algos_in_memory([old, new], [], rows).duplicated


def test_one_intent_that_is_two_orders_is_doubled() -> None:
    rows = [ROW, {**ROW, "algoId": 71}]
    assert judge_algos_in_journal(PLACED, [ALGO], rows).duplicated


def test_what_was_sent_without_an_intent_is_lost() -> None:
    assert "not in the journal" in judge_algos_in_journal(frozenset(), [ALGO], [ROW]).lost[0]
    assert "has no conditional" in judge_algos_in_journal(PLACED, [], []).lost[0]
