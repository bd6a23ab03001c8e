"""The bracket's decisions, one behaviour at a time, on a venue in small."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.oms.bracket_core import ALARM_MS, decide
from engine.oms.bracket_facts import CancelExit, CloseRest, Facts, PlaceExit
from engine.oms.bracket_record import LegKind, LegState, bracket_id_of, entry_id_of, leg_id_of
from engine.protection_views import AlgoView
from engine.trading_types import (
    AlertLevel,
    AlgoStatus,
    BracketState,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
)
from tests.helpers.bracket_table import BracketTable, a_bracket

D = Decimal
STOP, TARGET = LegKind.STOP, LegKind.TARGET


def filled(quantity: int = 10, **changes: object) -> BracketTable:
    """A bracket whose entry has filled and whose exits stand."""
    table = BracketTable(a_bracket(**changes))
    table.fill_entry(quantity)
    table.settle(10)
    return table


def stop_of(table: BracketTable) -> str:
    return table.standing(STOP)[-1].client_algo_id


def target_of(table: BracketTable) -> str:
    return table.standing(TARGET)[-1].client_algo_id


def quantities(table: BracketTable, kind: LegKind) -> list[Decimal]:
    return [algo.quantity for algo in table.standing(kind)]


def placed(table: BracketTable) -> list[tuple[LegKind, Decimal]]:
    return [
        (action.leg.kind, action.leg.quantity)
        for action in table.done
        if isinstance(action, PlaceExit | CloseRest)
    ]


# --- following the entry -----------------------------------------------------------


def test_nothing_is_placed_before_something_is_filled() -> None:
    table = BracketTable()
    decision = table.settle(5)
    assert table.done == []
    assert decision.view.state is BracketState.ENTERING
    assert decision.view.unprotected_since_ms is None


def test_the_stop_is_placed_before_the_target() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_all()
    assert [action.leg.kind for action in table.decide().actions] == [STOP]
    table.carry_out()
    table.hear_all()
    decision = table.decide()
    assert decision.view.state is BracketState.PROTECTED
    assert [action.leg.kind for action in decision.actions] == [TARGET]


def test_a_bracket_that_stands_shows_its_exits() -> None:
    table = filled()
    view = table.decide().view
    assert (view.stop_id, view.target_id) == (stop_of(table), target_of(table))
    assert (view.filled_qty, view.protected_qty) == (D(10), D(10))
    assert view.reason == ""


def test_exits_grow_with_the_entry() -> None:
    table = filled(4)
    table.fill_entry(6)
    table.settle(10)
    assert (quantities(table, STOP), quantities(table, TARGET)) == ([D(10)], [D(10)])


def test_the_larger_stop_stands_before_the_smaller_one_is_cancelled() -> None:
    table = filled(4)
    smaller = stop_of(table)
    table.fill_entry(6)
    table.hear_all()
    (place,) = table.decide().actions
    assert isinstance(place, PlaceExit)
    assert place.leg.quantity == D(10)
    table.decide()
    assert table.pending == [place]  # nothing is cancelled before the answer
    table.carry_out()
    table.hear_all()
    assert CancelExit(smaller) in table.decide().actions


def test_many_small_fills_do_not_make_as_many_stops() -> None:
    table = BracketTable(a_bracket(target_price=None))
    for _ in range(10):
        table.fill_entry(1)
        table.hear_all()
        table.decide()
        table.carry_out()
        table.tick(10)
    assert len(placed(table)) <= 2
    table.settle(10)
    assert quantities(table, STOP) == [D(10)]


def test_a_short_bracket_has_its_exits_on_the_other_side() -> None:
    table = filled(side=Side.SELL, stop_price=D(110), target_price=D(80))
    assert {algo.side for algo in table.standing()} == {Side.BUY}
    assert quantities(table, STOP) == [D(10)]


def test_a_cancelled_entry_keeps_the_exits_of_what_is_filled() -> None:
    table = filled(4)
    table.end_entry()
    decision = table.settle(10)
    assert decision.view.state is BracketState.PROTECTED
    assert quantities(table, STOP) == [D(4)]


def test_an_entry_that_ends_unfilled_ends_the_bracket() -> None:
    table = BracketTable()
    table.end_entry()
    decision = table.settle(3)
    assert (decision.view.state, table.done) == (BracketState.CLOSED, [])


def test_a_refused_entry_ends_the_bracket_with_its_reason() -> None:
    table = BracketTable()
    table.end_entry(OrderStatus.REJECTED, "Margin is insufficient.")
    view = table.settle(3).view
    assert (view.state, view.reason) == (BracketState.FAILED, "Margin is insufficient.")


def test_giving_up_the_entry_cancels_its_rest_and_keeps_the_exits() -> None:
    table = filled(4)
    table.bracket = replace(table.bracket, is_entry_unwanted=True)
    decision = table.settle(10)
    assert table.entry is not None
    assert table.entry.status is OrderStatus.CANCELED
    assert (decision.view.state, quantities(table, STOP)) == (BracketState.PROTECTED, [D(4)])


def test_a_bracket_without_a_target_has_a_stop_alone() -> None:
    table = filled(target_price=None)
    assert (quantities(table, STOP), quantities(table, TARGET)) == ([D(10)], [])


def test_a_bracket_without_a_stop_is_never_called_protected_and_never_alarms() -> None:
    table = filled(stop_price=None)
    view = table.settle(10).view
    assert quantities(table, TARGET) == [D(10)]
    assert (view.state, view.protected_qty) == (BracketState.UNPROTECTED, D(0))
    assert view.unprotected_since_ms is None
    assert table.codes() == []


# --- one cancels the other ---------------------------------------------------------


def test_when_the_stop_triggers_the_target_goes() -> None:
    table = filled()
    table.trigger(stop_of(table))
    view = table.settle(10).view
    assert table.standing() == []
    assert (view.state, view.reason) == (BracketState.CLOSED, "The stop at 90 was reached.")


def test_when_the_target_triggers_the_stop_stays_until_nothing_is_open() -> None:
    table = filled()
    stop, target = stop_of(table), target_of(table)
    table.say_of(target, AlgoStatus.TRIGGERED)  # its order has not traded yet
    table.hear_all()
    decision = table.decide()
    assert decision.actions == ()
    assert decision.view.state is BracketState.CLOSING
    table.say_of(target, AlgoStatus.NEW)
    table.trigger(target)
    table.hear_all()
    assert table.decide().actions == (CancelExit(stop),)
    assert table.settle(10).view.state is BracketState.CLOSED


def test_an_exit_that_trades_in_part_is_finished_at_market() -> None:
    table = filled()
    table.trigger(target_of(table), D("0.4"))
    view = table.settle(10).view
    assert placed(table)[-1] == (LegKind.CLOSE, D(6))
    assert (view.state, table.held) == (BracketState.CLOSED, D(0))


def test_a_stop_during_a_partial_entry_cancels_the_entrys_rest() -> None:
    table = filled(4)
    table.trigger(stop_of(table))
    table.settle(10)
    assert table.entry is not None
    assert table.entry.status is OrderStatus.CANCELED
    assert table.bracket.state is BracketState.CLOSED


def test_the_entrys_last_fill_while_closing_is_closed_too() -> None:
    table = filled(4)
    table.trigger(stop_of(table))
    table.hear_all()
    table.decide()
    table.fill_entry(6)  # before the cancel arrives
    view = table.settle(20).view
    assert (view.state, table.held) == (BracketState.CLOSED, D(0))


def test_fills_of_a_triggered_exit_are_waited_for() -> None:
    table = filled()
    stop = stop_of(table)
    table.trigger(stop)
    table.hear_exit(stop)  # FINISHED, and nothing is known of its order yet
    for _ in range(3):
        assert not any(isinstance(a, CloseRest) for a in table.decide().actions)
        table.carry_out()
        table.tick(100)


# --- what goes wrong ---------------------------------------------------------------


def test_a_stop_that_would_trigger_at_once_closes_at_market() -> None:
    table = BracketTable()
    table.refuse = [(-2021, "Order would immediately trigger.")]
    table.fill_entry(4)
    view = table.settle(10).view
    assert table.held == 0
    assert view.state is BracketState.CLOSED
    assert table.codes()[0] == "bracket.stop_refused"
    assert table.entry is not None
    assert table.entry.status is OrderStatus.CANCELED


def test_a_refused_stop_is_tried_three_times_and_then_the_position_is_closed() -> None:
    table = BracketTable()
    table.refuse = [(-4045, "Reach max stop order limit.")] * 3
    table.fill_entry(10)
    table.settle(20)
    assert [kind for kind, _ in placed(table)] == [STOP, STOP, STOP, LegKind.CLOSE]
    assert table.held == 0


def test_a_stop_that_cannot_be_sent_is_sent_when_it_can() -> None:
    table = BracketTable()
    table.unsent_next = 6
    table.fill_entry(10)
    view = table.settle(60).view
    assert (view.state, quantities(table, STOP)) == (BracketState.PROTECTED, [D(10)])
    assert table.codes() == ["bracket.unprotected", "bracket.protected"]


def test_a_stop_refused_at_its_trigger_closes_at_market() -> None:
    table = filled()
    table.say_of(stop_of(table), AlgoStatus.REJECTED, "Margin is insufficient.")
    view = table.settle(10).view
    assert (table.held, view.state) == (D(0), BracketState.CLOSED)
    assert table.codes()[0] == "bracket.rejected"
    assert table.standing() == []


def test_a_closing_order_that_is_refused_is_sent_again() -> None:
    table = filled()
    table.refuse = [(-1008, "Overloaded.")] * 4
    table.say_of(stop_of(table), AlgoStatus.REJECTED, "Margin is insufficient.")
    table.settle(80)
    assert table.held == 0


def test_a_refused_target_is_given_up_and_the_stop_stays() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_all()
    table.decide()
    table.carry_out()
    table.refuse = [(-4045, "Reach max stop order limit.")] * 3
    view = table.settle(30).view
    assert (view.state, view.target_price) == (BracketState.PROTECTED, None)
    assert table.codes() == ["bracket.target_refused"]


def test_a_target_that_is_reached_before_it_stands_closes_at_market() -> None:
    table = BracketTable(a_bracket(stop_price=None))
    table.refuse = [(-2021, "Order would immediately trigger.")]
    table.fill_entry(10)
    assert table.settle(10).view.state is BracketState.CLOSED
    assert table.held == 0


def test_an_expired_stop_is_placed_again() -> None:
    table = filled()
    table.say_of(stop_of(table), AlgoStatus.EXPIRED)
    view = table.settle(10).view
    assert (view.state, quantities(table, STOP)) == (BracketState.PROTECTED, [D(10)])


def test_a_stop_whose_fate_is_unknown_is_not_sent_twice() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_all()
    table.decide()
    table.carry_out()
    table.say_of(stop_of(table), AlgoStatus.UNKNOWN)
    for _ in range(40):
        table.hear_all()
        view = table.decide().view
        table.carry_out()
        table.tick(500)
    assert [kind for kind, _ in placed(table)] == [STOP]
    assert view.state is BracketState.UNPROTECTED
    assert view.unprotected_since_ms is not None


def test_no_step_is_taken_while_the_account_is_read() -> None:
    table = BracketTable()
    table.is_live = False
    table.fill_entry(10)
    table.hear_all()
    decision = table.decide()
    assert decision.actions == ()
    assert decision.view.state is BracketState.UNPROTECTED


# --- the alarm ---------------------------------------------------------------------


def test_unprotected_is_told_within_a_second_and_its_end_too() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_all()
    decision = table.decide()
    assert decision.view.unprotected_since_ms == table.now_ms
    assert decision.wake_at_ms == table.now_ms + ALARM_MS
    assert table.codes() == []  # a stop takes a moment, and a moment is no alarm
    table.tick(ALARM_MS)
    table.decide()
    assert table.codes() == ["bracket.unprotected"]
    assert table.told[0].level is AlertLevel.ERROR
    view = table.settle(3).view
    assert table.codes() == ["bracket.unprotected", "bracket.protected"]
    assert view.unprotected_since_ms is None


# --- others ------------------------------------------------------------------------


def test_a_stop_cancelled_by_somebody_else_is_not_placed_again() -> None:
    table = filled()
    table.say_of(stop_of(table), AlgoStatus.CANCELED)
    view = table.settle(10).view
    assert table.standing(STOP) == []
    assert "bracket.stop_cancelled" in table.codes()
    assert view.unprotected_since_ms is not None


@pytest.mark.parametrize("kind", [STOP, TARGET])
def test_no_other_exit_is_placed_while_somebody_elses_cancel_is_on_its_way(kind: LegKind) -> None:
    table = filled()
    before = placed(table)
    leaving = (stop_of if kind is STOP else target_of)(table)
    table.say_of(leaving, AlgoStatus.PENDING_CANCEL)
    table.settle(10)
    assert placed(table) == before
    table.say_of(leaving, AlgoStatus.NEW)  # the exchange refused the cancel
    assert table.settle(10).view.state is BracketState.PROTECTED
    assert placed(table) == before


def test_a_newer_stop_on_its_way_takes_over_from_one_that_somebody_else_cancelled() -> None:
    table = filled(4)
    smaller = stop_of(table)
    table.fill_entry(6)
    table.hear_all()
    table.decide()
    table.carry_out()  # the larger one stands, and nobody has heard of it
    table.say_of(smaller, AlgoStatus.CANCELED)
    table.hear_exit(smaller)
    table.decide()
    assert table.codes() == []
    assert table.settle(10).view.state is BracketState.PROTECTED
    table.tick()
    table.move(-3)
    table.settle(10)
    assert quantities(table, STOP) == [D(7)]


def test_a_target_cancelled_by_somebody_else_leaves_the_stop() -> None:
    table = filled()
    table.say_of(target_of(table), AlgoStatus.CANCELED)
    view = table.settle(10).view
    assert (view.state, view.target_price) == (BracketState.PROTECTED, None)
    assert table.codes() == ["bracket.target_cancelled"]


def test_while_the_kill_switch_closes_a_position_its_bracket_says_so() -> None:
    table = filled()
    table.is_killed = True
    before = placed(table)
    for exit_id in (stop_of(table), target_of(table)):
        table.say_of(exit_id, AlgoStatus.CANCELED)
    table.settle(10)
    assert placed(table) == before
    assert table.codes() == ["bracket.killed", "bracket.killed", "bracket.unprotected"]
    assert all("ill switch" in tell.sentence for tell in table.told)
    assert not any("Nothing protects" in tell.sentence for tell in table.told)


def test_letting_go_of_a_bracket_whose_stop_is_gone_ends_the_alarm() -> None:
    table = filled()
    table.say_of(stop_of(table), AlgoStatus.CANCELED)
    table.settle(10)
    table.bracket = replace(table.bracket, is_entry_unwanted=True)
    view = table.settle(3).view
    assert (view.state, view.unprotected_since_ms) == (BracketState.FAILED, None)


def test_a_position_closed_by_hand_takes_its_exits_along() -> None:
    table = filled()
    table.tick(5)
    table.move(-10)
    view = table.settle(10).view
    assert table.standing() == []
    assert (view.state, view.reason) == (BracketState.CLOSED, "The position was closed.")


def test_a_position_made_smaller_by_hand_makes_the_exits_smaller() -> None:
    table = filled()
    table.tick(5)
    table.move(-7)
    table.settle(10)
    assert (quantities(table, STOP), quantities(table, TARGET)) == ([D(3)], [D(3)])


def test_a_position_that_is_late_does_not_take_the_stop_away() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_entry()  # and nothing of the position yet
    for _ in range(15):
        table.heard_algos = dict(table.algos)
        table.decide()
        table.carry_out()
        table.tick(100)
    assert quantities(table, STOP) == [D(10)]


def test_a_position_that_was_never_told_is_asked_for() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_entry()
    table.move(-10)
    for _ in range(12):
        table.heard_algos = dict(table.algos)
        table.decide()
        table.carry_out()
        table.tick(500)
    assert table.bracket.state is BracketState.CLOSED
    assert table.standing() == []


def test_the_persons_own_stop_protects_where_the_exchange_takes_no_second_one() -> None:
    table = BracketTable(a_bracket(target_price=None))
    own = AlgoView(
        client_algo_id="own",
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        status=AlgoStatus.NEW,
        trigger_price=D(85),
        close_position=True,
    )
    table.own_stop = own
    table.refuse = [(-4130, "An open stop or take profit order is existing.")]
    table.fill_entry(10)
    view = table.settle(10).view
    assert (view.state, view.protected_qty) == (BracketState.PROTECTED, D(10))
    assert table.codes() == ["bracket.own_stop"]
    table.own_stop = None  # it is gone: ours is needed
    table.settle(10)
    assert quantities(table, STOP) == [D(10)]


# --- moving ------------------------------------------------------------------------


def test_moving_a_stop_places_the_new_one_first() -> None:
    table = filled()
    old = stop_of(table)
    table.bracket = replace(table.bracket, stop_price=D(95))
    table.hear_all()
    (place,) = table.decide().actions
    assert isinstance(place, PlaceExit)
    assert place.leg.trigger_price == D(95)
    table.carry_out()
    table.hear_all()
    assert CancelExit(old) in table.decide().actions
    table.settle(5)
    assert [algo.trigger_price for algo in table.standing(STOP)] == [D(95)]


@pytest.mark.parametrize("kind", [STOP, TARGET])
def test_a_refused_move_leaves_the_exit_where_it_was(kind: LegKind) -> None:
    table = filled()
    table.refuse = [(-2021, "Order would immediately trigger.")]
    moved = {"stop_price": D(101)} if kind is STOP else {"target_price": D(99)}
    table.bracket = replace(table.bracket, **moved)
    view = table.settle(10).view
    assert (view.stop_price, view.target_price) == (D(90), D(120))
    assert view.state is BracketState.PROTECTED
    assert table.codes() == [f"bracket.{kind}_not_moved"]


def test_taking_a_stop_away_cancels_it() -> None:
    table = filled()
    table.bracket = replace(table.bracket, stop_price=None)
    view = table.settle(5).view
    assert (quantities(table, STOP), quantities(table, TARGET)) == ([], [D(10)])
    assert view.unprotected_since_ms is None


# --- around an existing position ---------------------------------------------------


def around_position(held: int) -> BracketTable:
    bracket = a_bracket(entry_id="", quantity=D(0), price=None, is_entry_over=True)
    table = BracketTable(bracket)
    table.tick()
    table.move(held)
    return table


def test_a_position_gets_its_exits() -> None:
    table = around_position(7)
    view = table.settle(10).view
    assert (quantities(table, STOP), quantities(table, TARGET)) == ([D(7)], [D(7)])
    assert (view.state, view.quantity) == (BracketState.PROTECTED, D(7))


def test_exits_follow_the_position_up_and_down() -> None:
    table = around_position(7)
    table.settle(10)
    for change, now in ((5, 12), (-8, 4)):
        table.tick(5)
        table.move(change)
        table.settle(10)
        assert quantities(table, STOP) == [D(now)]


def test_what_other_brackets_protect_is_left_to_them() -> None:
    table = around_position(7)
    table.claimed_qty = D(3)
    table.settle(10)
    assert quantities(table, STOP) == [D(4)]


def test_a_triggered_stop_of_a_position_ends_it() -> None:
    table = around_position(7)
    table.settle(10)
    table.trigger(stop_of(table))
    view = table.settle(10).view
    assert (view.state, table.held, table.standing()) == (BracketState.CLOSED, D(0), [])
    assert [kind for kind, _ in placed(table)] == [STOP, TARGET]


def test_a_fill_before_its_position_is_no_reason_to_close_more() -> None:
    table = around_position(7)
    table.settle(10)
    stop = stop_of(table)
    table.trigger(stop)
    table.hear_exit(stop)
    table.hear_order(stop)  # the position still says 7
    assert not any(isinstance(a, CloseRest) for a in table.decide().actions)


def test_the_persons_own_exits_go_when_ours_stand() -> None:
    table = around_position(7)
    table.bracket = replace(table.bracket, replaces=("own",))
    own = AlgoView(
        client_algo_id="own",
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        status=AlgoStatus.NEW,
        close_position=True,
    )
    table.algos["own"] = own
    table.settle(10)
    order = [a for a in table.done if isinstance(a, PlaceExit | CancelExit)]
    assert isinstance(order[0], PlaceExit)
    assert order[-1] == CancelExit("own")


# --- after a kill ------------------------------------------------------------------


def test_an_exit_that_was_written_down_and_never_sent_is_sent() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_all()
    table.decide()
    table.pending = []  # killed after the record was written, before the first byte
    table.tick(1000)
    view = table.settle(10).view
    assert (view.state, quantities(table, STOP)) == (BracketState.PROTECTED, [D(10)])
    assert stop_of(table).endswith("-s2")


def test_an_exit_that_was_sent_is_found_again_under_its_id() -> None:
    table = BracketTable()
    table.fill_entry(10)
    table.hear_all()
    table.decide()
    table.carry_out()
    table.heard_algos = {}  # killed before the answer; nothing of it is in the books
    table.tick(1000)
    for _ in range(5):
        table.decide()
        table.carry_out()
    assert quantities(table, STOP) == [D(10)]
    assert table.legs(STOP, LegState.STANDING)[0].client_id.endswith("-s1")


def test_an_entry_that_was_never_sent_ends_the_bracket() -> None:
    table = BracketTable()
    table.entry = table.heard_entry = None
    view = table.settle(5).view
    assert (view.state, view.reason) == (BracketState.FAILED, "The entry was never sent.")


def test_an_entry_on_its_way_to_the_books_is_not_asked_for() -> None:
    table = BracketTable()
    table.heard_entry = None
    table.is_entry_sending = True
    table.tick(5000)
    assert table.decide().actions == ()


def test_an_ended_bracket_stays_ended() -> None:
    bracket = a_bracket(state=BracketState.CLOSED)
    decision = decide(bracket, Facts(now_ms=1))
    assert (decision.bracket, decision.actions) == (bracket, ())


def test_hedged_brackets_reduce_by_their_side() -> None:
    assert a_bracket().reduces_by_flag
    assert not a_bracket(position_side=PositionSide.LONG).reduces_by_flag


def test_ids_lead_back_to_their_bracket() -> None:
    assert bracket_id_of(entry_id_of("b0123")) == "b0123"
    assert bracket_id_of(leg_id_of("b0123", STOP, 12)) == "b0123"
    assert bracket_id_of("pd-0123") == ""
    assert bracket_id_of("web_1") == ""
