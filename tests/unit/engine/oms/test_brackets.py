"""The bracket's shell on a fake venue: what is sent, written down, asked and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.errors import (
    BadInput,
    JournalError,
    NotConnected,
    OrderNotAllowed,
    OrderRefused,
    UnknownSymbol,
)
from engine.event_hub import EventHub
from engine.events import Alert
from engine.oms.bracket_owners import BracketOwners
from engine.oms.bracket_record import Bracket, Leg, LegKind, entry_id_of, leg_id_of
from engine.oms.brackets import Brackets
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.protection_commands import CancelAlgo, MoveAlgo, PlaceBracket
from engine.protection_views import BracketView
from engine.trading_types import AlgoStatus, BracketState, PositionSide, Side
from engine.views import PositionView
from tests.helpers.account_words import account_update, position_report
from tests.helpers.bracket_table import a_bracket
from tests.helpers.fake_gateway import FakeGateway, Loses
from tests.helpers.oms_bench import MemoryJournal
from tests.helpers.waiting import advance_until, wait_until

D = Decimal


class BracketJournal(MemoryJournal):
    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[str, bytes] = {}
        self.ended: set[str] = set()

    def record_bracket(self, bracket_id: str, body: bytes, *, is_ended: bool, at_ms: int) -> None:
        if self.breaks:
            raise JournalError("The journal cannot be written: the disk is full.")
        self.bodies[bracket_id] = body
        if is_ended:
            self.ended.add(bracket_id)


class BracketBench:
    def __init__(self, locks: Path | None = None) -> None:
        self.clock = FakeClock()
        self.gateway = FakeGateway(self.clock)
        self.journal = BracketJournal()
        self.hub = EventHub()
        self.alerts: list[str] = []
        self.hub.listen(Alert, lambda event: self.alerts.append(event.code))
        self.lasts: dict[str, Decimal] = {}
        self.prices: dict[str, Decimal] = {}
        self.oms = OrderManager(
            self.gateway,
            self.journal,
            self.hub,
            self.clock,
            self.gateway.get_exchange_instruments,
            OmsSettings(strict=True),
            last_price=self.lasts.get,
        )
        self.brackets = Brackets(
            self.oms,
            self.gateway,
            self.journal,
            self.hub,
            self.clock,
            self.gateway.get_exchange_instruments,
            price_now=self.prices.get,
            locks=locks,
        )
        self.gateway.start_user_stream(self.oms.on_event)

    def go_live(self) -> None:
        self.brackets.start()
        self.gateway.go_live()
        self.oms.reconciler.run()

    def place(self, price: str | None = "60000", **terms: Any) -> BracketView:
        terms = {"stop_price": "59000", "target_price": "62000", **terms}
        return self.brackets.place_bracket("BTCUSDT", "BUY", "0.3", price, **terms)

    def fill(self, view: BracketView, quantity: str = "0.3") -> None:
        order_id = self.oms.get_order(view.entry_id).order_id
        assert order_id is not None
        self.gateway.fill(order_id, quantity)

    def move(self, quantity: str) -> None:
        """The exchange's word about the position."""
        self.clock.advance(0.01)
        report = position_report(quantity)
        self.gateway.emit(account_update(self.clock.now_ms(), positions=(report,)))

    def standing(self) -> list[tuple[str, Decimal]]:
        views = [algo.view for algo in self.oms.algos.open()]
        return sorted((v.type, v.quantity) for v in views if v.status is AlgoStatus.NEW)

    def has(self, *exits: tuple[str, str]) -> None:
        wanted = sorted((kind, D(quantity)) for kind, quantity in exits)
        wait_until(lambda: self.standing() == wanted, what=f"{wanted}, not {self.standing()}")

    def state(self, view: BracketView) -> BracketState:
        return self.brackets.get(view.bracket_id).state

    def kept(self, bracket_id: str) -> Bracket:
        return msgspec.json.decode(self.journal.bodies[bracket_id], type=Bracket)

    def close(self) -> None:
        self.oms.close()
        assert self.brackets.stop()


@pytest.fixture
def bench() -> Iterator[BracketBench]:
    bench = BracketBench()
    bench.go_live()
    yield bench
    bench.close()


