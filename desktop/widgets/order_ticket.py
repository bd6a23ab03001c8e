"""The order ticket: what is typed, the two buttons, and what is wrong meanwhile.

It never waits and never says that an order exists: it only asks for one.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop.models.lock_out import lock_sentence
from desktop.models.preferences import Preferences
from desktop.models.size_unit import SizeUnit
from desktop.widgets.click_guard import ClickGuard
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.preset_row import Preset
from desktop.widgets.ticket_controls import (
    CONDITIONAL_TAB,
    SIZE_UNITS,
)
from desktop.widgets.ticket_input import PLAIN_TYPES, TicketInput
from desktop.widgets.ticket_view import TicketView
from engine.events import BookView, CommandRefused, SymbolTerms
from engine.market.instruments import Instrument
from engine.protection_views import GuardView
from engine.trading_types import MarginType, OrderType, Side
from engine.views import PositionView


class OrderTicket(TicketInput):
    """Feed it instrument, book, mark price and account; it emits commands."""

    order_wanted = Signal(object)  # PlaceOrder, PlaceBracket, PlaceAlgo or a plan
    leverage_wanted = Signal(object)  # int
    margin_type_wanted = Signal(object)  # MarginType
    ask_chosen = Signal(object)  # bool: the person wants to be asked first

    def __init__(
        self, preferences: Preferences | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(preferences or Preferences(None), parent)
        self._is_dirty = False
        self._refusal: CommandRefused | None = None
        self._guards = {side: ClickGuard() for side in Side}
        self._request_numbers = count(1)
        self._view = TicketView(self, self._facts)
        self._connect()
        self._view.show_best()
        self._check()

    # --- what it is told --------------------------------------------------------

    def set_instrument(self, instrument: Instrument) -> None:
        """A new contract: prices and sizes of the old one mean nothing here.

        What was typed before the first contract's rules had come stays: it was typed for it.
        """
        facts = self._facts
        is_other = facts.instrument is not None and facts.instrument.symbol != instrument.symbol
        facts.instrument = instrument
        self._view.set_rules(instrument)
        self.presets.set_symbol(instrument.symbol)
        if is_other:
            facts.forget_contract()
            self._refusal = None
            self.margin_type.set_margin_type(None)
            self.forget_typed()
            self.disarm()
        self._view.show_best()
        self._is_dirty = True

    def forget_typed(self) -> None:
        """Prices and quantity, as for a contract that nobody has typed anything for."""
        for field in self._price_fields():
            field.clear()
        self.quantity.clear()

    def set_book(self, book: BookView) -> None:
        """Best bid and ask. Cheap when they have not moved."""
        best = {
            Side.BUY: Decimal(repr(book.bids[0][0])) if book.bids else None,
            Side.SELL: Decimal(repr(book.asks[0][0])) if book.asks else None,
        }
        if best == self._facts.best:
            return
        self._facts.best = best
        self._view.show_best()
        self._is_dirty = True

    def set_mark_price(self, mark_price: float) -> None:
        self._facts.mark_price = Decimal(repr(mark_price))
        self._is_dirty = True

    def set_last_price(self, price: float) -> None:
        """Only a conditional order looks at it."""
        self._facts.last_price = Decimal(repr(price))
        self._is_dirty = self._is_dirty or self.type.currentIndex() == CONDITIONAL_TAB

    def set_money(self, *, available: Decimal, wallet: Decimal, equity: Decimal) -> None:
        facts = self._facts
        facts.available, facts.wallet, facts.equity = available, wallet, equity
        self._is_dirty = True

    def set_leverage(self, leverage: int) -> None:
        self._facts.leverage = leverage
        self.leverage.set_leverage(leverage)
        self._is_dirty = True

    def set_margin_type(self, margin_type: MarginType) -> None:
        self._facts.margin_type = margin_type
        self.margin_type.set_margin_type(margin_type)
        self._is_dirty = True

    def set_terms(self, terms: SymbolTerms) -> None:
        """Brackets and fee of the shown contract: the estimates lean on them."""
        self._facts.brackets = terms.brackets
        self._facts.taker_fee = terms.taker_fee
        if terms.margin_type is not None:
            self.set_margin_type(terms.margin_type)
        self._is_dirty = True

    def set_hedge(self, is_hedge: bool) -> None:
        self._facts.is_hedge = is_hedge
        self._is_dirty = True

    @Slot(object)
    def set_guard(self, guard: GuardView) -> None:
        """Locked out: no new risk leaves, and the ticket says until when."""
        self._facts.lock = lock_sentence(guard)
        self._check()

    def set_killing(self, is_killing: bool) -> None:
        """The kill switch is at work."""
        self._facts.is_killing = is_killing
        self._check()

    def set_closed(self, sentence: str) -> None:
        """Why nothing can be sent from this window at all, as from a recording; "" if it can."""
        self._facts.closed = sentence
        self.plan.setEnabled(not sentence)
        self._check()

    def set_account_stale(self, is_stale: bool) -> None:
        """The position may be another by now: nothing is decided from it."""
        if is_stale != self._facts.is_account_stale:
            self._facts.is_account_stale = is_stale
            self._is_dirty = True

    def set_position(self, position: PositionView | None) -> None:
        self._facts.position = position
        if position is not None:
            self.set_margin_type(position.margin_type)
        self._is_dirty = True

    def set_stale(self, is_stale: bool) -> None:
        """Best prices turn grey and cannot be clicked; market orders are held back."""
        if is_stale != self._facts.is_stale:
            self._facts.is_stale = is_stale
            self._view.show_best()
            self._is_dirty = True

    @Slot(object)
    def set_held(self, is_held: bool) -> None:
        """Hollow buttons: what they ask for is held back until the person arms."""
        for button in self.side_buttons.values():
            button.setProperty("held", is_held)
            button.style().polish(button)
        self._is_dirty = True

    @Slot(object)
    def set_price(self, price: Decimal) -> None:
        """From a click on the ladder or the chart."""
        self.type.setCurrentIndex(PLAIN_TYPES.index(OrderType.LIMIT))
        self.price.set_number(price)

    def set_ask(self, is_asked: bool) -> None:
        """What holds in this environment; tells nobody."""
        self.ask.blockSignals(True)
        self.ask.setChecked(is_asked)
        self.ask.blockSignals(False)

    def show_refusal(self, refused: CommandRefused) -> None:
        """The answer to one of our own orders, shown until the next edit."""
        self._refusal = refused
        self._check()

    def refresh(self) -> None:
        """Decide anew if anything was told since; the window calls it once a frame."""
        if self._is_dirty:
            self._check()

    # --- reading ------------------------------------------------------------------

    def disarm(self) -> None:
        """Another contract or a lost connection: one-click must be armed again."""
        self.one_click.setChecked(False)

    def place(self, side: Side) -> None:
        """As if the side's button had been clicked; says why when it cannot be."""
        draft = self.draft()
        if draft.missing() or draft.problem(side) is not None:
            self._check()
            return
        self._refusal = None
        self.order_wanted.emit(draft.command(side, f"ticket-{next(self._request_numbers)}"))

    def place_at_best(self, side: Side, at: Side) -> None:
        """By key: a limit order of the ticket's size at the best bid (`at` BUY) or ask."""
        best = self._facts.best[at]
        if best is None or self._facts.is_stale:
            self.problems.show_hint("Prices are stale: there is no best price to trade at.")
            return
        self.set_price(best)
        self._ask(side)

    def ignore_a_late_click(self) -> None:
        """The second half of a double click that was meant for something else."""
        for guard in self._guards.values():
            guard.admits()

    # --- acts -----------------------------------------------------------------------

    def _ask(self, side: Side) -> None:
        if not self._guards[side].admits():
            self.problems.show_hint("Second click ignored: it came too soon to be meant.")
            return
        self.place(side)

    @Slot()
    def _edited(self) -> None:
        self._refusal = None
        self._check()

    @Slot(object, object)
    def _apply_fix(self, name: str, fix: Decimal) -> None:
        field = self._view.field_named(name)
        if field is self.quantity:
            self.fill_quantity(fix)
        else:
            field.set_number(fix)

    def set_size_unit(self, unit: SizeUnit) -> None:
        """What the amount is counted in; an amount of another unit goes."""
        self.unit.setCurrentIndex(SIZE_UNITS.index(unit))

    def fill_quantity(self, quantity: Decimal) -> None:
        """In the base asset, whatever the amount was counted in before."""
        self.unit.setCurrentIndex(SIZE_UNITS.index(SizeUnit.BASE))
        self.quantity.set_number(quantity)

    def _fill_best(self, side: Side) -> None:
        best = self._facts.best[side]
        if best is not None and not self._facts.is_stale:
            self.set_price(best)

    def _fill_share(self, share_pct: int) -> None:
        size = self._facts.share(self.draft(), share_pct)
        if size:
            self.fill_quantity(size)

    @Slot()
    def _ask_plan(self) -> None:
        """With what is typed here, as far as it is a plan's."""
        draft = self.draft()
        if draft.instrument is None:
            return
        from desktop.widgets.plan_dialog import PlanDialog  # noqa: PLC0415 - the first frame needs none of it

        dialog = PlanDialog(
            self.window(), draft.instrument, draft.quantity, is_hedge=draft.is_hedge
        )
        dialog.reduce_only.setChecked(draft.reduce_only)
        dialog.command_wanted.connect(self.order_wanted)
        dialog.open()

    @Slot(object)
    def _use_preset(self, preset: Preset) -> None:
        self.unit.setCurrentIndex(SIZE_UNITS.index(preset.unit))
        self.quantity.setText(preset.amount)

    @Slot()
    def _change_unit(self) -> None:
        """An amount of the old unit would mean another size: it goes."""
        self.quantity.clear()
        if self._facts.instrument is not None:
            self._view.set_size_rules(self._facts.instrument)
        self._edited()

    # --- inside ---------------------------------------------------------------------

    def _check(self) -> None:
        """Decide again what is wrong and what may be clicked."""
        self._is_dirty = False
        self._view.show(self.draft(), self._refusal)

    def _price_fields(self) -> tuple[DecimalField, ...]:
        return (self.price, self.trigger, self.stop, self.target)

    def _connect(self) -> None:
        for field in (*self._price_fields(), self.quantity, self.callback):
            field.edited.connect(self._edited)
        for box in (self.post_only, self.reduce_only, self.exits):
            box.toggled.connect(self._edited)
        for choice in (self.time_in_force, self.trigger_type, self.working_type):
            choice.currentIndexChanged.connect(self._edited)
        self.type.currentChanged.connect(self._edited)
        self.unit.currentIndexChanged.connect(self._change_unit)
        self.plan.clicked.connect(self._ask_plan)
        self.ask.toggled.connect(self.ask_chosen.emit)
        self.presets.chosen.connect(self._use_preset)
        self.problems.fix_clicked.connect(self._apply_fix)
        self.leverage.leverage_wanted.connect(self.leverage_wanted)
        self.margin_type.margin_type_wanted.connect(self.margin_type_wanted)
        for side in Side:
            self.best_buttons[side].clicked.connect(lambda _=False, s=side: self._fill_best(s))
            self.side_buttons[side].acted.connect(lambda s=side: self._ask(s))
        for share, button in self.share_buttons.items():
            button.clicked.connect(lambda _=False, pct=share: self._fill_share(pct))
