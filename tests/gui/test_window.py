"""The window as a whole: environment, staleness, notices, kill switch, layout."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QScreen
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QLabel,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.main_window import DEFAULT_SIZE, MINIMUM_SIZE, MainWindow
from desktop.theme import palette
from desktop.widgets.cell_delegate import ROW_HEIGHT
from desktop.widgets.chart import CandleChart
from desktop.widgets.first_size import put_first_size
from engine.commands import (
    AmendOrder,
    AskAgain,
    CancelOrder,
    ClosePosition,
    LoadCandles,
    PlaceOrder,
    SetLeverage,
    WatchSymbol,
)
from engine.events import (
    AggTrade,
    CandlesLoaded,
    CommandDone,
    CommandRefused,
    EngineStateChanged,
    FillRecorded,
    HealthReport,
    OrderChanged,
    StreamStateChanged,
    ThreadCrashed,
)
from engine.protection_commands import CancelOrders, Kill
from engine.trading_types import (
    EngineState,
    EnvironmentKind,
    OrderStatus,
    OrderType,
    Route,
    Side,
    StreamState,
)
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.hands import quick_hand


def toasts(desk: Desk) -> list[str]:
    return desk.window.toasts.sentences()


# --- environment ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "colour"),
    [
        (EnvironmentKind.PAPER, palette.PAPER),
        (EnvironmentKind.TESTNET, palette.TESTNET),
        (EnvironmentKind.LIVE, palette.LIVE),
    ],
)
def test_environment_is_told_by_word_and_colour(
    desk: Desk, kind: EnvironmentKind, colour: str
) -> None:
    desk.window.set_environment(kind.value, kind)
    badge = desk.window.header.badge
    assert (badge.text(), badge.colour()) == (kind.value.upper(), colour)
    assert badge.objectName() == "environment"


def test_live_has_a_red_frame_on_all_sides(desk: Desk) -> None:
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    picture = desk.window.grab().toImage()
    width, height = picture.width(), picture.height()
    edges = [(width // 2, 1), (width // 2, height - 2), (1, height // 2), (width - 2, height // 2)]
    assert {picture.pixelColor(x, y).name() for x, y in edges} == {palette.LIVE}


# --- events ------------------------------------------------------------------


def test_a_failing_handler_costs_its_own_event_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_health: HealthReport) -> None:
        raise ValueError("no such number")

    monkeypatch.setitem(desk.window._turns.handlers, HealthReport, fail)
    events = [scene.health(), OrderChanged(order=scene.order())]
    with pytest.raises(ValueError, match="no such number"):
        desk.window.handle_events(events)
    desk.qtbot.waitUntil(lambda: desk.window.account.models.orders.rowCount() == 1)


# --- symbols and candles ----------------------------------------------------


def test_first_rules_bring_the_first_symbol_and_its_data(empty_desk: Desk) -> None:
    empty_desk.window.set_instruments(scene.INSTRUMENTS)
    assert empty_desk.all_commands == [
        WatchSymbol(symbol="BTCUSDT", interval="1m"),
        LoadCandles(request_id="candles-1", symbol="BTCUSDT", interval="1m"),
    ]


def test_choosing_a_symbol_turns_all_panels(desk: Desk) -> None:
    box = desk.find(QComboBox, "header.symbol")
    desk.qtbot.keyClick(box, Qt.Key.Key_Down)
    box.textActivated.emit(box.currentText())
    assert desk.window.market.symbol == "ETHUSDT"
    assert desk.window.header.last.text() == "–"
    assert WatchSymbol(symbol="ETHUSDT", interval="1m") in desk.all_commands


def test_orders_of_another_symbol_come_with_it(
    full_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[str]] = []
    monkeypatch.setattr(
        full_desk.window.market.ladder,
        "set_orders",
        lambda orders: shown.append([order.client_order_id for order in orders]),
    )
    full_desk.window.market.show_symbol("ETHUSDT")
    assert shown[-1] == ["pd-7"]


def test_interval_button_asks_for_its_candles(desk: Desk) -> None:
    desk.all_commands.clear()
    desk.click("chart.interval.1h")
    assert desk.all_commands == [
        WatchSymbol(symbol="BTCUSDT", interval="1h"),
        LoadCandles(request_id="candles-2", symbol="BTCUSDT", interval="1h"),
    ]


def test_candles_of_the_interval_before_are_ignored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(CandleChart, "set_candles", lambda _chart, *got: seen.append(got))
    desk.click("chart.interval.1h")
    desk.feed(scene.candles())  # of 1m, asked before
    assert seen == []
    late = CandlesLoaded(request_id="candles-9", symbol="BTCUSDT", interval="1h", candles=())
    desk.feed(late)
    assert seen == [((), "1h")]


def test_trades_move_last_price_with_its_direction(desk: Desk) -> None:
    def trade(trade_id: int, price: float) -> AggTrade:
        return AggTrade(
            symbol="BTCUSDT",
            event_ms=1,
            trade_ms=scene.NOW_MS,
            trade_id=trade_id,
            price=price,
            quantity=0.1,
            is_buyer_maker=False,
        )

    desk.feed(trade(1, 64000.0), trade(2, 64001.0))
    last = desk.window.header.last
    assert (last.text(), last.colour()) == ("64,001.0", palette.BUY)
    desk.feed(trade(3, 63999.9))
    assert (last.text(), last.colour()) == ("63,999.9", palette.SELL)
    assert desk.window.market.tape.prints()[0].price == 63999.9


def test_trade_of_another_symbol_only_moves_the_watch_list(desk: Desk, qtbot: QtBot) -> None:
    before = desk.window.header.last.text()
    desk.feed(
        AggTrade(
            symbol="ETHUSDT",
            event_ms=1,
            trade_ms=1,
            trade_id=1,
            price=3200.0,
            quantity=1.0,
            is_buyer_maker=True,
        )
    )
    assert desk.window.header.last.text() == before
    watch = desk.window.market.watch
    qtbot.waitUntil(lambda: watch.rows()[1].last_price == 3200.0)


# --- staleness ---------------------------------------------------------------


def test_silent_market_stream_greys_prices_and_says_so(desk: Desk) -> None:
    assert desk.window.header.mark.colour() == palette.TEXT
    desk.feed(
        StreamStateChanged(
            route=Route.MARKET, state=StreamState.STALE, sentence="No market data for 5 s."
        )
    )
    assert desk.window.header.mark.colour() == palette.STALE
    assert desk.window.header.last.colour() == palette.STALE
    assert toasts(desk) == ["No market data for 5 s."]
    assert desk.window.status.streams[Route.MARKET].text() == "market stale"


def test_silent_private_stream_greys_the_account(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    desk.feed(
        StreamStateChanged(route=Route.PRIVATE, state=StreamState.DISCONNECTED, sentence="Cut.")
    )
    assert desk.window.header.equity.colour() == palette.STALE
    assert desk.window.account.is_stale


def test_a_stream_without_answer_is_said_before_it_is_lost(desk: Desk) -> None:
    desk.feed(*scene.streams())
    late = StreamStateChanged(
        route=Route.PRIVATE, state=StreamState.LIVE, sentence="Asking again.", is_doubted=True
    )
    desk.feed(late)
    dot = desk.window.status.streams[Route.PRIVATE]
    assert (dot.text(), dot.toolTip()) == ("private no answer", "Asking again.")
    assert not desk.window.account.is_stale, "nothing is lost yet"
    desk.feed(msgspec.structs.replace(late, sentence="It answers.", is_doubted=False))
    assert (dot.text(), dot.toolTip()) == ("private", "It answers.")


def test_ladder_and_chart_are_told_of_staleness(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bool]] = []
    for name in ("ladder", "chart"):
        panel = getattr(desk.window.market, name)
        monkeypatch.setattr(panel, "set_stale", lambda stale, n=name: told.append((n, stale)))
    desk.feed(StreamStateChanged(route=Route.PUBLIC, state=StreamState.STALE, sentence="."))
    assert ("ladder", True) in told
    assert ("chart", False) in told
    told.clear()
    desk.feed(*scene.streams(), scene.book(is_synced=False))
    assert told[-2:] == [("ladder", True), ("chart", False)]


def test_lost_stream_disarms_one_click(desk: Desk) -> None:
    desk.click("orderTicket.oneClick")
    assert desk.window.market.ticket.is_one_click()
    desk.feed(*scene.streams(StreamState.DISCONNECTED))
    assert not desk.window.market.ticket.is_one_click()


# --- ladder and chart as inputs -----------------------------------------------


def test_ladder_click_fills_the_ticket_and_sends_nothing(desk: Desk) -> None:
    desk.type_into("orderTicket.quantity", "0.1")
    desk.window.market.ladder.price_clicked.emit(Side.BUY, Decimal("64240.0"))
    assert desk.window.market.ticket.price.number() == Decimal("64240.0")
    assert desk.commands == []


def test_one_click_ladder_places_once_for_a_double_click(desk: Desk) -> None:
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click("orderTicket.oneClick")
    with quick_hand():
        for _ in range(2):
            desk.window.market.ladder.price_clicked.emit(Side.SELL, Decimal("64260.0"))
    (sent,) = desk.commands
    assert isinstance(sent, PlaceOrder)
    assert (sent.side, sent.price, sent.quantity) == (
        Side.SELL,
        Decimal("64260.0"),
        Decimal("0.1"),
    )


def test_dragged_and_crossed_out_orders_become_commands(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    desk.window.market.chart.order_moved.emit("pd-1", Decimal("64190.0"))
    desk.window.market.ladder.order_cancel.emit("pd-1")
    assert desk.commands == [
        AmendOrder(symbol="BTCUSDT", client_order_id="pd-1", price=Decimal("64190.0")),
        CancelOrder(symbol="BTCUSDT", client_order_id="pd-1"),
    ]


# --- notices ------------------------------------------------------------------


def test_fills_of_one_order_are_one_notice_with_the_average(desk: Desk) -> None:
    desk.feed(FillRecorded(fill=scene.fill(1, price=Decimal(64000), quantity=Decimal("0.1"))))
    desk.feed(FillRecorded(fill=scene.fill(2, price=Decimal(64100), quantity=Decimal("0.1"))))
    assert toasts(desk) == ["Bought 0.200 BTC at 64,050.0"]


def test_fill_from_before_the_start_is_no_news(desk: Desk) -> None:
    desk.feed(FillRecorded(fill=scene.fill(1, time_ms=scene.NOW_MS - 60_000)))
    assert toasts(desk) == []


def test_rejected_order_tells_the_reason(desk: Desk) -> None:
    rejected = scene.order(
        status=OrderStatus.REJECTED, reason="Margin is insufficient.", updated_at=scene.NOW_MS
    )
    desk.feed(OrderChanged(order=rejected))
    assert toasts(desk) == ["Margin is insufficient."]


def test_unknown_order_is_told_once_and_the_notice_goes_when_it_is_settled(desk: Desk) -> None:
    unknown = scene.order(status=OrderStatus.UNKNOWN, reason="The answer was lost.")
    desk.feed(OrderChanged(order=unknown), OrderChanged(order=unknown))
    assert toasts(desk) == ["BTCUSDT BUY: The answer was lost."]
    desk.click("toast.action")
    assert desk.commands == [AskAgain(symbol="BTCUSDT", client_order_id="pd-1")]
    desk.feed(OrderChanged(order=scene.order()), OrderChanged(order=unknown))
    assert len(toasts(desk)) == 1
    desk.feed(OrderChanged(order=scene.order()))
    assert toasts(desk) == []


def test_the_same_sentence_told_twice_at_once_is_one_notice(desk: Desk) -> None:
    desk.window.toasts.show("Not now.")
    desk.window.toasts.show("Not now.")
    assert desk.find(QLabel, "toast.sentence").text() == "Not now."


def test_the_same_sentence_again_is_counted_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.widgets.toasts._ECHO_MS", -1)
    refused = CommandRefused(
        command=PlaceOrder(
            symbol="BTCUSDT", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(1)
        ),
        sentence="Not now.",
    )
    desk.feed(refused, refused)
    assert toasts(desk) == ["Not now."]
    assert desk.find(QLabel, "toast.sentence").text() == "Not now. (x2)"


def test_notice_can_be_closed(desk: Desk) -> None:
    desk.feed(CommandDone(command=SetLeverage(symbol="BTCUSDT", leverage=5), sentence="5x now."))
    desk.click("toast.close")
    assert toasts(desk) == []
    assert desk.window.market.ticket.leverage.leverage() == 5


def test_at_most_four_notices(desk: Desk) -> None:
    for number in range(6):
        desk.window.toasts.show(f"Notice {number}.")
    assert toasts(desk) == ["Notice 5.", "Notice 4.", "Notice 3.", "Notice 2."]


def test_crashed_thread_is_told_in_words(desk: Desk) -> None:
    desk.feed(ThreadCrashed(thread="ws-public", sentence="list index out of range"))
    assert "ws-public" in toasts(desk)[0]
    assert desk.window.account.models.alerts.rowCount() == 1


# --- kill switch ----------------------------------------------------------------


def test_kill_says_what_is_open_and_is_sent_after_one_confirmation(full_desk: Desk) -> None:
    full_desk.click("killSwitch")
    plan = full_desk.find(QLabel, "killSwitch.plan").text()
    assert "Cancel 11 orders in BTCUSDT, ETHUSDT." in plan
    assert "Close 2 at market, reduce-only: BTCUSDT, ETHUSDT." in plan
    assert full_desk.commands == []
    full_desk.click("killSwitch.confirm")
    assert full_desk.commands == [Kill()]


def test_kill_can_be_thought_better_of(full_desk: Desk) -> None:
    full_desk.click("killSwitch")
    full_desk.click("killSwitch.cancel")
    assert full_desk.commands == []


def test_kill_goes_out_even_when_nothing_is_known_to_be_open(desk: Desk) -> None:
    desk.click("killSwitch")
    assert "Nothing is known to be open" in desk.find(QLabel, "killSwitch.plan").text()
    desk.click("killSwitch.confirm")
    assert desk.commands == [Kill()]


def test_second_press_of_kill_opens_no_second_question(full_desk: Desk) -> None:
    full_desk.window.kill_switch.click()
    full_desk.window.kill_switch.click()
    assert len(full_desk.window.findChildren(QDialog, "killSwitch.dialog")) == 1
    full_desk.click("killSwitch.cancel")


def test_close_all_positions_asks_first_and_leaves_orders(full_desk: Desk) -> None:
    full_desk.click("positions.closeAll")
    assert full_desk.commands == []
    full_desk.click("positions.closeAll.confirm")
    assert full_desk.commands == [ClosePosition(symbol="BTCUSDT"), ClosePosition(symbol="ETHUSDT")]


# --- status, layout, closing ------------------------------------------------------


def test_candles_of_a_gap_are_asked_for_again(desk: Desk) -> None:
    first_time = EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=0.9)
    desk.feed(first_time)
    assert toasts(desk) == []  # a start is no gap
    desk.feed(EngineStateChanged(state=EngineState.RECOVERING, sentence="Closing a gap."))
    desk.all_commands.clear()
    desk.feed(EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=0.4))
    assert [type(command) for command in desk.all_commands] == [LoadCandles]
    assert toasts(desk) == ["All data is current again after 0.4 s."]


def test_long_sentences_never_widen_the_window(desk: Desk) -> None:
    desk.window.resize(MINIMUM_SIZE)
    desk.feed(*scene.streams(StreamState.DISCONNECTED))
    desk.feed(EngineStateChanged(state=EngineState.DEGRADED, sentence="Very long. " * 60))
    desk.qtbot.waitUntil(lambda: desk.window.size() == MINIMUM_SIZE)
    assert desk.window.minimumSizeHint().width() <= MINIMUM_SIZE.width()


def test_status_bar_tells_health_in_words(desk: Desk) -> None:
    desk.feed(
        scene.health(),
        EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=1.24),
    )
    status = desk.window.status
    assert status.rtt.text() == "12 ms p99 31"
    assert status.clock.text() == "+3 ms ±1"
    assert status.weight.text() == "34/2400"
    assert status.word.text() == "gap closed in 1.2 s"
    assert status.utc.text() == "15:44:11"


def test_funding_counts_down(desk: Desk) -> None:
    assert desk.window.header.funding.text() == "+0.0100% 03:12:44"
    desk.now_ms += 4_000
    desk.window._tick()
    assert desk.window.header.funding.text() == "+0.0100% 03:12:40"


def test_every_control_has_a_name_and_a_spoken_name(full_desk: Desk) -> None:
    full_desk.click("killSwitch")
    nameless = [
        (type(control).__name__, control.objectName(), control.accessibleName())
        for control in full_desk.window.findChildren(QAbstractButton)
        if not (control.objectName() and control.accessibleName())
        and not control.objectName().startswith("qt_")
        and not control.inherits("QTableCornerButton")
        and "Scroll" not in control.objectName()
    ]
    assert nameless == []
    full_desk.click("killSwitch.cancel")


def test_the_smallest_window_holds_everything(full_desk: Desk) -> None:
    full_desk.window.resize(MINIMUM_SIZE)
    full_desk.qtbot.waitUntil(lambda: full_desk.window.size() == MINIMUM_SIZE)
    inside = full_desk.window.rect()
    for name in ("killSwitch", "orderTicket.side.sell", "header.unrealizedPnl", "statusBar.utc"):
        widget = full_desk.find(QWidget, name)
        assert widget.isVisible()
        corner = widget.mapTo(full_desk.window, widget.rect().bottomRight())
        assert inside.contains(corner), name
        assert widget.visibleRegion().boundingRect().size() == widget.size(), name


def make_window(qtbot: QtBot, user_data: Path) -> MainWindow:
    window = MainWindow(
        environment="paper",
        kind=EnvironmentKind.PAPER,
        symbol="BTCUSDT",
        submit=lambda _command: None,
        user_data=user_data,
    )
    qtbot.addWidget(window)
    return window


def test_hidden_panel_stays_hidden_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    first = make_window(qtbot, tmp_path)
    first.show()
    tape = first.findChild(QDockWidget, "dock.tape")
    assert tape is not None
    tape.close()
    first.close()
    second = make_window(qtbot, tmp_path)
    second.show()
    again = second.findChild(QDockWidget, "dock.tape")
    assert again is not None
    assert again.isHidden()


def test_layout_can_be_reset(desk: Desk) -> None:
    desk.click("dock.tape.close")
    tape = desk.find(QDockWidget, "dock.tape")
    assert tape.isHidden()
    menu = desk.window.header.panels.menu()
    next(a for a in menu.actions() if a.objectName() == "header.panels.reset").trigger()
    assert not tape.isHidden()


def test_tables_show_more_rows_in_a_larger_window_until_a_person_chose_how_many(
    desk: Desk,
) -> None:
    window, tables = desk.window, desk.find(QDockWidget, "dock.blotter")

    def height_at(width: int, height: int) -> int:
        window.resize(width, height)
        QApplication.processEvents()
        return tables.height()

    usual = height_at(1440, 900)
    assert height_at(1280, 720) == usual
    assert height_at(2560, 1440) == usual + 5 * ROW_HEIGHT
    assert height_at(1440, 900) == usual
    window.resizeDocks([tables], [300], Qt.Orientation.Vertical)
    QApplication.processEvents()
    assert height_at(2560, 1440) == 300
    window.layouts.menu.findChild(QAction, "header.panels.reset").trigger()
    QApplication.processEvents()
    assert tables.height() == usual + 5 * ROW_HEIGHT


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 1, "state": "?"}', "\x00"])
def test_damaged_layout_file_is_no_obstacle(qtbot: QtBot, tmp_path: Path, text: str) -> None:
    file = tmp_path / "layout.json"
    file.write_text(text, encoding="utf-8")
    window = make_window(qtbot, tmp_path)
    tape = window.findChild(QDockWidget, "dock.tape")
    assert tape is not None
    assert not tape.isHidden()


def test_closing_asks_the_owner_and_waits(desk: Desk) -> None:
    spy = QSignalSpy(desk.window.close_requested)
    assert not desk.window.close()
    assert spy.count() == 1
    assert desk.window.isVisible()


# --- arming -----------------------------------------------------------------------


def test_live_holds_new_orders_back_until_armed(desk: Desk) -> None:
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    desk.click("orderTicket.side.buy")
    assert desk.commands == []
    assert toasts(desk) == ["LIVE is disarmed: nothing was sent."]
    desk.click("environment.arm")
    desk.click("orderTicket.side.sell")
    desk.click("orderGate.confirm")
    assert len(desk.commands) == 1


def test_disarmed_live_still_cancels_and_closes(full_desk: Desk) -> None:
    full_desk.window.set_environment("live", EnvironmentKind.LIVE)
    full_desk.click("killSwitch")
    full_desk.click("killSwitch.confirm")
    full_desk.click("orders.cancelAll")
    assert full_desk.commands == [Kill(), CancelOrders()]


def test_a_lost_stream_disarms_live(desk: Desk) -> None:
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    desk.click("environment.arm")
    desk.feed(*scene.streams(StreamState.DISCONNECTED))
    assert not desk.window.header.arm_switch.isChecked()
    assert toasts(desk) == ["No data on the public, market, private streams."]


def test_paper_needs_no_arming(desk: Desk) -> None:
    assert desk.find(QWidget, "environment.arm").isHidden()


# --- command palette --------------------------------------------------------------


def open_palette(desk: Desk) -> QLineEdit:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    field = desk.find(QLineEdit, "palette.input")
    desk.qtbot.waitUntil(field.isVisible)
    return field


def test_typed_order_is_said_in_words_and_sent_once(desk: Desk) -> None:
    field = open_palette(desk)
    desk.qtbot.keyClicks(field, "buy 0.1 btc 64000 post")
    assert "BUY 0.100 BTC at 64,000.0, post-only" in desk.find(QLabel, "palette.preview").text()
    assert desk.commands == []
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert len(desk.commands) == 1
    assert not field.isVisible()


def test_unclear_phrase_and_escape_send_nothing(desk: Desk) -> None:
    field = open_palette(desk)
    desk.qtbot.keyClicks(field, "buy much")
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.isVisible()
    desk.qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert desk.commands == []


def test_symbol_typed_into_the_palette_is_shown(desk: Desk) -> None:
    field = open_palette(desk)
    desk.qtbot.keyClicks(field, "sol")
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert desk.window.market.symbol == "SOLUSDT"


def test_a_narrow_tape_shows_prices_and_sizes_alone(desk: Desk) -> None:
    tape = desk.window.market.tape
    assert tape._has_room_for_time()
    tape.resize(tape.minimumSizeHint())
    assert not tape._has_room_for_time()
    assert tape.grab().width() == tape.minimumSizeHint().width()


@pytest.mark.parametrize(
    ("room", "size", "is_whole"),
    [
        ((1920, 1040), (1440, 900), False),
        ((1366, 728), (1366, 728), True),
        ((1280, 720), (1280, 720), True),
        ((800, 800), (1440, 900), False),  # nothing fits there
    ],
)
def test_the_first_window_is_not_larger_than_its_screen(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    room: tuple[int, int],
    size: tuple[int, int],
    *,
    is_whole: bool,
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    monkeypatch.setattr(QScreen, "availableSize", lambda _screen: QSize(*room))
    put_first_size(window, DEFAULT_SIZE, MINIMUM_SIZE)
    assert window.size() == QSize(*size)
    assert window.isMaximized() is is_whole


def test_a_first_window_of_the_smallest_size_shows_five_rows(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("desktop.main_window.DEFAULT_SIZE", MINIMUM_SIZE)
    window = make_window(qtbot, tmp_path)
    window.show()
    QApplication.processEvents()
    assert window.size() == MINIMUM_SIZE
    assert window.account.blotter.height() > 5 * ROW_HEIGHT + 40
