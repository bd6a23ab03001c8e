"""The watch list: search, stars, sorting."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDockWidget

from desktop.widgets.data_table import DataTable
from tests.gui.conftest import Desk


def shown(desk: Desk) -> list[object]:
    return desk.find(DataTable, "watch.table").shown_keys()


def test_search_and_enter_show_the_symbol(desk: Desk) -> None:
    desk.type_into("watch.search", "do")
    assert shown(desk) == ["DOGEUSDT"]
    desk.qtbot.keyClick(desk.window.market.watch_panel.search, Qt.Key.Key_Return)
    assert desk.window.market.symbol == "DOGEUSDT"
    assert len(shown(desk)) == 6


def test_a_star_puts_a_symbol_first_and_is_remembered(desk: Desk) -> None:
    table = desk.find(DataTable, "watch.table")
    index = table.index_of("XRPUSDT", "star")
    table.scrollTo(index)
    spot = table.visualRect(index).center()
    desk.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert shown(desk)[0] == "XRPUSDT"
    assert desk.window.market.symbol == "BTCUSDT"
    assert desk.window.preferences.get("watch.stars", []) == ["XRPUSDT"]
    desk.click("watch.onlyStars")
    assert shown(desk) == ["XRPUSDT"]


def test_change_sorts_by_its_number(desk: Desk) -> None:
    table = desk.find(DataTable, "watch.table")
    table.sortByColumn(table.source().column_named("24h"), Qt.SortOrder.DescendingOrder)
    assert shown(desk)[0] == "DOGEUSDT"
    assert shown(desk)[-1] == "ETHUSDT"


def test_prices_that_come_quickly_are_shown_together_a_moment_later(desk: Desk) -> None:
    watch = desk.window.market.watch

    def price() -> float:
        row = watch.row_of("ETHUSDT")
        assert row is not None
        return row.last_price

    desk.qtbot.waitUntil(lambda: not watch.is_waiting())
    for number in (3200.0, 3201.0, 3202.0):
        watch.set_last_price("ETHUSDT", number)
    assert price() == 3200.0
    desk.qtbot.waitUntil(lambda: price() == 3202.0)


def test_a_price_that_waits_does_not_undo_that_a_symbol_is_no_longer_followed(desk: Desk) -> None:
    watch = desk.window.market.watch
    watch.set_last_price("ETHUSDT", 3200.0)
    watch.set_last_price("ETHUSDT", 3201.0)
    watch.no_longer_followed("ETHUSDT")
    desk.qtbot.waitUntil(lambda: not watch.is_waiting())
    row = watch.row_of("ETHUSDT")
    assert row is not None
    assert not row.is_followed


def test_no_figure_is_cut_however_narrow_and_a_hidden_column_makes_room(desk: Desk) -> None:
    table, dock = desk.window.market.watch_panel.table, desk.find(QDockWidget, "dock.watch")
    desk.window.resizeDocks([dock], [100], Qt.Orientation.Horizontal)
    desk.qtbot.waitUntil(lambda: dock.width() == dock.minimumSizeHint().width())
    assert table.viewport().width() >= table.horizontalHeader().length()
    whole = dock.width()
    change = table.columns.menu().findChild(QAction, "watch.table.column.24h")
    assert change is not None
    change.trigger()
    QApplication.processEvents()
    desk.window.resizeDocks([dock], [100], Qt.Orientation.Horizontal)
    desk.qtbot.waitUntil(lambda: dock.width() < whole)
