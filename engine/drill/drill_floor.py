"""The paper exchange that a worker drills on: cleaned between sessions, restarted when asked.

One process serves many sessions; a new one with new accounts is taken now and
then, so that old books do not slow the comparison down.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from engine.drill.drill_judge import Row, VenueBooks
from engine.drill.drill_lots import SYMBOLS
from engine.drill.drill_venue import DrillVenue, Reference
from engine.errors import OrderRefused, PaperExchangeError
from engine.paper.paper_process import PaperOptions, PaperProcess
from engine.protection_views import AlgoView
from engine.trading_types import Side
from engine.views import FillView, OrderView

logger = logging.getLogger(__name__)

_SESSIONS = 60
_ROOM_TICKS = 3
_TICKS: Mapping[str, Decimal] = {
    "BTCUSDT": Decimal("0.10"),
    "ETHUSDT": Decimal("0.01"),
    "SOLUSDT": Decimal("0.0100"),
}


class DrillFloor:
    """One worker's exchange. `close` it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="perpdesk-drill-"))
        self._number = 0
        self._sessions = 0
        self._seen = 0
        self._played: list[str] = []
        self._baseline: dict[str, int] = {}
        self._algo_baseline: dict[str, int] = {}
        self._trades_before: dict[str, int] = {}
        self._process = self._start()

    @property
    def process(self) -> PaperProcess:
        return self._process

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def account(self) -> DrillVenue:
        return DrillVenue(self._process.hosts.rest, self._process.accounts[0])

    @property
    def counterparty(self) -> DrillVenue:
        return DrillVenue(self._process.hosts.rest, self._process.accounts[1])

    def prepare(self) -> tuple[dict[str, Reference], dict[str, int]]:
        """A clean table: prices to trade around, and the newest trade ids."""
        self._sessions += 1
        if self._sessions > _SESSIONS or not self._process.is_running:
            self._renew()
        self._played = []
        self.account.clear_faults()
        self.account.clean()
        references = self._make_all_room()
        account = self.account
        self._baseline = {symbol: account.newest_order_id(symbol) for symbol in SYMBOLS}
        self._algo_baseline = {symbol: account.newest_algo_id(symbol) for symbol in SYMBOLS}
        self._trades_before = {symbol: account.newest_trade_id(symbol) for symbol in SYMBOLS}
        return references, self._trades_before

    def restart(self) -> None:
        """As a crash of the exchange: killed, and back on the same port with its books."""
        self._note_faults()
        port = urlsplit(self._process.hosts.rest).port or 0
        self._process.kill()
        self._played.append("crash")
        self._seen = 0
        self._process = self._start(port)

    def end_faults(self) -> list[str]:
        """No more of them; the kinds that were played since `prepare`."""
        self._note_faults()
        self.account.clear_faults()
        return self._played

    def books(self) -> VenueBooks:
        """Raises PaperExchangeError or OrderRefused."""
        account = self.account
        orders: list[Row] = []
        trades: list[Row] = []
        algos: list[Row] = []
        for symbol in SYMBOLS:
            algos += account.algos(symbol, self._algo_baseline[symbol] + 1)
            orders += account.orders(symbol, self._baseline[symbol] + 1)
            trades += account.trades(symbol, self._trades_before[symbol] + 1)
        return VenueBooks(
            orders=orders,
            trades=trades,
            positions=account.positions(),
            wallet=account.wallet(),
            algos=algos,
        )

    def is_of_session(self, thing: OrderView | FillView | AlgoView) -> bool:
        """Our side may come upon what was there before, and is right to keep it."""
        if isinstance(thing, FillView):
            return thing.trade_id > self._trades_before[thing.symbol]
        if isinstance(thing, AlgoView):
            return thing.algo_id is None or thing.algo_id > self._algo_baseline[thing.symbol]
        return thing.order_id is None or thing.order_id > self._baseline[thing.symbol]

    def close(self) -> None:
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- within ------------------------------------------------------------------------

    def _start(self, port: int = 0) -> PaperProcess:
        return PaperProcess.start(
            PaperOptions(
                port=port,
                seed=1,
                symbols=SYMBOLS,
                balance="50000000",
                quiet_market=True,
                unlimited=True,
                state_dir=self._folder / f"venue-{self._number}",
            )
        )

    def _renew(self) -> None:
        self._process.stop()
        self._number += 1
        self._sessions = self._seen = 0
        self._process = self._start()

    def _note_faults(self) -> None:
        try:
            played, self._seen = self.account.faults_played(self._seen)
        except PaperExchangeError as error:
            logger.info("faults not counted: %s", error)
            return
        self._played += played

    def _make_all_room(self) -> dict[str, Reference]:
        try:
            return {symbol: self._make_room(symbol) for symbol in SYMBOLS}
        except OrderRefused as error:
            # every restart fills the book again, and one day the position is too large
            logger.info("a new exchange is taken: %s", error)
            self._renew()
            return {symbol: self._make_room(symbol) for symbol in SYMBOLS}

    def _make_room(self, symbol: str) -> Reference:
        """The other account takes the best bids away until there is a gap to trade in."""
        tick, counterparty = _TICKS[symbol], self.counterparty
        while True:
            best = counterparty.best(symbol)
            bid, ask = best["bidPrice"], best["askPrice"]
            if ask - bid >= tick * _ROOM_TICKS:
                return Reference(bid=bid + tick, ask=bid + tick * 2, tick=tick)
            counterparty.order(
                symbol,
                Side.SELL,
                best["bidQty"],
                type="LIMIT",
                price=bid,
                timeInForce="IOC",
            )
