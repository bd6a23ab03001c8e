"""A bad figure says what to do."""

from msgspec.structs import replace

from desktop.models import health_advice as advice
from engine.trading_types import StreamState
from tests.gui.scene import health


def test_good_figures_are_quiet():
    good = health()
    said = [advice.rtt_advice(good), advice.clock_advice(good), advice.rate_advice(good)]
    said.append(advice.limit_advice(good.weight_used, good.weight_limit, is_orders=False))
    assert not any(one.is_bad for one in said)


def test_bad_figures_say_the_cure():
    bad = replace(health(), order_rtt_p99_ms=900.0, clock_offset_ms=-800.0, decode_errors=3)
    said = [advice.rtt_advice(bad), advice.clock_advice(bad), advice.rate_advice(bad)]
    assert all(one.is_bad for one in said)
    assert "cable" in said[0].sentence
    assert "clock by the internet" in said[1].sentence
    assert "3 could not be read" in said[2].sentence


def test_nearly_full_limits_have_their_own_cures():
    orders = advice.limit_advice(290, 300, is_orders=True)
    weight = advice.limit_advice(2390, 2400, is_orders=False)
    assert orders.is_bad
    assert weight.is_bad
    assert "cancels still go out" in orders.sentence
    assert "other programs" in weight.sentence
    assert not advice.limit_advice(5, 0, is_orders=True).is_bad


def test_no_order_yet_is_no_fault():
    assert "No order" in advice.rtt_advice(replace(health(), order_rtt_p99_ms=None)).sentence


def test_every_state_of_a_stream_has_its_advice():
    assert set(advice.STREAM_ADVICE) == set(StreamState)
