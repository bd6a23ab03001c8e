"""The order ticket: price, quantity, the two buttons, and what is wrong meanwhile.

It never waits and never says that an order exists: it only asks for one.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop.formatting import DASH, money_text, parse_number, price_text, quantity_text
from desktop.models.sizing import closing_size, initial_margin, opening_size
from desktop.models.ticket_draft import TicketDraft
from desktop.widgets.click_guard import ClickGuard
from desktop.widgets.ticket_controls import ORDER_TYPES, TicketControls
from engine.events import BookView, CommandRefused
from engine.market.instruments import Instrument, Problem
from engine.trading_types import OrderType, Side, TimeInForce
from engine.views import ZERO, PositionView


class OrderTicket(TicketControls):
    """Feed it instrument, book, mark price and account; it emits commands."""

    order_wanted = Signal(object)  # PlaceOrder
    leverage_wanted = Signal(object)  # int

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._instrument: Instrument | None = None
        self._mark_price: Decimal | None = None
        self._best: dict[Side, Decimal | None] = {Side.BUY: None, Side.SELL: None}
        self._available = ZERO
        self._position: PositionView | None = None
        self._is_stale = True
        self._is_account_stale = True
        self._is_dirty = False
        self._refusal: CommandRefused | None = None
        self._guards = {side: ClickGuard() for side in Side}
        self._request_numbers = count(1)
        self._connect()
        self._show_best()
        self._check()

    # --- what it is told --------------------------------------------------------

    def set_instrument(self, instrument: Instrument) -> None:
        """A new contract: prices and sizes of the old one mean nothing here."""
        is_other = self._instrument is None or self._instrument.symbol != instrument.symbol
        self._instrument = instrument
        self.price.set_rules(
            instrument.tick_size, instrument.price_decimals, instrument.quote_asset
        )
        self.quantity.set_rules(
            instrument.limit_quantity.step, instrument.quantity_decimals, instrument.base_asset
        )
        if is_other:
            self._best = {Side.BUY: None, Side.SELL: None}
            self._mark_price = self._position = self._refusal = None
            self.price.clear()
            self.quantity.clear()
            self.disarm()
        self._show_best()
        self._is_dirty = True

    def set_book(self, book: BookView) -> None:
        """Best bid and ask. Cheap when they have not moved."""
        best = {
            Side.BUY: Decimal(repr(book.bids[0][0])) if book.bids else None,
            Side.SELL: Decimal(repr(book.asks[0][0])) if book.asks else None,
        }
        if best == self._best:
            return
        self._best = best
        self._show_best()
        self._is_dirty = True

    def set_mark_price(self, mark_price: float) -> None:
        self._mark_price = Decimal(repr(mark_price))
        self._is_dirty = True

    def set_available(self, available: Decimal) -> None:
        self._available = available
        self._is_dirty = True

    def set_leverage(self, leverage: int) -> None:
        self.leverage.set_leverage(leverage)
        self._is_dirty = True

    def set_account_stale(self, is_stale: bool) -> None:
        """The position may be another by now: nothing is decided from it."""
        if is_stale != self._is_account_stale:
            self._is_account_stale = is_stale
            self._is_dirty = True

    def set_position(self, position: PositionView | None) -> None:
        self._position = position
        self._is_dirty = True

    def set_stale(self, is_stale: bool) -> None:
        """Best prices turn grey and cannot be clicked; market orders are held back."""
        if is_stale != self._is_stale:
            self._is_stale = is_stale
            self._show_best()
            self._is_dirty = True

    @Slot(object)
    def set_held(self, is_held: bool) -> None:
        """Hollow buttons: what they ask for is held back until the person arms."""
        for button in self.side_buttons.values():
            button.setProperty("held", is_held)
            button.style().polish(button)

    def set_price(self, price: Decimal) -> None:
        """From a click on the ladder or the chart."""
        self.type.setCurrentIndex(ORDER_TYPES.index(OrderType.LIMIT))
        self.price.set_number(price)

    def show_refusal(self, refused: CommandRefused) -> None:
        """The answer to one of our own orders, shown until the next edit."""
        self._refusal = refused
        self._check()

    def refresh(self) -> None:
        """Decide anew if anything was told since; the window calls it once a frame."""
        if self._is_dirty:
            self._check()

    # --- reading ------------------------------------------------------------------

    def draft(self) -> TicketDraft:
        return TicketDraft(
            instrument=self._instrument,
            order_type=ORDER_TYPES[self.type.currentIndex()],
            price=self.price.number(),
            quantity=self.quantity.number(),
            time_in_force=TimeInForce(self.time_in_force.currentText()),
            post_only=self.post_only.isChecked(),
            reduce_only=self.reduce_only.isChecked(),
            mark_price=self._mark_price,
            is_stale=self._is_stale,
            best_bid=self._best[Side.BUY],
            best_ask=self._best[Side.SELL],
            held=self._held(),
        )

    def is_one_click(self) -> bool:
        """A click on the ladder places at once, with the quantity that stands here."""
        return self.one_click.isChecked()

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

    def _held(self) -> Decimal | None:
        if self._is_account_stale:
            return None
        return self._position.quantity if self._position else ZERO

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
    def _apply_fix(self, field: str, fix: Decimal) -> None:
        (self.price if field == "price" else self.quantity).set_number(fix)

    def _fill_best(self, side: Side) -> None:
        best = self._best[side]
        if best is not None and not self._is_stale:
            self.set_price(best)

    def _fill_share(self, share_pct: int) -> None:
        size = self._share(self.draft(), share_pct)
        if size:
            self.quantity.set_number(size)

    def _share(self, draft: TicketDraft, share_pct: int) -> Decimal:
        if draft.instrument is None:
            return ZERO
        if draft.reduce_only:
            held = self._position.quantity if self._position else ZERO
            return closing_size(
                share_pct, held=held, instrument=draft.instrument, order_type=draft.order_type
            )
        return opening_size(
            share_pct,
            available=self._available,
            leverage=self.leverage.leverage(),
            price=draft.reference_price() or self._mark_price or ZERO,
            instrument=draft.instrument,
            order_type=draft.order_type,
        )

    # --- showing --------------------------------------------------------------------

    def _check(self) -> None:
        """Decide again what is wrong and what may be clicked."""
        self._is_dirty = False
        draft = self.draft()
        is_limit = draft.order_type is OrderType.LIMIT
        self.price.setEnabled(is_limit)
        self.price.setPlaceholderText("" if is_limit else "at market")
        self.post_only.setEnabled(is_limit)
        self.time_in_force.setEnabled(is_limit and not draft.post_only)
        missing = draft.missing()
        problems = {side: None if missing else draft.problem(side) for side in Side}
        for side, button in self.side_buttons.items():
            problem = problems[side]
            button.setEnabled(not missing and problem is None)
            button.setToolTip(missing or (problem.sentence if problem else ""))
        common = problems[Side.BUY] if problems[Side.BUY] and problems[Side.SELL] else None
        self.price.set_wrong(common is not None and common.field == "price")
        self.quantity.set_wrong(common is not None and common.field == "quantity")
        self._show_sentence(draft, missing, problems)
        self._show_summary(draft)

    def _show_sentence(
        self, draft: TicketDraft, missing: str, problems: dict[Side, Problem | None]
    ) -> None:
        if self._refusal is not None:
            fix = parse_number(self._refusal.fix or "")
            self.problems.show_problem(
                self._refusal.sentence,
                field=self._refusal.field,
                fix=fix,
                fix_text=self._refusal.fix or "",
            )
            return
        if missing:
            self.problems.show_hint(missing)
            return
        for problem in problems.values():
            if problem is not None:
                text = self._fix_text(problem.field, problem.fix) if problem.fix else ""
                self.problems.show_problem(
                    problem.sentence, field=problem.field, fix=problem.fix, fix_text=text
                )
                return
        self.problems.show_hint(draft.prospect())

    def _fix_text(self, field: str, fix: Decimal) -> str:
        show = price_text if field == "price" else quantity_text
        return show(fix, self._instrument)

    def _show_summary(self, draft: TicketDraft) -> None:
        notional = draft.notional()
        leverage = self.leverage.leverage()
        margin = ZERO
        if leverage and not draft.reduce_only:  # closing needs none
            margin = initial_margin(notional, leverage)
        largest = self._share(draft, 100)
        unit = self._instrument.base_asset if self._instrument else ""
        self.summary.set_values(
            value=money_text(notional) if notional else DASH,
            margin=money_text(margin) if margin else DASH,
            available=money_text(self._available),
            largest=f"{quantity_text(largest, self._instrument)} {unit}" if largest else DASH,
            is_too_dear=margin > self._available,
        )
        for share_pct, button in self.share_buttons.items():
            button.setEnabled(bool(self._share(draft, share_pct)))

    def _show_best(self) -> None:
        for side, button in self.best_buttons.items():
            word = "Bid" if side is Side.BUY else "Ask"
            best = self._best[side]
            button.setText(f"{word} {price_text(best or ZERO, self._instrument)}")
            button.setEnabled(best is not None and not self._is_stale)
            tip = "Stale: the book is not in step with the exchange" if self._is_stale else ""
            button.setToolTip(tip or f"Use the best {word.lower()} as price")

    # --- inside ---------------------------------------------------------------------

    def _connect(self) -> None:
        self.type.currentChanged.connect(self._edited)
        self.price.edited.connect(self._edited)
        self.quantity.edited.connect(self._edited)
        self.post_only.toggled.connect(self._edited)
        self.reduce_only.toggled.connect(self._edited)
        self.time_in_force.currentTextChanged.connect(self._edited)
        self.problems.fix_clicked.connect(self._apply_fix)
        self.leverage.leverage_wanted.connect(self.leverage_wanted)
        for side in Side:
            self.best_buttons[side].clicked.connect(lambda _=False, s=side: self._fill_best(s))
            self.side_buttons[side].clicked.connect(lambda _=False, s=side: self._ask(s))
        for share, button in self.share_buttons.items():
            button.clicked.connect(lambda _=False, pct=share: self._fill_share(pct))
