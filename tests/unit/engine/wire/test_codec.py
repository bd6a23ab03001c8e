from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import (
    AggTrade,
    BookTicker,
    DepthDiff,
    KlineUpdate,
    Liquidation,
    MarkPrice,
    MiniTicker,
    Ticker24h,
    Trade,
    UnknownMessage,
)
from engine.exchange.translate import user_event
from engine.wire.codec import decode_frame, decode_reply, decode_user
from engine.wire.rest_messages import KlineRow, OrderReply
from engine.wire.stream_messages import StreamFrame
from engine.wire.user_order_messages import OrderTradeUpdate, TradeLite

AGG_TRADE = {
    "e": "aggTrade", "E": 11, "s": "BTCUSDT", "a": 5_000_000_001, "p": "64250.10", "q": "0.002",
    "nq": "0.002", "f": 1, "l": 2, "T": 10, "m": True, "st": 1,
}  # fmt: skip
MARKET = [
    (AGG_TRADE, AggTrade),
    ({**AGG_TRADE, "e": "trade", "t": 3}, Trade),
    ({"e": "bookTicker", "u": 1, "E": 2, "T": 3, "s": "A", "b": "1", "B": "2", "a": "3",
      "A": "4", "ps": "A", "st": 1}, BookTicker),
    ({"e": "depthUpdate", "E": 1, "T": 1, "s": "A", "U": 1, "u": 2, "pu": 0, "b": [["1", "2"]],
      "a": [], "st": 1}, DepthDiff),
    ({"e": "markPriceUpdate", "E": 1, "s": "A", "p": "2", "ap": "2", "i": "3", "P": "4", "r": "",
      "T": 0}, MarkPrice),
    ({"e": "24hrTicker", "E": 1, "s": "A", "p": "1", "P": "1", "w": "1", "c": "2", "Q": "1",
      "o": "1", "h": "1", "l": "1", "v": "1", "q": "1", "O": 0, "C": 1, "F": 1, "L": 2, "n": 2},
     Ticker24h),
    ({"e": "24hrMiniTicker", "E": 1, "s": "A", "c": "2", "o": "1", "h": "1", "l": "1", "v": "1",
      "q": "1", "ps": "A", "st": 1}, MiniTicker),
    ({"e": "forceOrder", "E": 1, "o": {"s": "A", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "1",
      "p": "9", "ap": "9", "X": "FILLED", "l": "1", "z": "1", "T": 1}}, Liquidation),
    ({"e": "kline", "E": 1, "s": "A", "k": {"t": 0, "T": 59999, "s": "A", "i": "1m", "f": 1,
      "L": 2, "o": "1", "c": "2", "h": "3", "l": "0.5", "v": "9", "n": 3, "x": True, "q": "8",
      "V": "1", "Q": "1", "B": "0"}}, KlineUpdate),
]  # fmt: skip

ORDER_UPDATE = {
    "e": "ORDER_TRADE_UPDATE", "E": 1790000000001, "T": 1790000000000,
    "o": {"s": "BTCUSDT", "c": "x1", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.010",
          "p": "60000.10", "ap": "0", "sp": "0", "x": "NEW", "X": "NEW", "i": 8886774001,
          "l": "0", "z": "0", "L": "0", "n": None, "N": None, "T": 1790000000000, "t": 0,
          "b": "0", "a": "0", "m": False, "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT",
          "ps": "BOTH", "cp": False, "rp": "0", "pP": False, "si": 0, "ss": 0, "V": "NONE",
          "pm": "NONE", "gtd": 0, "er": "0"},
}  # fmt: skip


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(("payload", "kind"), MARKET)
def test_every_market_payload_becomes_its_event(payload: dict[str, Any], kind: type) -> None:
    frame = decode_frame(_bytes({"stream": "x@y", "data": payload}))
    assert isinstance(frame, StreamFrame)
    assert type(frame.data) is kind


def test_prices_are_numbers_and_ids_keep_all_digits() -> None:
    frame = decode_frame(_bytes({"stream": "btcusdt@aggTrade", "data": AGG_TRADE}))
    assert isinstance(frame, StreamFrame)
    assert frame.data == AggTrade(
        symbol="BTCUSDT", event_ms=11, trade_ms=10, trade_id=5_000_000_001, price=64250.1,
        quantity=0.002, is_buyer_maker=True,
    )  # fmt: skip


