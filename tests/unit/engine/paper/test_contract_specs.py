from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import UnknownSymbol
from engine.paper.contract_specs import CONTRACT_SPECS, ContractSpec, contract_spec

D = Decimal
EVERY = pytest.mark.parametrize("spec", CONTRACT_SPECS.values(), ids=lambda spec: spec.symbol)
BTC = contract_spec("BTCUSDT")


def filter_of(spec: ContractSpec, name: str) -> dict:
    return next(f for f in spec.exchange_info()["filters"] if f["filterType"] == name)


def test_lists_the_six_contracts():
    assert set(CONTRACT_SPECS) == {f"{a}USDT" for a in ("BTC", "ETH", "SOL", "BNB", "XRP", "DOGE")}


def test_unknown_symbol_names_what_there_is():
    with pytest.raises(UnknownSymbol, match="BTCUSDT"):
        contract_spec("PEPEUSDT")


class TestGrid:
    def test_prices_and_quantities_convert_exactly_both_ways(self):
        assert BTC.price_to_ticks(D("64250.1")) == 642501
        assert str(BTC.ticks_to_price(642501)) == "64250.10"
        assert BTC.qty_to_steps(D("0.100")) == 100
        assert str(BTC.steps_to_qty(100)) == "0.100"

    @pytest.mark.parametrize("text", ["64250.15", "0.01", "NaN", "Infinity", "1E+40"])
    def test_price_off_the_grid_is_refused(self, text):
        with pytest.raises(ValueError, match=r"0\.10"):
            BTC.price_to_ticks(D(text))

    def test_quantity_off_the_grid_is_refused(self):
        with pytest.raises(ValueError, match=r"0\.0005"):
            BTC.qty_to_steps(D("0.0005"))

    @EVERY
    def test_every_bound_lies_on_the_grid(self, spec):
        for price in (spec.base_price, spec.min_price, spec.max_price):
            assert spec.ticks_to_price(spec.price_to_ticks(price)) == price
        for qty in (spec.min_qty, spec.max_qty, spec.market_max_qty):
            assert spec.steps_to_qty(spec.qty_to_steps(qty)) == qty

    @EVERY
    def test_text_never_takes_an_exponent(self, spec):
        for number in (0, 1, 10**9):
            assert "E" not in str(spec.ticks_to_price(number)) + str(spec.steps_to_qty(number))


class TestBrackets:
    @EVERY
    def test_margin_is_continuous_at_every_boundary(self, spec):
        assert len(spec.leverage_brackets) >= 5
        assert spec.leverage_brackets[0].notional_floor == 0
        assert spec.leverage_brackets[0].cum == 0
        for lower, upper in zip(spec.leverage_brackets, spec.leverage_brackets[1:], strict=False):
            at = upper.notional_floor
            assert lower.notional_cap == at
            assert upper.initial_leverage < lower.initial_leverage
            assert at * lower.maint_margin_ratio - lower.cum == (
                at * upper.maint_margin_ratio - upper.cum
            )

    @EVERY
    def test_opening_at_full_leverage_is_never_liquidated_at_once(self, spec):
        for bracket in spec.leverage_brackets:
            assert D(1) / bracket.initial_leverage > bracket.maint_margin_ratio

    def test_bracket_by_notional(self):
        assert BTC.bracket_for(D(300_000)).bracket == 1
        assert BTC.bracket_for(D("-300000.01")).bracket == 2
        assert BTC.bracket_for(D(10) ** 12) is BTC.leverage_brackets[-1]

    def test_max_notional_by_leverage(self):
        assert BTC.max_leverage == 125
        assert BTC.max_notional(125) == 300_000
        assert BTC.max_notional(60) == 3_000_000
        assert BTC.max_notional(126) == 0


class TestExchangeInfo:
    def test_filters_carry_the_venues_names_and_texts(self):
        assert filter_of(BTC, "PRICE_FILTER")["tickSize"] == "0.10"
        assert filter_of(BTC, "LOT_SIZE") == {
            "filterType": "LOT_SIZE",
            "minQty": "0.001",
            "maxQty": "1000.000",
            "stepSize": "0.001",
        }
        assert filter_of(BTC, "MARKET_LOT_SIZE")["maxQty"] == "120.000"
        assert filter_of(BTC, "MIN_NOTIONAL")["notional"] == "50"
        assert filter_of(BTC, "MAX_NUM_ORDERS")["limit"] == 200
        assert filter_of(BTC, "PERCENT_PRICE")["multiplierUp"] == "1.0500"
        assert filter_of(BTC, "POSITION_RISK_CONTROL")["positionControlSide"] == "NONE"

    @EVERY
    def test_every_documented_field_is_there(self, spec):
        info = spec.exchange_info()
        documented = (
            "symbol pair contractType deliveryDate onboardDate status maintMarginPercent "
            "requiredMarginPercent baseAsset quoteAsset marginAsset pricePrecision "
            "quantityPrecision baseAssetPrecision quotePrecision underlyingType "
            "underlyingSubType settlePlan triggerProtect liquidationFee marketTakeBound "
            "maxMoveOrderLimit orderTypes timeInForce permissionSets filters"
        )
        assert set(info) == set(documented.split())
        assert info["symbol"] == spec.symbol
