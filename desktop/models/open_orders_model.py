"""Orders that may still trade; price and quantity can be edited in place.

An edit asks for an amend and changes nothing: the cell shows the confirmed
value with the wanted one beside it until the venue has answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop.formatting import grouped, local_time_text, parse_number, price_text, quantity_text
from desktop.models import algo_cells
from desktop.models.algo_cells import can_move_algo
from desktop.models.conditional_rules import type_words
from desktop.models.order_cells import filled_cell, side_cell
from desktop.models.order_certainty import can_move
from desktop.models.order_edits import EditRefused, read_amend, read_move
from desktop.models.table_model import Cell, Column, Index, TableModel
from desktop.theme import palette
from desktop.theme.order_marks import amending_mark, order_mark
from engine.commands import AmendOrder
from engine.market.instruments import Instrument
from engine.protection_commands import MoveAlgo
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus
from engine.views import ZERO, OrderView

PRICE = "Price"
TRIGGER = "Trigger"
QUANTITY = "Quantity"
ACTION = ""


class OpenOrdersModel(TableModel[OrderView | AlgoView]):
    """Keys: client order ids, and `algo_key` of the conditional orders."""

    amend_wanted = Signal(object)  # AmendOrder or MoveAlgo
    edit_refused = Signal(object)  # EditRefused

    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        self._asked: dict[str, AmendOrder] = {}
        self._moves: dict[str, MoveAlgo] = {}
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00", is_time=True),
                Column("Symbol", lambda o: Cell(o.symbol), sample="DOGEUSDT"),
                Column("Side", lambda o: side_cell(o.side), sample="SELL"),
                Column("Type", _type, sample="Take-profit market · closes all"),
                Column(TRIGGER, self._trigger, numeric=True, sample="≥ 64,250.1"),
                Column(PRICE, self._price, numeric=True, sample="64,250.1 to 64,250.1"),
                Column(QUANTITY, self._quantity, numeric=True, sample="12,345.000"),
                Column("Filled", self._filled, numeric=True, sample="12,345.000"),
                Column("Value", _value, numeric=True, sample="1,234,567.00"),
                Column("Status", self._status, sample="Part filled 00"),
                Column(ACTION, _action, sample="Ask again", is_button=True),
            ],
            newest_first=True,
            parent=parent,
        )

    def put_order(self, order: OrderView) -> None:
        """Show the order; one that can no longer trade leaves the table."""
        key = order.client_order_id
        asked = self._asked.get(key)
        if asked is not None and _is_answered(asked, order):
            del self._asked[key]
        if order.status.is_terminal:
            self._asked.pop(key, None)
            self.remove(key)
        else:
            self.put(key, order)

    def amend_refused(self, client_order_id: str) -> None:
        """Forget what was asked: the confirmed value stands alone again."""
        if self._asked.pop(client_order_id, None) is not None:
            self.refresh([client_order_id])

    def amend_asked(self, command: AmendOrder) -> None:
        """Mark an amend asked anywhere (chart, ladder, here) as in flight."""
        self._asked[command.client_order_id] = command
        self.refresh([command.client_order_id])

    def put_algo(self, algo: AlgoView) -> None:
        """Show the conditional order until it is over, or has become an order of its own."""
        key = algo_key(algo.client_algo_id)
        self._moves.pop(algo.client_algo_id, None)
        has_become_order = algo.status is AlgoStatus.TRIGGERED and algo.order_id is not None
        if algo.status.is_terminal or has_become_order:
            self.remove(key)
        else:
            self.put(key, algo)

    def move_asked(self, command: MoveAlgo) -> None:
        self._moves[command.client_algo_id] = command
        self.refresh([algo_key(command.client_algo_id)])

    def move_refused(self, client_algo_id: str) -> None:
        if self._moves.pop(client_algo_id, None) is not None:
            self.refresh([algo_key(client_algo_id)])

    def symbols(self) -> list[str]:
        return sorted({order.symbol for order in self.rows()})

    def orders(self) -> list[OrderView]:
        return [row for row in self.rows() if isinstance(row, OrderView)]

    def algos(self) -> list[AlgoView]:
        return [row for row in self.rows() if isinstance(row, AlgoView)]

    # --- editing --------------------------------------------------------------

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        row = self.row_of(self.key_at(index.row())) if index.isValid() else None
        if row is None or not self._is_editable(row, index.column()):
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.EditRole and index.isValid():
            order = self.row_of(self.key_at(index.row()))
            return self._edit_text(order, index.column()) if order else None
        return super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for the amend. The row itself changes only when the venue says so."""
        order = self.row_of(self.key_at(index.row())) if index.isValid() else None
        if role != Qt.ItemDataRole.EditRole or order is None:
            return False
        if not self._is_editable(order, index.column()):
            return False
        is_price = index.column() == self.column_named(PRICE)
        number = parse_number(str(value))
        if number is None:
            self.edit_refused.emit(EditRefused(sentence=f"{value!r} is not a number."))
            return False
        if isinstance(order, AlgoView):
            return self._ask_move(order, number)
        return self._ask(order, number, is_price=is_price)

    def _ask_move(self, algo: AlgoView, trigger: Decimal) -> bool:
        if trigger == algo.trigger_price:
            return False
        read = read_move(algo, trigger, self._instruments.get(algo.symbol))
        if isinstance(read, MoveAlgo):
            self.move_asked(read)
        return self._send(read)

    def _ask(self, order: OrderView, number: Decimal, *, is_price: bool) -> bool:
        if number == (order.price if is_price else order.orig_qty):
            return False
        instrument = self._instruments.get(order.symbol)
        read = read_amend(order, number, instrument, is_price=is_price)
        if isinstance(read, AmendOrder):
            self.amend_asked(read)
        return self._send(read)

    def _send(self, read: AmendOrder | MoveAlgo | EditRefused) -> bool:
        if isinstance(read, EditRefused):
            self.edit_refused.emit(read)
            return False
        self.amend_wanted.emit(read)
        return True

    def _is_editable(self, row: OrderView | AlgoView, column: int) -> bool:
        title = self.columns()[column].title
        if isinstance(row, AlgoView):
            return title == TRIGGER and can_move_algo(row)
        return title in (PRICE, QUANTITY) and can_move(row)

    def _edit_text(self, order: OrderView | AlgoView, column: int) -> str:
        instrument = self._instruments.get(order.symbol)
        if isinstance(order, AlgoView):
            trigger = order.trigger_price
            return instrument.price_text(trigger) if instrument else f"{trigger:f}"
        if column == self.column_named(PRICE):
            return instrument.price_text(order.price) if instrument else f"{order.price:f}"
        return instrument.quantity_text(order.orig_qty) if instrument else f"{order.orig_qty:f}"

    # --- cells ----------------------------------------------------------------

    def _wanted(self, order: OrderView) -> tuple[Decimal | None, Decimal | None]:
        """Price and quantity that were asked for and not answered."""
        if order.amend is not None:
            return order.amend.price, order.amend.quantity
        asked = self._asked.get(order.client_order_id)
        return (asked.price, asked.quantity) if asked else (None, None)

    def _trigger(self, row: OrderView | AlgoView) -> Cell:
        if isinstance(row, OrderView):
            return Cell("", sort=ZERO)
        instrument = self._instruments.get(row.symbol)
        move = self._moves.get(row.client_algo_id)
        wanted = price_text(move.trigger_price or ZERO, instrument) if move else ""
        return algo_cells.trigger_cell(row, instrument, wanted)

    def _price(self, order: OrderView | AlgoView) -> Cell:
        instrument = self._instruments.get(order.symbol)
        if isinstance(order, AlgoView):
            return algo_cells.price_cell(order, instrument)
        wanted, _ = self._wanted(order)
        pending = price_text(wanted, instrument) if wanted and wanted != order.price else ""
        text = price_text(order.price, instrument) if order.price else "market"
        return Cell(text, pending=pending, tip=_edit_tip(order), sort=order.price)

    def _quantity(self, order: OrderView | AlgoView) -> Cell:
        instrument = self._instruments.get(order.symbol)
        if isinstance(order, AlgoView):
            return algo_cells.quantity_cell(order, instrument)
        _, wanted = self._wanted(order)
        pending = quantity_text(wanted, instrument) if wanted and wanted != order.orig_qty else ""
        text = quantity_text(order.orig_qty, instrument)
        return Cell(text, pending=pending, tip=_edit_tip(order), sort=order.orig_qty)

    def _filled(self, order: OrderView | AlgoView) -> Cell:
        return filled_cell(order, self._instruments.get(order.symbol))

    def _status(self, order: OrderView | AlgoView) -> Cell:
        if isinstance(order, AlgoView):
            return algo_cells.status_cell(order)
        mark = order_mark(order)
        if order.client_order_id in self._asked and order.status.is_resting:
            mark = amending_mark()
        return Cell(mark.words, mark.colour, mark, tip=order.reason)


