"""From the venue's messages and rows to our events and views. Pure.

Enum texts that we do not know stay text. A message whose numbers cannot be
money (NaN, infinite, absurd exponents) becomes UnknownMessage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from engine.events import (
    AccountUpdate,
    AlgoUpdate,
    BalanceReport,
    Event,
    LeverageChanged,
    ListenKeyExpired,
    MarginCall,
    OrderUpdate,
    PositionReport,
    UnknownMessage,
)
from engine.trading_types import (
    ExecutionType,
    MarginType,
    OrderStatus,
    OrderType,
    TimeInForce,
)
from engine.views import ZERO, BalanceView, Candle, FillView, PositionView
from engine.wire.rest_messages import (
    BalanceRow,
    KlineRow,
    OrderReply,
    PositionRow,
    SymbolConfig,
    UserTrade,
)
from engine.wire.stream_messages import (
    AccountConfigUpdate,
    AccountUpdateMessage,
    AlgoUpdateMessage,
    BalanceBlock,
    ExecutionReport,
    ListenKeyExpiredMessage,
    MarginCallMessage,
    OrderTradeUpdate,
    PositionBlock,
    UserMessage,
)

E = TypeVar("E", bound=StrEnum)

# PENDING_*, UNKNOWN and QUERY are our own words: from the venue they are not known
_TYPES = {member.value: member for member in OrderType}
_TIFS = {member.value: member for member in TimeInForce}
_EXECUTIONS = {m.value: m for m in ExecutionType if m is not ExecutionType.QUERY}
_STATUSES = {
    member.value: member for member in OrderStatus if member.is_terminal or member.is_resting
}

_EXPIRY_REASONS = {
    "0": "",
    "1": "self-trade prevention",
    "2": "the rest of an immediate-or-cancel order",
    "3": "the rest of an immediate-or-cancel order, and self-trade prevention",
    "4": "a reduce-only order of higher priority took its place, or it would have reversed",
    "5": "liquidation of the account",
    "6": "the position it depended on is gone",
    "7": "the symbol is being delisted",
    "8": "the order expired after its stop triggered",
    "9": "a market order that could not be filled whole within the price bound",
}

_SANE_DIGITS = 40  # decimal digits before or after the point


def user_event(message: UserMessage) -> Event | None:
    """The event of a private message; None for those that are ignored on purpose."""
    translate = _TRANSLATORS.get(type(message))
    return translate(message) if translate is not None else None


def order_update(message: OrderTradeUpdate) -> OrderUpdate:
    order = message.order
    return OrderUpdate(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        order_id=order.order_id,
        side=order.side,
        type=_known(_TYPES, order.type),
        status=_known(_STATUSES, order.status),
        execution=_known(_EXECUTIONS, order.execution),
        price=order.price,
        orig_qty=order.quantity,
        executed_qty=order.cum_qty,
        update_ms=message.transaction_ms or order.trade_ms,
        avg_price=order.avg_price,
        time_in_force=_known(_TIFS, order.time_in_force),
        position_side=order.position_side,
        reduce_only=order.reduce_only,
        event_ms=message.event_ms,
        trade_id=max(0, order.trade_id),
        last_qty=order.last_qty,
        last_price=order.last_price,
        commission=order.commission or ZERO,
        commission_asset=order.commission_asset or "",
        realized_pnl=order.realized_pnl,
        is_maker=order.is_maker,
        expiry_reason=_EXPIRY_REASONS.get(str(order.expiry_reason), str(order.expiry_reason)),
    )


def execution_report(message: ExecutionReport) -> OrderUpdate:
    """Spot's form. After a cancel `c` is the cancel request's id, `C` the order's own."""
    average = ZERO
    if message.cum_quote and message.cum_qty:
        average = message.cum_quote / message.cum_qty
    reason = "" if message.reject_reason in ("NONE", "") else message.reject_reason
    return OrderUpdate(
        symbol=message.symbol,
        client_order_id=message.original_client_order_id or message.client_order_id,
        order_id=message.order_id,
        side=message.side,
        type=_known(_TYPES, message.type),
        status=_known(_STATUSES, message.status),
        execution=_known(_EXECUTIONS, message.execution),
        price=message.price,
        orig_qty=message.quantity,
        executed_qty=message.cum_qty,
        update_ms=message.transaction_ms,
        avg_price=average,
        cum_quote=message.cum_quote,
        time_in_force=_known(_TIFS, message.time_in_force),
        created_ms=message.created_ms,
        event_ms=message.event_ms,
        trade_id=max(0, message.trade_id),
        last_qty=message.last_qty,
        last_price=message.last_price,
        commission=message.commission or ZERO,
        commission_asset=message.commission_asset or "",
        is_maker=message.is_maker,
        expiry_reason=reason,
    )


