"""A price source that replays a public trade file, at 1x to 100x, pausable.

The makers quote around each replayed price, and its taker trades against the
book: people's orders in the queue are filled before what the makers have put
there for the print, and those through which the price has gone are filled whole.
"""

from __future__ import annotations

import logging
import random
from decimal import Decimal

from engine.errors import BugError, PaperExchangeError
from engine.paper.contract_specs import ContractSpec
from engine.paper.market_makers import MarketMakers
from engine.paper.market_profile import market_profile
from engine.paper.price_source import BookView, MarketAction
from engine.paper.trade_file import FileTrade, TradeFile

logger = logging.getLogger(__name__)

SLOWEST, FASTEST = 1.0, 100.0
_LONGEST_STEP_S = 1.0
_MOST_TRADES_PER_STEP = 500  # a crash at 100x is played a little later, not dropped


class TradeReplay:
    """One symbol's market out of a file. Not thread-safe; blocks for disk reads only.

    Takes over `trades` and closes it with `close`. `start` and `step` raise
    PaperExchangeError for a line that is not a trade. After the last trade the
    book lives on at the last price.
    """

    def __init__(self, spec: ContractSpec, trades: TradeFile, *, speed: float = 1.0) -> None:
        self._spec = spec
        self._trades = trades
        self._rng = random.Random(f"replay:{spec.symbol}")  # noqa: S311 - no secret
        self._makers = MarketMakers(spec, market_profile(spec), self._rng)
        try:
            self.speed = speed
            first = _first_of(trades)
        except PaperExchangeError:
            trades.close()
            raise
        self._next: FileTrade | None = first
        self._last_ticks = first.price_ticks
        self._position_ms = float(first.time_ms)
        self._paused = False
        self._last_ms: int | None = None

    @property
    def speed(self) -> float:
        """How many times faster than they happened the trades are played."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise PaperExchangeError(
                f"A replay runs at {SLOWEST:g} to {FASTEST:g} times, not at {speed:g}."
            )
        self._speed = speed

    @property
    def position_ms(self) -> int:
        """The file's own time up to which trades have been played."""
        return int(self._position_ms)

    @property
    def is_paused(self) -> bool:
        return self._paused

    @property
    def is_finished(self) -> bool:
        """The last trade has been played."""
        return self._next is None

    def pause(self) -> None:
        """Hold the file's time; quotes stay, and people can trade against them."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def close(self) -> None:
        self._trades.close()

    def index_price(self) -> Decimal:
        """The price of the last replayed trade."""
        return self._spec.ticks_to_price(self._last_ticks)

    def start(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """A full book around the first price of the file."""
        self._last_ms = now_ms
        self._makers.begin(book_view)
        self._makers.open(self._last_ticks - 1, self._last_ticks)
        return self._makers.take()

    def step(self, book_view: BookView, now_ms: int) -> list[MarketAction]:
        """The trades whose time has come, with the quotes around them."""
        if self._last_ms is None:
            raise BugError("The replay was stepped before it was started.")
        seconds = min((now_ms - self._last_ms) / 1000, _LONGEST_STEP_S)
        if seconds <= 0:
            return []
        self._last_ms = now_ms
        self._makers.begin(book_view)
        self._makers.requote()
        if not self._paused:
            self._play(seconds)
        self._makers.refill(seconds)
        return self._makers.take()

    def _play(self, seconds: float) -> None:
        until_ms = self._position_ms + 1000 * seconds * self._speed
        for _ in range(_MOST_TRADES_PER_STEP):
            trade = self._next
            if trade is None or trade.time_ms > until_ms:
                break
            self._makers.trade(trade.side, trade.price_ticks, trade.qty_steps)
            self._last_ticks = trade.price_ticks
            self._next = self._trades.next()
            if self._next is None:
                logger.info(
                    "replay of %s has ended symbol=%s", self._trades.path, self._spec.symbol
                )
        if self._next is not None:
            # trades still due make time wait for them; those without order in time do not
            until_ms = max(self._position_ms, min(until_ms, self._next.time_ms))
        self._position_ms = until_ms


def _first_of(trades: TradeFile) -> FileTrade:
    first = trades.next()
    if first is None:
        raise PaperExchangeError(f"The trade file {trades.path} holds no trade.")
    return first
