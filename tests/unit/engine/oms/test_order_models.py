from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.events import OrderUpdate
from engine.oms.order_changes import (
    AmendEnded,
    AmendSent,
    Applied,
    CancelFailed,
    CancelSent,
    Concluded,
    Impossible,
    OutcomeLost,
    Stale,
    Write,
)
from engine.oms.order_models import Order
from engine.trading_types import ExecutionType, OrderOrigin, OrderStatus, OrderType, Side
from engine.views import FillView, OrderView

D = Decimal


def an_order(**changes: Any) -> Order:
    view = OrderView(
        client_order_id="pd-1",
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        status=OrderStatus.PENDING_NEW,
        price=D(60000),
        orig_qty=D(2),
        created_at=1,
        updated_at=1,
    )
    return Order(replace(view, **changes))


def an_update(status: str = "NEW", at: int = 100, **changes: Any) -> OrderUpdate:
    update = OrderUpdate(
        symbol="BTCUSDT",
        client_order_id="pd-1",
        order_id=7,
        side=Side.BUY,
        type=OrderType.LIMIT,
        status=OrderStatus(status) if status in OrderStatus.__members__ else status,
        execution=ExecutionType.NEW,
        price=D(60000),
        orig_qty=D(2),
        executed_qty=D(0),
        update_ms=at,
        event_ms=at,
    )
    return replace(update, **changes)


def a_trade(trade_id: int, quantity: str, executed: str, at: int, **changes: Any) -> OrderUpdate:
    status = "FILLED" if D(executed) == 2 else "PARTIALLY_FILLED"
    trade = an_update(
        status,
        at,
        execution=ExecutionType.TRADE,
        trade_id=trade_id,
        last_qty=D(quantity),
        last_price=D(60000),
        executed_qty=D(executed),
        commission=D("0.1"),
        commission_asset="USDT",
        realized_pnl=D("1.5"),
    )
    return replace(trade, **changes)


def test_status_can_be_compared_with_plain_text() -> None:
    order = an_order()
    order.apply(a_trade(1, "0.5", "0.5", 110))
    assert order.status == "PARTIALLY_FILLED"
    assert order.executed_qty == D("0.5")
    assert order.remaining_qty == D("1.5")
    assert order.order_id == 7


def test_a_handed_over_view_never_changes() -> None:
    order = an_order()
    before = order.view
    order.apply(an_update())
    assert before.status is OrderStatus.PENDING_NEW
    assert order.view.status is OrderStatus.NEW


def test_an_event_before_the_answer_fills_a_pending_order() -> None:
    order = an_order()
    order.apply(a_trade(1, "2", "2", 110))
    late_answer = order.apply(an_update("NEW", 100))
    assert order.status is OrderStatus.FILLED
    assert isinstance(late_answer, Stale)


def test_amounts_follow_the_fills_when_the_venue_does_not_say_them() -> None:
    order = an_order()
    order.apply(a_trade(1, "0.5", "0.5", 110))
    order.apply(a_trade(2, "1.5", "2", 120, last_price=D(60004)))
    assert order.cummulative_quote_qty == D("0.5") * 60000 + D("1.5") * 60004
    assert order.avg_price == D(60003)
    assert order.realized_pnl == D(3)
    assert order.commission == D("0.2")


def test_the_same_trade_counts_once() -> None:
    order = an_order()
    trade = a_trade(1, "0.5", "0.5", 110)
    first, second = order.apply(trade), order.apply(trade)
    assert isinstance(first, Applied)
    assert first.fill is not None
    assert isinstance(second, Stale)
    assert order.realized_pnl == D("1.5")


def test_trades_in_the_wrong_order_are_both_kept_and_the_newest_state_stays() -> None:
    order = an_order()
    order.apply(a_trade(2, "1.5", "2", 120))
    late = order.apply(a_trade(1, "0.5", "0.5", 110))
    assert order.status is OrderStatus.FILLED
    assert order.executed_qty == 2
    assert isinstance(late, Applied)
    assert late.fill is not None
    assert late.fill.trade_id == 1
    assert order.missing_fill_qty == 0


def test_fill_after_cancel_is_kept_without_reopening() -> None:
    order = an_order()
    order.apply(an_update("CANCELED", 130))
    late = order.apply(a_trade(1, "0.5", "0.5", 110))
    assert isinstance(late, Applied)
    assert order.status is OrderStatus.CANCELED
    assert order.executed_qty == D("0.5")


