"""The ticket in the real window: typing and clicking, and what leaves it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QTabBar, QWidget

from desktop.theme import palette
from desktop.widgets.decimal_field import DecimalField
from engine.commands import PlaceOrder, SetLeverage
from engine.events import (
    BalanceChanged,
    CommandRefused,
    LeverageChanged,
    PositionChanged,
    StreamStateChanged,
)
from engine.trading_types import (
    EnvironmentKind,
    OrderType,
    Route,
    Side,
    StreamState,
    TimeInForce,
)
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.hands import quick_hand

BUY, SELL = "orderTicket.side.buy", "orderTicket.side.sell"


def is_enabled(desk: Desk, name: str) -> bool:
    return desk.find(QPushButton, name).isEnabled()


def sentence(desk: Desk) -> str:
    return desk.window.market.ticket.problems.sentence()


def test_buy_sends_exactly_what_was_typed(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    desk.click(BUY)
    assert desk.commands == [
        PlaceOrder(
            request_id="ticket-1",
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            quantity=Decimal("0.120"),
            price=Decimal("64246.0"),
            time_in_force=TimeInForce.GTC,
        )
    ]


def test_what_was_typed_before_the_rules_had_come_stays(empty_desk: Desk) -> None:
    empty_desk.click("orderTicket.quantity")
    empty_desk.type_into("orderTicket.quantity", "0.01")
    empty_desk.window.set_instruments(scene.INSTRUMENTS)
    assert empty_desk.find(DecimalField, "orderTicket.quantity").text() == "0.01"


def test_what_was_typed_for_a_contract_that_is_not_here_goes(empty_desk: Desk) -> None:
    empty_desk.type_into("orderTicket.quantity", "0.01")
    others = {name: rules for name, rules in scene.INSTRUMENTS.items() if name != "BTCUSDT"}
    empty_desk.window.set_instruments(others)
    assert empty_desk.find(DecimalField, "orderTicket.quantity").text() == ""


def test_sell_reduce_only_and_post_only_are_sent(desk: Desk) -> None:
    desk.feed(PositionChanged(position=scene.position()))
    desk.type_into("orderTicket.price", "64300")
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click("orderTicket.postOnly")
    desk.click("orderTicket.reduceOnly")
    desk.click(SELL)
    (sent,) = desk.commands
    assert isinstance(sent, PlaceOrder)
    assert (sent.side, sent.time_in_force, sent.reduce_only) == (Side.SELL, TimeInForce.GTX, True)


def test_market_order_has_no_price(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    tabs = desk.find(QTabBar, "orderTicket.type")
    desk.qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(1).center())
    desk.type_into("orderTicket.quantity", "0.05")
    desk.click(BUY)
    (sent,) = desk.commands
    assert isinstance(sent, PlaceOrder)
    assert (sent.type, sent.price) == (OrderType.MARKET, None)


def test_letters_are_not_taken_into_a_number_field(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "6a4b2c5d0")
    assert desk.find(DecimalField, "orderTicket.price").text() == "64250"


def test_a_comma_that_may_mean_two_things_is_no_number(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246")
    desk.type_into("orderTicket.quantity", "0,5")
    assert not is_enabled(desk, BUY)
    assert sentence(desk) == "Enter a quantity."


def test_off_tick_price_offers_a_fix_and_one_click_applies_it(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64250.13")
    desk.type_into("orderTicket.quantity", "0.1")
    assert sentence(desk).startswith("Price must be a multiple of 0.1")
    assert not is_enabled(desk, BUY)
    assert desk.find(DecimalField, "orderTicket.price").is_wrong()
    desk.click("orderTicket.problem.fix")
    assert desk.find(DecimalField, "orderTicket.price").text() == "64250.1"
    assert is_enabled(desk, BUY)
    assert desk.find(QPushButton, "orderTicket.problem.fix").isHidden()


def test_zero_quantity_is_disabled_with_a_reason(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64250")
    desk.type_into("orderTicket.quantity", "0")
    assert not is_enabled(desk, BUY)
    assert not is_enabled(desk, SELL)
    assert "above zero" in sentence(desk)
    assert "above zero" in desk.find(QPushButton, BUY).toolTip()
    desk.click(BUY)
    assert desk.commands == []


def test_too_small_a_value_offers_the_smallest_quantity(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64250")
    desk.type_into("orderTicket.quantity", "0.001")
    assert "at least 100" in sentence(desk)
    desk.click("orderTicket.problem.fix")
    assert desk.find(DecimalField, "orderTicket.quantity").text() == "0.002"


def test_a_problem_of_one_side_leaves_the_other_free(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "70000")  # more than 5 % above the mark
    desk.type_into("orderTicket.quantity", "0.1")
    assert not is_enabled(desk, BUY)
    assert is_enabled(desk, SELL)
    assert "A buy may be at most" in sentence(desk)


def test_post_only_that_would_trade_is_stopped(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64250.1")
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click("orderTicket.postOnly")
    assert not is_enabled(desk, BUY)
    assert is_enabled(desk, SELL)
    assert "Post-only" in sentence(desk)


def test_double_click_makes_one_order(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    button = desk.find(QPushButton, BUY)
    with quick_hand():
        desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        desk.qtbot.mouseDClick(button, Qt.MouseButton.LeftButton)
        desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(desk.commands) == 1
    assert "ignored" in sentence(desk)


@pytest.mark.parametrize(
    ("key", "after"), [(Qt.Key.Key_Up, "64246.1"), (Qt.Key.Key_Down, "64245.9")]
)
def test_arrow_keys_step_by_the_tick(desk: Desk, key: Qt.Key, after: str) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.qtbot.keyClick(desk.find(QWidget, "orderTicket.price"), key)
    assert desk.find(DecimalField, "orderTicket.price").text() == after


def test_stepping_down_from_between_two_ticks_stops_at_the_lower_one(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.07")
    desk.qtbot.keyClick(desk.find(QWidget, "orderTicket.price"), Qt.Key.Key_Down)
    assert desk.find(DecimalField, "orderTicket.price").text() == "64246.0"


def test_wheel_over_a_field_without_focus_changes_nothing(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    field = desk.find(DecimalField, "orderTicket.price")
    field.clearFocus()
    middle = QPointF(field.rect().center())
    event = QWheelEvent(
        middle,
        middle,
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, event)
    assert field.text() == "64246.0"


def test_best_price_of_a_market_order_makes_it_a_limit_order(desk: Desk) -> None:
    desk.window.market.ticket.type.setCurrentIndex(1)
    desk.click("orderTicket.best.ask")
    assert desk.window.market.ticket.draft().order_type is OrderType.LIMIT


def test_best_bid_fills_the_price(desk: Desk) -> None:
    desk.click("orderTicket.best.bid")
    assert desk.find(DecimalField, "orderTicket.price").number() == Decimal("64250.0")


def test_share_of_the_account_counts_leverage_and_fee(desk: Desk) -> None:
    desk.feed(
        BalanceChanged(balance=scene.balance(available="1000")),
        LeverageChanged(symbol="BTCUSDT", leverage=10, event_ms=1),
    )
    desk.type_into("orderTicket.price", "64000")
    desk.click("orderTicket.share.50")
    # 500 USDT x 10 / 1.005 (fee of 10 x 0.05 %) = 4975.12; / 64,000 = 0.0777
    assert desk.find(DecimalField, "orderTicket.quantity").text() == "0.077"


def test_leverage_menu_asks_and_shows_nothing_before_the_answer(desk: Desk) -> None:
    button = desk.window.market.ticket.leverage
    menu = button.menu()
    next(a for a in menu.actions() if a.text() == "25x").trigger()
    assert desk.commands == [SetLeverage(symbol="BTCUSDT", leverage=25)]
    assert button.leverage() == 0
    desk.feed(LeverageChanged(symbol="BTCUSDT", leverage=25, event_ms=1))
    assert button.text() == "25x"


def test_stale_book_greys_the_best_prices_and_holds_market_orders_back(desk: Desk) -> None:
    desk.feed(StreamStateChanged(route=Route.PUBLIC, state=StreamState.STALE, sentence="."))
    assert not is_enabled(desk, "orderTicket.best.bid")
    desk.window.market.ticket.type.setCurrentIndex(1)
    desk.type_into("orderTicket.quantity", "0.1")
    assert not is_enabled(desk, BUY)
    assert "blind" in sentence(desk)
    desk.feed(PositionChanged(position=scene.position()))
    desk.click("orderTicket.reduceOnly")  # getting out must work
    assert is_enabled(desk, SELL)


def test_reduce_only_leaves_only_the_side_that_reduces(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64300")
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click("orderTicket.reduceOnly")
    assert "no position to reduce" in sentence(desk)
    assert not is_enabled(desk, SELL)
    desk.feed(PositionChanged(position=scene.position()))  # long
    assert "only a sell" in sentence(desk)
    assert (is_enabled(desk, BUY), is_enabled(desk, SELL)) == (False, True)


def test_unsynced_book_counts_as_stale_though_the_stream_lives(desk: Desk) -> None:
    desk.feed(scene.book(is_synced=False))
    assert not is_enabled(desk, "orderTicket.best.ask")
    desk.feed(scene.book())
    assert is_enabled(desk, "orderTicket.best.ask")


def test_refused_order_shows_its_sentence_and_fix_in_the_ticket(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    desk.click(BUY)
    desk.feed(
        CommandRefused(
            command=desk.commands[0],
            sentence="Margin is insufficient.",
            field="quantity",
            fix="0.050",
        )
    )
    assert sentence(desk) == "Margin is insufficient."
    assert "Margin is insufficient." in desk.window.toasts.sentences()
    desk.click("orderTicket.problem.fix")
    assert desk.find(DecimalField, "orderTicket.quantity").text() == "0.050"
    assert len(desk.commands) == 1  # a fix never sends by itself


def test_before_the_rules_are_known_nothing_can_be_sent(empty_desk: Desk) -> None:
    empty_desk.type_into("orderTicket.price", "1")
    empty_desk.type_into("orderTicket.quantity", "1")
    assert not is_enabled(empty_desk, BUY)
    assert "Waiting" in sentence(empty_desk)


def test_another_symbol_empties_price_and_quantity(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    desk.window.market.show_symbol("ETHUSDT")
    assert desk.find(DecimalField, "orderTicket.price").text() == ""
    assert desk.find(DecimalField, "orderTicket.quantity").text() == ""


def test_over_a_stale_book_the_buttons_lose_their_colour_and_say_why(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    button = desk.find(QPushButton, BUY)
    bright = middle_colour(button)
    assert bright == palette.BUY_BUTTON
    public = StreamStateChanged(route=Route.PUBLIC, state=StreamState.STALE, sentence=".")
    desk.feed(public)
    assert middle_colour(button) == palette.PANEL
    assert "Prices are stale" in button.toolTip()
    assert button.isEnabled()  # a typed price is the person's own
    desk.feed(scene.streams()[0])
    assert middle_colour(button) == bright
    assert button.toolTip() == ""


def test_without_the_account_stream_only_what_reduces_goes_out(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")
    private = StreamStateChanged(route=Route.PRIVATE, state=StreamState.STALE, sentence=".")
    desk.feed(PositionChanged(position=scene.position()), private)
    assert not is_enabled(desk, BUY)
    assert "account stream is not live" in sentence(desk)
    assert "account stream is not live" in desk.find(QPushButton, BUY).toolTip()
    desk.click("orderTicket.reduceOnly")
    assert is_enabled(desk, SELL)


def test_from_a_recording_nothing_can_be_sent(full_desk: Desk) -> None:
    full_desk.type_into("orderTicket.price", "64246.0")
    full_desk.type_into("orderTicket.quantity", "0.120")
    full_desk.window.set_environment("recording", EnvironmentKind.RECORDING)
    full_desk.feed(scene.health())
    for name in (BUY, SELL, "orderTicket.plan", "killSwitch", "orders.cancelAll"):
        assert not is_enabled(full_desk, name), name
    assert not is_enabled(full_desk, "positions.closeAll")
    assert sentence(full_desk) == "A recording is played: nothing can be sent."
    assert full_desk.find(QPushButton, BUY).toolTip() == sentence(full_desk)
    full_desk.click(BUY)
    full_desk.click("killSwitch")
    assert full_desk.commands == []


def middle_colour(button: QPushButton) -> str:
    """Beside its words, on the panel it stands on."""
    QApplication.processEvents()
    at = button.mapTo(button.window(), QPoint(8, button.height() // 2))
    return button.window().grab(QRect(at, QSize(1, 1))).toImage().pixelColor(0, 0).name()


def test_the_fields_and_the_buttons_keep_their_places_when_the_kind_of_order_changes(
    desk: Desk,
) -> None:
    ticket = desk.window.market.ticket
    buy, fields = desk.find(QWidget, BUY), desk.find(QScrollArea, "orderTicket.fields")
    for size in ((1280, 720), (1440, 900), (2560, 1440)):
        desk.window.resize(*size)
        QApplication.processEvents()
        before = (buy.geometry(), ticket.leverage.geometry())
        for tab in (2, 0):
            ticket.type.setCurrentIndex(tab)
            QApplication.processEvents()
            assert (buy.geometry(), ticket.leverage.geometry()) == before
            assert fields.verticalScrollBar().maximum() == 0, "all of it is seen"
        lowest = ticket.time_in_force.mapTo(ticket, QPoint(0, ticket.time_in_force.height())).y()
        assert ticket.problems.y() - lowest < 100, "no hole in the middle"


def test_a_market_order_shows_no_price_and_brings_the_typed_one_back(desk: Desk) -> None:
    price = desk.find(DecimalField, "orderTicket.price")
    desk.type_into("orderTicket.price", "64246.0")
    desk.window.market.ticket.type.setCurrentIndex(1)
    assert not price.isEnabled()
    assert price.displayText() == ""
    desk.window.market.ticket.type.setCurrentIndex(0)
    assert price.text() == price.displayText() == "64246.0"
    assert price.isEnabled()
