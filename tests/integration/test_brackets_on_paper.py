"""Brackets on the real paper exchange: a second account fills entries and moves the price."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import OrderNotAllowed
from engine.paper.paper_process import PaperProcess
from engine.protection_views import BracketView
from engine.trading_types import BracketState, OrderType, PositionSide
from tests.helpers.bracket_trader import BracketTrader
from tests.helpers.paper import PaperClient, paper_server
from tests.helpers.waiting import wait_until

D = Decimal
NEAR = D("0.2")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    folder = tmp_path_factory.mktemp("paper")
    options: dict[str, Any] = {"symbols": ("BTCUSDT",), "unlimited": True}
    with paper_server(folder, balance="500000000", **options) as running:
        yield running


def clean(server: PaperProcess) -> None:
    """Ours alone: the stranger's position would take the book along."""
    client = PaperClient(server)
    client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")
    client.clean()


@pytest.fixture
def stranger(server: PaperProcess) -> Iterator[PaperClient]:
    clean(server)
    yield PaperClient(server, server.accounts[1])
    play_faults(server, [])
    clean(server)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def trader(server: PaperProcess, stranger: PaperClient, journal: Path) -> Iterator[BracketTrader]:
    trader = BracketTrader(server.hosts, server.accounts[0], journal)
    yield trader
    trader.close()


@pytest.fixture
def inside(stranger: PaperClient) -> Decimal:
    """A price between bid and ask where our order stands alone."""
    while True:
        bid, ask, size = best(stranger)
        if ask - bid >= D("0.2"):
            return bid + D("0.1")
        stranger.order("SELL", timeInForce="IOC", price=str(bid), quantity=str(size))


def best(client: PaperClient) -> tuple[Decimal, Decimal, Decimal]:
    row = client.public("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT").body
    return D(row["bidPrice"]), D(row["askPrice"]), D(row["bidQty"])


def play_faults(server: PaperProcess, rules: list[dict[str, Any]]) -> None:
    client = PaperClient(server)
    client.raw("DELETE", "/paper/v1/faults")
    if rules:
        answer = client.raw("POST", "/paper/v1/faults", json.dumps({"seed": 1, "rules": rules}))
        assert answer.status == 200, answer.body


def push_to(stranger: PaperClient, price: Decimal) -> None:
    """Trade through the book, level by level, until a trade at or beyond `price`."""
    is_down = price < best(stranger)[1]
    while True:
        bid, ask, size = best(stranger)
        at = bid if is_down else ask
        is_there = at <= price if is_down else at >= price
        quantity = "0.001" if is_there else str(size if is_down else 32)
        side = "SELL" if is_down else "BUY"
        answer = stranger.order(side, timeInForce="IOC", price=str(at), quantity=quantity)
        assert answer.status == 200, answer.body
        if is_there:
            return


def held(client: PaperClient) -> Decimal:
    return D(client.position())


def protected(view: BracketView) -> bool:
    return view.state is BracketState.PROTECTED


def has_exits(trader: BracketTrader, *quantities: str) -> None:
    """Exactly these wait at the venue, stops and targets."""
    wanted = [D(quantity) for quantity in quantities]
    wait_until(lambda: sorted(view.quantity for view in trader.exits()) == wanted, what=f"{wanted}")


def test_exits_follow_the_partial_fills_of_the_entry(
    trader: BracketTrader, stranger: PaperClient, inside: Decimal
) -> None:
    placed = trader.place(inside, stop_price=inside - 500, target_price=inside + 500)
    assert (placed.state, trader.exits()) == (BracketState.ENTERING, [])
    stranger.market("SELL", "0.1")
    trader.wait(placed.bracket_id, protected)
    has_exits(trader, "0.1", "0.1")
    assert all(view.reduce_only for view in trader.exits())
    stranger.market("SELL", "0.2")
    trader.wait(placed.bracket_id, lambda view: view.protected_qty == D("0.3"))
    has_exits(trader, "0.3", "0.3")
    assert {view.type for view in trader.exits()} == {
        OrderType.STOP_MARKET,
        OrderType.TAKE_PROFIT_MARKET,
    }
    assert trader.alert_codes() == []
    assert trader.brackets.longest_unprotected_ms < 5000


@pytest.mark.parametrize("exit_hit", ["stop", "target"])
def test_when_one_exit_triggers_the_other_goes(
    trader: BracketTrader, stranger: PaperClient, exit_hit: str
) -> None:
    bid, ask, _ = best(stranger)
    placed = trader.place(stop_price=bid - NEAR, target_price=ask + NEAR)
    trader.wait(placed.bracket_id, protected)
    has_exits(trader, "0.3", "0.3")
    push_to(stranger, bid - NEAR if exit_hit == "stop" else ask + NEAR)
    trader.wait(placed.bracket_id, BracketState.CLOSED)
    wait_until(lambda: trader.position() == 0)
    assert trader.exits() == []
    assert f"The {exit_hit} at" in trader.brackets.get(placed.bracket_id).reason