def test_a_fill_while_cancelling_shows_and_the_cancel_still_ends_it() -> None:
    order = an_order()
    order.apply(an_update())
    order.apply(CancelSent(105))
    assert order.status is OrderStatus.PENDING_CANCEL
    order.apply(a_trade(1, "0.5", "0.5", 110))
    assert order.status is OrderStatus.PARTIALLY_FILLED
    order.apply(an_update("CANCELED", 120, executed_qty=D("0.5")))
    assert order.status is OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("executed", "expected"), [("0", OrderStatus.NEW), ("0.5", OrderStatus.PARTIALLY_FILLED)]
)
def test_a_refused_cancel_gives_the_order_back(executed: str, expected: OrderStatus) -> None:
    order = an_order()
    order.apply(an_update())
    if executed != "0":
        order.apply(a_trade(1, executed, executed, 110))
    order.apply(CancelSent(115))
    order.apply(CancelFailed(120))
    assert order.status is expected


def test_a_late_copy_of_new_does_not_undo_a_pending_cancel() -> None:
    order = an_order()
    order.apply(an_update("NEW", 100, event_ms=0, execution=ExecutionType.QUERY))
    order.apply(CancelSent(105))
    order.apply(an_update("NEW", 100))
    assert order.status is OrderStatus.PENDING_CANCEL


def test_nothing_reopens_a_terminal_order() -> None:
    order = an_order()
    order.apply(an_update("CANCELED", 130))
    outcome = order.apply(an_update("NEW", 140))
    assert isinstance(outcome, Impossible)
    assert order.status is OrderStatus.CANCELED


def test_a_terminal_word_counts_even_with_an_older_time() -> None:
    order = an_order()
    order.apply(an_update("NEW", 130))
    order.apply(an_update("CANCELED", 129))
    assert order.status is OrderStatus.CANCELED


def test_executed_quantity_never_shrinks() -> None:
    order = an_order()
    order.apply(a_trade(1, "1", "1", 110))
    outcome = order.apply(an_update("PARTIALLY_FILLED", 120, executed_qty=D("0.5")))
    assert isinstance(outcome, Impossible)
    assert order.executed_qty == 1


def test_an_update_of_another_side_is_impossible() -> None:
    order = an_order()
    assert isinstance(order.apply(an_update(side=Side.SELL)), Impossible)


def test_a_lost_place_is_unknown_until_the_venue_speaks() -> None:
    order = an_order()
    order.apply(OutcomeLost(Write.PLACE, "lost", 105))
    assert order.status is OrderStatus.UNKNOWN
    assert order.needs_asking
    order.apply(an_update("NEW", 100))
    assert order.status is OrderStatus.NEW
    assert not order.needs_asking
    assert order.reason == ""


def test_a_lost_answer_means_nothing_when_the_event_came_first() -> None:
    order = an_order()
    order.apply(an_update("NEW", 100))
    outcome = order.apply(OutcomeLost(Write.PLACE, "lost", 105))
    assert isinstance(outcome, Stale)
    assert order.status is OrderStatus.NEW


def test_our_own_conclusion_yields_to_the_venue_with_a_notice() -> None:
    order = an_order()
    order.apply(OutcomeLost(Write.PLACE, "lost", 105))
    order.apply(Concluded(OrderStatus.REJECTED, "It never reached the exchange.", 120_000))
    assert order.status is OrderStatus.REJECTED
    outcome = order.apply(an_update("NEW", 100))
    assert isinstance(outcome, Applied)
    assert outcome.notice
    assert order.status is OrderStatus.NEW


def test_a_refusal_after_an_event_changes_nothing() -> None:
    order = an_order()
    order.apply(an_update("NEW", 100))
    outcome = order.apply(Concluded(OrderStatus.REJECTED, "refused", 105))
    assert isinstance(outcome, Stale)
    assert order.status is OrderStatus.NEW


def test_an_unknown_status_word_is_open_and_said() -> None:
    order = an_order()
    order.apply(an_update("NEW", 100))
    outcome = order.apply(an_update("HALTED_BY_MOON", 110))
    assert isinstance(outcome, Applied)
    assert "HALTED_BY_MOON" in outcome.notice
    assert order.status is OrderStatus.UNKNOWN
    assert not order.is_terminal
    order.apply(an_update("NEW", 120))
    assert order.status is OrderStatus.NEW


def test_historic_liquidation_words_are_open() -> None:
    order = an_order(origin=OrderOrigin.LIQUIDATION)
    order.apply(an_update("NEW_INSURANCE", 100))
    assert order.status is OrderStatus.NEW


