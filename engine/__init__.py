"""Perpdesk's engine: trade Binance USDⓈ-M perpetuals from a script or a window."""
