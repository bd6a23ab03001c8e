"""Kill switch, lock-out and bare positions in the real window: loud, true and in words."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from desktop.models.table_model import CellRole
from desktop.widgets.chart_hints import below_alarm
from desktop.widgets.data_table import DataTable
from engine.commands import ClosePosition, PlaceOrder
from engine.events import CommandRefused, PositionChanged
from engine.events.protection import BracketChanged, GuardChanged, KillChanged
from engine.protection_commands import Kill, StopKill
from engine.protection_views import GuardView, KillView
from engine.trading_types import BracketState, EnvironmentKind, KillState, PositionSide, Side
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.test_tables import edit


def kill(desk: Desk, state: KillState, sentence: str, *left: str) -> None:
    desk.feed(KillChanged(kill=KillView(state=state, sentence=sentence, left=left)))


def bar(desk: Desk, key: str) -> str:
    return desk.window.alarms.sentence(key)


def test_kill_shows_how_far_it_is_and_can_be_stopped(full_desk: Desk) -> None:
    full_desk.click("killSwitch")
    full_desk.click("killSwitch.confirm")
    assert "KILL was sent" in bar(full_desk, "kill")
    kill(full_desk, KillState.WORKING, "Cancelling 11 orders.", "2 positions")
    assert bar(full_desk, "kill") == "KILL: Cancelling 11 orders. Left: 2 positions."
    full_desk.click("alarm.kill.act")
    assert full_desk.commands == [Kill(), StopKill()]


def test_flat_is_told_and_goes_by_itself(desk: Desk) -> None:
    kill(desk, KillState.FLAT, "Everything is cancelled and closed.")
    assert "cancelled and closed" in bar(desk, "kill")
    desk.now_ms += 15_000
    desk.window._tick()
    assert bar(desk, "kill") == ""


def test_what_is_left_over_stays_until_it_is_closed(desk: Desk) -> None:
    kill(desk, KillState.LEFT_OVER, "Stopped by you.", "BTCUSDT LONG 0.250")
    desk.now_ms += 3_600_000
    desk.window._tick()
    assert "Left: BTCUSDT LONG 0.250." in bar(desk, "kill")
    desk.click("alarm.kill.act")
    assert bar(desk, "kill") == ""


def test_idle_and_a_refusal_take_the_bar_away(desk: Desk) -> None:
    desk.window.submit(Kill())
    kill(desk, KillState.IDLE, "")
    assert bar(desk, "kill") == ""
    desk.window.submit(Kill())
    desk.feed(CommandRefused(command=Kill(), sentence="The engine is closing."))
    assert bar(desk, "kill") == ""
    assert "The engine is closing." in desk.window.toasts.sentences()


def test_unprotected_counts_up_until_a_stop_is_confirmed(desk: Desk) -> None:
    desk.feed(BracketChanged(bracket=scene.bracket()))
    assert bar(desk, "unprotected") == "UNPROTECTED 4 s BTCUSDT"
    desk.now_ms += 62_000
    desk.window._tick()
    assert bar(desk, "unprotected") == "UNPROTECTED 1 min 06 s BTCUSDT"
    calm = scene.bracket(state=BracketState.PROTECTED, unprotected_since_ms=None)
    desk.feed(BracketChanged(bracket=calm))
    assert bar(desk, "unprotected") == ""


def test_unprotected_without_a_time_counts_from_its_update(desk: Desk) -> None:
    bare = scene.bracket(unprotected_since_ms=None, updated_at=scene.NOW_MS - 9_000)
    desk.feed(BracketChanged(bracket=bare))
    assert bar(desk, "unprotected") == "UNPROTECTED 9 s BTCUSDT"


def test_two_bare_positions_stand_in_one_bar_the_older_first(desk: Desk) -> None:
    desk.feed(
        BracketChanged(bracket=scene.bracket()),
        BracketChanged(
            bracket=scene.bracket(
                bracket_id="b-2", symbol="ETHUSDT", unprotected_since_ms=scene.NOW_MS - 7_000
            )
        ),
    )
    assert bar(desk, "unprotected") == "UNPROTECTED 7 s ETHUSDT, 4 s BTCUSDT"


def test_an_alarm_moves_no_control_and_no_notice_covers_it(desk: Desk) -> None:
    ladder = desk.find(QWidget, "ladder")
    before = ladder.geometry()
    chart = desk.window.market.chart.geometry()
    desk.feed(BracketChanged(bracket=scene.bracket()))
    desk.window.toasts.show("A notice.")
    assert (ladder.geometry(), desk.window.market.chart.geometry()) == (before, chart)
    (toast,) = desk.window.toasts.toasts()
    assert toast.y() >= desk.find(QWidget, "alarm.unprotected").height()


def locked(desk: Desk) -> None:
    desk.feed(
        GuardChanged(
            guard=GuardView(
                day_pnl=Decimal("-312.40"),
                locked_until_ms=scene.NOW_MS + 60_000,
                sentence="The day's loss has reached 300.00 USDT.",
            )
        )
    )
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")


def test_lock_out_looks_different_and_says_until_when(desk: Desk) -> None:
    locked(desk)
    chip = desk.find(QLabel, "header.lock")
    assert chip.isVisible()
    assert chip.text().startswith("LOCKED until ")
    QApplication.processEvents()
    assert chip.width() >= chip.sizeHint().width()  # the day's range gives way to it
    assert "day's loss" in chip.toolTip()
    assert desk.window.header.today.text() == "-312.40"
    assert not desk.find(QPushButton, "orderTicket.side.buy").isEnabled()
    assert "Locked out until" in desk.window.market.ticket.problems.sentence()
    desk.click("orderTicket.side.buy")
    assert desk.commands == []


def test_lock_out_lets_reducing_orders_go(full_desk: Desk) -> None:
    locked(full_desk)
    full_desk.click("orderTicket.reduceOnly")
    full_desk.click("orderTicket.side.sell")
    (sent,) = full_desk.commands
    assert isinstance(sent, PlaceOrder)
    assert sent.reduce_only


def test_a_lock_that_has_run_out_is_no_lock(desk: Desk) -> None:
    locked(desk)
    desk.now_ms += 61_000
    desk.window._tick()
    assert desk.find(QLabel, "header.lock").isHidden()
    assert desk.find(QPushButton, "orderTicket.side.buy").isEnabled()


# --- asking first -----------------------------------------------------------------


def ready(desk: Desk) -> None:
    desk.type_into("orderTicket.price", "64246.0")
    desk.type_into("orderTicket.quantity", "0.120")


def test_asking_first_says_the_order_in_words_and_sends_it_once(desk: Desk) -> None:
    desk.click("orderTicket.ask")
    ready(desk)
    desk.click("orderTicket.side.buy")
    assert desk.commands == []
    assert desk.find(QLabel, "orderGate.plan").text() == "BUY 0.120 BTC at 64,246.0"
    desk.window.market.ticket.place(Side.BUY)  # while the question stands
    desk.click("orderGate.confirm")
    assert len(desk.commands) == 1


def test_an_order_can_be_kept_back_at_the_question(desk: Desk) -> None:
    desk.click("orderTicket.ask")
    ready(desk)
    desk.click("orderTicket.side.buy")
    desk.click("orderGate.cancel")
    assert desk.commands == []


def test_live_asks_until_the_person_chooses_and_each_environment_keeps_its_own(
    desk: Desk,
) -> None:
    ask = desk.window.market.ticket.ask
    assert not ask.isChecked()
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    assert ask.isChecked()
    desk.click("orderTicket.ask")
    desk.window.set_environment("testnet", EnvironmentKind.TESTNET)
    desk.click("orderTicket.ask")
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    assert not ask.isChecked()
    desk.window.set_environment("testnet", EnvironmentKind.TESTNET)
    assert ask.isChecked()


def test_what_makes_risk_smaller_is_never_asked_about(full_desk: Desk) -> None:
    full_desk.click("orderTicket.ask")
    ready(full_desk)
    full_desk.click("orderTicket.reduceOnly")
    full_desk.click("orderTicket.side.sell")
    assert len(full_desk.commands) == 1


def test_disarmed_while_the_question_stood_sends_nothing(desk: Desk) -> None:
    desk.window.set_environment("live", EnvironmentKind.LIVE)
    desk.click("environment.arm")
    ready(desk)
    desk.click("orderTicket.side.buy")
    desk.window.header.arm_switch.disarm()
    desk.click("orderGate.confirm")
    assert desk.commands == []
    assert "disarmed meanwhile" in desk.window.toasts.sentences()[0]


def test_an_edit_held_back_in_live_gives_its_value_up(full_desk: Desk) -> None:
    full_desk.window.set_environment("live", EnvironmentKind.LIVE)
    edit(full_desk, "pd-1", "Price", "64240")
    assert full_desk.commands == []
    index = full_desk.find(DataTable, "orders.table").index_of("pd-1", "Price")
    assert index.data(CellRole.PENDING) == ""
    full_desk.click("toast.action")
    edit(full_desk, "pd-1", "Price", "64240")
    assert len(full_desk.commands) == 1


def test_the_second_click_of_an_answer_places_no_order_below_it(full_desk: Desk) -> None:
    full_desk.type_into("orderTicket.quantity", "0.1")
    full_desk.click("orderTicket.oneClick")
    full_desk.click("positions.closeAll")
    full_desk.click("positions.closeAll.confirm")
    full_desk.window.market.ladder.price_clicked.emit(Side.SELL, Decimal("64260.0"))
    full_desk.click("orderTicket.side.buy")
    assert {type(command) for command in full_desk.commands} == {ClosePosition}


# --- environment ------------------------------------------------------------------


def test_the_badge_offers_the_other_environments_and_asks(desk: Desk) -> None:
    badge = desk.window.header.badge
    badge.set_choices(("paper", "testnet"))
    asked: list[str] = []
    desk.window.environment_wanted.connect(asked.append)
    actions = {action.objectName(): action for action in badge.menu().actions()}
    assert not actions["environment.paper"].isEnabled()
    actions["environment.testnet"].trigger()
    assert asked == []
    desk.click("environment.switch.confirm")
    assert asked == ["testnet"]


def test_one_environment_alone_opens_no_menu(desk: Desk) -> None:
    badge = desk.window.header.badge
    desk.qtbot.mouseClick(badge, Qt.MouseButton.LeftButton)
    assert badge.findChildren(QWidget) == []


def test_in_a_narrow_window_a_lock_cuts_nothing(desk: Desk) -> None:
    desk.window.resize(1280, 720)
    locked(desk)
    QApplication.processEvents()
    header = desk.window.header
    for cell in (header.last, header.funding, header.equity, header.today, header.lock):
        assert cell.isVisible()
        assert cell.width() >= cell.sizeHint().width(), cell.objectName()
    assert not header.high.isVisible()
    desk.window.resize(1600, 900)
    QApplication.processEvents()
    assert header.high.isVisible()
    assert header.change.isVisible()


def test_words_of_the_chart_stand_below_an_alarm(desk: Desk) -> None:
    hints = desk.window.market.chart._scene.hints
    assert below_alarm(hints._state) == 38
    desk.feed(BracketChanged(bracket=scene.bracket()))
    assert below_alarm(hints._state) > desk.find(QWidget, "alarm.unprotected").height()


def test_a_bare_position_says_so_in_its_own_row_after_a_kill_that_was_stopped(desk: Desk) -> None:
    killed = {"is_stop_released": True, "filled_qty": Decimal("0.120")}
    desk.feed(
        PositionChanged(position=scene.position()),
        BracketChanged(bracket=scene.bracket(**killed)),
    )
    kill(desk, KillState.LEFT_OVER, "Stopped by hand.", "long 0.120 BTCUSDT")
    key = ("BTCUSDT", PositionSide.BOTH)
    table = desk.find(DataTable, "positions.table")
    cell = table.index_of(key, "TP / SL")
    assert cell.data() == "UNPROTECTED"
    assert "cancelled, by KILL" in cell.data(Qt.ItemDataRole.ToolTipRole)
    desk.feed(BracketChanged(bracket=scene.bracket(reason="It was refused.")))
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == "It was refused."
    desk.feed(
        BracketChanged(
            bracket=scene.bracket(state=BracketState.PROTECTED, unprotected_since_ms=None)
        )
    )
    assert table.index_of(key, "TP / SL").data() == "none"


def test_while_kill_works_the_ticket_says_what_is_still_taken(full_desk: Desk) -> None:
    full_desk.type_into("orderTicket.price", "64246.0")
    full_desk.type_into("orderTicket.quantity", "0.120")
    buy = full_desk.find(QPushButton, "orderTicket.side.buy")
    assert buy.isEnabled()
    kill(full_desk, KillState.WORKING, "Cancelling 11 orders.")
    assert not buy.isEnabled()
    assert "only market orders that reduce" in buy.toolTip()
    kill(full_desk, KillState.FLAT, "Flat.")
    assert buy.isEnabled()