def test_a_stop_that_would_trigger_at_once_closes_what_is_filled(
    trader: BracketTrader, stranger: PaperClient
) -> None:
    _, ask, _ = best(stranger)
    placed = trader.place(stop_price=ask + 100)  # the market's price is not known here
    trader.wait(placed.bracket_id, BracketState.CLOSED)
    wait_until(lambda: trader.position() == 0)
    assert "bracket.stop_refused" in trader.alert_codes()


def test_a_stop_refused_at_its_trigger_closes_what_is_filled(
    trader: BracketTrader, server: PaperProcess, stranger: PaperClient
) -> None:
    bid, ask, _ = best(stranger)
    placed = trader.place(stop_price=bid - NEAR, target_price=ask + 500)
    has_exits(trader, "0.3", "0.3")
    refused = {"fault": "trigger_refused", "account": "first"}
    play_faults(server, [{**refused, "when": {"trigger": "time"}}])
    push_to(stranger, bid - NEAR)
    trader.wait(placed.bracket_id, BracketState.CLOSED)
    wait_until(lambda: trader.position() == 0)
    assert trader.exits() == []
    assert "bracket.rejected" in trader.alert_codes()


def test_a_refused_entry_fails_the_bracket(trader: BracketTrader, stranger: PaperClient) -> None:
    _, ask, _ = best(stranger)
    placed = trader.place(
        ask + 1000, stop_price=ask - 100, target_price=ask + 2000, time_in_force="GTX"
    )
    trader.brackets.wait(placed.bracket_id, lambda view: view.state is not BracketState.ENTERING)
    view = trader.brackets.get(placed.bracket_id)
    assert view.state in (BracketState.FAILED, BracketState.CLOSED)
    assert trader.exits() == []


def test_an_entry_of_ours_that_is_not_allowed_is_said_and_forgotten(
    trader: BracketTrader, stranger: PaperClient, inside: Decimal
) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        trader.place(inside + D("0.05"), stop_price=inside - 100)
    assert caught.value.field == "price"
    wait_until(lambda: trader.brackets.open() == [])


def test_cancelling_a_bracket_cancels_the_entrys_rest_alone(
    trader: BracketTrader, stranger: PaperClient, inside: Decimal
) -> None:
    placed = trader.place(inside, stop_price=inside - 500, target_price=inside + 500)
    stranger.market("SELL", "0.1")
    trader.wait(placed.bracket_id, protected)
    trader.brackets.cancel(placed.bracket_id)
    entry = trader.oms.get_order(placed.entry_id)
    assert trader.oms.wait(entry, "CANCELED")
    trader.wait(placed.bracket_id, protected)
    has_exits(trader, "0.1", "0.1")


def test_closing_by_hand_takes_the_exits_away(trader: BracketTrader, stranger: PaperClient) -> None:
    bid, ask, _ = best(stranger)
    placed = trader.place(stop_price=bid - 500, target_price=ask + 500)
    trader.wait(placed.bracket_id, protected)
    trader.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.3", reduce_only=True)
    trader.wait(placed.bracket_id, BracketState.CLOSED)
    wait_until(lambda: trader.exits() == [])


def test_a_position_is_protected_and_the_persons_own_stop_goes_after(
    trader: BracketTrader, stranger: PaperClient
) -> None:
    bid, _, _ = best(stranger)
    trader.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.2")
    wait_until(lambda: trader.position() == D("0.2"))
    own = trader.oms.algos.place_algo(
        "BTCUSDT", "SELL", "STOP_MARKET", trigger_price=bid - 900, close_position=True
    )
    (view,) = trader.brackets.protect_position("BTCUSDT", stop_price=bid - 500)
    trader.wait(view.bracket_id, BracketState.PROTECTED)
    wait_until(lambda: own.status == "CANCELED")
    wait_until(
        lambda: [(x.quantity, x.trigger_price) for x in trader.exits()] == [(D("0.2"), bid - 500)]
    )
    # more of the position, and another stop: the same bracket follows both
    trader.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    wait_until(lambda: [x.quantity for x in trader.exits()] == [D("0.3")])
    (again,) = trader.brackets.protect_position("BTCUSDT", stop_price=bid - 400)
    assert again.bracket_id == view.bracket_id
    wait_until(lambda: [x.trigger_price for x in trader.exits()] == [bid - 400])


def test_a_flat_account_has_nothing_to_protect(trader: BracketTrader) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        trader.brackets.protect_position("BTCUSDT", stop_price=100)
    assert caught.value.field == "symbol"


def test_a_kill_between_fill_and_stop_is_mended_at_the_restart(
    trader: BracketTrader,
    server: PaperProcess,
    stranger: PaperClient,
    inside: Decimal,
    journal: Path,
) -> None:
    placed = trader.place(inside, stop_price=inside - 500, target_price=inside + 500)
    trader.brackets.stop()
    stranger.market("SELL", "0.3")
    wait_until(lambda: trader.position() == D("0.3"))
    trader.die()
    again = BracketTrader(server.hosts, server.accounts[0], journal)
    try:
        again.wait(placed.bracket_id, protected)
        has_exits(again, "0.3", "0.3")
    finally:
        again.close()


