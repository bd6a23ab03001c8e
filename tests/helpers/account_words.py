"""What the exchange's stream says about the account, as events."""

from __future__ import annotations

from decimal import Decimal

from engine.events import AccountUpdate, BalanceReport, PositionReport
from engine.trading_types import MarginType, PositionSide

D = Decimal


def position_report(quantity: str, **changes: object) -> PositionReport:
    terms: dict[str, object] = {
        "symbol": "BTCUSDT",
        "position_side": PositionSide.BOTH,
        "quantity": D(quantity),
        "entry_price": D(60000),
        "break_even_price": D(60000),
        "realized_pnl": D(0),
        "unrealized_pnl": D(0),
        "margin_type": MarginType.CROSSED,
        "isolated_wallet": D(0),
    }
    return PositionReport(**{**terms, **changes})  # type: ignore[arg-type]


def balance_report(wallet: str) -> BalanceReport:
    return BalanceReport(
        asset="USDT", wallet_balance=D(wallet), cross_wallet_balance=D(wallet), change=D(0)
    )


def account_update(
    at_ms: int,
    *,
    positions: tuple[PositionReport, ...] = (),
    balances: tuple[BalanceReport, ...] = (),
    reason: str = "ORDER",
) -> AccountUpdate:
    return AccountUpdate(
        reason=reason,
        event_ms=at_ms,
        transaction_ms=at_ms,
        balances=balances,
        positions=positions,
    )
