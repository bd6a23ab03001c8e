"""Own conditional orders and fills by symbol, for every panel that draws them. GUI thread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from engine.events import Event, FillRecorded, HistoryLoaded
from engine.events.protection import AlgoChanged
from engine.protection_views import AlgoView
from engine.views import FillView

_FILLS_KEPT = 2000  # of each symbol


class OwnRecords:
    def __init__(self) -> None:
        self._algos: dict[str, dict[str, AlgoView]] = defaultdict(dict)
        self._fills: dict[str, dict[int, FillView]] = defaultdict(dict)
        self._changed: set[str] = set()

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            AlgoChanged: self._on_algo,
            FillRecorded: self._on_fill,
            HistoryLoaded: self._on_history,
        }

    def take_changed(self) -> set[str]:
        """The symbols of which something changed since the last call; once a frame."""
        changed, self._changed = self._changed, set()
        return changed

    def algos(self, symbol: str) -> list[AlgoView]:
        return list(self._algos[symbol].values())

    def algo(self, symbol: str, client_algo_id: str) -> AlgoView | None:
        return self._algos[symbol].get(client_algo_id)

    def fills(self, symbol: str) -> list[FillView]:
        return list(self._fills[symbol].values())

    def _on_algo(self, event: AlgoChanged) -> None:
        algo = event.algo
        if algo.status.is_terminal:
            self._algos[algo.symbol].pop(algo.client_algo_id, None)
        else:
            self._algos[algo.symbol][algo.client_algo_id] = algo
        self._changed.add(algo.symbol)

    def _on_fill(self, event: FillRecorded) -> None:
        self._keep(event.fill)

    def _on_history(self, history: HistoryLoaded) -> None:
        for fill in history.fills:
            self._keep(fill)

    def _keep(self, fill: FillView) -> None:
        fills = self._fills[fill.symbol]
        fills[fill.trade_id] = fill
        if len(fills) > _FILLS_KEPT:
            del fills[next(iter(fills))]
        self._changed.add(fill.symbol)
