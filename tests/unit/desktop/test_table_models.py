"""The table models: Qt's own rules, and as few repaints as can be."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop.models.activity import ActivityModel
from desktop.models.alerts_model import AlertsModel
from desktop.models.balances_model import BalancesModel
from desktop.models.fills_model import FillsModel
from desktop.models.open_orders_model import OpenOrdersModel
from desktop.models.order_edits import EditRefused
from desktop.models.order_history_model import OrderHistoryModel
from desktop.models.plans_model import PlansModel
from desktop.models.positions_model import PositionsModel
from desktop.models.strategies_model import StrategiesModel
from desktop.models.table_model import Cell, CellRole, Column, TableModel
from desktop.models.watch_model import WatchModel
from desktop.theme import palette
from engine.commands import AmendOrder
from engine.events import Alert
from engine.events.strategies import StrategyChanged
from engine.protection_views import DeadManView
from engine.trading_types import AlertLevel, AlgoStatus, OrderStatus, OrderType
from tests.gui import scene

RULES = scene.INSTRUMENTS


def _orders() -> OpenOrdersModel:
    model = OpenOrdersModel(RULES)
    for number in range(5):
        model.put_order(scene.order(f"pd-{number}"))
    return model


def _history() -> OrderHistoryModel:
    model = OrderHistoryModel(RULES)
    model.put_order(scene.order(status=OrderStatus.REJECTED, reason="No."))
    return model


def _fills() -> FillsModel:
    model = FillsModel(RULES)
    for number in range(3):
        model.put_fill(scene.fill(number))
    return model


def _positions() -> PositionsModel:
    model = PositionsModel(RULES)
    model.put_position(scene.position())
    return model


def _balances() -> BalancesModel:
    model = BalancesModel()
    model.put_balance(scene.balance())
    return model


def _alerts() -> AlertsModel:
    model = AlertsModel()
    model.add(Alert(level=AlertLevel.ERROR, code="X", sentence="No.", at_ms=1))
    return model


def _algos() -> OpenOrdersModel:
    model = _orders()
    for event in scene.protection():
        model.put_algo(event.algo)
    return model


def _algo_history() -> OrderHistoryModel:
    model = _history()
    model.put_algo(scene.algo(status=AlgoStatus.CANCELED))
    return model


def _log() -> ActivityModel:
    model = ActivityModel(lambda: scene.NOW_MS)
    for event in scene.everything():
        model.note(event)
    return model


def _plans() -> PlansModel:
    model = PlansModel(RULES)
    for event in scene.plans():
        model.put_plan(event.plan)
    model.put_dead_man(DeadManView(symbol="BTCUSDT", countdown_s=60, renewed_ms=scene.NOW_MS))
    return model


def _watch() -> WatchModel:
    model = WatchModel(RULES)
    model.watch(tuple(RULES))
    return model


def _strategies() -> StrategiesModel:
    model = StrategiesModel()
    for event in scene.strategies():
        if isinstance(event, StrategyChanged):
            model.put_strategy(event.strategy)
    return model


MAKERS: list[Callable[[], TableModel[Any]]] = [
    _orders,
    _history,
    _fills,
    _positions,
    _balances,
    _alerts,
    _watch,
    _algos,
    _algo_history,
    _log,
    _plans,
    _strategies,
]


@pytest.mark.parametrize("make", MAKERS)
def test_model_keeps_qts_rules(qtmodeltester: ModelTester, make: Callable[[], Any]) -> None:
    qtmodeltester.check(make())


def test_model_keeps_qts_rules_while_rows_come_and_go(qtmodeltester: ModelTester) -> None:
    model = _orders()
    qtmodeltester.check(model)
    model.put_order(scene.order("pd-9"))
    for number in (2, 0, 4):
        model.put_order(scene.order(f"pd-{number}", status=OrderStatus.CANCELED))
    model.put_order(scene.order("pd-1", price=Decimal(64000)))
    model.clear()
    model.put_order(scene.order("pd-1"))
    qtmodeltester.check(model)


def changes_of(model: TableModel[Any], act: Callable[[], object]) -> list[tuple[int, int, int]]:
    """(row, first column, last column) of every dataChanged."""
    seen: list[tuple[int, int, int]] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        seen.append((first.row(), first.column(), last.column()))

    model.dataChanged.connect(note)
    act()
    return seen


def test_only_touched_cells_are_announced() -> None:
    model = _orders()
    price, value = model.column_named("Price"), model.column_named("Value")
    seen = changes_of(model, lambda: model.put_order(scene.order("pd-4", price=Decimal(64100))))
    assert seen == [(0, price, price), (0, value, value)]


def test_an_update_that_looks_the_same_announces_nothing() -> None:
    model = _orders()
    seen = changes_of(model, lambda: model.put_order(scene.order("pd-2", order_id=999)))
    assert seen == []


def test_mark_price_touches_only_what_leans_on_it() -> None:
    model = _positions()
    model.set_mark_price("BTCUSDT", 64000.0)
    seen = changes_of(model, lambda: model.set_mark_price("BTCUSDT", 64010.0))
    titles = {
        model.headerData(column, Qt.Orientation.Horizontal)
        for _, first, last in seen
        for column in range(first, last + 1)
    }
    assert titles == {"Mark", "Value", "Margin", "uPnL", "ROE"}


def test_mark_price_of_another_symbol_touches_nothing() -> None:
    model = _positions()
    assert changes_of(model, lambda: model.set_mark_price("ETHUSDT", 3000.0)) == []


def test_newest_row_is_on_top_and_removal_keeps_the_keys_right() -> None:
    model = _orders()
    model.remove("pd-2")
    model.remove("pd-2")  # gone already
    keys = [model.index(row, 0).data(CellRole.KEY) for row in range(model.rowCount())]
    assert keys == ["pd-4", "pd-3", "pd-1", "pd-0"]
    assert [model.shown_row(key) for key in keys] == [0, 1, 2, 3]


@pytest.mark.parametrize("newest_first", [True, False])
def test_limit_drops_the_oldest_rows_together(
    qtmodeltester: ModelTester, newest_first: bool
) -> None:
    model: TableModel[int] = TableModel(
        [Column("N", lambda n: Cell(str(n)))], limit=3, newest_first=newest_first
    )
    qtmodeltester.check(model)
    for number in range(103):
        model.put(number, number)
    assert model.rows() == [100, 101, 102]
    model.put(101, 7)
    assert model.rows() == [100, 7, 102]
    shown = [model.index(row, 0).data() for row in range(3)]
    assert shown == (["102", "7", "100"] if newest_first else ["100", "7", "102"])


def test_profit_of_a_short_and_return_on_its_margin() -> None:
    model = PositionsModel(RULES)
    model.put_position(
        scene.position(quantity=Decimal(-2), entry_price=Decimal(64000), leverage=10)
    )
    model.set_mark_price("BTCUSDT", 63360.0)
    row = {
        model.headerData(n, Qt.Orientation.Horizontal): model.index(0, n).data()
        for n in range(model.columnCount())
    }
    assert row["Side"] == "SHORT 10x"
    assert row["uPnL"] == "+1,280.00"
    assert row["ROE"] == "+10.00%"  # 1,280 on 12,800


def test_venues_own_profit_stands_until_a_mark_price_comes() -> None:
    model = _positions()
    assert model.unrealized_pnl() == Decimal("36.37")


def test_market_order_and_order_in_flight_cannot_be_edited() -> None:
    model = _orders()
    price = model.column_named("Price")
    model.put_order(scene.order("m", type=OrderType.MARKET, price=Decimal(0)))
    model.put_order(scene.order("p", status=OrderStatus.PENDING_NEW))
    for key in ("m", "p"):
        index = model.index(model.shown_row(key), price)
        assert not model.flags(index) & Qt.ItemFlag.ItemIsEditable
        assert not model.setData(index, "1")


@pytest.mark.parametrize("typed", ["abc", "", "0,5", "-1"])
def test_edit_that_is_no_number_is_refused_in_words(typed: str) -> None:
    model = _orders()
    refused: list[EditRefused] = []
    asked: list[AmendOrder] = []
    model.edit_refused.connect(refused.append)
    model.amend_wanted.connect(asked.append)
    assert not model.setData(model.index(0, model.column_named("Price")), typed)
    assert "is not a number" in refused[0].sentence
    assert asked == []


def test_unchanged_edit_asks_nothing() -> None:
    model = _orders()
    asked: list[AmendOrder] = []
    model.amend_wanted.connect(asked.append)
    model.setData(model.index(0, model.column_named("Price")), "64,200.00")
    assert asked == []


def test_asked_amend_is_forgotten_when_the_order_ends() -> None:
    model = _orders()
    model.amend_asked(
        AmendOrder(symbol="BTCUSDT", client_order_id="pd-1", price=Decimal("64180.0"))
    )
    model.put_order(scene.order("pd-1", status=OrderStatus.FILLED))
    model.put_order(scene.order("pd-1"))  # an id may be used again
    index = model.index(model.shown_row("pd-1"), model.column_named("Price"))
    assert index.data(CellRole.PENDING) == ""


def test_unrelated_update_does_not_end_the_wait_for_an_amend() -> None:
    model = _orders()
    model.amend_asked(
        AmendOrder(symbol="BTCUSDT", client_order_id="pd-1", price=Decimal("64180.0"))
    )
    model.put_order(scene.order("pd-1", executed_qty=Decimal("0.01")))
    index = model.index(model.shown_row("pd-1"), model.column_named("Price"))
    assert index.data(CellRole.PENDING) == "64,180.0"


def test_watch_list_keeps_the_direction_of_the_last_change(qtbot: QtBot) -> None:
    model = _watch()
    for price in (3100.0, 3090.0, 3090.0):
        model.set_last_price("ETHUSDT", price)
        qtbot.waitUntil(lambda: not model.is_waiting())
    row = model.row_of("ETHUSDT")
    assert row is not None
    assert (row.last_price, row.direction) == (3090.0, -1)


def test_price_of_a_symbol_no_longer_followed_is_grey_until_the_next(qapp: object) -> None:
    model = _watch()
    cell = model.index(model.shown_row("ETHUSDT"), model.column_named("Last"))
    model.set_last_price("ETHUSDT", 3100.0)
    model.no_longer_followed("ETHUSDT")
    assert cell.data(Qt.ItemDataRole.ForegroundRole).name() == palette.STALE
    model.set_last_price("ETHUSDT", 3100.0)
    assert cell.data(Qt.ItemDataRole.ForegroundRole).name() == palette.BUY


def test_a_long_history_comes_in_one_step_and_newer_news_stays() -> None:
    model = OrderHistoryModel(RULES)
    model.put_order(scene.order("pd-7", status=OrderStatus.FILLED))
    steps: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: steps.append((first, last)))
    ModelTester(model)
    old = [scene.order(f"pd-{n}", status=OrderStatus.CANCELED) for n in range(500)]
    model.put_history(old)
    assert steps == [(0, 498)]
    assert model.row_of("pd-7").status is OrderStatus.FILLED
    newest = model.index(0, model.column_named("Status"))
    assert newest.data() == "Cancelled"
    assert model.key_at(0) == "pd-499"
