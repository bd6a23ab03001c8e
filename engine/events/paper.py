"""What the paper exchange itself is doing."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from engine.events.event import Event
from engine.trading_types import PaperMarketKind


class ReplayView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replay stands in its file. `first_ms` is 0 when the span is not known."""

    symbol: str
    position_ms: int
    speed: float
    is_paused: bool
    is_finished: bool
    first_ms: int = 0
    last_ms: int = 0


class FaultView(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that waits or lasts."""

    number: int
    fault: str
    played: int


class PaperView(msgspec.Struct, frozen=True, kw_only=True):
    """`is_ours`: this program started it, so that it can restart it and change its market."""

    is_ours: bool
    is_running: bool
    market: PaperMarketKind = PaperMarketKind.SYNTHETIC
    source: str = ""  # the replayed file or the mirrored address
    replay: ReplayView | None = None
    faults: tuple[FaultView, ...] = ()


class PaperChanged(Event, frozen=True, kw_only=True):
    paper: PaperView

    def latest_key(self) -> Hashable | None:
        return "paper"


class FaultPlayed(Event, frozen=True, kw_only=True):
    """The exchange has just played a fault to somebody."""

    number: int
    fault: str
    at_ms: int
    sentence: str


class ReplayFileRead(Event, frozen=True, kw_only=True):
    """A trade file is being read through before it is played. `is_over`: 1, cancelled, or bad."""

    share: float  # 0 to 1
    is_over: bool = False

    def latest_key(self) -> Hashable | None:
        return "replay file"  # its end, too: how far it was is not told after that


class PaperWasReset(Event, frozen=True, kw_only=True):
    """There is a new account with new keys: whoever trades must open the exchange anew."""
