from __future__ import annotations

import itertools
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import PaperExchangeError
from engine.paper.contract_specs import contract_spec
from engine.paper.trade_file import TradeFile, symbol_of
from engine.paper.trade_replay import TradeReplay
from engine.trading_types import Side
from tests.helpers.market_venue import Venue, opened

BTC = contract_spec("BTCUSDT")
HEADER = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
START_MS = 1_790_000_000_000
# taker buys at 64000.0, sells at 63999.9, buys up to 64000.3; half a second apart
ROWS = [
    f"1,64000.0,0.500,1,1,{START_MS},false",
    f"2,63999.9,0.250,2,3,{START_MS + 500},true",
    f"3,64000.2,1.000,4,4,{START_MS + 1000},false",
    f"4,64000.3,2.000,5,9,{START_MS + 1500},false",
]
PRINTED = [(640_000, 500), (639_999, 250), (640_002, 1000), (640_003, 2000)]


def trades(venue: Venue) -> list[tuple[int, int]]:
    """Neighbouring prints at one price added up, as the exchange's aggregates are."""
    return [
        (price, sum(qty for _, qty in run))
        for price, run in itertools.groupby(venue.prints, key=lambda printed: printed[0])
    ]


@pytest.fixture
def replays(tmp_path: Path) -> Iterator[object]:
    """Makes replays of given rows and closes them."""
    made: list[TradeReplay] = []

    def make(rows: list[str], **options: float) -> TradeReplay:
        path = tmp_path / "BTCUSDT-aggTrades-2026-11-22.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        made.append(TradeReplay(BTC, TradeFile(path, BTC), **options))
        return made[-1]

    yield make
    for replay in made:
        replay.close()


def rising(count: int, every_ms: int = 10) -> list[str]:
    """A buy at each of `count` ticks upwards from 64000.0, one thousandth each."""
    return [
        f"{n},{64000 + n // 10}.{n % 10},0.001,{n},{n},{START_MS + n * every_ms},false"
        for n in range(count)
    ]


class TestPlaying:
    @pytest.mark.parametrize("header", [[], [HEADER]])
    def test_prints_are_those_of_the_file_in_its_time(self, replays, header):
        venue = opened(BTC, source=replays(header + ROWS))
        venue.settle(0.9)
        assert trades(venue) == PRINTED[:2]
        venue.settle(0.7)
        assert trades(venue) == PRINTED
        assert [side for side, _ in itertools.groupby(venue.sides)] == [
            Side.BUY,
            Side.SELL,
            Side.BUY,
        ]

    def test_zip_is_read_without_unpacking_it(self, tmp_path):
        path = tmp_path / "BTCUSDT-aggTrades-2026-11-22.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("BTCUSDT-aggTrades-2026-11-22.csv", "\r\n".join([HEADER, *ROWS]))
        replay = TradeReplay(BTC, TradeFile(path, BTC))
        venue = opened(BTC, source=replay)
        venue.settle(2)
        replay.close()
        assert trades(venue) == PRINTED

    def test_tenfold_speed_plays_in_a_tenth_of_the_time(self, replays):
        venue = opened(BTC, source=replays(ROWS, speed=10))
        venue.settle(0.15)
        assert trades(venue) == PRINTED

    def test_pause_holds_the_files_time_and_keeps_the_book(self, replays):
        replay = replays(ROWS)
        venue = opened(BTC, source=replay)
        venue.settle(0.2)
        replay.pause()
        position = replay.position_ms
        venue.settle(5)
        assert (replay.position_ms, trades(venue)) == (position, PRINTED[:1])
        assert venue.book.best_ask() - venue.book.best_bid() == 1
        replay.resume()
        venue.settle(1.4)
        assert trades(venue) == PRINTED
        assert not replay.is_paused

    def test_position_is_the_files_time(self, replays):
        replay = replays(ROWS, speed=2)
        assert replay.position_ms == START_MS
        opened(BTC, source=replay).settle(0.5)
        assert replay.position_ms == START_MS + 1000

    def test_after_the_last_trade_the_book_lives_on(self, replays):
        replay = replays(ROWS)
        venue = opened(BTC, source=replay)
        venue.settle(30)
        assert replay.is_finished
        assert trades(venue) == PRINTED
        assert (venue.book.best_bid(), venue.book.best_ask()) == (640_002, 640_003)
        assert replay.index_price() == Decimal("64000.3")

    def test_book_stays_full_and_whole_in_a_fast_market(self, replays):
        venue = opened(BTC, source=replays(rising(3000), speed=20))
        for bid, ask in venue.run(1.5):
            assert ask - bid == 1
        venue.book.check()
        assert trades(venue) == [(640_000 + n, 1) for n in range(3000)]
        venue.settle(1)
        for side in Side:
            assert len(venue.book.levels(side, 1000)) >= 100

    def test_more_than_a_step_can_play_comes_later_not_never(self, replays):
        replay = replays(rising(1200, every_ms=0), speed=1)
        venue = opened(BTC, source=replay)
        venue.step()
        assert len(venue.prints) == 500
        assert replay.position_ms == START_MS
        venue.settle(0.1)
        assert len(venue.prints) == 1200


