"""From an HTTP answer to the struct that was asked for, or to the error it means."""

from __future__ import annotations

import logging
from typing import TypeVar

from engine.errors import OutcomeUnknown, PerpdeskError, TemporarilyRefused
from engine.exchange.http_session import HttpReply
from engine.exchange.rate_governor import RateGovernor
from engine.exchange.server_time import ServerClock
from engine.wire.codec import UNREADABLE, decode_reply
from engine.wire.endpoints import Endpoint
from engine.wire.outcomes import Outcome, classify, error_for, pause_for, retry_after_s
from engine.wire.rest_messages import ErrorReply

logger = logging.getLogger(__name__)

T = TypeVar("T")

_TOO_MANY_ORDERS = -1015
_ASKED = "The exchange asked for a pause."
_WHY = {
    418: "The exchange has banned this computer's address for a while.",
    403: "The exchange's firewall stopped the request.",
}


class ReplyJudge:
    """Thread-safe; the only state it touches is the governor's brake."""

    def __init__(self, governor: RateGovernor, server_clock: ServerClock) -> None:
        self._governor = governor
        self._server_clock = server_clock

    def read(self, endpoint: Endpoint, reply: HttpReply, reply_type: type[T]) -> T:
        """Raises what wire.outcomes makes of a no; an unreadable yes to a write is unknown."""
        if not 200 <= reply.status < 300:
            raise self._refusal(endpoint, reply)
        try:
            return decode_reply(reply.body, reply_type)
        except UNREADABLE as error:
            raise self._unreadable(endpoint, reply, str(error)) from error

    def _refusal(self, endpoint: Endpoint, reply: HttpReply) -> PerpdeskError:
        code, text = _code_and_text(reply.body)
        outcome = classify(reply.status, code, text, endpoint.is_write)
        pause_s = self._brake(reply, code, text) if outcome is Outcome.RATE else 0.0
        logger.info(
            "refused call=%s status=%d code=%d outcome=%s",
            endpoint.name,
            reply.status,
            code,
            outcome.value,
        )
        return error_for(outcome, reply.status, code, text, retry_after_s=pause_s)

    def _brake(self, reply: HttpReply, code: int, text: str) -> float:
        """Stop what the venue asked to be stopped; how long, in seconds."""
        now_ms = self._server_clock.now_ms()
        asked_s = retry_after_s(reply.headers.get("retry-after"), text, now_ms)
        if code == _TOO_MANY_ORDERS and reply.status != 418:
            self._governor.orders_are_full()
            return asked_s or 10.0
        pause_s = pause_for(reply.status, asked_s)
        self._governor.brake(pause_s, _WHY.get(reply.status, _ASKED))
        return pause_s

    def _unreadable(self, endpoint: Endpoint, reply: HttpReply, reason: str) -> PerpdeskError:
        """A yes that cannot be read, or a no inside a 200."""
        code, _ = _code_and_text(reply.body)
        if code < 0:
            return self._refusal(endpoint, reply)
        logger.error("unreadable answer call=%s reason=%s", endpoint.name, reason)
        if endpoint.is_write:
            return OutcomeUnknown("The exchange's answer could not be read.")
        return TemporarilyRefused(0, "The exchange's answer could not be read.", reply.status)


def _code_and_text(body: bytes) -> tuple[int, str]:
    try:
        error = decode_reply(body, ErrorReply)
    except UNREADABLE:
        return 0, body.decode("utf-8", "replace")
    return error.code, error.msg
