from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.errors import BugError, PaperExchangeError
from engine.paper.contract_specs import contract_spec
from engine.paper.live_mirror import LiveMirror
from engine.paper.mirror_quotes import MirrorDepth, MirrorQuotes, MirrorTrade, read_message
from engine.trading_types import Side
from tests.helpers.market_venue import Venue, opened

D = Decimal
BTC = contract_spec("BTCUSDT")


def depth(bid: str, ask: str, *, levels: int = 20, gap: str = "0.1") -> MirrorDepth:
    """Twenty levels a side, 1, 2, 3... coins from the touch outwards."""
    rows = range(levels)
    return MirrorDepth(
        "BTCUSDT",
        [(D(bid) - n * D(gap), D(n + 1)) for n in rows],
        [(D(ask) + n * D(gap), D(n + 1)) for n in rows],
    )


def trade(price: str, qty: str, *, buyer_is_maker: bool = False) -> MirrorTrade:
    return MirrorTrade("BTCUSDT", D(price), D(qty), buyer_is_maker)


def shown(venue: Venue, side: Side, n: int = 20) -> list[tuple[int, int]]:
    return [(level.price, level.qty) for level in venue.book.levels(side, n)]


@pytest.fixture
def quotes() -> MirrorQuotes:
    quotes = MirrorQuotes(BTC)
    quotes.on_message(depth("64000.0", "64000.1"))
    return quotes


@pytest.fixture
def venue(quotes: MirrorQuotes) -> Venue:
    return opened(BTC, source=quotes)


class TestQuotes:
    def test_levels_are_the_mirrored_ones_exactly(self, venue):
        venue.step()
        assert shown(venue, Side.BUY) == [(640_000 - n, 1000 * (n + 1)) for n in range(20)]
        assert shown(venue, Side.SELL) == [(640_001 + n, 1000 * (n + 1)) for n in range(20)]

    def test_gaps_between_mirrored_levels_stay_gaps(self, quotes, venue):
        quotes.on_message(depth("64000.0", "64001.5", gap="0.7"))
        venue.step()
        assert shown(venue, Side.BUY) == [(640_000 - 7 * n, 1000 * (n + 1)) for n in range(20)]
        assert shown(venue, Side.SELL) == [(640_015 + 7 * n, 1000 * (n + 1)) for n in range(20)]

    def test_book_goes_on_behind_the_last_mirrored_level(self, venue):
        venue.settle(5)
        for side in Side:
            assert len(venue.book.levels(side, 1000)) >= 100

    @pytest.mark.parametrize("jump", [-3000, -7, 7, 3000])
    def test_follows_every_new_book_without_printing(self, quotes, venue, jump):
        quotes.on_message(depth(str(64000 + jump), str(D(64000 + jump) + D("0.1"))))
        assert venue.step() == (640_000 + 10 * jump, 640_001 + 10 * jump)
        venue.book.check()
        assert venue.prints == []
        assert shown(venue, Side.SELL)[1] == (640_002 + 10 * jump, 2000)

    @pytest.mark.parametrize(
        "message",
        [
            depth("64000.1", "64000.1"),
            MirrorDepth("BTCUSDT", [], [(D("64010"), D(1))]),
            MirrorDepth("BTCUSDT", [(D("NaN"), D(1))], [(D("64010"), D(1))]),
            MirrorDepth("BTCUSDT", [(D("64000"), D(0))], [(D("64010"), D(1))]),
        ],
    )
    def test_crossed_empty_and_senseless_books_are_ignored(self, quotes, venue, message):
        quotes.on_message(message)
        assert venue.step() == (640_000, 640_001)

    def test_index_is_the_middle(self, quotes):
        assert quotes.index_price() == D("64000.05")

    def test_cannot_start_without_a_book(self):
        with pytest.raises(BugError):
            opened(BTC, source=MirrorQuotes(BTC))


class TestTrades:
    def test_trade_is_printed_by_our_own_book(self, quotes, venue):
        quotes.on_message(trade("64000.1", "0.400"))
        quotes.on_message(trade("64000.0", "0.300", buyer_is_maker=True))
        venue.step()
        assert venue.prints == [(640_001, 400), (640_000, 300)]
        assert venue.sides == [Side.BUY, Side.SELL]

    def test_trade_outside_the_known_book_moves_the_quotes_to_it(self, quotes, venue):
        quotes.on_message(trade("64005.0", "0.400"))
        assert venue.step() == (640_049, 640_050)
        assert sum(qty for _, qty in venue.prints) == 400
        quotes.on_message(depth("64004.9", "64005.0"))
        assert venue.step() == (640_049, 640_050)
        assert shown(venue, Side.SELL)[0] == (640_050, 1000)

    def test_book_after_a_trade_is_taken_as_it_is(self, quotes, venue):
        quotes.on_message(trade("64005.0", "0.400"))
        quotes.on_message(depth("63990.0", "63990.1"))
        assert venue.step() == (639_900, 639_901)


class TestPeople:
    def test_order_in_the_queue_gets_its_share_of_a_mirrored_trade(self, quotes, venue):
        order = venue.order("ann", Side.SELL, 640_001, 500).order
        quotes.on_message(trade("64000.1", "1.300"))
        venue.step()
        assert order.remaining == 200

    def test_order_passed_by_the_mirrored_price_is_filled(self, quotes, venue):
        order = venue.order("ann", Side.SELL, 640_005, 700).order
        quotes.on_message(depth("64002.0", "64002.1"))
        venue.step()
        assert order.remaining == 0

    def test_order_inside_a_wide_spread_is_left_alone(self, quotes, venue):
        quotes.on_message(depth("64000.0", "64001.0"))
        venue.step()
        order = venue.order("ann", Side.BUY, 640_005, 700).order
        venue.settle(1)
        assert order.remaining == 700
        assert venue.book.best_bid() == 640_005

    def test_mirrored_levels_do_not_count_peoples_orders(self, venue):
        venue.order("ann", Side.BUY, 640_000, 700)
        venue.settle(0.2)
        assert shown(venue, Side.BUY)[0] == (640_000, 1700)

    def test_what_a_person_has_taken_comes_back(self, venue):
        venue.order("ann", Side.BUY, 640_003, 6000)
        venue.step()
        assert shown(venue, Side.SELL)[:3] == [(640_001, 1000), (640_002, 2000), (640_003, 3000)]


class TestMessages:
    def test_frames_of_a_combined_stream_are_read(self):
        text = (
            '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1,"a":5,"s":"BTCUSDT",'
            '"p":"64000.10","q":"0.400","nq":"0.400","f":1,"l":2,"T":1,"m":true,"st":1}}'
        )
        assert read_message(text) == trade("64000.10", "0.400", buyer_is_maker=True)
        text = (
            '{"stream":"btcusdt@depth20@100ms","data":{"e":"depthUpdate","E":1,"T":1,'
            '"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[["1.0","2"]],"a":[["1.1","3"]]}}'
        )
        assert read_message(text).a == [(D("1.1"), D(3))]

    @pytest.mark.parametrize("text", ['{"result":null,"id":1}', "oops", '{"data":{"e":"kline"}}'])
    def test_other_frames_are_no_messages(self, text):
        with pytest.raises(msgspec.MsgspecError):
            read_message(text)

    @pytest.mark.parametrize("base", ["", "fstream.binance.com", "https://fstream.binance.com"])
    def test_address_must_be_a_websockets(self, base):
        with pytest.raises(PaperExchangeError, match="cannot be mirrored"):
            LiveMirror(base, [BTC])
