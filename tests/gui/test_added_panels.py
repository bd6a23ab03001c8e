"""Added charts and ladders: their data, their links, and what a click in them does."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QDockWidget

from desktop.models.layouts import Link, PanelKind
from desktop.widgets.added_panel import AddedChart, AddedLadder, AddedPanel
from desktop.widgets.added_panels import MOST_ADDED
from engine.commands import AmendOrder, CancelOrder, LoadCandles, UnwatchSymbol, WatchSymbol
from engine.events import CommandRefused, EngineStateChanged, OrderChanged
from engine.trading_types import EngineState, Side, StreamState
from tests.gui import scene
from tests.gui.conftest import Desk


def choose_in_menu(desk: Desk, name: str) -> None:
    menu = desk.window.layouts.menu
    menu.aboutToShow.emit()
    action = menu.findChild(QAction, f"header.panels.{name}")
    assert action is not None, name
    action.trigger()


def add(desk: Desk, kind: PanelKind, symbol: str = "BTCUSDT") -> AddedPanel:
    """By the menu, and then its own symbol by its own box."""
    choose_in_menu(desk, f"add.{kind.value}")
    panel = desk.window.added.panels()[-1]
    if symbol != panel.symbol:
        box = desk.find(QComboBox, f"{panel.panel_id}.symbol")
        box.setFocus()
        desk.qtbot.keyClicks(box, symbol)
        box.textActivated.emit(symbol)
    return panel


def add_chart(desk: Desk, symbol: str = "BTCUSDT") -> AddedChart:
    panel = add(desk, PanelKind.CHART, symbol)
    assert isinstance(panel, AddedChart)
    return panel


def add_ladder(desk: Desk, symbol: str = "BTCUSDT") -> AddedLadder:
    panel = add(desk, PanelKind.LADDER, symbol)
    assert isinstance(panel, AddedLadder)
    return panel


def link(desk: Desk, panel: str, colour: Link) -> None:
    action = desk.find(QAction, f"{panel}.link.{colour.value}")
    action.trigger()


def feed_book(desk: Desk, symbol: str = "ETHUSDT", best_bid: float = 3131.2) -> None:
    desk.feed(scene.book(symbol, best_bid, 0.01))


def click_row(desk: Desk, panel: AddedLadder, row: int = 14) -> None:
    """The bid column of a row below the middle."""
    QApplication.processEvents()
    ladder = panel.ladder
    # a click on rows that have just moved is refused
    desk.qtbot.waitUntil(lambda: not ladder._model.just_moved())
    y = next(y for y in range(ladder.height()) if ladder._frame.row_at(y) == row) + 3
    desk.qtbot.mouseClick(ladder, Qt.MouseButton.LeftButton, pos=QPoint(ladder.width() // 4, y))


def test_an_added_chart_asks_for_its_own_data(desk: Desk) -> None:
    chart = add_chart(desk, "ETHUSDT")
    assert desk.all_commands[-2:] == [
        WatchSymbol(symbol="ETHUSDT", interval="1m", panel="chart-1", with_book=False),
        LoadCandles(request_id="chart-1:2", symbol="ETHUSDT", interval="1m"),
    ]
    assert desk.window.market.symbol == "BTCUSDT"
    assert desk.find(QDockWidget, "dock.chart-1").windowTitle() == "Chart ETHUSDT"
    assert chart.isVisible()


def test_candles_go_to_the_chart_that_asked(desk: Desk) -> None:
    chart = add_chart(desk)
    before = list(desk.window.market.chart._model.candles)
    desk.feed(replace(scene.candles(60_000.0, 50), request_id="chart-1:1"))
    assert len(chart.chart._model.candles) == 50
    assert list(desk.window.market.chart._model.candles) == before


def test_an_added_chart_has_an_interval_of_its_own(desk: Desk) -> None:
    add_chart(desk)
    desk.click("chart-1.interval.5m")
    assert desk.all_commands[-1] == LoadCandles(
        request_id="chart-1:2", symbol="BTCUSDT", interval="5m"
    )
    assert desk.window.market.interval == "1m"


def test_why_no_candles_came_is_said_on_that_chart(desk: Desk) -> None:
    chart = add_chart(desk)
    asked = desk.all_commands[-1]
    desk.feed(CommandRefused(command=asked, sentence="The exchange is busy."))
    assert chart.chart.has_failed
    assert not desk.window.market.chart.has_failed


def test_an_added_ladder_shows_the_book_of_its_symbol_alone(desk: Desk) -> None:
    ladder = add_ladder(desk, "ETHUSDT")
    assert desk.all_commands[-1] == WatchSymbol(symbol="ETHUSDT", interval="", panel="ladder-1")
    assert ladder.ladder._is_stale
    feed_book(desk)
    assert not ladder.ladder._is_stale
    assert ladder.ladder._model.middle() is not None
    desk.feed(*scene.streams(StreamState.STALE))
    assert ladder.ladder._is_stale


@pytest.mark.parametrize(("width", "is_tab"), [(1280, True), (1440, True), (1920, False)])
def test_an_added_ladder_never_pushes_the_ticket_out_of_the_window(
    desk: Desk, width: int, is_tab: bool
) -> None:
    desk.window.resize(width, 900)
    QApplication.processEvents()
    add_ladder(desk, "ETHUSDT")
    QApplication.processEvents()
    main, added = (desk.find(QDockWidget, f"dock.{name}") for name in ("ladder", "ladder-1"))
    assert (added in desk.window.tabifiedDockWidgets(main)) is is_tab
    assert not added.visibleRegion().isEmpty(), "it was asked for, so it is in front"
    ticket = desk.find(QDockWidget, "dock.ticket")
    assert ticket.geometry().right() < desk.window.width() == width


def test_a_click_on_another_symbol_fills_the_ticket_and_sends_nothing(desk: Desk) -> None:
    ladder = add_ladder(desk, "ETHUSDT")
    feed_book(desk)
    desk.type_into("orderTicket.quantity", "1.5")
    desk.click("orderTicket.oneClick")
    desk.now_ms += 5_000
    click_row(desk, ladder)
    assert desk.commands == []
    assert desk.window.market.symbol == "ETHUSDT"
    assert Decimal(desk.window.market.ticket.price.text().replace(",", "")) < Decimal("3132")


def test_own_orders_are_drawn_moved_and_cancelled_there(desk: Desk) -> None:
    chart, ladder = add_chart(desk, "ETHUSDT"), add_ladder(desk, "ETHUSDT")
    feed_book(desk)
    order = scene.order("pd-9", symbol="ETHUSDT", price=Decimal("3130.00"))
    desk.feed(OrderChanged(order=order))
    assert len(chart.chart._orders) == 1
    assert [side for side, _ in ladder.ladder._model.own] == [Side.BUY]
    ladder.ladder.order_moved.emit("pd-9", Decimal("3129.00"))
    chart.chart.order_cancel.emit("pd-9")
    assert desk.commands == [
        AmendOrder(symbol="ETHUSDT", client_order_id="pd-9", price=Decimal("3129.00")),
        CancelOrder(symbol="ETHUSDT", client_order_id="pd-9"),
    ]
    assert desk.window.market.chart._orders == ()


def test_an_alert_made_on_an_added_chart_is_told(desk: Desk) -> None:
    chart = add_chart(desk, "ETHUSDT")
    desk.feed(*scene.market())
    chart.chart.alert_wanted.emit(Decimal("4000.00"))
    assert [alert.price for alert in chart.chart._state.alerts] == [Decimal("4000.00")]
    assert desk.window.market.chart._state.alerts == ()


def test_panels_of_one_colour_follow_the_same_symbol(desk: Desk) -> None:
    chart, ladder, lone = add_chart(desk), add_ladder(desk), add_chart(desk)
    link(desk, "chart-1", Link.PINK)
    link(desk, "ladder-1", Link.PINK)
    chart.box.textActivated.emit("ETHUSDT")
    assert (chart.symbol, ladder.symbol) == ("ETHUSDT", "ETHUSDT")
    assert (lone.symbol, desk.window.market.symbol) == ("BTCUSDT", "BTCUSDT")


def test_who_joins_a_group_shows_its_symbol(desk: Desk) -> None:
    chart = add_chart(desk, "ETHUSDT")
    link(desk, "chart-1", Link.BLUE)  # the main panels' colour
    assert chart.symbol == "BTCUSDT"
    desk.window.market.show_symbol("ETHUSDT")
    assert chart.symbol == "ETHUSDT"


def test_the_watch_list_moves_the_group_of_the_active_panel(desk: Desk) -> None:
    chart = add_chart(desk)
    desk.qtbot.mouseClick(chart.chart, Qt.MouseButton.LeftButton)
    desk.click_cell("watch.table", "ETHUSDT", "Symbol")
    assert (chart.symbol, desk.window.market.symbol) == ("ETHUSDT", "BTCUSDT")
    desk.qtbot.mouseClick(desk.window.market.ladder, Qt.MouseButton.RightButton)
    desk.click_cell("watch.table", "SOLUSDT", "Symbol")
    assert (chart.symbol, desk.window.market.symbol) == ("ETHUSDT", "SOLUSDT")


def test_a_removed_panel_is_no_longer_streamed(desk: Desk) -> None:
    add_chart(desk)
    desk.click("dock.chart-1.close")
    assert desk.all_commands[-1] == UnwatchSymbol(panel="chart-1")
    assert desk.window.added.panels() == ()
    assert desk.window.market.chart_panel.link.isHidden()
    again = add_chart(desk)
    assert again.panel_id == "chart-1"


def test_only_so_many_can_be_added(desk: Desk) -> None:
    for _ in range(MOST_ADDED):
        add_ladder(desk)
    desk.window.layouts.menu.aboutToShow.emit()
    entry = desk.window.layouts.menu.findChild(QAction, "header.panels.add.chart")
    assert entry is not None
    assert not entry.isEnabled()
    desk.window.added.add(PanelKind.CHART)
    assert len(desk.window.added.panels()) == MOST_ADDED


@pytest.mark.parametrize("gap_s", [None, 3.0])
def test_after_a_gap_the_candles_are_asked_for(desk: Desk, gap_s: float | None) -> None:
    add_chart(desk)
    before = len(desk.all_commands)
    desk.feed(EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=gap_s))
    asked = [c for c in desk.all_commands[before:] if getattr(c, "request_id", "") == "chart-1:2"]
    assert len(asked) == (1 if gap_s else 0)


@pytest.mark.parametrize(("size", "count"), [((1280, 720), 1), ((1440, 900), 2), ((2560, 1440), 3)])
def test_added_charts_take_room_from_the_first_one_alone(
    desk: Desk, size: tuple[int, int], count: int
) -> None:
    desk.window.resize(*size)
    QApplication.processEvents()
    names = ("watch", "tape", "ladder", "ticket", "blotter")
    before = {name: desk.find(QDockWidget, f"dock.{name}").geometry() for name in names}
    main = desk.window.market.chart_panel
    bottom = main.geometry().bottom()
    charts = []
    for _ in range(count):
        charts.append(add_chart(desk))
        QApplication.processEvents()
    assert {name: desk.find(QDockWidget, f"dock.{name}").geometry() for name in names} == before
    assert main.geometry().bottom() == bottom
    for chart in charts:
        assert chart.chart.width() >= chart.chart.minimumWidth()
        assert not chart.visibleRegion().isEmpty()
        assert abs(chart.width() - charts[0].width()) < 20


def test_a_chart_too_many_for_the_row_stands_before_the_others_as_a_tab(desk: Desk) -> None:
    desk.window.resize(1280, 720)
    QApplication.processEvents()
    tables = desk.find(QDockWidget, "dock.blotter")
    before = tables.geometry()
    first = add_chart(desk)
    QApplication.processEvents()
    second = add_chart(desk)
    QApplication.processEvents()
    assert tables.geometry() == before
    assert first.visibleRegion().isEmpty()
    assert second.chart.width() >= second.chart.minimumWidth()
    assert desk.window.market.chart.height() >= desk.window.market.chart.minimumHeight()


def test_what_a_floating_panel_leaves_is_the_chart_s(desk: Desk) -> None:
    desk.window.resize(1920, 1080)
    QApplication.processEvents()
    names = ("watch", "ladder", "ticket")
    before = {name: desk.find(QDockWidget, f"dock.{name}").width() for name in names}
    chart_px = desk.window.market.chart_panel.width()
    add_ladder(desk)
    QApplication.processEvents()
    desk.click("dock.ladder-1.float")
    QApplication.processEvents()
    assert desk.find(QDockWidget, "dock.ladder-1").isFloating()
    assert {name: desk.find(QDockWidget, f"dock.{name}").width() for name in names} == before
    assert desk.window.market.chart_panel.width() == chart_px
