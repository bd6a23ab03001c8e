"""What a person changes about the account: modes, margin, the dead man's switch."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.paper.paper_account import Position
from engine.paper.paper_call import DAY_MS, Call, Handler
from engine.paper.paper_events import account_update, asset_mode_changed
from engine.paper.paper_grid import to_money
from engine.paper.paper_margin import symbol_margin
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import (
    flag,
    parse_number,
    parse_position_side,
    required,
    whole_number,
)
from engine.paper.paper_orders import MarginChange
from engine.paper.paper_position_requests import whole
from engine.paper.paper_refusals import bad_value, refusal

_ADD, _REDUCE = 1, 2
_SUCCESS = {"code": 200, "msg": "success"}


def _set_margin_type(call: Call) -> object:
    market, account = call.market(), call.account
    wanted = required(call.params, "marginType")
    if wanted not in ("ISOLATED", "CROSSED"):
        raise bad_value("marginType")
    settings = account.settings(market.symbol)
    if settings.margin_type == wanted:
        raise refusal(-4046)
    if wanted == "ISOLATED" and account.books.multi_assets:
        raise refusal(-4168)
    if account.open_orders.get(market.symbol):
        raise refusal(-4047)
    if any(position.symbol == market.symbol for position in account.live_positions()):
        raise refusal(-4048)
    settings.margin_type = wanted
    call.exchange.keep(account.books)
    return _SUCCESS


def _set_position_mode(call: Call) -> object:
    required(call.params, "dualSidePosition")
    wanted, account = flag(call.params, "dualSidePosition"), call.account
    if account.books.dual_side == wanted:
        raise refusal(-4059)
    if any(account.open_orders.values()) or call.algos.open_of(account):
        raise refusal(-4067)
    if account.live_positions():
        raise refusal(-4068)
    account.books.dual_side = wanted
    call.exchange.keep(account.books)
    return _SUCCESS


def _multi_assets_mode(call: Call) -> object:
    return {"multiAssetsMargin": call.account.books.multi_assets}


def _set_multi_assets_mode(call: Call) -> object:
    required(call.params, "multiAssetsMargin")
    wanted, books = flag(call.params, "multiAssetsMargin"), call.account.books
    if books.multi_assets == wanted:
        raise refusal(-4171)
    if wanted and any(s.margin_type == "ISOLATED" for s in books.settings.values()):
        raise refusal(-4167)
    books.multi_assets = wanted
    call.exchange.keep(books)
    call.exchange.emit(asset_mode_changed(books.account_id, wanted, call.now_ms))
    return _SUCCESS


def _fee_burn(call: Call) -> object:
    return {"feeBurn": call.account.books.fee_burn}


def _set_fee_burn(call: Call) -> object:
    required(call.params, "feeBurn")
    call.account.books.fee_burn = flag(call.params, "feeBurn")
    call.exchange.keep(call.account.books)
    return _SUCCESS


def _position_margin(call: Call) -> object:
    market, account = call.market(), call.account
    amount, kind = parse_number(call.params, "amount"), whole_number(call.params, "type")
    if kind not in (_ADD, _REDUCE):
        raise bad_value("type")
    if amount <= 0:
        raise refusal(-4055)
    if not account.is_isolated(market.symbol):
        raise refusal(-4053)
    position = account.position(market.symbol, parse_position_side(call.params))
    if not position.amount:
        raise refusal(-4054)
    change = to_money(amount if kind == _ADD else -amount)
    _check_margin_change(call, market, position, change)
    position.isolated_wallet += change
    _record_margin_change(call, position, change)
    return {
        "amount": float(amount),
        "code": 200,
        "msg": "Successfully modify position margin.",
        "type": kind,
    }


def _check_margin_change(
    call: Call, market: PaperMarket, position: Position, change: Decimal
) -> None:
    if change > 0:
        if change > whole(call).available:
            raise refusal(-4050)
        return
    part = symbol_margin(call.account, market.grid, position.side, market.mark_price)
    left = part.isolated_wallet + change
    if min(left, left + part.unrealized) < part.position_initial:
        raise refusal(-4051)


def _record_margin_change(call: Call, position: Position, change: Decimal) -> None:
    exchange, account = call.exchange, call.account
    row = MarginChange(
        account_id=account.account_id,
        symbol=position.symbol,
        position_side=position.side,
        amount=change,
        time_ms=call.now_ms,
    )
    account.margin_changes.append(row)
    exchange.keep(row)
    exchange.keep(account.books)
    mark = exchange.marks[position.symbol]
    exchange.emit(account_update(account, "MARGIN_TRANSFER", call.now_ms, [(position, mark)]))


def _position_margin_history(call: Call) -> object:
    symbol, kind = call.market().symbol, whole_number(call.params, "type")
    start_ms, end_ms = call.times()
    earliest_ms = call.now_ms - 30 * DAY_MS if start_ms is None else start_ms
    rows = [
        change.row()
        for change in call.account.margin_changes
        if change.symbol == symbol
        and change.time_ms >= earliest_ms
        and (end_ms is None or change.time_ms <= end_ms)
        and (kind is None or kind == change.kind)
    ]
    return rows[-call.limit(500, 500) :]


def _countdown_cancel_all(call: Call) -> object:
    symbol = call.market().symbol
    required(call.params, "countdownTime")
    wait_ms = whole_number(call.params, "countdownTime")
    if wait_ms is None or wait_ms < 0:
        raise bad_value("countdownTime")
    call.exchange.deadlines.set_countdown(call.account, symbol, wait_ms, call.now_ms)
    return {"symbol": symbol, "countdownTime": str(wait_ms)}


SETTINGS_REQUESTS: Mapping[str, Handler] = {
    "set_margin_type": _set_margin_type,
    "set_position_mode": _set_position_mode,
    "multi_assets_mode": _multi_assets_mode,
    "set_multi_assets_mode": _set_multi_assets_mode,
    "fee_burn": _fee_burn,
    "set_fee_burn": _set_fee_burn,
    "position_margin": _position_margin,
    "position_margin_history": _position_margin_history,
    "countdown_cancel_all": _countdown_cancel_all,
}