def test_a_forced_order_reported_as_new_while_it_trades_is_read_by_its_quantities() -> None:
    order = an_order()
    order.apply(replace(a_trade(1, "2", "2", 110), status="NEW"))
    assert order.status is OrderStatus.FILLED


def test_an_amend_is_a_property_until_the_venue_shows_it() -> None:
    order = an_order()
    order.apply(an_update())
    order.apply(AmendSent(D(60100), D(3), 105))
    assert order.amend is not None
    assert order.status is OrderStatus.NEW
    amended = an_update(
        "NEW", 110, execution=ExecutionType.AMENDMENT, price=D(60100), orig_qty=D(3)
    )
    order.apply(amended)
    assert order.amend is None
    assert (order.price, order.orig_qty) == (D(60100), D(3))


def test_an_older_message_does_not_undo_an_amend() -> None:
    order = an_order()
    order.apply(an_update())
    order.apply(AmendSent(D(60100), D(3), 105))
    order.apply(an_update("NEW", 110, price=D(60100), orig_qty=D(3)))
    order.apply(AmendEnded(111))
    order.apply(a_trade(1, "0.5", "0.5", 108))
    assert order.price == D(60100)
    assert order.orig_qty == 3
    assert order.executed_qty == D("0.5")
    assert order.status is OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize("told", [ExecutionType.AMENDMENT, ExecutionType.QUERY])
def test_of_two_amends_in_the_same_millisecond_the_later_one_stays(told: ExecutionType) -> None:
    def amended(quantity: int, execution: ExecutionType) -> OrderUpdate:
        event_ms = 110 if execution is ExecutionType.AMENDMENT else 0
        return an_update(
            "NEW",
            110,
            execution=execution,
            price=D(60100),
            orig_qty=D(quantity),
            event_ms=event_ms,
        )

    order = an_order()
    order.apply(an_update())
    order.apply(AmendSent(D(60100), D(3), 105))
    order.apply(amended(3, ExecutionType.AMENDMENT))
    order.apply(AmendSent(D(60100), D(4), 110))
    order.apply(amended(4, told))
    order.apply(AmendEnded(111))
    order.apply(amended(3, ExecutionType.AMENDMENT))  # a late copy
    assert order.orig_qty == 4


def test_a_lost_amend_is_settled_by_the_amended_price() -> None:
    order = an_order()
    order.apply(an_update())
    order.apply(AmendSent(D(60100), D(2), 105))
    order.apply(OutcomeLost(Write.AMEND, "lost", 106))
    assert order.needs_asking
    assert order.status is OrderStatus.NEW
    order.apply(an_update("NEW", 110, execution=ExecutionType.AMENDMENT, price=D(60100)))
    assert not order.needs_asking
    assert order.amend is None


def test_asking_shows_an_amend_of_the_same_millisecond_whose_event_was_lost() -> None:
    order = an_order()
    order.apply(an_update("NEW", 100))
    order.apply(an_update("NEW", 100, execution=ExecutionType.QUERY, price=D(60100)))
    assert order.price == D(60100)


def test_a_trade_from_the_account_list_counts_once_with_the_event() -> None:
    order = an_order()
    order.apply(a_trade(1, "0.5", "0.5", 110))
    listed = FillView(
        symbol="BTCUSDT",
        trade_id=1,
        order_id=7,
        client_order_id="",
        side=Side.BUY,
        price=D(60000),
        quantity=D("0.5"),
    )
    assert isinstance(order.apply(listed), Stale)
    missed = order.apply(replace(listed, trade_id=2, quantity=D(1)))
    assert isinstance(missed, Applied)
    assert missed.fill is not None
    assert missed.fill.client_order_id == "pd-1"
    assert order.executed_qty == D("1.5")


def test_trades_alone_never_call_an_order_filled() -> None:
    order = an_order()
    order.apply(an_update())
    fill = FillView(
        symbol="BTCUSDT",
        trade_id=1,
        order_id=7,
        client_order_id="",
        side=Side.BUY,
        price=D(60000),
        quantity=D(2),
    )
    order.apply(fill)
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert order.needs_asking


def test_commissions_in_two_assets_are_not_added() -> None:
    order = an_order()
    order.apply(a_trade(1, "0.5", "0.5", 110))
    order.apply(replace(a_trade(2, "0.5", "1", 111), commission_asset="BNB"))
    assert order.commission_asset == "several"
    assert order.commission == 0


def test_an_expired_order_says_why() -> None:
    order = an_order()
    order.apply(an_update("EXPIRED", 110, expiry_reason="self-trade prevention"))
    assert "self-trade prevention" in order.reason
