"""What the engine builds, by hand, so that a test can end any part of it."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.clock import SystemClock
from engine.event_hub import EventHub
from engine.events import Event
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.paper.paper_process import PaperAccountKeys
from engine.utils.mailbox import Mailbox
from engine.utils.task_queue import TaskQueue
from engine.wire.hosts import Hosts
from tests.helpers.waiting import PATIENCE_S


class Trader:
    """Gateway, journal, order management and one query thread on one account; live when made."""

    def __init__(self, hosts: Hosts, keys: PaperAccountKeys, journal: Path) -> None:
        self.hub = EventHub()
        self.heard: Mailbox[Event] = self.hub.attach(Mailbox())
        self.events: list[Event] = []
        self.gateway = BinanceGateway(
            hosts=hosts,
            api_key=keys.api_key,
            api_secret=keys.api_secret,
            settings=GatewaySettings(weight_limit=1_000_000),  # many starts in one minute
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
        reader = JournalReader(journal)
        self.oms.restore(
            reader.open_orders(),
            reader.fills_of_open_orders(),
            reader.last_trade_ids(),
            reader.open_algos(),
        )
        self.start_more(journal)
        self._live = threading.Event()
        self.gateway.start_user_stream(self.oms.on_event)
        if not self._live.wait(PATIENCE_S):
            self.die()  # or its threads fail the tests that follow
            raise AssertionError(f"not live within {PATIENCE_S:g} s")

    def start_more(self, journal: Path) -> None:
        """What a kind of trader has beside these, before the stream tells anything."""

    def stop_more(self) -> bool:
        """What `start_more` has started; False when it did not end in time."""
        return True

    def of(self, kind: type[Event]) -> list[Event]:
        self.events += self.heard.drain()
        return [event for event in self.events if isinstance(event, kind)]

    def close(self) -> None:
        self.oms.close()
        self.gateway.close()
        assert self.stop_more()
        self.queries.stop(5)
        assert self.journal.close()

    def die(self) -> None:
        """As far as the venue and the journal can tell, the process is gone."""
        self.gateway.close()
        self.stop_more()
        self.queries.stop(5)
        self.journal.close()

    def _recover(self) -> None:
        self.oms.reconciler.recover(threading.Event())
        self._live.set()
