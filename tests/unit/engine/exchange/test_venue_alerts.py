from __future__ import annotations

import pytest

from engine.clock import FakeClock
from engine.errors import (
    BadInput,
    InsufficientBalance,
    KeyRefused,
    OrderRefused,
    PerpdeskError,
    RateLimited,
)
from engine.events import Alert
from engine.exchange.venue_alerts import VenueAlerts, alert_code
from engine.trading_types import AlertLevel


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyRefused(-2015, "no", 401), "venue.key_refused"),
        (KeyRefused(0, "no", 401), "venue.key_refused"),
        (KeyRefused(-4087, "no"), "venue.reduce_only_account"),
        (KeyRefused(-4088, "no"), "venue.trading_forbidden"),
        (KeyRefused(-4189, "no"), "venue.symbol_reduce_only"),
        (OrderRefused(-1022, "no"), "venue.signature_refused"),
        (OrderRefused(-4140, "no"), "venue.symbol_halted"),
        (OrderRefused(-4106, "no"), "venue.symbol_reduce_only"),
        (RateLimited(-1003, "no", 418), "venue.banned"),
        (RateLimited(0, "no", 403), "venue.firewall"),
        (RateLimited(-1003, "no", 429), None),
        (InsufficientBalance(-2019, "no"), None),
        (OrderRefused(-2011, "no"), None),
        (BadInput("price", "no"), None),
    ],
)
def test_what_will_not_change_by_itself_has_a_stable_code(
    error: PerpdeskError, code: str | None
) -> None:
    assert alert_code(error) == code


def test_an_alert_comes_once_a_minute_and_for_each_symbol() -> None:
    clock, told = FakeClock(), list[Alert]()
    alerts = VenueAlerts(told.append, clock)
    halted = OrderRefused(-4140, "This symbol is not open for new positions.")
    for symbol in ("BTCUSDT", "BTCUSDT", "ETHUSDT"):
        alerts.on_error(halted, symbol)
    assert [alert.sentence[:8] for alert in told] == ["BTCUSDT:", "ETHUSDT:"]
    assert {alert.level for alert in told} == {AlertLevel.WARNING}
    clock.advance(61)
    alerts.on_error(halted, "BTCUSDT")
    assert len(told) == 3


def test_an_alert_about_the_account_does_not_depend_on_the_symbol() -> None:
    told: list[Alert] = []
    alerts = VenueAlerts(told.append, FakeClock())
    alerts.on_error(KeyRefused(-2015, "The key is refused.", 401), "BTCUSDT")
    alerts.on_error(KeyRefused(-2015, "The key is refused.", 401), "ETHUSDT")
    assert [(alert.code, alert.sentence) for alert in told] == [
        ("venue.key_refused", "The key is refused.")
    ]
