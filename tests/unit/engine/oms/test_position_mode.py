from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.commands import ClosePosition
from engine.errors import NotConnected, OrderNotAllowed, OrderRefused, OutcomeUnknown
from engine.events.protection import HedgeModeChanged
from engine.oms.position_closing import closing_order
from engine.protection_commands import PlaceAlgo
from engine.trading_types import OrderType, PositionSide, Side
from engine.views import PositionView
from tests.helpers.fake_gateway import BTC, Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal
LONG, SHORT, BOTH = PositionSide.LONG, PositionSide.SHORT, PositionSide.BOTH


@pytest.fixture
def bench() -> OmsBench:
    return OmsBench()


@pytest.fixture
def hedged(bench: OmsBench) -> OmsBench:
    bench.oms.mode.learn(True)
    bench.gateway.is_hedge = True
    bench.log.events.clear()
    return bench


def modes(bench: OmsBench) -> list[bool]:
    return [event.is_on for event in bench.log.of(HedgeModeChanged)]


# --- the mode is followed -------------------------------------------------------------


def test_the_mode_is_read_at_the_login_and_told() -> None:
    bench = OmsBench(live=False)
    assert bench.oms.mode.is_hedge is None
    assert not bench.oms.is_hedge_mode
    bench.gateway.is_hedge = True
    bench.oms.reconciler.run()
    assert bench.oms.is_hedge_mode
    assert modes(bench) == [True]


def test_a_change_made_elsewhere_is_found_by_the_next_recovery(bench: OmsBench) -> None:
    bench.gateway.is_hedge = True
    bench.oms.reconciler.run()
    bench.oms.reconciler.run()
    assert modes(bench) == [True]


def test_a_refusal_that_shows_another_mode_makes_it_read_again(bench: OmsBench) -> None:
    bench.gateway.is_hedge = True
    bench.gateway.plan("submit", OrderRefused(-4061, "Position side does not match.", 400))
    assert bench.buy().status == "REJECTED"
    assert modes(bench) == [True]
    with pytest.raises(OrderNotAllowed, match="LONG or SHORT"):
        bench.buy()


def test_a_mode_that_cannot_be_read_stays_as_it_was(bench: OmsBench) -> None:
    bench.gateway.plan("submit", OrderRefused(-4061, "Position side does not match.", 400))
    bench.gateway.plan("is_hedge_mode", NotConnected("The exchange cannot be reached."))
    bench.buy()
    assert modes(bench) == []
    assert bench.oms.mode.is_hedge is False


def test_another_refusal_asks_for_no_mode(bench: OmsBench) -> None:
    bench.gateway.plan("submit", OrderRefused(-2019, "Margin is insufficient.", 400))
    bench.buy()
    assert bench.gateway.count("is_hedge_mode") == 0


def test_a_lost_answer_to_a_change_is_settled_by_asking(bench: OmsBench) -> None:
    def arrives() -> None:
        bench.gateway.is_hedge = True
        raise OutcomeUnknown("The connection was reset.")

    bench.gateway.plan("hedge_mode", arrives)
    bench.oms.mode.change(True)
    assert modes(bench) == [True]
    bench.gateway.plan("hedge_mode", OutcomeUnknown("The connection was reset."))
    with pytest.raises(OutcomeUnknown):
        bench.oms.mode.change(False)
    assert bench.oms.is_hedge_mode
    bench.oms.mode.change(False)
    assert modes(bench) == [True, False]


# --- checks before sending ------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "reduce_only", "fix"),
    [("BUY", False, "LONG"), ("SELL", False, "SHORT"), ("SELL", True, "LONG")],
)
def test_in_hedge_mode_an_order_must_name_its_position(
    hedged: OmsBench, side: str, reduce_only: bool, fix: str
) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        hedged.oms.submit_order("BTCUSDT", side, "MARKET", "0.1", reduce_only=reduce_only)
    assert (caught.value.field, caught.value.fix) == ("position_side", fix)
    assert hedged.gateway.count("submit") == 0


def test_in_one_way_mode_there_is_no_long_or_short(bench: OmsBench) -> None:
    with pytest.raises(OrderNotAllowed, match="one-way mode") as caught:
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1", position_side="LONG")
    assert (caught.value.field, caught.value.fix) == ("position_side", "BOTH")


def test_reduce_only_of_a_hedged_position_is_said_by_the_side_alone(hedged: OmsBench) -> None:
    order = hedged.oms.submit_order(
        "BTCUSDT", "SELL", "LIMIT", "0.1", "60000", reduce_only=True, position_side="LONG"
    )
    (sent,) = hedged.gateway.orders.values()
    assert (sent.reduce_only, sent.position_side, sent.side) == (False, LONG, Side.SELL)
    assert not order.reduce_only


