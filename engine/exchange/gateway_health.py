"""The gateway's figures at one moment, for status bar and KPI."""

from __future__ import annotations

import msgspec

from engine.exchange.rate_limiter import RateUsage
from engine.exchange.server_time import ClockEstimate
from engine.exchange.stream_route import RouteHealth
from engine.exchange.user_stream import UserStream
from engine.exchange.websocket_manager import WebSocketManager


class GatewayHealth(msgspec.Struct, frozen=True, kw_only=True):
    """None: not measured yet."""

    order_rtt_p50_ms: float | None
    order_rtt_p99_ms: float | None
    clock_offset_ms: float | None
    clock_error_ms: float | None
    weight_used: int
    weight_limit: int
    orders_used: int
    orders_limit: int
    brake_s: float
    routes: tuple[RouteHealth, ...]
    messages: int
    decode_errors: int
    callback_errors: int
    silent_streams: frozenset[str]
    order_socket_is_connected: bool = False  # False: orders go by REST


def gather(
    usage: RateUsage,
    estimate: ClockEstimate | None,
    order_latencies_ms: list[float],
    streams: WebSocketManager,
    user_stream: UserStream | None,
    *,
    order_socket_is_connected: bool = False,
) -> GatewayHealth:
    latencies = sorted(order_latencies_ms)
    routes = streams.health()
    decode_errors, callback_errors = streams.decode_errors, streams.callback_errors
    if user_stream is not None:
        routes = (*routes, user_stream.health())
        decode_errors += user_stream.decode_errors
        callback_errors += user_stream.callback_errors
    return GatewayHealth(
        order_rtt_p50_ms=_percentile(latencies, 0.50),
        order_rtt_p99_ms=_percentile(latencies, 0.99),
        clock_offset_ms=estimate.offset_ms if estimate else None,
        clock_error_ms=estimate.error_ms if estimate else None,
        weight_used=usage.weight_used,
        weight_limit=usage.weight_limit,
        orders_used=usage.orders_used,
        orders_limit=usage.orders_limit,
        brake_s=usage.brake_s,
        routes=routes,
        messages=sum(route.messages for route in routes),
        decode_errors=decode_errors,
        callback_errors=callback_errors,
        silent_streams=streams.silent_streams(),
        order_socket_is_connected=order_socket_is_connected,
    )


def _percentile(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