def test_an_array_stream_becomes_a_list_of_events() -> None:
    rows = [MARKET[5][0], MARKET[5][0]]
    frame = decode_frame(_bytes({"stream": "!ticker@arr", "data": rows}))
    assert isinstance(frame, StreamFrame)
    assert isinstance(frame.data, list)
    assert [type(event) for event in frame.data] == [Ticker24h, Ticker24h]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe\x00",
        b"[" * 50_000,
        b'{"stream":"a","data":{"e":"nobodyKnows"}}',
        b'{"stream":"a","data":{"e":"trade"}}',
        b'{"stream":"a","data":{"e":"aggTrade","E":1e999}}',
    ],
)
def test_what_cannot_be_read_is_kept_with_a_reason(payload: bytes) -> None:
    message = decode_frame(payload)
    assert isinstance(message, UnknownMessage)
    assert message.raw == payload
    assert message.reason


def test_control_replies_are_recognised_in_all_shapes() -> None:
    done = decode_frame(b'{"result":null,"id":7}')
    refused = decode_frame(b'{"code":2,"msg":"Invalid request","id":8}')
    nested = decode_frame(b'{"error":{"code":2,"msg":"Invalid request"},"id":9}')
    assert isinstance(done, StreamFrame)
    assert done.id == 7
    assert isinstance(refused, StreamFrame)
    assert refused.code == 2
    assert isinstance(nested, StreamFrame)
    assert nested.error is not None
    assert nested.error.code == 2


def test_depth_levels_do_not_change_when_the_read_buffer_is_reused() -> None:
    payload = bytearray(_bytes({"stream": "a@depth", "data": MARKET[3][0]}))
    frame = decode_frame(bytes(payload))
    payload[:] = b"z" * len(payload)
    assert isinstance(frame, StreamFrame)
    assert isinstance(frame.data, DepthDiff)
    assert msgspec.json.decode(frame.data.bids) == [["1", "2"]]


def test_private_messages_come_bare_and_enveloped() -> None:
    bare = decode_user(_bytes(ORDER_UPDATE))
    wrapped = decode_user(_bytes({"stream": "listenKey", "data": ORDER_UPDATE}))
    assert isinstance(bare, OrderTradeUpdate)
    assert bare == wrapped


def test_a_control_reply_on_the_private_route_is_no_message() -> None:
    assert decode_user(b'{"result":null,"id":1}') is None


def test_trade_lite_is_known_and_read_no_further() -> None:
    assert isinstance(decode_user(_bytes({"e": "TRADE_LITE", "E": 1, "s": "A"})), TradeLite)


def test_an_unknown_private_event_is_kept_raw() -> None:
    message = decode_user(b'{"e":"SOMETHING_NEW","E":1}')
    assert isinstance(message, UnknownMessage)
    assert message.raw == b'{"e":"SOMETHING_NEW","E":1}'


def test_rest_replies_tolerate_missing_and_new_fields() -> None:
    reply = decode_reply(
        b'{"symbol":"A","clientOrderId":"c","orderId":8886774001,"side":"SELL","type":"NEW_TYPE",'
        b'"status":"NEW_STATUS","price":"1.10","origQty":"2","brandNew":[1]}',
        OrderReply,
    )
    assert (reply.order_id, str(reply.price), reply.status) == (8886774001, "1.10", "NEW_STATUS")


def test_kline_rows_ignore_trailing_fields() -> None:
    rows = decode_reply(b'[[1,"1","3","0.5","2","9",59999,"18",4,"1","1","0"]]', list[KlineRow])
    assert (rows[0].open, rows[0].high, rows[0].trades) == (1.0, 3.0, 4)


_keys = st.sampled_from(["e", "E", "T", "o", "a", "s", "X", "q", "stream", "data", "id", "P", "B"])
_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "trade", "NaN", "1e999999999", "x"])
)
_json = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | _json.map(_bytes))
def test_no_bytes_make_a_decoder_raise(payload: bytes) -> None:
    decode_frame(payload)
    message = decode_user(payload)
    if message is not None and not isinstance(message, UnknownMessage):
        user_event(message)


@settings(max_examples=200, deadline=None)
@given(
    field=st.sampled_from(sorted(ORDER_UPDATE["o"])),  # type: ignore[call-overload]
    value=_leaves,
)
def test_no_field_of_an_order_update_makes_it_raise(field: str, value: object) -> None:
    order = {**ORDER_UPDATE["o"], field: value}  # type: ignore[dict-item]
    message = decode_user(_bytes({**ORDER_UPDATE, "o": order}))
    assert message is not None
    if not isinstance(message, UnknownMessage):
        assert user_event(message) is not None
