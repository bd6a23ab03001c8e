"""Public market data by REST, each row as the venue writes it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal

from engine.paper.candle import INTERVAL_MS
from engine.paper.paper_call import HOUR_MS, Call, Handler
from engine.paper.paper_grid import money, to_money
from engine.paper.paper_market import AggTrade, Funding, PaperMarket, Print
from engine.paper.paper_order_request import required, whole_number
from engine.paper.paper_refusals import refusal
from engine.trading_types import Side

_DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
_CONTRACT_TYPES = ("PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL")


def _ping(_call: Call) -> object:
    return {}


def _time(call: Call) -> object:
    return {"serverTime": call.now_ms}


def _exchange_info(call: Call) -> object:
    return {
        "timezone": "UTC",
        "serverTime": call.now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": call.limits.rows(),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [market.spec.exchange_info() for market in call.exchange.markets.values()],
    }


def levels_text(market: PaperMarket, side: Side, count: int) -> list[list[str]]:
    grid = market.grid
    return [
        [grid.price(level.price), grid.qty(level.qty)] for level in market.book.levels(side, count)
    ]


def _depth(call: Call) -> object:
    market = call.market()
    limit = whole_number(call.params, "limit") or 500
    if limit not in _DEPTH_LIMITS:
        raise refusal(-4021, f"{limit} is not valid depth limit.")
    # a snapshot takes an id of its own, so that the next diff event always spans it
    # (a client must find one with U <= lastUpdateId <= u, even in a still market)
    market.book.update_id += 1
    return {
        "lastUpdateId": market.book.update_id,
        "E": call.now_ms,
        "T": call.now_ms,
        "bids": levels_text(market, Side.BUY, limit),
        "asks": levels_text(market, Side.SELL, limit),
    }


def _print_row(market: PaperMarket, printed: Print) -> dict[str, object]:
    grid = market.grid
    return {
        "id": printed.trade_id,
        "price": grid.price(printed.price_ticks),
        "qty": grid.qty(printed.qty_steps),
        "quoteQty": f"{grid.quote(printed.price_ticks * printed.qty_steps):f}",
        "time": printed.time_ms,
        "isBuyerMaker": printed.buyer_is_maker,
        "isRPITrade": False,
    }


def _trades(call: Call) -> object:
    market, limit = call.market(), call.limit(500, 1000)
    return [_print_row(market, printed) for printed in list(market.prints)[-limit:]]


def _historical_trades(call: Call) -> object:
    market, limit = call.market(), call.limit(100, 500)
    from_id = whole_number(call.params, "fromId")
    if from_id is None:
        return [_print_row(market, printed) for printed in list(market.prints)[-limit:]]
    chosen = [printed for printed in market.prints if printed.trade_id >= from_id]
    return [_print_row(market, printed) for printed in chosen[:limit]]


def _agg_row(market: PaperMarket, agg: AggTrade) -> dict[str, object]:
    qty = market.grid.qty(agg.qty_steps)
    return {
        "a": agg.agg_id,
        "p": market.grid.price(agg.price_ticks),
        "q": qty,
        "nq": qty,
        "f": agg.first_id,
        "l": agg.last_id,
        "T": agg.time_ms,
        "m": agg.buyer_is_maker,
    }


def _agg_trades(call: Call) -> object:
    market, limit = call.market(), call.limit(500, 1000)
    from_id = whole_number(call.params, "fromId")
    start_ms, end_ms = call.times()
    if start_ms is not None and end_ms is not None and end_ms - start_ms > HOUR_MS:
        raise refusal(-1127)
    rows = list(market.aggs)
    if from_id is None and start_ms is None and end_ms is None:
        return [_agg_row(market, agg) for agg in rows[-limit:]]
    if from_id is not None:
        if start_ms is not None or end_ms is not None:
            raise refusal(-1128)
        rows = [agg for agg in rows if agg.agg_id >= from_id]
    rows = [
        agg
        for agg in rows
        if (start_ms is None or agg.time_ms >= start_ms)
        and (end_ms is None or agg.time_ms <= end_ms)
    ]
    return [_agg_row(market, agg) for agg in rows[:limit]]


def _kline_rows(call: Call, market: PaperMarket) -> list[list[int | str]]:
    interval = required(call.params, "interval")
    if interval not in INTERVAL_MS:
        raise refusal(-1120)
    start_ms, end_ms = call.times()
    market.candles.on_time(call.now_ms)
    return market.candles.rows(interval, start_ms, end_ms, call.limit(500, 1500))


def _klines(call: Call) -> object:
    return _kline_rows(call, call.market())


def _pair_market(call: Call) -> PaperMarket:
    pair = required(call.params, "pair")
    found = call.exchange.markets.get(pair)
    if found is None:
        raise refusal(-4144)
    return found


def _continuous_klines(call: Call) -> object:
    market = _pair_market(call)
    contract_type = required(call.params, "contractType")
    if contract_type not in _CONTRACT_TYPES:
        raise refusal(-1130, "Data sent for parameter 'contractType' is not valid.")
    return _kline_rows(call, market) if contract_type == "PERPETUAL" else []


def _without_volume(rows: list[list[int | str]]) -> object:
    """Index and mark candles have prices and times only."""
    return [[*row[:5], "0", row[6], "0", row[8], "0", "0", "0"] for row in rows]


def _index_price_klines(call: Call) -> object:
    return _without_volume(_kline_rows(call, _pair_market(call)))


def _mark_price_klines(call: Call) -> object:
    return _without_volume(_kline_rows(call, call.market()))


def _premium_index_klines(call: Call) -> object:
    rows = _kline_rows(call, call.market())
    flat = "0.00000000"
    return [
        [row[0], flat, flat, flat, flat, "0", row[6], "0", row[8], "0", "0", "0"] for row in rows
    ]


def day_fields(market: PaperMarket, now_ms: int) -> dict[str, str | int]:
    """The running 24 hours under the REST names; the stream maps them to letters."""
    market.candles.on_time(now_ms)
    grid, day = market.grid, market.candles.last_day()
    change = (day.close - day.open) * market.spec.tick_size
    percent = (day.close - day.open) / day.open * 100
    average = grid.quote(day.quote) / grid.spec.steps_to_qty(day.volume) if day.volume else None
    digits = market.spec.price_precision
    return {
        "symbol": market.symbol,
        "priceChange": f"{change:.{digits}f}",
        "priceChangePercent": f"{percent:.3f}",
        "weightedAvgPrice": grid.price(day.close) if average is None else f"{average:.{digits}f}",
        "lastPrice": grid.price(market.last_ticks),
        "lastQty": grid.qty(market.last_steps),
        "openPrice": grid.price(day.open),
        "highPrice": grid.price(day.high),
        "lowPrice": grid.price(day.low),
        "volume": grid.qty(day.volume),
        "quoteVolume": f"{grid.quote(day.quote):.2f}",
        "openTime": day.open_ms,
        "closeTime": now_ms,
        "firstId": market.book.match_seq - day.trades + 1,
        "lastId": market.book.match_seq,
        "count": day.trades,
    }


def _ticker_24hr(call: Call) -> object:
    return call.one_or_all(lambda market: day_fields(market, call.now_ms))


def _ticker_price(call: Call) -> object:
    return call.one_or_all(
        lambda market: {
            "symbol": market.symbol,
            "price": market.grid.price(market.last_ticks),
            "time": call.now_ms,
        }
    )


def _book_ticker(call: Call) -> object:
    return call.one_or_all(lambda market: book_ticker(market, call.now_ms))


def book_ticker(market: PaperMarket, now_ms: int) -> dict[str, object]:
    bid, ask = touch_text(market, Side.BUY), touch_text(market, Side.SELL)
    return {
        "symbol": market.symbol,
        "bidPrice": bid[0],
        "bidQty": bid[1],
        "askPrice": ask[0],
        "askQty": ask[1],
        "time": now_ms,
        "lastUpdateId": market.book.update_id,
    }


def touch_text(market: PaperMarket, side: Side) -> tuple[str, str]:
    """Best price and its quantity; zeros on an empty side."""
    best = market.book.best_bid() if side is Side.BUY else market.book.best_ask()
    if best is None:
        return market.grid.price_zero, market.grid.qty_zero
    return market.grid.price(best), market.grid.qty(market.book.level_qty(side, best))


def _premium_index(call: Call) -> object:
    return call.one_or_all(
        lambda market: {
            "symbol": market.symbol,
            "markPrice": money(market.mark_price),
            "indexPrice": money(market.index_price),
            "estimatedSettlePrice": money(market.index_price),
            "lastFundingRate": money(market.funding_rate),
            "interestRate": money(market.interest_rate),
            "nextFundingTime": market.next_funding_ms,
            "time": call.now_ms,
        }
    )


def _funding_rate(call: Call) -> object:
    start_ms, end_ms = call.times()
    rows: list[tuple[int, dict[str, object]]] = []
    for market in call.markets():
        interval_ms = market.spec.funding_interval_ms
        latest_ms = min(market.next_funding_ms - interval_ms, end_ms or call.now_ms)
        latest_ms -= latest_ms % interval_ms
        earliest_ms = latest_ms - 999 * interval_ms if start_ms is None else start_ms
        first_ms = -(-earliest_ms // interval_ms) * interval_ms
        paid = {funding.time_ms: funding for funding in market.fundings}
        for time_ms in range(first_ms, latest_ms + 1, interval_ms):
            funding = paid.get(time_ms) or _invented_funding(market, time_ms)
            rows.append((time_ms, _funding_row(market.symbol, funding)))
    rows.sort(key=lambda row: row[0])
    limit = call.limit(100, 1000)
    chosen = rows[-limit:] if start_ms is None else rows[:limit]
    return [row for _, row in chosen]


def _invented_funding(market: PaperMarket, time_ms: int) -> Funding:
    """Of a time before this run; always the same for one contract and time."""
    rng = random.Random(f"{market.symbol}:{time_ms}")  # noqa: S311 - no secret
    rate = market.interest_rate + to_money(Decimal(rng.gauss(0, 0.00002)))
    return Funding(time_ms, rate, market.mark_price)


def _funding_row(symbol: str, funding: Funding) -> dict[str, object]:
    return {
        "symbol": symbol,
        "fundingRate": money(funding.rate),
        "fundingTime": funding.time_ms,
        "markPrice": money(funding.mark_price),
        "rateType": "Regular",
    }


def _funding_info(_call: Call) -> object:
    return []  # only contracts with settings of their own are listed


def _open_interest(call: Call) -> object:
    market = call.market()
    held = sum(
        abs(position.amount)
        for account in call.exchange.accounts.values()
        for position in account.live_positions()
        if position.symbol == market.symbol
    )
    makers = market.spec.max_qty * 50  # what the makers are said to hold
    steps = market.spec.qty_to_steps(held + makers)
    return {
        "openInterest": market.grid.qty(steps),
        "symbol": market.symbol,
        "time": call.now_ms,
    }


def _asset_index(_call: Call) -> object:
    return []  # USDT alone is margin here


MARKET_REQUESTS: Mapping[str, Handler] = {
    "ping": _ping,
    "time": _time,
    "exchange_info": _exchange_info,
    "depth": _depth,
    "rpi_depth": _depth,
    "trades": _trades,
    "historical_trades": _historical_trades,
    "agg_trades": _agg_trades,
    "klines": _klines,
    "continuous_klines": _continuous_klines,
    "index_price_klines": _index_price_klines,
    "mark_price_klines": _mark_price_klines,
    "premium_index_klines": _premium_index_klines,
    "ticker_24hr": _ticker_24hr,
    "ticker_price": _ticker_price,
    "ticker_price_v2": _ticker_price,
    "book_ticker": _book_ticker,
    "premium_index": _premium_index,
    "funding_rate": _funding_rate,
    "funding_info": _funding_info,
    "open_interest": _open_interest,
    "asset_index": _asset_index,
}
