"""How the ticket shows what was decided: which fields there are, what is wrong, what it costs."""

from __future__ import annotations

from decimal import Decimal

from desktop.formatting import money_text, parse_number, price_text, quantity_text
from desktop.models.size_unit import SizeUnit
from desktop.models.ticket_draft import TicketDraft
from desktop.models.ticket_facts import TicketFacts
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.ticket_controls import SIZE_UNITS, TicketControls
from engine.events import CommandRefused
from engine.market.instruments import Instrument, Problem
from engine.trading_types import OrderType, Side
from engine.utils.decimals import plain
from engine.views import ZERO

_NAMES = {"trigger_price": "trigger", "stop_price": "stop", "target_price": "target"}
_NAMES |= {"callback_pct": "callback", "activate_price": "trigger"}

_LONGEST_PRICE = 10  # beside its caption


class TicketView:
    """Changes nothing but looks; GUI thread."""

    def __init__(self, controls: TicketControls, facts: TicketFacts) -> None:
        self._controls = controls
        self._facts = facts

    # --- rules ----------------------------------------------------------------------

    def set_rules(self, instrument: Instrument) -> None:
        controls = self._controls
        tick, decimals = instrument.tick_size, instrument.price_decimals
        for field in (controls.price, controls.trigger):
            field.set_rules(tick, decimals, instrument.quote_asset)
        for field in (controls.stop, controls.target):
            field.set_rules(tick, decimals, "")
        words = {
            SizeUnit.BASE: instrument.base_asset,
            SizeUnit.QUOTE: instrument.quote_asset,
            SizeUnit.EQUITY_PCT: "% equity",
            SizeUnit.RISK: "Risk",
        }
        for place, unit in enumerate(SIZE_UNITS):
            controls.unit.setItemText(place, words[unit])
        self.set_size_rules(instrument)

    def set_size_rules(self, instrument: Instrument) -> None:
        unit = SIZE_UNITS[self._controls.unit.currentIndex()]
        quote = instrument.quote_asset
        rules = {
            SizeUnit.BASE: (instrument.limit_quantity.step, instrument.quantity_decimals, ""),
            SizeUnit.QUOTE: (Decimal(10), 0, ""),
            SizeUnit.EQUITY_PCT: (Decimal(1), 0, ""),
            SizeUnit.RISK: (Decimal(1), 0, quote),
        }
        self._controls.quantity.set_rules(*rules[unit])
        captions = {SizeUnit.BASE: "Quantity", SizeUnit.RISK: "Risk"}
        self._controls.quantity.set_caption(captions.get(unit, "Size"))

    def field_named(self, name: str) -> DecimalField:
        controls = self._controls
        fields = {
            "price": controls.price,
            "trigger": controls.trigger,
            "callback": controls.callback,
            "stop": controls.stop,
            "target": controls.target,
        }
        return fields.get(_NAMES.get(name, name), controls.quantity)

    # --- the draft ------------------------------------------------------------------

    def show(self, draft: TicketDraft, refusal: CommandRefused | None) -> None:
        self._show_fields(draft)
        missing = draft.missing()
        problems = {side: None if missing else draft.problem(side) for side in Side}
        for side, button in self._controls.side_buttons.items():
            problem = problems[side]
            button.setEnabled(not missing and problem is None)
            button.setToolTip(missing or (problem.sentence if problem else self._look_words()))
        self._show_doubt()
        self._mark_wrong(problems)
        self._show_sentence(draft, missing, problems, refusal)
        self._show_summary(draft)

    def _show_doubt(self) -> None:
        """Over a stale book the buttons are no longer in colour: a typed price still goes."""
        for button in self._controls.side_buttons.values():
            if button.property("stale") is not self._facts.is_stale:
                button.setProperty("stale", self._facts.is_stale)
                button.style().polish(button)

    def _look_words(self) -> str:
        """Why the buttons are not in full colour though they can be clicked."""
        if self._facts.is_stale:
            return "Prices are stale: it goes out as typed; what it would meet is not known"
        held = self._controls.side_buttons[Side.BUY].property("held")
        return "LIVE is disarmed: nothing is sent until you arm" if held else ""

    def _show_fields(self, draft: TicketDraft) -> None:
        controls = self._controls
        is_trailing = draft.order_type is OrderType.TRAILING_STOP_MARKET
        for part in (controls.trigger_type, controls.working_type, controls.trigger):
            part.setVisible(draft.is_conditional)
        controls.trigger.set_caption("Activation" if is_trailing else "Trigger")
        controls.trigger.setPlaceholderText("at once" if is_trailing else "")
        controls.callback.setVisible(is_trailing)
        controls.price.setVisible(not is_trailing)
        controls.price.set_idle("" if draft.has_price else "at market")
        for button in controls.best_buttons.values():
            button.setVisible(not draft.is_conditional)
        controls.post_only.setEnabled(draft.order_type is OrderType.LIMIT)
        controls.time_in_force.setEnabled(draft.has_price and not draft.post_only)
        controls.exits.setEnabled(not draft.is_conditional and not draft.reduce_only)
        controls.stop.setVisible(draft.has_exits)
        controls.target.setVisible(draft.has_exits)

    def _mark_wrong(self, problems: dict[Side, Problem | None]) -> None:
        buy, sell = problems[Side.BUY], problems[Side.SELL]
        wrong = self.field_named(buy.field) if buy and sell and buy.field else None
        controls = self._controls
        for field in (controls.price, controls.quantity, controls.trigger, controls.callback):
            field.set_wrong(field is wrong)
        for field in (controls.stop, controls.target):
            field.set_wrong(field is wrong)

    def _show_sentence(
        self,
        draft: TicketDraft,
        missing: str,
        problems: dict[Side, Problem | None],
        refusal: CommandRefused | None,
    ) -> None:
        line = self._controls.problems
        if refusal is not None:
            fix = parse_number(refusal.fix or "")
            text = refusal.fix or ""
            line.show_problem(refusal.sentence, field=refusal.field, fix=fix, fix_text=text)
            return
        if missing:
            line.show_hint(missing)
            return
        one_side = draft.one_side(problems)
        if one_side:
            line.show_hint(one_side)
            return
        for problem in problems.values():
            if problem is not None:
                text = self._fix_text(problem.field, problem.fix) if problem.fix else ""
                line.show_problem(
                    problem.sentence, field=problem.field, fix=problem.fix, fix_text=text
                )
                return
        line.show_hint(draft.prospect())

    def _fix_text(self, field: str, fix: Decimal) -> str:
        if field == "callback":
            return f"{plain(fix)} %"
        show = quantity_text if field == "quantity" else price_text
        return show(fix, self._facts.instrument)

    def _show_summary(self, draft: TicketDraft) -> None:
        facts, instrument = self._facts, self._facts.instrument
        texts: dict[str, str] = {"Available": money_text(facts.available)}
        notional, margin = draft.notional(), facts.margin(draft)
        fee, largest = facts.fee(draft), facts.share(draft, 100)
        if notional:
            texts["Value"] = money_text(notional)
        if margin:
            texts["Margin"] = money_text(margin)
        if fee:
            texts["Fee ≈"] = money_text(fee)
        unit = instrument.base_asset if instrument else ""
        if draft.quantity:
            texts["Size"] = f"{quantity_text(draft.quantity, instrument)} {unit}"
        if largest:
            texts["Max"] = f"{quantity_text(largest, instrument)} {unit}"
        for side in Side:
            price = facts.liquidation(draft, side)
            if price is not None:
                rounded = instrument.round_price(price) if instrument else price
                text = price_text(rounded, instrument)
                is_long = len(text) > _LONGEST_PRICE  # a small order's is far away: about so
                texts[f"Liq. {side.lower()} ≈"] = text.partition(".")[0] if is_long else text
        self._controls.summary.set_values(texts, is_too_dear=margin > facts.available)
        for share_pct, button in self._controls.share_buttons.items():
            button.setEnabled(bool(facts.share(draft, share_pct)))

    def show_best(self) -> None:
        facts = self._facts
        for side, button in self._controls.best_buttons.items():
            word = "Bid" if side is Side.BUY else "Ask"
            best = facts.best[side]
            button.setText(f"{word} {price_text(best or ZERO, facts.instrument)}")
            button.setEnabled(best is not None and not facts.is_stale)
            tip = "Stale: the book is not in step with the exchange" if facts.is_stale else ""
            button.setToolTip(tip or f"Use the best {word.lower()} as price")
