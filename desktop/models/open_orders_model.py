"""Orders that may still trade; price and quantity can be edited in place.

An edit asks for an amend and changes nothing: the cell shows the confirmed
value with the wanted one beside it until the venue has answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop.formatting import grouped, local_time_text, parse_number, price_text, quantity_text
from desktop.models.order_certainty import can_move
from desktop.models.table_model import Cell, Column, Index, TableModel
from desktop.theme import palette
from desktop.theme.order_marks import amending_mark, order_mark
from engine.commands import AmendOrder
from engine.market.instruments import Instrument
from engine.trading_types import OrderStatus, OrderType
from engine.views import OrderView

PRICE = "Price"
QUANTITY = "Quantity"
ACTION = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRefused:
    """An edit found wrong before anything was sent. `fixed` would be accepted."""

    sentence: str
    fixed: AmendOrder | None = None
    fix_text: str = ""


class OpenOrdersModel(TableModel[OrderView]):
    amend_wanted = Signal(object)  # AmendOrder
    edit_refused = Signal(object)  # EditRefused

    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        self._asked: dict[str, AmendOrder] = {}
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00"),
                Column("Symbol", lambda o: Cell(o.symbol), sample="1000PEPEUSDT"),
                Column("Side", _side, sample="SELL"),
                Column("Type", _type, sample="TAKE PROFIT"),
                Column(PRICE, self._price, numeric=True, sample="64,250.10 to 64,250.10"),
                Column(QUANTITY, self._quantity, numeric=True, sample="12,345.000"),
                Column("Filled", self._filled, numeric=True, sample="12,345.000"),
                Column("Value", _value, numeric=True, sample="1,234,567.00"),
                Column("Status", self._status, sample="Part filled 00"),
                Column(ACTION, _action, sample="Ask again"),
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

    def symbols(self) -> list[str]:
        return sorted({order.symbol for order in self.rows()})

    # --- editing --------------------------------------------------------------

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if not index.isValid() or index.column() not in self._editable_columns():
            return flags
        order = self.row_of(self.key_at(index.row()))
        return flags | Qt.ItemFlag.ItemIsEditable if order and can_move(order) else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.EditRole and index.isValid():
            order = self.row_of(self.key_at(index.row()))
            return self._edit_text(order, index.column()) if order else None
        return super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for the amend. The row itself changes only when the venue says so."""
        order = self.row_of(self.key_at(index.row())) if index.isValid() else None
        if role != Qt.ItemDataRole.EditRole or order is None or not can_move(order):
            return False
        is_price = index.column() == self.column_named(PRICE)
        number = parse_number(str(value))
        if number is None:
            self.edit_refused.emit(EditRefused(sentence=f"{value!r} is not a number."))
            return False
        return self._ask(order, number, is_price=is_price)

    def _ask(self, order: OrderView, number: Decimal, *, is_price: bool) -> bool:
        if number == (order.price if is_price else order.orig_qty):
            return False
        refused = self._problem(order, number, is_price=is_price)
        if refused is not None:
            self.edit_refused.emit(refused)
            return False
        command = _amend(order, number, is_price=is_price)
        self.amend_asked(command)
        self.amend_wanted.emit(command)
        return True

    def _problem(self, order: OrderView, number: Decimal, *, is_price: bool) -> EditRefused | None:
        if not is_price and number <= order.executed_qty:
            return EditRefused(
                sentence=f"{order.executed_qty:f} is filled already: the total must be above that."
            )
        instrument = self._instruments.get(order.symbol)
        if instrument is None:
            return None
        field = "price" if is_price else "quantity"
        problems = instrument.problems(
            side=order.side,
            order_type=OrderType.LIMIT,  # no other can be moved
            quantity=order.orig_qty if is_price else number,
            price=number if is_price else order.price,
            reduce_only=order.reduce_only,
        )
        for problem in problems:
            if problem.field != field or problem.fix is None:
                return EditRefused(sentence=problem.sentence)
            fixed = _amend(order, problem.fix, is_price=is_price)
            show = price_text if is_price else quantity_text
            text = f"Use {show(problem.fix, instrument)}"
            return EditRefused(sentence=problem.sentence, fixed=fixed, fix_text=text)
        return None

    def _editable_columns(self) -> tuple[int, int]:
        return self.column_named(PRICE), self.column_named(QUANTITY)

    def _edit_text(self, order: OrderView, column: int) -> str:
        instrument = self._instruments.get(order.symbol)
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

    def _price(self, order: OrderView) -> Cell:
        instrument = self._instruments.get(order.symbol)
        wanted, _ = self._wanted(order)
        pending = price_text(wanted, instrument) if wanted and wanted != order.price else ""
        text = price_text(order.price, instrument) if order.price else "market"
        return Cell(text, pending=pending, tip=_edit_tip(order), sort=order.price)

    def _quantity(self, order: OrderView) -> Cell:
        instrument = self._instruments.get(order.symbol)
        _, wanted = self._wanted(order)
        pending = quantity_text(wanted, instrument) if wanted and wanted != order.orig_qty else ""
        text = quantity_text(order.orig_qty, instrument)
        return Cell(text, pending=pending, tip=_edit_tip(order), sort=order.orig_qty)

    def _filled(self, order: OrderView) -> Cell:
        text = quantity_text(order.executed_qty, self._instruments.get(order.symbol))
        colour = palette.TEXT if order.executed_qty else palette.TEXT_FAINT
        return Cell(text, colour, sort=order.executed_qty)

    def _status(self, order: OrderView) -> Cell:
        mark = order_mark(order)
        if order.client_order_id in self._asked and order.status.is_resting:
            mark = amending_mark()
        return Cell(mark.words, mark.colour, mark, tip=order.reason)


def _is_answered(asked: AmendOrder, order: OrderView) -> bool:
    """The engine has taken the amend over, or what was asked is now true."""
    if order.amend is not None:
        return True
    price_done = asked.price is None or asked.price == order.price
    quantity_done = asked.quantity is None or asked.quantity == order.orig_qty
    return price_done and quantity_done


def _amend(order: OrderView, number: Decimal, *, is_price: bool) -> AmendOrder:
    return AmendOrder(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        price=number if is_price else None,
        quantity=None if is_price else number,
    )


def _edit_tip(order: OrderView) -> str:
    return "Double-click or F2 to change" if can_move(order) else ""


def _time(order: OrderView) -> Cell:
    return Cell(local_time_text(order.created_at), palette.TEXT_DIM, sort=order.created_at)


def _side(order: OrderView) -> Cell:
    return Cell(order.side.value, palette.SIDE_COLOUR[order.side])


def _type(order: OrderView) -> Cell:
    words = [order.type.replace("_", " ").capitalize()]
    if order.time_in_force not in ("GTC", "GTE_GTC"):
        words.append({"GTX": "post"}.get(order.time_in_force, order.time_in_force))
    if order.reduce_only:
        words.append("reduce")
    return Cell(" · ".join(words), tip="Reduce-only" if order.reduce_only else "")


def _value(order: OrderView) -> Cell:
    value = order.price * order.orig_qty
    return Cell(grouped(value, 2) if value else "", palette.TEXT_DIM, sort=value)


def _action(order: OrderView) -> Cell:
    if order.status is OrderStatus.UNKNOWN:
        return Cell("Ask again", palette.UNKNOWN, tip="Ask the exchange what became of it")
    if order.status is OrderStatus.PENDING_CANCEL:
        return Cell("")
    return Cell("Cancel", palette.TEXT_DIM, tip="Cancel this order (Del)")
