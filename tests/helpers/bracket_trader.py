"""A trader with brackets, so that a test can end any part of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from engine.clock import SystemClock
from engine.events import Alert
from engine.journal.journal_reader import JournalReader
from engine.oms.brackets import Brackets
from engine.paper.paper_process import PaperAccountKeys
from engine.protection_views import AlgoView, BracketView
from engine.trading_types import AlgoStatus, BracketState
from engine.utils.threads import StoppableThread
from engine.wire.hosts import Hosts
from tests.helpers.trader import Trader
from tests.helpers.waiting import PATIENCE_S


class BracketTrader(Trader):
    """With brackets and the ticks of housekeeping."""

    def __init__(self, hosts: Hosts, keys: PaperAccountKeys, journal: Path) -> None:
        self._house = StoppableThread("housekeeping", self._keep_house)
        super().__init__(hosts, keys, journal)
        self._house.start()

    def start_more(self, journal: Path) -> None:
        self.brackets = Brackets(
            self.oms,
            self.gateway,
            self.journal,
            self.hub,
            SystemClock(),
            self.gateway.get_exchange_instruments,
            locks=journal.with_suffix(".brackets"),
        )
        self.brackets.restore(JournalReader(journal).open_brackets())
        self.brackets.start()

    def stop_more(self) -> bool:
        self._house.request_stop()
        return self.brackets.stop() and self._house.join(5)

    def place(self, price: Decimal | None = None, **terms: object) -> BracketView:
        terms.setdefault("quantity", "0.3")
        return self.brackets.place_bracket("BTCUSDT", "BUY", price=price, **terms)  # type: ignore[arg-type]

    def wait(self, bracket_id: str, until: Callable[[BracketView], bool] | BracketState) -> None:
        if isinstance(until, BracketState):
            wanted = until
            is_met = self.brackets.wait(bracket_id, lambda view: view.state is wanted, PATIENCE_S)
        else:
            is_met = self.brackets.wait(bracket_id, until, PATIENCE_S)
        assert is_met, self.brackets.get(bracket_id)

    def alert_codes(self) -> list[str]:
        return [event.code for event in self.of(Alert) if isinstance(event, Alert)]

    def exits(self) -> list[AlgoView]:
        """What truly waits at the venue, by our books."""
        views = [algo.view for algo in self.oms.algos.open("BTCUSDT")]
        return [view for view in views if view.status is AlgoStatus.NEW]

    def position(self) -> Decimal:
        view = self.oms.positions.position("BTCUSDT")
        return Decimal(0) if view is None else view.quantity

    def _keep_house(self, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            self.gateway.tick()
            self.oms.tick(SystemClock().monotonic())
