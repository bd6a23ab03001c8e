"""Every kind of order, size and exit in the real ticket: what is typed is what leaves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPushButton, QTabBar, QToolButton, QWidget

from desktop.widgets.decimal_field import DecimalField
from engine.commands import PlaceOrder
from engine.events import BalanceChanged, CommandDone, CommandRefused, PositionChanged
from engine.events.protection import HedgeModeChanged
from engine.protection_commands import PlaceAlgo, PlaceBracket, SetMarginType
from engine.trading_types import (
    MarginType,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from tests.gui import scene
from tests.gui.conftest import Desk

BUY, SELL = "orderTicket.side.buy", "orderTicket.side.sell"
D = Decimal


def tab(desk: Desk, number: int) -> None:
    bar = desk.find(QTabBar, "orderTicket.type")
    desk.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(number).center())


def choose(desk: Desk, name: str, text: str) -> None:
    box = desk.find(QComboBox, name)
    box.setCurrentIndex(box.findText(text))


def sentence(desk: Desk) -> str:
    return desk.window.market.ticket.problems.sentence()


def summary(desk: Desk, caption: str) -> str:
    return desk.window.market.ticket.summary.text(caption)


def can(desk: Desk, name: str) -> bool:
    return desk.find(QPushButton, name).isEnabled()


def sent(desk: Desk, kind: type) -> object:
    (command,) = desk.commands
    assert isinstance(command, kind)
    return command


# --- conditional orders -----------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "order_type", "trigger", "side"),
    [
        ("Stop market", OrderType.STOP_MARKET, "64300", BUY),
        ("Stop limit", OrderType.STOP, "64300", BUY),
        ("Take-profit market", OrderType.TAKE_PROFIT_MARKET, "64100", BUY),
        ("Take-profit limit", OrderType.TAKE_PROFIT, "64300", SELL),
    ],
)
def test_each_conditional_type_leaves_as_it_was_typed(
    desk: Desk, words: str, order_type: OrderType, trigger: str, side: str
) -> None:
    tab(desk, 2)
    choose(desk, "orderTicket.triggerType", words)
    choose(desk, "orderTicket.workingType", "Mark")
    desk.type_into("orderTicket.trigger", trigger)
    has_price = order_type in (OrderType.STOP, OrderType.TAKE_PROFIT)
    assert desk.find(DecimalField, "orderTicket.price").isEnabled() is has_price
    if has_price:
        desk.type_into("orderTicket.price", "64310.5")
    desk.type_into("orderTicket.quantity", "0.12")
    desk.click(side)
    algo = sent(desk, PlaceAlgo)
    assert algo == PlaceAlgo(
        request_id="ticket-1",
        symbol="BTCUSDT",
        side=Side.BUY if side == BUY else Side.SELL,
        type=order_type,
        quantity=D("0.12"),
        trigger_price=D(trigger),
        price=D("64310.5") if has_price else None,
        working_type=WorkingType.MARK_PRICE,
    )


def test_trailing_stop_has_a_callback_and_may_do_without_activation(desk: Desk) -> None:
    tab(desk, 2)
    choose(desk, "orderTicket.triggerType", "Trailing stop")
    assert sentence(desk) == "Enter a callback rate in %."
    desk.type_into("orderTicket.callback", "0.05")
    desk.type_into("orderTicket.quantity", "0.1")
    assert "from 0.1 to 20 %" in sentence(desk)
    desk.click("orderTicket.problem.fix")
    desk.type_into("orderTicket.trigger", "64300")
    assert not can(desk, BUY)  # a buy follows from below
    desk.click(SELL)
    algo = sent(desk, PlaceAlgo)
    assert algo.callback_pct == D("0.1")
    assert algo.activate_price == D(64300)
    assert (algo.trigger_price, algo.price) == (None, None)


def test_a_trigger_that_would_fire_at_once_holds_that_side_alone(desk: Desk) -> None:
    tab(desk, 2)
    desk.type_into("orderTicket.trigger", "64300")
    desk.type_into("orderTicket.quantity", "0.1")
    assert can(desk, BUY)
    assert not can(desk, SELL)
    assert sentence(desk) == "This trigger is a buy's: only BUY can be sent."


def test_off_tick_trigger_is_mended_by_one_click(desk: Desk) -> None:
    tab(desk, 2)
    desk.type_into("orderTicket.trigger", "64300.13")
    desk.type_into("orderTicket.quantity", "0.1")
    assert desk.find(DecimalField, "orderTicket.trigger").is_wrong()
    desk.click("orderTicket.problem.fix")
    assert desk.find(DecimalField, "orderTicket.trigger").text() == "64300.1"


def test_a_refused_conditional_order_offers_the_venues_fix(desk: Desk) -> None:
    tab(desk, 2)
    desk.type_into("orderTicket.trigger", "64300")
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click(BUY)
    refused = CommandRefused(
        command=desk.commands[0], sentence="Too near.", field="trigger_price", fix="64350"
    )
    desk.feed(refused)
    assert sentence(desk) == "Too near."
    desk.click("orderTicket.problem.fix")
    assert desk.find(DecimalField, "orderTicket.trigger").text() == "64350.0"


# --- stop and target --------------------------------------------------------------


def test_tp_sl_makes_a_bracket(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246")
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click("orderTicket.exits")
    assert sentence(desk) == "Enter a stop or a target, or switch TP / SL off."
    desk.type_into("orderTicket.stop", "63900")
    desk.type_into("orderTicket.target", "65000")
    assert not can(desk, SELL)
    assert sentence(desk) == "These exits are a buy's: only BUY can be sent."
    desk.click(BUY)
    bracket = sent(desk, PlaceBracket)
    assert bracket == PlaceBracket(
        request_id="ticket-1",
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=D("0.1"),
        price=D(64246),
        stop_price=D(63900),
        target_price=D(65000),
    )


def test_a_stop_on_the_wrong_side_says_where_it_belongs(desk: Desk) -> None:
    tab(desk, 1)
    desk.type_into("orderTicket.quantity", "0.1")
    desk.click("orderTicket.exits")
    desk.type_into("orderTicket.stop", "64900")
    assert not can(desk, BUY)
    assert can(desk, SELL)
    assert sentence(desk) == "These exits are a sell's: only SELL can be sent."
    assert desk.find(QWidget, BUY).toolTip().startswith("A buy's stop must be below")
    desk.type_into("orderTicket.target", "65000")  # no side has both above
    assert sentence(desk).startswith("A buy's stop must be below")


def test_reduce_only_has_no_exits(desk: Desk) -> None:
    desk.click("orderTicket.exits")
    desk.click("orderTicket.reduceOnly")
    assert desk.find(QWidget, "orderTicket.stop").isHidden()
    assert not desk.find(QWidget, "orderTicket.exits").isEnabled()


# --- sizes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "amount", "quantity"),
    [("USDT", "6400", "0.1"), ("% equity", "64", "0.1"), ("Risk", "50", "0.1")],
)
def test_an_amount_of_another_unit_makes_the_quantity(
    desk: Desk, unit: str, amount: str, quantity: str
) -> None:
    desk.feed(BalanceChanged(balance=scene.balance(wallet="10000")))
    desk.type_into("orderTicket.price", "64000")
    desk.click("orderTicket.exits")
    desk.type_into("orderTicket.stop", "63500")
    choose(desk, "orderTicket.unit", unit)
    desk.type_into("orderTicket.quantity", amount)
    assert summary(desk, "Size") == "0.100 BTC"
    desk.click(BUY)
    assert sent(desk, PlaceBracket).quantity == D(quantity)


def test_risk_without_a_stop_says_what_is_missing(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64000")
    choose(desk, "orderTicket.unit", "Risk")
    desk.type_into("orderTicket.quantity", "50")
    assert sentence(desk).startswith("Risk needs a stop")
    assert not can(desk, BUY)


def test_presets_fill_the_size_by_click_and_by_key(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64000")
    desk.click("orderTicket.preset.3")
    assert desk.find(QComboBox, "orderTicket.unit").currentText() == "USDT"
    assert summary(desk, "Size") == "0.015 BTC"
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert summary(desk, "Size") == "0.078 BTC"


def test_a_preset_is_changed_by_a_right_click_and_is_of_its_symbol(desk: Desk) -> None:
    presets = desk.window.market.ticket.presets
    assert not presets.menu_of(0).actions()[0].isEnabled()
    desk.type_into("orderTicket.quantity", "0.25")
    presets.menu_of(0).actions()[0].trigger()
    button = desk.find(QPushButton, "orderTicket.preset.1")
    assert button.text() == "0.25"
    assert "0.25 of BTCUSDT" in button.toolTip()
    kept = desk.window.preferences.get("ticket.presets", [])
    assert kept[0] == {"amount": "0.25", "unit": "base", "symbol": "BTCUSDT"}
    desk.window.market.show_symbol("DOGEUSDT")
    assert not button.isEnabled()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert desk.find(DecimalField, "orderTicket.quantity").text() == ""


def test_max_fills_the_base_quantity(desk: Desk) -> None:
    desk.feed(BalanceChanged(balance=scene.balance(wallet="1000")))
    desk.type_into("orderTicket.price", "64000")
    choose(desk, "orderTicket.unit", "Risk")
    desk.click("orderTicket.share.100")
    assert desk.find(QComboBox, "orderTicket.unit").currentText() == "BTC"
    assert desk.find(DecimalField, "orderTicket.quantity").text() == "0.015"


# --- money ------------------------------------------------------------------------


def test_fee_and_liquidation_are_estimated_before_sending(desk: Desk) -> None:
    desk.feed(
        *scene.streams(),
        BalanceChanged(balance=scene.balance(wallet="1000")),
        scene.terms(),
    )
    desk.type_into("orderTicket.price", "64000")
    desk.type_into("orderTicket.quantity", "0.1")
    assert summary(desk, "Fee ≈") == "3.20"
    # (1000 - 6400) / (0.1 x 0.004 - 0.1)
    assert summary(desk, "Liq. buy ≈") == "54,216.9"
    assert summary(desk, "Liq. sell ≈") == "73,705.2"


def test_terms_of_another_symbol_are_not_taken(desk: Desk) -> None:
    desk.feed(scene.terms("ETHUSDT"))
    desk.type_into("orderTicket.price", "64000")
    desk.type_into("orderTicket.quantity", "0.1")
    assert summary(desk, "Fee ≈") == "–"


def test_margin_mode_shows_what_holds_and_asks_for_the_other(desk: Desk) -> None:
    desk.feed(scene.terms(margin_type=MarginType.ISOLATED))
    button = desk.find(QToolButton, "orderTicket.marginType")
    assert button.text() == "Isolated"
    actions = {a.objectName(): a for a in button.menu().actions()}
    actions["orderTicket.marginType.cross"].trigger()
    asked = SetMarginType(symbol="BTCUSDT", margin_type=MarginType.CROSSED)
    assert desk.commands == [asked]
    assert button.text() == "Isolated"
    desk.feed(CommandDone(command=asked, sentence="Cross now."))
    assert button.text() == "Cross"


def test_margin_mode_of_the_position_wins(desk: Desk) -> None:
    desk.feed(PositionChanged(position=scene.position(margin_type=MarginType.ISOLATED)))
    assert desk.find(QToolButton, "orderTicket.marginType").text() == "Isolated"


# --- hedge mode -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "is_reducing", "position_side"),
    [
        (BUY, False, PositionSide.LONG),
        (SELL, False, PositionSide.SHORT),
        (SELL, True, PositionSide.LONG),
        (BUY, True, PositionSide.SHORT),
    ],
)
def test_hedge_mode_names_the_position_and_never_says_reduce_only(
    desk: Desk, button: str, is_reducing: bool, position_side: PositionSide
) -> None:
    desk.feed(HedgeModeChanged(is_on=True))
    desk.type_into("orderTicket.price", "64246")
    desk.type_into("orderTicket.quantity", "0.1")
    if is_reducing:
        desk.click("orderTicket.reduceOnly")
    desk.click(button)
    order = sent(desk, PlaceOrder)
    assert (order.position_side, order.reduce_only) == (position_side, False)


def test_post_only_is_no_part_of_a_conditional_order(desk: Desk) -> None:
    desk.click("orderTicket.postOnly")
    tab(desk, 2)
    choose(desk, "orderTicket.triggerType", "Stop limit")
    desk.type_into("orderTicket.trigger", "64300")
    desk.type_into("orderTicket.price", "64310")
    desk.type_into("orderTicket.quantity", "0.1")
    choose(desk, "orderTicket.timeInForce", "IOC")
    desk.click(BUY)
    assert sent(desk, PlaceAlgo).time_in_force is TimeInForce.IOC
