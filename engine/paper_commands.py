"""What a person asks of the paper exchange itself: its market, its account, its faults.

As in engine.commands. They are carried out on a thread of their own, also while
the exchange is away, and refused where there is no paper exchange.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.commands import Command
from engine.trading_types import PaperMarketKind


class PaperCommand(Command, frozen=True, kw_only=True):
    """Base."""


class WatchPaper(PaperCommand, frozen=True, kw_only=True):
    """Tell once a second how it stands (PaperChanged), or no more."""

    is_on: bool


class PlayFault(PaperCommand, frozen=True, kw_only=True):
    """One fault by the name, the values and the `when` of the exchange's fault rules."""

    fault: str
    values: dict[str, bool | int | float | str] = msgspec.field(default_factory=dict)
    when: dict[str, int | float | str] = msgspec.field(default_factory=dict)


class EndFaults(PaperCommand, frozen=True, kw_only=True):
    """All rules in force end. Connections that fell silent stay so."""


class RestartPaper(PaperCommand, frozen=True, kw_only=True):
    """End the exchange and start it again; also starts one that was killed."""


class KillPaper(PaperCommand, frozen=True, kw_only=True):
    """End its process as a crash would; it stays away until RestartPaper."""


class ResetPaper(PaperCommand, frozen=True, kw_only=True):
    """A new account with so much money. Orders, positions and history of the old one are gone."""

    balance: Decimal  # USDT


class SetPaperMarket(PaperCommand, frozen=True, kw_only=True):
    """Where prices come from, from now on: the exchange restarts with it, the account stays."""

    kind: PaperMarketKind
    file: str = ""  # REPLAY: a public aggTrades file, csv or zip
    speed: float = 1.0  # REPLAY, 1 to 100
    url: str = ""  # MIRROR: another venue's streams, wss://...


class CancelReplayFile(PaperCommand, frozen=True, kw_only=True):
    """Read no further in the file that is being checked."""


class SetReplay(PaperCommand, frozen=True, kw_only=True):
    """Pause, go on, or change the pace of the running replay; None leaves it."""

    paused: bool | None = None
    speed: float | None = None
