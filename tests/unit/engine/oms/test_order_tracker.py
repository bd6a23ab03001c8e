from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.errors import BugError
from engine.events import Alert, Event, FillRecorded, OrderChanged
from engine.oms.order_changes import CancelSent, OutcomeLost, Write
from engine.oms.order_tracker import OrderTracker
from engine.trading_types import OrderOrigin, PositionSide, Side
from engine.views import FillView
from tests.unit.engine.oms.test_order_models import a_trade, an_order, an_update

D = Decimal


class Book:
    def __init__(self, **options: object) -> None:
        self.events: list[Event] = []
        self.tracker = OrderTracker(self.events.append, FakeClock(), **options)  # type: ignore[arg-type]

    def alerts(self) -> list[str]:
        return [event.code for event in self.events if isinstance(event, Alert)]


@pytest.fixture
def book() -> Book:
    return Book()


def test_an_order_is_found_by_both_ids_and_moves_from_active_to_closed(book: Book) -> None:
    order = an_order()
    book.tracker.add(order)
    book.tracker.apply_update(an_update("NEW"))
    assert book.tracker.get("pd-1") is order
    assert book.tracker.get_by_order_id("BTCUSDT", 7) is order
    assert book.tracker.open_count("BTCUSDT") == 1
    book.tracker.apply_update(an_update("CANCELED", 120))
    assert book.tracker.open_orders() == []
    assert book.tracker.orders() == [order]
    assert book.tracker.open_count("BTCUSDT") == 0


def test_a_client_id_is_followed_once(book: Book) -> None:
    book.tracker.add(an_order())
    with pytest.raises(BugError):
        book.tracker.add(an_order())


def test_closed_orders_are_forgotten_oldest_first() -> None:
    book = Book(closed_kept=2)
    for number in range(4):
        book.tracker.apply_update(
            an_update("CANCELED", client_order_id=f"web-{number}", order_id=number + 1)
        )
    assert [o.client_order_id for o in book.tracker.orders()] == ["web-2", "web-3"]
    assert book.tracker.get("web-0") is None
    assert book.tracker.get_by_order_id("BTCUSDT", 1) is None


def test_open_orders_are_never_forgotten() -> None:
    book = Book(closed_kept=2)
    for number in range(5):
        book.tracker.apply_update(an_update(client_order_id=f"web-{number}", order_id=number + 1))
    assert len(book.tracker.open_orders()) == 5


@pytest.mark.parametrize(
    ("client_id", "origin", "alerts"),
    [
        ("pd-9", OrderOrigin.OURS, []),
        ("web_abc", OrderOrigin.ELSEWHERE, []),
        ("autoclose-123", OrderOrigin.LIQUIDATION, ["order.liquidation"]),
        ("adl_autoclose", OrderOrigin.ADL, ["order.adl"]),
        ("settlement_autoclose-1", OrderOrigin.SETTLEMENT, ["order.settlement"]),
    ],
)
def test_orders_of_others_are_adopted_by_their_ids(
    book: Book, client_id: str, origin: OrderOrigin, alerts: list[str]
) -> None:
    order = book.tracker.apply_update(an_update(client_order_id=client_id))
    assert order.origin is origin
    assert order.status == "NEW"
    assert book.alerts() == alerts


def test_two_adl_orders_share_a_client_id_and_are_two_orders(book: Book) -> None:
    first = book.tracker.apply_update(an_update("NEW", client_order_id="adl_autoclose"))
    second = book.tracker.apply_update(
        an_update("NEW", client_order_id="adl_autoclose", order_id=8)
    )
    assert first is not second
    book.tracker.apply_update(an_update("FILLED", 120, client_order_id="adl_autoclose"))
    assert (first.status, second.status) == ("FILLED", "NEW")


def test_every_trade_is_its_own_event(book: Book) -> None:
    book.tracker.add(an_order())
    for number in range(1, 5):
        book.tracker.apply_update(a_trade(number, "0.5", str(D("0.5") * number), 100))
    fills = [e.fill.trade_id for e in book.events if isinstance(e, FillRecorded)]
    assert fills == [1, 2, 3, 4]
    assert book.tracker.last_trade_ids() == {"BTCUSDT": 4}


def test_what_rests_of_a_side_is_kept_current(book: Book) -> None:
    long, buy = PositionSide.LONG, ("BTCUSDT", Side.BUY, PositionSide.BOTH)
    book.tracker.add(an_order())  # 2
    book.tracker.apply_update(an_update(client_order_id="web-1", order_id=8, orig_qty=D(3)))
    others = (
        {"side": Side.SELL},
        {"reduce_only": True},
        {"position_side": long},
        {"symbol": "ETHUSDT"},
    )
    for number, other in enumerate(others):
        update = an_update(client_order_id=f"web-{number + 2}", order_id=number + 9)
        book.tracker.apply_update(replace(update, **other))  # type: ignore[arg-type]
    assert book.tracker.resting_qty(*buy) == 5
    assert book.tracker.resting_qty(*buy, without="web-1") == 2
    assert book.tracker.resting_qty(*buy, without="web-4") == 5  # of the long side
    assert book.tracker.resting_qty("BTCUSDT", Side.BUY, long) == 2
    book.tracker.apply_update(a_trade(1, "0.5", "0.5", 100))
    assert book.tracker.resting_qty(*buy) == D("4.5")
    book.tracker.apply_update(an_update("CANCELED", 120, executed_qty=D("0.5")))
    assert book.tracker.resting_qty(*buy) == 3


