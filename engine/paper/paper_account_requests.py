"""Account, positions and settings by REST."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.paper.paper_call import DAY_MS, Call, Handler
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


def _keys(call: Call, *, all_symbols: bool) -> list[tuple[str, str]]:
    """(symbol, position side): the ones in use, or every one."""
    if not all_symbols:
        return active_keys(call.account, call.exchange.grids)
    sides = ("BOTH", "LONG", "SHORT") if call.account.books.dual_side else ("BOTH",)
    return [(symbol, side) for symbol in call.exchange.markets for side in sides]


def _part(call: Call, symbol: str, side: str) -> SymbolMargin:
    market = call.exchange.markets[symbol]
    return symbol_margin(call.account, market.grid, side, call.exchange.marks[symbol])


def _balance(call: Call) -> object:
    total = whole(call)
    return [
        {
            "accountAlias": call.account.books.alias,
            "asset": "USDT",
            "balance": money(total.wallet),
            "crossWalletBalance": money(total.cross_wallet),
            "crossUnPnl": money(total.cross_unrealized),
            "availableBalance": money(total.available),
            "maxWithdrawAmount": money(_withdrawable(total)),
            "marginAvailable": True,
            "updateTime": call.account.books.updated_ms,
        }
    ]


def _withdrawable(total: AccountMargin) -> Decimal:
    return max(min(total.available, total.cross_wallet), ZERO)


def _totals(total: AccountMargin) -> Row:
    return {
        "totalInitialMargin": money(total.position_initial + total.order_initial),
        "totalMaintMargin": money(total.maintenance),
        "totalWalletBalance": money(total.wallet),
        "totalUnrealizedProfit": money(total.unrealized),
        "totalMarginBalance": money(total.margin_balance),
        "totalPositionInitialMargin": money(total.position_initial),
        "totalOpenOrderInitialMargin": money(total.order_initial),
        "totalCrossWalletBalance": money(total.cross_wallet),
        "totalCrossUnPnl": money(total.cross_unrealized),
        "availableBalance": money(total.available),
        "maxWithdrawAmount": money(_withdrawable(total)),
    }


def _asset(call: Call, total: AccountMargin) -> Row:
    return {
        "asset": "USDT",
        "walletBalance": money(total.wallet),
        "unrealizedProfit": money(total.unrealized),
        "marginBalance": money(total.margin_balance),
        "maintMargin": money(total.maintenance),
        "initialMargin": money(total.position_initial + total.order_initial),
        "positionInitialMargin": money(total.position_initial),
        "openOrderInitialMargin": money(total.order_initial),
        "crossWalletBalance": money(total.cross_wallet),
        "crossUnPnl": money(total.cross_unrealized),
        "availableBalance": money(total.available),
        "maxWithdrawAmount": money(_withdrawable(total)),
        "updateTime": call.account.books.updated_ms,
    }


def _account_v3(call: Call) -> object:
    total = whole(call)
    return {
        **_totals(total),
        "assets": [_asset(call, total)],
        "positions": [
            _account_position(call, symbol, side) for symbol, side in _keys(call, all_symbols=False)
        ],
    }


def _account_position(call: Call, symbol: str, side: str) -> Row:
    part = _part(call, symbol, side)
    isolated = call.account.is_isolated(symbol)
    margin = part.isolated_wallet + part.unrealized if isolated else ZERO
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": _amount(call.exchange.markets[symbol], part.amount),
        "unrealizedProfit": money(part.unrealized),
        "isolatedMargin": money(margin),
        "notional": money(part.notional),
        "isolatedWallet": money(part.isolated_wallet),
        "initialMargin": money(part.initial),
        "maintMargin": money(part.maintenance),
        "updateTime": call.account.position(symbol, side).updated_ms,
    }


def _account_v2(call: Call) -> object:
    total, books = whole(call), call.account.books
    return {
        "feeTier": 0,
        "feeBurn": books.fee_burn,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": books.multi_assets,
        "tradeGroupId": -1,
        **_totals(total),
        "assets": [{**_asset(call, total), "marginAvailable": True}],
        "positions": [_account_position_v2(call, *key) for key in _keys(call, all_symbols=True)],
    }


def _account_position_v2(call: Call, symbol: str, side: str) -> Row:
    part, account = _part(call, symbol, side), call.account
    leverage = account.leverage(symbol)
    position = account.position(symbol, side)
    return {
        **_account_position(call, symbol, side),
        "positionInitialMargin": money(part.position_initial),
        "openOrderInitialMargin": money(part.order_initial),
        "leverage": str(leverage),
        "isolated": account.is_isolated(symbol),
        "entryPrice": price_text(position.entry),
        "breakEvenPrice": price_text(position.break_even),
        "maxNotional": str(call.exchange.markets[symbol].spec.max_notional(leverage)),
        "bidNotional": money(part.bid_notional),
        "askNotional": money(part.ask_notional),
    }


def _amount(market: PaperMarket, amount: Decimal) -> str:
    return f"{amount:.{market.spec.quantity_precision}f}"


def _wanted(call: Call, keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if not call.params.get("symbol"):
        return keys
    symbol = call.market().symbol
    return [key for key in keys if key[0] == symbol]


def _position_risk_v3(call: Call) -> object:
    keys = _wanted(call, _keys(call, all_symbols=False))
    return [_risk(call, symbol, side) for symbol, side in keys]


def _risk(call: Call, symbol: str, side: str) -> Row:
    part, account, exchange = _part(call, symbol, side), call.account, call.exchange
    position, mark = account.position(symbol, side), call.exchange.marks[symbol]
    isolated = account.is_isolated(symbol)
    liquidation = liquidation_price(account, exchange.grids, exchange.marks, symbol, side)
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": _amount(exchange.markets[symbol], part.amount),
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
    for symbol, side in _wanted(call, _keys(call, all_symbols=True)):
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


def _account_config(call: Call) -> object:
    books = call.account.books
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": books.dual_side,
        "updateTime": 0,
        "multiAssetsMargin": books.multi_assets,
        "tradeGroupId": -1,
    }


def _symbol_config(call: Call) -> object:
    account = call.account
    return [
        {
            "symbol": market.symbol,
            "marginType": "ISOLATED" if account.is_isolated(market.symbol) else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": account.leverage(market.symbol),
            "maxNotionalValue": str(market.spec.max_notional(account.leverage(market.symbol))),
        }
        for market in call.markets()
    ]


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
    parts = [_part(call, market.symbol, side) for side in account.position_sides()]
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


def _position_mode(call: Call) -> object:
    return {"dualSidePosition": call.account.books.dual_side}


def _commission_rate(call: Call) -> object:
    spec = call.market().spec
    return {
        "symbol": spec.symbol,
        "makerCommissionRate": f"{spec.maker_commission:f}",
        "takerCommissionRate": f"{spec.taker_commission:f}",
        "rpiCommissionRate": f"{spec.maker_commission:f}",
    }


def _order_rate_limit(call: Call) -> object:
    return [row for row in call.limits.rows() if row["rateLimitType"] == "ORDERS"]


def _income(call: Call) -> object:
    start_ms, end_ms = call.times()
    if start_ms is None and end_ms is None:
        start_ms = call.now_ms - 7 * DAY_MS
    kind, symbol = call.params.get("incomeType"), call.params.get("symbol")
    rows = [
        row
        for row in call.account.income
        if (not kind or row.kind == kind)
        and (not symbol or row.symbol == symbol)
        and (start_ms is None or row.time_ms >= start_ms)
        and (end_ms is None or row.time_ms <= end_ms)
    ]
    limit = call.limit(100, 1000)
    chosen = rows[:limit] if call.params.get("startTime") else rows[-limit:]
    return [row.row() for row in chosen]


def _api_trading_status(call: Call) -> object:
    return {"indicators": {}, "updateTime": call.now_ms}


def _adl_quantile(call: Call) -> object:
    rows: dict[str, dict[str, int]] = {}
    for symbol, side in _wanted(call, _keys(call, all_symbols=False)):
        part = _part(call, symbol, side)
        if part.amount:
            rows.setdefault(symbol, {"LONG": 0, "SHORT": 0, "BOTH": 0})[side] = adl_quantile(part)
    return [{"symbol": symbol, "adlQuantile": quantiles} for symbol, quantiles in rows.items()]


def _force_orders(call: Call) -> object:
    grids = call.exchange.grids
    start_ms, end_ms = call.times()
    symbol = call.params.get("symbol")
    rows = [
        order
        for order in call.account.forced
        if (not symbol or order.symbol == symbol)
        and (start_ms is None or order.created_ms >= start_ms)
        and (end_ms is None or order.created_ms <= end_ms)
    ]
    return [order.queried(grids[order.symbol]) for order in rows[-call.limit(50, 100) :]]


def _create_listen_key(call: Call) -> object:
    key = call.listen_keys.open(call.account, call.now_ms)
    call.exchange.keep(call.account.books)
    return {"listenKey": key}


def _keep_listen_key(call: Call) -> object:
    key = call.listen_keys.renew(call.account, call.now_ms)
    call.exchange.keep(call.account.books)
    return {"listenKey": key}


def _close_listen_key(call: Call) -> object:
    call.listen_keys.close(call.account)
    call.exchange.keep(call.account.books)
    return {}


ACCOUNT_REQUESTS: Mapping[str, Handler] = {
    "account": _account_v3,
    "account_v2": _account_v2,
    "balance": _balance,
    "balance_v2": _balance,
    "position_risk": _position_risk_v3,
    "position_risk_v2": _position_risk_v2,
    "account_config": _account_config,
    "symbol_config": _symbol_config,
    "leverage_bracket": _leverage_bracket,
    "set_leverage": _set_leverage,
    "position_mode": _position_mode,
    "commission_rate": _commission_rate,
    "income": _income,
    "order_rate_limit": _order_rate_limit,
    "api_trading_status": _api_trading_status,
    "adl_quantile": _adl_quantile,
    "force_orders": _force_orders,
    "create_listen_key": _create_listen_key,
    "keep_listen_key": _keep_listen_key,
    "close_listen_key": _close_listen_key,
}
