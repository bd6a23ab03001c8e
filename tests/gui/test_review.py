"""The review's window: what it asks for by real clicks and keys, and what it shows."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.widgets.data_table import DataTable
from desktop.widgets.equity_chart import EquityChart
from desktop.widgets.profit_calendar import ProfitCalendar
from desktop.widgets.review_window import ReviewWindow
from engine.events import CommandRefused
from engine.events.review import (
    ExecutionMeasured,
    ReviewCancelled,
    ReviewExported,
    ReviewLoaded,
    ReviewProgress,
    TieOutDone,
    TradeNoted,
)
from engine.review.review_loader import load_review
from engine.review_commands import CancelReview, ExportReview, LoadReview, NoteTrade, TieOut
from engine.review_views import (
    CurvePoint,
    Execution,
    Review,
    TieOutResult,
    TradeNote,
    trip_key,
)
from engine.trading_types import OrderType
from engine.views import ZERO
from tests.gui.conftest import Desk
from tests.helpers.mouse import move
from tests.helpers.trade_history import (
    BEGIN_MS,
    D,
    a_missing_booking,
    a_tie_out_line,
    journal_of,
    random_fills,
)


@pytest.fixture(scope="module")
def review(tmp_path_factory) -> Review:
    """Some weeks of trading, one order of which was measured."""
    fills = [
        replace(one, time_ms=BEGIN_MS + one.trade_id * 9_000_000) for one in random_fills(240, 3)
    ]
    execution = Execution(
        symbol=fills[0].symbol,
        client_order_id=fills[0].client_order_id,
        side=fills[0].side,
        type=OrderType.MARKET,
        at_ms=fills[0].time_ms,
        bid=fills[0].price - 1,
        ask=fills[0].price + 1,
        ack_ms=12.5,
        fill_ms=20.0,
    )
    folder = tmp_path_factory.mktemp("review")
    reader = journal_of(folder / "j.db", fills, ExecutionMeasured(execution=execution))
    return load_review(reader, LoadReview(), lambda *_: None)


@pytest.fixture
def opened(desk: Desk) -> Desk:
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    return desk


def window_of(desk: Desk) -> ReviewWindow:
    return desk.find(ReviewWindow, "review")


def words(desk: Desk) -> str:
    return desk.find(QLabel, "review.words").text()


def last(desk: Desk, kind: type) -> object:
    return [command for command in desk.commands if isinstance(command, kind)][-1]


def load(desk: Desk, review: Review) -> None:
    asked = last(desk, LoadReview)
    desk.feed(ReviewLoaded(request_id=asked.request_id, review=review))


def show_tab(desk: Desk, title: str) -> None:
    tabs = window_of(desk).tabs
    place = next(n for n in range(tabs.count()) if tabs.tabText(n) == title)
    bar = tabs.tabBar()
    desk.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(place).center())
    QApplication.processEvents()


def cell_text(desk: Desk, table: str, key: object, title: str) -> str:
    return str(desk.find(DataTable, table).index_of(key, title).data())


def click_row(desk: Desk, table_name: str, key: object) -> None:
    table = desk.find(DataTable, table_name)
    index = table.index_of(key, "Symbol")
    table.scrollTo(index)
    point: QPoint = table.visualRect(index).center()
    desk.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=point)


def test_ctrl_r_asks_for_everything_and_shows_how_far_it_is(opened: Desk) -> None:
    asked = last(opened, LoadReview)
    assert (asked.since_ms, asked.until_ms, asked.symbol, asked.tag) == (0, None, "", "")
    bar = opened.find(QProgressBar, "review.progress")
    assert bar.isVisible()
    assert not opened.find(QWidget, "review.load").isEnabled()
    told = ReviewProgress(
        request_id=asked.request_id, share=0.4, sentence="400 of 1,000 fills read"
    )
    opened.feed(told)
    assert bar.value() == 40
    assert "400 of 1,000" in words(opened)
    opened.click("review.cancel")
    assert isinstance(opened.commands[-1], CancelReview)
    opened.feed(ReviewCancelled(request_id=asked.request_id))
    assert not bar.isVisible()
    assert "Cancelled" in words(opened)


def test_an_answer_shows_figures_curve_calendar_and_tables(opened: Desk, review: Review) -> None:
    load(opened, review)
    window = window_of(opened)
    shown = window.figures.cells["net"].text().replace(",", "")
    assert D(shown) == round(review.totals.net, 2)
    assert window.figures.cells["ack"].text() == "12.50 ms"
    assert window.trips.rowCount() == review.figures.trips
    assert "fills" in words(opened)
    for title, table, rows in (
        ("By symbol", "review.symbol.table", len(review.by_symbol)),
        ("By hour", "review.hour.table", len(review.by_hour)),
        ("By weekday", "review.weekday.table", len(review.by_weekday)),
        ("By side", "review.side.table", 2),
        ("Orders", "review.orders.table", 1),
    ):
        show_tab(opened, title)
        assert opened.find(DataTable, table).isVisible()
        assert opened.find(DataTable, table).source().rowCount() == rows
    key = (review.orders[0].execution.symbol, review.orders[0].execution.client_order_id)
    assert cell_text(opened, "review.orders.table", key, "Acknowledged") == "12.5 ms"


def test_the_pointer_on_the_curve_reads_a_booking(opened: Desk, review: Review) -> None:
    load(opened, review)
    chart = opened.find(EquityChart, "review.curve")
    before: QImage = chart.grab().toImage()
    move(chart, QPoint(chart.width() // 2, 60))
    assert chart.hovered() in review.curve
    assert chart.grab().toImage() != before
    assert "deepest drawdown" in chart.accessibleDescription()


@pytest.mark.long
def test_the_cost_of_a_curve_that_goes_up_and_down_grows_with_its_points(qtbot: QtBot) -> None:
    """As one polygon it grew with their square, up to a third of a second for a thousand."""
    chart = EquityChart()
    qtbot.addWidget(chart)
    chart.resize(1000, 560)
    picture = QImage(1000, 560, QImage.Format.Format_RGB32)

    def cost_s(count: int) -> float:
        chart.show_points(
            [
                CurvePoint(at_ms=BEGIN_MS + n * 60_000, net=D(n), drawdown=D(n % 2))
                for n in range(count)
            ]
        )
        spent_s = []
        for _ in range(3):
            began_s = time.process_time()
            chart.render(picture)
            spent_s.append(time.process_time() - began_s)
        return min(spent_s)

    assert cost_s(2000) < 20 * cost_s(250)  # 8 times the points; 64 times would be their square


def test_a_click_on_a_day_shows_that_day_alone(opened: Desk, review: Review) -> None:
    load(opened, review)
    calendar = opened.find(ProfitCalendar, "review.calendar")
    newest = calendar.month
    opened.click("review.calendar.before")
    assert calendar.month < newest
    opened.click("review.calendar.after")
    day = next(one.day for one in review.days if one.day.startswith(newest))
    assert day in calendar.grid.accessibleDescription()
    point = calendar.grid.rect_of(day).center().toPoint()
    opened.qtbot.mouseClick(calendar.grid, Qt.MouseButton.LeftButton, pos=point)
    asked = last(opened, LoadReview)
    assert opened.find(QLineEdit, "review.since").text() == day
    assert 0 < asked.until_ms - asked.since_ms <= 25 * 3_600_000


def test_spans_days_symbol_and_tag_are_asked_for(opened: Desk, review: Review) -> None:
    load(opened, replace(review, tags=("news",)))
    opened.click("review.span.7")
    week = last(opened, LoadReview)
    assert 0 < opened.now_ms - week.since_ms <= 7 * 24 * 3_600_000
    load(opened, replace(review, tags=("news",)))
    for name, text in (("review.symbol", "ETHUSDT"), ("review.tag", "news")):
        box = opened.find(QComboBox, name)
        while box.currentText() != text:
            opened.qtbot.keyClick(box, Qt.Key.Key_Down)
    asked = last(opened, LoadReview)
    assert (asked.symbol, asked.tag) == ("ETHUSDT", "news")
    count = len(opened.commands)
    opened.type_into("review.since", "yesterday")
    opened.qtbot.keyClick(opened.find(QWidget, "review.since"), Qt.Key.Key_Return)
    assert len(opened.commands) == count
    assert "write a day as" in words(opened)
    load(opened, review)  # without that tag now: what was chosen stays chosen
    assert opened.find(QComboBox, "review.tag").currentText() == "news"


def test_what_the_figures_leave_out_is_said(opened: Desk, review: Review) -> None:
    totals = replace(
        review.totals,
        other_fees={"BNB": D("0.003")},
        unmatched_fills=2,
        left_out=("ETHBTC",),
    )
    load(opened, replace(review, totals=totals, figures=replace(review.figures, trips=9_999)))
    for part in ("0.003 BNB", "2 fills closed", "ETHBTC", "newest 5,000"):
        assert part in words(opened)


def test_an_older_answer_is_passed_over(opened: Desk, review: Review) -> None:
    first = last(opened, LoadReview)
    opened.click("review.span.7")
    opened.feed(ReviewLoaded(request_id=first.request_id, review=review))
    assert window_of(opened).trips.rowCount() == 0
    assert opened.find(QProgressBar, "review.progress").isVisible()


def test_a_note_with_tags_is_written_and_kept(opened: Desk, review: Review) -> None:
    load(opened, review)
    show_tab(opened, "Round trips")
    one = review.trips[-1]
    key = trip_key(one.trip)
    assert not opened.find(QWidget, "review.keep").isEnabled()
    click_row(opened, "review.trips.table", key)
    table = opened.find(DataTable, "review.trips.table")
    opened.qtbot.keyClick(table, Qt.Key.Key_Down)  # the keys choose, too
    assert opened.find(QLineEdit, "review.note").isEnabled()
    opened.qtbot.keyClick(table, Qt.Key.Key_Up)
    opened.type_into("review.tags", "News, breakout")
    opened.type_into("review.note", "chased it")
    opened.qtbot.keyClick(opened.find(QWidget, "review.note"), Qt.Key.Key_Return)
    asked = last(opened, NoteTrade)
    assert (asked.symbol, asked.position_side, asked.trade_id) == key
    assert (asked.note, asked.tags) == ("chased it", ("News", " breakout"))
    kept = TradeNote(
        symbol=key[0], position_side=key[1], trade_id=key[2], note="chased it", tags=("news",)
    )
    opened.feed(TradeNoted(note=kept))
    assert cell_text(opened, "review.trips.table", key, "Tags") == "news"
    assert opened.find(QLineEdit, "review.tags").text() == "news"
    opened.feed(CommandRefused(command=asked, sentence="A tag has at most 32 characters."))
    assert "32 characters" in words(opened)


def test_the_export_names_file_and_filter(opened: Desk, review: Review, tmp_path: Path) -> None:
    load(opened, review)
    opened.click("review.export")
    dialog = opened.find(QFileDialog, "review.export.dialog")
    dialog.selectFile(str(tmp_path / "trips.csv"))
    dialog.accept()
    asked = last(opened, ExportReview)
    assert asked.file.endswith("trips.csv")
    opened.feed(ReviewExported(request_id=asked.request_id, file=asked.file, rows=1234))
    assert "1,234 round trips written" in words(opened)


def test_the_tie_out_lists_sums_and_every_difference(opened: Desk, review: Review) -> None:
    load(opened, review)
    opened.click("review.tieOut")
    asked = last(opened, TieOut)
    line = a_tie_out_line()
    result = TieOutResult(
        since_ms=BEGIN_MS,
        until_ms=BEGIN_MS + 1,
        lines=(line,),
        differences=(a_missing_booking(),),
        added=2,
    )
    opened.feed(TieOutDone(request_id=asked.request_id, result=result))
    assert "1 booking differs" in words(opened)
    assert opened.find(DataTable, "review.differences.table").isVisible()
    assert cell_text(opened, "review.differences.table", 0, "Journal") == "missing"
    assert cell_text(opened, "review.lines.table", ("COMMISSION", "USDT"), "Difference") == "-1"
    opened.click("review.tieOut")
    again = replace(result, differences=(), added=0)
    opened.feed(TieOutDone(request_id=last(opened, TieOut).request_id, result=again))
    assert "agree to the last digit" in words(opened)


def test_an_empty_review_explains_itself(opened: Desk, review: Review) -> None:
    empty = Review(
        totals=replace(review.totals, fills=0, net=ZERO),
        figures=replace(review.figures, trips=0),
        trips=(),
        curve=(),
        days=(),
        by_symbol=(),
        by_hour=(),
        by_weekday=(),
        by_side=(),
        by_tag=(),
        orders=(),
        quality=review.quality,
    )
    load(opened, empty)
    label = opened.find(QLabel, "review.empty")
    assert label.isVisible()
    assert "made from the journal" in label.text()


def test_a_refusal_before_the_engine_is_ready_is_said(opened: Desk) -> None:
    asked = last(opened, LoadReview)
    opened.feed(CommandRefused(command=asked, sentence="The connection is not ready yet."))
    assert words(opened) == "The connection is not ready yet."
    assert opened.find(QWidget, "review.load").isEnabled()


def test_escape_closes_it_and_the_menu_opens_the_same_again(opened: Desk) -> None:
    window = window_of(opened)
    opened.qtbot.keyClick(window, Qt.Key.Key_Escape)
    opened.qtbot.waitUntil(lambda: not window.isVisible())
    menu = opened.window.header.panels.menu()
    action = next(a for a in menu.actions() if a.objectName() == "header.panels.review")
    action.trigger()
    assert window.isVisible()
    opened.window.close()
    assert not window.isVisible()
