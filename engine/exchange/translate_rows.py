"""From the rows of REST answers to our events and views. Pure."""

from __future__ import annotations

from engine.events import OrderUpdate
from engine.exchange.venue_words import margin_type, order_status, order_type, time_in_force
from engine.trading_types import ExecutionType, MarginType
from engine.views import BalanceView, Candle, FillView, PositionView
from engine.wire.rest_messages import (
    BalanceRow,
    KlineRow,
    OrderReply,
    PositionRow,
    SymbolConfig,
    UserTrade,
)


def order_from_reply(reply: OrderReply) -> OrderUpdate:
    """A REST answer about an order: state, no execution of its own."""
    return OrderUpdate(
        symbol=reply.symbol,
        client_order_id=reply.client_order_id,
        order_id=reply.order_id,
        side=reply.side,
        type=order_type(reply.type),
        status=order_status(reply.status),
        execution=ExecutionType.QUERY,
        price=reply.price,
        orig_qty=reply.orig_qty,
        executed_qty=reply.executed_qty,
        update_ms=reply.update_time or reply.time,
        avg_price=reply.avg_price,
        cum_quote=reply.cum_quote,
        time_in_force=time_in_force(reply.time_in_force),
        position_side=reply.position_side,
        reduce_only=reply.reduce_only,
        created_ms=reply.time,
    )


def fill_from_row(row: UserTrade) -> FillView:
    return FillView(
        symbol=row.symbol,
        trade_id=row.id,
        order_id=row.order_id,
        client_order_id="",
        side=row.side,
        price=row.price,
        quantity=row.qty,
        commission=row.commission,
        commission_asset=row.commission_asset,
        realized_pnl=row.realized_pnl,
        is_maker=row.maker,
        position_side=row.position_side,
        time_ms=row.time,
    )


def position_from_row(row: PositionRow, config: SymbolConfig | None) -> PositionView:
    """`config` brings leverage and margin type, which v3 positions lack."""
    return PositionView(
        symbol=row.symbol,
        position_side=row.position_side,
        quantity=row.position_amt,
        entry_price=row.entry_price,
        break_even_price=row.break_even_price,
        mark_price=row.mark_price,
        unrealized_pnl=row.unrealized,
        liquidation_price=row.liquidation_price,
        margin_type=margin_type(config.margin_type) if config else MarginType.CROSSED,
        isolated_margin=row.isolated_margin,
        leverage=config.leverage if config else 0,
        updated_at=row.update_time,
    )


def balance_from_row(row: BalanceRow) -> BalanceView:
    return BalanceView(
        asset=row.asset,
        wallet_balance=row.balance,
        available_balance=row.available_balance,
        cross_wallet_balance=row.cross_wallet_balance,
        unrealized_pnl=row.cross_un_pnl,
        updated_at=row.update_time,
    )


def candle_from_row(row: KlineRow, now_ms: int) -> Candle:
    """The venue's newest row is still open; its closing time lies ahead of `now_ms`."""
    return Candle(
        open_ms=row.open_ms,
        close_ms=row.close_ms,
        open=row.open,
        high=row.high,
        low=row.low,
        close=row.close,
        volume=row.volume,
        quote_volume=row.quote_volume,
        trades=row.trades,
        is_closed=row.close_ms < now_ms,
    )
