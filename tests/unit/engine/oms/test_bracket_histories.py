"""Whatever happens in whatever order: at rest, what is filled is protected or closed."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.oms.bracket_facts import Action, CancelExit, PlaceExit
from engine.oms.bracket_record import LegKind
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, BracketState
from engine.views import ZERO
from tests.helpers.bracket_table import BracketTable, a_bracket

D = Decimal
STOP, TARGET = LegKind.STOP, LegKind.TARGET

MOVES = (
    "fill", "fill", "fill", "end_entry", "give_up_entry",
    "trigger_stop", "trigger_target", "trigger_in_part", "reject_at_trigger",
    "close_by_hand", "move_stop", "cancel_elsewhere",
    "refuse", "unsent", "kill",
    "hear_entry", "hear_entry", "hear_exits", "hear_exits", "hear_orders", "hear_position",
    "decide", "decide", "decide", "carry_out", "carry_out", "carry_out", "wait", "wait",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 9)), max_size=70)


class CheckedTable(BracketTable):
    """Holds every single step against what must never happen."""

    is_released = False

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, PlaceExit):
            assert self.entry is not None
            assert action.leg.quantity <= self.entry.executed_qty
        if isinstance(action, CancelExit):
            self._check_cancel(action.client_id)
        super()._carry_out(action)

    def _check_cancel(self, client_id: str) -> None:
        """The last stop goes only when, by all that was heard, nothing is open."""
        stops = self.standing(STOP)
        is_last = [algo.client_algo_id for algo in stops] == [client_id]
        if not is_last:
            return
        assert self.heard_entry is not None
        out = sum((order.executed_qty for order in self.heard_orders.values()), ZERO)
        by_fills = self.heard_entry.executed_qty - out
        position = self.heard_position
        assert by_fills <= 0 or position is None or position.quantity <= 0

    def play(self, move: str, number: int) -> None:
        getattr(self, f"do_{move}")(number)

    def do_fill(self, number: int) -> None:
        assert self.entry is not None
        if not self.entry.status.is_terminal:
            self.fill_entry(min(D(number + 1), self.entry.orig_qty - self.entry.executed_qty))

    def do_end_entry(self, _number: int) -> None:
        self.end_entry()

    def do_give_up_entry(self, _number: int) -> None:
        if not self.bracket.is_ended:
            self.bracket = replace(self.bracket, is_entry_unwanted=True)

    def _some(self, kind: LegKind | None, number: int) -> AlgoView | None:
        standing = self.standing(kind)
        return standing[number % len(standing)] if standing else None

    def do_trigger_stop(self, number: int) -> None:
        self._trigger_some(STOP, number, D(1))

    def do_trigger_target(self, number: int) -> None:
        self._trigger_some(TARGET, number, D(1))

    def do_trigger_in_part(self, number: int) -> None:
        self._trigger_some(None, number, D("0.5"))

    def _trigger_some(self, kind: LegKind | None, number: int, share: Decimal) -> None:
        algo = self._some(kind, number)
        if algo is not None:
            self.trigger(algo.client_algo_id, share)

    def do_reject_at_trigger(self, number: int) -> None:
        algo = self._some(None, number)
        if algo is not None:
            self.say_of(algo.client_algo_id, AlgoStatus.REJECTED, "Margin is insufficient.")

    def do_close_by_hand(self, number: int) -> None:
        self.tick(2)
        self.move(-min(self.held, D(number + 1)))

    def do_move_stop(self, number: int) -> None:
        if self.bracket.stop_price is not None:
            self.bracket = replace(self.bracket, stop_price=D(85 + number))

    def do_cancel_elsewhere(self, number: int) -> None:
        algo = self._some(None, number)
        if algo is not None:
            self.say_of(algo.client_algo_id, AlgoStatus.CANCELED)
            self.is_released = True

    def do_refuse(self, number: int) -> None:
        self.refuse.append(((-2021, -4045, -1008)[number % 3], "No."))

    def do_unsent(self, number: int) -> None:
        self.unsent_next = number % 3

    def do_kill(self, _number: int) -> None:
        """Nothing that was heard survives, and a batch on its way is cut off."""
        self.pending = self.pending[:0]
        self.heard_entry, self.heard_position = None, None
        self.heard_algos, self.heard_orders = {}, {}
        self.position_read_ms = 0

    def do_hear_entry(self, _number: int) -> None:
        self.hear_entry()

    def do_hear_exits(self, number: int) -> None:
        for client_id in list(self.algos)[: number + 1]:
            self.hear_exit(client_id)

    def do_hear_orders(self, _number: int) -> None:
        for client_id in self.orders:
            self.hear_order(client_id)

    def do_hear_position(self, _number: int) -> None:
        self.hear_position()

    def do_decide(self, _number: int) -> None:
        if not self.pending:
            self.decide()

    def do_carry_out(self, _number: int) -> None:
        if self.heard_entry is not None:
            self.carry_out()

    def do_wait(self, number: int) -> None:
        self.tick(number * 150)


def at_rest(table: CheckedTable) -> None:
    table.refuse, table.unsent_next = [], 0
    view = table.settle(80).view
    stops = [algo.quantity for algo in table.standing(STOP)]
    targets = [algo.quantity for algo in table.standing(TARGET)]
    if table.bracket.is_ended:
        if view.state is BracketState.CLOSED:
            assert (stops, targets, table.held) == ([], [], ZERO)
        return
    if view.state is BracketState.ENTERING:
        assert (stops, targets, table.held) == ([], [], ZERO)
        return
    if table.bracket.is_stop_released:
        assert table.is_released
        assert view.unprotected_since_ms is not None or stops
        return
    assert view.state is BracketState.PROTECTED
    assert stops == [view.protected_qty] == [table.held]
    assert targets == ([table.held] if view.target_price is not None else [])
    assert view.unprotected_since_ms is None


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_at_rest_what_is_filled_is_protected_or_closed(steps: list[tuple[str, int]]) -> None:
    table = CheckedTable(a_bracket())
    for move, number in steps:
        table.play(move, number)
    at_rest(table)
