from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.utils.decimals import (
    ceil_to_step,
    floor_to_step,
    is_multiple,
    plain,
    round_to_step,
    to_decimal,
)


@pytest.mark.parametrize(
    ("given_value", "text"),
    [
        (0.1, "0.1"),
        (0.3, "0.3"),
        (1e-05, "0.00001"),
        ("0.50", "0.5"),
        (100, "100"),
        (1e22, "1" + "0" * 22),
    ],
)
def test_numbers_reach_the_wire_as_people_wrote_them(given_value, text):
    assert plain(to_decimal(given_value, "quantity")) == text


@pytest.mark.parametrize("bad", ["abc", "", "1,5", "nan", "inf", float("nan"), True, "1 000"])
def test_what_is_no_number_names_the_field(bad):
    with pytest.raises(BadInput) as caught:
        to_decimal(bad, "price")
    assert caught.value.field == "price"


@given(st.decimals(0, 10**6, places=6), st.sampled_from(["0.1", "0.01", "0.001", "5", "0.3"]))
def test_rounding_lands_on_the_grid_and_stays_near(number, step_text):
    step = Decimal(step_text)
    floor, ceiling = floor_to_step(number, step), ceil_to_step(number, step)
    assert is_multiple(floor, step)
    assert is_multiple(ceiling, step)
    assert floor <= number <= ceiling
    assert ceiling - floor in (0, step)
    assert abs(round_to_step(number, step) - number) <= step / 2


def test_a_step_of_zero_switches_the_rule_off():
    assert round_to_step(Decimal("1.2345"), Decimal(0)) == Decimal("1.2345")
    assert is_multiple(Decimal("1.2345"), Decimal(0))
