"""The drill's judge of brackets: each thing that may be wrong is seen."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from engine.drill.drill_bracket_judge import judge_brackets, judge_kept_brackets
from engine.drill.drill_brackets import BracketPlanner, CancelEntry, EnterBracket, MoveExits
from engine.oms.bracket_record import LegKind, leg_id_of
from engine.protection_views import BracketView
from engine.trading_types import BracketState, Side

D = Decimal


def a_view(state: BracketState = BracketState.PROTECTED, **changes: Any) -> BracketView:
    terms: dict[str, Any] = {
        "bracket_id": "b1",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "quantity": D(3),
        "filled_qty": D(3),
        "protected_qty": D(3),
        "stop_price": D(90),
        "target_price": D(120),
    }
    return BracketView(state=state, **{**terms, **changes})


def an_exit(kind: LegKind, quantity: str = "3", **changes: Any) -> dict[str, Any]:
    types = {LegKind.STOP: "STOP_MARKET", LegKind.TARGET: "TAKE_PROFIT_MARKET"}
    triggers = {LegKind.STOP: "90", LegKind.TARGET: "120"}
    row = {
        "clientAlgoId": leg_id_of("b1", kind, 1),
        "algoStatus": "NEW",
        "orderType": types[kind],
        "quantity": quantity,
        "triggerPrice": triggers[kind],
    }
    return {**row, **changes}


BOTH = [an_exit(LegKind.STOP), an_exit(LegKind.TARGET)]


def test_a_bracket_with_its_exits_is_clean() -> None:
    assert judge_brackets([a_view()], BOTH).is_clean
    assert judge_brackets([a_view(BracketState.CLOSED)], []).is_clean
    ended = an_exit(LegKind.STOP, algoStatus="CANCELED")
    assert judge_brackets([a_view(BracketState.CLOSED)], [ended]).is_clean
    assert judge_brackets([a_view(target_price=None)], BOTH[:1]).is_clean
    bare = a_view(BracketState.UNPROTECTED, stop_price=None)
    assert judge_brackets([bare], BOTH[1:]).is_clean
    assert judge_brackets([a_view(BracketState.UNPROTECTED, is_stop_released=True)], []).is_clean


@pytest.mark.parametrize(
    ("views", "rows"),
    [
        ([a_view()], []),
        ([a_view()], BOTH[:1]),
        ([a_view()], [an_exit(LegKind.STOP, "2"), BOTH[1]]),
        ([a_view()], [*BOTH, an_exit(LegKind.STOP)]),
        ([a_view()], [an_exit(LegKind.STOP, triggerPrice="91"), BOTH[1]]),
        ([a_view()], [BOTH[0], an_exit(LegKind.TARGET, triggerPrice="119")]),
        ([a_view(BracketState.CLOSED)], BOTH[:1]),
        ([a_view(BracketState.ENTERING)], BOTH[:1]),
        ([], BOTH[:1]),
    ],
)
def test_wrong_exits_are_seen(views: list[BracketView], rows: list[dict[str, Any]]) -> None:
    assert judge_brackets(views, rows).wrong_state


@pytest.mark.parametrize("state", [BracketState.CLOSING, BracketState.UNPROTECTED])
def test_what_does_not_come_to_rest_is_seen(state: BracketState) -> None:
    assert judge_brackets([a_view(state)], []).hung


def test_the_journal_keeps_what_is_open() -> None:
    views = [a_view(), a_view(BracketState.CLOSED, bracket_id="b2")]
    assert judge_kept_brackets(["b1"], views).is_clean
    assert judge_kept_brackets([], views).wrong_state
    assert judge_kept_brackets(["b1", "b2"], views).wrong_state


def test_a_planner_begins_with_an_entry_and_never_without_exits() -> None:
    planner = BracketPlanner(random.Random(1))
    assert isinstance(planner.change(), EnterBracket)
    entries = [planner.enter() for _ in range(200)]
    assert all(step.stop is not None or step.target is not None for step in entries)
    kinds = {type(planner.change()) for _ in range(50)}
    assert kinds == {CancelEntry, MoveExits}
    symbol, side = planner.against_newest()
    assert (symbol, side) == (entries[-1].symbol, entries[-1].side.opposite)
    assert BracketPlanner(random.Random(2)).against_newest()[0]
