from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from engine.events import (
    AccountUpdate,
    AlgoUpdate,
    Event,
    LeverageChanged,
    ListenKeyExpired,
    MarginCall,
    OrderUpdate,
    UnknownMessage,
)
from engine.exchange.translate import user_event
from engine.exchange.translate_rows import candle_from_row, position_from_row
from engine.trading_types import (
    ExecutionType,
    MarginType,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)
from engine.wire.codec import decode_user
from engine.wire.rest_messages import KlineRow, PositionRow, SymbolConfig

FILL = {
    "e": "ORDER_TRADE_UPDATE", "E": 1790000000005, "T": 1790000000004,
    "o": {"s": "BTCUSDT", "c": "pd-1", "S": "SELL", "o": "LIMIT", "f": "GTX", "q": "0.010",
          "p": "60000.10", "ap": "60000.10", "x": "TRADE", "X": "PARTIALLY_FILLED",
          "i": 8886774001, "l": "0.004", "z": "0.006", "L": "60000.10", "n": "0.012", "N": "USDT",
          "T": 1790000000003, "t": 5000000009, "m": True, "R": True, "ps": "SHORT",
          "rp": "-1.5", "er": "0"},
}  # fmt: skip


def _event(message: dict[str, Any]) -> Event | None:
    decoded = decode_user(json.dumps(message).encode())
    assert decoded is not None
    if isinstance(decoded, UnknownMessage):
        return decoded
    return user_event(decoded)


def _order(**changes: object) -> Event | None:
    return _event({**FILL, "o": {**FILL["o"], **changes}})  # type: ignore[dict-item]


def test_a_fill_keeps_every_figure() -> None:
    assert _event(FILL) == OrderUpdate(
        symbol="BTCUSDT",
        client_order_id="pd-1",
        order_id=8886774001,
        side=Side.SELL,
        type=OrderType.LIMIT,
        status=OrderStatus.PARTIALLY_FILLED,
        execution=ExecutionType.TRADE,
        price=Decimal("60000.10"),
        orig_qty=Decimal("0.010"),
        executed_qty=Decimal("0.006"),
        update_ms=1790000000004,
        avg_price=Decimal("60000.10"),
        time_in_force=TimeInForce.GTX,
        position_side=PositionSide.SHORT,
        reduce_only=True,
        event_ms=1790000000005,
        trade_id=5000000009,
        last_qty=Decimal("0.004"),
        last_price=Decimal("60000.10"),
        commission=Decimal("0.012"),
        commission_asset="USDT",
        realized_pnl=Decimal("-1.5"),
        is_maker=True,
    )


def test_unknown_enum_texts_stay_text() -> None:
    event = _order(X="NEW_INSURANCE", x="CALCULATED", o="FUTURE_TYPE", f="GTE_GTC")
    assert isinstance(event, OrderUpdate)
    assert event.status == "NEW_INSURANCE"
    assert not isinstance(event.status, OrderStatus)
    assert event.execution is ExecutionType.CALCULATED
    assert event.type == "FUTURE_TYPE"
    assert event.time_in_force is TimeInForce.GTE_GTC


@pytest.mark.parametrize("ours", ["PENDING_NEW", "PENDING_CANCEL", "UNKNOWN"])
def test_our_own_states_are_not_taken_from_the_venue(ours: str) -> None:
    event = _order(X=ours)
    assert isinstance(event, OrderUpdate)
    assert not isinstance(event.status, OrderStatus)


def test_an_expiry_is_explained() -> None:
    event = _order(x="EXPIRED", X="EXPIRED_IN_MATCH", er="1")
    assert isinstance(event, OrderUpdate)
    assert event.expiry_reason == "self-trade prevention"
    later = _order(er="77")
    assert isinstance(later, OrderUpdate)
    assert later.expiry_reason == "77"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999999", "1e-999999"])
@pytest.mark.parametrize("field", ["q", "p", "z", "l", "L", "n", "rp"])
def test_numbers_that_are_no_money_make_no_order_update(field: str, number: str) -> None:
    assert isinstance(_order(**{field: number}), UnknownMessage)


def test_a_missing_fee_is_zero() -> None:
    event = _order(n=None, N=None)
    assert isinstance(event, OrderUpdate)
    assert (event.commission, event.commission_asset) == (Decimal(0), "")