def algo_key(client_algo_id: str) -> tuple[str, str]:
    """Apart from client order ids: the order it becomes may bear the same name."""
    return ("algo", client_algo_id)


def _is_answered(asked: AmendOrder, order: OrderView) -> bool:
    """The engine has taken the amend over, or what was asked is now true."""
    if order.amend is not None:
        return True
    price_done = asked.price is None or asked.price == order.price
    quantity_done = asked.quantity is None or asked.quantity == order.orig_qty
    return price_done and quantity_done


def _edit_tip(order: OrderView) -> str:
    return "Double-click or F2 to change" if can_move(order) else ""


def _time(order: OrderView | AlgoView) -> Cell:
    return Cell(local_time_text(order.created_at), palette.TEXT_DIM, sort=order.created_at)


def _type(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView):
        return algo_cells.type_cell(order)
    words = [type_words(order.type)]
    if order.time_in_force not in ("GTC", "GTE_GTC"):
        words.append({"GTX": "post"}.get(order.time_in_force, order.time_in_force))
    if order.reduce_only:
        words.append("reduce")
    return Cell(" · ".join(words), tip="Reduce-only" if order.reduce_only else "")


def _value(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView):
        value = (order.price or order.trigger_price) * order.quantity
    else:
        value = order.price * order.orig_qty
    return Cell(grouped(value, 2) if value else "", palette.TEXT_DIM, sort=value)


def _action(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView):
        return algo_cells.action_cell(order)
    if order.status is OrderStatus.UNKNOWN:
        return Cell("Ask again", palette.UNKNOWN, tip="Ask the exchange what became of it")
    if order.status is OrderStatus.PENDING_CANCEL:
        return Cell("")
    return Cell("Cancel", palette.TEXT_DIM, tip="Cancel this order (Del)")
