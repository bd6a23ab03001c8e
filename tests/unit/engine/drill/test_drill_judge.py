from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.drill.drill_judge import (
    JournalBooks,
    LocalBooks,
    VenueBooks,
    judge_journal,
    judge_memory,
)
from engine.trading_types import OrderOrigin, OrderStatus, OrderType, PositionSide, Side
from engine.views import FillView, OrderView

D = Decimal

ORDER = OrderView(
    client_order_id="pd-1",
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    status=OrderStatus.FILLED,
    price=D(60000),
    orig_qty=D("0.1"),
    order_id=7,
    executed_qty=D("0.1"),
    cummulative_quote_qty=D(6000),
)
FILL = FillView(
    symbol="BTCUSDT",
    trade_id=3,
    order_id=7,
    client_order_id="pd-1",
    side=Side.BUY,
    price=D(60000),
    quantity=D("0.1"),
    commission=D("1.2"),
    commission_asset="USDT",
    realized_pnl=D(0),
    is_maker=True,
    position_side=PositionSide.BOTH,
    time_ms=1,
)
ROW = {
    "symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "pd-1", "status": "FILLED",
    "price": "60000.00", "origQty": "0.100", "executedQty": "0.100", "cumQuote": "6000.0",
}  # fmt: skip
TRADE = {
    "symbol": "BTCUSDT", "id": 3, "orderId": 7, "side": "BUY", "price": "60000.0",
    "qty": "0.100", "commission": "1.20", "realizedPnl": "0",
}  # fmt: skip


def venue(**changes: Any) -> VenueBooks:
    held = [{"symbol": "BTCUSDT", "positionAmt": "0.100", "entryPrice": "60000.0"}]
    books = VenueBooks(orders=[ROW], trades=[TRADE], positions=held, wallet=D("98.8"))
    return replace(books, **changes)


def local(**changes: Any) -> LocalBooks:
    books = LocalBooks(
        orders=[ORDER],
        fills=[FILL],
        positions={"BTCUSDT": (D("0.1"), D(60000))},
        wallet=D("98.80"),
        incomplete=0,
        is_live=True,
    )
    return replace(books, **changes)


def journal(**changes: Any) -> JournalBooks:
    placed = frozenset({("BTCUSDT", "pd-1")})
    return replace(JournalBooks(placed=placed, orders=[ORDER], fills=[FILL]), **changes)


def test_equal_books_are_clean_whatever_their_trailing_zeros() -> None:
    assert judge_memory(local(), venue()).is_clean
    assert judge_journal(journal(), venue()).is_clean


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "CANCELED"},
        {"price": "60000.1"},
        {"origQty": "0.2"},
        {"executedQty": "0.0999"},
        {"cumQuote": "6000.00000001"},
    ],
)
def test_any_figure_of_an_order_that_differs_is_a_wrong_state(changed: dict[str, str]) -> None:
    books = venue(orders=[{**ROW, **changed}])
    assert judge_memory(local(), books).wrong_state
    assert judge_journal(journal(), books).wrong_state


def test_an_order_that_is_doubtful_to_the_end_is_lost() -> None:
    doubtful = replace(ORDER, status=OrderStatus.UNKNOWN)
    assert "still UNKNOWN" in judge_memory(local(orders=[doubtful]), venue()).lost[0]


def test_what_was_sent_and_not_written_down_is_lost() -> None:
    verdict = judge_journal(journal(placed=frozenset()), venue())
    assert "is not in the journal" in verdict.lost[0]


def test_one_intent_that_became_two_orders_is_duplicated() -> None:
    verdict = judge_journal(journal(), venue(orders=[ROW, {**ROW, "orderId": 8}]))
    assert "2 orders" in verdict.duplicated[0]


def test_a_trade_that_was_told_twice_is_duplicated() -> None:
    assert "2 times" in judge_memory(local(fills=[FILL, FILL]), venue()).duplicated[0]


def test_a_rejected_order_that_lives_at_the_exchange_is_a_wrong_state() -> None:
    never = replace(ORDER, status=OrderStatus.REJECTED, order_id=None)
    assert judge_memory(local(orders=[never]), venue()).wrong_state


def test_trades_position_and_wallet_are_compared() -> None:
    assert judge_journal(journal(fills=[]), venue()).wrong_state
    assert judge_journal(journal(), venue(trades=[{**TRADE, "commission": "1.3"}])).wrong_state
    assert judge_memory(local(positions={}), venue()).wrong_state
    assert judge_memory(local(wallet=D("98.81")), venue()).wrong_state
    assert judge_memory(local(incomplete=1), venue()).wrong_state


def test_not_live_again_is_hung() -> None:
    assert judge_memory(local(is_live=False), venue()).hung


def test_another_programs_order_that_left_no_trace_is_nobodys_loss() -> None:
    row = {**ROW, "clientOrderId": "web", "orderId": 9, "status": "CANCELED", "executedQty": "0"}
    assert judge_journal(journal(), venue(orders=[ROW, row])).is_clean
    traded = {**row, "executedQty": "0.1"}
    assert judge_journal(journal(), venue(orders=[ROW, traded])).wrong_state


def test_an_order_of_an_earlier_life_needs_to_be_shown_only_while_it_is_open() -> None:
    assert judge_memory(local(orders=[]), venue()).is_clean
    still_open = {**ROW, "status": "PARTIALLY_FILLED"}
    assert judge_memory(local(orders=[]), venue(orders=[still_open])).wrong_state
    elsewhere = replace(ORDER, origin=OrderOrigin.ELSEWHERE)
    assert judge_memory(local(orders=[elsewhere]), venue()).is_clean
