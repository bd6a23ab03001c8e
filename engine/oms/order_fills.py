"""The trades of one order: each counted once, by its trade id."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.events import OrderUpdate
from engine.trading_types import ExecutionType
from engine.views import ZERO, FillView, OrderView

_SEVERAL_ASSETS = "several"
_TRADES = (ExecutionType.TRADE, ExecutionType.CALCULATED)


class OrderFills:
    """Belongs to an order and is guarded by the same lock."""

    __slots__ = ("_ids", "quantity", "quote")

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self.quantity = ZERO
        self.quote = ZERO

    def take(self, fill: FillView) -> bool:
        """False when this trade was counted before."""
        if fill.trade_id in self._ids:
            return False
        self._ids.add(fill.trade_id)
        self.quantity += fill.quantity
        self.quote += fill.quantity * fill.price
        return True

    def take_from(self, update: OrderUpdate, client_order_id: str) -> FillView | None:
        """The trade that `update` reports, if it reports one for the first time."""
        if update.execution not in _TRADES or update.trade_id in self._ids:
            return None
        fill = FillView(
            symbol=update.symbol,
            trade_id=update.trade_id,
            order_id=update.order_id,
            client_order_id=client_order_id,
            side=update.side,
            price=update.last_price,
            quantity=update.last_qty,
            commission=update.commission,
            commission_asset=update.commission_asset,
            realized_pnl=update.realized_pnl,
            is_maker=update.is_maker,
            position_side=update.position_side,
            time_ms=update.update_ms,
        )
        self.take(fill)
        return fill


def add_fill(changes: dict[str, Any], old: OrderView, fill: FillView) -> None:
    """Fee and profit of a new trade, as the venue reports them."""
    if fill.realized_pnl:
        changes["realized_pnl"] = old.realized_pnl + fill.realized_pnl
    if not fill.commission:
        return
    if old.commission_asset in ("", fill.commission_asset):
        changes["commission"] = old.commission + fill.commission
        changes["commission_asset"] = fill.commission_asset
    else:
        # a sum over different assets would be a number without a meaning
        changes["commission"] = ZERO
        changes["commission_asset"] = _SEVERAL_ASSETS


def add_amounts(
    changes: dict[str, Any],
    old: OrderView,
    executed: Decimal,
    update: OrderUpdate | None,
    fills: OrderFills | None,
) -> None:
    """Quote quantity and average price, from the best source that covers `executed`."""
    average = quote = None
    if update is not None and update.executed_qty == executed:
        average, quote = update.avg_price, update.cum_quote
    if not quote and fills is not None and fills.quantity == executed:
        quote = fills.quote
    if not quote and average:
        quote = average * executed
    if quote:
        changes["cummulative_quote_qty"] = quote
    if average:
        changes["avg_price"] = average
    elif quote and not (old.avg_price and old.executed_qty == executed):
        changes["avg_price"] = quote / executed
