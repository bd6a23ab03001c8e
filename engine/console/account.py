"""Positions and wallet on the console."""

from __future__ import annotations

from argparse import Namespace

from engine.console.answers import DONE, table
from engine.trading_engine import TradingEngine
from engine.utils.decimals import plain


def positions(engine: TradingEngine, _given: Namespace) -> int:
    table(
        ("SYMBOL", "SIDE", "QUANTITY", "ENTRY", "MARK", "PNL", "LIQUIDATION", "LEVERAGE"),
        [
            (p.symbol, p.position_side, plain(p.quantity), plain(p.entry_price),
             plain(p.mark_price), f"{p.unrealized_pnl:.4f}", plain(p.liquidation_price),
             f"{p.leverage}x" if p.leverage else "")
            for p in engine.gateway.get_positions()
        ],
        "No open positions.",
    )  # fmt: skip
    return DONE


def balance(engine: TradingEngine, _given: Namespace) -> int:
    table(
        ("ASSET", "WALLET", "AVAILABLE", "PNL"),
        [
            (b.asset, plain(b.wallet_balance), plain(b.available_balance), plain(b.unrealized_pnl))
            for b in engine.gateway.get_account_balance()
            if b.wallet_balance
        ],
        "The futures wallet is empty.",
    )
    return DONE
