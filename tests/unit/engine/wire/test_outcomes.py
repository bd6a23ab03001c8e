from __future__ import annotations

import pytest

from engine.errors import (
    ClockRefused,
    InsufficientBalance,
    InvalidLeverage,
    KeyRefused,
    MinNotional,
    NotConnected,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    TemporarilyRefused,
)
from engine.wire.error_codes import CODE_CLASS, SENTENCE, CodeClass
from engine.wire.outcomes import (
    Outcome,
    classify,
    error_for,
    no_answer,
    pause_for,
    retry_after_s,
)

UNKNOWN_ERROR = "Unknown error, please check your request or try again later."
INTERNAL_ERROR = "Internal error; unable to process your request. Please try again."
THROTTLED = "Request throttled by system-level protection. Reduce-only orders are exempt."
ODD_ERROR = "Request occur unknown error."

# (status, code, text) -> outcome of a write, outcome of a read
ANSWERS = [
    ((200, 0, ""), Outcome.ACCEPTED, Outcome.ACCEPTED),
    ((200, 200, "success"), Outcome.ACCEPTED, Outcome.ACCEPTED),
    # 503: four variants, told apart by text
    ((503, 0, UNKNOWN_ERROR), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((503, -1000, UNKNOWN_ERROR), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((503, 0, "Service Unavailable."), Outcome.TRANSIENT, Outcome.TRANSIENT),
    ((503, 0, "Service Unavailable"), Outcome.TRANSIENT, Outcome.TRANSIENT),
    ((503, -1001, INTERNAL_ERROR), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((503, 0, INTERNAL_ERROR), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((503, -1008, THROTTLED), Outcome.TRANSIENT, Outcome.TRANSIENT),
    ((503, 0, THROTTLED), Outcome.TRANSIENT, Outcome.TRANSIENT),
    ((400, -1008, THROTTLED), Outcome.TRANSIENT, Outcome.TRANSIENT),
    # a proxy's page has the same words and promises nothing
    ((503, 0, "<html><title>503 Service Unavailable</title></html>"), Outcome.UNKNOWN, None),
    ((500, 0, ODD_ERROR), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((502, 0, "<html>Bad Gateway</html>"), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((504, 0, ""), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((500, -2019, "Margin is insufficient."), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((408, 0, ""), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((302, 0, ""), Outcome.UNKNOWN, Outcome.TRANSIENT),
    # too fast, banned, walled off
    ((429, -1003, "Too many requests."), Outcome.RATE, Outcome.RATE),
    ((429, 0, ""), Outcome.RATE, Outcome.RATE),
    ((418, -1003, "Way too many requests; IP banned until 1790000000000."), Outcome.RATE, None),
    ((400, -1003, "Too many requests."), Outcome.RATE, Outcome.RATE),
    ((400, -1015, "Too many new orders."), Outcome.RATE, Outcome.RATE),
    ((403, 0, "<html>"), Outcome.RATE, Outcome.RATE),
    # the clock, at the gateway and at the matching engine
    ((400, -1021, "Timestamp outside"), Outcome.CLOCK, Outcome.CLOCK),
    ((400, -5028, "recvWindow"), Outcome.CLOCK, Outcome.CLOCK),
    # keys
    ((401, 0, ""), Outcome.KEY, Outcome.KEY),
    ((401, -2015, "Invalid API-key"), Outcome.KEY, Outcome.KEY),
    ((400, -2014, "API-key format invalid."), Outcome.KEY, Outcome.KEY),
    # fate not known although the status looks like a refusal
    ((400, -1000, ""), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((400, -1001, ""), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((400, -1006, ""), Outcome.UNKNOWN, Outcome.TRANSIENT),
    ((400, -1007, "Timeout waiting for response"), Outcome.UNKNOWN, Outcome.TRANSIENT),
    # refusals
    ((400, -2011, "Unknown order sent."), Outcome.REFUSED, Outcome.REFUSED),
    ((400, -2013, "Order does not exist."), Outcome.REFUSED, Outcome.REFUSED),
    ((400, -4164, ""), Outcome.REFUSED, Outcome.REFUSED),
    ((400, -4120, ""), Outcome.REFUSED, Outcome.REFUSED),
    ((400, -1022, ""), Outcome.REFUSED, Outcome.REFUSED),
    ((400, -99999, "something new"), Outcome.REFUSED, Outcome.REFUSED),
    ((404, 0, ""), Outcome.REFUSED, Outcome.REFUSED),
    ((400, 0, "not json"), Outcome.REFUSED, Outcome.REFUSED),
    # as asked already
    ((400, -5027, "No need to modify the order."), Outcome.ACCEPTED, Outcome.ACCEPTED),
    ((400, -4046, "No need to change margin type."), Outcome.ACCEPTED, Outcome.ACCEPTED),
    ((400, -4059, ""), Outcome.ACCEPTED, Outcome.ACCEPTED),
    # an element of a batch carries its no inside a 200
    ((200, -2019, ""), Outcome.REFUSED, Outcome.REFUSED),
]


@pytest.mark.parametrize(("answer", "for_write", "for_read"), ANSWERS)
def test_every_answer_has_its_outcome(
    answer: tuple[int, int, str], for_write: Outcome, for_read: Outcome | None
) -> None:
    assert classify(*answer, is_write=True) is for_write
    if for_read is not None:
        assert classify(*answer, is_write=False) is for_read


@pytest.mark.parametrize("code", sorted(CODE_CLASS))
def test_no_documented_code_is_both_unknown_and_retried(code: int) -> None:
    outcome = classify(400, code, "", is_write=True)
    assert (outcome is Outcome.UNKNOWN) == (CODE_CLASS[code] is CodeClass.UNKNOWN)
    assert SENTENCE[code].endswith((".", "now"))


def test_nothing_but_the_promised_texts_makes_a_5xx_write_repeatable() -> None:
    for code in CODE_CLASS:
        for status in (500, 502, 503, 504, 599):
            expected = Outcome.TRANSIENT if code == -1008 else Outcome.UNKNOWN
            assert classify(status, code, "anything", is_write=True) is expected


@pytest.mark.parametrize(
    ("outcome", "code", "kind"),
    [
        (Outcome.REFUSED, -4164, MinNotional),
        (Outcome.REFUSED, -5029, MinNotional),
        (Outcome.REFUSED, -2019, InsufficientBalance),
        (Outcome.REFUSED, -2018, InsufficientBalance),
        (Outcome.REFUSED, -4050, InsufficientBalance),
        (Outcome.REFUSED, -4051, InsufficientBalance),
        (Outcome.REFUSED, -4028, InvalidLeverage),
        (Outcome.REFUSED, -2011, OrderRefused),
        (Outcome.ACCEPTED, -5027, OrderRefused),
        (Outcome.UNKNOWN, -1007, OutcomeUnknown),
        (Outcome.TRANSIENT, -1008, TemporarilyRefused),
        (Outcome.RATE, -1003, RateLimited),
        (Outcome.CLOCK, -1021, ClockRefused),
        (Outcome.KEY, -2015, KeyRefused),
    ],
)
def test_every_outcome_has_its_error(outcome: Outcome, code: int, kind: type[Exception]) -> None:
    assert type(error_for(outcome, 400, code, "venue text")) is kind


def test_an_error_says_it_in_words_and_keeps_the_venues_own() -> None:
    error = error_for(Outcome.REFUSED, 400, -4164, "Order's notional must be no smaller than 50")
    assert isinstance(error, MinNotional)
    assert (error.code, error.http_status) == (-4164, 400)
    assert str(error) == (
        "API_ORDER_MIN_NOTIONAL: The order is worth less than this symbol's minimum. "
        "The exchange says: Order's notional must be no smaller than 50 (code -4164)"
    )


def test_a_gateways_html_page_is_not_shown() -> None:
    error = error_for(Outcome.UNKNOWN, 502, 0, "<html>secret internals</html>")
    assert "html" not in str(error)
    assert "502" in str(error)


def test_no_answer_is_unknown_only_for_a_write() -> None:
    assert isinstance(no_answer("No answer.", is_write=True), OutcomeUnknown)
    assert isinstance(no_answer("No answer.", is_write=False), NotConnected)


def test_the_pause_comes_from_the_header_then_from_the_ban_text() -> None:
    ban = "Way too many requests; IP(1.2.3.4) banned until 1790000060000. Please use the websocket"
    assert retry_after_s("7", ban, 1_790_000_000_000) == 7.0
    assert retry_after_s(None, ban, 1_790_000_000_000) == 60.0
    assert retry_after_s(None, ban, 1_790_000_099_000) == 0.0
    assert retry_after_s(None, "slow down", 0) == 0.0
    assert retry_after_s("soon", "slow down", 0) == 0.0
    assert retry_after_s("5\x1c\x85 ", "slow down", 0) == 5.0, "whatever counts as a space"


def test_without_a_pause_given_the_guess_grows_with_the_offence() -> None:
    assert pause_for(429, 0.0) < pause_for(403, 0.0) < pause_for(418, 0.0)
    assert pause_for(418, 3.0) == 3.0
