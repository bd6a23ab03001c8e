"""What the market streams say, with the venue's letters. Pure."""

from __future__ import annotations

from engine.paper.paper_grid import Grid, money
from engine.paper.paper_market import AggTrade, PaperMarket, Print
from engine.paper.paper_market_requests import day_fields, levels_text
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_streams import Stash
from engine.trading_types import Side

Payload = dict[str, object]
Touch = tuple[tuple[str, str], tuple[str, str]]
"""Best bid and best ask, each with its quantity."""

USD_M_FAMILY = 1  # in `st`
_DAY_LETTERS = {
    "priceChange": "p",
    "priceChangePercent": "P",
    "weightedAvgPrice": "w",
    "lastPrice": "c",
    "lastQty": "Q",
    "openPrice": "o",
    "highPrice": "h",
    "lowPrice": "l",
    "volume": "v",
    "quoteVolume": "q",
    "openTime": "O",
    "closeTime": "C",
    "firstId": "F",
    "lastId": "L",
    "count": "n",
}


def trade(market: PaperMarket, printed: Print, now_ms: int) -> Payload:
    return {
        "e": "trade",
        "E": now_ms,
        "T": printed.time_ms,
        "s": market.symbol,
        "t": printed.trade_id,
        "p": market.grid.price(printed.price_ticks),
        "q": market.grid.qty(printed.qty_steps),
        "X": "MARKET",
        "m": printed.buyer_is_maker,
        "st": USD_M_FAMILY,
    }


def agg_trade(market: PaperMarket, agg: AggTrade, now_ms: int) -> Payload:
    qty = market.grid.qty(agg.qty_steps)
    return {
        "e": "aggTrade",
        "E": now_ms,
        "a": agg.agg_id,
        "s": market.symbol,
        "p": market.grid.price(agg.price_ticks),
        "q": qty,
        "nq": qty,
        "f": agg.first_id,
        "l": agg.last_id,
        "T": agg.time_ms,
        "m": agg.buyer_is_maker,
        "st": USD_M_FAMILY,
    }


def depth_update(market: PaperMarket, stash: Stash, now_ms: int) -> Payload:
    price, qty = market.grid.price, market.grid.qty
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": market.symbol,
        "U": min(stash.last_id + 1, market.book.update_id),
        "u": market.book.update_id,
        "pu": stash.last_id,
        "b": [[price(p), qty(q)] for p, q in sorted(stash.bids.items(), reverse=True)],
        "a": [[price(p), qty(q)] for p, q in sorted(stash.asks.items())],
        "ps": market.symbol,
        "st": USD_M_FAMILY,
    }


def book_ticker(market: PaperMarket, touch: Touch, now_ms: int) -> Payload:
    bid, ask = touch
    return {
        "e": "bookTicker",
        "u": market.book.update_id,
        "s": market.symbol,
        "ps": market.symbol,
        "b": bid[0],
        "B": bid[1],
        "a": ask[0],
        "A": ask[1],
        "T": now_ms,
        "E": now_ms,
        "st": USD_M_FAMILY,
    }


def forced(order: PaperOrder, grid: Grid, now_ms: int) -> Payload:
    filled = grid.qty(order.executed_steps)
    return {
        "e": "forceOrder",
        "E": now_ms,
        "o": {
            "s": order.symbol,
            "S": order.side,
            "o": "LIMIT",
            "f": "IOC",
            "q": grid.qty(order.qty_steps),
            "p": grid.average(order.quote_units, order.executed_steps),
            "ap": grid.average(order.quote_units, order.executed_steps),
            "X": order.status,
            "l": filled,
            "z": filled,
            "T": order.updated_ms,
        },
    }


def partial_depth(
    market: PaperMarket, levels: int, before: int, after: int, now_ms: int
) -> Payload:
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": market.symbol,
        "U": min(before + 1, after),
        "u": after,
        "pu": before,
        "b": levels_text(market, Side.BUY, levels),
        "a": levels_text(market, Side.SELL, levels),
        "ps": market.symbol,
        "st": USD_M_FAMILY,
    }


def kline(market: PaperMarket, stream: str, row: dict[str, object], now_ms: int) -> Payload:
    if "@continuousKline_" not in stream:
        return {"e": "kline", "E": now_ms, "s": market.symbol, "k": row, "st": USD_M_FAMILY}
    return {
        "e": "continuous_kline",
        "E": now_ms,
        "ps": market.symbol,
        "ct": "PERPETUAL",
        "k": {name: value for name, value in row.items() if name != "s"},
        "st": USD_M_FAMILY,
    }


def mark(market: PaperMarket, now_ms: int) -> Payload:
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": market.symbol,
        "p": money(market.mark_price),
        "ap": money(market.mark_price),
        "i": money(market.index_price),
        "P": money(market.index_price),
        "r": money(market.funding_rate),
        "T": market.next_funding_ms,
        "st": USD_M_FAMILY,
    }


def ticker(market: PaperMarket, kind: str, now_ms: int) -> Payload:
    fields = day_fields(market, now_ms)
    payload: Payload = {
        "e": "24hrTicker" if kind == "ticker" else "24hrMiniTicker",
        "E": now_ms,
        "s": market.symbol,
        "ps": market.symbol,
        "st": USD_M_FAMILY,
    }
    letters = (
        _DAY_LETTERS
        if kind == "ticker"
        else {
            name: _DAY_LETTERS[name]
            for name in ("lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume")
        }
    )
    payload.update({letter: fields[name] for name, letter in letters.items()})
    return payload
