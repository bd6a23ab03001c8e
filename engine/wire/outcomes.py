"""What an answer means: done, refused, or not known.

Pure. `classify` reads HTTP status, code and text; `error_for` makes the error
that a caller gets. The distinction that matters is between "not executed" and
"nobody knows": for a write the second is never retried.
"""

from __future__ import annotations

import re
from enum import Enum, unique

from engine.errors import (
    ClockRefused,
    InsufficientBalance,
    InvalidLeverage,
    KeyRefused,
    MinNotional,
    NotConnected,
    OrderRefused,
    OutcomeUnknown,
    PerpdeskError,
    RateLimited,
    TemporarilyRefused,
)
from engine.wire.error_codes import CODE_CLASS, SENTENCE, CodeClass


@unique
class Outcome(Enum):
    ACCEPTED = "accepted"  # with an error code: what was asked is so already
    REFUSED = "refused"  # not executed, asking again gives the same answer
    UNKNOWN = "unknown"  # sent; perhaps executed
    TRANSIENT = "transient"  # not executed, may be asked again
    RATE = "rate"  # not executed, wait first
    CLOCK = "clock"  # not executed, our time was off
    KEY = "key"  # not executed, trading must stop


_BY_CLASS = {
    CodeClass.CLOCK: Outcome.CLOCK,
    CodeClass.RATE: Outcome.RATE,
    CodeClass.TRANSIENT: Outcome.TRANSIENT,
    CodeClass.STATE: Outcome.REFUSED,
    CodeClass.DONE: Outcome.ACCEPTED,
    CodeClass.BUSINESS: Outcome.REFUSED,
    CodeClass.REQUEST: Outcome.REFUSED,
    CodeClass.KEY: Outcome.KEY,
}

# the only 503 texts that promise that nothing was executed; compared whole,
# because a proxy's own error page may contain the same words
_NOT_TAKEN = "service unavailable"
_THROTTLED = "request throttled by system-level protection"

_MIN_NOTIONAL_CODES = frozenset({-4164, -5029})
_BALANCE_CODES = frozenset({-2018, -2019, -4050, -4051})
_LEVERAGE_CODES = frozenset({-4028})

_BAN_UNTIL = re.compile(r"until ([0-9]{13})")
_SECONDS = re.compile(r"[0-9]{1,9}")
_LONGEST_PAUSE_S = 3 * 24 * 3600.0  # the longest ban there is
_WAF_PAUSE_S = 60.0
_BODY_EXCERPT = 200


def classify(http_status: int, code: int, text: str, is_write: bool) -> Outcome:
    """`code` is 0 and `text` the raw body when the answer was no `{code, msg}`."""
    unsure = Outcome.UNKNOWN if is_write else Outcome.TRANSIENT
    if http_status in (418, 429, 403):
        return Outcome.RATE
    if http_status >= 500:
        return _classify_5xx(code, text, unsure)
    if http_status == 408 or 300 <= http_status < 400 or http_status < 200:
        return unsure
    if code < 0:
        return _classify_code(code, unsure)
    if http_status < 300:
        return Outcome.ACCEPTED
    return Outcome.KEY if http_status == 401 else Outcome.REFUSED


def _classify_code(code: int, unsure: Outcome) -> Outcome:
    kind = CODE_CLASS.get(code)
    if kind is None:
        return Outcome.REFUSED
    if kind is CodeClass.UNKNOWN:
        return unsure
    return _BY_CLASS[kind]


def _classify_5xx(code: int, text: str, unsure: Outcome) -> Outcome:
    """Only -1008 and two exact texts mean "not executed"; all else is not known."""
    words = text.strip().rstrip(".").lower()
    if code == -1008 or words == _NOT_TAKEN or words.startswith(_THROTTLED):
        return Outcome.TRANSIENT
    return unsure


def error_for(
    outcome: Outcome,
    http_status: int,
    code: int,
    text: str,
    *,
    retry_after_s: float = 0.0,
) -> PerpdeskError:
    """The error for an answer that was no plain yes. Its text is for a person."""
    sentence = _sentence(http_status, code, text)
    if outcome is Outcome.UNKNOWN:
        return OutcomeUnknown(f"{sentence} It is not known whether this was carried out.")
    if outcome is Outcome.RATE:
        return RateLimited(code, sentence, http_status, retry_after_s)
    if outcome is Outcome.CLOCK:
        return ClockRefused(code, sentence, http_status)
    if outcome is Outcome.KEY:
        return KeyRefused(code, sentence, http_status)
    if outcome is Outcome.TRANSIENT:
        return TemporarilyRefused(code, sentence, http_status)
    return _refusal(code, sentence, http_status)


def _refusal(code: int, sentence: str, http_status: int) -> OrderRefused:
    if code in _MIN_NOTIONAL_CODES:
        return MinNotional(code, sentence, http_status)
    if code in _BALANCE_CODES:
        return InsufficientBalance(code, sentence, http_status)
    if code in _LEVERAGE_CODES:
        return InvalidLeverage(code, sentence, http_status)
    return OrderRefused(code, sentence, http_status)


def no_answer(what: str, is_write: bool) -> PerpdeskError:
    """For a request that was sent whole and got no whole answer."""
    if is_write:
        return OutcomeUnknown(f"{what} It is not known whether the request was carried out.")
    return NotConnected(what)


def retry_after_s(header: str | None, text: str, server_now_ms: float) -> float:
    """How long the venue asks to be left alone; 0 when it does not say.

    From the Retry-After header (seconds), else from the "until <ms>" of a ban text.
    """
    asked = "" if header is None else header.strip()
    if _SECONDS.fullmatch(asked):
        return min(float(asked), _LONGEST_PAUSE_S)
    found = _BAN_UNTIL.search(text)
    if found is not None:
        left_s = (int(found.group(1)) - server_now_ms) / 1000
        return min(max(0.0, left_s), _LONGEST_PAUSE_S)
    return 0.0


def pause_for(http_status: int, asked_s: float) -> float:
    """The brake to apply for a rate answer: what was asked, or a careful guess.

    A 403 comes from the venue's firewall and says nothing: stay away a minute.
    A 418 is a ban, which starts at two minutes. A 429 counts per minute.
    """
    if asked_s > 0:
        return asked_s
    return {403: _WAF_PAUSE_S, 418: 120.0, 429: 10.0}.get(http_status, 2.0)


def _sentence(http_status: int, code: int, text: str) -> str:
    known = SENTENCE.get(code)
    # a gateway's HTML page tells a person nothing
    said = "" if text.lstrip().startswith("<") else " ".join(text.split())[:_BODY_EXCERPT]
    if known is None:
        return said or f"The exchange answered with HTTP status {http_status}."
    return f"{known} The exchange says: {said}" if said else known
