"""What the tables' buttons and edits ask for, as commands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from desktop.widgets.account_notices import AccountNotices
from desktop.widgets.blotter import AccountModels, Blotter
from desktop.widgets.confirmation import Confirmation
from engine.commands import AskAgain, CancelAllOrders, CancelOrder, ClosePosition, Command
from engine.trading_types import OrderStatus, PositionSide
from engine.views import PositionView


class BlotterActions(QObject):
    """Changes nothing itself: rows move when the answer comes."""

    def __init__(
        self,
        blotter: Blotter,
        models: AccountModels,
        notices: AccountNotices,
        submit: Callable[[Command], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._blotter = blotter
        self._models = models
        self._submit = submit
        models.orders.amend_wanted.connect(submit)
        models.orders.edit_refused.connect(notices.edit_refused)
        blotter.order_action_wanted.connect(self._act_on_order)
        blotter.position_close_wanted.connect(self._close_position)
        blotter.cancel_all_wanted.connect(self._cancel_all)
        blotter.close_all_wanted.connect(self._ask_close_all)

    @Slot(object)
    def _act_on_order(self, client_order_id: str) -> None:
        """The row's button: cancel, or ask again while the fate is unknown."""
        order = self._models.orders.row_of(client_order_id)
        if order is None or order.status is OrderStatus.PENDING_CANCEL:
            return
        kind = AskAgain if order.status is OrderStatus.UNKNOWN else CancelOrder
        self._submit(kind(symbol=order.symbol, client_order_id=client_order_id))

    @Slot(object)
    def _close_position(self, key: tuple[str, PositionSide]) -> None:
        position = self._models.positions.row_of(key)
        if position is not None:
            self._submit(close_command(position))

    @Slot()
    def _cancel_all(self) -> None:
        for symbol in self._models.orders.symbols():
            self._submit(CancelAllOrders(symbol=symbol))

    @Slot()
    def _ask_close_all(self) -> None:
        names = ", ".join(position.symbol for position in self._models.positions.rows())
        dialog = Confirmation(
            self._blotter.window(),
            name="positions.closeAll",
            question="Close all positions?",
            sentences=[f"Close at market, reduce-only: {names}. Open orders stay."],
            confirm="Close all positions",
        )
        dialog.accepted.connect(self._close_all)
        dialog.open()

    @Slot()
    def _close_all(self) -> None:
        for position in self._models.positions.rows():
            self._submit(close_command(position))


def close_command(position: PositionView) -> ClosePosition:
    return ClosePosition(symbol=position.symbol, position_side=position.position_side)