STOP, TARGET = "STOP_MARKET", "TAKE_PROFIT_MARKET"


# --- placing ------------------------------------------------------------------------------


def test_the_record_is_written_before_the_entry_is_sent(bench: BracketBench) -> None:
    seen: list[int] = []
    bench.gateway.plan("submit", lambda: seen.append(len(bench.journal.bodies)))
    view = bench.place()
    assert seen == [1]
    assert bench.kept(view.bracket_id).entry_id == view.entry_id == entry_id_of(view.bracket_id)


def test_fills_get_a_stop_and_then_a_target(bench: BracketBench) -> None:
    view = bench.place()
    bench.fill(view, "0.1")
    bench.has((STOP, "0.1"), (TARGET, "0.1"))
    bench.clock.advance(0.3)
    bench.fill(view, "0.2")
    bench.has((STOP, "0.3"), (TARGET, "0.3"))
    wait_until(lambda: bench.state(view) is BracketState.PROTECTED)
    assert bench.brackets.owns(bench.brackets.get(view.bracket_id).stop_id)
    ids = [leg.client_id for leg in bench.kept(view.bracket_id).legs]
    assert len(set(ids)) == len(ids) > 1


def test_the_same_request_places_once(bench: BracketBench) -> None:
    first, second = bench.place(request_id="r1"), bench.place(request_id="r1")
    assert first.bracket_id == second.bracket_id
    assert bench.gateway.count("submit") == 1


def test_nothing_is_sent_that_cannot_be_written_down(bench: BracketBench) -> None:
    bench.journal.breaks = True
    with pytest.raises(JournalError):
        bench.place()
    assert bench.gateway.count("submit") == 0
    wait_until(lambda: bench.brackets.open() == [])
    (view,) = bench.brackets.all()
    assert (view.state, view.reason) == (BracketState.FAILED, "The entry was never sent.")


def test_a_refused_entry_fails_the_bracket_with_its_reason(bench: BracketBench) -> None:
    bench.gateway.plan("submit", OrderRefused(-2019, "Margin is insufficient.", 400))
    view = bench.place()
    wait_until(lambda: bench.state(view) is BracketState.FAILED)
    assert "Margin is insufficient" in bench.brackets.get(view.bracket_id).reason
    wait_until(lambda: bench.journal.ended == {view.bracket_id})


def test_an_end_is_written_down_though_the_desk_closes_at_that_moment(bench: BracketBench) -> None:
    view = bench.place()
    order_id = bench.oms.get_order(view.entry_id).order_id
    assert order_id is not None

    def cancelled_while_the_step_still_runs() -> None:
        bench.gateway.end(order_id)
        queue = bench.brackets._supervisor._queues["BTCUSDT"]
        assert queue._thread.stop_event.wait(30)

    bench.gateway.plan("cancel", cancelled_while_the_step_still_runs)
    bench.brackets.cancel(view.bracket_id)
    wait_until(lambda: bench.state(view) is BracketState.CLOSED)
    assert bench.journal.ended == set()
    assert bench.brackets.stop()
    assert bench.journal.ended == {view.bracket_id}


def test_an_unknown_symbol_is_refused(bench: BracketBench) -> None:
    with pytest.raises(UnknownSymbol):
        bench.brackets.place(
            PlaceBracket(symbol="NOSUCH", side=Side.BUY, quantity=D(1), stop_price=D(1))
        )


@pytest.mark.parametrize(
    ("terms", "field", "fix"),
    [
        ({"stop_price": None, "target_price": None}, "stop_price", None),
        ({"stop_price": "60000"}, "stop_price", "59999.9"),
        ({"target_price": "60000"}, "target_price", "60000.1"),
        ({"stop_price": "59000.03"}, "stop_price", "59000"),
        ({"quantity": "101"}, "quantity", "100"),
        ({"position_side": "SHORT"}, "position_side", "LONG"),
    ],
)
def test_what_is_wrong_is_said_with_field_and_fix(
    bench: BracketBench, terms: dict[str, Any], field: str, fix: str | None
) -> None:
    quantity = terms.pop("quantity", "0.3")
    given = {"stop_price": "59000", "target_price": "62000", **terms}
    with pytest.raises(OrderNotAllowed) as caught:
        bench.brackets.place_bracket("BTCUSDT", "BUY", quantity, "60000", **given)
    assert (caught.value.field, caught.value.fix) == (field, fix)
    assert bench.brackets.all() == []


