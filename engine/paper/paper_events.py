"""The user data stream's events, field by field as the venue sends them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.paper.paper_account import PaperAccount, Position
from engine.paper.paper_algo_orders import PaperAlgoOrder
from engine.paper.paper_grid import Grid, money
from engine.paper.paper_orders import PaperFill, PaperOrder

Payload = dict[str, object]


class UserEvent(msgspec.Struct, frozen=True):
    """One event for one account. `name` is the payload's own `e`."""

    account_id: str
    name: str
    payload: Payload


def order_update(
    order: PaperOrder,
    grid: Grid,
    execution: str,
    now_ms: int,
    *,
    bid_notional: Decimal,
    ask_notional: Decimal,
    fill: PaperFill | None = None,
) -> UserEvent:
    """ORDER_TRADE_UPDATE. The notionals are those of the symbol's open orders."""
    body: Payload = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": grid.qty(order.qty_steps),
        "p": grid.price(order.price_ticks),
        "ap": grid.average(order.quote_units, order.executed_steps),
        "sp": grid.price(order.stop_ticks),
        "x": execution,
        "X": order.status,
        "i": order.order_id,
        "l": grid.qty_zero if fill is None else grid.qty(fill.qty_steps),
        "z": grid.qty(order.executed_steps),
        "L": grid.price_zero if fill is None else grid.price(fill.price_ticks),
        "T": now_ms,
        "t": 0 if fill is None else fill.trade_id,
        "b": money(bid_notional),
        "a": money(ask_notional),
        "m": fill is not None and fill.maker,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.original_type or order.type,
        "ps": order.position_side,
        "cp": order.close_position,
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "rp": "0" if fill is None else money(fill.realized),
        "V": order.self_trade_prevention,
        "pm": order.price_match,
        "gtd": order.good_till_ms,
        "er": str(order.expiry_reason),
    }
    if fill is not None:
        body["N"] = fill.asset
        body["n"] = money(fill.commission)
    if execution == "AMENDMENT" and order.modify_id is not None:
        body["M"] = str(order.modify_id)
    if order.callback_rate:
        body["AP"] = order.activate_price
        body["cr"] = order.callback_rate
    return _event(order.account_id, "ORDER_TRADE_UPDATE", now_ms, T=now_ms, o=body)


def trade_lite(order: PaperOrder, grid: Grid, fill: PaperFill, now_ms: int) -> UserEvent:
    return _event(
        order.account_id,
        "TRADE_LITE",
        now_ms,
        T=now_ms,
        s=order.symbol,
        q=grid.qty(order.qty_steps),
        p=grid.price(order.price_ticks),
        m=fill.maker,
        c=order.client_order_id,
        S=order.side,
        L=grid.price(fill.price_ticks),
        l=grid.qty(fill.qty_steps),
        t=fill.trade_id,
        i=order.order_id,
    )


def account_update(
    account: PaperAccount,
    reason: str,
    now_ms: int,
    positions: Iterable[tuple[Position, Decimal]] = (),
    balance_change: Decimal = Decimal(0),
    symbol: str = "",
) -> UserEvent:
    """ACCOUNT_UPDATE; `positions` come with their mark price."""
    body: Payload = {
        "m": reason,
        "B": [
            {
                "a": "USDT",
                "wb": money(account.books.wallet),
                "cw": money(account.cross_wallet()),
                "bc": money(balance_change) if balance_change else "0",
            }
        ],
        "P": [_position(account, position, mark) for position, mark in positions],
    }
    if symbol:
        body["S"] = symbol
    return _event(account.account_id, "ACCOUNT_UPDATE", now_ms, T=now_ms, a=body)


def _position(account: PaperAccount, position: Position, mark: Decimal) -> Payload:
    isolated = account.is_isolated(position.symbol)
    return {
        "s": position.symbol,
        "pa": plain_amount(position.amount),
        "ep": price_text(position.entry),
        "bep": price_text(position.break_even),
        "cr": money(position.realized),
        "up": money(position.unrealized(mark)),
        "mt": "isolated" if isolated else "cross",
        "iw": money(position.isolated_wallet) if isolated else "0",
        "ps": position.side,
        "ma": "USDT",
    }


def algo_update(algo: PaperAlgoOrder, grid: Grid, now_ms: int) -> UserEvent:
    body = algo.event_body(grid)
    return _event(algo.account_id, "ALGO_UPDATE", now_ms, T=now_ms, o=body)


def leverage_changed(account_id: str, symbol: str, leverage: int, now_ms: int) -> UserEvent:
    return _event(
        account_id, "ACCOUNT_CONFIG_UPDATE", now_ms, T=now_ms, ac={"s": symbol, "l": leverage}
    )


def asset_mode_changed(account_id: str, multi_assets: bool, now_ms: int) -> UserEvent:
    return _event(account_id, "ACCOUNT_CONFIG_UPDATE", now_ms, T=now_ms, ai={"j": multi_assets})


def listen_key_expired(account_id: str, listen_key: str, now_ms: int) -> UserEvent:
    return _event(account_id, "listenKeyExpired", now_ms, listenKey=listen_key)


def margin_call(
    account: PaperAccount, now_ms: int, cross_wallet: Decimal, rows: list[Payload]
) -> UserEvent:
    return _event(account.account_id, "MARGIN_CALL", now_ms, cw=money(cross_wallet), p=rows)


def plain_amount(amount: Decimal) -> str:
    """A position's size with the contract's own decimals."""
    return "0" if not amount else f"{amount:f}"


def price_text(price: Decimal) -> str:
    """Entry and break-even prices: averages, so with more decimals than a tick."""
    return f"{price:.8f}" if price else "0.0"


def _event(account_id: str, name: str, event_ms: int, /, **fields: object) -> UserEvent:
    payload: Payload = {"e": name, "E": event_ms}
    payload.update(fields)
    return UserEvent(account_id, name, payload)
