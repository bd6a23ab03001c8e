"""Perpdesk's engine: trade Binance USDⓈ-M perpetuals from a script or a window.

from engine import TradingEngine

with TradingEngine.open("paper") as engine:
    order = engine.oms.submit_order("BTCUSDT", "BUY", "LIMIT", 0.01, 60000)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.exchange.binance_gateway import BinanceGateway
    from engine.exchange.websocket_manager import WebSocketManager
    from engine.trading_engine import TradingEngine
    from engine.wire.hosts import Hosts

__version__ = "0.1.0"

__all__ = ["BinanceGateway", "Hosts", "TradingEngine", "WebSocketManager"]

_HOMES = {
    "BinanceGateway": "engine.exchange.binance_gateway",
    "Hosts": "engine.wire.hosts",
    "TradingEngine": "engine.trading_engine",
    "WebSocketManager": "engine.exchange.websocket_manager",
}


def __getattr__(name: str) -> Any:
    """Loaded when first asked for: the paper exchange imports this package too, and
    must not pay for the client (nor know it)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
