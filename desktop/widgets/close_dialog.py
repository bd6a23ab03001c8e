"""Close a share of a position, at market or at a limit price."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from desktop.formatting import quantity_text
from desktop.models.sizing import closing_size
from desktop.widgets.buttons import make_button
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.position_dialog import PositionDialog
from engine.commands import ClosePosition
from engine.market.instruments import Instrument, Problem
from engine.trading_types import OrderType, Side
from engine.views import PositionView

_SHARES_PCT = (25, 50, 75, 100)


class CloseDialog(PositionDialog):
    """Without a price it closes at market."""

    def __init__(
        self,
        parent: QWidget,
        *,
        position: PositionView,
        instrument: Instrument,
        mark_price: Decimal,
    ) -> None:
        super().__init__(
            parent,
            name="closePosition",
            act="Close",
            position=position,
            instrument=instrument,
            mark_price=mark_price,
        )
        self.share_pct = 100
        self.price = DecimalField("closePosition.price", "Limit price", self)
        self.price.set_rules(
            instrument.tick_size, instrument.price_decimals, instrument.quote_asset
        )
        self.price.setPlaceholderText("at market")
        if mark_price:
            self.price.set_number(instrument.round_price(mark_price))
        self.price.edited.connect(self.check)
        shares = QHBoxLayout()
        group = QButtonGroup(self)
        for share_pct in _SHARES_PCT:
            name = f"closePosition.share.{share_pct}"
            button = make_button(name, f"{share_pct}%", "interval", height=28, parent=self)
            button.setCheckable(True)
            button.setChecked(share_pct == self.share_pct)
            button.clicked.connect(lambda _=False, pct=share_pct: self._choose(pct))
            group.addButton(button)
            shares.addWidget(button, 1)
        self.add([shares, self.price])

    def _choose(self, share_pct: int) -> None:
        self.share_pct = share_pct
        self.check()

    def _size(self) -> Decimal:
        return closing_size(
            self.share_pct,
            held=self._position.quantity,
            instrument=self._instrument,
            order_type=OrderType.LIMIT if self.price.text() else OrderType.MARKET,
        )

    def hint(self) -> str:
        price = self.price.number()
        where = "at market" if price is None else f"at {self._instrument.price_text(price)}"
        size = quantity_text(self._size(), self._instrument)
        return f"Closes {size} {self._instrument.base_asset} {where}, reduce-only."

    def problem(self) -> Problem | None:
        if self.price.text() and self.price.number() is None:
            return Problem("price", "The price is not a number.")
        if not self._size():
            return Problem("", f"{self.share_pct} % of it is less than the exchange takes.")
        found = self._instrument.problems(
            side=Side.SELL if self._position.quantity > 0 else Side.BUY,
            order_type=OrderType.MARKET if self.price.number() is None else OrderType.LIMIT,
            quantity=self._size(),
            price=self.price.number(),
            mark_price=self._mark_price or None,
            reduce_only=True,
        )
        return found[0] if found else None

    def command(self) -> ClosePosition:
        return ClosePosition(
            symbol=self._position.symbol,
            position_side=self._position.position_side,
            share_pct=Decimal(self.share_pct),
            price=self.price.number(),
        )

    def field_named(self, _name: str) -> DecimalField:
        return self.price