def order_from_reply(reply: OrderReply) -> OrderUpdate:
    """A REST answer about an order: state, no execution of its own."""
    return OrderUpdate(
        symbol=reply.symbol,
        client_order_id=reply.client_order_id,
        order_id=reply.order_id,
        side=reply.side,
        type=_known(_TYPES, reply.type),
        status=_known(_STATUSES, reply.status),
        execution=ExecutionType.QUERY,
        price=reply.price,
        orig_qty=reply.orig_qty,
        executed_qty=reply.executed_qty,
        update_ms=reply.update_time or reply.time,
        avg_price=reply.avg_price,
        cum_quote=reply.cum_quote,
        time_in_force=_known(_TIFS, reply.time_in_force),
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
        margin_type=_margin_type(config.margin_type) if config else MarginType.CROSSED,
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


def _order_trade_update(message: OrderTradeUpdate) -> Event:
    order = message.order
    # named one by one, as this is the hot path of the private stream
    if not _sane(
        order.quantity,
        order.price,
        order.cum_qty,
        order.last_qty,
        order.last_price,
        order.avg_price,
        order.realized_pnl,
        order.commission or ZERO,
    ):
        return _not_money(order)
    return order_update(message)


def _execution_report(message: ExecutionReport) -> Event:
    return execution_report(message) if _is_sane(message) else _not_money(message)


def _account_update(message: AccountUpdateMessage) -> Event:
    account = message.account
    for block in (*account.balances, *account.positions):
        if not _is_sane(block):
            return _not_money(block)
    return AccountUpdate(
        reason=account.reason,
        event_ms=message.event_ms,
        transaction_ms=message.transaction_ms,
        balances=tuple(_balance_report(block) for block in account.balances),
        positions=tuple(_position_report(block) for block in account.positions),
    )


def _balance_report(block: BalanceBlock) -> BalanceReport:
    return BalanceReport(
        asset=block.asset,
        wallet_balance=block.wallet,
        cross_wallet_balance=block.cross_wallet,
        change=block.change,
    )


def _position_report(block: PositionBlock) -> PositionReport:
    return PositionReport(
        symbol=block.symbol,
        position_side=block.position_side,
        quantity=block.quantity,
        entry_price=block.entry_price,
        break_even_price=block.break_even_price,
        realized_pnl=block.realized_pnl,
        unrealized_pnl=block.unrealized_pnl,
        margin_type=_margin_type(block.margin_type),
        isolated_wallet=block.isolated_wallet,
    )


def _algo_update(message: AlgoUpdateMessage) -> Event:
    order = message.order
    if not _is_sane(order):
        return _not_money(order)
    born = str(order.order_id or "")
    return AlgoUpdate(
        algo_id=order.algo_id,
        client_algo_id=order.client_algo_id,
        symbol=order.symbol,
        side=order.side,
        type=_known(_TYPES, order.type),
        status=order.status,
        quantity=order.quantity,
        trigger_price=order.trigger_price,
        price=order.price,
        event_ms=message.event_ms,
        order_id=int(born) if born.isascii() and born.isdigit() and len(born) < 20 else 0,
        reject_reason=order.reject_reason or "",
    )


def _config_update(message: AccountConfigUpdate) -> Event | None:
    changed = message.leverage
    if changed is None:
        return None
    return LeverageChanged(
        symbol=changed.symbol, leverage=changed.leverage, event_ms=message.event_ms
    )


def _margin_call(message: MarginCallMessage) -> Event:
    symbols = tuple(row.symbol for row in message.positions)
    return MarginCall(symbols=symbols, event_ms=message.event_ms)


def _listen_key_expired(message: ListenKeyExpiredMessage) -> Event:
    return ListenKeyExpired(event_ms=message.event_ms)


_TRANSLATORS: Mapping[type, Callable[[Any], Event | None]] = {
    OrderTradeUpdate: _order_trade_update,
    ExecutionReport: _execution_report,
    AccountUpdateMessage: _account_update,
    AccountConfigUpdate: _config_update,
    AlgoUpdateMessage: _algo_update,
    MarginCallMessage: _margin_call,
    ListenKeyExpiredMessage: _listen_key_expired,
}


def _margin_type(text: str) -> MarginType:
    """ "cross", "CROSSED", "isolated", "ISOLATED": each call of the venue has its own."""
    return MarginType.ISOLATED if text.upper() == "ISOLATED" else MarginType.CROSSED


def _known(members: Mapping[str, E], text: str) -> E | str:
    return members.get(text, text)


def _is_sane(block: object) -> bool:
    names: tuple[str, ...] = getattr(block, "__struct_fields__", ())
    values = [getattr(block, name) for name in names]
    return _sane(*(value for value in values if isinstance(value, Decimal)))


def _sane(*numbers: Decimal) -> bool:
    """Finite, and small enough that printing or adding it cannot exhaust memory."""
    for number in numbers:
        if not number.is_finite() or not -_SANE_DIGITS <= number.adjusted() <= _SANE_DIGITS:
            return False
    return True


def _not_money(block: object) -> UnknownMessage:
    return UnknownMessage(raw=repr(block).encode("utf-8")[:1000], reason="a number is no amount")
