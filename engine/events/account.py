"""Balances, positions and their terms: the venue's reports, and what holds now."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.events.event import Event
from engine.trading_types import MarginType, PositionSide
from engine.views import BalanceView, LeverageBracket, PositionView


class PositionReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position inside an AccountUpdate. `realized_pnl` is accumulated."""

    symbol: str
    position_side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    margin_type: MarginType
    isolated_wallet: Decimal


class BalanceReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    asset: str
    wallet_balance: Decimal
    cross_wallet_balance: Decimal
    change: Decimal  # without PnL and commission


class AccountUpdate(Event, frozen=True, kw_only=True):
    reason: str
    event_ms: int
    transaction_ms: int
    balances: tuple[BalanceReport, ...]
    positions: tuple[PositionReport, ...]


class LeverageChanged(Event, frozen=True, kw_only=True):
    symbol: str
    leverage: int
    event_ms: int


class SymbolTerms(Event, frozen=True, kw_only=True):
    """What holds for positions of one symbol; answer to WatchSymbol. Empty: not known."""

    symbol: str
    margin_type: MarginType | None = None
    brackets: tuple[LeverageBracket, ...] = ()
    taker_fee: Decimal | None = None  # share of a trade's worth


class MarginCall(Event, frozen=True, kw_only=True):
    symbols: tuple[str, ...]
    event_ms: int


class ListenKeyExpired(Event, frozen=True, kw_only=True):
    event_ms: int


class PositionChanged(Event, frozen=True, kw_only=True, gc=False):
    position: PositionView


class BalanceChanged(Event, frozen=True, kw_only=True, gc=False):
    balance: BalanceView
