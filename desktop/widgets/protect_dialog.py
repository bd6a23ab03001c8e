"""Stop and target for a position that is open already."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtWidgets import QWidget

from desktop.formatting import price_text, signed
from desktop.models.conditional_rules import exit_problem
from desktop.models.positions_model import Exits
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.position_dialog import PositionDialog
from engine.market.instruments import Instrument, Problem
from engine.protection_commands import ProtectPosition
from engine.trading_types import Side
from engine.views import PositionView


class ProtectDialog(PositionDialog):
    """Shows what the exchange holds; an emptied field leaves that exit as it is."""

    def __init__(
        self,
        parent: QWidget,
        *,
        position: PositionView,
        instrument: Instrument,
        mark_price: Decimal,
        exits: Exits,
    ) -> None:
        super().__init__(
            parent,
            name="protectPosition",
            act="Protect",
            position=position,
            instrument=instrument,
            mark_price=mark_price,
        )
        self._exits = exits
        self.target = self._field("protectPosition.target", "Target", exits.target)
        self.stop = self._field("protectPosition.stop", "Stop", exits.stop)
        self.add([self.target, self.stop])

    def _field(self, name: str, caption: str, now: Decimal | None) -> DecimalField:
        rules = self._instrument
        field = DecimalField(name, caption, self)
        field.set_rules(rules.tick_size, rules.price_decimals, rules.quote_asset)
        field.setPlaceholderText("none" if now is None else price_text(now, rules))
        if now is not None:
            field.set_number(now)
        field.edited.connect(self.check)
        return field

    def hint(self) -> str:
        stay = "They stay at the exchange while this computer is off."
        results = [
            f"{word} {signed(self._result(price), 2)}"
            for word, price in (("Target", self.target.number()), ("stop", self.stop.number()))
            if price is not None
        ]
        if not results:
            return stay
        said = ", ".join(results)
        return f"{said[0].upper()}{said[1:]} {self._instrument.quote_asset} before fees. {stay}"

    def _result(self, price: Decimal) -> Decimal:
        return (price - self._position.entry_price) * self._position.quantity

    def problem(self) -> Problem | None:
        for field, name in ((self.stop, "stop"), (self.target, "target")):
            if field.text() and field.number() is None:
                return Problem(name, f"The {name} is not a number.")
        return exit_problem(
            self._instrument,
            Side.BUY if self._position.quantity > 0 else Side.SELL,
            entry=self._mark_price,
            stop=self.stop.number(),
            target=self.target.number(),
        )

    def command(self) -> ProtectPosition | None:
        """Only what is another than now; None when nothing is."""
        stop, target = self.stop.number(), self.target.number()
        stop = None if stop == self._exits.stop else stop
        target = None if target == self._exits.target else target
        if stop is None and target is None:
            return None
        return ProtectPosition(
            symbol=self._position.symbol,
            position_side=self._position.position_side,
            stop_price=stop,
            target_price=target,
        )

    def field_named(self, name: str) -> DecimalField:
        return self.stop if name == "stop" else self.target