class TestPeople:
    def test_order_first_in_the_queue_gets_the_replayed_trade(self, replays):
        venue = opened(BTC, source=replays(ROWS))
        venue.settle(0.05)
        order = venue.order("ann", Side.SELL, 640_003, 300).order
        venue.settle(1.5)
        assert order.remaining == 0
        assert sum(qty for price, qty in venue.prints if price == 640_003) == 2000

    def test_order_through_which_the_price_goes_is_filled_whole(self, replays):
        venue = opened(BTC, source=replays(ROWS))
        venue.settle(0.05)
        order = venue.order("ann", Side.SELL, 640_001, 50_000).order
        venue.settle(1)
        assert order.remaining == 0
        venue.book.check()

    def test_order_behind_the_price_stays(self, replays):
        venue = opened(BTC, source=replays(ROWS))
        venue.settle(0.05)
        order = venue.order("ann", Side.SELL, 640_004, 50).order
        venue.settle(5)
        assert order.remaining == 50

    def test_market_order_trades_against_the_quotes_while_paused(self, replays):
        replay = replays(ROWS)
        venue: Venue = opened(BTC, source=replay)
        replay.pause()
        result = venue.order("ann", Side.BUY, None, 100)
        assert result.matches[0].price == 640_000
        assert result.remaining == 0


class TestFaults:
    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ("2,abc,0.1,1,1,1790000000500,true", "not a number"),
            ("2,NaN,0.1,1,1,1790000000500,true", "not a number"),
            ("2,64000.0,0.1,1,1,soon,true", "not a number"),
            ("2,64000.0,0.1,1,1,1790000000500", "6 columns instead of 7"),
            ("2,64000.0,0.1,1,1,1790000000500,maybe", "true or false"),
            ("2,64000.0,-1,1,1,1790000000500,true", "not positive"),
            ("2,1.0,0.1,1,1,1790000000500,true", "a price of 1.0"),
            (HEADER, "true or false"),
        ],
    )
    def test_malformed_line_is_a_sentence_with_its_number(self, replays, row, sentence):
        with pytest.raises(PaperExchangeError, match=f"Line 3 .*{sentence}"):
            opened(BTC, source=replays([HEADER, ROWS[0], row])).settle(2)

    def test_first_line_that_is_no_header_is_named(self, replays):
        with pytest.raises(PaperExchangeError, match="Line 1 "):
            replays(["id,price,qty", *ROWS])

    @pytest.mark.parametrize("rows", [[], [HEADER]])
    def test_file_without_trades_is_refused(self, replays, rows):
        with pytest.raises(PaperExchangeError, match="holds no trade"):
            replays(rows)

    def test_missing_file_is_a_sentence(self, tmp_path):
        with pytest.raises(PaperExchangeError, match="cannot be opened"):
            TradeFile(tmp_path / "none.csv", BTC)

    def test_archive_with_two_files_is_a_sentence(self, tmp_path):
        path = tmp_path / "two.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", ROWS[0])
            archive.writestr("b.csv", ROWS[0])
        with pytest.raises(PaperExchangeError, match="2 CSV files"):
            TradeFile(path, BTC)

    def test_bytes_that_are_no_text_are_a_sentence(self, tmp_path):
        path = tmp_path / "odd.csv"
        path.write_bytes(b"1,64000.0,0.5,1,1,\xff\xfe\n")
        trades = TradeFile(path, BTC)
        with pytest.raises(PaperExchangeError, match=r"Line 1 .*cannot be read"):
            trades.next()
        trades.close()

    @pytest.mark.parametrize("speed", [0.5, 101])
    def test_speed_has_bounds(self, replays, speed):
        with pytest.raises(PaperExchangeError, match="1 to 100 times"):
            replays(ROWS, speed=speed)


class TestNames:
    def test_symbol_comes_from_the_files_name(self):
        assert symbol_of(Path("/data/ETHUSDT-aggTrades-2026-11-22.zip")) == "ETHUSDT"

    def test_other_names_are_a_sentence(self):
        with pytest.raises(PaperExchangeError, match="should begin with a contract"):
            symbol_of(Path("trades.csv"))
