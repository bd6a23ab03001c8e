"""Where a rule of the gateway is tried: a gateway, its clock, a hand on the exchange's faults."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from engine.clock import FakeClock
from engine.events import OrderUpdate
from engine.paper.paper_process import PaperProcess
from engine.wire.hosts import Hosts
from tests.helpers.fault_hand import FaultHand
from tests.helpers.gateways import Gateways
from tests.helpers.paper import now_ms


class RuleDesk:
    """The clock stands still. `given` as in BinanceGateway."""

    def __init__(
        self, gateways: Gateways, paper: PaperProcess, *, hosts: Hosts | None = None, **given: Any
    ) -> None:
        self.clock = FakeClock(now_ms())
        self.hand = FaultHand(paper)
        self.gateway = gateways.open(
            hosts or paper.hosts,
            api_key=paper.api_key,
            api_secret=paper.api_secret,
            clock=self.clock,
            **given,
        )

    def place(self, name: str) -> OrderUpdate:
        return self.gateway.submit_order(
            "BTCUSDT", "BUY", "LIMIT", "0.01", Decimal(50_000), client_order_id=name
        )


D = TypeVar("D", bound=RuleDesk)


@contextlib.contextmanager
def desks_of(kind: type[D], gateways: Gateways, paper: PaperProcess) -> Iterator[Callable[..., D]]:
    """Makes as many as a test wants; afterwards the exchange has no faults and no orders."""
    yield partial(kind, gateways, paper)
    gateways.close()
    FaultHand(paper).end_all()
    FaultHand(paper).clean()
