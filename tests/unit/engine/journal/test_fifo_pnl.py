from __future__ import annotations

import random
from decimal import Decimal

import pytest

from engine.journal.fifo_pnl import FifoPnl, is_quote
from engine.trading_types import PositionSide, Side
from engine.views import FillView

D = Decimal
BOTH, LONG, SHORT = PositionSide.BOTH, PositionSide.LONG, PositionSide.SHORT


class Fills:
    """Numbers trades in their order, a second apart."""

    def __init__(self) -> None:
        self.made: list[FillView] = []

    def add(
        self,
        side: str,
        quantity: str,
        price: str,
        *,
        fee: str = "0",
        asset: str = "USDT",
        pnl: str = "0",
        position_side: PositionSide = BOTH,
        symbol: str = "BTCUSDT",
    ) -> Fills:
        number = len(self.made) + 1
        self.made.append(
            FillView(
                symbol=symbol,
                trade_id=number,
                order_id=100 + number,
                client_order_id=f"pd-{number}",
                side=Side(side),
                price=D(price),
                quantity=D(quantity),
                commission=D(fee),
                commission_asset=asset,
                realized_pnl=D(pnl),
                position_side=position_side,
                time_ms=1000 * number,
            )
        )
        return self

    def pnl(self) -> FifoPnl:
        return FifoPnl(self.made)


def test_the_oldest_lot_is_closed_first() -> None:
    pnl = (
        Fills()
        .add("BUY", "1", "100")
        .add("BUY", "1", "110")
        .add("SELL", "1", "120", pnl="15")
        .pnl()
    )
    (closed,) = pnl.closes()
    assert (closed.entry_price, closed.exit_price, closed.pnl) == (D(100), D(120), D(20))
    assert closed.venue_pnl == 15
    (lot,) = pnl.open_lots()
    assert (lot.price, lot.quantity, lot.side) == (D(110), D(1), Side.BUY)
    assert pnl.round_trips() == []


def test_a_close_over_several_lots_takes_part_of_the_last() -> None:
    pnl = Fills().add("BUY", "1", "100").add("BUY", "1", "110").add("SELL", "1.5", "120").pnl()
    (closed,) = pnl.closes()
    assert closed.pnl == D(20) + D(5)
    assert closed.entry_price == D(155) / D("1.5")
    assert pnl.open_lots()[0].quantity == D("0.5")


def test_a_short_earns_when_the_price_falls() -> None:
    (closed,) = Fills().add("SELL", "2", "100").add("BUY", "2", "90").pnl().closes()
    assert closed.pnl == 20


def test_fees_in_the_quote_asset_follow_their_quantity() -> None:
    fills = Fills().add("BUY", "2", "100", fee="0.4").add("SELL", "1", "110", fee="0.11")
    pnl = fills.add("SELL", "1", "120", fee="0.12").pnl()
    first, second = pnl.closes()
    assert (first.fees, first.net) == (D("0.31"), D("9.69"))
    assert (second.fees, second.net) == (D("0.32"), D("19.68"))
    (trip,) = pnl.round_trips()
    assert (trip.pnl, trip.fees, trip.net) == (D(30), D("0.63"), D("29.37"))


def test_fees_in_another_asset_are_kept_apart_and_not_converted() -> None:
    fills = Fills().add("BUY", "1", "100", fee="0.001", asset="BNB")
    pnl = fills.add("SELL", "1", "110", fee="0.002", asset="BNB").pnl()
    (trip,) = pnl.round_trips()
    assert (trip.fees, trip.other_fees) == (D(0), {"BNB": D("0.003")})
    found = pnl.realized("BTCUSDT")
    assert (found.fees, found.other_fees, found.fifo) == (D(0), {"BNB": D("0.003")}, D(10))


def test_a_trade_through_flat_ends_one_trip_and_begins_the_next() -> None:
    fills = Fills().add("BUY", "1", "100", fee="0.1").add("SELL", "3", "110", fee="0.33", pnl="10")
    pnl = fills.add("BUY", "2", "105", fee="0.21", pnl="10").pnl()
    first, second = pnl.round_trips()
    assert (first.side, first.quantity, first.pnl, first.fees) == (Side.BUY, D(1), D(10), D("0.21"))
    assert (second.side, second.quantity, second.pnl) == (Side.SELL, D(2), D(10))
    assert second.fees == D("0.43")
    assert (second.opened_ms, second.closed_ms) == (2000, 3000)


