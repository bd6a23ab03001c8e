"""A journal on disk with made-up trading, written as the engine writes it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from engine.clock import SystemClock
from engine.events import Event, FillRecorded
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.review_views import TieOutDifference, TieOutLine
from engine.trading_types import PositionSide, Side
from engine.views import FillView

D = Decimal
DAY_MS = 24 * 3_600_000
BEGIN_MS = 1_795_000_000_000


def fill(number: int, side: str, quantity: str, price: str, **changes: object) -> FillView:
    values: dict[str, object] = {
        "symbol": "BTCUSDT",
        "trade_id": number,
        "order_id": 100 + number,
        "client_order_id": f"pd-{number}",
        "side": Side(side),
        "price": D(price),
        "quantity": D(quantity),
        "commission_asset": "USDT",
        "time_ms": BEGIN_MS + number * 60_000,
    }
    return FillView(**(values | changes))  # type: ignore[arg-type]


def random_fills(count: int, seed: int = 1, *, symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")):
    """Round trips of two to six fills, with the profit that the exchange would have said."""
    chance = random.Random(seed)
    made: list[FillView] = []
    while len(made) < count:
        symbol = chance.choice(symbols)
        made += _trip(chance, len(made) + 1, symbol)
    return made


def _trip(chance: random.Random, number: int, symbol: str) -> Iterator[FillView]:
    side = chance.choice((Side.BUY, Side.SELL))
    price = D(chance.randrange(900, 1100))
    quantity, steps = D(0), chance.randrange(1, 4)
    begin_ms = BEGIN_MS + number * chance.randrange(50_000, 70_000)
    for step in range(steps):
        quantity += 1
        yield _random_fill(number + step, symbol, side, D(1), price, D(0), begin_ms + step)
    closing = Side.SELL if side is Side.BUY else Side.BUY
    for step in range(steps):
        out = price + chance.randrange(-20, 22)
        pnl = out - price if side is Side.BUY else price - out
        at_ms = begin_ms + 10_000 + step
        yield _random_fill(number + steps + step, symbol, closing, D(1), out, pnl, at_ms)


def _random_fill(
    number: int,
    symbol: str,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    pnl: Decimal,
    at_ms: int,
) -> FillView:
    return FillView(
        symbol=symbol,
        trade_id=number,
        order_id=number,
        client_order_id=f"pd-{number}",
        side=side,
        price=price,
        quantity=quantity,
        commission=(price * quantity * D("0.0004")).quantize(D("0.00000001")),
        commission_asset="USDT",
        realized_pnl=pnl,
        position_side=PositionSide.BOTH,
        time_ms=at_ms,
    )


def write_journal(path: Path, events: Iterable[Event]) -> JournalReader:
    writer = JournalWriter(path, SystemClock(), lambda _: None)
    writer.start()
    for event in events:
        writer.record_event(event)
    assert writer.flush(60)
    assert writer.close(10)
    return JournalReader(path)


def journal_of(path: Path, fills: Iterable[FillView], *others: Event) -> JournalReader:
    return write_journal(path, [*(FillRecorded(fill=one) for one in fills), *others])


def a_tie_out_line() -> TieOutLine:
    """The venue took more commission than the journal knows of."""
    return TieOutLine(
        kind="COMMISSION", asset="USDT", venue=D(-3), journal=D(-2), venue_rows=3, journal_rows=2
    )


def a_missing_booking() -> TieOutDifference:
    """The line of it that the journal has not."""
    return TieOutDifference(
        kind="COMMISSION",
        symbol="BTCUSDT",
        asset="USDT",
        trade_id="77",
        time_ms=BEGIN_MS,
        venue=D(-1),
        journal=None,
    )
