"""Past trading held against the exchange's own statement, after real sessions."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.config import Config
from engine.events import CommandRefused, Event, FillRecorded
from engine.events.review import (
    IncomeRecorded,
    ReviewExported,
    ReviewLoaded,
    TieOutDone,
    TradeNoted,
)
from engine.paper import paper_process
from engine.review_commands import ExportReview, LoadReview, NoteTrade, ReviewCommand, TieOut
from engine.trading_engine import TradingEngine
from engine.trading_types import PositionSide
from engine.utils.child_program import ChildProgram
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until

D = Decimal
ROOT = Path(__file__).parents[2]


class Asked:
    """Asks the engine and waits for the answer."""

    def __init__(self, engine: TradingEngine) -> None:
        self.engine = engine
        self._box: Mailbox[Event] = engine.hub.attach(Mailbox())
        self._heard: list[Event] = []

    def ask(self, command: ReviewCommand, kind: type[Event]) -> Event:
        del self._heard[:]
        self.engine.submit(command)
        return self.wait(kind)

    def wait(self, kind: type[Event]) -> Event:
        def has_come() -> bool:
            self._heard += self._box.drain()
            return any(isinstance(event, kind) for event in self._heard)

        wait_until(has_come, what=kind.__name__)
        return next(event for event in self._heard if isinstance(event, kind))


@pytest.fixture
def engine(tmp_path, quiet_config: Config, monkeypatch) -> Iterator[TradingEngine]:
    """On a paper exchange that pays funding every second."""
    quick = ChildProgram("--quick-funding", "tests.helpers.quick_funding")
    monkeypatch.setattr(paper_process, "PAPER_SERVER", quick)
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as running:
        running.market.wait_for_price("BTCUSDT")
        yield running


@pytest.fixture
def asked(engine: TradingEngine) -> Asked:
    return Asked(engine)


def market_order(engine: TradingEngine, side: str, quantity: Decimal) -> None:
    """Returns when all of its trades have been told."""
    told: list[Decimal] = []
    stop = engine.hub.listen(FillRecorded, lambda event: told.append(event.fill.quantity))
    engine.oms.submit_order("BTCUSDT", side, "MARKET", quantity)
    wait_until(lambda: sum(told) == quantity, what="all trades")
    stop()


def trade_at_random(engine: TradingEngine, orders: int, seed: int) -> None:
    """Market orders both ways, flat at the end."""
    chance, held = random.Random(seed), D(0)
    for _ in range(orders):
        quantity = D(chance.randrange(1, 40)) / 1000
        side = chance.choice(("BUY", "SELL"))
        held += quantity if side == "BUY" else -quantity
        market_order(engine, side, quantity)
    if held:
        market_order(engine, "SELL" if held > 0 else "BUY", abs(held))


def test_after_a_random_session_with_funding_all_agree_to_the_last_digit(
    engine: TradingEngine, asked: Asked, tmp_path: Path
) -> None:
    wallet = engine.gateway.get_account_balance()[0].wallet_balance
    market_order(engine, "BUY", D("0.5"))
    asked.wait(IncomeRecorded)  # the stream told of funding, the statement was read
    trade_at_random(engine, 25, seed=4)
    market_order(engine, "SELL", D("0.5"))

    result = asked.ask(TieOut(request_id="t"), TieOutDone).result
    assert result.differences == ()
    sums = {line.kind: (line.venue, line.journal) for line in result.lines}
    assert {"REALIZED_PNL", "COMMISSION", "FUNDING_FEE"} <= set(sums)
    assert all(venue == journal for venue, journal in sums.values())

    totals = asked.ask(LoadReview(request_id="l"), ReviewLoaded).review.totals
    assert totals.funding == sums["FUNDING_FEE"][1] != 0
    now = engine.gateway.get_account_balance()[0].wallet_balance
    assert totals.net == now - wallet  # to the last digit of the wallet itself

    # a fill that the journal lost, and one that it has wrong, are both named
    engine._built.journal.flush()
    file = next(tmp_path.glob("journal-paper-*.db"))
    with closing(sqlite3.connect(file)) as connection, connection:
        lost = connection.execute("SELECT MAX(trade_id) FROM fills").fetchone()[0]
        connection.execute("DELETE FROM fills WHERE trade_id = ?", (lost,))
        wrong = connection.execute("SELECT MIN(trade_id) FROM fills").fetchone()[0]
        connection.execute("UPDATE fills SET commission = '1' WHERE trade_id = ?", (wrong,))
    result = asked.ask(TieOut(request_id="t"), TieOutDone).result
    named = {(one.trade_id, one.kind): one.journal for one in result.differences}
    assert named[str(lost), "COMMISSION"] is None
    assert named[str(wrong), "COMMISSION"] == -1


def test_a_note_is_kept_and_exported_and_orders_have_price_and_latency(
    engine: TradingEngine, asked: Asked, tmp_path: Path
) -> None:
    trade_at_random(engine, 3, seed=7)
    review = asked.ask(LoadReview(request_id="l"), ReviewLoaded).review
    trip = review.trips[0].trip
    quality = review.orders[0]
    assert quality.execution.ack_ms is not None
    assert quality.execution.fill_ms >= quality.execution.ack_ms > 0
    assert quality.quantity > 0
    note = NoteTrade(
        symbol="BTCUSDT",
        position_side=PositionSide.BOTH,
        trade_id=trip.opened_trade_id,
        note="früh",
        tags=("News",),
    )
    assert asked.ask(note, TradeNoted).note.tags == ("news",)
    tagged = asked.ask(LoadReview(request_id="l", tag="news"), ReviewLoaded).review
    assert [one.note for one in tagged.trips] == ["früh"]
    file = tmp_path / "trips.csv"
    done = asked.ask(ExportReview(request_id="e", file=str(file), tag="news"), ReviewExported)
    assert done.rows == 1
    assert "früh" in file.read_text(encoding="utf-8")
    refused = asked.ask(
        ExportReview(request_id="e", file=str(tmp_path / "none" / "x.csv")), CommandRefused
    )
    assert "cannot be written" in refused.sentence
    long_tag = NoteTrade(
        symbol="BTCUSDT", position_side=PositionSide.BOTH, trade_id=1, tags=("x" * 99,)
    )
    assert asked.ask(long_tag, CommandRefused).field == "tags"


def test_console_review_and_tie_out(tmp_path, capsys) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "paper: {quiet_market: true, symbols: [BTCUSDT], balance_usdt: 50000000}\n",
        encoding="utf-8",
    )
    options = ["--config", str(config), "--user-data", str(tmp_path)]

    def cli(*words: str) -> tuple[int, str, str]:
        code = main([*words, *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    assert cli("review")[0] == 1
    for side in ("BUY", "SELL"):
        assert cli("order", "BTCUSDT", side, "MARKET", "0.1")[0] == 0
    code, out, _ = cli("review", "--csv", str(tmp_path / "trips.csv"))
    assert (code, "Round trips" in out, "1 round trips written" in out) == (0, True, True)
    code, out, err = cli("tie-out", "--since", "2020-01-01")
    assert (code, err, "agree to the last digit" in out) == (0, "", True)
    file = next(tmp_path.glob("journal-paper-*.db"))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE fills SET commission = '1' WHERE side = 'BUY'")
    code, out, _ = cli("tie-out")
    assert (code, "1 bookings differ" in out, "COMMISSION" in out) == (1, True, True)
    assert "Nothing was traded" in cli("review", "--symbol", "ETHUSDT")[1]
    code, _, err = cli("review", "--since", "yesterday")
    assert (code, "--since is a day such as" in err) == (1, True)
