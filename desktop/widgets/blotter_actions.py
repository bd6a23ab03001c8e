"""What the tables' buttons, menus and edits ask for, as commands."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from desktop.models.positions_model import HALF, MORE
from desktop.widgets.account_notices import AccountNotices
from desktop.widgets.blotter import AccountModels, Blotter
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.position_acts import PositionActs
from engine.commands import AskAgain, CancelOrder, ClosePosition, Command
from engine.protection_commands import CancelAlgo, CancelOrders
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, PositionSide, Side
from engine.views import OrderView

_CLOSED_BY_A_CANCEL = (AlgoStatus.PENDING_CANCEL, AlgoStatus.TRIGGERED)


class BlotterActions(QObject):
    """Changes nothing itself: rows move when the answer comes."""

    def __init__(
        self,
        blotter: Blotter,
        models: AccountModels,
        notices: AccountNotices,
        submit: Callable[[Command], None],
        position_acts: PositionActs,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._blotter = blotter
        self._models = models
        self._submit = submit
        self._position_acts = position_acts
        models.orders.amend_wanted.connect(submit)
        models.orders.edit_refused.connect(notices.edit_refused)
        blotter.orders.action_clicked.connect(self._act_on_order)
        blotter.orders.menu_opening.connect(self._fill_order_menu)
        blotter.positions.action_clicked.connect(self._act_on_position)
        blotter.positions.menu_opening.connect(position_acts.fill_menu)
        blotter.plans.action_clicked.connect(self._stop_plan)
        blotter.cancel_wanted.connect(self._cancel)
        blotter.close_all_wanted.connect(self._ask_close_all)

    # --- orders ---------------------------------------------------------------------

    @Slot(object, object)
    def _act_on_order(self, key: object, _act: str) -> None:
        """The row's button: cancel, or ask again while the fate is unknown."""
        row = self._models.orders.row_of(key)
        command = _cancel_of(row) if row is not None else None
        if command is not None:
            self._submit(command)

    @Slot(object, object)
    def _fill_order_menu(self, key: object, menu: QMenu) -> None:
        row = self._models.orders.row_of(key)
        if row is None:
            return
        command = _cancel_of(row)
        if command is not None:
            words = "Ask the exchange again" if isinstance(command, AskAgain) else "Cancel"
            menu.addAction(words).triggered.connect(lambda: self._submit(command))
        for side, word in ((None, "orders"), (Side.BUY, "bids"), (Side.SELL, "asks")):
            cancel = CancelOrders(symbol=row.symbol, side=side)
            action = menu.addAction(f"Cancel all {word} of {row.symbol}")
            action.triggered.connect(lambda _=False, c=cancel: self._submit(c))

    @Slot(object)
    def _cancel(self, side: Side | None) -> None:
        """All of one side of the shown symbol; None: every order there is."""
        symbol = None if side is None else self._blotter.symbol
        self._submit(CancelOrders(symbol=symbol, side=side))

    @Slot(object, object)
    def _stop_plan(self, key: object, _act: str) -> None:
        command = self._models.plans.stop_command(key)
        if command is not None:
            self._submit(command)

    # --- positions ------------------------------------------------------------------

    @Slot(object, object)
    def _act_on_position(self, key: tuple[str, PositionSide], act: str) -> None:
        if act == MORE:
            menu = QMenu(self._blotter)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._position_acts.fill_menu(key, menu)
            menu.popup(QCursor.pos())
        else:
            self._position_acts.close_share(key, Decimal(50 if act == HALF else 100))

    @Slot()
    def _ask_close_all(self) -> None:
        names = ", ".join(position.symbol for position in self._models.positions.rows())
        dialog = Confirmation(
            self._blotter.window(),
            name="positions.closeAll",
            question="Close all positions?",
            sentences=[
                f"Close at market, reduce-only: {names}. Orders stay, but for a bracket's exits."
            ],
            confirm="Close all positions",
        )
        dialog.accepted.connect(self._close_all)
        dialog.open()

    @Slot()
    def _close_all(self) -> None:
        for position in self._models.positions.rows():
            self._submit(
                ClosePosition(symbol=position.symbol, position_side=position.position_side)
            )


def _cancel_of(row: OrderView | AlgoView) -> Command | None:
    """None while a cancel is on its way already."""
    if isinstance(row, AlgoView):
        if row.status in _CLOSED_BY_A_CANCEL:
            return None
        return CancelAlgo(symbol=row.symbol, client_algo_id=row.client_algo_id)
    if row.status is OrderStatus.PENDING_CANCEL:
        return None
    kind = AskAgain if row.status is OrderStatus.UNKNOWN else CancelOrder
    return kind(symbol=row.symbol, client_order_id=row.client_order_id)