def test_long_and_short_side_by_side_have_lots_of_their_own() -> None:
    fills = Fills().add("BUY", "1", "100", position_side=LONG)
    fills.add("SELL", "1", "101", position_side=SHORT)
    fills.add("SELL", "1", "105", position_side=LONG).add("BUY", "1", "99", position_side=SHORT)
    assert [(t.position_side, t.pnl) for t in fills.pnl().round_trips()] == [
        (LONG, D(5)),
        (SHORT, D(2)),
    ]


@pytest.mark.parametrize(("position_side", "venue"), [(BOTH, "7"), (LONG, "0")])
def test_what_was_opened_before_the_first_fill_is_unmatched_and_not_guessed(
    position_side: PositionSide, venue: str
) -> None:
    fills = Fills().add("SELL", "1", "110", fee="0.1", pnl=venue, position_side=position_side)
    pnl = fills.pnl()
    (closed,) = pnl.closes()
    assert (closed.unmatched, closed.quantity, closed.pnl) == (D(1), D(0), D(0))
    assert pnl.open_lots() == []
    found = pnl.realized("BTCUSDT")
    assert (found.fifo, found.venue, found.unmatched_fills) == (D(0), D(venue), 1)


def test_in_hedge_mode_more_than_is_known_to_be_held_is_unmatched() -> None:
    fills = Fills().add("BUY", "1", "100", position_side=LONG)
    pnl = fills.add("SELL", "1.5", "110", fee="0.3", position_side=LONG).pnl()
    (closed,) = pnl.closes()
    assert (closed.quantity, closed.unmatched, closed.pnl) == (D(1), D("0.5"), D(10))
    assert closed.fees == D("0.3")
    assert pnl.open_lots() == []


def test_a_span_of_time_and_a_symbol_are_counted_alone() -> None:
    fills = Fills().add("BUY", "2", "100", fee="0.2").add("SELL", "1", "110", fee="0.1", pnl="10")
    fills.add("SELL", "1", "120", fee="0.1", pnl="20").add("BUY", "1", "5", symbol="ETHUSDT")
    pnl = fills.pnl()
    later = pnl.realized("BTCUSDT", since_ms=3000)
    assert (later.fifo, later.venue, later.fees) == (D(20), D(20), D("0.1"))
    before = pnl.realized("BTCUSDT", until_ms=3000)
    assert (before.fifo, before.fees) == (D(10), D("0.3"))
    assert pnl.symbols() == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize("seed", range(20))
def test_over_whole_round_trips_it_equals_the_average_cost_of_the_exchange(seed: int) -> None:
    chance, fills = random.Random(seed), Fills()
    position, entry = D(0), D(0)

    def trade(signed: Decimal, price: Decimal) -> None:
        nonlocal position, entry
        closing = min(abs(signed), abs(position)) if signed * position < 0 else D(0)
        pnl = (price - entry) * closing * (1 if position > 0 else -1)
        if not closing:
            entry = (entry * abs(position) + price * abs(signed)) / (abs(position) + abs(signed))
        elif abs(signed) > abs(position):
            entry = price
        position += signed
        side = "BUY" if signed > 0 else "SELL"
        fills.add(side, str(abs(signed)), str(price), pnl=str(pnl))

    for _ in range(60):
        trade(D(chance.randint(1, 9)) * chance.choice((1, -1)), D(chance.randint(90, 110)))
    if position:
        trade(-position, D(100))
    found = fills.pnl().realized("BTCUSDT")
    assert found.unmatched_fills == 0
    assert found.fifo == sum(trip.pnl for trip in fills.pnl().round_trips())
    assert abs(found.fifo - found.venue) < D("1e-18")


@pytest.mark.parametrize(
    ("symbol", "asset", "expected"),
    [
        ("BTCUSDT", "USDT", True),
        ("BTCUSDT_261225", "USDT", True),
        ("ETHUSDC", "USDT", False),
        ("BNBUSDT", "BNB", False),
        ("BTCUSDT", "", False),
    ],
)
def test_the_quote_asset_is_read_from_the_symbol(symbol: str, asset: str, expected: bool) -> None:
    assert is_quote(symbol, asset) is expected
