"""The account, its reports and its listenKey by REST."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.paper.paper_call import DAY_MS, Call, Handler
from engine.paper.paper_events import price_text
from engine.paper.paper_grid import ZERO, money
from engine.paper.paper_margin import AccountMargin
from engine.paper.paper_position_requests import amount_text, margin_part, position_keys, whole

Row = dict[str, object]


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
            _account_position(call, symbol, side)
            for symbol, side in position_keys(call, all_symbols=False)
        ],
    }


def _account_position(call: Call, symbol: str, side: str) -> Row:
    part = margin_part(call, symbol, side)
    isolated = call.account.is_isolated(symbol)
    margin = part.isolated_wallet + part.unrealized if isolated else ZERO
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": amount_text(call.exchange.markets[symbol], part.amount),
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
        "positions": [
            _account_position_v2(call, *key) for key in position_keys(call, all_symbols=True)
        ],
    }


def _account_position_v2(call: Call, symbol: str, side: str) -> Row:
    part, account = margin_part(call, symbol, side), call.account
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


def _key_rights(_call: Call) -> object:
    """A key of a loopback account can withdraw nothing and works from here alone."""
    return {
        "ipRestrict": True,
        "createTime": 0,
        "enableReading": True,
        "enableWithdrawals": False,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": True,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableSpotAndMarginTrading": False,
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
    "account_config": _account_config,
    "key_rights": _key_rights,
    "symbol_config": _symbol_config,
    "position_mode": _position_mode,
    "commission_rate": _commission_rate,
    "income": _income,
    "order_rate_limit": _order_rate_limit,
    "api_trading_status": _api_trading_status,
    "force_orders": _force_orders,
    "create_listen_key": _create_listen_key,
    "keep_listen_key": _keep_listen_key,
    "close_listen_key": _close_listen_key,
}