def test_exits_of_an_entry_that_takes_lie_around_the_price_now(bench: BracketBench) -> None:
    bench.prices["BTCUSDT"] = D(58500)  # a buy at 60000 trades at 58500
    with pytest.raises(OrderNotAllowed) as caught:
        bench.place()
    assert caught.value.field == "stop_price"
    with pytest.raises(OrderNotAllowed) as caught:
        bench.brackets.place_bracket("BTCUSDT", "SELL", "0.3", stop_price=58000)
    assert caught.value.fix == "58500.1"


# --- what goes wrong ------------------------------------------------------------------------


def test_a_stop_that_would_trigger_is_answered_by_a_close(bench: BracketBench) -> None:
    view = bench.place()
    bench.gateway.plan("place_algo", OrderRefused(-2021, "Would trigger.", 400))
    bench.fill(view)
    wait_until(lambda: bench.state(view) is BracketState.CLOSED)
    assert bench.standing() == []
    closing = [order for order in bench.gateway.orders.values() if order.reduce_only]
    assert [(order.side, order.executed_qty) for order in closing] == [(Side.SELL, D("0.3"))]
    assert "bracket.stop_refused" in bench.alerts


def test_our_own_check_of_a_reached_trigger_closes_too(bench: BracketBench) -> None:
    view = bench.place()
    bench.lasts["BTCUSDT"] = D(58000)
    bench.fill(view)
    wait_until(lambda: bench.state(view) is BracketState.CLOSED)
    assert bench.gateway.count("place_algo") == 0


def test_without_a_line_the_stop_is_tried_until_it_stands(bench: BracketBench) -> None:
    view = bench.place()
    bench.gateway.plan("place_algo", *[NotConnected("No line.")] * 3)
    bench.fill(view)
    bench.move("0.3")
    advance_until(bench.clock, lambda: bench.state(view) is BracketState.PROTECTED)
    assert bench.gateway.count("place_algo") >= 4
    assert "bracket.unprotected" in bench.alerts
    wait_until(lambda: "bracket.protected" in bench.alerts)
    assert bench.brackets.longest_unprotected_ms >= 2000


def test_a_broken_journal_is_told_and_waited_for(bench: BracketBench) -> None:
    view = bench.place()
    bench.journal.breaks = True
    bench.fill(view)
    bench.move("0.3")
    advance_until(bench.clock, lambda: "bracket.unprotected" in bench.alerts)
    bench.journal.breaks = False
    advance_until(bench.clock, lambda: bench.state(view) is BracketState.PROTECTED)


def test_a_lost_twin_is_waited_for(bench: BracketBench) -> None:
    bench.gateway.plan("place_algo", Loses.BEFORE)
    twin = bench.oms.algos.place_algo(
        "BTCUSDT", "SELL", "STOP_MARKET", "0.3", "59000", reduce_only=True
    )
    assert twin.status == "UNKNOWN"
    view = bench.place()
    bench.fill(view)
    bench.move("0.3")
    advance_until(bench.clock, lambda: "bracket.unprotected" in bench.alerts)
    assert "bracket.stop_refused" not in bench.alerts
    bench.gateway.plan("query_algo", OrderRefused(-2013, "No.", 400))
    bench.oms.algos.tracker.restore(())
    assert bench.state(view) is BracketState.UNPROTECTED


def test_a_refused_close_is_sent_again(bench: BracketBench) -> None:
    view = bench.place(None)
    bench.has((STOP, "0.3"), (TARGET, "0.3"))
    bench.move("0.3")
    bench.gateway.plan("submit", OrderRefused(-2022, "ReduceOnly rejected.", 400))
    stop = bench.oms.algos.get(bench.brackets.get(view.bracket_id).stop_id)
    assert stop.algo_id is not None
    bench.gateway.turn_algo(stop.algo_id, "REJECTED", reject_reason="Margin is insufficient.")
    advance_until(bench.clock, lambda: bench.state(view) is BracketState.CLOSED)
    assert bench.gateway.count("submit") == 3  # the entry, and two closes


