from __future__ import annotations

from decimal import Decimal

import pytest

from engine.events import Alert
from engine.oms.order_models import Order
from engine.trading_types import PositionSide, StreamState
from engine.views import PositionView
from tests.helpers.account_words import account_update, balance_report, position_report
from tests.helpers.oms_bench import OmsBench

D = Decimal


class Bench(OmsBench):
    """The fake venue trades and says nothing of positions: the test does."""

    def told(self, quantity: str, position_side: PositionSide = PositionSide.BOTH) -> None:
        report = position_report(quantity, position_side=position_side)
        self.oms.on_event(account_update(self.clock.now_ms(), positions=(report,)))

    def told_wallet(self, amount: str, reason: str = "ORDER") -> None:
        balances = (balance_report(amount),)
        self.oms.on_event(account_update(self.clock.now_ms(), balances=balances, reason=reason))

    def look(self, seconds: float) -> list[str]:
        """Ticks a second apart; what was said about positions in all."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.oms.tick(self.clock.monotonic())
        return [a.sentence for a in self.log.of(Alert) if a.code == "position.differs"]

    def fill(self, order: Order, quantity: str, *, emits: bool = True) -> None:
        assert order.order_id is not None
        self.gateway.fill(order.order_id, quantity, emits=emits)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    order = bench.buy("1")
    bench.fill(order, "0.1")
    bench.told("0.1")
    assert bench.look(5) == []
    return bench


def test_a_fill_and_its_position_agree_in_whichever_order_they_come(bench: Bench) -> None:
    order = bench.oms.open_orders()[0]
    bench.told("0.3")
    bench.look(2)
    bench.fill(order, "0.2")
    bench.look(2)
    bench.fill(order, "0.2")
    bench.look(2)
    bench.told("0.5")
    assert bench.look(10) == []
    assert bench.gateway.count("renew_user_stream") == 0


@pytest.mark.parametrize("lost", ["position", "fill"])
def test_what_stays_different_is_told_and_everything_read_again(bench: Bench, lost: str) -> None:
    order = bench.oms.open_orders()[0]
    if lost == "position":
        bench.fill(order, "0.2")
    else:
        bench.fill(order, "0.2", emits=False)
        bench.told("0.3")
    assert bench.look(2) == []
    (sentence,) = bench.look(3)
    expected = "is 0.1, its trades say 0.3" if lost == "position" else "is 0.3, its trades say 0.1"
    assert f"BTCUSDT {expected}" in sentence
    assert bench.gateway.count("renew_user_stream") == 1
    bench.look(10)
    assert bench.gateway.count("renew_user_stream") == 1


def test_after_a_recovery_both_are_counted_anew(bench: Bench) -> None:
    order = bench.oms.open_orders()[0]
    bench.gateway.say(StreamState.DISCONNECTED)
    bench.look(1)
    bench.fill(order, "0.2", emits=False)
    bench.gateway.positions = [
        PositionView(
            symbol="BTCUSDT",
            position_side=PositionSide.BOTH,
            quantity=D("0.3"),
            entry_price=D(60000),
            updated_at=bench.clock.now_ms(),
        )
    ]
    bench.gateway.go_live()
    bench.oms.reconciler.run()
    assert bench.look(6) == []
    bench.fill(order, "0.1")
    bench.told("0.4")
    assert bench.look(6) == []


def test_long_and_short_are_compared_each_for_itself(bench: Bench) -> None:
    bench.told("-0.2", PositionSide.SHORT)
    bench.look(5)
    bench.told("-0.4", PositionSide.SHORT)
    (sentence,) = bench.look(5)
    assert "BTCUSDT SHORT is -0.4" in sentence


# --- wallets: each trade of the fake venue earns 0.50 and costs 0.01 USDT --------------------


@pytest.fixture
def funded(bench: Bench) -> Bench:
    bench.told_wallet("1000")
    assert bench.look(5) == []
    return bench


def test_a_wallet_and_its_trades_agree_in_whichever_order_they_come(funded: Bench) -> None:
    order = funded.oms.open_orders()[0]
    funded.fill(order, "0.1")
    funded.told("0.2")
    funded.told_wallet("1000.49")
    funded.look(5)
    funded.told("0.3")
    funded.told_wallet("1000.98000001")
    funded.look(2)
    funded.fill(order, "0.1")
    assert funded.look(6) == []
    assert funded.gateway.count("renew_user_stream") == 0


def test_a_round_trip_that_was_not_told_is_seen_in_the_wallet(funded: Bench) -> None:
    """The position is what it was, so nothing else would tell."""
    funded.told_wallet("1000.98")
    (sentence,) = funded.look(5)
    assert "the USDT wallet holds 1000.98, its trades say 1000" in sentence
    assert funded.gateway.count("renew_user_stream") == 1


@pytest.mark.parametrize("reason", ["FUNDING_FEE", "DEPOSIT"])
def test_what_no_trade_tells_of_changes_the_wallet_in_peace(funded: Bench, reason: str) -> None:
    funded.told_wallet("1200", reason)
    assert funded.look(10) == []
    order = funded.oms.open_orders()[0]
    funded.fill(order, "0.1")
    funded.told("0.2")
    funded.told_wallet("1200.49")
    assert funded.look(6) == []
