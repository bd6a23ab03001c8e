"""The paper account's file while it grows, is made small and is killed in between."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.paper.paper_log import PaperLog
from engine.paper.paper_state import SavedState, StateFolder
from tests.helpers.paper_bench import Bench


def newest_only(lines: Iterable[bytes]) -> list[bytes]:
    return list({line[:1]: line for line in lines}.values())


def a_log(path: Path) -> PaperLog:
    log = PaperLog(path, newest_only, smallest_bytes=10)
    log.open([])
    return log


def test_growing_file_is_made_small_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = a_log(path)
    log.append(b"a1\na2\nb1\n")
    assert not log.is_large
    log.append(b"b2\n")
    assert log.is_large
    log.begin()
    log.append(b"a3\n")  # while the draft is being written
    log.draft()
    log.append(b"c1\n")
    log.finish()
    log.append(b"c2\n")
    log.close()
    assert path.read_bytes() == b"a2\nb2\na3\nc1\nc2\n"
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_cannot_shrink_is_left_alone_until_it_has_grown_again(tmp_path: Path) -> None:
    log = PaperLog(tmp_path / "log.jsonl", list, smallest_bytes=10)
    log.open([])
    log.append(b"0123456789\n")
    log.begin()
    log.draft()
    log.finish()
    assert not log.is_large
    log.append(b"0123456789\n" * 3)
    assert log.is_large
    log.close()


def test_kill_before_the_new_file_is_whole_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = a_log(path)
    log.append(b"a1\na2\nb1\nb2\n")
    log.begin()
    log.draft()
    log.append(b"c1\n")
    log.close()  # no `finish`: killed
    assert path.read_bytes() == b"a1\na2\nb1\nb2\nc1\n"


def test_condensed_account_is_the_account(tmp_path: Path) -> None:
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder)
        for number in range(200):
            order = bench.order("BUY", "0.010", price=str(60000 + number))
            bench.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
        bench.order("BUY", "0.100")
        bench.order("SELL", "0.050")
        with (tmp_path / "paper-exchange.jsonl").open("rb") as file:
            before = SavedState.read(file)
        size = folder.log.size
        folder.log.begin()
        bench.order("BUY", "0.010", price="63000", newClientOrderId="meanwhile")
        folder.log.draft()
        folder.log.finish()
        assert folder.log.size < size * 0.7
        bench.order("BUY", "0.010", price="63001", newClientOrderId="later")
    with StateFolder(tmp_path) as folder:
        after = folder.load(fresh=False)
    assert after.fills == before.fills
    assert after.income == before.income
    resting = [order.client_order_id for order in after.orders.values() if order.is_open]
    assert resting == ["meanwhile", "later"]
    assert len(after.orders) == len(before.orders) + 2


def test_only_the_newest_of_what_has_ended_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.paper.paper_state._KEPT_ROWS", 5)
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder)
        resting = bench.order("BUY", "0.010", price="60000")
        orders = [bench.order("BUY", "0.010", price="61000", timeInForce="IOC") for _ in range(9)]
    with StateFolder(tmp_path) as folder:
        state = folder.load(fresh=False)
    kept = [order.order_id for order in state.orders.values()]
    assert kept == [resting["orderId"], *(order["orderId"] for order in orders[-5:])]
