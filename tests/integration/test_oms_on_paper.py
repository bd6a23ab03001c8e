"""Order management, its journal and the gateway on the real paper exchange, without the engine.

A second account is the rest of the world: it fills our orders. The market's own
makers stand still.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.commands import CancelOrder
from engine.errors import JournalError, OrderNotAllowed, OrderRefused
from engine.events import Alert, FillRecorded, OrderChanged
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.oms.order_models import Order
from engine.paper.paper_process import PaperProcess
from engine.trading_types import OrderStatus
from tests.helpers.paper import PaperClient, paper_server
from tests.helpers.trader import Trader
from tests.helpers.waiting import wait_until

D = Decimal

BALANCE = "50000000"


class OrderTrader(Trader):
    """Reads what was told of orders."""

    def fills(self) -> list[D]:
        return [e.fill.quantity for e in self.of(FillRecorded) if isinstance(e, FillRecorded)]

    def statuses(self, order: Order) -> list[OrderStatus]:
        return [
            e.order.status
            for e in self.of(OrderChanged)
            if isinstance(e, OrderChanged) and e.order.client_order_id == order.client_order_id
        ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    folder = tmp_path_factory.mktemp("paper")
    with paper_server(folder, balance=BALANCE, symbols=("BTCUSDT",), unlimited=True) as running:
        yield running


@pytest.fixture
def stranger(server: PaperProcess) -> Iterator[PaperClient]:
    for keys in server.accounts[:2]:
        PaperClient(server, keys).clean()
    yield PaperClient(server, server.accounts[1])
    for keys in server.accounts[:2]:
        PaperClient(server, keys).clean()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def trader(server: PaperProcess, stranger: PaperClient, journal: Path) -> Iterator[OrderTrader]:
    trader = OrderTrader(server.hosts, server.accounts[0], journal)
    yield trader
    trader.close()


@pytest.fixture
def inside(stranger: PaperClient) -> D:
    """A price between the best bid and the best ask, where our order is alone: the stranger
    takes the best bids away until there is room.
    """
    while True:
        ticker = stranger.public("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT").body
        bid, ask = D(ticker["bidPrice"]), D(ticker["askPrice"])
        if ask - bid >= D("0.2"):
            return bid + D("0.1")
        taken = stranger.order(
            "SELL", timeInForce="IOC", price=ticker["bidPrice"], quantity=ticker["bidQty"]
        )
        assert taken.status == 200, taken.body


def test_place_partial_fill_amend_cancel(
    trader: OrderTrader, stranger: PaperClient, inside: D
) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.3", inside)
    assert order.status == "NEW"
    assert order.order_id is not None

    sold = stranger.market("SELL", "0.1")
    assert sold.status == 200, sold.body
    assert trader.oms.wait(order, "PARTIALLY_FILLED")
    assert order.status == "PARTIALLY_FILLED"
    assert (order.executed_qty, order.remaining_qty) == (D("0.1"), D("0.2"))
    assert order.avg_price == inside
    assert order.cummulative_quote_qty == inside * D("0.1")
    assert order.commission > 0

    trader.oms.modify_order(order, price=inside - 100, quantity="0.4")
    assert (order.price, order.orig_qty) == (inside - 100, D("0.4"))
    assert order.status == "PARTIALLY_FILLED"
    assert order.amend is None

    trader.oms.cancel_order(order)
    assert order.status == "CANCELED"
    assert order.executed_qty == D("0.1")
    assert trader.fills() == [D("0.1")]
    words = list(dict.fromkeys(trader.statuses(order)))
    assert words == ["PENDING_NEW", "NEW", "PARTIALLY_FILLED", "PENDING_CANCEL", "CANCELED"]


def test_a_market_order_fills_and_the_position_follows(trader: OrderTrader) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.25")
    assert trader.oms.wait(order, "FILLED")
    assert order.executed_qty == D("0.25")
    wait_until(lambda: order.missing_fill_qty == 0)
    assert order.cummulative_quote_qty > 0

    def position() -> D:
        view = trader.oms.positions.position("BTCUSDT")
        return D(0) if view is None else view.quantity

    wait_until(lambda: position() == D("0.25"))
    mark = order.avg_price + 100
    assert trader.oms.positions.unrealized_pnl("BTCUSDT", mark) == pytest.approx(D(25))
    closing = trader.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.25", reduce_only=True)
    assert trader.oms.wait(closing, "FILLED")
    wait_until(lambda: position() == 0)


def test_the_balance_is_the_venues_to_the_last_decimal(
    trader: OrderTrader, server: PaperProcess
) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.25")
    assert trader.oms.wait(order, "FILLED")
    venue = PaperClient(server)

    def wallets() -> tuple[D, D]:
        rows = venue.signed("GET", "/fapi/v3/balance").body
        theirs = next(D(row["balance"]) for row in rows if row["asset"] == "USDT")
        view = trader.oms.positions.balance("USDT")
        return theirs, D(0) if view is None else view.wallet_balance

    wait_until(lambda: len(set(wallets())) == 1, what="wallet balances agree")


def test_a_refusal_of_the_venue_is_a_rejected_order_with_its_reason(trader: OrderTrader) -> None:
    order = trader.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert order.status == "REJECTED"
    assert "-2022" in order.reason
    assert trader.oms.open_orders() == []


def test_our_own_checks_speak_before_the_venue(trader: OrderTrader) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", "60000.05")
    assert caught.value.field == "price"


def test_a_post_only_order_that_would_take_is_refused(trader: OrderTrader) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", "70000", time_in_force="GTX")
    assert order.status in ("REJECTED", "EXPIRED")


def test_an_amend_the_venue_refuses_leaves_the_order_as_it_was(
    trader: OrderTrader, inside: D
) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", inside)
    with pytest.raises((OrderRefused, OrderNotAllowed)):
        trader.oms.modify_order(order, price=inside * 2 // 1)
    assert (order.status, order.price, order.amend) == ("NEW", inside, None)


def test_cancel_all(trader: OrderTrader, inside: D) -> None:
    orders = [
        trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", inside - 100 * step)
        for step in range(1, 4)
    ]
    trader.oms.cancel_all("BTCUSDT")
    for order in orders:
        assert trader.oms.wait(order, "CANCELED")


def test_an_order_placed_elsewhere_is_seen(
    trader: OrderTrader, server: PaperProcess, inside: D
) -> None:
    answer = PaperClient(server).order(price=str(inside), newClientOrderId="web_1")
    assert answer.status == 200, answer.body
    wait_until(lambda: trader.oms.tracker.get("web_1") is not None)
    order = trader.oms.get_order("web_1")
    assert order.origin == "elsewhere"
    assert trader.oms.cancel_order(order).status == "CANCELED"


def test_two_threads_trade_at_once_and_the_books_agree(
    trader: OrderTrader, stranger: PaperClient, server: PaperProcess, inside: D
) -> None:
    placed: list[Order] = []

    def trade(offset: int) -> None:
        for step in range(8):
            price = inside - 10 * offset - step
            order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", price)
            placed.append(order)
            if step % 2:
                trader.oms.cancel_order(order)

    workers = [threading.Thread(target=trade, args=(n,)) for n in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(placed) == 16
    theirs = PaperClient(server).signed("GET", "/fapi/v1/openOrders").body
    ours = trader.oms.open_orders()
    assert {o.client_order_id for o in ours} == {row["clientOrderId"] for row in theirs}
    assert {o.status for o in ours} == {OrderStatus.NEW}
    assert len(ours) == 8


def test_a_restart_knows_what_happened_meanwhile(
    server: PaperProcess, stranger: PaperClient, journal: Path, inside: D
) -> None:
    first = Trader(server.hosts, server.accounts[0], journal)
    try:
        filled = first.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.2", inside)
        resting = first.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", inside - 200)
        gone = first.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.1", inside - 300)
        assert stranger.market("SELL", "0.05").status == 200
        assert first.oms.wait(filled, "PARTIALLY_FILLED")
    finally:
        first.die()

    assert stranger.market("SELL", "0.15").status == 200
    ours = PaperClient(server)
    ours.signed(
        "DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId=gone.client_order_id
    )

    second = OrderTrader(server.hosts, server.accounts[0], journal)
    try:
        found = second.oms.get_order(filled.client_order_id)
        assert (found.status, found.executed_qty) == ("FILLED", D("0.2"))
        assert found.missing_fill_qty == 0
        assert second.oms.get_order(resting.client_order_id).status == "NEW"
        assert second.oms.get_order(gone.client_order_id).status == "CANCELED"
        assert second.fills() == [D("0.15")]
        view = second.oms.positions.position("BTCUSDT")
        assert view is not None
        assert view.quantity == D("0.2")
        assert second.oms.cancel_order(resting.client_order_id).status == "CANCELED"
    finally:
        second.close()
    reader = JournalReader(journal)
    assert reader.open_orders() == []
    assert sorted(f.quantity for f in reader.fills()) == [D("0.05"), D("0.15")]


_TRADES_UNTIL_KILLED = """
import itertools, sys
from decimal import Decimal
from pathlib import Path
from engine.paper.paper_process import PaperAccountKeys
from engine.wire.hosts import Hosts
from tests.helpers.trader import Trader

