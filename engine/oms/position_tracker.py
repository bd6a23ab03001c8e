"""Positions and balances as the venue reports them. Nothing is computed from fills.

Key of a position: (symbol, position side). The stream's word counts by the
venue's transaction time; a snapshot read by REST never overwrites what the
stream changed while the snapshot was on its way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec.structs import replace

from engine.events import (
    AccountUpdate,
    BalanceChanged,
    BalanceReport,
    Event,
    PositionChanged,
    PositionReport,
)
from engine.trading_types import PositionSide
from engine.utils.decimals import plain
from engine.views import ZERO, BalanceView, PositionView

PositionKey = tuple[str, PositionSide]


class PositionTracker:
    """Thread-safe. `publish` is called under the lock and must not block."""

    def __init__(self, publish: Callable[[Event], None]) -> None:
        self._publish = publish
        self._lock = threading.RLock()
        self._positions: dict[PositionKey, PositionView] = {}
        self._balances: dict[str, BalanceView] = {}
        self._leverages: dict[str, int] = {}
        self._changes = 0
        self._changed_at: dict[PositionKey | str, int] = {}

    # --- the stream ----------------------------------------------------------------

    def apply_account_update(self, update: AccountUpdate) -> None:
        with self._lock:
            for position in update.positions:
                self._apply_position(position, update.transaction_ms)
            for balance in update.balances:
                self._apply_balance(balance, update.transaction_ms)

    def apply_leverage(self, symbol: str, leverage: int) -> None:
        with self._lock:
            self._leverages[symbol] = leverage
            for key, view in self._positions.items():
                if view.symbol == symbol and view.leverage != leverage:
                    self._set_position(key, replace(view, leverage=leverage))

    def _apply_position(self, report: PositionReport, at_ms: int) -> None:
        key = (report.symbol, report.position_side)
        old = self._positions.get(key)
        if old is not None and at_ms < old.updated_at:
            return
        is_same = (
            old is not None
            and old.quantity == report.quantity
            and old.entry_price == report.entry_price
        )
        view = PositionView(
            symbol=report.symbol,
            position_side=report.position_side,
            quantity=report.quantity,
            entry_price=report.entry_price,
            break_even_price=report.break_even_price,
            mark_price=old.mark_price if old is not None else ZERO,
            unrealized_pnl=report.unrealized_pnl,
            realized_pnl=report.realized_pnl,
            # the stream does not carry it, and the old one is wrong for a new size
            liquidation_price=old.liquidation_price if old is not None and is_same else ZERO,
            margin_type=report.margin_type,
            isolated_margin=report.isolated_wallet,
            leverage=self._leverages.get(report.symbol, old.leverage if old is not None else 0),
            updated_at=at_ms,
        )
        self._set_position(key, view)

    def _apply_balance(self, report: BalanceReport, at_ms: int) -> None:
        old = self._balances.get(report.asset)
        if old is None:
            old = BalanceView(asset=report.asset, wallet_balance=ZERO)
        if at_ms < old.updated_at:
            return
        view = replace(
            old,
            wallet_balance=report.wallet_balance,
            cross_wallet_balance=report.cross_wallet_balance,
            updated_at=at_ms,
        )
        self._set_balance(view)

    # --- snapshots -------------------------------------------------------------------

    def stamp(self) -> int:
        """Take before asking for a snapshot, give back with it."""
        with self._lock:
            return self._changes

    def apply_positions(
        self, positions: Iterable[PositionView], stamp: int, heard_until_ms: int = 0
    ) -> list[str]:
        """Every open position, read by REST. Returns what differed, as phrases.

        A position that is not listed has no time of its own: it is newer than every
        update that had come when it was asked for (`heard_until_ms`), and one of those
        that is applied only now must not bring it back.
        """
        with self._lock:
            read = {(view.symbol, view.position_side): view for view in positions}
            gone = [key for key, old in self._positions.items() if old.quantity and key not in read]
            differences = []
            for key in gone:
                flat = replace(self._positions[key], quantity=ZERO, unrealized_pnl=ZERO)
                flat_since_ms = max(flat.updated_at, heard_until_ms + 1 if heard_until_ms else 0)
                read[key] = replace(
                    flat, entry_price=ZERO, liquidation_price=ZERO, updated_at=flat_since_ms
                )
            for key, view in read.items():
                if self._changed_at.get(key, 0) <= stamp:
                    differences += self._apply_read_position(key, view)
            return differences

    def _apply_read_position(self, key: PositionKey, view: PositionView) -> list[str]:
        old = self._positions.get(key)
        before = old.quantity if old is not None else ZERO
        if old is not None and view.updated_at < old.updated_at:
            if before != view.quantity:
                return []  # the stream knows of something newer
            view = replace(view, updated_at=old.updated_at)
        if view.leverage:
            self._leverages[view.symbol] = view.leverage
        if view != old:
            self._set_position(key, view)
        if before == view.quantity:
            return []
        return [f"position {view.symbol} {plain(before)} -> {plain(view.quantity)}"]

    def apply_balances(self, balances: Iterable[BalanceView], stamp: int) -> None:
        with self._lock:
            for view in balances:
                old = self._balances.get(view.asset)
                if self._changed_at.get(view.asset, 0) <= stamp and view != old:
                    self._set_balance(view)

    # --- reading ---------------------------------------------------------------------

    def positions(self) -> list[PositionView]:
        """Open ones."""
        with self._lock:
            return [view for view in self._positions.values() if view.quantity]

    def position(
        self, symbol: str, position_side: PositionSide = PositionSide.BOTH
    ) -> PositionView | None:
        """None or quantity 0: flat."""
        return self._positions.get((symbol, position_side))

    def balances(self) -> list[BalanceView]:
        with self._lock:
            return list(self._balances.values())

    def balance(self, asset: str) -> BalanceView | None:
        return self._balances.get(asset)

    def leverage(self, symbol: str) -> int:
        """0: not known yet."""
        return self._leverages.get(symbol, 0)

    def unrealized_pnl(
        self, symbol: str, mark_price: Decimal, position_side: PositionSide = PositionSide.BOTH
    ) -> Decimal:
        """At `mark_price`, in the quote asset. The quantity is signed, so one formula serves."""
        view = self._positions.get((symbol, position_side))
        return ZERO if view is None else (mark_price - view.entry_price) * view.quantity

    # --- one door --------------------------------------------------------------------

    def _set_position(self, key: PositionKey, view: PositionView) -> None:
        self._positions[key] = view
        self._mark(key)
        self._publish(PositionChanged(position=view))

    def _set_balance(self, view: BalanceView) -> None:
        self._balances[view.asset] = view
        self._mark(view.asset)
        self._publish(BalanceChanged(balance=view))

    def _mark(self, key: PositionKey | str) -> None:
        self._changes += 1
        self._changed_at[key] = self._changes
