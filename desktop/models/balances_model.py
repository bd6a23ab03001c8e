"""What the account holds, one row per asset."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QObject

from desktop.formatting import local_time_text, signed
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from engine.views import BalanceView


class BalancesModel(TableModel[BalanceView]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column("Asset", lambda b: Cell(b.asset), sample="FDUSD"),
                Column("Wallet", lambda b: _amount(b.wallet_balance), numeric=True, sample=_AMOUNT),
                Column(
                    "Available",
                    lambda b: _amount(b.available_balance),
                    numeric=True,
                    sample=_AMOUNT,
                ),
                Column(
                    "Cross wallet",
                    lambda b: _amount(b.cross_wallet_balance),
                    numeric=True,
                    sample=_AMOUNT,
                ),
                Column("uPnL at last report", _profit, numeric=True, sample=_AMOUNT),
                Column("Updated", _time, sample="00:00:00", is_time=True),
            ],
            parent=parent,
        )

    def put_balance(self, balance: BalanceView) -> None:
        self.put(balance.asset, balance)


_AMOUNT = "12,345,678.0000"


def _amount(amount: Decimal) -> Cell:
    colour = "" if amount else palette.TEXT_FAINT
    return Cell(f"{amount:,.4f}", colour, tip=f"{amount:f}", sort=amount)


def _profit(balance: BalanceView) -> Cell:
    profit = balance.unrealized_pnl
    return Cell(signed(profit, 4), palette.signed_colour(profit, 4), sort=profit)


def _time(balance: BalanceView) -> Cell:
    return Cell(local_time_text(balance.updated_at), palette.TEXT_DIM, sort=balance.updated_at)
