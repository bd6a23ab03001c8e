"""While its streams are healthy an engine asks for nothing that they tell.

Engine and exchange are on one fake clock (see FaultHand.advance), so that minutes pass in
seconds, and the exchange's own list of requests is what is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import FakeClock
from engine.commands import WatchSymbol
from engine.config import Config
from engine.events import AggTrade, Event, StreamStateChanged
from engine.paper.paper_discovery import announce
from engine.paper.paper_process import PaperProcess
from engine.trading_engine import TradingEngine
from engine.trading_types import StreamState
from engine.utils.mailbox import Mailbox
from tests.helpers.fault_hand import FaultHand
from tests.helpers.paper import PaperClient, now_ms, paper_server
from tests.helpers.waiting import wait_until

BTC = "BTCUSDT"
STEP_S = 0.9
TRADE_EVERY_S = 4.5  # less than a route's patience


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[PaperProcess]:
    with paper_server(tmp_path / "paper", fresh=True, symbols=(BTC,)) as process:
        announce(tmp_path / "paper", process.ready)
        yield process


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(now_ms())


@pytest.fixture
def engine(
    paper: PaperProcess, clock: FakeClock, tmp_path: Path, quiet_config: Config
) -> Iterator[TradingEngine]:
    assert FaultHand(paper).order(price="50000").status == 200
    # on a busy machine the clock may run on between signing and arriving
    config = quiet_config.with_values(exchange__recv_window_ms=60_000)
    made = TradingEngine(config, config.environment("paper"), tmp_path, clock)
    made.start()
    made.wait_until_live()
    yield made
    made.stop()


class Minutes:
    """Lets time pass for both sides, with trades of others that keep every market stream alive."""

    def __init__(self, engine: TradingEngine, paper: PaperProcess, clock: FakeClock) -> None:
        self._clock = clock
        self.hand = FaultHand(paper)
        self._stranger = PaperClient(paper, paper.accounts[1])
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox())
        self._sides = 0
        self.states: list[StreamStateChanged] = []

    def begin(self) -> None:
        """Until the market's streams have been asked for and deliver."""

        def come() -> bool:
            self._trade()
            return self._has_come()

        self.hand.advance_until(self._clock, come)

    def pass_by(self, minutes: float) -> None:
        ends_s = self._clock.monotonic() + minutes * 60
        while self._clock.monotonic() < ends_s:
            self._trade()
            wait_until(self._has_come)
            for _ in range(round(TRADE_EVERY_S / STEP_S)):
                self.hand.advance(self._clock, STEP_S)

    def _trade(self) -> None:
        self._sides += 1
        side = "BUY" if self._sides % 2 else "SELL"
        answer = self._stranger.market(side, "0.010", **self._signed_at())
        assert answer.status == 200, answer.body

    def _signed_at(self) -> dict[str, int]:
        return {"timestamp": self._clock.now_ms(), "recvWindow": 60_000}

    def _has_come(self) -> bool:
        events = self._box.drain()
        self.states += [event for event in events if isinstance(event, StreamStateChanged)]
        return any(isinstance(event, AggTrade) for event in events)


MINUTES = 6
ONCE_IN_S = {
    # the account held against what we believe of it (engine/oms/account_audit)
    "GET /fapi/v1/openOrders": 30,
    "GET /fapi/v1/openAlgoOrders": 30,
    "GET /fapi/v3/positionRisk": 30,
    "GET /fapi/v3/balance": 30,
    # a connection kept warm for the next order, when nothing else was asked (rest_client)
    "GET /fapi/v1/ping": 15,
    # the day's loss by the exchange's own statement (engine/oms/day_keeper)
    "GET /fapi/v1/income": 300,
}
"""All that may be asked for. Clock and listen key, every 20 and 30 minutes, are not due yet."""


def test_minutes_of_healthy_streams_cost_a_light_audit_and_no_polling(
    engine: TradingEngine, paper: PaperProcess, clock: FakeClock
) -> None:
    engine.submit(WatchSymbol(symbol=BTC))
    minutes = Minutes(engine, paper, clock)
    minutes.begin()
    minutes.pass_by(0.5)  # what a start reads: candles, the statement, a book to confirm
    minutes.states.clear()
    ear = minutes.hand.listen()
    minutes.pass_by(MINUTES)
    ours = [row for row in minutes.hand.played(ear) if row.get("account") != "second"]
    asked = Counter(f"{row['method']} {row['path']}" for row in ours)
    assert {row["door"] for row in ours} == {"rest"}
    assert asked.keys() <= ONCE_IN_S.keys()
    too_often = {
        name: times for name, times in asked.items() if times > MINUTES * 60 / ONCE_IN_S[name] + 1
    }
    assert too_often == {}
    assert asked["GET /fapi/v3/balance"] >= MINUTES * 2 - 2  # so the time has passed here, too
    assert {state.state for state in minutes.states} <= {StreamState.LIVE}
    assert [order.status for order in engine.oms.open_orders()] == ["NEW"]
