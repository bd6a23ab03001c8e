"""From the rows of REST answers to our events and views. Pure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from engine.events import AlgoUpdate, OrderUpdate
from engine.exchange.venue_words import (
    born_order_id,
    margin_type,
    order_status,
    order_type,
    time_in_force,
    working_type,
)
from engine.trading_types import ExecutionType, MarginType
from engine.utils.decimals import is_amount
from engine.views import (
    ZERO,
    AccountSettings,
    BalanceView,
    Candle,
    CommissionRates,
    FillView,
    IncomeView,
    LeverageBracket,
    PositionView,
    SymbolSettings,
)
from engine.wire.rest_messages import (
    AccountConfig,
    AlgoReply,
    BalanceRow,
    BracketRow,
    CommissionReply,
    IncomeRow,
    KlineRow,
    OrderReply,
    PositionRow,
    SymbolConfig,
    UserTrade,
    amount,
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


def algo_from_reply(reply: AlgoReply) -> AlgoUpdate:
    return AlgoUpdate(
        algo_id=reply.algo_id,
        client_algo_id=reply.client_algo_id,
        symbol=reply.symbol,
        side=reply.side,
        type=order_type(reply.order_type),
        status=reply.algo_status,
        quantity=amount(reply.quantity),
        trigger_price=amount(reply.trigger_price),
        price=amount(reply.price),
        event_ms=reply.update_time or reply.create_time,
        order_id=born_order_id(reply.actual_order_id),
        position_side=reply.position_side,
        reduce_only=reply.reduce_only,
        close_position=reply.close_position,
        working_type=working_type(reply.working_type),
        activate_price=amount(reply.activate_price),
        callback_pct=amount(reply.callback_rate),
        time_in_force=time_in_force(reply.time_in_force),
        price_protect=reply.price_protect,
        created_ms=reply.create_time,
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


def account_settings_from(row: AccountConfig) -> AccountSettings:
    return AccountSettings(
        is_hedge_mode=row.dual_side_position,
        is_multi_assets=row.multi_assets_margin,
        can_trade=row.can_trade,
        fee_tier=row.fee_tier,
    )


def symbol_settings_from_row(row: SymbolConfig) -> SymbolSettings:
    return SymbolSettings(
        symbol=row.symbol,
        margin_type=margin_type(row.margin_type),
        leverage=row.leverage,
        max_notional=_number_or_zero(row.max_notional_value),
        is_auto_add_margin=row.is_auto_add_margin,
    )


def _number_or_zero(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ZERO
    return number if is_amount(number) else ZERO


def bracket_from_row(row: BracketRow) -> LeverageBracket:
    return LeverageBracket(
        bracket=row.bracket,
        max_leverage=row.initial_leverage,
        notional_floor=row.notional_floor,
        notional_cap=row.notional_cap,
        maint_margin_ratio=row.maint_margin_ratio,
        cum=row.cum,
    )


def commission_from_reply(reply: CommissionReply) -> CommissionRates:
    return CommissionRates(
        symbol=reply.symbol,
        maker=reply.maker_commission_rate,
        taker=reply.taker_commission_rate,
    )


def income_from_row(row: IncomeRow) -> IncomeView:
    return IncomeView(
        kind=row.income_type,
        income=row.income,
        asset=row.asset,
        time_ms=row.time,
        symbol=row.symbol,
        info=row.info,
        transaction_id=row.tran_id,
        trade_id=str(row.trade_id),
    )
