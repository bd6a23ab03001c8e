"""Whatever the order of arrival: a conditional order ends in the venue's last state."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.errors import BugError
from engine.events import Alert, AlgoUpdate, Event, OrderUpdate
from engine.events.protection import AlgoChanged
from engine.oms.algo_changes import AlgoChange, AlgoConcluded, CancelAccepted
from engine.oms.algo_models import AlgoOrder
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.algo_transitions import ALGO_RANK, ALGO_TRANSITIONS
from engine.oms.order_changes import CancelFailed, CancelSent, Doubted, OutcomeLost, Write
from engine.oms.order_tracker import OrderTracker
from engine.protection_views import AlgoView
from engine.trading_types import (
    AlgoStatus,
    ExecutionType,
    OrderOrigin,
    OrderStatus,
    OrderType,
    Side,
)

D = Decimal

VIEW = AlgoView(
    client_algo_id="pd-1",
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.STOP_MARKET,
    status=AlgoStatus.PENDING_NEW,
    quantity=D(1),
    trigger_price=D(59000),
)
UPDATE = AlgoUpdate(
    algo_id=70,
    client_algo_id="pd-1",
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.STOP_MARKET,
    status="NEW",
    quantity=D(1),
    trigger_price=D(59000),
    price=D(0),
    event_ms=1000,
)
BORN = OrderUpdate(
    symbol="BTCUSDT",
    client_order_id="aTmadeUpByTheVenue",
    order_id=7,
    side=Side.SELL,
    type=OrderType.MARKET,
    status=OrderStatus.NEW,
    execution=ExecutionType.NEW,
    price=D(0),
    orig_qty=D(1),
    executed_qty=D(0),
    update_ms=1000,
)
LIVES = (
    ("NEW",),
    ("NEW", "CANCELED"),
    ("NEW", "EXPIRED"),
    ("NEW", "TRIGGERING"),
    ("NEW", "TRIGGERING", "REJECTED"),
    ("NEW", "TRIGGERING", "TRIGGERED"),
    ("NEW", "TRIGGERING", "TRIGGERED", "FINISHED"),
)


class Books:
    def __init__(self, *, strict: bool = True, closed_kept: int = 100) -> None:
        self.events: list[Event] = []
        clock = FakeClock()
        self.orders = OrderTracker(self.events.append, clock, strict=strict)
        self.algos = AlgoTracker(
            self.orders, self.events.append, clock, strict=strict, closed_kept=closed_kept
        )

    def codes(self) -> list[str]:
        return [event.code for event in self.events if isinstance(event, Alert)]


class Life(Struct):
    words: list[AlgoUpdate]
    changes: list[AlgoChange | OrderUpdate]

    @property
    def last(self) -> AlgoUpdate:
        return self.words[-1]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Every word at least once, some twice, in any order, with our own side between them."""
    words = []
    for number, word in enumerate(draw(st.sampled_from(LIVES))):
        order_id = 7 if word in ("TRIGGERED", "FINISHED") else 0
        words.append(replace(UPDATE, status=word, event_ms=1000 + number // 2, order_id=order_id))
    changes: list[AlgoChange | OrderUpdate] = [
        *words,
        *draw(st.lists(st.sampled_from(words), max_size=4)),
    ]
    if words[-1].order_id:
        changes.append(BORN)
    own: list[AlgoChange] = [
        OutcomeLost(Write.PLACE, "lost", 1001),
        OutcomeLost(Write.CANCEL, "lost", 1001),
        CancelSent(1001),
        Doubted("not listed", 1001),
        CancelAccepted(1001) if words[-1].status == "CANCELED" else CancelFailed(1001),
        AlgoConcluded(AlgoStatus.REJECTED, "never arrived", 1001),
    ]
    changes += draw(st.lists(st.sampled_from(own), max_size=3))
    return Life(words, draw(st.permutations(changes)))


@settings(max_examples=150, deadline=None)
@given(lives())
def test_any_delivery_ends_in_the_venues_last_state(life: Life) -> None:
    books = Books()
    algo = AlgoOrder(VIEW)
    books.algos.add(algo)
    for change in life.changes:
        if isinstance(change, AlgoUpdate):
            books.algos.apply_update(change)
        elif isinstance(change, OrderUpdate):
            books.orders.apply_update(change)
        else:
            books.algos.apply(algo, change)
    books.algos.apply_update(life.last)  # asked once more when all is quiet
    assert algo.said_status == life.last.status
    assert (algo.order_id or 0) == life.last.order_id
    assert books.algos.algos() == [algo]
    assert (algo in books.algos.open_algos()) is not algo.is_terminal
    if life.last.order_id:
        (order,) = books.orders.orders()
        assert (order.view.client_algo_id, order.origin) == ("pd-1", OrderOrigin.OURS)
    shown = [event.algo for event in books.events if isinstance(event, AlgoChanged)]
    assert shown[-1] == algo.view


@settings(max_examples=50, deadline=None)
@given(lives())
def test_one_that_somebody_else_placed_ends_there_too(life: Life) -> None:
    books = Books()
    words = [replace(w, client_algo_id="web_1") for w in life.changes if isinstance(w, AlgoUpdate)]
    for word in words:
        books.algos.apply_update(word)
    (algo,) = books.algos.algos()
    assert algo.status == life.last.status
    assert algo.view.origin is OrderOrigin.ELSEWHERE


@pytest.mark.parametrize("current", list(AlgoStatus))
def test_the_table_leads_only_onwards(current: AlgoStatus) -> None:
    for said, status in ALGO_TRANSITIONS[current].items():
        assert status is said or (current, said) == (AlgoStatus.PENDING_CANCEL, AlgoStatus.NEW)
        if current in ALGO_RANK:
            assert ALGO_RANK[said] >= ALGO_RANK[current]


def test_two_different_ends_contradict_each_other() -> None:
    books = Books()
    books.algos.apply_update(replace(UPDATE, status="CANCELED"))
    with pytest.raises(BugError, match="cannot happen"):
        books.algos.apply_update(replace(UPDATE, status="FINISHED"))
    assert books.algos.impossible_count == 1


def test_in_use_a_contradiction_is_an_alert_and_ignored() -> None:
    books = Books(strict=False)
    algo = books.algos.apply_update(UPDATE)
    books.algos.apply_update(replace(UPDATE, side=Side.BUY))
    assert algo.status == "NEW"
    assert books.codes() == ["algo.impossible"]


def test_a_word_that_is_not_known_is_no_end_and_is_told_once() -> None:
    books = Books()
    algo = books.algos.apply_update(UPDATE)
    for _ in range(2):
        books.algos.apply_update(replace(UPDATE, status="SUSPENDED"))
    assert (algo.status, algo.needs_asking) == ("UNKNOWN", True)
    assert "SUSPENDED" in algo.reason
    assert books.codes() == ["algo.surprise"]
    books.algos.apply_update(replace(UPDATE, status="CANCELED"))
    books.algos.apply_update(replace(UPDATE, status="SUSPENDED"))
    assert algo.status == "CANCELED"


def test_a_client_id_that_its_owner_uses_again_is_another_order() -> None:
    books = Books()
    first = books.algos.apply_update(replace(UPDATE, client_algo_id="web_1"))
    second = books.algos.apply_update(replace(UPDATE, client_algo_id="web_1", algo_id=71))
    assert first is not second
    assert books.algos.get_by_algo_id(70) is first
    assert books.algos.get("web_1") is second


def test_the_book_forgets_the_oldest_closed_ones() -> None:
    books = Books(closed_kept=2)
    for number in range(4):
        word = replace(UPDATE, algo_id=number + 1, client_algo_id=f"web_{number}", order_id=number)
        books.algos.apply_update(replace(word, status="FINISHED"))
    assert [algo.algo_id for algo in books.algos.algos()] == [3, 4]
    assert books.algos.get("web_0") is None
    assert books.algos.get_by_algo_id(1) is None
    assert books.algos.get_by_order_id("BTCUSDT", 1) is None


def test_an_id_is_never_followed_twice() -> None:
    books = Books()
    books.algos.add(AlgoOrder(VIEW))
    with pytest.raises(BugError, match="used twice"):
        books.algos.add(AlgoOrder(VIEW))


def test_it_says_what_it_is() -> None:
    assert "pd-1 BTCUSDT SELL STOP_MARKET PENDING_NEW at 59000" in repr(AlgoOrder(VIEW))
