"""What is fed, and what may come of it: every target takes bytes and must not raise.

The one exception each part is allowed is caught here, as its caller catches it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.clock import FakeClock
from engine.errors import PerpdeskError
from engine.events import Event, UnknownMessage
from engine.exchange.batch_requests import batch_results
from engine.exchange.contract_book import ContractBook
from engine.exchange.frame_splitter import FrameSplitter, ProtocolViolation
from engine.exchange.http_session import HttpReply
from engine.exchange.order_socket import _as_http
from engine.exchange.rate_governor import RateGovernor
from engine.exchange.rate_limiter import Cost, Limits, RateLimiter, limits_from
from engine.exchange.reply_judge import ReplyJudge
from engine.exchange.server_time import ServerClock
from engine.exchange.translate import user_event
from engine.exchange.translate_rows import (
    account_settings_from,
    algo_from_reply,
    balance_from_row,
    bracket_from_row,
    candle_from_row,
    commission_from_reply,
    fill_from_row,
    income_from_row,
    order_from_reply,
    position_from_row,
    symbol_settings_from_row,
)
from engine.wire.codec import UNREADABLE, decode_frame, decode_reply, decode_user
from engine.wire.endpoints import ENDPOINTS
from engine.wire.rest_messages import (
    AccountConfig,
    AlgoReply,
    BalanceRow,
    BracketRow,
    CommissionReply,
    ExchangeInfo,
    IncomeRow,
    KlineRow,
    OrderReply,
    PositionRow,
    SymbolBrackets,
    SymbolConfig,
    UserTrade,
)
from engine.wire.socket_messages import SocketReply
from engine.wire.stream_messages import StreamFrame

_TRANSLATIONS: dict[type, Callable[[Any], Any]] = {
    OrderReply: order_from_reply,
    AlgoReply: algo_from_reply,
    UserTrade: fill_from_row,
    BalanceRow: balance_from_row,
    PositionRow: lambda row: position_from_row(row, None),
    SymbolConfig: symbol_settings_from_row,
    AccountConfig: account_settings_from,
    BracketRow: bracket_from_row,
    SymbolBrackets: lambda row: [bracket_from_row(one) for one in row.brackets],
    CommissionReply: commission_from_reply,
    IncomeRow: income_from_row,
    KlineRow: lambda row: candle_from_row(row, 0),
    ExchangeInfo: lambda info: (ContractBook(info), limits_from(info.rate_limits, Limits())),
}


def market_frame(payload: bytes) -> None:
    frame = decode_frame(payload)
    assert isinstance(frame, StreamFrame | UnknownMessage)


def user_frame(payload: bytes) -> None:
    message = decode_user(payload)
    if message is None:
        return
    event = message if isinstance(message, UnknownMessage) else user_event(message)
    assert event is None or isinstance(event, Event)
    if event is not None and not isinstance(event, UnknownMessage):
        _check_amounts(event)


def socket_reply(payload: bytes) -> None:
    try:
        reply = decode_reply(payload, SocketReply)
    except UNREADABLE:
        return
    Bench().judge(_as_http(reply, 1_790_000_000_000), OrderReply)


def frames(arrivals: list[bytes]) -> None:
    """A stream of bytes, cut anywhere, as a socket would bring it."""
    splitter = FrameSplitter(capacity=4096, message_max=1 << 20)
    with contextlib.suppress(ProtocolViolation):
        for arrival in arrivals:
            at = 0
            while at < len(arrival):
                with splitter.space() as space:
                    count = min(len(space), len(arrival) - at)
                    space[:count] = arrival[at : at + count]
                at += count
                for message in splitter.received(count):
                    market_frame(bytes(message))


class Bench:
    """An HTTP answer all the way to our views."""

    def __init__(self) -> None:
        clock = FakeClock()
        self._limiter = RateLimiter()
        governor = RateGovernor(self._limiter, clock, clock.now_ms, lambda _: None)
        self._governor = governor
        self._judge = ReplyJudge(governor, ServerClock(clock))

    def judge(self, reply: HttpReply, reply_type: Any) -> None:
        for name in ("place_order", "open_orders"):
            try:
                found = self._judge.read(ENDPOINTS[name], reply, reply_type)
            except PerpdeskError:
                continue
            _translate(found)
        self._governor.settle(Cost(1, 1, 1), reply.headers)
        usage = self._limiter.usage(0)
        assert math.isfinite(usage.brake_s)


def _translate(found: Any) -> None:
    rows = found if isinstance(found, list) else [found]
    if (rows and isinstance(rows[0], bytes | memoryview)) or (type(found) is list and not rows):
        return
    if rows and type(rows[0]).__name__ == "Raw":
        batch_results(rows, len(rows))
        return
    for row in rows:
        translate = _TRANSLATIONS.get(type(row))
        if translate is not None:
            _check_amounts(translate(row))


def _check_amounts(noun: Any) -> None:
    """Nothing that is no amount goes on to order management."""
    for name in getattr(noun, "__struct_fields__", ()):
        value = getattr(noun, name)
        assert not isinstance(value, Decimal) or value.is_finite(), (name, value)
