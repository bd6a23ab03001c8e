"""Where the prices come from when they are not invented: replays and the mirror."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.errors import PaperExchangeError
from engine.paper.contract_specs import contract_spec
from engine.paper.live_mirror import LiveMirror
from engine.paper.paper_venue import PaperVenue
from engine.paper.price_source import PriceSource
from engine.paper.replay_control import ReplayControl
from engine.paper.trade_file import TradeFile, symbol_of
from engine.paper.trade_replay import TradeReplay


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Files to replay and how fast; the streams' address of a venue to mirror."""

    replays: tuple[Path, ...] = ()
    speed: float = 1.0
    mirror: str = ""


class PaperSources:
    """The sources by symbol; symbols without one have the synthetic market.

    `open` blocks for the first lines of the files and waits for the mirror's
    first books. Raises PaperExchangeError. Owned by one event loop.
    """

    def __init__(self) -> None:
        self.by_symbol: dict[str, PriceSource] = {}
        self.following: list[asyncio.Future[None]] = []  # ends only by failure
        self._replays: dict[str, TradeReplay] = {}

    @classmethod
    async def open(cls, settings: SourceSettings, symbols: Sequence[str]) -> PaperSources:
        sources = cls()
        try:
            for path in settings.replays:
                sources._replay(path, settings.speed)
            if settings.mirror:
                await sources._mirror(settings.mirror, symbols)
        except BaseException:
            await sources.close()
            raise
        return sources

    def _replay(self, path: Path, speed: float) -> None:
        symbol = symbol_of(path)
        if symbol in self.by_symbol:
            raise PaperExchangeError(f"Only one file can be replayed for {symbol}.")
        spec = contract_spec(symbol)
        replay = TradeReplay(spec, TradeFile(path, spec), speed=speed)
        self._replays[symbol] = self.by_symbol[symbol] = replay

    async def _mirror(self, base: str, symbols: Sequence[str]) -> None:
        """Everything that is not replayed."""
        wanted = [contract_spec(symbol) for symbol in symbols if symbol not in self.by_symbol]
        mirror = LiveMirror(base, wanted)
        self.following.append(asyncio.ensure_future(mirror.run()))
        await mirror.first_books()
        self.by_symbol.update(mirror.sources)

    def attach(self, venue: PaperVenue) -> None:
        """Let the replays be paused through the venue that plays them."""
        if self._replays:
            venue.control = ReplayControl(self._replays, venue, venue.control).answer

    async def close(self) -> None:
        for task in self.following:
            task.cancel()
        await asyncio.gather(*self.following, return_exceptions=True)
        for replay in self._replays.values():
            replay.close()
