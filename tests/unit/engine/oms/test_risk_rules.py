"""Every rule: that it refuses, that its sentence tells the fix, and that 0 switches it off."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.oms.risk_rules import (
    RULES,
    Facts,
    RiskLimits,
    Wish,
    leverage_objection,
    objection,
    only_reduces,
)
from engine.trading_types import PositionSide, Side

D = Decimal

WISH = Wish(symbol="BTCUSDT", side=Side.BUY, quantity=D(2), price=D(60_000))
FACTS = Facts(
    now_ms=10_000,
    mark_price=D(60_000),
    equity=D(10_000),
    leverage=20,
    step=D("0.001"),
    base_asset="BTC",
)


def refused(limits: RiskLimits, wish: Wish = WISH, facts: Facts = FACTS) -> str:
    found = objection(wish, facts, limits)
    assert found is not None
    return found.sentence


def test_without_limits_nothing_is_refused():
    assert objection(WISH, replace(FACTS, equity=None, mark_price=None), RiskLimits()) is None


@pytest.mark.parametrize(
    ("limits", "words", "fix"),
    [
        (RiskLimits(max_order_qty={"BTCUSDT": D(1)}), "would be 2 BTC; your limit is 1 BTC", "1"),
        (RiskLimits(max_order_usdt=D(90_000)), "120,000.00 USDT; your limit is 90,000", "1.5"),
        (RiskLimits(max_order_equity_pct=D(600)), "1,200 % of your equity; your limit", "1"),
        (RiskLimits(max_position_qty={"BTCUSDT": D(1)}), "position with its open orders", "1"),
        (RiskLimits(max_position_usdt=D(60_000)), "(risk.max_position_usdt)", "1"),
        (RiskLimits(max_position_equity_pct=D(300)), "(risk.max_position_equity_pct)", "0.5"),
    ],
)
def test_a_size_beyond_its_limit_is_refused_with_what_would_pass(limits, words, fix):
    found = objection(WISH, FACTS, limits)
    assert found is not None
    assert words in found.sentence
    assert "reduce-only" in found.sentence
    assert (found.field, found.fix) == ("quantity", fix)
    assert objection(replace(WISH, quantity=D(fix)), FACTS, limits) is None


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_open_orders_and_the_position_count_for_the_position(side):
    limits = RiskLimits(max_position_qty={"BTCUSDT": D(3)})
    held = D(1) if side is Side.BUY else D(-1)
    wish = replace(WISH, side=side)
    assert objection(wish, replace(FACTS, position=held), limits) is None
    sentence = refused(limits, wish, replace(FACTS, position=held, resting=D("0.5")))
    assert "would be 3.5 BTC" in sentence
    assert "1.5 would pass" in sentence
    assert "Nothing more fits" in refused(limits, wish, replace(FACTS, position=held * 3))
    smaller = replace(wish, is_new=False)
    assert "Keep the old" in refused(limits, smaller, replace(FACTS, position=held * 3))


def test_what_makes_the_position_smaller_passes_its_rule():
    limits = RiskLimits(max_position_qty={"BTCUSDT": D(1)})
    assert objection(WISH, replace(FACTS, position=D(-5)), limits) is None
    turning, short = replace(WISH, quantity=D(5)), replace(FACTS, position=D(-2))
    assert "would be 3 BTC" in refused(limits, turning, short)


def test_a_market_order_is_weighed_at_the_mark_price():
    limits = RiskLimits(max_order_usdt=D(90_000))
    market = replace(WISH, price=None)
    assert "120,000.00" in refused(limits, market)
    unpriced = replace(FACTS, mark_price=None)
    assert "price of BTCUSDT is not known" in refused(limits, market, unpriced)


def test_shares_of_an_unknown_equity_are_refused_and_of_none_left_too():
    limits = RiskLimits(max_order_equity_pct=D(100))
    assert "equity is not known" in refused(limits, WISH, replace(FACTS, equity=None))
    assert "more than all of your equity" in refused(limits, WISH, replace(FACTS, equity=D(-1)))


@pytest.mark.parametrize(
    ("side", "price", "word"), [(Side.BUY, "66000", "above"), (Side.SELL, "54000", "below")]
)
def test_a_price_far_on_the_wrong_side_is_refused(side, price, word):
    limits = RiskLimits(price_band_pct=D(5))
    wish = replace(WISH, side=side, price=D(price))
    found = objection(wish, FACTS, limits)
    assert found is not None
    assert f"10.0 % {word} the mark price 60000" in found.sentence
    assert (found.field, found.fix) == ("price", "60000")
    patient = replace(wish, side=side.opposite)
    assert objection(patient, FACTS, limits) is None
    for free in (replace(wish, price=None), replace(wish, is_conditional=True)):
        assert objection(free, FACTS, limits) is None
    assert objection(wish, replace(FACTS, mark_price=None), limits) is None


def test_more_orders_than_allowed_in_a_second_are_refused():
    limits = RiskLimits(orders_per_second=2)
    other = replace(WISH, symbol="ETHUSDT")
    sent = ((9_000, other), (9_100, other), (9_900, other))
    assert "2 orders went out" in refused(limits, WISH, replace(FACTS, sent=sent))
    assert objection(WISH, replace(FACTS, sent=sent[:2]), limits) is None


def test_the_same_order_again_is_a_slip_unless_it_is_named():
    limits = RiskLimits(duplicate_within_ms=300)
    facts = replace(FACTS, sent=((9_800, WISH),))
    assert "sent 200 ms ago" in refused(limits, WISH, facts)
    assert objection(replace(WISH, is_named=True), facts, limits) is None
    assert objection(replace(WISH, is_new=False), facts, limits) is None
    assert objection(replace(WISH, price=D(60_001)), facts, limits) is None
    assert objection(WISH, replace(FACTS, sent=((9_700, WISH),)), limits) is None


def test_too_many_open_orders_are_refused_but_not_a_market_order():
    limits = RiskLimits(max_open_orders=3)
    facts = replace(FACTS, open_orders=3)
    assert "3 orders are open; your limit is 3" in refused(limits, WISH, facts)
    assert objection(replace(WISH, price=None), facts, limits) is None
    assert objection(replace(WISH, is_new=False), facts, limits) is None
    assert objection(WISH, replace(facts, open_orders=2), limits) is None


def test_a_symbol_with_too_much_leverage_is_not_traded():
    limits = RiskLimits(max_leverage=10)
    found = objection(WISH, FACTS, limits)
    assert found is not None
    assert "20x; your limit is 10x" in found.sentence
    assert found.fix == "10"
    assert objection(WISH, replace(FACTS, leverage=10), limits) is None


def test_leverage_may_be_lowered_and_not_raised_beyond_the_limit():
    limits = RiskLimits(max_leverage=10)
    found = leverage_objection(25, 20, limits)
    assert found is not None
    assert "25x is above your limit of 10x" in found.sentence
    assert leverage_objection(15, 20, limits) is None
    assert leverage_objection(10, 5, limits) is None
    assert leverage_objection(125, 5, RiskLimits()) is None


@pytest.mark.parametrize(
    ("side", "held", "flags", "expected"),
    [
        (Side.BUY, PositionSide.BOTH, {}, False),
        (Side.BUY, PositionSide.BOTH, {"reduce_only": True}, True),
        (Side.SELL, PositionSide.BOTH, {"close_position": True}, True),
        (Side.SELL, PositionSide.LONG, {}, True),
        (Side.BUY, PositionSide.LONG, {}, False),
        (Side.BUY, PositionSide.SHORT, {}, True),
        (Side.SELL, PositionSide.SHORT, {}, False),
    ],
)
def test_what_only_reduces(side, held, flags, expected):
    assert only_reduces(side, held, **flags) is expected


def test_every_rule_is_off_at_zero():
    wild = replace(WISH, quantity=D(10**6), price=D(10**6))
    facts = replace(FACTS, open_orders=10**6, leverage=125, sent=((10_000, wild),) * 100)
    assert [rule(wild, facts, RiskLimits()) for rule in RULES] == [None] * len(RULES)
