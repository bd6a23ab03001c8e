"""The guard at work: what it refuses through order management, and that reducing passes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import fields

from engine.commands import PlaceOrder
from engine.errors import JournalError, NotConnected, OrderNotAllowed
from engine.events import AccountUpdate
from engine.events.protection import GuardChanged
from engine.oms.risk_rules import RiskLimits
from engine.protection_commands import PlaceAlgo
from engine.protection_views import LockOut
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side
from engine.views import BalanceView, FillView, IncomeView, PositionView
from tests.helpers.fake_gateway import BTC
from tests.helpers.oms_bench import OmsBench

D = Decimal
DAY_MS = 86_400_000

# each refuses a buy of 0.1 BTC at 60000 when the account is as `bench_of` makes it
STRICT = {
    "order quantity": RiskLimits(max_order_qty={"BTCUSDT": D("0.05")}),
    "order worth": RiskLimits(max_order_usdt=D(100)),
    "order share": RiskLimits(max_order_equity_pct=D(1)),
    "position quantity": RiskLimits(max_position_qty={"BTCUSDT": D("0.05")}),
    "position worth": RiskLimits(max_position_usdt=D(100)),
    "position share": RiskLimits(max_position_equity_pct=D(1)),
    "price band": RiskLimits(price_band_pct=D(1)),
    "rate": RiskLimits(orders_per_second=1),
    "duplicate": RiskLimits(duplicate_within_ms=1000),
    "open orders": RiskLimits(max_open_orders=1),
    "leverage": RiskLimits(max_leverage=5),
    "daily loss": RiskLimits(max_daily_loss_usdt=D(10)),
    "daily loss share": RiskLimits(max_daily_loss_equity_pct=D("0.1")),
}


class Locks:
    """A store in memory."""

    def __init__(self, kept: LockOut | None = None, *, altered: bool = False) -> None:
        self.kept = kept
        self.altered = altered
        self.breaks = False

    def save(self, lock: LockOut) -> None:
        if self.breaks:
            raise JournalError("The disk is full.")
        self.kept = lock

    def newest(self) -> LockOut | None:
        if self.breaks:
            raise JournalError("The disk is full.")
        return self.kept

    def is_altered(self) -> bool:
        return self.altered


def income(amount: str, kind: str = "REALIZED_PNL", trade_id: str = "", **changes) -> IncomeView:
    row = {"kind": kind, "income": D(amount), "asset": "USDT", "symbol": "BTCUSDT",
           "transaction_id": changes.get("time_ms", 0), "trade_id": trade_id}  # fmt: skip
    return IncomeView(**{**row, **changes})


def bench_of(limits: RiskLimits, locks: Locks | None = None) -> OmsBench:
    """An account of 10,000 USDT, long 1 BTC at 20x, that has lost 20 USDT today."""
    bench = OmsBench(live=False, risk=limits, locks=locks)
    bench.gateway.balances = [BalanceView(asset="USDT", wallet_balance=D(10_000))]
    bench.gateway.positions = [
        PositionView(
            symbol="BTCUSDT", position_side=PositionSide.BOTH, quantity=D(1),
            entry_price=D(60_000), leverage=20, updated_at=1,
        )
    ]  # fmt: skip
    bench.gateway.income = [income("-20", time_ms=bench.clock.now_ms())]
    bench.marks["BTCUSDT"] = D(59_000)
    bench.oms.guard.begin()
    bench.gateway.go_live()
    bench.oms.reconciler.run()
    return bench


def prepared(name: str) -> OmsBench:
    """As `bench_of`, with a first order where a rule needs one."""
    bench = bench_of(STRICT[name])
    if name in ("rate", "duplicate", "open orders"):
        bench.buy()
    return bench


def judge(bench: OmsBench) -> None:
    bench.oms.guard.tick(bench.clock.monotonic())


def test_every_limit_there_is_is_tried_here():
    qualifiers = {"daily_loss_with_open", "day_begins_at_h", "cool_down_min"}  # of the day's loss
    limits = {field.name for field in fields(RiskLimits)} - qualifiers
    usual = RiskLimits()
    tried = {
        name for strict in STRICT.values() for name in limits
        if getattr(strict, name) != getattr(usual, name)
    }  # fmt: skip
    assert tried == limits


@pytest.mark.parametrize("name", STRICT)
def test_the_rule_refuses_before_anything_is_sent(name):
    bench = prepared(name)
    sent = bench.gateway.count("submit")
    with pytest.raises(OrderNotAllowed):
        bench.buy()
    assert bench.gateway.count("submit") == sent


@pytest.mark.parametrize("name", STRICT)
def test_reducing_passes_every_rule(name):
    bench = prepared(name)
    resting = bench.oms.submit_order("BTCUSDT", "SELL", "LIMIT", "0.1", "50000", reduce_only=True)
    closing = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    again = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert {o.status for o in (closing, again)} == {OrderStatus.FILLED}
    bench.oms.guard.check_place(hedged(Side.SELL), BTC)
    bench.oms.modify_order(resting, price="49000")
    bench.oms.cancel_order(resting)
    assert resting.status is OrderStatus.CANCELED
    bench.oms.guard.check_algo(algo(close_position=True, quantity=None), BTC)


def hedged(side: Side) -> PlaceOrder:
    return PlaceOrder(
        symbol="BTCUSDT", side=side, type=OrderType.MARKET, quantity=D("0.1"),
        position_side=PositionSide.LONG,
    )  # fmt: skip


def test_the_opening_side_of_a_hedge_is_judged():
    bench = bench_of(RiskLimits(max_order_usdt=D(100)))
    with pytest.raises(OrderNotAllowed, match="max_order_usdt"):
        bench.oms.guard.check_place(hedged(Side.BUY), BTC)


def algo(**changes) -> PlaceAlgo:
    wanted = {
        "symbol": "BTCUSDT", "side": Side.BUY, "type": OrderType.STOP_MARKET,
        "quantity": D("0.1"), "trigger_price": D(61_000),
    }  # fmt: skip
    return PlaceAlgo(**{**wanted, **changes})


@pytest.mark.parametrize("name", sorted(STRICT.keys() - {"price band", "rate", "duplicate"}))
def test_a_conditional_order_that_opens_is_judged_too(name):
    bench = prepared(name)
    with pytest.raises(OrderNotAllowed):
        bench.oms.guard.check_algo(algo(), BTC)


def test_an_amend_is_judged_by_what_it_makes_of_the_order():
    bench = bench_of(RiskLimits(max_order_qty={"BTCUSDT": D(1)}, price_band_pct=D(5)))
    order = bench.buy("0.9")
    with pytest.raises(OrderNotAllowed, match=r"would be 1\.1 BTC"):
        bench.oms.modify_order(order, quantity="1.1")
    with pytest.raises(OrderNotAllowed, match="above the mark"):
        bench.oms.modify_order(order, price="70000")
    bench.oms.modify_order(order, quantity="1")
    assert order.view.orig_qty == D(1)


def test_an_amend_does_not_count_itself_and_a_smaller_one_always_passes():
    bench = bench_of(RiskLimits(max_position_qty={"BTCUSDT": D("1.5")}))
    order = bench.buy("0.5")
    bench.oms.modify_order(order, price="59000")
    bench.gateway.positions = []
    with pytest.raises(OrderNotAllowed):
        bench.buy("0.1")
    bench.oms.modify_order(order, quantity="0.4")
    assert order.view.orig_qty == D("0.4")


def test_known_conditional_orders_count_as_open_and_for_the_position():
    bench = bench_of(RiskLimits(max_position_qty={"BTCUSDT": D("1.5")}, max_open_orders=2))
    bench.gateway.place_algo_order("BTCUSDT", "BUY", "STOP_MARKET", "0.4", trigger_price="61000")
    bench.buy("0.1")
    with pytest.raises(OrderNotAllowed, match="2 orders are open"):
        bench.buy("0.1")
    with pytest.raises(OrderNotAllowed, match=r"would be 1\.6 BTC"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1", client_order_id="x")


def test_a_price_nobody_follows_is_asked_for():
    bench = bench_of(RiskLimits(max_order_usdt=D(5000)))
    bench.marks.clear()
    with pytest.raises(OrderNotAllowed, match="6,000"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
    bench.gateway.plan("mark_price", NotConnected("The exchange cannot be reached."))
    with pytest.raises(OrderNotAllowed, match="cannot be reached"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")


def test_leverage_is_capped():
    bench = bench_of(RiskLimits(max_leverage=50))
    bench.oms.guard.check_leverage("BTCUSDT", 50)
    with pytest.raises(OrderNotAllowed, match="125x"):
        bench.oms.guard.check_leverage("BTCUSDT", 125)


# --- the day -----------------------------------------------------------------------------


def test_the_view_tells_the_days_result():
    bench = bench_of(RiskLimits())
    judge(bench)
    (told,) = bench.log.of(GuardChanged)
    assert told.guard.day_pnl == D(-20)
    assert told.guard.locked_until_ms is None
    assert "No limit" in told.guard.sentence
    assert told.latest_key() == "guard"
    judge(bench)
    assert len(bench.log.of(GuardChanged)) == 1


def test_a_fill_that_reaches_the_limit_locks_at_once_and_is_told():
    locks = Locks()
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D("20.005")), locks)
    order = bench.buy()
    bench.gateway.fill(order.order_id, "0.1")  # earns 0.5, costs 0.01
    assert bench.oms.guard.view().day_pnl == D("-19.51")
    bench.gateway.income.append(income("-1", "FUNDING_FEE", time_ms=bench.clock.now_ms()))
    funding = {"event_ms": 1, "transaction_ms": 1, "balances": (), "positions": ()}
    bench.oms.on_event(AccountUpdate(reason="FUNDING_FEE", **funding))
    bench.clock.advance(25)
    judge(bench)
    view = bench.oms.guard.view()
    assert view.day_pnl == D("-20.51")
    assert view.locked_until_ms == view.day_began_ms + DAY_MS
    assert "guard.locked" in bench.log.alert_codes()
    assert locks.kept is not None
    with pytest.raises(OrderNotAllowed, match="Locked until"):
        bench.buy("0.2")


def test_a_fill_is_counted_once_though_the_statement_has_it_too():
    bench = bench_of(RiskLimits())
    order = bench.buy()
    bench.gateway.fill(order.order_id, "0.1")
    trade = str(bench.gateway.trades[-1].trade_id)
    now_ms = bench.clock.now_ms()
    bench.gateway.income += [
        income("0.5", time_ms=now_ms, trade_id=trade),
        income("-0.01", "COMMISSION", time_ms=now_ms, trade_id=trade),
    ]
    bench.clock.advance(25)
    judge(bench)
    assert bench.oms.guard.view().day_pnl == D("-19.51")
    bench.oms.guard._keeper.note_fill(bench.gateway.trades[-1])
    assert bench.oms.guard.view().day_pnl == D("-19.51")


def test_the_lock_out_ends_with_the_day_and_is_told():
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(10)))
    judge(bench)
    until_ms = bench.oms.guard.view().locked_until_ms
    assert until_ms is not None
    bench.clock.advance((until_ms - bench.clock.now_ms()) / 1000)
    judge(bench)
    assert bench.oms.guard.view().locked_until_ms is None
    assert bench.oms.guard.view().day_pnl == 0
    assert bench.log.alert_codes()[-1] == "guard.unlocked"
    bench.buy()


def test_an_open_loss_counts_only_when_wanted():
    assert bench_of(RiskLimits(max_daily_loss_usdt=D(500))).buy().status is OrderStatus.NEW
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(500), daily_loss_with_open=True))
    with pytest.raises(OrderNotAllowed, match=r"1,020\.00 USDT"):
        bench.buy()
    bench.marks["BTCUSDT"] = D(60_000)  # won back: the day is over all the same
    with pytest.raises(OrderNotAllowed, match="Locked"):
        bench.buy()


def test_without_a_mark_price_the_venues_word_counts_for_the_open_loss():
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(500), daily_loss_with_open=True))
    bench.marks.clear()
    assert bench.buy().status is OrderStatus.NEW


def test_a_restart_finds_the_lock_out_in_the_statement():
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(10)), Locks())
    with pytest.raises(OrderNotAllowed, match="Locked"):
        bench.buy()


def test_a_kept_lock_out_holds_whatever_the_settings_say_now():
    now_ms = OmsBench(live=False).clock.now_ms()
    kept = LockOut(at_ms=now_ms - 1, until_ms=now_ms + 60_000, sentence="Lost enough.")
    bench = bench_of(RiskLimits(), Locks(kept))
    with pytest.raises(OrderNotAllowed, match="Lost enough"):
        bench.buy()
    bench.clock.advance(60)
    assert bench.buy().status is OrderStatus.NEW


def test_an_altered_record_locks_until_the_day_ends():
    bench = bench_of(RiskLimits(), Locks(altered=True))
    with pytest.raises(OrderNotAllowed, match="altered by hand"):
        bench.buy()


def test_a_broken_store_leaves_the_lock_out_in_memory():
    locks = Locks()
    locks.breaks = True
    bench = bench_of(RiskLimits(max_daily_loss_usdt=D(10)), locks)
    judge(bench)
    with pytest.raises(OrderNotAllowed, match="Locked"):
        bench.buy()
    locks.breaks = False
    judge(bench)
    assert locks.kept is not None


def test_until_the_statement_is_read_only_reducing_passes():
    bench = OmsBench(risk=RiskLimits(max_daily_loss_usdt=D(10)))
    with pytest.raises(OrderNotAllowed, match="has not been read"):
        bench.buy()
    sold = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", reduce_only=True)
    assert sold.status is OrderStatus.FILLED


def test_a_statement_that_cannot_be_read_stops_the_start_only_when_needed():
    bench = OmsBench(live=False)
    bench.gateway.is_offline = True
    bench.oms.guard.begin()
    bench.oms.guard.tick(bench.clock.monotonic())  # and is tried again later
    strict = OmsBench(live=False, risk=RiskLimits(max_daily_loss_usdt=D(10)))
    strict.gateway.is_offline = True
    with pytest.raises(NotConnected):
        strict.oms.guard.begin()


def test_fees_in_another_coin_count_at_its_price_or_are_named():
    bench = bench_of(RiskLimits())
    fee = FillView(
        symbol="BTCUSDT", trade_id=1, order_id=1, client_order_id="", side=Side.BUY,
        price=D(1), quantity=D(1), commission=D("0.01"), commission_asset="BNB",
        time_ms=bench.clock.now_ms(),
    )  # fmt: skip
    bench.oms.guard._keeper.note_fill(fee)
    assert "BNB" in bench.oms.guard.view().sentence
    bench.marks["BNBUSDT"] = D(600)
    bench.oms.guard._keeper.note_fill(fee)
    view = bench.oms.guard.view()
    assert (view.day_pnl, view.sentence) == (D(-26), "No limit of the day's loss is set.")


def test_a_long_statement_is_read_page_by_page():
    bench = OmsBench(live=False)
    now_ms = bench.clock.now_ms()
    bench.gateway.income = [
        income("-1", time_ms=now_ms - 3000 + n, transaction_id=n) for n in range(2500)
    ]
    bench.oms.guard.begin()
    assert bench.oms.guard.view().day_pnl == D(-2500)
    assert bench.gateway.count("income") == 3


def test_the_day_begins_at_the_hour_of_the_settings():
    bench = OmsBench(live=False, risk=RiskLimits(day_begins_at_h=7))
    began = datetime.fromtimestamp(bench.oms.guard.view().day_began_ms / 1000, UTC)
    assert (began.hour, began.minute) == (7, 0)


def test_old_rows_are_forgotten():
    bench = bench_of(RiskLimits())
    bench.clock.advance(2 * 86_400)
    bench.gateway.income = []
    judge(bench)
    assert bench.oms.guard._keeper._entries() == []
