"""Several panels on real streams: each has its data, and a closed one gets none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.commands import LoadCandles, UnwatchSymbol, WatchSymbol
from engine.config import default_config
from engine.events import BookView, CandlesLoaded, Event
from engine.trading_engine import TradingEngine
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[TradingEngine]:
    config = default_config().with_values(paper__symbols=["BTCUSDT", "ETHUSDT"])
    with TradingEngine.open("paper", config=config, user_data=tmp_path) as running:
        running.market.wait_for_price("BTCUSDT")
        yield running


def test_two_panels_have_two_books_and_a_closed_one_has_none(engine: TradingEngine) -> None:
    box: Mailbox[Event] = engine.hub.attach(Mailbox())

    def heard(symbol: str) -> bool:
        return any(isinstance(e, BookView) and e.symbol == symbol for e in box.drain())

    engine.submit(WatchSymbol(symbol="ETHUSDT", interval="", panel="ladder-1"))
    wait_until(lambda: heard("ETHUSDT"), what="the added panel's book")
    wait_until(lambda: heard("BTCUSDT"), what="the main panel's book")
    engine.submit(UnwatchSymbol(panel="ladder-1"))
    # candles are loaded by the thread that closes streams: after them it has done so
    engine.submit(LoadCandles(symbol="BTCUSDT", interval="1m"))
    wait_until(lambda: any(isinstance(event, CandlesLoaded) for event in box.drain()))
    wait_until(lambda: heard("BTCUSDT"))
    box.drain()
    wait_until(lambda: heard("BTCUSDT"))
    assert not heard("ETHUSDT")