def test_a_cancel_that_fails_is_sent_again(bench: BracketBench) -> None:
    view = bench.place()
    bench.fill(view)
    bench.has((STOP, "0.3"), (TARGET, "0.3"))
    bench.gateway.plan("cancel_algo", *[NotConnected("No line.")] * 2)
    bench.move("0")
    advance_until(bench.clock, lambda: bench.state(view) is BracketState.CLOSED)
    assert bench.standing() == []


def test_a_position_that_nobody_tells_of_is_asked_for(bench: BracketBench) -> None:
    view = bench.place()
    bench.fill(view)
    bench.has((STOP, "0.3"), (TARGET, "0.3"))
    bench.gateway.plan("positions", NotConnected("No line."))
    advance_until(bench.clock, lambda: bench.state(view) is BracketState.CLOSED)
    assert bench.gateway.count("positions") >= 3  # at the start, in vain, and then


# --- asking, moving, cancelling ---------------------------------------------------------------


def test_an_exit_is_moved_and_taken_away_by_its_own_id(bench: BracketBench) -> None:
    view = bench.place(None)
    bench.move("0.3")
    bench.has((STOP, "0.3"), (TARGET, "0.3"))
    stop_id = bench.brackets.get(view.bracket_id).stop_id
    wait_until(lambda: bench.brackets.get(view.bracket_id).target_id)
    target_id = bench.brackets.get(view.bracket_id).target_id
    for wrong in ({"quantity": D(1)}, {"price": D(1)}, {}):
        with pytest.raises(OrderNotAllowed):
            bench.brackets.move_exit(MoveAlgo(symbol="BTCUSDT", client_algo_id=stop_id, **wrong))
    move = MoveAlgo(symbol="BTCUSDT", client_algo_id=target_id, trigger_price=D(63000))
    bench.brackets.move_exit(move)
    advance_until(bench.clock, lambda: bench.oms.algos.get(target_id).status == "CANCELED")
    bench.brackets.cancel_exit(CancelAlgo(symbol="BTCUSDT", client_algo_id=stop_id))
    bench.has((TARGET, "0.3"))
    assert bench.brackets.get(view.bracket_id).stop_price is None
    assert "bracket.stop_cancelled" not in bench.alerts


def test_what_is_not_known_is_said(bench: BracketBench) -> None:
    assert not bench.brackets.owns("web_1")
    calls: list[Callable[[], object]] = [
        lambda: bench.brackets.get("b0"),
        lambda: bench.brackets.cancel("b0"),
        lambda: bench.brackets.wait("b0", lambda _: True),
        lambda: bench.brackets.cancel_exit(CancelAlgo(symbol="BTCUSDT", client_algo_id="web_1")),
        lambda: bench.brackets.protect_position("BTCUSDT", stop_price=1),
    ]
    for call in calls:
        with pytest.raises(BadInput):
            call()


def test_a_stop_for_a_position_counts_what_brackets_have(bench: BracketBench) -> None:
    first = bench.place(None)
    bench.has((STOP, "0.3"), (TARGET, "0.3"))
    bench.move("1")
    views = bench.brackets.protect_position("BTCUSDT", stop_price="58000")
    assert views[0].bracket_id == first.bracket_id
    bench.has((STOP, "0.3"), (STOP, "0.7"), (TARGET, "0.3"))
    views_at = [algo.view for algo in bench.oms.algos.open()]
    stops = {view.trigger_price for view in views_at if view.type == STOP}
    assert D(58000) in stops


# --- restart --------------------------------------------------------------------------------


def a_kept_bracket(**changes: object) -> Bracket:
    bracket = a_bracket(
        quantity=D("0.3"), price=D(60000), stop_price=D(59000), target_price=D(62000)
    )
    return replace(bracket, **changes)


def restored(bench: BracketBench, bracket: Bracket) -> None:
    assert bench.brackets.restore([msgspec.json.encode(bracket)]) == 1
    assert bench.brackets.read([msgspec.json.encode(bracket)])[0].bracket_id == "b1"
    bench.go_live()


@pytest.fixture
def fresh() -> Iterator[BracketBench]:
    bench = BracketBench()
    yield bench
    bench.close()


