"""Plans and the dead-man switch by hand: started, seen, stopped, and quiet about their own ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from desktop.widgets.plan_dialog import PlanDialog
from engine.commands import AmendOrder, PlaceOrder
from engine.events import CommandRefused, OrderChanged
from engine.events.protection import DeadManChanged, PlanChanged
from engine.protection_commands import (
    SetDeadMan,
    StartChase,
    StartScaled,
    StartTwap,
    StopPlan,
)
from engine.protection_views import DeadManView
from engine.trading_types import OrderStatus, OrderType, PlanState, Side
from tests.gui import scene
from tests.gui.conftest import Desk

D = Decimal
PLAN = "pd-0196f00000000000000000"


def plan(state: PlanState = PlanState.RUNNING, **changes: object) -> PlanChanged:
    return PlanChanged(plan=scene.plan(PLAN, state=state, **changes))


def type_into(desk: Desk, field: QWidget, text: str) -> None:
    desk.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.keyClicks(field, text)


@pytest.fixture
def dialog(desk: Desk) -> PlanDialog:
    """Opened from the ticket, which has a quantity typed."""
    desk.type_into("orderTicket.quantity", "0.120")
    desk.click("orderTicket.plan")
    return desk.find(PlanDialog, "plan.dialog")


@pytest.mark.parametrize(
    ("kind", "typed", "command"),
    [
        ("Chase", {}, StartChase(symbol="BTCUSDT", side=Side.BUY, quantity=D("0.120"))),
        (
            "Chase",
            {"first": "64260.0", "minutes": "2"},
            StartChase(
                symbol="BTCUSDT",
                side=Side.BUY,
                quantity=D("0.120"),
                limit_price=D("64260.0"),
                longest_s=120,
            ),
        ),
        (
            "Scaled",
            {"first": "64200.0", "last": "64100.0", "count": "4"},
            StartScaled(
                symbol="BTCUSDT",
                side=Side.BUY,
                quantity=D("0.120"),
                first_price=D("64200.0"),
                last_price=D("64100.0"),
                count=4,
            ),
        ),
        (
            "TWAP",
            {"count": "6", "minutes": "10"},
            StartTwap(
                symbol="BTCUSDT", side=Side.BUY, quantity=D("0.120"), count=6, duration_s=600
            ),
        ),
    ],
)
def test_a_plan_is_started_from_the_ticket(
    desk: Desk, dialog: PlanDialog, kind: str, typed: dict[str, str], command: object
) -> None:
    dialog.findChild(QComboBox, "plan.kind").setCurrentText(kind)
    for name, text in typed.items():
        type_into(desk, dialog.findChild(QLineEdit, f"plan.{name}"), text)
    desk.qtbot.mouseClick(dialog.buttons[Side.BUY], Qt.MouseButton.LeftButton)
    assert desk.commands == [command]


def test_a_plan_that_cannot_be_is_said_and_not_sent(desk: Desk, dialog: PlanDialog) -> None:
    dialog.kind.setCurrentText("Scaled")
    assert dialog.problems.sentence() == "Type the first and the last price."
    type_into(desk, dialog.first, "64200.05")
    type_into(desk, dialog.last, "64100.0")
    assert "multiple of 0.1" in dialog.problems.sentence()
    type_into(desk, dialog.first, "64200.0")
    type_into(desk, dialog.count, "1")
    assert "two orders at least" in dialog.problems.sentence()
    type_into(desk, dialog.quantity, "0")
    assert dialog.problems.sentence() == "Type a quantity."
    desk.qtbot.mouseClick(dialog.buttons[Side.SELL], Qt.MouseButton.LeftButton)
    desk.qtbot.mouseClick(dialog.findChild(QPushButton, "plan.cancel"), Qt.MouseButton.LeftButton)
    assert desk.commands == []


def test_in_hedge_mode_a_plan_names_its_position(desk: Desk) -> None:
    desk.window.market.ticket.set_hedge(True)
    desk.type_into("orderTicket.quantity", "0.120")
    desk.click("orderTicket.reduceOnly")
    desk.click("orderTicket.plan")
    dialog = desk.find(PlanDialog, "plan.dialog")
    desk.qtbot.mouseClick(dialog.buttons[Side.SELL], Qt.MouseButton.LeftButton)
    (sent,) = desk.commands
    assert (sent.position_side, sent.reduce_only) == ("LONG", False)


@pytest.mark.parametrize(
    ("phrase", "command"),
    [
        ("chase buy 0.1 btc", StartChase(symbol="BTCUSDT", side=Side.BUY, quantity=D("0.1"))),
        (
            "scale sell 0.5 65000 66000 5 ro",
            StartScaled(
                symbol="BTCUSDT",
                side=Side.SELL,
                quantity=D("0.5"),
                first_price=D(65000),
                last_price=D(66000),
                count=5,
                reduce_only=True,
            ),
        ),
        (
            "twap sell 2 eth 10 20m",
            StartTwap(symbol="ETHUSDT", side=Side.SELL, quantity=D(2), count=10, duration_s=1200),
        ),
        ("deadman btc 60", SetDeadMan(symbol="BTCUSDT", countdown_s=60)),
        ("deadman off", SetDeadMan(symbol="BTCUSDT", countdown_s=0)),
    ],
)
def test_a_plan_is_typed_and_said_in_words(desk: Desk, phrase: str, command: object) -> None:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    desk.type_into("palette.input", phrase)
    assert desk.window.palette_box._reading().is_ready
    desk.qtbot.keyClick(desk.find(QWidget, "palette.input"), Qt.Key.Key_Return)
    assert desk.commands == [command]


@pytest.mark.parametrize("phrase", ["chase 0.1", "twap buy 1 btc 5", "deadman btc", "scale buy x"])
def test_half_a_phrase_shows_an_example(desk: Desk, phrase: str) -> None:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    desk.type_into("palette.input", phrase)
    reading = desk.window.palette_box._reading()
    assert not reading.is_ready
    assert "For example" in reading.sentence


def test_a_running_plan_is_counted_and_stopped_by_its_button(desk: Desk) -> None:
    desk.feed(plan())
    blotter = desk.window.account.blotter
    assert blotter.tabText(blotter.indexOf(blotter.plans)) == "Plans (1)"
    desk.click_cell("plans.table", PLAN, "Stop")
    assert desk.commands == [StopPlan(plan_id=PLAN)]
    desk.feed(plan(PlanState.STOPPING), plan(PlanState.STOPPED, reason="Stopped by hand."))
    assert blotter.tabText(blotter.indexOf(blotter.plans)) == "Plans"
    desk.click_cell("plans.table", PLAN, "Stop")
    assert len(desk.commands) == 1
    assert "Stopped by hand." in " ".join(desk.window.toasts.sentences())


def test_a_dead_man_switch_is_a_row_until_it_is_off(desk: Desk) -> None:
    view = DeadManView(symbol="BTCUSDT", countdown_s=60, renewed_ms=scene.NOW_MS, sentence="Why.")
    desk.feed(DeadManChanged(dead_man=view))
    desk.click_cell("plans.table", ("dead man", "BTCUSDT"), "Stop")
    assert desk.commands == [SetDeadMan(symbol="BTCUSDT", countdown_s=0)]
    desk.feed(DeadManChanged(dead_man=DeadManView(symbol="BTCUSDT", countdown_s=0)))
    assert desk.window.account.models.plans.rows() == []


def test_a_chases_own_refusals_are_its_daily_bread_and_its_end_is_told(desk: Desk) -> None:
    child = f"{PLAN}-000"
    desk.feed(plan())
    refused_order = scene.order(
        child, status=OrderStatus.REJECTED, reason="Would trade at once.", updated_at=scene.NOW_MS
    )
    place = PlaceOrder(
        request_id=child,
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=D("0.120"),
        price=D(64250),
        client_order_id=child,
    )
    amend = AmendOrder(
        request_id=child, symbol="BTCUSDT", client_order_id=child, price=D(64251), quantity=None
    )
    desk.feed(OrderChanged(order=refused_order))
    desk.feed(*(CommandRefused(command=c, sentence="Would trade.") for c in (place, amend)))
    assert desk.window.toasts.sentences() == []
    assert "Would trade" not in desk.window.market.ticket.problems.sentence()
    desk.feed(plan(PlanState.DONE, executed_qty=D("0.120"), avg_price=D("64250.1")))
    assert "is done: 0.120 filled" in " ".join(desk.window.toasts.sentences())
