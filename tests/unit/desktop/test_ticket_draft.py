"""What the ticket decides before anything is shown or sent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from desktop.models.ticket_draft import TicketDraft
from desktop.widgets.click_guard import ClickGuard
from engine.trading_types import OrderType, Side, TimeInForce
from tests.gui.scene import INSTRUMENTS

DRAFT = TicketDraft(
    instrument=INSTRUMENTS["BTCUSDT"],
    order_type=OrderType.LIMIT,
    price=Decimal("64246.0"),
    quantity=Decimal("0.1"),
    mark_price=Decimal("64249.8"),
    best_bid=Decimal("64250.0"),
    best_ask=Decimal("64250.1"),
)


def test_complete_draft_has_no_problem() -> None:
    assert DRAFT.missing() == ""
    assert [DRAFT.problem(side) for side in Side] == [None, None]


def test_missing_things_are_named_in_order() -> None:
    assert "contract rules" in replace(DRAFT, instrument=None).missing()
    assert replace(DRAFT, price=None, quantity=None).missing() == "Enter a price."
    assert replace(DRAFT, quantity=None).missing() == "Enter a quantity."
    assert replace(DRAFT, price=None, order_type=OrderType.MARKET).missing() == ""


def test_post_only_overrides_time_in_force_for_limit_orders_alone() -> None:
    post = replace(DRAFT, post_only=True, time_in_force=TimeInForce.IOC)
    assert post.command(Side.BUY, "r").time_in_force is TimeInForce.GTX
    market = replace(post, order_type=OrderType.MARKET)
    assert market.command(Side.BUY, "r").time_in_force is TimeInForce.GTC
    assert market.command(Side.BUY, "r").price is None


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ("64250.1", "A buy would trade at once"),
        ("64250.0", "a sell would trade at once"),
        ("64250.05", "Inside the spread"),
    ],
)
def test_prospect_tells_which_side_would_trade(price: str, says: str) -> None:
    assert says in replace(DRAFT, price=Decimal(price)).prospect()


def test_market_value_is_counted_at_the_other_side() -> None:
    market = replace(DRAFT, order_type=OrderType.MARKET)
    assert market.reference_price(Side.BUY) == Decimal("64250.1")
    assert market.reference_price(Side.SELL) == Decimal("64250.0")
    assert replace(market, best_ask=None).reference_price() == Decimal("64249.8")


def test_stale_prices_stop_market_orders_that_add_risk() -> None:
    market = replace(DRAFT, order_type=OrderType.MARKET, is_stale=True)
    assert market.problem(Side.BUY) is not None
    assert replace(market, reduce_only=True).problem(Side.BUY) is None
    assert replace(DRAFT, is_stale=True).problem(Side.BUY) is None


def test_guard_admits_one_of_a_flurry_and_the_next_after_a_rest() -> None:
    now = [0.0]
    guard = ClickGuard(now_ms=lambda: now[0])
    admitted = []
    for at_ms in (0, 150, 500, 899, 1299, 1700):
        now[0] = at_ms
        admitted.append(guard.admits())
    # each try within 400 ms of the one before is refused, however long it goes on
    assert admitted == [True, False, False, False, True, True]
