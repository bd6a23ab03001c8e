"""The tables in the real window: what they show, and what a click on them asks for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from desktop.models.table_model import CellRole
from desktop.theme import palette
from desktop.theme.order_marks import MarkShape
from desktop.widgets.data_table import DataTable
from engine.commands import AmendOrder, AskAgain, CancelOrder, ClosePosition
from engine.events import (
    Alert,
    BalanceChanged,
    CommandRefused,
    FillRecorded,
    MarkPrice,
    OrderChanged,
    PositionChanged,
)
from engine.protection_commands import CancelOrders
from engine.trading_types import AlertLevel, OrderStatus, PositionSide, Side
from engine.views import AmendInFlight
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.hands import quick_hand


def text(desk: Desk, table: str, key: object, title: str) -> str:
    return str(desk.find(DataTable, table).index_of(key, title).data())


def mark(desk: Desk, client_order_id: str) -> MarkShape:
    index = desk.find(DataTable, "orders.table").index_of(client_order_id, "Status")
    return index.data(CellRole.MARK).shape  # type: ignore[no-any-return]


def titles(desk: Desk) -> list[str]:
    tabs = desk.window.account.blotter
    return [tabs.tabText(n) for n in range(tabs.count())]


def edit(desk: Desk, key: str, title: str, typed: str) -> None:
    """Double-click the cell, type over it, Enter."""
    viewport, point = desk.cell("orders.table", key, title)
    desk.qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point)
    desk.qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=point)
    editor = desk.find(QLineEdit, f"cellEditor.{title}")
    editor.selectAll()
    desk.qtbot.keyClicks(editor, typed)
    desk.qtbot.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()  # Qt commits an edit in the next turn of its loop


def test_order_appears_with_the_contracts_decimals(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order(price=Decimal(64200), orig_qty=Decimal("0.15"))))
    assert text(desk, "orders.table", "pd-1", "Price") == "64,200.0"
    assert text(desk, "orders.table", "pd-1", "Quantity") == "0.150"
    assert text(desk, "orders.table", "pd-1", "Side") == "BUY"


def test_in_flight_confirmed_and_unknown_look_different(desk: Desk) -> None:
    shapes = []
    for status in (OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.UNKNOWN):
        desk.feed(OrderChanged(order=scene.order(status=status)))
        shapes.append(mark(desk, "pd-1"))
    assert shapes == [MarkShape.RING, MarkShape.DOT, MarkShape.STRIPED]


def test_counts_stand_in_the_tab_titles(desk: Desk) -> None:
    assert titles(desk)[1] == "Open orders"
    desk.feed(*(OrderChanged(order=scene.order(f"pd-{n}")) for n in range(3)))
    assert titles(desk)[1] == "Open orders (3)"
    desk.feed(OrderChanged(order=scene.order("pd-1", status=OrderStatus.CANCELED)))
    assert titles(desk)[1:4] == ["Open orders (2)", "Plans", "Order history (1)"]


def test_cancel_button_asks_and_the_row_stays_until_the_answer(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    desk.click_cell("orders.table", "pd-1", "")
    assert desk.commands == [CancelOrder(symbol="BTCUSDT", client_order_id="pd-1")]
    assert text(desk, "orders.table", "pd-1", "Status") == "Working"
    desk.feed(OrderChanged(order=scene.order(status=OrderStatus.PENDING_CANCEL)))
    assert text(desk, "orders.table", "pd-1", "Status") == "Cancelling"


def test_double_click_on_cancel_spares_the_row_that_moves_up(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order("pd-1")), OrderChanged(order=scene.order("pd-2")))
    viewport, point = desk.cell("orders.table", "pd-2", "")
    with quick_hand():
        desk.qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point)
        desk.feed(OrderChanged(order=scene.order("pd-2", status=OrderStatus.CANCELED)))
        desk.qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=point)
    assert desk.commands == [CancelOrder(symbol="BTCUSDT", client_order_id="pd-2")]


def test_delete_key_cancels_the_chosen_row(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    desk.click_cell("orders.table", "pd-1", "Symbol")
    desk.qtbot.keyClick(desk.find(QWidget, "orders.table"), Qt.Key.Key_Delete)
    assert desk.commands == [CancelOrder(symbol="BTCUSDT", client_order_id="pd-1")]


def test_unknown_order_is_asked_about_not_cancelled(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order(status=OrderStatus.UNKNOWN)))
    desk.click_cell("orders.table", "pd-1", "")
    assert desk.commands == [AskAgain(symbol="BTCUSDT", client_order_id="pd-1")]


def test_edited_price_asks_for_an_amend_and_keeps_the_old_value(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    edit(desk, "pd-1", "Price", "64180.5")
    assert desk.commands == [
        AmendOrder(symbol="BTCUSDT", client_order_id="pd-1", price=Decimal("64180.5"))
    ]
    index = desk.find(DataTable, "orders.table").index_of("pd-1", "Price")
    assert (index.data(), index.data(CellRole.PENDING)) == ("64,200.0", "64,180.5")
    assert mark(desk, "pd-1") is MarkShape.RING


def test_confirmed_amend_shows_the_new_value_alone(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    edit(desk, "pd-1", "Quantity", "0.2")
    in_flight = AmendInFlight(price=Decimal(64200), quantity=Decimal("0.2"))
    desk.feed(OrderChanged(order=scene.order(amend=in_flight)))
    desk.feed(OrderChanged(order=scene.order(orig_qty=Decimal("0.2"))))
    index = desk.find(DataTable, "orders.table").index_of("pd-1", "Quantity")
    assert (index.data(), index.data(CellRole.PENDING)) == ("0.200", "")
    assert mark(desk, "pd-1") is MarkShape.DOT


def test_refused_amend_rolls_back_with_the_reason(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    edit(desk, "pd-1", "Price", "64180.5")
    desk.feed(CommandRefused(command=desk.commands[0], sentence="Too many changes."))
    index = desk.find(DataTable, "orders.table").index_of("pd-1", "Price")
    assert (index.data(), index.data(CellRole.PENDING)) == ("64,200.0", "")
    assert mark(desk, "pd-1") is MarkShape.DOT
    assert desk.window.toasts.sentences() == ["Too many changes."]


def test_off_tick_edit_is_not_sent_and_its_fix_is_one_click(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    edit(desk, "pd-1", "Price", "64180.53")
    assert desk.commands == []
    action = desk.find(QPushButton, "toast.action")
    assert action.text() == "Use 64,180.5"
    desk.qtbot.mouseClick(action, Qt.MouseButton.LeftButton)
    assert desk.commands == [
        AmendOrder(symbol="BTCUSDT", client_order_id="pd-1", price=Decimal("64180.5"))
    ]


def test_update_while_editing_does_not_touch_what_is_typed(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order()))
    viewport, point = desk.cell("orders.table", "pd-1", "Price")
    desk.qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point)
    desk.qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=point)
    editor = desk.find(QLineEdit, "cellEditor.Price")
    editor.selectAll()
    desk.qtbot.keyClicks(editor, "641")
    desk.feed(OrderChanged(order=scene.order(price=Decimal("64199.9"))))
    assert editor.text() == "641"


def test_order_in_flight_cannot_be_edited(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order(status=OrderStatus.PENDING_NEW)))
    index = desk.find(DataTable, "orders.table").index_of("pd-1", "Price")
    assert not index.flags() & Qt.ItemFlag.ItemIsEditable


def test_quantity_not_above_what_is_filled_is_refused_at_once(desk: Desk) -> None:
    desk.feed(
        OrderChanged(
            order=scene.order(executed_qty=Decimal("0.1"), status=OrderStatus.PARTIALLY_FILLED)
        )
    )
    edit(desk, "pd-1", "Quantity", "0.1")
    assert desk.commands == []
    assert "filled already" in desk.window.toasts.sentences()[0]


def test_profit_follows_the_mark_price(desk: Desk) -> None:
    key = ("BTCUSDT", PositionSide.BOTH)
    desk.feed(
        BalanceChanged(balance=scene.balance(wallet="1000")),
        PositionChanged(
            position=scene.position(quantity=Decimal("-0.5"), entry_price=Decimal(64000))
        ),
        MarkPrice(symbol="BTCUSDT", event_ms=1, mark_price=64100.0),
    )
    assert text(desk, "positions.table", key, "uPnL") == "-50.00"
    desk.feed(MarkPrice(symbol="BTCUSDT", event_ms=2, mark_price=63900.5))
    assert text(desk, "positions.table", key, "uPnL") == "+49.75"
    assert desk.window.header.profit.text() == "+49.75"
    assert desk.window.header.profit.colour() == palette.BUY
    assert desk.window.header.equity.text() == "1,049.75"
    desk.feed(MarkPrice(symbol="BTCUSDT", event_ms=3, mark_price=64000.004))
    assert desk.window.header.profit.text() == "0.00"
    assert desk.window.header.profit.colour() == palette.TEXT_DIM  # it reads as nothing


def test_close_button_closes_that_position(full_desk: Desk) -> None:
    full_desk.click_cell("positions.table", ("ETHUSDT", PositionSide.BOTH), "")
    assert full_desk.commands == [ClosePosition(symbol="ETHUSDT")]


def test_position_of_size_zero_leaves_the_table(desk: Desk) -> None:
    desk.feed(PositionChanged(position=scene.position()))
    assert titles(desk)[0] == "Positions (1)"
    desk.feed(PositionChanged(position=scene.position(quantity=Decimal(0))))
    assert titles(desk)[0] == "Positions"


def test_hedge_mode_keeps_two_rows_of_one_symbol(desk: Desk) -> None:
    desk.feed(
        PositionChanged(position=scene.position(position_side=PositionSide.LONG)),
        PositionChanged(
            position=scene.position(position_side=PositionSide.SHORT, quantity=Decimal("-0.1"))
        ),
    )
    desk.click_cell("positions.table", ("BTCUSDT", PositionSide.SHORT), "")
    assert desk.commands == [ClosePosition(symbol="BTCUSDT", position_side=PositionSide.SHORT)]


@pytest.mark.parametrize(
    ("button", "asked"),
    [
        ("orders.cancelAll", CancelOrders()),
        ("orders.cancelBids", CancelOrders(symbol="BTCUSDT", side=Side.BUY)),
        ("orders.cancelAsks", CancelOrders(symbol="BTCUSDT", side=Side.SELL)),
    ],
)
def test_cancel_buttons_take_both_kinds_of_orders(
    full_desk: Desk, button: str, asked: CancelOrders
) -> None:
    full_desk.click(button)
    assert full_desk.commands == [asked]


def test_common_buttons_rest_while_there_is_nothing_to_act_on(desk: Desk) -> None:
    assert not desk.find(QPushButton, "orders.cancelAll").isEnabled()
    desk.feed(OrderChanged(order=scene.order()))
    assert desk.find(QPushButton, "orders.cancelAll").isEnabled()


def test_a_fill_told_twice_is_one_row(desk: Desk) -> None:
    desk.feed(FillRecorded(fill=scene.fill(5)), FillRecorded(fill=scene.fill(5)))
    assert "Fills (1)" in titles(desk)
    assert len(desk.window.toasts.toasts()) == 1


def test_sorting_goes_by_the_number_behind_the_text(desk: Desk) -> None:
    for name, price in (("pd-1", "9000.0"), ("pd-2", "64200.0"), ("pd-3", "10000.0")):
        desk.feed(OrderChanged(order=scene.order(name, price=Decimal(price))))
    table = desk.find(DataTable, "orders.table")
    table.sortByColumn(table.source().column_named("Price"), Qt.SortOrder.AscendingOrder)
    column = table.source().column_named("Price")
    shown = [table.model().index(row, column).data() for row in range(3)]
    assert shown == ["9,000.0", "10,000.0", "64,200.0"]


def test_alerts_are_kept_newest_first(desk: Desk) -> None:
    for n, level in enumerate((AlertLevel.INFO, AlertLevel.ERROR)):
        desk.feed(Alert(level=level, code="X", sentence=f"Sentence {n}.", at_ms=scene.NOW_MS))
    table = desk.find(DataTable, "alerts.table")
    assert table.model().index(0, 2).data() == "Sentence 1."
    assert desk.window.toasts.sentences() == ["Sentence 1."]


def test_side_is_told_by_word_and_colour(desk: Desk) -> None:
    desk.feed(OrderChanged(order=scene.order(side=Side.SELL)))
    index = desk.find(DataTable, "orders.table").index_of("pd-1", "Side")
    assert index.data() == "SELL"
    assert index.data(Qt.ItemDataRole.ForegroundRole).name() == palette.SELL