def test_a_self_trade_counts_for_both_orders(book: Book) -> None:
    """One trade id, two orders of ours: the venue reports it to each."""
    book.tracker.add(an_order())
    book.tracker.add(an_order(client_order_id="pd-2"))
    book.tracker.apply_update(a_trade(1, "0.5", "0.5", 100))
    book.tracker.apply_update(
        replace(a_trade(1, "0.5", "0.5", 100), client_order_id="pd-2", order_id=8)
    )
    assert len([e for e in book.events if isinstance(e, FillRecorded)]) == 2


def test_stale_updates_are_counted_and_not_published(book: Book) -> None:
    book.tracker.add(an_order())
    book.tracker.apply_update(an_update("NEW"))
    published = len(book.events)
    book.tracker.apply_update(an_update("NEW"))
    assert book.tracker.stale_count == 1
    assert len(book.events) == published


def test_an_impossible_update_is_an_alert_in_use_and_raises_when_strict() -> None:
    for strict in (False, True):
        book = Book(strict=strict)
        book.tracker.add(an_order())
        book.tracker.apply_update(an_update("CANCELED", 110))
        if strict:
            with pytest.raises(BugError):
                book.tracker.apply_update(an_update("NEW", 120))
        else:
            book.tracker.apply_update(an_update("NEW", 120))
        assert book.alerts() == ["order.impossible"]
        assert book.tracker.impossible_count == 1


def test_the_lost_lane_holds_what_only_the_exchange_can_tell(book: Book) -> None:
    placed, cancelled = an_order(), an_order(client_order_id="pd-2")
    for order in (placed, cancelled):
        book.tracker.add(order)
    book.tracker.apply(placed, OutcomeLost(Write.PLACE, "lost", 1))
    book.tracker.apply_update(an_update("NEW", client_order_id="pd-2", order_id=8))
    book.tracker.apply(cancelled, CancelSent(2))
    book.tracker.apply(cancelled, OutcomeLost(Write.CANCEL, "lost", 3))
    assert book.tracker.lost() == [placed, cancelled]
    book.tracker.apply_update(an_update("NEW"))
    book.tracker.apply_update(an_update("CANCELED", 120, client_order_id="pd-2", order_id=8))
    assert book.tracker.lost() == []


def test_a_trade_without_a_known_order_is_kept_as_ours(book: Book) -> None:
    fill = FillView(
        symbol="BTCUSDT",
        trade_id=5,
        order_id=99,
        client_order_id="",
        side=an_order().side,
        price=D(1),
        quantity=D(1),
    )
    assert book.tracker.apply_fill(fill) is None
    book.tracker.record_orphan(fill)
    assert [e.fill for e in book.events if isinstance(e, FillRecorded)] == [fill]


def test_a_listener_may_read_the_book_while_it_is_told() -> None:
    seen: list[int] = []
    tracker = OrderTracker(lambda _: seen.append(len(tracker.open_orders())), FakeClock())
    tracker.add(an_order())
    assert seen == [1]


def test_threads_that_apply_and_read_at_once_leave_a_sound_book() -> None:
    book = Book(strict=True)
    per_thread, threads = 200, 4
    failures: list[BaseException] = []

    def life_of_orders(number: int) -> None:
        try:
            for step in range(per_thread):
                name, order_id = f"pd-{number}-{step}", number * 1000 + step + 1
                order = an_order(client_order_id=name)
                book.tracker.add(order)
                ours = {"client_order_id": name, "order_id": order_id}
                book.tracker.apply_update(an_update("NEW", 100, **ours))
                book.tracker.apply(order, CancelSent(101))
                book.tracker.apply_update(replace(a_trade(step + 1, "1", "1", 110), **ours))
                book.tracker.open_orders()
                end = an_update("CANCELED", 120, executed_qty=D(1), **ours)
                book.tracker.apply_update(end)
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            failures.append(error)

    workers = [threading.Thread(target=life_of_orders, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert failures == []
    assert book.tracker.open_orders() == []
    orders = book.tracker.orders()
    assert len(orders) == per_thread * threads
    assert {(o.status, o.executed_qty) for o in orders} == {("CANCELED", D(1))}
    assert len([e for e in book.events if isinstance(e, FillRecorded)]) == len(orders)
    assert book.tracker.open_count("BTCUSDT") == 0


def test_changes_of_an_order_are_published_in_the_order_in_which_they_happened() -> None:
    book = Book()
    order = an_order(orig_qty=D(1000))
    book.tracker.add(order)

    def trade(first: int) -> None:
        for number in range(first, 400, 2):
            book.tracker.apply_update(
                a_trade(number, "1", str(number), 100 + number, orig_qty=D(1000))
            )

    workers = [threading.Thread(target=trade, args=(n,)) for n in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    executed = [e.order.executed_qty for e in book.events if isinstance(e, OrderChanged)]
    assert executed == sorted(executed)
    assert order.filled_qty == 399
