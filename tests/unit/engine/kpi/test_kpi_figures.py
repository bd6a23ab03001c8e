"""Small orders, memory, log lines, the comparison with the venue, the guard of the link."""

from __future__ import annotations

import logging
import subprocess
from decimal import Decimal

import msgspec
import pytest

from engine.errors import BugError
from engine.kpi import link_cut
from engine.kpi.log_lines import LogLines
from engine.kpi.order_amounts import resting_price, smallest_quantity
from engine.kpi.process_figures import growth_mb_per_h, memory_mb
from engine.kpi.venue_comparison import differences
from engine.market.instruments import Instrument
from engine.trading_types import OrderStatus, OrderType, Side
from tests.helpers.fake_gateway import BTC
from tests.helpers.oms_bench import OmsBench

D = Decimal


def rules(min_notional: str = "100") -> Instrument:
    return msgspec.structs.replace(BTC, min_notional=D(min_notional))


@pytest.mark.parametrize(
    ("min_notional", "price", "quantity"),
    [("100", "64000", "0.002"), ("5", "64000", "0.001"), ("100", "100", "1.1")],
)
def test_the_smallest_quantity_is_worth_enough_and_no_more(min_notional, price, quantity):
    assert smallest_quantity(rules(min_notional), OrderType.LIMIT, D(price)) == D(quantity)


def test_a_resting_buy_is_allowed_by_the_rules_and_below_the_market():
    price = resting_price(rules(), 64000.07, ticks_below=20)
    assert price == D("62078.0")
    quantity = smallest_quantity(rules(), OrderType.LIMIT, price)
    wanted = {"side": Side.BUY, "order_type": OrderType.LIMIT, "quantity": quantity}
    assert rules().problems(**wanted, price=price, mark_price=D("64000")) == ()


def test_memory_growth_is_the_slope_without_the_start():
    filling = [(float(s), 50.0 + 10 * s) for s in range(10)]
    steady = [(float(s), 150.0 + s / 3600) for s in range(10, 100)]
    assert growth_mb_per_h(filling + steady) == pytest.approx(1.0)


def test_memory_growth_of_a_few_samples_means_nothing():
    assert growth_mb_per_h([(float(s), 50.0 + s) for s in range(10)]) is None


def test_this_process_takes_memory():
    assert 5 < memory_mb() < 5000


def test_log_lines_are_kept_of_the_wanted_loggers_and_without_secrets(caplog):
    with caplog.at_level(logging.INFO), LogLines("engine.oms") as lines:
        logging.getLogger("engine.oms.order_placing").info("sent signature=%s", "abcdef")
        logging.getLogger("engine.exchange").info("other")
    logging.getLogger("engine.oms.order_placing").info("too late")
    (line,) = lines.all()
    assert line.endswith("engine.oms.order_placing: sent signature=***")


def test_an_order_counts_when_its_line_was_written_once(caplog):
    bench = OmsBench()
    orders = [bench.buy(price=price) for price in ("60000", "60001", "60002")]
    names = [order.client_order_id for order in orders]
    with caplog.at_level(logging.INFO), LogLines("engine.oms") as lines:
        for name in (names[0], names[1], names[1], f"{names[2]}0"):
            logging.getLogger("engine.oms").info("ORDER_PLACED order=%s", name)
    assert lines.orders_told_once("ORDER_PLACED", orders) == 1


def test_an_order_that_the_venue_holds_otherwise_is_told_field_by_field():
    bench = OmsBench()
    order = bench.buy()
    word = bench.gateway.query_order("BTCUSDT", client_order_id=order.client_order_id)
    assert differences(order, word) == []
    other = msgspec.structs.replace(word, status=OrderStatus.CANCELED, price=D("59999"))
    assert differences(order, other) == ["status: NEW / CANCELED", "price: 60000 / 59999"]


@pytest.mark.parametrize("variable", ["", "same"])
def test_the_link_of_the_computer_itself_is_never_touched(monkeypatch, variable):
    def fail(*_args: object, **_options: object) -> None:
        raise AssertionError("a command was run")

    here = link_cut._namespace()
    monkeypatch.setenv("PERPDESK_KPI_OUTER_NAMESPACE", here if variable else "")
    monkeypatch.setattr(subprocess, "run", fail)
    assert not link_cut.is_inside()
    with pytest.raises(BugError):
        link_cut.LinkCut().begin()
