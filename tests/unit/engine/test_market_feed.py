"""Several panels watch the market: streams are shared, counted and closed by the last one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from engine.clock import FakeClock
from engine.commands import MOST_PANELS
from engine.errors import BadInput
from engine.event_hub import EventHub
from engine.events import Event
from engine.market.market_state import MarketState
from engine.market_feed import MarketFeed
from engine.utils.task_queue import TaskQueue
from tests.helpers.fake_gateway import FakeGateway


class Streams(FakeGateway):
    """Remembers which streams are open."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.open: set[str] = set()

    def subscribe(self, streams: Sequence[str], _callback: Callable[[Event], None]) -> None:
        assert not self.open & set(streams), "opened twice"
        self.open |= set(streams)

    def unsubscribe(self, streams: Sequence[str]) -> None:
        assert set(streams) <= self.open, "closed without being open"
        self.open -= set(streams)


@pytest.fixture
def streams() -> Streams:
    return Streams()


@pytest.fixture
def feed(streams: Streams) -> MarketFeed:
    queries = TaskQueue("queries")  # never started: snapshots are not the subject here
    return MarketFeed(streams, EventHub(), MarketState(), queries, streams.clock)


def test_a_second_panel_adds_its_symbol(feed: MarketFeed, streams: Streams) -> None:
    feed.watch("BTCUSDT", "1m")
    feed.watch("ETHUSDT", "5m", "chart-1", with_book=False)
    assert {"btcusdt@depth@100ms", "btcusdt@kline_1m", "ethusdt@kline_5m"} <= streams.open
    assert "ethusdt@depth@100ms" not in streams.open


def test_the_same_panel_changes_its_symbol(feed: MarketFeed, streams: Streams) -> None:
    feed.watch("BTCUSDT", "1m")
    feed.watch("ETHUSDT", "1m")
    assert {name.partition("@")[0] for name in streams.open} == {"ethusdt"}


def test_a_shared_stream_stays_until_its_last_panel_goes(
    feed: MarketFeed, streams: Streams
) -> None:
    feed.watch("BTCUSDT", "1m")
    feed.watch("ETHUSDT", "", "ladder-1")
    feed.watch("ETHUSDT", "5m", "chart-2", with_book=False)
    feed.unwatch("ladder-1")
    assert "ethusdt@aggTrade" in streams.open
    assert "ethusdt@depth@100ms" not in streams.open
    feed.unwatch("chart-2")
    assert all(name.startswith("btcusdt@") for name in streams.open)


def test_what_a_position_follows_outlives_the_panel(feed: MarketFeed, streams: Streams) -> None:
    feed.follow_mark_price("ETHUSDT")
    feed.watch("ETHUSDT", "", "ladder-1")
    feed.unwatch("ladder-1")
    assert streams.open == {"ethusdt@markPrice@1s"}


def test_a_panel_without_candles_asks_for_none(feed: MarketFeed, streams: Streams) -> None:
    feed.watch("BTCUSDT", "", "ladder-1")
    assert not [name for name in streams.open if "kline" in name]


def test_one_panel_too_many_is_refused_and_changes_nothing(
    feed: MarketFeed, streams: Streams
) -> None:
    for number in range(MOST_PANELS):
        feed.watch("BTCUSDT", "1m", f"chart-{number}")
    before = set(streams.open)
    with pytest.raises(BadInput, match="At most 8 panels"):
        feed.watch("ETHUSDT", "1m", "chart-99")
    assert streams.open == before
    feed.watch("ETHUSDT", "1m", "chart-0")
    assert "ethusdt@kline_1m" in streams.open
