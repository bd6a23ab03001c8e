"""A short version of `python -m tests.proofs paper`, and proof that its checks can fail."""

from __future__ import annotations

import pytest

from engine.errors import BugError
from engine.paper.matching_book import MatchingBook
from engine.trading_types import Side
from tests.proofs.bench_driver import BenchDriver
from tests.proofs.fifo_watch import FifoWatch
from tests.proofs.paper_machine import PaperMachine
from tests.proofs.paper_sessions import run_lot


@pytest.mark.long
@pytest.mark.parametrize("lot_seed", [1, 2, 3])
def test_random_sessions_keep_every_promise(lot_seed: int) -> None:
    run_lot(PaperMachine, lot_seed, sessions=20, steps=25)


@pytest.fixture
def driver():
    driver = BenchDriver(1, living=False)
    driver.call("place_order", "first", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    driver.check()
    yield driver
    driver.close()


def test_check_sees_a_cent_without_a_cause(driver: BenchDriver) -> None:
    driver.account("first").books.wallet += 1
    with pytest.raises((AssertionError, BugError)):
        driver.check()


def test_check_sees_an_event_that_was_not_sent(driver: BenchDriver) -> None:
    driver.call("place_order", "first", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    driver._frames["first"].pop()
    with pytest.raises(AssertionError, match="events say"):
        driver.check()


def test_watch_sees_somebody_jump_the_queue() -> None:
    book = MatchingBook()
    for number in (1, 2):
        book.place(number, "somebody", Side.BUY, 100, 5)
    watch = FifoWatch(book)
    watch.waiting[1], watch.waiting[2] = watch.waiting[2], watch.waiting[1]
    with pytest.raises(AssertionError, match="jumped the queue"):
        book.place(3, "other", Side.SELL, 100, 5)
