"""The gateway's contract: what the kill switch reads, ahead of everything that waits.

The same answers as `get_book_orders`, `get_open_algo_orders` and `get_positions`
give, but from the share of the limits that is kept for taking risk off: they pass
while the rest of the limit is used up. Thread, blocking and errors of every method:
see engine.exchange.gateway.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from engine.events import AlgoUpdate, OrderUpdate
from engine.views import PositionView


class UrgentCalls(ABC):
    @abstractmethod
    def urgent_open_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        """Every open order in the book, of all symbols when None."""

    @abstractmethod
    def urgent_algo_orders(self, symbol: str | None = None) -> list[AlgoUpdate]:
        """Every conditional order not ended, of all symbols when None."""

    @abstractmethod
    def urgent_positions(self, symbol: str | None = None) -> list[PositionView]:
        """Open positions (quantity not zero); leverage and margin type are not read."""
