"""Settings, keys and looks with real clicks and keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QWidget,
)

from desktop.chosen_config import with_chosen_limits
from desktop.models.keymap import ACTS
from desktop.theme import palette
from desktop.theme.apply_theme import Look, apply_theme
from desktop.theme.colours import DARK, LIGHT, PAIRS, look_of
from desktop.widgets.link_button import LinkButton
from desktop.widgets.order_ticket import OrderTicket
from desktop.widgets.settings_dialog import SettingsDialog
from engine.commands import PlaceOrder
from engine.config import default_config
from engine.events import CommandRefused, FillRecorded
from engine.protection_commands import CancelOrders, Flatten
from engine.trading_types import OrderType, Side
from tests.gui import scene
from tests.gui.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def _usual_look_again(qapp: QApplication) -> Iterator[None]:
    yield
    if palette.named() != DARK.named():
        apply_theme(qapp)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """In front, as keys want it."""
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    return desk


@pytest.fixture
def settings(desk: Desk) -> SettingsDialog:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_Comma, CTRL)
    dialog = desk.find(SettingsDialog, "settings")
    desk.qtbot.waitExposed(dialog)
    return dialog


def search(desk: Desk, dialog: SettingsDialog, text: str) -> list[str]:
    desk.type_into("settings.search", text)
    return [key for key, row in dialog.rows.items() if row.isVisible()]


def give_key(desk: Desk, name: str, key: Qt.Key, held: Qt.KeyboardModifier) -> None:
    edit = desk.find(QKeySequenceEdit, f"key.{name}.edit")
    edit.clear()
    desk.qtbot.keyClick(edit, key, held)
    edit.editingFinished.emit()  # else it waits a second for more keys


# --- the dialog ----------------------------------------------------------------


def test_every_setting_is_found_and_explained(desk: Desk, settings: SettingsDialog) -> None:
    assert search(desk, settings, "orders a second") == ["risk.orders_per_second"]
    assert search(desk, settings, "no such word") == []
    for row in settings.rows.values():
        assert "Default:" in row.field.accessibleDescription()


def test_a_limit_is_kept_for_the_next_start(desk: Desk, settings: SettingsDialog) -> None:
    search(desk, settings, "largest order")
    desk.type_into("setting.risk.max_order_usdt", "2500")
    desk.qtbot.keyClick(desk.find(QLineEdit, "setting.risk.max_order_usdt"), Qt.Key.Key_Return)
    row = settings.rows["risk.max_order_usdt"]
    assert desk.window.preferences.value_of(row.setting) == 2500.0
    assert "next start" in row.field.accessibleDescription()
    desk.click("setting.risk.max_order_usdt.reset")
    assert desk.window.preferences.value_of(row.setting) == 0.0


def test_a_limit_by_symbol_is_typed_as_words(desk: Desk, settings: SettingsDialog) -> None:
    search(desk, settings, "largest order by symbol")
    key = "risk.max_order_qty"
    row = settings.rows[key]
    for text, problem in (
        ("BTCUSDT", "must name each symbol"),
        ("BTC/USDT 1", "is no symbol"),
        ("BTCUSDT 0", "above 0"),
    ):
        desk.type_into(f"setting.{key}", text)
        assert problem in row.problem()
    desk.type_into(f"setting.{key}", "btcusdt 0.5, ETHUSDT: 10")
    desk.qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert row.field.text() == "BTCUSDT 0.5, ETHUSDT 10"
    limited = with_chosen_limits(default_config(), desk.window.preferences)
    assert limited[key] == {"BTCUSDT": 0.5, "ETHUSDT": 10.0}
    desk.type_into(f"setting.{key}", "none")
    desk.qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert desk.window.preferences.value_of(row.setting) == {}


def test_link_menus_follow_the_theme(desk: Desk, settings: SettingsDialog) -> None:
    button = LinkButton("link", "this panel", desk.window)
    before = button.menu().actions()[0].icon().pixmap(16).toImage()
    search(desk, settings, "theme")
    desk.find(QComboBox, "setting.appearance.theme").setCurrentText("light")
    assert button.menu().actions()[0].icon().pixmap(16).toImage() != before


def test_a_value_out_of_range_is_not_taken(desk: Desk, settings: SettingsDialog) -> None:
    search(desk, settings, "open orders")
    desk.type_into("setting.risk.max_open_orders", "20000")
    row = settings.rows["risk.max_open_orders"]
    assert row.problem() == "Open orders must be from 0 to 10,000."
    desk.qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert not desk.window.preferences.is_chosen("risk.max_open_orders")


def test_ask_first_is_one_choice_in_ticket_and_settings(
    desk: Desk, settings: SettingsDialog
) -> None:
    desk.click("setting.askFirst.paper")
    assert desk.window.market.ticket.ask.isChecked()
    desk.window.market.ticket.ask.click()
    assert not desk.window.preferences.get("askFirst.paper", True)
    desk.click("setting.askFirst.paper.reset")
    assert not desk.window.market.ticket.ask.isChecked()


def test_size_unit_and_ladder_step_follow_at_once(desk: Desk, settings: SettingsDialog) -> None:
    desk.window.preferences.put("ticket.sizeUnit", "quote")
    assert desk.window.market.ticket.unit.currentIndex() == 1
    desk.window.preferences.put("ladder.grouping", "10")
    assert not desk.window.market.ladder._model.is_automatic
    assert settings.rows["ladder.grouping"].reset.isEnabled()


def test_settings_go_to_another_computer_and_come_back(
    desk: Desk, settings: SettingsDialog, tmp_path: Path
) -> None:
    file = tmp_path / "a folder" / "settings.json"
    settings.ask_save = settings.ask_open = lambda: str(file)
    desk.window.preferences.put("appearance.pair", PAIRS[1])
    desk.click("settings.export")
    assert "It holds no key of the exchange" in desk.find(QLabel, "settings.told").text()
    desk.window.preferences.forget("appearance.pair")
    desk.click("settings.import")
    assert desk.window.preferences.get("appearance.pair", "") == PAIRS[1]
    file.write_text(json.dumps({"kind": "other"}), encoding="utf-8")
    desk.click("settings.import")
    assert "holds no settings" in desk.find(QLabel, "settings.told").text()


# --- looks -----------------------------------------------------------------------


def test_the_theme_changes_at_once_everywhere(full_desk: Desk) -> None:
    window = full_desk.window
    window.preferences.put("appearance.theme", "light")
    picture = window.grab().toImage()
    chart = window.market.chart
    corner = chart.mapTo(window, chart.rect().bottomLeft()) + chart.rect().topLeft()
    assert picture.pixelColor(corner.x() + 4, corner.y() - 40).lightness() > 200
    assert window.market.ladder.grab().toImage().pixelColor(4, 120) == QColor(LIGHT.BACKGROUND)
    table = window.account.blotter.positions
    assert table.source().index(0, 1).data(Qt.ItemDataRole.ForegroundRole) == QColor(LIGHT.BUY)
    window.preferences.put("appearance.pair", PAIRS[1])
    safe = look_of("light", PAIRS[1])
    assert table.source().index(0, 1).data(Qt.ItemDataRole.ForegroundRole) == QColor(safe.BUY)


# --- keys --------------------------------------------------------------------------


def test_every_act_has_a_key_that_is_bound(desk: Desk) -> None:
    for act in ACTS:
        shortcut = desk.window.window_keys._shortcuts[act.name]
        assert shortcut.key() == QKeySequence(act.key)


def test_cancels_and_flatten_by_key(desk: Desk) -> None:
    qtbot, window = desk.qtbot, desk.window
    qtbot.keyClick(window, Qt.Key.Key_X, ALT)
    qtbot.keyClick(window, Qt.Key.Key_X, ALT | SHIFT)
    qtbot.keyClick(window, Qt.Key.Key_X, CTRL | SHIFT)
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL | SHIFT)
    assert desk.commands == [
        CancelOrders(symbol="BTCUSDT", side=Side.BUY),
        CancelOrders(symbol="BTCUSDT", side=Side.SELL),
        CancelOrders(),
        Flatten(symbol="BTCUSDT"),
    ]


@pytest.mark.parametrize(
    ("key", "held", "side", "price"),
    [
        (Qt.Key.Key_B, ALT, Side.BUY, "64250.0"),
        (Qt.Key.Key_B, ALT | SHIFT, Side.BUY, "64250.1"),
        (Qt.Key.Key_S, ALT, Side.SELL, "64250.1"),
        (Qt.Key.Key_S, ALT | SHIFT, Side.SELL, "64250.0"),
    ],
)
def test_one_key_trades_at_the_best_price(
    desk: Desk, key: Qt.Key, held: Qt.KeyboardModifier, side: Side, price: str
) -> None:
    desk.type_into("orderTicket.quantity", "0.010")
    desk.qtbot.keyClick(desk.window, key, held)
    (order,) = desk.commands
    assert isinstance(order, PlaceOrder)
    assert (order.side, order.type, order.price) == (side, OrderType.LIMIT, Decimal(price))
    desk.qtbot.keyClick(desk.window, key, held)
    assert len(desk.commands) == 1  # a second press at once is a slip


def test_symbols_and_fields_by_key(desk: Desk) -> None:
    qtbot, window = desk.qtbot, desk.window
    qtbot.keyClick(window, Qt.Key.Key_PageDown, CTRL)
    assert window.market.symbol == "ETHUSDT"
    qtbot.keyClick(window, Qt.Key.Key_PageUp, CTRL)
    assert window.market.symbol == "BTCUSDT"
    qtbot.keyClick(window, Qt.Key.Key_Q, ALT)
    assert window.market.ticket.quantity.hasFocus()
    docks = window.findChildren(QDockWidget)
    watch = next(dock for dock in docks if dock.isAncestorOf(window.market.watch_panel))
    watch.close()
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL)
    assert window.market.watch_panel.search.hasFocus()


def test_a_bare_key_rests_while_a_field_is_typed_into(desk: Desk) -> None:
    window = desk.window
    assert window.keymap.choose("orders.cancelAll", "X") == ""
    window.activateWindow()
    window.market.watch_panel.search.setFocus()
    desk.qtbot.keyClicks(window.market.watch_panel.search, "xrp")
    assert (window.market.watch_panel.search.text(), desk.commands) == ("xrp", [])
    window.market.chart.setFocus()
    desk.qtbot.keyClick(window.market.chart, Qt.Key.Key_X)
    assert desk.commands == [CancelOrders()]


def test_a_key_of_two_acts_is_shown_and_does_nothing(desk: Desk, settings: SettingsDialog) -> None:
    search(desk, settings, "cancel bids")
    give_key(desk, "orders.cancelBids", Qt.Key.Key_F, CTRL | SHIFT)
    problem = desk.find(QLabel, "key.orders.cancelBids.problem").text()
    assert problem.startswith("Also the key of: Cancel and close everything")
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F, CTRL | SHIFT)
    assert desk.commands == []
    assert "nothing was done" in desk.window.toasts.sentences()[0]
    desk.click("keys.reset")
    assert desk.find(QLabel, "key.orders.cancelBids.problem").text() == ""


def test_a_key_for_moving_is_not_given_away(desk: Desk, settings: SettingsDialog) -> None:
    settings.keys.choose("orders.cancelAll", "Space")
    assert "needed for moving" in settings.keys.rows["orders.cancelAll"].problem.text()
    assert desk.window.keymap.key_of("orders.cancelAll") == "Ctrl+Shift+X"
    desk.window.dialogs.show_help()
    assert "Ctrl+Shift+X" in desk.find(QWidget, "help.keys").toPlainText()  # type: ignore[attr-defined]
    settings.keys.choose("orders.cancelAll", "")
    desk.window.dialogs.show_help()
    assert "Ctrl+Shift+X" not in desk.find(QWidget, "help.keys").toPlainText()  # type: ignore[attr-defined]


# --- sounds ---------------------------------------------------------------------------


def test_each_sound_can_be_muted(desk: Desk) -> None:
    heard: list[str] = []
    desk.window.sound_wanted.connect(heard.append)
    desk.feed(FillRecorded(fill=scene.fill(1)), FillRecorded(fill=scene.fill(2)))
    assert heard == ["fill"]  # a sweep is one sound
    desk.now_ms += 1000
    desk.window.preferences.put("sounds.fill", False)
    desk.feed(FillRecorded(fill=scene.fill(3, time_ms=desk.now_ms)))
    refused = CommandRefused(command=CancelOrders(), sentence="No.")
    desk.feed(refused)
    desk.now_ms += 1000
    desk.window.preferences.put("sounds.mute", True)
    desk.feed(refused)
    assert heard == ["fill", "refusal"]


def test_tab_goes_through_the_dialog(desk: Desk, settings: SettingsDialog) -> None:
    settings.search.setFocus()
    QTest.keyClick(settings, Qt.Key.Key_Tab)
    assert settings.focusWidget() is not settings.search


# --- command palette ----------------------------------------------------------------


def test_the_palette_completes_and_says_what_would_be_sent(full_desk: Desk) -> None:
    window, qtbot = full_desk.window, full_desk.qtbot
    window.palette_box.open()
    field = full_desk.find(QLineEdit, "palette.input")
    qtbot.keyClicks(field, "fl")
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    qtbot.keyClicks(field, "bt")
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "flatten btc "
    said = full_desk.find(QLabel, "palette.preview").text()
    assert "Flatten BTCUSDT: cancel its orders and close it at market" in said
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert full_desk.commands == [Flatten(symbol="BTCUSDT")]
    assert not window.palette_box.isVisible()


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900)])
def test_with_large_letters_the_ticket_stays_whole_and_prices_too(
    desk: Desk, size: tuple[int, int], qapp: QApplication
) -> None:
    window = desk.window
    window.resize(*size)
    QApplication.processEvents()
    before = window.market.ticket.width()
    watch = window.market.watch_panel.table
    price = watch.source().column_named("Last")
    narrow = watch.columnWidth(price)
    apply_theme(qapp, Look(font_px=14))
    try:
        desk.qtbot.waitUntil(lambda: window.market.ticket.width() > before)
        desk.qtbot.waitUntil(lambda: rightmost(window.market.ticket) < window.width())
        assert watch.columnWidth(price) > narrow
        assert watch.viewport().width() >= watch.horizontalHeader().length()
    finally:
        apply_theme(qapp)


def rightmost(ticket: OrderTicket) -> int:
    parts = (ticket.leverage, ticket.price, ticket.unit, ticket.time_in_force, ticket.plan)
    return max(part.mapTo(ticket.window(), part.rect().topRight()).x() for part in parts)
