"""What the guard judges a wish by: prices, positions and open orders of the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from engine.clock import Clock
from engine.errors import OrderNotAllowed, PerpdeskError
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.order_tracker import OrderTracker
from engine.oms.position_tracker import PositionTracker
from engine.oms.risk_rules import Facts, RiskLimits, Wish
from engine.protection_views import AlgoView
from engine.views import ZERO

_DOLLARS = ("USDT", "USDC", "FDUSD", "BUSD", "USD1", "BFUSD")


class RiskFacts:
    """Thread-safe. `price_of` is the mark price where it is known, asked at once.

    Only `mark` may ask the venue (one light call, on the caller's thread), for a symbol
    that nobody follows.
    """

    def __init__(
        self,
        limits: RiskLimits,
        gateway: ExchangeGateway,
        tracker: OrderTracker,
        algos: AlgoTracker,
        positions: PositionTracker,
        clock: Clock,
        price_of: Callable[[str], Decimal | None],
    ) -> None:
        self._limits = limits
        self._gateway = gateway
        self._tracker = tracker
        self._algos = algos
        self._positions = positions
        self._clock = clock
        self._price_of = price_of

    def of(
        self,
        wish: Wish,
        instrument: Instrument,
        mark: Decimal | None,
        replaced: str,
        sent: tuple[tuple[int, Wish], ...],
    ) -> Facts:
        """What no rule asks for is left out. `replaced`: the id of the order that this wish takes
        the place of; `sent`: when and what, of the last moments.
        """
        limits = self._limits
        position = self._positions.position(wish.symbol, wish.position_side)
        algos = [a.view for a in self._algos.open_algos() if not a.has_triggered]
        resting = ZERO
        if limits.bound_position(wish.symbol):
            resting = self._resting(wish, algos, replaced)
        return Facts(
            now_ms=self._clock.now_ms(),
            mark_price=mark,
            equity=self._equity() if limits.need_equity else None,
            position=position.quantity if position is not None else ZERO,
            resting=resting,
            open_orders=self._tracker.total_open() + len(algos),
            leverage=self._positions.leverage(wish.symbol),
            step=instrument.limit_quantity.step,
            base_asset=instrument.base_asset,
            sent=sent,
        )

    def _resting(self, wish: Wish, algos: Iterable[AlgoView], replaced: str) -> Decimal:
        symbol, side, held = wish.symbol, wish.side, wish.position_side
        total = self._tracker.resting_qty(symbol, side, held, without=replaced)
        for algo in algos:
            if algo.side is not side or algo.symbol != symbol or algo.only_reduces:
                continue
            if algo.position_side is held and algo.client_algo_id != replaced:
                total += algo.quantity
        return total

    def mark(self, wish: Wish) -> Decimal | None:
        """None where no rule needs it, or the venue does not say."""
        if not self._limits.need_a_price:
            return None
        known = self._price_of(wish.symbol)
        if known is not None:
            return known
        try:
            return self._gateway.get_mark_price(wish.symbol)
        except PerpdeskError as error:
            raise OrderNotAllowed(
                "", f"The mark price of {wish.symbol} is not known, so the order cannot be"
                f" checked: {error}"
            ) from error  # fmt: skip

    def _equity(self) -> Decimal | None:
        return self.wallet() + self.open_pnl() if self._positions.balances() else None

    def wallet(self) -> Decimal:
        wallet = ZERO
        for balance in self._positions.balances():
            if balance.asset in _DOLLARS:
                wallet += balance.wallet_balance
        return wallet

    def open_pnl(self) -> Decimal:
        total = ZERO
        for position in self._positions.positions():
            mark = self._price_of(position.symbol)
            if mark is None:
                total += position.unrealized_pnl
            else:
                total += (mark - position.entry_price) * position.quantity
        return total
