"""Positions and their leverage by REST."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.paper.paper_call import Call, Handler
from engine.paper.paper_events import leverage_changed, price_text
from engine.paper.paper_grid import ZERO, money
from engine.paper.paper_margin import (
    AccountMargin,
    SymbolMargin,
    account_margin,
    active_keys,
    liquidation_price,
    symbol_margin,
)
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import required, whole_number
from engine.paper.paper_refusals import refusal

Row = dict[str, object]


def whole(call: Call) -> AccountMargin:
    return account_margin(call.account, call.exchange.grids, call.exchange.marks)


def position_keys(call: Call, *, all_symbols: bool) -> list[tuple[str, str]]:
    """(symbol, position side): the ones in use, or every one."""
    if not all_symbols:
        return active_keys(call.account, call.exchange.grids)
    sides = ("BOTH", "LONG", "SHORT") if call.account.books.dual_side else ("BOTH",)
    return [(symbol, side) for symbol in call.exchange.markets for side in sides]


def margin_part(call: Call, symbol: str, side: str) -> SymbolMargin:
    market = call.exchange.markets[symbol]
    return symbol_margin(call.account, market.grid, side, call.exchange.marks[symbol])


def amount_text(market: PaperMarket, amount: Decimal) -> str:
    return f"{amount:.{market.spec.quantity_precision}f}"


def _wanted(call: Call, keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if not call.params.get("symbol"):
        return keys
    symbol = call.market().symbol
    return [key for key in keys if key[0] == symbol]


def _position_risk_v3(call: Call) -> object:
    keys = _wanted(call, position_keys(call, all_symbols=False))
    return [_risk(call, symbol, side) for symbol, side in keys]


def _risk(call: Call, symbol: str, side: str) -> Row:
    part, account, exchange = margin_part(call, symbol, side), call.account, call.exchange
    position, mark = account.position(symbol, side), call.exchange.marks[symbol]
    isolated = account.is_isolated(symbol)
    liquidation = liquidation_price(account, exchange.grids, exchange.marks, symbol, side)
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": amount_text(exchange.markets[symbol], part.amount),
        "entryPrice": price_text(position.entry),
        "breakEvenPrice": price_text(position.break_even),
        "markPrice": money(mark),
        "unRealizedProfit": money(part.unrealized),
        "liquidationPrice": money(liquidation) if liquidation else "0",
        "isolatedMargin": money(part.isolated_wallet + part.unrealized) if isolated else "0",
        "notional": money(part.notional),
        "marginAsset": "USDT",
        "isolatedWallet": money(part.isolated_wallet) if isolated else "0",
        "initialMargin": money(part.initial),
        "maintMargin": money(part.maintenance),
        "positionInitialMargin": money(part.position_initial),
        "openOrderInitialMargin": money(part.order_initial),
        "adl": adl_quantile(part),
        "bidNotional": money(part.bid_notional),
        "askNotional": money(part.ask_notional),
        "updateTime": position.updated_ms,
    }


def adl_quantile(part: SymbolMargin) -> int:
    """0 without profit; more the larger the profit on the margin."""
    if part.unrealized <= 0 or not part.position_initial:
        return 0
    return min(4, int(part.unrealized / part.position_initial * 4))


def _position_risk_v2(call: Call) -> object:
    rows: list[Row] = []
    for symbol, side in _wanted(call, position_keys(call, all_symbols=True)):
        row = _risk(call, symbol, side)
        leverage = call.account.leverage(symbol)
        rows.append(
            {
                "symbol": symbol,
                "positionAmt": row["positionAmt"],
                "entryPrice": row["entryPrice"],
                "breakEvenPrice": row["breakEvenPrice"],
                "markPrice": row["markPrice"],
                "unRealizedProfit": row["unRealizedProfit"],
                "liquidationPrice": row["liquidationPrice"],
                "leverage": str(leverage),
                "maxNotionalValue": str(call.exchange.markets[symbol].spec.max_notional(leverage)),
                "marginType": "isolated" if call.account.is_isolated(symbol) else "cross",
                "isolatedMargin": row["isolatedMargin"],
                "isAutoAddMargin": "false",
                "positionSide": side,
                "notional": row["notional"],
                "isolatedWallet": row["isolatedWallet"],
                "updateTime": row["updateTime"],
            }
        )
    return rows


def _adl_quantile(call: Call) -> object:
    rows: dict[str, dict[str, int]] = {}
    for symbol, side in _wanted(call, position_keys(call, all_symbols=False)):
        part = margin_part(call, symbol, side)
        if part.amount:
            rows.setdefault(symbol, {"LONG": 0, "SHORT": 0, "BOTH": 0})[side] = adl_quantile(part)
    return [{"symbol": symbol, "adlQuantile": quantiles} for symbol, quantiles in rows.items()]


def _leverage_bracket(call: Call) -> object:
    return [
        {
            "symbol": market.symbol,
            "notionalCoef": 1.0,
            "brackets": [
                {
                    "bracket": bracket.bracket,
                    "initialLeverage": bracket.initial_leverage,
                    "notionalCap": bracket.notional_cap,
                    "notionalFloor": bracket.notional_floor,
                    "maintMarginRatio": float(bracket.maint_margin_ratio),
                    "cum": float(bracket.cum),
                }
                for bracket in market.spec.leverage_brackets
            ],
        }
        for market in call.markets()
    ]


def _set_leverage(call: Call) -> object:
    market, account = call.market(), call.account
    required(call.params, "leverage")
    leverage = whole_number(call.params, "leverage")
    spec = market.spec
    if leverage is None or not 1 <= leverage <= spec.max_leverage:
        raise refusal(-4028, f"Leverage {leverage} is not valid")
    before = account.leverage(market.symbol)
    _check_leverage(call, market, leverage, before)
    account.settings(market.symbol).leverage = leverage
    call.exchange.keep(account.books)
    if leverage != before:
        call.exchange.emit(
            leverage_changed(account.account_id, market.symbol, leverage, call.now_ms)
        )
    return {
        "symbol": market.symbol,
        "leverage": leverage,
        "maxNotionalValue": str(spec.max_notional(leverage)),
    }


def _check_leverage(call: Call, market: PaperMarket, leverage: int, before: int) -> None:
    """The position and its orders must fit the new leverage; lowering it costs margin."""
    account, spec = call.account, market.spec
    parts = [margin_part(call, market.symbol, side) for side in account.position_sides()]
    size = max(part.initial for part in parts) * before
    if size > spec.max_notional(leverage):
        raise refusal(-2027)
    if leverage >= before:
        return
    if account.is_isolated(market.symbol) and any(part.amount for part in parts):
        raise refusal(-4161)
    initial = sum((part.initial for part in parts), ZERO)
    if initial * before / leverage - initial > whole(call).available:
        raise refusal(-2028)


POSITION_REQUESTS: Mapping[str, Handler] = {
    "position_risk": _position_risk_v3,
    "position_risk_v2": _position_risk_v2,
    "adl_quantile": _adl_quantile,
    "leverage_bracket": _leverage_bracket,
    "set_leverage": _set_leverage,
}
