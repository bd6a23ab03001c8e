"""The figures of the status bar, gathered once a second."""

from __future__ import annotations

from collections.abc import Callable

from engine.clock import Clock
from engine.events import Event, HealthReport
from engine.exchange.binance_gateway import BinanceGateway


class HealthReporter:
    """One thread only: remembers the last message count to tell a rate."""

    def __init__(
        self, gateway: BinanceGateway, publish: Callable[[Event], None], clock: Clock
    ) -> None:
        self._gateway = gateway
        self._publish = publish
        self._clock = clock
        self._last_messages = 0
        self._last_at_s = clock.monotonic()

    def report(self, last_gap_s: float | None = None) -> None:
        """Publish the figures. `last_gap_s`: how long closing the account's last gap took."""
        figures = self._gateway.health()
        now_s = self._clock.monotonic()
        elapsed_s = max(now_s - self._last_at_s, 0.001)
        rate = (figures.messages - self._last_messages) / elapsed_s
        self._last_messages, self._last_at_s = figures.messages, now_s
        self._publish(
            HealthReport(
                order_rtt_p50_ms=figures.order_rtt_p50_ms,
                order_rtt_p99_ms=figures.order_rtt_p99_ms,
                clock_offset_ms=figures.clock_offset_ms,
                clock_error_ms=figures.clock_error_ms,
                weight_used=figures.weight_used,
                weight_limit=figures.weight_limit,
                orders_used=figures.orders_used,
                orders_limit=figures.orders_limit,
                messages_per_s=max(0.0, rate),
                last_data_age_s={
                    health.route.value: health.last_data_age_s
                    for health in figures.routes
                    if health.last_data_age_s is not None
                },
                decode_errors=figures.decode_errors,
                route_states={health.route.value: health.state for health in figures.routes},
                reconnects={health.route.value: health.reconnects for health in figures.routes},
                last_gap_s=last_gap_s,
            )
        )
