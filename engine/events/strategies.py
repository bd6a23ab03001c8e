"""How a person's own programs are. What they say are alerts."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from engine.events.event import Event
from engine.trading_types import StrategyState


class StrategyView(msgspec.Struct, frozen=True, kw_only=True):
    """`open_orders` and `traded_orders` are counts of its own orders, without those of plans."""

    name: str
    file: str
    symbols: tuple[str, ...]
    state: StrategyState
    last_word: str = ""
    open_orders: int = 0
    traded_orders: int = 0
    started_at: int = 0
    ended_at: int = 0  # 0: it runs


class StrategyChanged(Event, frozen=True, kw_only=True):
    strategy: StrategyView

    def latest_key(self) -> Hashable | None:
        return ("strategy", self.strategy.name)
