"""What the figures of the status bar mean, and what to do when one is bad. Pure."""

from __future__ import annotations

from typing import NamedTuple

from engine.events import HealthReport
from engine.trading_types import StreamState

SLOW_RTT_MS = 500.0
WRONG_CLOCK_MS = 500.0
NEARLY_FULL = 0.8

STREAM_ADVICE = {
    StreamState.LIVE: "",  # nothing to do
    StreamState.CONNECTED: "Connected, but no data has come yet: wait for the dot to fill.",
    StreamState.CONNECTING: "Connecting. If it takes long, check the internet connection.",
    StreamState.STALE: "No data for too long: do not trust grey figures. Perpdesk reconnects.",
    StreamState.DISCONNECTED: "Check the internet connection; Perpdesk goes on trying.",
    StreamState.STOPPED: "Not started.",
}


class Advice(NamedTuple):
    """`is_bad`: a person should look now."""

    is_bad: bool
    sentence: str


def rtt_advice(health: HealthReport) -> Advice:
    p99 = health.order_rtt_p99_ms
    meaning = "How long orders take: half of them, and 99 of 100, are faster than this."
    if p99 is None:
        return Advice(False, f"{meaning} No order was sent yet.")
    if p99 <= SLOW_RTT_MS:
        return Advice(False, meaning)
    return Advice(True, f"{meaning} Slow: close what else uses the line, or use a cable.")


def clock_advice(health: HealthReport) -> Advice:
    offset = health.clock_offset_ms
    meaning = "How far this computer's clock is from the exchange's; orders are corrected for it."
    if offset is None or abs(offset) <= WRONG_CLOCK_MS:
        return Advice(False, meaning)
    return Advice(True, f"{meaning} Set the computer's clock by the internet.")


def limit_advice(used: int, limit: int, *, is_orders: bool) -> Advice:
    what = "orders" if is_orders else "request weight"
    meaning = f"How much of the exchange's limit on {what} is used up."
    if not limit or used <= limit * NEARLY_FULL:
        return Advice(False, meaning)
    cure = "Place and change less; cancels still go out."
    other = "Open fewer symbols and candles, or stop other programs on this account."
    return Advice(True, f"{meaning} Nearly full. {cure if is_orders else other}")


def rate_advice(health: HealthReport) -> Advice:
    meaning = "Messages a second from the exchange."
    if not health.decode_errors:
        return Advice(False, meaning)
    many = health.decode_errors
    return Advice(True, f"{meaning} {many} could not be read: see the log, and update Perpdesk.")
