"""What the engine builds for brackets, by hand, so that a test can end any part of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from engine.clock import SystemClock
from engine.event_hub import EventHub
from engine.events import Alert, Event
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.oms.brackets import Brackets
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.paper.paper_process import PaperAccountKeys
from engine.protection_views import AlgoView, BracketView
from engine.trading_types import AlgoStatus, BracketState
from engine.utils.mailbox import Mailbox
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import StoppableThread
from engine.wire.hosts import Hosts


class BracketTrader:
    """Gateway, journal, order management and brackets on one account; live when made."""

    def __init__(self, hosts: Hosts, keys: PaperAccountKeys, journal: Path) -> None:
        self.hub = EventHub()
        self._heard: Mailbox[Event] = self.hub.attach(Mailbox(), types=[Alert])
        self.alerts: list[str] = []
        self.gateway = BinanceGateway(
            hosts=hosts,
            api_key=keys.api_key,
            api_secret=keys.api_secret,
            settings=GatewaySettings(weight_limit=1_000_000),
        )
        self.journal = JournalWriter(journal, SystemClock(), self.hub.publish)
        self.journal.start(self.hub)
        self.queries = TaskQueue("queries")
        self.queries.start()
        self.oms = OrderManager(
            self.gateway,
            self.journal,
            self.hub,
            SystemClock(),
            self.gateway.get_exchange_instruments,
            OmsSettings(strict=True),
            on_gap=lambda: self.queries.submit(self._recover),
        )
        self.brackets = Brackets(
            self.oms,
            self.gateway,
            self.journal,
            self.hub,
            SystemClock(),
            self.gateway.get_exchange_instruments,
            locks=journal.with_suffix(".brackets"),
        )
        reader = JournalReader(journal)
        self.oms.restore(
            reader.open_orders(),
            reader.fills_of_open_orders(),
            reader.last_trade_ids(),
            reader.open_algos(),
        )
        self.brackets.restore(reader.open_brackets())
        self.brackets.start()
        self._live = threading.Event()
        self.gateway.start_user_stream(self.oms.on_event)
        is_live = self._live.wait(10)
        self._house = StoppableThread("housekeeping", self._keep_house)
        self._house.start()
        if not is_live:
            self.die()  # or its threads fail the tests that follow
            raise AssertionError("not live within 10 s")

    def place(self, price: Decimal | None = None, **terms: object) -> BracketView:
        terms.setdefault("quantity", "0.3")
        return self.brackets.place_bracket("BTCUSDT", "BUY", price=price, **terms)  # type: ignore[arg-type]

    def wait(self, bracket_id: str, until: Callable[[BracketView], bool] | BracketState) -> None:
        if isinstance(until, BracketState):
            wanted = until
            is_met = self.brackets.wait(bracket_id, lambda view: view.state is wanted)
        else:
            is_met = self.brackets.wait(bracket_id, until)
        assert is_met, self.brackets.get(bracket_id)

    def alert_codes(self) -> list[str]:
        self.alerts += [e.code for e in self._heard.drain() if isinstance(e, Alert)]
        return self.alerts

    def exits(self) -> list[AlgoView]:
        """What truly waits at the venue, by our books."""
        views = [algo.view for algo in self.oms.algos.open("BTCUSDT")]
        return [view for view in views if view.status is AlgoStatus.NEW]

    def position(self) -> Decimal:
        view = self.oms.positions.position("BTCUSDT")
        return Decimal(0) if view is None else view.quantity

    def close(self) -> None:
        self.oms.close()
        self._house.request_stop()
        self.gateway.close()
        assert self.brackets.stop()
        assert self._house.join(5)
        self.queries.stop(5)
        assert self.journal.close()

    def die(self) -> None:
        """As far as the venue and the journal can tell, the process is gone."""
        self._house.request_stop()
        self.gateway.close()
        self.brackets.stop()
        self._house.join(5)
        self.queries.stop(5)
        self.journal.close()

    def _keep_house(self, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            self.gateway.tick()
            self.oms.tick(SystemClock().monotonic())

    def _recover(self) -> None:
        self.oms.reconciler.recover(threading.Event())
        self._live.set()