rest, streams, ws_api, key, secret, journal, price = sys.argv[1:]
keys = PaperAccountKeys(api_key=key, api_secret=secret)
trader = Trader(Hosts(rest, streams, ws_api), keys, Path(journal))
print("trading", flush=True)
for step in itertools.count():
    order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", Decimal(price) - step % 50)
    if step % 3 == 0:
        trader.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.01")
    elif step % 3 == 1:
        trader.oms.modify_order(order, price=Decimal(price) - 100)
    trader.oms.cancel_order(order)
"""


@pytest.mark.parametrize("life", range(5))
def test_a_kill_at_any_instant_loses_and_doubles_nothing(
    server: PaperProcess, stranger: PaperClient, journal: Path, inside: D, life: int
) -> None:
    hosts, keys = server.hosts, server.accounts[0]
    child = subprocess.Popen(
        [
            *(sys.executable, "-c", _TRADES_UNTIL_KILLED, hosts.rest, hosts.streams, hosts.ws_api),
            *(keys.api_key, keys.api_secret, str(journal), str(inside - 100)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "trading\n"
        threading.Event().wait(random.Random(life).uniform(0.05, 0.4))  # any instant
        child.kill()

    venue = PaperClient(server)
    trader = Trader(hosts, keys, journal)
    try:
        theirs = venue.signed("GET", "/fapi/v1/openOrders").body
        # whoever was sent and never arrived is still unknown: that needs ten seconds of proof
        ours = [o for o in trader.oms.open_orders() if o.status != "UNKNOWN"]
        assert {o.client_order_id for o in ours} == {row["clientOrderId"] for row in theirs}
        assert len(trader.oms.open_orders()) - len(ours) <= 1

        trader.oms.cancel_all("BTCUSDT")
        for order in ours:
            assert trader.oms.wait(order, "CANCELED")
        rows = venue.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT", limit=1000).body
        by_client_id = [row["clientOrderId"] for row in rows]
        assert len(by_client_id) == len(set(by_client_id))
        view = trader.oms.positions.position("BTCUSDT")
        assert (D(0) if view is None else view.quantity) == D(venue.position())
    finally:
        trader.close()

    reader = JournalReader(journal)
    known = {f.trade_id: f.quantity for f in reader.fills(limit=100_000)}
    intents = {o.client_order_id for o in reader.orders(limit=100_000)}
    sent = {row["orderId"] for row in rows if row["clientOrderId"] in intents}
    trades = venue.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", limit=1000).body
    ours_traded = {t["id"]: D(t["qty"]) for t in trades if t["orderId"] in sent}
    assert known == ours_traded


def test_an_order_amended_too_often_is_cancelled_and_its_rest_placed_anew(
    trader: OrderTrader, stranger: PaperClient, server: PaperProcess, inside: D
) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.3", inside)
    assert stranger.market("SELL", "0.1").status == 200
    assert trader.oms.wait(order, "PARTIALLY_FILLED")
    when = {"method": "PUT", "path": "/fapi/v1/order"}
    fault = json.dumps({"fault": "amend_limit", "when": when})
    assert stranger.raw("POST", "/paper/v1/faults", fault).status == 200

    new = trader.oms.modify_order(order, price=inside - 100)
    assert (order.status, order.executed_qty) == ("CANCELED", D("0.1"))
    assert (new.status, new.price, new.orig_qty) == ("NEW", inside - 100, D("0.2"))
    theirs = PaperClient(server).signed("GET", "/fapi/v1/openOrders").body
    assert [row["clientOrderId"] for row in theirs] == [new.client_order_id]


@pytest.mark.parametrize("trouble", ["disk is full", "another program"])
def test_a_journal_that_cannot_be_written_stops_orders_and_lets_cancels_go(
    trader: OrderTrader, journal: Path, inside: D, trouble: str
) -> None:
    order = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", inside - 100)
    assert trader.journal.flush()
    with contextlib.closing(sqlite3.connect(journal, isolation_level=None)) as other:
        if trouble == "another program":
            other.execute("BEGIN IMMEDIATE")
        else:
            fill_the_disk(trader.journal)
        with pytest.raises(JournalError, match=trouble):
            trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", inside - 200)
        assert trader.oms.cancel_order(order).status == "CANCELED"
        alerts = [event.sentence for event in trader.of(Alert) if isinstance(event, Alert)]
        assert [sentence for sentence in alerts if "cancels go on" in sentence]
        if trouble == "another program":
            other.execute("ROLLBACK")
    free_the_disk(trader.journal)
    wait_until(lambda: trader.journal.problem is None)
    again = trader.oms.submit_order("BTCUSDT", "BUY", "LIMIT", "0.01", inside - 300)
    assert trader.oms.cancel_order(again).status == "CANCELED"
    assert trader.journal.flush()
    assert JournalReader(journal).open_orders() == []


def fill_the_disk(writer: JournalWriter) -> None:
    with writer._lock:
        (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
        writer._connection.execute(f"PRAGMA max_page_count={pages}")
    command = CancelOrder(symbol="BTCUSDT", client_order_id="pd-full")
    with contextlib.suppress(JournalError):
        for _ in range(1000):
            writer.record_intent(command, 1)


def free_the_disk(writer: JournalWriter) -> None:
    with writer._lock:
        writer._connection.execute("PRAGMA max_page_count=1000000")