def test_an_entry_that_filled_while_away_is_asked_for_and_protected(fresh: BracketBench) -> None:
    fresh.gateway.submit_order("BTCUSDT", "BUY", "MARKET", "0.3", client_order_id=entry_id_of("b1"))
    restored(fresh, a_kept_bracket())
    fresh.has((STOP, "0.3"), (TARGET, "0.3"))


def test_exits_that_were_sent_before_the_kill_are_found_by_their_ids(
    fresh: BracketBench,
) -> None:
    gateway = fresh.gateway
    gateway.submit_order("BTCUSDT", "BUY", "MARKET", "0.3", client_order_id=entry_id_of("b1"))
    stop_id = leg_id_of("b1", LegKind.STOP, 1)
    gateway.place_algo_order(
        "BTCUSDT",
        "SELL",
        "STOP_MARKET",
        "0.3",
        trigger_price=59000,
        reduce_only=True,
        client_algo_id=stop_id,
    )
    stop = Leg(client_id=stop_id, kind=LegKind.STOP, quantity=D("0.3"), trigger_price=D(59000))
    never_sent = Leg(
        client_id=leg_id_of("b1", LegKind.TARGET, 2),
        kind=LegKind.TARGET,
        quantity=D("0.3"),
        trigger_price=D(62000),
    )
    gateway.positions = [
        PositionView(
            symbol="BTCUSDT",
            position_side=PositionSide.BOTH,
            quantity=D("0.3"),
            entry_price=D(60000),
        )
    ]
    gateway.plan("query_algo", NotConnected("No line."))
    restored(fresh, a_kept_bracket(serial=2, legs=(stop, never_sent)))
    advance_until(fresh.clock, lambda: len(fresh.standing()) == 2)
    assert fresh.oms.algos.get(stop_id).status == "NEW"
    assert fresh.gateway.count("place_algo") == 2


def test_an_entry_that_was_never_sent_is_not_sent_later(fresh: BracketBench) -> None:
    restored(fresh, a_kept_bracket())
    wait_until(lambda: fresh.state(fresh.brackets.all()[0]) is BracketState.FAILED)
    assert fresh.gateway.count("submit") == 0


def test_a_closing_order_of_before_the_kill_is_asked_for(fresh: BracketBench) -> None:
    gateway = fresh.gateway
    gateway.submit_order("BTCUSDT", "BUY", "MARKET", "0.3", client_order_id=entry_id_of("b1"))
    close_id = leg_id_of("b1", LegKind.CLOSE, 1)
    gateway.submit_order(
        "BTCUSDT", "SELL", "MARKET", "0.3", reduce_only=True, client_order_id=close_id
    )
    gateway.plan("query", NotConnected("No line."), OrderRefused(-1121, "Invalid symbol.", 400))
    leg = Leg(client_id=close_id, kind=LegKind.CLOSE, quantity=D("0.3"))
    restored(fresh, a_kept_bracket(legs=(leg,), serial=1, closing="The stop was refused."))
    advance_until(fresh.clock, lambda: fresh.brackets.open() == [])
    assert fresh.brackets.all()[0].state is BracketState.CLOSED
    assert gateway.count("submit") == 2


# --- one process a bracket ---------------------------------------------------------------------


def test_two_processes_never_follow_the_same_bracket(tmp_path: Path) -> None:
    first, second = BracketBench(tmp_path / "locks"), BracketBench(tmp_path / "locks")
    body = msgspec.json.encode(a_kept_bracket())
    assert first.brackets.restore([body]) == 1
    assert first.brackets.restore([body]) == 0  # it has it already
    assert second.brackets.restore([body]) == 0
    first.close()
    assert second.brackets.restore([body]) == 1
    second.close()


def test_an_ended_bracket_leaves_no_lock(tmp_path: Path) -> None:
    bench = BracketBench(tmp_path)
    bench.go_live()
    view = bench.place()
    assert [path.name for path in tmp_path.iterdir()] == [f"{view.bracket_id}.lock"]
    bench.oms.cancel_order(view.entry_id)
    wait_until(lambda: not list(tmp_path.iterdir()))
    bench.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(JournalError):
        BracketOwners(tmp_path / "file" / "locks").acquire("b1")
