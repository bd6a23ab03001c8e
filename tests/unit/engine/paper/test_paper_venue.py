"""The venue without sockets, on a clock moved by hand: what only time or chance brings."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.errors import VenueError
from engine.paper.paper_account import PaperAccount
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_state import StateFolder
from tests.helpers.paper_bench import Bench

STOP = {
    "algoType": "CONDITIONAL",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "STOP_MARKET",
    "quantity": "0.010",
    "triggerPrice": "60000",
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with StateFolder(tmp_path) as folder:
        yield Bench(folder)


def test_funding_is_paid_by_longs_to_shorts_at_its_time(bench: Bench) -> None:
    bench.listen()
    bench.order("BUY", "0.100")
    bench.order("SELL", "0.100", account="second")
    wallets = {name: a.books.wallet for name, a in bench.venue.exchange.accounts.items()}
    bench.pass_eight_hours()
    paid = wallets["first"] - bench.first.books.wallet
    row = bench.call("funding_rate", symbol="BTCUSDT")[-1]
    owed = Decimal("0.1") * Decimal(row["markPrice"]) * Decimal(row["fundingRate"])
    assert paid == owed.quantize(Decimal("1e-8"))
    assert 0 < paid < Decimal("0.65")
    second = bench.venue.exchange.accounts["second"].books
    assert second.wallet - wallets["second"] == paid
    (event,) = bench.events("ACCOUNT_UPDATE")[-1:]
    assert (event["a"]["m"], event["a"]["S"], event["a"]["P"]) == ("FUNDING_FEE", "BTCUSDT", [])
    assert Decimal(event["a"]["B"][0]["bc"]) == -paid
    bench.first.books.check()


def test_funding_of_an_isolated_position_comes_out_of_its_own_margin(bench: Bench) -> None:
    bench.listen()
    bench.call("set_margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    bench.order("BUY", "0.100")
    before = bench.first.position("BTCUSDT", "BOTH").isolated_wallet
    bench.pass_eight_hours()
    assert bench.first.position("BTCUSDT", "BOTH").isolated_wallet < before
    assert len(bench.events("ACCOUNT_UPDATE")[-1]["a"]["P"]) == 1


def test_cross_account_without_margin_is_warned_then_liquidated(bench: Bench) -> None:
    bench.listen()
    bench.call("set_leverage", symbol="BTCUSDT", leverage=50)
    bench.order("BUY", "7")
    resting = bench.order("BUY", "0.010", price="62000")
    # 450,000 USDT held on 9,775: at 63,160 2,144 are left, the maintenance is 1,910
    bench.set_mark("63300")
    bench.venue._liquidation.look(bench.venue.now_ms())
    assert bench.first.position("BTCUSDT", "BOTH").amount == 7
    bench.set_mark("63160")
    bench.venue._liquidation.look(bench.venue.now_ms())
    bench.venue.commit(bench.venue.now_ms())
    assert bench.events("MARGIN_CALL")[0]["p"][0]["mt"] == "CROSSED"
    assert bench.first.position("BTCUSDT", "BOTH").amount == 7
    bench.set_mark("62900")
    bench.venue._liquidation.look(bench.venue.now_ms())
    bench.venue.commit(bench.venue.now_ms())
    assert bench.first.position("BTCUSDT", "BOTH").amount == 0
    told = [event["o"] for event in bench.events("ORDER_TRADE_UPDATE")]
    forced = [order for order in told if order["c"].startswith("autoclose-")]
    assert forced[-1]["x"] == "CALCULATED"
    assert forced[-1]["o"] == "LIQUIDATION"
    cancelled = [order["X"] for order in told if order["i"] == resting["orderId"]]
    assert cancelled == ["NEW", "CANCELED"]
    rows = bench.call("force_orders", symbol="BTCUSDT")
    assert rows[0]["clientOrderId"] == forced[0]["c"]
    bench.first.books.check()


def test_isolated_position_loses_no_more_than_its_margin(bench: Bench) -> None:
    bench.call("set_margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    bench.call("set_leverage", symbol="BTCUSDT", leverage=100)
    bench.order("BUY", "1")
    margin = bench.first.position("BTCUSDT", "BOTH").isolated_wallet
    wallet = bench.first.books.wallet
    # take away every bid near the price, so that closing costs more than the margin
    book = bench.venue.exchange.markets["BTCUSDT"].book
    for number in range(20):
        book.cancel(1 - 2 * (2 * number + 1))
    bench.order("BUY", "2", account="second", price="63000")
    bench.set_mark("63300")
    bench.venue._liquidation.look(bench.venue.now_ms())
    assert bench.first.position("BTCUSDT", "BOTH").amount == 0
    assert bench.first.books.wallet == wallet - margin
    bench.first.books.check()


def test_good_till_date_order_expires_after_its_date(bench: Bench) -> None:
    bench.listen()
    until = bench.venue.now_ms() + 700_000
    placed = bench.order("BUY", "0.010", price="62000", timeInForce="GTD", goodTillDate=until)
    assert placed["goodTillDate"] == until // 1000 * 1000
    bench.pass_time(600)
    assert bench.call("open_orders")[0]["status"] == "NEW"
    bench.pass_time(101)
    assert bench.call("open_orders") == []
    assert bench.events("ORDER_TRADE_UPDATE")[-1]["o"]["X"] == "EXPIRED"


def test_countdown_is_put_off_by_calling_again_and_off_by_zero(bench: Bench) -> None:
    bench.order("BUY", "0.010", price="62000")
    bench.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=10_000)
    bench.pass_time(9)
    bench.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=10_000)
    bench.pass_time(9)
    bench.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=0)
    bench.pass_time(60)
    assert len(bench.call("open_orders")) == 1
    bench.call("countdown_cancel_all", symbol="BTCUSDT", countdownTime=1000)
    bench.pass_time(1)
    assert bench.call("open_orders") == []


def test_listen_key_expires_after_an_hour_with_an_event_then_silence(bench: Bench) -> None:
    key = bench.listen()
    bench.pass_time(3000)
    bench.call("keep_listen_key")
    bench.pass_time(3000)
    assert bench.events("listenKeyExpired") == []
    bench.pass_time(601)
    (event,) = bench.events("listenKeyExpired")
    assert event["listenKey"] == key
    with pytest.raises(VenueError) as refused:
        bench.call("keep_listen_key")
    assert refused.value.code == -1125
    told = len(bench.frames)
    assert bench.call("create_listen_key")["listenKey"] != key
    bench.order("BUY", "0.010", price="62000")
    assert len(bench.frames) == told


def test_mark_price_stop_waits_for_the_mark(bench: Bench) -> None:
    placed = bench.call(
        "place_algo",
        algoType="CONDITIONAL",
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_MARKET",
        quantity="0.010",
        triggerPrice="64000",
        workingType="MARK_PRICE",
    )
    bench.set_mark("64000.1")
    bench.venue.commit(bench.venue.now_ms())
    assert bench.call("query_algo", algoId=placed["algoId"])["algoStatus"] == "NEW"
    bench.set_mark("64000")
    bench.venue.commit(bench.venue.now_ms())
    assert bench.call("query_algo", algoId=placed["algoId"])["algoStatus"] == "FINISHED"


def test_algo_orders_are_limited_to_two_hundred(bench: Bench) -> None:
    for _ in range(200):
        bench.call("place_algo", **STOP)
    with pytest.raises(VenueError) as refused:
        bench.call("place_algo", **STOP)
    assert refused.value.code == -4045


@pytest.mark.parametrize("tif", ["GTX", "RPI"])
def test_post_only_order_amended_to_take_is_cancelled(bench: Bench, tif: str) -> None:
    order = bench.order("BUY", "0.010", price="60000", timeInForce=tif)
    key = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
    changed = bench.call("amend_order", **key, side="BUY", quantity="0.010", price="64300")
    assert changed["status"] == "CANCELED"
    assert bench.first.amount("BTCUSDT", "BOTH") == 0


def test_amended_order_keeps_its_new_place_in_the_queue_over_a_restart(tmp_path: Path) -> None:
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder)
        first = bench.order("BUY", "0.010", price="60000")
        second = bench.order("BUY", "0.010", price="60000", account="second")
        key = {"symbol": "BTCUSDT", "orderId": first["orderId"]}
        bench.call("amend_order", **key, side="BUY", quantity="0.020", price="60000")
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder, fresh=False)
        book = bench.venue.exchange.markets["BTCUSDT"].book
        assert book.queue_ahead(second["orderId"]) == 0
        assert book.queue_ahead(first["orderId"]) == 10


def test_list_of_all_orders_is_in_order_of_ids_after_a_restart(tmp_path: Path) -> None:
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder)
        ids = [bench.order("BUY", "0.010", price="60000")["orderId"] for _ in range(4)]
        for order_id in (ids[0], ids[2]):
            key = {"symbol": "BTCUSDT", "orderId": order_id}
            bench.call("amend_order", **key, side="BUY", quantity="0.020", price="60000")
        bench.call("cancel_order", symbol="BTCUSDT", orderId=ids[3])
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder, fresh=False)
        for first in range(4):
            rows = bench.call("all_orders", symbol="BTCUSDT", orderId=ids[first])
            assert [row["orderId"] for row in rows] == ids[first:]


def test_ids_of_conditional_orders_are_never_given_twice(tmp_path: Path) -> None:
    stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
    stop |= {"quantity": "0.010", "triggerPrice": "60000"}
    ids = []
    for life in range(3):  # at one and the same instant
        with StateFolder(tmp_path) as folder:
            bench = Bench(folder, fresh=life == 0)
            ids += [bench.call("place_algo", **stop)["algoId"] for _ in range(3)]
            assert len(bench.call("open_algos")) == len(ids)
    assert ids == sorted(set(ids))


def test_extreme_of_a_trailing_stop_survives_a_kill(tmp_path: Path) -> None:
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder)
        trailing = {"type": "TRAILING_STOP_MARKET", "quantity": "0.010", "callbackRate": "1"}
        bench.call("place_algo", algoType="CONDITIONAL", symbol="BTCUSDT", side="SELL", **trailing)
        bench.set_mark("66000")
        bench.venue.commit(bench.venue.now_ms())
    with StateFolder(tmp_path) as folder:
        (kept,) = folder.load(fresh=False).algos.values()
    assert kept.extreme_ticks == 660_000


@pytest.mark.parametrize("price", ["64250.1", "64250.2"])
def test_reducing_order_traded_by_an_opening_one_of_the_same_person_is_never_lost(
    bench: Bench, price: str
) -> None:
    bench.call("set_position_mode", dualSidePosition="true")
    book = bench.venue.exchange.markets["BTCUSDT"].book
    bench.order("BUY", "0.004", positionSide="LONG")
    for number in range(20):
        book.cancel(1 - 2 * (2 * number + 2))  # the quiet asks
    closing = bench.order("SELL", "2.000", price="64250.1", positionSide="LONG")
    assert book.get(closing["orderId"]).remaining == 4  # as much as there is to close
    stp = {"selfTradePreventionMode": "NONE"}
    bench.order("BUY", "0.004", price=price, positionSide="LONG", **stp)
    key = {"symbol": "BTCUSDT", "orderId": closing["orderId"]}
    row = bench.call("query_order", **key)
    assert (row["status"], row["executedQty"]) == ("PARTIALLY_FILLED", "0.004")
    assert book.get(closing["orderId"]).remaining == 4
    bench.order("BUY", "0.010", price=price, positionSide="LONG", **stp)  # rests in its way
    assert bench.call("query_order", **key)["status"] == "EXPIRED"
    book.check()


def test_reducing_orders_share_the_position_after_a_restart_as_before(tmp_path: Path) -> None:
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder)
        bench.order("BUY", "0.010")
        reduces = {"reduceOnly": "true"}
        far = bench.order("SELL", "0.008", price="66000", **reduces)["orderId"]
        near = bench.order("SELL", "0.006", price="65000", **reduces)["orderId"]
        book = bench.venue.exchange.markets["BTCUSDT"].book
        assert [book.get(number).remaining for number in (near, far)] == [6, 4]
    with StateFolder(tmp_path) as folder:
        book = Bench(folder, fresh=False).venue.exchange.markets["BTCUSDT"].book
        assert [book.get(number).remaining for number in (near, far)] == [6, 4]


def test_two_hundred_open_orders_per_symbol_are_the_limit(bench: Bench) -> None:
    for number in range(200):
        bench.order("BUY", "0.001", price=str(60000 + number))
    with pytest.raises(VenueError) as refused:
        bench.order("BUY", "0.001", price="61000")
    assert refused.value.code == -2025


def test_waiting_conditional_orders_count_as_open_orders_of_their_symbol(bench: Bench) -> None:
    for number in range(100):
        bench.order("BUY", "0.001", price=str(60000 + number))
        waiting = bench.call("place_algo", **STOP)
    for place in (lambda: bench.order("BUY", "0.001", price="61000"), lambda: _place(bench, STOP)):
        with pytest.raises(VenueError) as refused:
            place()
        assert refused.value.code == -2025
    bench.call("cancel_algo", algoId=waiting["algoId"])
    assert bench.order("BUY", "0.001", price="61000")["status"] == "NEW"


def _place(bench: Bench, algo: dict[str, str]) -> None:
    bench.call("place_algo", **algo)


def test_funding_rate_follows_the_premium_within_bounds(bench: Bench) -> None:
    market = bench.venue.exchange.markets["BTCUSDT"]
    market.index_price = Decimal("64000")  # the book stays 0.39 % above it
    bench.pass_time(60)
    bench.pass_time(60)
    assert Decimal("0.0001") < market.funding_rate <= Decimal("0.003")
    shown = bench.call("premium_index", symbol="BTCUSDT")["lastFundingRate"]
    assert Decimal(shown) == market.funding_rate
    market.index_price = Decimal("66000")
    bench.pass_time(7200)
    assert market.funding_rate == Decimal("-0.003")


def test_paid_funding_stays_in_its_history_whatever_comes_after(bench: Bench) -> None:
    bench.listen()
    bench.pass_eight_hours()
    before = bench.call("funding_rate", symbol="BTCUSDT")
    bench.venue.exchange.markets["BTCUSDT"].index_price = Decimal("66000")
    bench.pass_time(600)
    assert bench.call("funding_rate", symbol="BTCUSDT") == before
    assert len({row["fundingRate"] for row in before}) > 50


def test_market_order_against_a_price_outside_the_band_is_refused(bench: Bench) -> None:
    book = bench.venue.exchange.markets["BTCUSDT"].book
    for number in range(20):
        book.cancel(1 - 2 * (2 * number + 2))  # the quiet asks
    bench.order("SELL", "1", account="second", price="67600")
    with pytest.raises(VenueError) as refused:
        bench.order("BUY", "0.010")
    assert refused.value.code == -4131


def test_market_order_stops_at_the_band_and_what_is_left_expires(bench: Bench) -> None:
    bench.listen()
    book = bench.venue.exchange.markets["BTCUSDT"].book
    for number in range(20):
        book.cancel(1 - 2 * (2 * number + 2))
    bench.order("SELL", "0.010", account="second", price="64300")
    bench.order("SELL", "0.010", account="second", price="67600")
    answer = bench.order("BUY", "0.020", newOrderRespType="RESULT")
    assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "0.010")
    assert bench.events("ORDER_TRADE_UPDATE")[-1]["o"]["er"] == "9"


def test_leverage_cannot_be_lowered_below_what_the_margin_allows(bench: Bench) -> None:
    bench.order("BUY", "2")  # 128,500 USDT: 6,425 at 20x, 12,850 at 10x
    with pytest.raises(VenueError) as refused:
        bench.call("set_leverage", symbol="BTCUSDT", leverage=10)
    assert refused.value.code == -2028
    assert bench.call("set_leverage", symbol="BTCUSDT", leverage=50)["leverage"] == 50


def test_position_that_flips_restarts_at_the_new_price(bench: Bench) -> None:
    bench.order("BUY", "0.100")
    bench.order("SELL", "0.300")
    position = bench.first.position("BTCUSDT", "BOTH")
    assert (position.amount, position.entry) == (Decimal("-0.2"), Decimal("64250.0"))
    assert position.realized == Decimal("-0.01")


def test_break_even_price_carries_the_fees(bench: Bench) -> None:
    bench.order("BUY", "0.100")
    position = bench.first.position("BTCUSDT", "BOTH")
    fee = Decimal("6425.01") * Decimal("0.0005")
    assert position.break_even == Decimal("64250.1") + fee / Decimal("0.1")


@pytest.mark.parametrize("seed", range(6))
def test_random_trading_keeps_every_book_true(tmp_path: Path, seed: int) -> None:
    """Wallets explained, positions equal to fills, nothing reduce-only ever reverses.

    The first account is isolated for half of the seeds, the second is hedged.
    """
    rng = random.Random(seed)
    with StateFolder(tmp_path) as folder:
        bench = Bench(folder, quiet_market=seed % 2 == 0, seed=seed)
        bench.call("set_position_mode", "second", dualSidePosition="true")
        if seed % 3 == 0:
            bench.call("set_margin_type", symbol="BTCUSDT", marginType="ISOLATED")
        for _ in range(400):
            _random_step(bench, rng)
            _check_positions(bench)
        exchange = bench.venue.exchange
        exchange.markets["BTCUSDT"].book.check()
        for account in exchange.accounts.values():
            account.books.check()
            _check_fills(account)
            _check_exposure(account)
        state = {name: msgspec.json.encode(a.books) for name, a in exchange.accounts.items()}
        opened = {name: _open_rows(a) for name, a in exchange.accounts.items()}
    with StateFolder(tmp_path) as folder:
        saved = folder.load(fresh=False)
    for name, books in state.items():
        assert msgspec.json.encode(saved.accounts[name]) == books
        mine = [o for o in saved.orders.values() if o.account_id == name and o.is_open]
        assert _rows(mine) == opened[name]


def _random_step(bench: Bench, rng: random.Random) -> None:
    account = rng.choice(["first", "second"])
    side, kind = rng.choice(["BUY", "SELL"]), rng.random()
    quantity = f"{rng.randint(1, 40) / 1000:.3f}"
    extra: dict[str, object] = {}
    if account == "second":
        extra = {"positionSide": rng.choice(["LONG", "SHORT"])}
    elif rng.random() < 0.3:
        extra = {"reduceOnly": "true"}
    try:
        if kind < 0.3:
            before = bench.venue.exchange.accounts[account].amount("BTCUSDT", "BOTH")
            bench.order(side, quantity, account, **extra)
            after = bench.venue.exchange.accounts[account].amount("BTCUSDT", "BOTH")
            if "reduceOnly" in extra:
                assert before * after >= 0
                assert abs(after) < abs(before)
        elif kind < 0.6:
            price = f"{64250 + rng.randint(-30, 30) / 10:.1f}"
            tif = rng.choice(["GTC", "GTC", "IOC", "GTX"])
            bench.order(side, quantity, account, price=price, timeInForce=tif, **extra)
        elif kind < 0.72:
            _random_change(bench, rng, account)
        elif kind < 0.76:
            _random_algo(bench, rng, account, side, quantity, extra)
        elif kind < 0.8:
            bench.call("cancel_all", account, symbol="BTCUSDT")
        else:
            bench.pass_time(rng.choice([0.05, 0.05, 1.0]))
    except VenueError as refused:
        expected = (-2022, -2019, -2021, -5022, -5027, -4164, -5029)
        assert refused.code in expected  # noqa: PT017


def _random_change(bench: Bench, rng: random.Random, account: str) -> None:
    rows = bench.call("open_orders", account, symbol="BTCUSDT")
    if not rows:
        return
    row = rng.choice(rows)
    key = {"symbol": "BTCUSDT", "orderId": row["orderId"]}
    if rng.random() < 0.5:
        bench.call("cancel_order", account, **key)
        return
    bench.call(
        "amend_order",
        account,
        **key,
        side=row["side"],
        quantity=f"{rng.randint(1, 40) / 1000:.3f}",
        price=f"{64250 + rng.randint(-30, 30) / 10:.1f}",
    )


def _random_algo(
    bench: Bench,
    rng: random.Random,
    account: str,
    side: str,
    quantity: str,
    extra: dict[str, object],
) -> None:
    bench.call(
        "place_algo",
        account,
        algoType="CONDITIONAL",
        symbol="BTCUSDT",
        side=side,
        type=rng.choice(["STOP_MARKET", "TAKE_PROFIT_MARKET"]),
        quantity=quantity,
        triggerPrice=f"{64250 + rng.randint(-20, 20) / 10:.1f}",
        **extra,
    )


def _check_positions(bench: Bench) -> None:
    first, second = (bench.venue.exchange.accounts[name] for name in ("first", "second"))
    assert second.amount("BTCUSDT", "LONG") >= 0 >= second.amount("BTCUSDT", "SHORT")
    position = first.position("BTCUSDT", "BOTH")
    isolated = first.is_isolated("BTCUSDT") and position.amount
    assert (position.isolated_wallet > 0) == bool(isolated)


def _check_fills(account: PaperAccount) -> None:
    for side in ("BOTH", "LONG", "SHORT"):
        signed = sum(
            fill.qty_steps if fill.side == "BUY" else -fill.qty_steps
            for fill in account.fills["BTCUSDT"]
            if fill.position_side == side
        )
        assert signed == account.amount("BTCUSDT", side) * 1000
    assert account.books.commission == sum(fill.commission for fill in account.fills["BTCUSDT"])
    assert account.books.realized == sum(fill.realized for fill in account.fills["BTCUSDT"])


def _check_exposure(account: PaperAccount) -> None:
    for position_side in ("BOTH", "LONG", "SHORT"):
        for side in ("BUY", "SELL"):
            expected = sum(
                order.price_ticks * order.remaining_steps
                for order in account.open_orders["BTCUSDT"].values()
                if (order.side, order.position_side) == (side, position_side)
                and not order.only_reduces
            )
            assert account.exposure("BTCUSDT", position_side, side) == expected


def _open_rows(account: PaperAccount) -> list[tuple[int, int, int, str]]:
    return _rows(account.open_orders["BTCUSDT"].values())


def _rows(orders: Iterable[PaperOrder]) -> list[tuple[int, int, int, str]]:
    return sorted((o.order_id, o.price_ticks, o.remaining_steps, o.status) for o in orders)
