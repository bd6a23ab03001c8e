"""Streams and engine: what is stale, what is told, and what a lost connection disarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from desktop.widgets.account_desk import AccountDesk
from desktop.widgets.header_bar import HeaderBar
from desktop.widgets.market_desk import MarketDesk
from desktop.widgets.status_strip import StatusStrip
from desktop.widgets.toast_stack import ToastStack
from engine.events import EngineStateChanged, Event, HealthReport, StreamStateChanged
from engine.trading_types import AlertLevel, EngineState, StreamState

_LOST = (StreamState.STALE, StreamState.DISCONNECTED)


class ConnectionDesk(QObject):
    def __init__(
        self,
        *,
        status: StatusStrip,
        header: HeaderBar,
        market: MarketDesk,
        account: AccountDesk,
        toasts: ToastStack,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._status = status
        self._header = header
        self._market = market
        self._account = account
        self._toasts = toasts
        self._engine_state = EngineState.STARTING
        self._has_been_live = False

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            StreamStateChanged: self._on_stream,
            EngineStateChanged: self._on_engine,
            HealthReport: self._status.set_health,
        }

    def _on_stream(self, change: StreamStateChanged) -> None:
        before = self._status.streams[change.route].state
        self._status.set_stream(change)
        self._market.set_stream(change.route, change.state)
        self._account.set_stream(change.route, change.state)
        self._header.set_account_stale(self._account.is_stale)
        self._market.ticket.set_account_stale(self._account.is_stale)
        if change.state in _LOST and before is StreamState.LIVE:
            self._market.ticket.disarm()
            self._header.arm_switch.disarm()
            self._tell_lost_streams(change)

    def _tell_lost_streams(self, change: StreamStateChanged) -> None:
        """One notice, however many streams a cut takes down."""
        lost = [route for route, dot in self._status.streams.items() if dot.state in _LOST]
        several = f"No data on the {', '.join(lost)} streams."
        sentence = change.sentence if len(lost) == 1 else several
        self._toasts.show(sentence, AlertLevel.WARNING, key="streams")

    def _on_engine(self, change: EngineStateChanged) -> None:
        was_live = self._engine_state is EngineState.LIVE
        self._engine_state = change.state
        self._status.set_engine(change)
        if change.state is not EngineState.LIVE:
            return
        is_first, self._has_been_live = not self._has_been_live, True
        if not was_live and not is_first and change.gap_s is not None:
            self._market.reload_candles()
            sentence = f"All data is current again after {change.gap_s:.1f} s."
            self._toasts.show(sentence, key="gap")