def test_a_spot_report_gives_the_same_news() -> None:
    event = _event(
        {"e": "executionReport", "E": 5, "s": "BTCUSDT", "c": "cancel-id", "S": "BUY",
         "o": "LIMIT", "f": "GTC", "q": "2", "p": "10", "P": "0", "F": "0", "g": -1,
         "C": "pd-1", "x": "CANCELED", "X": "CANCELED", "r": "NONE", "i": 42, "l": "0",
         "z": "1", "L": "0", "n": "0", "N": None, "T": 4, "t": -1, "I": 1, "w": False,
         "m": False, "M": False, "O": 3, "Z": "9.5", "Y": "0", "Q": "0"}
    )  # fmt: skip
    assert isinstance(event, OrderUpdate)
    assert event.client_order_id == "pd-1"
    assert event.status is OrderStatus.CANCELED
    assert (event.trade_id, event.avg_price, event.cum_quote) == (0, Decimal("9.5"), Decimal("9.5"))


def test_an_account_update_lists_balances_and_positions() -> None:
    event = _event(
        {"e": "ACCOUNT_UPDATE", "E": 2, "T": 1, "a": {"m": "ORDER",
         "B": [{"a": "USDT", "wb": "99.5", "cw": "90", "bc": "0"}],
         "P": [{"s": "BTCUSDT", "pa": "-0.01", "ep": "60000", "bep": "59999", "cr": "3",
                "up": "-1", "mt": "isolated", "iw": "9", "ps": "BOTH", "ma": "USDT"}]}}
    )  # fmt: skip
    assert isinstance(event, AccountUpdate)
    assert event.reason == "ORDER"
    assert event.balances[0].wallet_balance == Decimal("99.5")
    position = event.positions[0]
    assert (position.quantity, position.margin_type) == (Decimal("-0.01"), MarginType.ISOLATED)


def test_an_account_update_with_a_bad_amount_is_not_believed() -> None:
    account = {"m": "ORDER", "B": [{"a": "USDT", "wb": "NaN", "cw": "9"}], "P": []}
    message = {"e": "ACCOUNT_UPDATE", "E": 2, "T": 1, "a": account}
    assert isinstance(_event(message), UnknownMessage)


def test_leverage_and_other_account_settings() -> None:
    changed = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ac": {"s": "BTCUSDT", "l": 20}}
    assert _event(changed) == LeverageChanged(symbol="BTCUSDT", leverage=20, event_ms=1)
    assert _event({"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ai": {"j": True}}) is None


@pytest.mark.parametrize(
    ("born", "order_id"),
    [("", 0), ("8886774001", 8886774001), (8886774001, 8886774001), (None, 0), ("x", 0), ("9²", 0)],
)
def test_an_algo_order_names_the_order_born_from_it(born: object, order_id: int) -> None:
    event = _event(
        {"e": "ALGO_UPDATE", "T": 1, "E": 2, "o": {"caid": "a1", "aid": "1000000000000001",
         "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "BTCUSDT", "S": "SELL", "q": "1",
         "X": "TRIGGERED", "ai": born, "tp": "50000", "p": "0", "rm": ""}}
    )  # fmt: skip
    assert isinstance(event, AlgoUpdate)
    assert (event.algo_id, event.order_id) == (1000000000000001, order_id)


def test_margin_call_and_expired_key() -> None:
    call = {"e": "MARGIN_CALL", "E": 3, "cw": "1", "p": [{"s": "BTCUSDT", "pa": "1"}]}
    assert _event(call) == MarginCall(symbols=("BTCUSDT",), event_ms=3)
    assert _event({"e": "listenKeyExpired", "E": 4, "listenKey": "K"}) == ListenKeyExpired(
        event_ms=4
    )


@pytest.mark.parametrize(
    "name", ["TRADE_LITE", "STRATEGY_UPDATE", "GRID_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT"]
)
def test_known_but_useless_messages_are_dropped(name: str) -> None:
    assert _event({"e": name, "E": 1}) is None


def test_a_position_takes_leverage_from_the_symbols_settings() -> None:
    row = PositionRow(symbol="A", position_amt=Decimal(1), entry_price=Decimal(2))
    with_config = position_from_row(
        row, SymbolConfig(symbol="A", margin_type="ISOLATED", leverage=7)
    )
    assert (with_config.leverage, with_config.margin_type) == (7, MarginType.ISOLATED)
    assert position_from_row(row, None).leverage == 0


def test_only_the_newest_candle_is_open() -> None:
    row = KlineRow(0, 1.0, 2.0, 0.5, 1.5, 9.0, 59_999, 12.0, 3)
    assert candle_from_row(row, 60_000).is_closed
    assert not candle_from_row(row, 59_999).is_closed
