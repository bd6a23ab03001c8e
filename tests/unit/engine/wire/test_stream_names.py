from __future__ import annotations

import pytest

from engine.trading_types import Route
from engine.wire import stream_names


@pytest.mark.parametrize(
    ("name", "route"),
    [
        (stream_names.book_ticker("BTCUSDT"), Route.PUBLIC),
        (stream_names.depth("BTCUSDT"), Route.PUBLIC),
        ("btcusdt@depth20", Route.PUBLIC),
        ("btcusdt@rpiDepth@500ms", Route.PUBLIC),
        ("!bookTicker", Route.PUBLIC),
        (stream_names.trade("BTCUSDT"), Route.PUBLIC),
        (stream_names.agg_trade("BTCUSDT"), Route.MARKET),
        (stream_names.kline("BTCUSDT", "1m"), Route.MARKET),
        (stream_names.mark_price("BTCUSDT"), Route.MARKET),
        (stream_names.ticker("BTCUSDT"), Route.MARKET),
        ("!markPrice@arr@1s", Route.MARKET),
        ("!ticker@arr", Route.MARKET),
        (stream_names.liquidations("BTCUSDT"), Route.MARKET),
        (stream_names.mini_ticker("BTCUSDT"), Route.MARKET),
        ("!contractInfo", Route.MARKET),
        ("tradingSession", Route.MARKET),
    ],
)
def test_every_stream_goes_to_the_route_that_serves_it(name: str, route: Route) -> None:
    assert stream_names.route_of(name) is route


def test_symbols_are_lower_case_and_intervals_keep_their_case() -> None:
    assert stream_names.kline("BTCUSDT", "1M") == "btcusdt@kline_1M"


def test_depth_at_250_ms_is_the_bare_name() -> None:
    assert stream_names.depth("ETHUSDT", 250) == "ethusdt@depth"
    assert stream_names.depth("ETHUSDT") == "ethusdt@depth@100ms"