def test_a_kill_while_exits_stand_makes_no_second_ones(
    trader: BracketTrader, server: PaperProcess, stranger: PaperClient, journal: Path
) -> None:
    bid, ask, _ = best(stranger)
    placed = trader.place(stop_price=bid - NEAR, target_price=ask + 500)
    trader.wait(placed.bracket_id, protected)
    has_exits(trader, "0.3", "0.3")
    before = {view.client_algo_id for view in trader.exits()}
    trader.die()
    again = BracketTrader(server.hosts, server.accounts[0], journal)
    try:
        again.wait(placed.bracket_id, protected)
        assert {view.client_algo_id for view in again.exits()} == before
        push_to(stranger, bid - NEAR)
        again.wait(placed.bracket_id, BracketState.CLOSED)
        assert again.exits() == []
    finally:
        again.close()


def test_a_stop_that_triggered_while_away_is_found(
    trader: BracketTrader, server: PaperProcess, stranger: PaperClient, journal: Path
) -> None:
    bid, ask, _ = best(stranger)
    placed = trader.place(stop_price=bid - NEAR, target_price=ask + 500)
    has_exits(trader, "0.3", "0.3")
    trader.die()
    push_to(stranger, bid - NEAR)
    again = BracketTrader(server.hosts, server.accounts[0], journal)
    try:
        again.wait(placed.bracket_id, BracketState.CLOSED)
        assert again.exits() == []
        assert held(PaperClient(server)) == 0
    finally:
        again.close()


@pytest.mark.parametrize("acted", [True, False])
def test_a_lost_answer_to_the_stop_makes_no_second_one(
    trader: BracketTrader,
    server: PaperProcess,
    stranger: PaperClient,
    inside: Decimal,
    acted: bool,
) -> None:
    placed = trader.place(inside, stop_price=inside - 500, target_price=inside + 500)
    when = {"path": "/fapi/v1/algoOrder", "method": "POST"}
    play_faults(server, [{"fault": "timeout_1007", "acted": acted, "when": when}])
    stranger.market("SELL", "0.3")
    assert trader.brackets.wait(placed.bracket_id, protected, 60)
    has_exits(trader, "0.3", "0.3")
    rows = PaperClient(server).signed("GET", "/fapi/v1/openAlgoOrders").body
    assert sorted(row["orderType"] for row in rows) == ["STOP_MARKET", "TAKE_PROFIT_MARKET"]


def test_a_stop_does_not_wait_for_the_late_answer_to_its_entry(
    trader: BracketTrader, server: PaperProcess, stranger: PaperClient
) -> None:
    bid, ask, _ = best(stranger)
    late = {"fault": "reply_late", "ms": 4000, "act": "at_once"}
    play_faults(server, [{**late, "when": {"path": "/fapi/v1/order", "method": "POST"}}])
    placed = trader.place(stop_price=bid - 500, target_price=ask + 500)  # at market
    has_exits(trader, "0.3", "0.3")
    trader.wait(placed.bracket_id, protected)
    assert trader.brackets.longest_unprotected_ms < 3500


def test_a_fill_during_a_gap_is_protected_after_it(
    trader: BracketTrader, server: PaperProcess, stranger: PaperClient, inside: Decimal
) -> None:
    placed = trader.place(inside, stop_price=inside - 500, target_price=inside + 500)
    event = {"event": "ORDER_TRADE_UPDATE", "account": "first"}
    play_faults(server, [{"fault": "event_dropped", "when": event}])
    stranger.market("SELL", "0.3")
    cut = {"trigger": "time"}
    play_faults(server, [{"fault": "disconnect", "route": "private", "how": "reset", "when": cut}])
    trader.wait(placed.bracket_id, protected)
    has_exits(trader, "0.3", "0.3")


def test_long_and_short_are_bracketed_side_by_side(
    trader: BracketTrader, server: PaperProcess, stranger: PaperClient
) -> None:
    trader.oms.mode.change(is_hedge=True)
    try:
        bid, ask, _ = best(stranger)
        long = trader.place(
            stop_price=bid - 500, target_price=ask + 500, position_side=PositionSide.LONG
        )
        short = trader.brackets.place_bracket(
            "BTCUSDT",
            "SELL",
            "0.2",
            stop_price=ask + 500,
            target_price=bid - 500,
            position_side="SHORT",
        )
        for view in (long, short):
            trader.wait(view.bracket_id, protected)
        has_exits(trader, "0.2", "0.2", "0.3", "0.3")
        assert not any(view.reduce_only for view in trader.exits())
        assert {(x.position_side, x.quantity) for x in trader.exits()} == {
            (PositionSide.LONG, D("0.3")),
            (PositionSide.SHORT, D("0.2")),
        }
    finally:
        clean(server)
        trader.oms.mode.change(is_hedge=False)
