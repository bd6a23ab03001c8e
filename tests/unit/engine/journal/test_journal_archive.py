from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.commands import PlaceOrder
from engine.events import FillRecorded, OrderChanged
from engine.events.protection import AlgoChanged
from engine.journal import journal_archive
from engine.journal.journal_archive import ArchiveRules, archives_of, move_old_rows
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.protection_commands import PlaceAlgo
from engine.protection_views import pending_algo
from engine.trading_types import AlgoStatus, OrderStatus, OrderType, Side
from engine.views import FillView, OrderView

D = Decimal
DAY_MS = 24 * 3_600_000


def ms(year: int, month: int, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


NOW_MS = ms(2026, 11, 28)
ORDERS = {"n2023": ms(2023, 5), "n2024": ms(2024, 7), "n2026": ms(2026, 11, 20)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One filled order of each of three years, and one of 2023 that still rests."""
    path = tmp_path / "with spaces" / "journal.db"
    writer = JournalWriter(path, FakeClock(ms(2022, 1)), lambda _: None)
    writer.start()
    for number, (name, at_ms) in enumerate(ORDERS.items(), 1):
        write_order(writer, name, number, at_ms, OrderStatus.FILLED)
    write_order(writer, "resting", 9, ORDERS["n2023"], OrderStatus.PARTIALLY_FILLED)
    assert writer.close()
    return path


def write_order(
    writer: JournalWriter, name: str, number: int, at_ms: int, status: OrderStatus
) -> None:
    command = PlaceOrder(
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=D(1),
        price=D(100),
        client_order_id=name,
    )
    writer.record_intent(command, at_ms)
    order = OrderView(
        client_order_id=name,
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        status=status,
        price=D(100),
        orig_qty=D(2) if status is OrderStatus.PARTIALLY_FILLED else D(1),
        executed_qty=D(1),
        order_id=number,
        created_at=at_ms,
        updated_at=at_ms,
    )
    fill = FillView(
        symbol="BTCUSDT",
        trade_id=number,
        order_id=number,
        client_order_id=name,
        side=Side.BUY,
        price=D(100),
        quantity=D(1),
        time_ms=at_ms,
    )
    writer.record_event(OrderChanged(order=order))
    writer.record_event(FillRecorded(fill=fill))


def write_algo(writer: JournalWriter, name: str, at_ms: int, status: AlgoStatus) -> None:
    command = PlaceAlgo(
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        quantity=D(1),
        trigger_price=D(90),
        client_algo_id=name,
    )
    writer.record_intent(command, at_ms)
    view = replace(pending_algo(command, at_ms), status=status, algo_id=1)
    writer.record_event(AlgoChanged(algo=view))


@pytest.fixture
def with_algos(path: Path) -> Path:
    """Besides, a conditional order that ended in each of three years, and one of 2023 that
    still waits.
    """
    writer = JournalWriter(path, FakeClock(ms(2022, 1)), lambda _: None)
    writer.start()
    for name, at_ms in ORDERS.items():
        write_algo(writer, name, at_ms, AlgoStatus.FINISHED)
    write_algo(writer, "waiting", ORDERS["n2023"], AlgoStatus.NEW)
    assert writer.close()
    return path


def algo_ids(file: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(f"SELECT client_algo_id FROM {table} ORDER BY 1")
        return [row[0] for row in rows]


def ids(file: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(f"SELECT client_order_id FROM {table} ORDER BY 1")
        return [row[0] for row in rows]


def test_old_ended_orders_move_into_the_file_of_their_year(path: Path) -> None:
    assert move_old_rows(path, NOW_MS) == 6
    assert [file.name for file in archives_of(path)] == ["journal.2023.db", "journal.2024.db"]
    for table in ("intents", "orders", "fills"):
        assert ids(path.with_name("journal.2023.db"), table) == ["n2023"]
        assert ids(path.with_name("journal.2024.db"), table) == ["n2024"]
        assert ids(path, table) == ["n2026", "resting"]
    assert move_old_rows(path, NOW_MS) == 0


def test_a_reader_finds_all_years_each_row_once(path: Path, tmp_path: Path) -> None:
    reader = JournalReader(path)

    def known() -> tuple[object, ...]:
        fills = sorted(reader.fills(), key=lambda fill: fill.trade_id)
        return fills, reader.open_orders(), reader.last_trade_ids()

    before = known()
    orders = {view.client_order_id for view in reader.orders()}
    lots = reader.fifo_pnl().open_lots()
    move_old_rows(path, NOW_MS)
    assert known() == before
    assert [view.client_order_id for view in reader.open_orders()] == ["resting"]
    assert {view.client_order_id for view in reader.orders()} == orders
    assert [fill.client_order_id for fill in reader.fills(limit=1)] == ["n2026"]
    assert reader.fifo_pnl().open_lots() == lots
    assert reader.export_fills(tmp_path / "fills.csv") == 4
    assert reader.export_orders(tmp_path / "orders.csv") == 4


def test_conditional_orders_that_have_ended_move_too(with_algos: Path) -> None:
    path = with_algos
    assert move_old_rows(path, NOW_MS) == 6 + 4
    for table in ("algo_intents", "algos"):
        assert algo_ids(path.with_name("journal.2023.db"), table) == ["n2023"]
        assert algo_ids(path.with_name("journal.2024.db"), table) == ["n2024"]
        assert algo_ids(path, table) == ["n2026", "waiting"]
    assert move_old_rows(path, NOW_MS) == 0


def test_conditional_orders_of_all_years_are_read_and_exported_once(
    with_algos: Path, tmp_path: Path
) -> None:
    reader = JournalReader(with_algos)
    before = sorted(reader.algos(), key=lambda view: view.client_algo_id)
    kept = with_algos.read_bytes()
    move_old_rows(with_algos, NOW_MS)
    assert [view.client_algo_id for view in reader.open_algos()] == ["waiting"]
    for file in with_algos.parent.glob("journal.db*"):
        file.unlink()
    with_algos.write_bytes(kept)  # copied, and not yet removed
    assert sorted(reader.algos(), key=lambda view: view.client_algo_id) == before
    assert [view.client_algo_id for view in reader.algos(limit=1)] == ["n2026"]
    target = tmp_path / "algos.csv"
    assert reader.export_algos(target) == 4
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("symbol,client_algo_id,algo_id,")
    assert [line.split(",")[1] for line in lines[1:]] == ["n2023", "waiting", "n2024", "n2026"]


def test_a_conditional_intent_whose_fate_is_not_known_stays(with_algos: Path) -> None:
    with closing(sqlite3.connect(with_algos)) as connection:
        connection.execute("DELETE FROM algos WHERE client_algo_id = 'n2023'")
        connection.commit()
    move_old_rows(with_algos, NOW_MS)
    assert "n2023" in algo_ids(with_algos, "algo_intents")


def test_a_year_of_a_perpdesk_that_knew_no_conditional_orders_is_read(with_algos: Path) -> None:
    move_old_rows(with_algos, NOW_MS)
    with closing(sqlite3.connect(with_algos.with_name("journal.2023.db"))) as connection:
        connection.executescript("DROP TABLE algos; DROP TABLE algo_intents")
    found = {view.client_algo_id for view in JournalReader(with_algos).algos()}
    assert found == {"n2024", "n2026", "waiting"}


def test_a_kill_between_copy_and_removal_counts_nothing_twice(path: Path, tmp_path: Path) -> None:
    kept = path.read_bytes()
    move_old_rows(path, NOW_MS)
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    path.write_bytes(kept)  # copied, and not yet removed
    reader = JournalReader(path)
    assert len(reader.fills()) == 4
    assert len(reader.orders()) == 4
    assert len(reader.fifo_pnl().open_lots()) == 4
    assert reader.export_fills(tmp_path / "fills.csv") == 4
    assert move_old_rows(path, NOW_MS) == 6
    assert ids(path.with_name("journal.2023.db"), "fills") == ["n2023"]


def test_a_large_file_keeps_the_last_month_alone(path: Path) -> None:
    rules = ArchiveRules(kept_ms=3650 * DAY_MS, large_bytes=1)
    assert move_old_rows(path, NOW_MS, rules=rules) == 6
    small = ArchiveRules(kept_ms=3650 * DAY_MS)
    assert move_old_rows(path, NOW_MS, rules=small) == 0


def test_a_lonely_intent_stays_until_its_fate_is_known(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM orders WHERE client_order_id = 'n2023'")
        connection.commit()
    move_old_rows(path, NOW_MS)
    assert "n2023" in ids(path, "intents")
    assert "n2023" in [view.client_order_id for view in JournalReader(path).open_orders()]


def test_many_rows_move_in_steps_that_can_be_stopped(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_archive, "_STEP_ROWS", 1)
    answers = iter([False, True])
    assert move_old_rows(path, NOW_MS, is_stopping=lambda: next(answers, True)) == 1
    assert move_old_rows(path, NOW_MS) == 5


def test_trouble_leaves_the_rows_where_they_are(path: Path) -> None:
    path.with_name("journal.2023.db").mkdir()
    assert move_old_rows(path, NOW_MS) == 0
    assert len(ids(path, "orders")) == 4


def test_the_writer_moves_old_rows_when_it_starts(path: Path) -> None:
    writer = JournalWriter(path, FakeClock(NOW_MS), lambda _: None)
    writer.start()
    writer._archiver.join(30)
    assert writer.close()
    assert ids(path, "orders") == ["n2026", "resting"]


def test_an_archive_bears_its_name_only_once_it_can_be_read(path, monkeypatch):
    seen: list[bool] = []
    really_open = journal_archive.open_journal

    def watched(file, at_ms):
        opened = really_open(file, at_ms)
        seen.append(file in archives_of(path))
        return opened

    monkeypatch.setattr(journal_archive, "open_journal", watched)
    assert move_old_rows(path, NOW_MS)
    assert seen[0] is False
    assert archives_of(path)
    assert not list(path.parent.glob("*.new*"))
