"""What a person does to rows and columns: menus, dialogs, filter, copy, export."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QPushButton

from desktop.models.open_orders_model import algo_key
from desktop.models.table_model import CellRole
from desktop.theme import palette
from desktop.widgets.data_table import DataTable
from engine.commands import ClosePosition
from engine.events import CommandRefused, FillRecorded, OrderChanged, PositionChanged
from engine.events.protection import AlgoChanged
from engine.protection_commands import (
    CancelAlgo,
    CancelOrders,
    MoveAlgo,
    ProtectPosition,
    ReversePosition,
)
from engine.trading_types import AlgoStatus, OrderStatus, PositionSide, Side
from tests.gui import scene
from tests.gui.conftest import Desk
from tests.gui.test_tables import edit, text, titles

D = Decimal
BTC = ("BTCUSDT", PositionSide.BOTH)


def menu_of(desk: Desk, table: str, key: object) -> dict[str, object]:
    view = desk.find(DataTable, table)
    title = view.source().columns()[1].title
    actions = view.row_menu(view.index_of(key, title)).actions()
    return {action.objectName() or action.text(): action for action in actions}


# --- conditional orders -----------------------------------------------------------


def test_a_conditional_order_is_shown_as_what_it_is(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=scene.algo()))
    key = algo_key("pa-1")
    shown = [text(desk, "orders.table", key, t) for t in ("Type", "Trigger", "Price", "Quantity")]
    assert shown == ["Stop market · closes all", "≤ 63,900.0", "market", "all"]
    assert text(desk, "orders.table", key, "Status") == "Waiting"
    assert titles(desk)[1] == "Open orders (1)"


@pytest.mark.parametrize("status", list(AlgoStatus))
def test_every_state_of_a_conditional_order_has_its_place(desk: Desk, status: AlgoStatus) -> None:
    desk.feed(AlgoChanged(algo=scene.algo(status=status, order_id=77)))
    has_row = desk.window.account.models.orders.row_of(algo_key("pa-1")) is not None
    assert has_row is (not status.is_terminal and status is not AlgoStatus.TRIGGERED)
    in_history = desk.window.account.models.history.row_of(algo_key("pa-1")) is not None
    ended_alone = status.is_terminal and status is not AlgoStatus.FINISHED
    assert in_history is ended_alone


def test_cancel_of_a_conditional_order(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=scene.algo()))
    desk.click_cell("orders.table", algo_key("pa-1"), "")
    assert desk.commands == [CancelAlgo(symbol="BTCUSDT", client_algo_id="pa-1")]


def test_a_typed_trigger_asks_for_a_move_and_stands_beside_the_old_one(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=scene.algo()))
    key = algo_key("pa-1")
    edit(desk, key, "Trigger", "63950")  # type: ignore[arg-type]
    move = MoveAlgo(symbol="BTCUSDT", client_algo_id="pa-1", trigger_price=D(63950))
    assert desk.commands == [move]
    model = desk.window.account.models.orders
    cell = model.columns()[model.column_named("Trigger")].cell
    assert cell(model.row_of(key)).pending == "63,950.0"
    refused = CommandRefused(
        command=move, sentence="Too near the price.", field="trigger_price", fix="63900.5"
    )
    desk.feed(refused)
    assert cell(model.row_of(key)).pending == ""
    desk.click("toast.action")
    assert desk.commands[-1].trigger_price == D("63900.5")


def test_off_tick_trigger_is_not_sent_and_mended_by_one_click(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=scene.algo()))
    edit(desk, algo_key("pa-1"), "Trigger", "63950.03")  # type: ignore[arg-type]
    assert desk.commands == []
    desk.click("toast.action")
    assert desk.commands[0].trigger_price == D("63950.0")


def test_a_refused_conditional_order_says_why(desk: Desk) -> None:
    desk.feed(
        AlgoChanged(
            algo=scene.algo(
                status=AlgoStatus.REJECTED, reason="It would fire at once.", updated_at=scene.NOW_MS
            )
        )
    )
    assert desk.window.toasts.sentences() == ["It would fire at once."]


def test_an_unknown_conditional_order_is_told_until_it_is_settled(desk: Desk) -> None:
    desk.feed(AlgoChanged(algo=scene.algo(status=AlgoStatus.UNKNOWN)))
    assert "not known whether" in desk.window.toasts.sentences()[0]
    desk.feed(AlgoChanged(algo=scene.algo()))
    assert desk.window.toasts.sentences() == []


def test_position_shows_the_exits_that_the_exchange_holds(desk: Desk) -> None:
    desk.feed(PositionChanged(position=scene.position()))
    assert text(desk, "positions.table", BTC, "TP / SL") == "none"
    desk.feed(*scene.protection())
    assert text(desk, "positions.table", BTC, "TP / SL") == "65,000.0 / 63,900.0"
    desk.feed(AlgoChanged(algo=scene.algo("pa-1", status=AlgoStatus.CANCELED)))
    assert text(desk, "positions.table", BTC, "TP / SL") == "65,000.0 / –"


def test_a_stop_for_a_part_of_the_position_is_amber_and_says_how_much_has_none(desk: Desk) -> None:
    """As after buying more without a stop."""
    part = {"close_position": False, "reduce_only": True, "quantity": D("0.100")}
    desk.feed(PositionChanged(position=scene.position()), AlgoChanged(algo=scene.algo(**part)))
    table = desk.find(DataTable, "positions.table")

    def cell(role: int) -> object:
        return table.index_of(BTC, "TP / SL").data(role)

    assert cell(Qt.ItemDataRole.ToolTipRole).endswith("0.150 of it has no stop")
    assert cell(CellRole.LOOK).cell.colour == palette.UNKNOWN
    desk.feed(AlgoChanged(algo=scene.algo("pa-2", **part | {"quantity": D("0.150")})))
    assert cell(CellRole.LOOK).cell.colour == palette.TEXT


def test_order_menu_cancels_a_side_of_its_symbol(full_desk: Desk) -> None:
    acts = menu_of(full_desk, "orders.table", "pd-7")
    assert "Cancel" not in acts  # on its way already
    acts["Cancel all bids of ETHUSDT"].trigger()  # type: ignore[attr-defined]
    assert full_desk.commands == [CancelOrders(symbol="ETHUSDT", side=Side.BUY)]


# --- positions --------------------------------------------------------------------


def test_half_is_closed_by_its_button(full_desk: Desk) -> None:
    full_desk.click_cell("positions.table", BTC, "half")
    assert full_desk.commands == [ClosePosition(symbol="BTCUSDT", share_pct=D(50))]


@pytest.mark.parametrize("share_pct", [25, 50, 75, 100])
def test_menu_closes_a_share_at_market(full_desk: Desk, share_pct: int) -> None:
    menu_of(full_desk, "positions.table", BTC)[f"positions.close.{share_pct}"].trigger()  # type: ignore[attr-defined]
    assert full_desk.commands == [ClosePosition(symbol="BTCUSDT", share_pct=D(share_pct))]


def test_more_button_opens_the_same_menu(full_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def popup(menu: QMenu, _at: QPoint) -> None:
        opened.extend(action.objectName() for action in menu.actions())

    monkeypatch.setattr(QMenu, "popup", popup)
    full_desk.click_cell("positions.table", BTC, "more")
    assert "positions.reverse" in opened


def test_close_at_a_limit(full_desk: Desk) -> None:
    menu_of(full_desk, "positions.table", BTC)["positions.closeAt"].trigger()  # type: ignore[attr-defined]
    full_desk.click("closePosition.share.25")
    full_desk.type_into("closePosition.price", "64400.07")
    assert not full_desk.find(QPushButton, "closePosition.send").isEnabled()
    full_desk.click("closePosition.problem.fix")
    hint = full_desk.find(QLabel, "closePosition.problem.sentence").text()
    assert hint == "Closes 0.062 BTC at 64400.1, reduce-only."
    full_desk.click("closePosition.send")
    asked = ClosePosition(symbol="BTCUSDT", share_pct=D(25), price=D("64400.1"))
    assert full_desk.commands == [asked]


def test_reverse_is_asked_first(full_desk: Desk) -> None:
    menu_of(full_desk, "positions.table", BTC)["positions.reverse"].trigger()  # type: ignore[attr-defined]
    words = full_desk.find(QLabel, "positions.reverse.plan").text()
    assert words.startswith("Close the long of 0.250 at market, then open a short")
    full_desk.click("positions.reverse.confirm")
    assert full_desk.commands == [ReversePosition(symbol="BTCUSDT")]


def test_protect_sends_only_what_changes(full_desk: Desk) -> None:
    menu_of(full_desk, "positions.table", BTC)["positions.protect"].trigger()  # type: ignore[attr-defined]
    assert not full_desk.find(QPushButton, "protectPosition.send").isEnabled()
    full_desk.type_into("protectPosition.stop", "64900")
    said = full_desk.find(QLabel, "protectPosition.problem.sentence").text()
    assert said.startswith("A buy's stop must be below")
    full_desk.type_into("protectPosition.stop", "63950")
    said = full_desk.find(QLabel, "protectPosition.problem.sentence").text()
    assert said.startswith("Target +223.92, stop -38.58 USDT before fees.")
    full_desk.click("protectPosition.send")
    assert full_desk.commands == [ProtectPosition(symbol="BTCUSDT", stop_price=D(63950))]


def test_a_position_that_is_gone_is_not_acted_upon(full_desk: Desk) -> None:
    acts = full_desk.window.account.position_acts
    gone = ("SOLUSDT", PositionSide.BOTH)
    for act in (acts.ask_close, acts.ask_protect, acts.ask_reverse):
        act(gone)
    acts.close_share(gone, D(50))
    menu = QMenu()
    acts.fill_menu(gone, menu)
    assert menu.actions() == []
    assert full_desk.commands == []


# --- filter, columns, copy --------------------------------------------------------


def test_filter_takes_rows_in_which_every_word_stands(full_desk: Desk) -> None:
    view = full_desk.find(DataTable, "orders.table")
    full_desk.window.account.blotter.filter.setText("btc SELL limit")
    full_desk.qtbot.waitUntil(lambda: view.model().rowCount() == 3)
    full_desk.window.account.blotter.filter.clear()
    full_desk.qtbot.waitUntil(lambda: view.model().rowCount() == 11)


def test_columns_are_hidden_moved_widened_and_remembered(full_desk: Desk) -> None:
    view = full_desk.find(DataTable, "fills.table")
    full_desk.window.account.blotter.setCurrentWidget(view)
    actions = {action.objectName(): action for action in view.columns.menu().actions()}
    actions["fills.table.column.Trade"].trigger()
    view.horizontalHeader().moveSection(0, 2)
    view.horizontalHeader().resizeSection(view.source().column_named("Price"), 222)
    click_header(full_desk, view, "Price")
    click_header(full_desk, view, "Price")
    full_desk.window.keep_choices()
    state = full_desk.window.preferences.get("columns.fills.table", {})
    assert state["hidden"] == ["Trade"]
    assert state["order"][:3] == ["Symbol", "Side", "Time"]
    assert state["widths"] == {"Price": 222}
    assert state["sort"] == ["Price", "down"]
    view.columns.restore({})
    assert not view.isColumnHidden(view.source().column_named("Trade"))
    assert view.horizontalHeader().visualIndex(0) == 0
    assert view.columns.state()["sort"] == []
    view.columns.restore(state)
    assert view.columns.state() == state


@pytest.mark.parametrize(
    "state", [{"order": 5, "hidden": 7, "widths": [], "sort": 3}, {"order": ["?"]}]
)
def test_a_strange_state_of_columns_is_no_obstacle(full_desk: Desk, state: dict) -> None:
    view = full_desk.find(DataTable, "fills.table")
    view.columns.restore(state)
    assert view.columns.state() == {"order": [], "hidden": [], "widths": {}, "sort": []}


@pytest.mark.parametrize(
    ("name", "title"), [("strategies.table", "State"), ("review.trips.table", "Symbol")]
)
def test_tables_that_are_made_later_remember_their_columns(
    full_desk: Desk, name: str, title: str
) -> None:
    chosen = {"order": [], "hidden": [], "widths": {title: 140}, "sort": [title, "down"]}
    full_desk.window.preferences.put(f"columns.{name}", chosen)
    full_desk.window.docks.strategies.show()
    full_desk.window.review.open()
    view = full_desk.find(DataTable, name)
    assert view.columnWidth(view.source().column_named(title)) == 140
    assert view.columns.state() == chosen
    view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    full_desk.window.keep_choices()
    kept = full_desk.window.preferences.get(f"columns.{name}", {})
    assert kept["sort"] == [view.source().columns()[0].title, "up"]
    assert kept["widths"] == {title: 140}


def click_header(desk: Desk, view: DataTable, title: str) -> None:
    header = view.horizontalHeader()
    at = header.sectionViewportPosition(view.source().column_named(title)) + 20
    where = QPoint(at, header.height() // 2)
    desk.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_the_last_column_cannot_be_hidden(full_desk: Desk) -> None:
    view = full_desk.find(DataTable, "alerts.table")
    for action in view.columns.menu().actions():
        if action.isCheckable():
            action.trigger()
    assert [view.isColumnHidden(n) for n in range(3)].count(False) == 1


def test_copy_gives_a_row_for_a_spreadsheet(full_desk: Desk) -> None:
    full_desk.click_cell("positions.table", BTC, "Symbol")
    view = full_desk.find(DataTable, "positions.table")
    full_desk.qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text().split("\t")
    assert copied[:3] == ["BTCUSDT", "LONG 20x", "0.250"]
    acts = menu_of(full_desk, "positions.table", BTC)
    acts["positions.table.copyAll"].trigger()  # type: ignore[attr-defined]
    assert QApplication.clipboard().text().splitlines()[0].startswith("Symbol\tSide\tSize")
    acts["positions.table.copyCell"].trigger()  # type: ignore[attr-defined]
    assert QApplication.clipboard().text() == "LONG 20x"


def test_menu_of_no_row_still_exports(full_desk: Desk) -> None:
    view = full_desk.find(DataTable, "positions.table")
    names = [a.objectName() for a in view.row_menu(view.indexAt(QPoint(5, 5000))).actions()]
    assert names == ["positions.table.copyAll", "positions.table.export"]


# --- export -----------------------------------------------------------------------


def fills(desk: Desk, count: int) -> DataTable:
    desk.feed(*(FillRecorded(fill=scene.fill(n, time_ms=1000 * n)) for n in range(1, count + 1)))
    return desk.find(DataTable, "fills.table")


def test_export_writes_exact_numbers_as_shown(desk: Desk, tmp_path: Path) -> None:
    view = fills(desk, 3)
    file = tmp_path / "my fills ü.csv"
    desk.window.account.export.start(view, file)
    desk.qtbot.waitUntil(lambda: "3 rows written" in " ".join(desk.window.toasts.sentences()))
    head, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("Time,Symbol,Side,Price")
    assert lines[0].startswith("1970-01-01T00:00:03.000+00:00,BTCUSDT,BUY,64200.0,0.050,")
    assert len(lines) == 3


def test_one_export_at_a_time(desk: Desk, tmp_path: Path) -> None:
    view = fills(desk, 3)
    export = desk.window.account.export
    export.start(view, tmp_path / "fills.csv")
    export.start(view, tmp_path / "second.csv")  # the end of the first is heard of later
    assert "Another export" in desk.window.toasts.sentences()[0]
    desk.qtbot.waitUntil(lambda: export._thread is None)
    assert [file.name for file in tmp_path.iterdir()] == ["fills.csv"]


def test_a_folder_that_is_not_there_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.window.account.export.start(fills(desk, 1), tmp_path / "no" / "fills.csv")
    desk.qtbot.waitUntil(lambda: "cannot be written" in " ".join(desk.window.toasts.sentences()))


def test_export_asks_where_to_without_blocking(desk: Desk, tmp_path: Path) -> None:
    view = fills(desk, 1)
    view.export_wanted.emit()
    dialog = desk.find(QFileDialog, "export.dialog")
    dialog.fileSelected.emit(str(tmp_path / "picked.csv"))
    dialog.reject()
    desk.qtbot.waitUntil((tmp_path / "picked.csv").exists)


# --- log --------------------------------------------------------------------------


def test_log_tells_the_call_and_what_came_of_it(full_desk: Desk) -> None:
    full_desk.click_cell("positions.table", ("ETHUSDT", PositionSide.BOTH), "")
    full_desk.feed(OrderChanged(order=scene.order(status=OrderStatus.FILLED)))
    lines = [line.text for line in full_desk.window.account.models.log.rows()]
    assert "engine.submit(ClosePosition(symbol='ETHUSDT'))" in lines
    assert lines[-1] == "BTCUSDT BUY Limit 0.150 at 64200.0: FILLED (pd-1)"
    assert "SELL Stop market at 63900.0: NEW (pa-1)" in " ".join(lines)
