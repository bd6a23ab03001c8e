"""Following another venue's public streams, so that paper trades at its prices.

The asyncio shell around MirrorQuotes: one connection for books, one for trades,
each made anew after a failure. Runs on the paper server's event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from urllib.parse import urlsplit

import aiohttp
import msgspec

from engine.errors import PaperExchangeError
from engine.paper.contract_specs import ContractSpec
from engine.paper.mirror_quotes import MirrorQuotes, read_message
from engine.wire.stream_names import agg_trade, route_of

logger = logging.getLogger(__name__)

FIRST_BOOKS_S = 15.0
_CONNECT_S = 10.0
_HEARTBEAT_S = 15.0  # a peer that answers no ping for half of it is gone
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0


class LiveMirror:
    """Price sources that follow the venue at `base`, e.g. "wss://fstream.binance.com".

    Raises PaperExchangeError for a base that is no WebSocket address. Owned by
    one event loop; `run` for as long as the mirror should follow.
    """

    def __init__(self, base: str, specs: Iterable[ContractSpec]) -> None:
        if urlsplit(base).scheme not in ("ws", "wss") or not urlsplit(base).hostname:
            raise PaperExchangeError(
                f"{base!r} cannot be mirrored: give its streams' address, "
                "such as wss://fstream.binance.com."
            )
        self._base = base.rstrip("/")
        self.sources = {spec.symbol: MirrorQuotes(spec) for spec in specs}
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Follow both routes until cancelled."""
        books = [f"{symbol.lower()}@depth20@100ms" for symbol in self.sources]
        trades = [agg_trade(symbol) for symbol in self.sources]
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            group.create_task(self._follow(session, books))
            group.create_task(self._follow(session, trades))

    async def first_books(self, timeout_s: float = FIRST_BOOKS_S) -> None:
        """Wait until every symbol has a book; PaperExchangeError when some have none in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._without_book():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise PaperExchangeError(
                f"{self._base} has not shown a book of {', '.join(self._without_book())} "
                f"within {timeout_s:g} s."
            ) from None

    def _without_book(self) -> list[str]:
        return [symbol for symbol, source in self.sources.items() if not source.has_book]

    async def _follow(self, session: aiohttp.ClientSession, streams: list[str]) -> None:
        """One connection, and the next after it; pauses grow while nothing comes."""
        url = f"{self._base}/{route_of(streams[0])}/stream?streams={'/'.join(streams)}"
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                if await self._read(session, url):
                    pause_s = _FIRST_PAUSE_S
                why = "it was closed"
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                why = str(error) or type(error).__name__
            logger.warning("the mirror has lost %s and tries again: %s", url, why)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _read(self, session: aiohttp.ClientSession, url: str) -> bool:
        """Until the connection ends; whether anything has come."""
        heard = False
        async with asyncio.timeout(_CONNECT_S) as connecting:
            async with session.ws_connect(url, heartbeat=_HEARTBEAT_S) as socket:
                connecting.reschedule(None)
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        heard = True
                        self._on_text(message.data)
        return heard

    def _on_text(self, text: str) -> None:
        try:
            message = read_message(text)
        except msgspec.MsgspecError as error:
            logger.warning("the mirror cannot read a message: %s", error)
            return
        source = self.sources.get(message.s)
        if source is not None:
            source.on_message(message)
            self._news.set()
