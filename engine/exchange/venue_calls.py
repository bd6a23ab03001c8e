"""The one door through which the gateway's methods reach the venue.

It says in our words what the venue's answer means for the asker (an unknown
symbol), for the person (an alert) and for the streams (the network is back).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from engine.errors import (
    NotConnected,
    OrderRefused,
    OutcomeUnknown,
    PerpdeskError,
    UnknownSymbol,
)
from engine.exchange.rate_limiter import Priority
from engine.exchange.rest_client import RestClient
from engine.exchange.venue_alerts import VenueAlerts

T = TypeVar("T")

_INVALID_SYMBOL = -1121
_MAKES_NEWS = frozenset({"place_order", "amend_order", "cancel_order"})
"""What the venue accepts of these is followed by an event of that order."""


class VenueCalls:
    """Thread-safe; `call` blocks. The listeners run on the caller's thread.

    `on_back`: the venue answers again. `on_silence`: it did not answer. `on_news_due`:
    it took an order, so that the user stream must tell of it.
    """

    def __init__(
        self,
        rest: RestClient,
        alerts: VenueAlerts,
        known_symbols: Callable[[], tuple[str, ...]],
        on_back: Callable[[], None],
        on_silence: Callable[[], None],
        on_news_due: Callable[[], None],
    ) -> None:
        self._rest = rest
        self._alerts = alerts
        self._known_symbols = known_symbols
        self._on_back = on_back
        self._on_silence = on_silence
        self._on_news_due = on_news_due
        self._was_down = False

    def call(
        self,
        name: str,
        reply_type: type[T],
        params: Mapping[str, object] | None = None,
        *,
        priority: Priority | None = None,
    ) -> T:
        """`name` is a row of wire.endpoints; `priority` is its own when None.

        Raises what engine.exchange.gateway lists.
        """
        try:
            reply = self._rest.call(name, reply_type, params, priority=priority)
        except PerpdeskError as error:
            symbol = params.get("symbol") if params else None
            named = symbol if isinstance(symbol, str) else ""
            self._note_error(error, named)
            if isinstance(error, OrderRefused) and error.code == _INVALID_SYMBOL and named:
                raise UnknownSymbol(named, self._known_symbols()) from error
            raise
        self.note_answer()
        if name in _MAKES_NEWS:
            self._on_news_due()
        return reply

    def note_answer(self) -> None:
        """The venue answers; if it did not before, the streams need not wait any longer."""
        if self._was_down:
            self._was_down = False
            self._on_back()

    def note_down(self) -> None:
        self._was_down = True
        self._on_silence()

    def _note_error(self, error: PerpdeskError, symbol: str) -> None:
        if isinstance(error, NotConnected):
            self.note_down()
        elif isinstance(error, OutcomeUnknown):
            self._on_silence()
        self._alerts.on_error(error, symbol)