def test_an_order_that_adds_to_a_hedged_position_is_not_reduce_only(hedged: OmsBench) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        hedged.oms.submit_order(
            "BTCUSDT", "BUY", "MARKET", "0.1", reduce_only=True, position_side="LONG"
        )
    assert caught.value.field == "reduce_only"


def test_while_the_stream_is_down_the_closing_side_still_goes_out() -> None:
    bench = OmsBench(live=False)
    bench.gateway.is_hedge = True
    bench.oms.reconciler.run()
    with pytest.raises(OrderNotAllowed, match="not live"):
        bench.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1", position_side="LONG")
    closing = bench.oms.submit_order("BTCUSDT", "SELL", "MARKET", "0.1", position_side="LONG")
    assert closing.order_id is not None


def test_the_same_order_for_the_other_position_is_no_twin(hedged: OmsBench) -> None:

    hedged.gateway.plan("submit", Loses.BEFORE)
    first = hedged.oms.submit_order(
        "BTCUSDT", "SELL", "LIMIT", "0.1", "60000", position_side="LONG"
    )
    assert first.status == "UNKNOWN"
    second = hedged.oms.submit_order(
        "BTCUSDT", "SELL", "LIMIT", "0.1", "60000", position_side="SHORT"
    )
    assert second.status == "NEW"


@pytest.mark.parametrize(("reduce_only", "fix"), [(False, "SHORT"), (True, "LONG")])
def test_a_conditional_order_names_its_position_too(
    hedged: OmsBench, reduce_only: bool, fix: str
) -> None:
    stop = PlaceAlgo(
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        quantity=D("0.1"),
        trigger_price=D(59000),
        reduce_only=reduce_only,
    )
    with pytest.raises(OrderNotAllowed) as caught:
        hedged.oms.algos.place(stop)
    assert (caught.value.field, caught.value.fix) == ("position_side", fix)
    held_long = replace(stop, reduce_only=False, position_side=LONG)
    assert hedged.oms.algos.place(held_long).view.position_side is LONG


# --- closing ---------------------------------------------------------------------------


def held(quantity: str, position_side: PositionSide = BOTH) -> PositionView:
    return PositionView(
        symbol="BTCUSDT",
        position_side=position_side,
        quantity=D(quantity),
        entry_price=D(60000),
    )


def close(**changes: object) -> ClosePosition:
    return ClosePosition(symbol="BTCUSDT", request_id="r", **changes)  # type: ignore[arg-type]


def test_a_position_is_closed_whole_at_market() -> None:
    order = closing_order(close(), [held("0.125")], BTC)
    assert (order.side, order.type, order.quantity) == (Side.SELL, OrderType.MARKET, D("0.125"))
    assert (order.reduce_only, order.position_side, order.request_id) == (True, BOTH, "r")


def test_a_share_at_a_price_is_a_limit_order_of_whole_steps() -> None:
    order = closing_order(close(share_pct=D(33), price=D(61000)), [held("-0.1", SHORT)], BTC)
    assert (order.side, order.type, order.price) == (Side.BUY, OrderType.LIMIT, D(61000))
    assert (order.quantity, order.position_side) == (D("0.033"), SHORT)


def test_of_two_positions_the_one_to_close_must_be_named() -> None:
    both = [held("0.1", LONG), held("-0.2", SHORT)]
    with pytest.raises(OrderNotAllowed, match="LONG or SHORT") as caught:
        closing_order(close(), both, BTC)
    assert caught.value.field == "position_side"
    assert closing_order(close(position_side=SHORT), both, BTC).quantity == D("0.2")


def test_the_only_position_of_a_symbol_need_not_be_named() -> None:
    assert closing_order(close(), [held("0.1", LONG)], BTC).position_side is LONG


@pytest.mark.parametrize(
    ("position_side", "words"), [(BOTH, "no open position"), (SHORT, "no open SHORT position")]
)
def test_nothing_to_close_is_said(position_side: PositionSide, words: str) -> None:
    positions = [held("0.1", LONG)] if position_side is SHORT else []
    with pytest.raises(OrderNotAllowed, match=words):
        closing_order(close(position_side=position_side), positions, BTC)


@pytest.mark.parametrize("share", ["0", "100.1", "0.5"])
def test_a_share_that_cannot_be_closed_is_said_with_a_fix(share: str) -> None:
    with pytest.raises(OrderNotAllowed) as caught:
        closing_order(close(share_pct=D(share)), [held("0.1")], BTC)
    assert (caught.value.field, caught.value.fix) == ("share_pct", "100")
