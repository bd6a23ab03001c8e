"""From the venue's private messages to our events. Pure.

Enum texts that we do not know stay text. A message whose numbers cannot be
money (NaN, infinite, absurd exponents) becomes UnknownMessage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

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
from engine.exchange.venue_words import (
    born_order_id,
    execution_type,
    margin_type,
    order_status,
    order_type,
    time_in_force,
    working_type,
)
from engine.utils.decimals import is_amount
from engine.views import ZERO
from engine.wire.user_messages import (
    AccountConfigUpdate,
    AccountUpdateMessage,
    BalanceBlock,
    ListenKeyExpiredMessage,
    MarginCallMessage,
    PositionBlock,
    UserMessage,
)
from engine.wire.user_order_messages import AlgoUpdateMessage, ExecutionReport, OrderTradeUpdate

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
        type=order_type(order.type),
        status=order_status(order.status),
        execution=execution_type(order.execution),
        price=order.price,
        orig_qty=order.quantity,
        executed_qty=order.cum_qty,
        update_ms=message.transaction_ms or order.trade_ms,
        avg_price=order.avg_price,
        time_in_force=time_in_force(order.time_in_force),
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
        expiry_reason=_expiry_reason(order.expiry_reason),
    )


def _expiry_reason(code: str | int) -> str:
    if code == "0":  # nearly always
        return ""
    return _EXPIRY_REASONS.get(str(code), str(code))


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
        type=order_type(message.type),
        status=order_status(message.status),
        execution=execution_type(message.execution),
        price=message.price,
        orig_qty=message.quantity,
        executed_qty=message.cum_qty,
        update_ms=message.transaction_ms,
        avg_price=average,
        cum_quote=message.cum_quote,
        time_in_force=time_in_force(message.time_in_force),
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


def _order_trade_update(message: OrderTradeUpdate) -> Event:
    order = message.order
    # named one by one, as this is the hot path of the private stream
    if not is_amount(
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
        margin_type=margin_type(block.margin_type),
        isolated_wallet=block.isolated_wallet,
    )


def _algo_update(message: AlgoUpdateMessage) -> Event:
    order = message.order
    if not _is_sane(order):
        return _not_money(order)
    return AlgoUpdate(
        algo_id=order.algo_id,
        client_algo_id=order.client_algo_id,
        symbol=order.symbol,
        side=order.side,
        type=order_type(order.type),
        status=order.status,
        quantity=order.quantity,
        trigger_price=order.trigger_price,
        price=order.price,
        event_ms=message.event_ms,
        order_id=born_order_id(order.order_id),
        reject_reason=order.reject_reason or "",
        position_side=order.position_side,
        reduce_only=order.reduce_only,
        close_position=order.close_position,
        working_type=working_type(order.working_type),
        time_in_force=time_in_force(order.time_in_force),
        price_protect=order.price_protect,
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


def _is_sane(block: object) -> bool:
    names: tuple[str, ...] = getattr(block, "__struct_fields__", ())
    values = [getattr(block, name) for name in names]
    return is_amount(*(value for value in values if isinstance(value, Decimal)))


def _not_money(block: object) -> UnknownMessage:
    return UnknownMessage(raw=repr(block).encode("utf-8")[:1000], reason="a number is no amount")
