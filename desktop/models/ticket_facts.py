"""What the ticket was told of market and account, and the figures that follow. GUI thread."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from desktop.models.liquidation import Holding, after, liquidation_price
from desktop.models.sizing import closing_size, initial_margin, opening_size
from desktop.models.ticket_draft import TicketDraft
from engine.market.instruments import Instrument
from engine.trading_types import MarginType, Side
from engine.views import ZERO, LeverageBracket, PositionView


def _no_best() -> dict[Side, Decimal | None]:
    return {Side.BUY: None, Side.SELL: None}


class TicketFacts(msgspec.Struct, kw_only=True):
    """`wallet` is the cross wallet with the profit of the other cross positions."""

    instrument: Instrument | None = None
    best: dict[Side, Decimal | None] = msgspec.field(default_factory=_no_best)
    mark_price: Decimal | None = None
    last_price: Decimal | None = None
    available: Decimal = ZERO
    wallet: Decimal = ZERO
    equity: Decimal = ZERO
    position: PositionView | None = None
    leverage: int = 0  # 0: not known
    margin_type: MarginType | None = None
    brackets: tuple[LeverageBracket, ...] = ()
    taker_fee: Decimal | None = None
    is_stale: bool = True
    is_account_stale: bool = True
    is_hedge: bool = False
    is_killing: bool = False
    lock: str = ""
    closed: str = ""  # why nothing at all can be sent

    def forget_contract(self) -> None:
        """Another contract is shown: nothing of the old one's holds."""
        self.best = _no_best()
        self.mark_price = self.last_price = self.position = None
        self.margin_type, self.taker_fee, self.brackets = None, None, ()

    def held(self) -> Decimal | None:
        """None while it is not known, or in hedge mode, where there are two."""
        if self.is_account_stale or self.is_hedge:
            return None
        return self.position.quantity if self.position else ZERO

    def hold(self) -> str:
        """Why no new risk goes out: the engine would refuse it, too; "" if it does."""
        if self.is_killing:
            return "KILL is at work: only market orders that reduce are taken."
        if self.is_account_stale and not self.lock:
            return "The account stream is not live: only reduce-only orders go out."
        return self.lock

    # --- figures --------------------------------------------------------------

    def share(self, draft: TicketDraft, share_pct: int) -> Decimal:
        """The quantity a share button gives: of the position when reducing, else of the money."""
        if draft.instrument is None:
            return ZERO
        if draft.reduce_only:
            held = self.position.quantity if self.position else ZERO
            return closing_size(
                share_pct, held=held, instrument=draft.instrument, order_type=draft.order_type
            )
        return opening_size(
            share_pct,
            available=self.available,
            leverage=self.leverage,
            price=draft.reference_price() or self.mark_price or ZERO,
            instrument=draft.instrument,
            order_type=draft.order_type,
        )

    def margin(self, draft: TicketDraft) -> Decimal:
        """Closing needs none."""
        if not self.leverage or draft.reduce_only:
            return ZERO
        return initial_margin(draft.notional(), self.leverage)

    def fee(self, draft: TicketDraft) -> Decimal | None:
        return None if self.taker_fee is None else draft.notional() * self.taker_fee

    def liquidation(self, draft: TicketDraft, side: Side) -> Decimal | None:
        """An estimate for the position once the order has filled; None when there is none."""
        price = draft.reference_price(side)
        if not price or not draft.quantity or self.is_account_stale or self.is_hedge:
            return None
        held = Holding(ZERO, ZERO)
        if self.position is not None:
            held = Holding(self.position.quantity, self.position.entry_price)
        position = after(held, side, draft.quantity, price)
        return liquidation_price(position, self._backing(position), self.brackets)

    def _backing(self, position: Holding) -> Decimal:
        if self.margin_type is not MarginType.ISOLATED:
            return self.wallet
        worth = abs(position.quantity) * position.entry_price
        return initial_margin(worth, self.leverage)
