from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.clock import FakeClock, SystemClock
from engine.commands import AmendOrder, CancelOrder, PlaceOrder
from engine.errors import JournalError
from engine.event_hub import EventHub
from engine.events import Alert, Event, FillRecorded, OrderChanged
from engine.events.protection import AlgoChanged
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_rows import order_row
from engine.journal.journal_schema import MIGRATIONS
from engine.journal.journal_writer import JournalWriter
from engine.protection_commands import CancelAlgo, PlaceAlgo
from engine.protection_views import AlgoView
from engine.trading_types import (
    AlertLevel,
    AlgoStatus,
    OrderOrigin,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.views import FillView, OrderView
from tests.helpers.waiting import wait_until

D = Decimal

PLACE = PlaceOrder(
    request_id="r1",
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=D("0.100"),
    price=D("60000.10"),
    client_order_id="pd-1",
)
ORDER = OrderView(
    client_order_id="pd-1",
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    status=OrderStatus.NEW,
    price=D("60000.10"),
    orig_qty=D("0.100"),
    order_id=8_886_774_000,
    executed_qty=D("0.05"),
    created_at=10,
    updated_at=20,
)
FILL = FillView(
    symbol="BTCUSDT",
    trade_id=77,
    order_id=8_886_774_000,
    client_order_id="pd-1",
    side=Side.BUY,
    price=D("60000.10"),
    quantity=D("0.05"),
    commission=D("0.00000123"),
    commission_asset="BNB",
    time_ms=15,
)


class Bench:
    def __init__(self, path: Path) -> None:
        self.alerts: list[Event] = []
        self.writer = JournalWriter(path, SystemClock(), self.alerts.append)
        self.writer.start()
        self.reader = JournalReader(path)

    def record(self, *events: Event) -> None:
        for event in events:
            self.writer.record_event(event)
        assert self.writer.flush()

    def alert_codes(self) -> list[str]:
        return [event.code for event in self.alerts if isinstance(event, Alert)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "with spaces" / "journal.db"


@pytest.fixture
def bench(path: Path) -> Iterator[Bench]:
    bench = Bench(path)
    yield bench
    bench.writer.close()


# --- what was written is read ---------------------------------------------------------


def test_a_lonely_intent_is_an_unknown_order_after_a_restart(bench: Bench) -> None:
    bench.writer.record_intent(PLACE, 5)
    (view,) = bench.reader.open_orders()
    assert view.status is OrderStatus.UNKNOWN
    assert (view.client_order_id, view.side, view.price) == ("pd-1", Side.BUY, D("60000.10"))
    assert view.created_at == 5
    assert "closed" in view.reason


def test_an_open_order_comes_back_with_what_was_known_of_it(bench: Bench) -> None:
    bench.writer.record_intent(PLACE, 5)
    bench.record(OrderChanged(order=ORDER), FillRecorded(fill=FILL))
    (view,) = bench.reader.open_orders()
    assert view.status is OrderStatus.UNKNOWN
    assert view.order_id == ORDER.order_id
    assert view.executed_qty == D("0.05")
    assert bench.reader.fills_of_open_orders() == [FILL]
    assert bench.reader.last_trade_ids() == {"BTCUSDT": 77}


def test_an_ended_order_is_not_open(bench: Bench) -> None:
    bench.writer.record_intent(PLACE, 5)
    ended = replace(ORDER, status=OrderStatus.CANCELED)
    bench.record(OrderChanged(order=ORDER), OrderChanged(order=ended), FillRecorded(fill=FILL))
    assert bench.reader.open_orders() == []
    assert bench.reader.fills_of_open_orders() == []


def test_an_ended_order_with_trades_missing_is_asked_about(bench: Bench) -> None:
    ended = replace(ORDER, status=OrderStatus.FILLED, executed_qty=D("0.1"))
    bench.record(OrderChanged(order=ended), FillRecorded(fill=FILL))
    (view,) = bench.reader.open_orders()
    assert view.status is OrderStatus.UNKNOWN
    assert bench.reader.fills_of_open_orders() == [FILL]


def test_every_field_survives_the_way_to_disk_and_back(bench: Bench) -> None:
    order = replace(
        ORDER,
        avg_price=D("60000.123456789"),
        reduce_only=True,
        origin=OrderOrigin.LIQUIDATION,
        reason='with "quotes", commas',
        type="NEW_KIND",
    )
    bench.record(OrderChanged(order=order), FillRecorded(fill=FILL))
    assert bench.reader.orders() == [order]
    assert bench.reader.fills() == [FILL]


def test_a_fill_told_twice_is_one_row(bench: Bench) -> None:
    bench.record(FillRecorded(fill=FILL), FillRecorded(fill=FILL))
    bench.record(FillRecorded(fill=FILL))
    assert len(bench.reader.fills()) == 1


def test_history_comes_newest_first_and_limited(bench: Bench) -> None:
    bench.record(*[FillRecorded(fill=replace(FILL, trade_id=n, time_ms=n)) for n in range(1, 6)])
    assert [f.trade_id for f in bench.reader.fills(limit=2)] == [5, 4]
    assert [f.trade_id for f in bench.reader.fills(since_ms=4)] == [5, 4]


def test_amends_and_cancels_are_kept_too(bench: Bench, path: Path) -> None:
    amend = AmendOrder(symbol="BTCUSDT", client_order_id="pd-1", price=D(1))
    bench.writer.record_intent(amend, 1)
    bench.writer.record_intent(CancelOrder(symbol="BTCUSDT", client_order_id="pd-1"), 2)
    assert bench.reader.open_orders() == []  # they open nothing
    with closing(sqlite3.connect(path)) as connection:
        kinds = [row[0] for row in connection.execute("SELECT kind FROM intents ORDER BY seq")]
    assert kinds == ["AMEND", "CANCEL"]


def test_what_the_hub_publishes_is_kept(path: Path) -> None:
    hub = EventHub()
    writer = JournalWriter(path, SystemClock(), hub.publish)
    writer.start(hub)
    hub.publish(OrderChanged(order=ORDER))
    hub.publish(Alert(level=AlertLevel.INFO, code="x", sentence="Something.", at_ms=1))
    assert writer.close()
    assert JournalReader(path).orders() == [ORDER]
    with closing(sqlite3.connect(path)) as connection:
        kinds = [row[0] for row in connection.execute("SELECT kind FROM events ORDER BY seq")]
    assert kinds == ["OrderChanged", "Alert"]


def test_csv_files_hold_every_row_exactly(bench: Bench, tmp_path: Path) -> None:
    bench.record(OrderChanged(order=ORDER), FillRecorded(fill=FILL))
    target = tmp_path / "fills.csv"
    assert bench.reader.export_fills(target) == 1
    with target.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["trade_id"] == "77"
    assert D(row["commission"]) == FILL.commission
    nothing = replace(FILL, trade_id=78, realized_pnl=D("0E-8"), client_order_id="12E-3")
    bench.record(FillRecorded(fill=nothing))
    bench.reader.export_fills(target)
    last = target.read_text(encoding="utf-8").splitlines()[-1].split(",")
    assert {"0.00000000", "12E-3"} < set(last)  # an id is no number
    assert bench.reader.export_orders(tmp_path / "orders.csv") == 1


def test_a_csv_that_cannot_be_written_is_said(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        bench.reader.export_fills(tmp_path / "missing" / "fills.csv")


def test_a_restart_keeps_what_was_there(path: Path) -> None:
    first = Bench(path)
    first.writer.record_intent(PLACE, 5)
    assert first.writer.close()
    second = Bench(path)
    second.writer.record_intent(replace(PLACE, client_order_id="pd-2"), 6)
    assert [v.client_order_id for v in second.reader.open_orders()] == ["pd-1", "pd-2"]
    assert second.writer.close()


def test_old_events_go_and_orders_fills_and_intents_stay(path: Path) -> None:
    clock = FakeClock()
    first = JournalWriter(path, clock, lambda _: None)
    first.start()
    first.record_intent(PLACE, clock.now_ms())
    for _ in range(1500):
        first.record_event(OrderChanged(order=ORDER))
    first.record_event(FillRecorded(fill=FILL))
    assert first.close()
    clock.advance(31 * 24 * 3600)
    second = JournalWriter(path, clock, lambda _: None)
    second.start()
    assert second.flush()
    assert second.close()
    with closing(sqlite3.connect(path)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("events", "orders", "fills", "intents")
        ]
    assert counts == [0, 1, 1, 1]


# --- killed ---------------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from decimal import Decimal
from pathlib import Path
from engine.clock import SystemClock
from engine.commands import PlaceOrder
from engine.journal.journal_writer import JournalWriter
from engine.trading_types import OrderType, Side

writer = JournalWriter(Path(sys.argv[1]), SystemClock(), lambda event: None)
writer.start()
for number in range(50):
    writer.record_intent(
        PlaceOrder(symbol="BTCUSDT", side=Side.BUY, type=OrderType.MARKET,
                   quantity=Decimal(1), client_order_id=f"pd-{number}"), number)
if hasattr(signal, "SIGKILL"):
    os.kill(os.getpid(), signal.SIGKILL)
os._exit(9)
"""


def test_no_intent_is_lost_by_a_kill_right_after_it_was_recorded(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path)], timeout=30, check=False, cwd=Path.cwd()
    )
    assert done.returncode != 0
    bench = Bench(path)
    assert len(bench.reader.open_orders()) == 50
    assert bench.writer.close()


# --- trouble --------------------------------------------------------------------------


def test_a_full_disk_is_said_and_nothing_queued_is_lost(bench: Bench) -> None:
    assert bench.writer.flush()
    connection = bench.writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")

    def fill_the_disk() -> None:
        for number in range(5000):
            bench.writer.record_intent(replace(PLACE, client_order_id=f"pd-{number}"), 1)

    with pytest.raises(JournalError, match="disk is full"):
        fill_the_disk()
    assert bench.writer.problem is not None
    for number in range(500):
        order = replace(ORDER, client_order_id=f"pd-q{number}")
        bench.writer.record_event(OrderChanged(order=order))
    connection.execute("PRAGMA max_page_count=1000000")
    assert bench.writer.flush(10)
    assert len(bench.reader.orders()) == 500
    assert bench.writer.problem is None
    assert bench.alert_codes() == ["journal.broken", "journal.mended"]
    bench.writer.record_intent(replace(PLACE, client_order_id="pd-after"), 1)


def test_a_file_held_by_another_program_is_said_quickly(bench: Bench, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program"):
            bench.writer.record_intent(PLACE, 1)
        bench.writer.record_event(OrderChanged(order=ORDER))
        other.execute("ROLLBACK")
    assert bench.writer.flush(10)
    bench.writer.record_intent(PLACE, 1)
    assert bench.reader.orders() == [ORDER]


@pytest.mark.parametrize("damage", ["no database at all, only text" * 100, "inside"])
def test_a_damaged_file_is_set_aside_and_never_overwritten(path: Path, damage: str) -> None:
    first = Bench(path)
    first.record(*[OrderChanged(order=replace(ORDER, client_order_id=f"{n}")) for n in range(999)])
    assert first.writer.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    if damage == "inside":
        content[4096 * 3 : 4096 * 40] = b"\xff" * 4096 * 37
    else:
        content[:] = damage.encode()
    path.write_bytes(content)

    second = Bench(path)
    assert second.writer.set_aside is not None
    assert second.writer.set_aside.read_bytes()[: 4096 * 3] == bytes(content[: 4096 * 3])
    assert second.alert_codes() == ["journal.damaged"]
    second.writer.record_intent(PLACE, 1)
    assert len(second.reader.open_orders()) == 1
    assert second.writer.close()


def test_a_file_of_a_newer_perpdesk_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="newer"):
        JournalWriter(path, SystemClock(), lambda _: None)
    assert path.read_bytes() == before


def test_a_file_of_an_older_perpdesk_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MIGRATIONS[0] + ";PRAGMA user_version=1;")
        first_columns = order_row(ORDER)[:21]  # the table's as it was then
        holders = ",".join("?" * len(first_columns))
        connection.execute(f"INSERT INTO orders VALUES ({holders})", first_columns)
        connection.commit()
    bench = Bench(path)
    assert [v.client_order_id for v in bench.reader.open_orders()] == ["pd-1"]
    assert bench.writer.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("in the way", encoding="utf-8")
    with pytest.raises(JournalError):
        JournalWriter(blocker / "journal.db", SystemClock(), lambda _: None)


def test_a_missing_journal_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        JournalReader(tmp_path / "none.db").fills()


def test_after_close_an_intent_is_refused_and_close_may_be_called_twice(bench: Bench) -> None:
    assert bench.writer.close()
    assert bench.writer.close()
    with pytest.raises(JournalError, match="closed"):
        bench.writer.record_intent(PLACE, 1)


def test_close_writes_what_waits_and_ends_the_thread(path: Path) -> None:
    bench = Bench(path)
    for number in range(2000):
        order = replace(ORDER, client_order_id=f"pd-{number}")
        bench.writer.record_event(OrderChanged(order=order))
    assert bench.writer.close()
    assert len(bench.reader.orders(limit=5000)) == 2000
    assert "journal" not in [thread.name for thread in threading.enumerate()]


def test_intents_of_many_threads_beside_a_busy_queue_are_all_kept(bench: Bench) -> None:
    def record(prefix: str) -> None:
        for number in range(100):
            intent = replace(PLACE, client_order_id=f"{prefix}-{number}")
            bench.writer.record_intent(intent, 1)
            order = replace(ORDER, client_order_id=f"{prefix}-{number}")
            bench.writer.record_event(OrderChanged(order=order))

    workers = [threading.Thread(target=record, args=(f"t{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert bench.writer.flush()
    wait_until(lambda: len(bench.reader.orders()) == 400)
    assert len(bench.reader.open_orders()) == 400


def test_profit_by_fifo_stands_beside_the_exchanges_word(bench: Bench) -> None:
    sold = replace(FILL, trade_id=78, side=Side.SELL, price=D(61000), realized_pnl=D("44.9"))
    bench.record(FillRecorded(fill=sold), FillRecorded(fill=replace(FILL, time_ms=14)))
    found = bench.reader.fifo_pnl().realized("BTCUSDT")
    assert (found.fifo, found.venue) == (D("0.05") * D("999.90"), D("44.9"))


def test_round_trips_are_exported_with_both_accounts_of_profit(
    bench: Bench, tmp_path: Path
) -> None:
    sold = replace(FILL, trade_id=78, side=Side.SELL, price=D(61000), realized_pnl=D("44.9"))
    bench.record(FillRecorded(fill=replace(FILL, time_ms=14)), FillRecorded(fill=sold))
    target = tmp_path / "trips.csv"
    assert bench.reader.export_round_trips(target) == 1
    (row,) = csv.DictReader(target.read_text(encoding="utf-8").splitlines())
    assert (row["symbol"], row["side"], row["quantity"]) == ("BTCUSDT", "BUY", "0.05")
    assert (row["pnl"], row["venue_pnl"], row["other_fees"]) == (
        "49.995",
        "44.9",
        "0.00000246 BNB",
    )


# --- conditional orders ---------------------------------------------------------------------

ALGO = AlgoView(
    client_algo_id="pd-a",
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.STOP,
    status=AlgoStatus.NEW,
    quantity=D("0.1000"),
    trigger_price=D("59000.10"),
    price=D("58990.1"),
    callback_pct=D("1.5"),
    activate_price=D("61000"),
    algo_id=2_000_000_000_000_001,
    order_id=7,
    reduce_only=True,
    position_side=PositionSide.LONG,
    working_type=WorkingType.MARK_PRICE,
    price_protect=True,
    time_in_force=TimeInForce.GTE_GTC,
    created_at=1,
    updated_at=2,
    origin=OrderOrigin.ELSEWHERE,
    reason="so",
    replaces="pd-0",
)
PLACE_ALGO = PlaceAlgo(
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.TAKE_PROFIT,
    quantity=D("0.10"),
    trigger_price=D("61000.0"),
    price=D("61000.10"),
    client_algo_id="pd-b",
    time_in_force=TimeInForce.IOC,
    replaces="pd-a",
)


def test_a_conditional_order_comes_back_to_the_last_digit(bench: Bench) -> None:
    bench.writer.record_event(AlgoChanged(algo=ALGO))
    assert bench.writer.flush()
    (view,) = bench.reader.algos()
    assert view == ALGO
    (restored,) = bench.reader.open_algos()
    assert restored.status is AlgoStatus.UNKNOWN
    assert replace(restored, status=ALGO.status, reason=ALGO.reason) == ALGO


def test_one_that_has_ended_is_not_open_and_words_not_known_are_kept(bench: Bench) -> None:
    odd = replace(ALGO, status=AlgoStatus.FINISHED, type="ICEBERG", working_type="INDEX_PRICE")
    bench.writer.record_event(AlgoChanged(algo=odd))
    assert bench.writer.flush()
    assert bench.reader.open_algos() == []
    assert bench.reader.algos() == [odd]


def test_an_intent_of_which_nothing_else_is_known_is_asked_about(bench: Bench) -> None:
    bench.writer.record_intent(PLACE_ALGO, 5)
    bench.writer.record_intent(CancelAlgo(symbol="BTCUSDT", client_algo_id="pd-b"), 6)
    assert bench.reader.placed_algo_ids() == {"pd-b"}
    (view,) = bench.reader.open_algos()
    assert view.status is AlgoStatus.UNKNOWN
    assert (view.trigger_price, view.price, view.replaces) == (D(61000), D("61000.1"), "pd-a")
    assert (view.time_in_force, view.created_at) == (TimeInForce.IOC, 5)


def test_a_bracket_is_kept_as_its_newest_record(bench: Bench) -> None:
    for body in (b'{"state":"entering"}', b'{"state":"protected"}'):
        bench.writer.record_bracket("b2", body, is_ended=False, at_ms=5)
    bench.writer.record_bracket("b1", b"{}", is_ended=False, at_ms=4)
    assert bench.reader.open_brackets() == [b"{}", b'{"state":"protected"}']
    bench.writer.record_bracket("b2", b"{}", is_ended=True, at_ms=6)
    assert bench.reader.open_brackets() == [b"{}"]
    bench.writer.close()
    with pytest.raises(JournalError):
        bench.writer.record_bracket("b3", b"{}", is_ended=False, at_ms=7)
