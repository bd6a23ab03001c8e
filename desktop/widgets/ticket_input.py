"""What stands in the ticket's fields, read as one draft."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.models.preferences import Preferences
from desktop.models.settings import SIZE_UNIT
from desktop.models.size_unit import SizeAsked, SizeUnit
from desktop.models.ticket_draft import TicketDraft
from desktop.models.ticket_facts import TicketFacts
from desktop.widgets.preset_row import Preset
from desktop.widgets.ticket_controls import (
    CONDITIONAL_TAB,
    SIZE_UNITS,
    TRIGGER_TYPES,
    WORKING_TYPES,
    TicketControls,
)
from engine.trading_types import OrderType, Side, TimeInForce
from engine.views import ZERO

PLAIN_TYPES = (OrderType.LIMIT, OrderType.MARKET)  # in the order of the tabs


class TicketInput(TicketControls):
    """The controls with what was told of market and account; it sends nothing."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        self._facts = TicketFacts()
        super().__init__(preferences, parent)
        unit = SizeUnit(preferences.value_of(SIZE_UNIT))
        self.unit.setCurrentIndex(SIZE_UNITS.index(unit))

    def order_type(self) -> OrderType:
        tab = self.type.currentIndex()
        if tab == CONDITIONAL_TAB:
            return TRIGGER_TYPES[self.trigger_type.currentIndex()]
        return PLAIN_TYPES[tab]

    def size_unit(self) -> SizeUnit:
        return SIZE_UNITS[self.unit.currentIndex()]

    def typed_size(self) -> Preset | None:
        amount, instrument = self.quantity.number(), self._facts.instrument
        if not amount or instrument is None:
            return None
        symbol = instrument.symbol if self.size_unit() is SizeUnit.BASE else ""
        return Preset(f"{amount:f}", self.size_unit(), symbol)

    def is_one_click(self) -> bool:
        """A click on the ladder places at once, with the quantity that stands here."""
        return self.one_click.isChecked()

    def draft(self) -> TicketDraft:
        """Twice: what the amount makes depends on the price that stands in the rest."""
        facts = self._facts
        is_plain = self.type.currentIndex() != CONDITIONAL_TAB
        has_exits = self.exits.isChecked() and is_plain and not self.reduce_only.isChecked()
        fields = {
            "instrument": facts.instrument,
            "order_type": self.order_type(),
            "price": self.price.number(),
            "time_in_force": TimeInForce(self.time_in_force.currentText()),
            "post_only": self.post_only.isChecked() and is_plain,
            "reduce_only": self.reduce_only.isChecked(),
            "mark_price": facts.mark_price,
            "last_price": facts.last_price,
            "is_stale": facts.is_stale,
            "best_bid": facts.best[Side.BUY],
            "best_ask": facts.best[Side.SELL],
            "held": facts.held(),
            "trigger": self.trigger.number(),
            "callback_pct": self.callback.number(),
            "working_type": WORKING_TYPES[self.working_type.currentIndex()],
            "has_exits": has_exits,
            "stop_price": self.stop.number() if has_exits else None,
            "target_price": self.target.number() if has_exits else None,
            "lock": facts.hold(),
            "closed": facts.closed,
            "is_hedge": facts.is_hedge,
        }
        asked = self._size_asked(TicketDraft(quantity=None, **fields))  # type: ignore[arg-type]
        quantity = asked.quantity(facts.instrument) if facts.instrument else asked.amount
        return TicketDraft(quantity=quantity, size_hint=asked.hint(), **fields)  # type: ignore[arg-type]

    def _size_asked(self, draft: TicketDraft) -> SizeAsked:
        return SizeAsked(
            amount=self.quantity.number(),
            unit=self.size_unit(),
            price=draft.reference_price() or self._facts.mark_price or ZERO,
            equity=self._facts.equity,
            stop_price=draft.stop_price,
            order_type=draft.order_type,
        )
